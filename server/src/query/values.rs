//! Values that a filter can be completed with: those of the newest events in the reader's window.

use std::time::Duration;

use app::api::ValueCount;
use model::{
    error::Error,
    field::{Field, Kind},
    filter::{Ast, Pattern, Target, Term},
    time::{Range, Timestamp, Window},
    view::View,
};
use sqlx::{Postgres, QueryBuilder};

use super::{
    filter::{column, is_storable, like, path},
    reach::{Reach, Visible},
    session,
    sql::Source,
};

/// Values at most: a list that one looks through.
const MOST: i64 = 20;
/// Events whose column is looked at, at most.
const MOST_EVENTS: i64 = 50_000;
/// Events that are taken apart for a path, at most; and segments in which they are looked for.
const MOST_RAW_EVENTS: i64 = 5_000;
const MOST_SEGMENTS: i64 = 2_000;
/// Whoever types does not wait longer.
const LONGEST: Duration = Duration::from_secs(2);

const BEGIN: &str = session::begin!("2s");

/// None where they could not be found in time: suggestions are a convenience. Errors: a range or filter that cannot be
/// read, no database.
pub async fn read(
    reach: &Reach,
    target: &Target,
    typed: &str,
    view: &View,
    now: Timestamp,
) -> Result<Vec<ValueCount>, Error> {
    let window = view.range.unwrap_or(Range::DEFAULT).window(now)?;
    let Some(mut statement) = statement(target, typed, reach.visible(view.condition()?), window)? else {
        return Ok(Vec::new());
    };
    match tokio::time::timeout(LONGEST, rows(reach, &mut statement)).await {
        Ok(Ok(rows)) => Ok(rows.into_iter().map(|(text, events)| ValueCount { text, events }).collect()),
        Ok(Err(error)) if session::is_timeout(&error) => Ok(Vec::new()),
        Ok(Err(error)) => {
            tracing::warn!(?target, %error, "values failed");
            Err(session::database(&error))
        }
        Err(_) => Ok(Vec::new()),
    }
}

async fn rows(reach: &Reach, statement: &mut QueryBuilder<Postgres>) -> Result<Vec<(String, i64)>, sqlx::Error> {
    let mut transaction = reach.begin(BEGIN).await?;
    let rows = statement.build_query_as().fetch_all(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(rows)
}

/// `None` where the target has no values worth a list: moments, coordinates.
fn statement(
    target: &Target,
    typed: &str,
    rest: Visible,
    window: Window,
) -> Result<Option<QueryBuilder<Postgres>>, Error> {
    let Some(value) = value(target).filter(|_| is_storable(typed)) else { return Ok(None) };
    let mut sql = QueryBuilder::new("select value, count(*) as events from (select ");
    sql.push(&value).push(" as value");
    match target {
        // Keys of the audit log's JSON are told by its fields.
        Target::Path(_) if rest.is_audit() => return Ok(None),
        Target::Path(path) => {
            let wanted = rest.and(Ast::Term(Term { target: target.clone(), pattern: Pattern::Exists }));
            let source = Source::newest(window, &wanted, MOST_SEGMENTS);
            sql.push(" from (select found.raw, found.raw_json");
            source.push(&mut sql, "\n");
            push_newest(source.time(), MOST_RAW_EVENTS, &mut sql);
            sql.push(") as event, lateral ");
            path::push_elements(path, &mut sql);
            sql.push(" as value where json_typeof(e) in ('string', 'number', 'boolean')");
            push_typed(&value, typed, &mut sql);
        }
        Target::Field(_) | Target::Event => {
            let source = Source::new(window, &rest);
            source.push_from(&mut sql, "\n");
            if let Target::Field(field) = target
                && field.kind() == Kind::List
            {
                sql.push(format_args!(", unnest({}) as element", column(*field)));
            }
            source.push_where(&mut sql, "\n");
            sql.push(format_args!(" and {value} is not null"));
            push_typed(&value, typed, &mut sql);
            push_newest(source.time(), MOST_EVENTS, &mut sql);
        }
    }
    sql.push(") as newest group by value order by strpos(lower(value collate \"C\"), ");
    sql.push_bind(typed.to_ascii_lowercase()).push(") = 1 desc, events desc, value collate \"C\" limit ");
    sql.push_bind(MOST);
    Ok(Some(sql))
}

/// The value as text.
fn value(target: &Target) -> Option<String> {
    match target {
        Target::Field(field) => field_value(*field),
        Target::Path(_) => Some("e #>> '{}'".to_owned()),
        Target::Event => None,
    }
}

fn field_value(field: Field) -> Option<String> {
    let column = column(field);
    match field.kind() {
        Kind::Text => Some(column.to_owned()),
        Kind::List => Some("element".to_owned()),
        Kind::Address => Some(format!("host({column})")),
        Kind::Bool | Kind::Integer => Some(format!("({column})::text")),
        Kind::Time | Kind::Float => None,
    }
}

fn push_typed(value: &str, typed: &str, sql: &mut QueryBuilder<Postgres>) {
    if !typed.is_empty() {
        sql.push(format_args!(" and lower(({value}) collate \"C\") like "));
        sql.push_bind(format!("%{}%", like(&[typed.to_ascii_lowercase()])));
    }
}

fn push_newest(time: &str, most: i64, sql: &mut QueryBuilder<Postgres>) {
    sql.push(format_args!(" order by {time} desc limit ")).push_bind(most);
}
