//! A panel's statements one by one, each with its values and what it took.

use std::time::Instant;

use model::{
    filter,
    inspection::{Inspection, Statement},
    series::PanelName,
};
use sqlx::{Execute, PgConnection, Postgres, QueryBuilder};

use super::{
    Query,
    plan::Plan,
    session::{Session, Trouble, permit},
    sql,
};

/// Functions of Postgres take so many arguments at most.
const ARGUMENTS: usize = 100;

pub async fn read(query: &Query, plan: &Plan<'_>) -> Result<Inspection, Trouble> {
    let _permit = permit(&query.panels).await?;
    let mut session = Session::begin(&query.pool).await?;
    let mut statements = Vec::new();
    // The statements are written twice: once to run, once for their values.
    for ((id, mut run), (_, shown)) in sql::statements(plan).into_iter().zip(sql::statements(plan)) {
        let sql = run.text();
        let binds = binds(session.connection(), shown.sql).await?;
        let started = Instant::now();
        let rows = run.sql.build().fetch_all(session.connection()).await?;
        let took_ms = (started.elapsed().as_secs_f64() * 100_000.0).round() / 100.0;
        let rows = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        statements.push(Statement { id, sql, binds, took_ms, rows, source: "event".to_owned() });
    }
    session.end().await?;
    Ok(Inspection {
        panel: PanelName { id: plan.panel.id.clone(), title: plan.panel.title.clone() },
        window: plan.window,
        previous: plan.previous,
        filter: filter::print(&plan.main.filter),
        bucket_ms: plan.bucket_ms,
        statements,
    })
}

/// The statement's values as Postgres writes them: it is sent them once more, to be given back as JSON.
async fn binds(connection: &mut PgConnection, mut statement: QueryBuilder<Postgres>) -> Result<Vec<String>, Trouble> {
    let arguments = statement.build().take_arguments().map_err(sqlx::Error::Encode)?.unwrap_or_default();
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
    let text: String = sqlx::query_scalar_with(sqlx::AssertSqlSafe(select), arguments)
        .persistent(false)
        .fetch_one(&mut *connection)
        .await?;
    Ok(text.lines().flat_map(values).collect())
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
