//! The values of one field among the events: the most frequent, how many there are, and how many events have one.

use model::{
    discover::COUNTS,
    field::{Field, Kind},
    series::{Cell, Column, Detail, PanelName, Series, Table},
};
use sqlx::{Postgres, QueryBuilder, Row};

use super::{
    super::{
        filter::{column, is_storable, like},
        read,
        session::Session,
    },
    Failure,
    ask::Ask,
    sql,
};

/// Which values are wanted.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    pub field: Field,
    /// What they have in them, in either case; empty: any.
    pub typed: &'a str,
    pub limit: u32,
}

/// The most frequent values with their counts; in the detail `COUNTS`, events that have the field and distinct values, as
/// far as they are wanted.
pub async fn read(session: &mut Session, ask: &Ask, wanted: Wanted<'_>) -> Result<Series, Failure> {
    let field = wanted.field;
    let rows = session.fetch(&mut statement(ask, wanted)).await?;
    // Of a field's several values, each stands alone here.
    let kind = if field.kind() == Kind::List { Kind::Text } else { field.kind() };
    let mut table = Table {
        columns: vec![
            Column { key: field.key().to_owned(), kind, label: field.label().to_owned() },
            integer("events", "Events"),
        ],
        ..Table::default()
    };
    let (mut present, mut distinct) = (0, 0);
    for row in &rows {
        (table.total, present, distinct) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        // Without any value, the counts stand alone.
        if let Some(events) = row.try_get::<Option<i64>, _>(4)? {
            table.rows.push(vec![read::cell(row, 3, kind)?, Cell::Int(events)]);
        }
    }
    table.truncated = (table.rows.len() as i64) < distinct;
    let counts = Table {
        columns: vec![integer("present", "Events with a value"), integer("distinct", "Distinct values")],
        rows: vec![vec![Cell::Int(present), Cell::Int(distinct)]],
        ..Table::default()
    };
    Ok(Series {
        panel: PanelName { id: field.key().to_owned(), title: field.label().to_owned() },
        window: ask.window,
        previous: None,
        filter: ask.filter.clone(),
        bucket_ms: None,
        table,
        details: vec![Detail { id: COUNTS.to_owned(), table: counts }],
        last_event: None,
        took_ms: 0,
    })
}

fn integer(key: &str, label: &str) -> Column {
    Column { key: key.to_owned(), kind: Kind::Integer, label: label.to_owned() }
}

/// One pass over the events, by hashing.
fn statement(ask: &Ask, Wanted { field, typed, limit }: Wanted<'_>) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new("with counted as (\nselect ");
    // An event counts under each of a field's several values, but once among all.
    let several = field.kind() == Kind::List;
    let own = if several { "value" } else { column(field) };
    sql.push(format_args!("{own} as value, count(*) as events"));
    let source = sql::source(ask);
    source.push_from(&mut sql, "\n");
    if several {
        sql.push(format_args!(" left join unnest({}) as value on true", column(field)));
    }
    source.push_where(&mut sql, "\n");
    sql.push("\ngroup by 1\n),\nfound as (\n  select value, events from counted where value is not null");
    push_typed(&mut sql, field, typed);
    sql.push("\n),\nsummed as (\n  select ");
    if several {
        sql.push("(select count(*)");
        source.push(&mut sql, "\n");
        sql.push(format_args!(") as total, (select count({})", column(field)));
        source.push(&mut sql, "\n");
        sql.push(") as present");
    } else {
        sql.push(
            "coalesce(sum(events), 0)::bigint as total, \
             coalesce(sum(events) filter (where value is not null), 0)::bigint as present",
        );
    }
    sql.push(", (select count(*) from found) as distinct_values");
    sql.push(if several { "" } else { "\n  from counted" });
    sql.push("\n),\ntop as (\n  select value, events from found order by events desc, value limit ");
    sql.push_bind(i64::from(limit));
    let value = match field.kind() {
        Kind::Address => "host(value) collate \"C\"",
        _ => "value",
    };
    sql.push(format_args!(
        "\n)\nselect total, present, distinct_values, {value}, events\nfrom summed left join top on true\n\
         order by events desc, top.value"
    ));
    sql
}

/// Only values that have this in them.
fn push_typed(sql: &mut QueryBuilder<Postgres>, field: Field, typed: &str) {
    if typed.is_empty() {
        return;
    }
    if !is_storable(typed) {
        sql.push(" and false");
        return;
    }
    let text = if field.kind() == Kind::Address { "host(value)" } else { "value::text" };
    sql.push(format_args!(" and lower({text} collate \"C\") like "));
    sql.push_bind(format!("%{}%", like(&[typed.to_ascii_lowercase()])));
}
