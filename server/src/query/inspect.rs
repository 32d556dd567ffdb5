//! A panel's statements one by one, each with its values and what it took.

use std::time::Instant;

use model::{
    filter,
    inspection::{self, CONDITIONS, Inspection},
    series::PanelName,
};
use sqlx::{AssertSqlSafe, Execute, PgConnection, Postgres, QueryBuilder, Row, postgres::PgArguments};

use super::{
    Query,
    plan::Plan,
    session::{Session, Trouble},
    sql::{self, Statement},
};
use crate::store::month;

/// Functions of Postgres take so many arguments at most.
const ARGUMENTS: usize = 100;

pub async fn read(query: &Query, mut plan: Plan<'_>) -> Result<Inspection, Trouble> {
    let _permit = query.panels.take().await?;
    let mut session = Session::begin(&query.reach).await?;
    let mut conditions = None;
    // Which rows of shared tables there are, ids and counts of them tell of all accounts.
    let whole = !query.reach.is_limited();
    if whole {
        conditions = plan.questions().statement();
        plan.know(session.known(plan.questions()).await?);
    }
    let mut statements = Vec::new();
    for (id, Statement { sql, .. }) in sql::statements(&plan) {
        statements.push(run(session.connection(), id, sql, whole).await?);
    }
    if let Some(sql) = conditions {
        statements.push(run(session.connection(), CONDITIONS.to_owned(), sql, whole).await?);
    }
    session.end().await?;
    Ok(Inspection {
        panel: PanelName { id: plan.panel.id.clone(), title: plan.panel.title.clone() },
        window: plan.window,
        previous: plan.previous,
        filter: filter::print(plan.main.filter.all()),
        bucket_ms: plan.bucket_ms,
        statements,
    })
}

async fn run(
    connection: &mut PgConnection,
    id: String,
    mut sql: QueryBuilder<Postgres>,
    whole: bool,
) -> Result<inspection::Statement, Trouble> {
    let text = sql.sql().as_str().to_owned();
    let arguments = sql.build().take_arguments().map_err(sqlx::Error::Encode)?.unwrap_or_default();
    let binds = binds(connection, arguments.clone()).await?;
    let started = Instant::now();
    let rows = sqlx::query_with(AssertSqlSafe(text.clone()), arguments.clone()).fetch_all(&mut *connection).await?;
    let took_ms = (started.elapsed().as_secs_f64() * 100_000.0).round() / 100.0;
    let rows = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let scans = scans(connection, &text, arguments).await?;
    let rows_read = whole.then(|| scans.iter().map(|scan| scan.rows).sum());
    let mut tables: Vec<_> = scans.into_iter().map(|scan| scan.table).collect();
    tables.sort();
    tables.dedup();
    Ok(inspection::Statement { id, sql: text, binds, took_ms, rows, rows_read, tables })
}

/// The statement's values as Postgres writes them: it is sent them once more, to be given back as JSON.
async fn binds(connection: &mut PgConnection, arguments: PgArguments) -> Result<Vec<String>, Trouble> {
    let count = sqlx::Arguments::len(&arguments);
    if count == 0 {
        return Ok(Vec::new());
    }
    let mut select = "select ".to_owned();
    for first in (1..=count).step_by(ARGUMENTS) {
        let numbers: Vec<_> = (first..=count).take(ARGUMENTS).map(|at| format!("${at}")).collect();
        let array = format!("json_build_array({})::text", numbers.join(", "));
        select.push_str(if first > 1 { " || e'\\n' || " } else { "" });
        select.push_str(&array);
    }
    sqlx::query("set local timezone = 'UTC'").execute(&mut *connection).await?;
    // Prepared anew: the connection remembers statements by their text, and this one's values have other types each time.
    let text: String =
        sqlx::query_scalar_with(AssertSqlSafe(select), arguments).persistent(false).fetch_one(&mut *connection).await?;
    Ok(text.lines().flat_map(values).collect())
}

/// One step of a plan that read a table.
#[derive(Debug, PartialEq)]
struct Scan {
    table: String,
    rows: u64,
}

/// What the statement reads, as Postgres counts it: it runs once more.
async fn scans(connection: &mut PgConnection, sql: &str, arguments: PgArguments) -> Result<Vec<Scan>, Trouble> {
    let explain = format!("explain (analyze, timing off, costs off, format json) {sql}");
    let row = sqlx::query_with(AssertSqlSafe(explain), arguments).persistent(false).fetch_one(&mut *connection).await?;
    // Postgres sends its json as text.
    let plan: String = row.try_get_unchecked(0)?;
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap_or_default();
    let mut scans = Vec::new();
    collect(&plan[0]["Plan"], &mut scans);
    Ok(scans)
}

/// Postgres gives the rows of a step as the mean of its loops.
fn collect(step: &serde_json::Value, scans: &mut Vec<Scan>) {
    let number = |key: &str| step[key].as_f64().unwrap_or(0.0);
    if let Some(table) = step["Relation Name"].as_str() {
        let each = number("Actual Rows") + number("Rows Removed by Filter") + number("Rows Removed by Index Recheck");
        let table = month::table_of(table).to_owned();
        scans.push(Scan { table, rows: (each * number("Actual Loops")) as u64 });
    }
    for inner in step["Plans"].as_array().into_iter().flatten() {
        collect(inner, scans);
    }
}

/// The elements of a line of JSON as text: a text without its quotes.
fn values(line: &str) -> Vec<String> {
    let values: Vec<serde_json::Value> = serde_json::from_str(line).unwrap_or_default();
    let text = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    values.into_iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_that_were_refused_were_read_too() {
        let inner = json!({
            "Node Type": "Index Scan", "Relation Name": "address", "Actual Rows": 1, "Actual Loops": 40,
            "Rows Removed by Filter": 1,
        });
        let plan = json!({ "Node Type": "Nested Loop", "Actual Rows": 40, "Actual Loops": 1, "Plans": [
            { "Node Type": "Seq Scan", "Relation Name": "stored_event_2026_01", "Actual Rows": 40, "Actual Loops": 1 }, inner,
        ] });
        let mut scans = Vec::new();
        collect(&plan, &mut scans);
        let expected =
            [("stored_event", 40), ("address", 80)].map(|(table, rows)| Scan { table: table.to_owned(), rows });
        assert_eq!(scans, expected);
    }
}
