//! The values of one field among the events: the most frequent, how many there are, and how many events have one.

use model::{
    discover::COUNTS,
    field::{Field, Kind},
    series::{Cell, Column, Detail, PanelName, Series, Table},
};
use sqlx::{Postgres, QueryBuilder, Row};

use super::{
    super::{filter::column, read, session::Session},
    Failure,
    ask::Ask,
    sql,
};

/// Values that are shown.
const TOP: i64 = 10;

/// The most frequent values with their counts; in the detail `COUNTS`, events that have the field and distinct values.
pub async fn read(session: &mut Session, ask: &Ask, field: Field) -> Result<Series, Failure> {
    let rows = session.fetch(&mut statement(ask, field)).await?;
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
fn statement(ask: &Ask, field: Field) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new("with counted as (\nselect ");
    // An event counts under each of a field's several values, but once among all.
    let several = field.kind() == Kind::List;
    let own = if several { "value" } else { column(field) };
    sql.push(format_args!("{own} as value, count(*) as events\nfrom event"));
    if several {
        sql.push(format_args!(" left join unnest({}) as value on true", column(field)));
    }
    sql::push_where(&mut sql, ask);
    sql.push("\ngroup by 1\n),\nsummed as (\n  select ");
    if several {
        sql.push("(select count(*) from event");
        sql::push_where(&mut sql, ask);
        sql.push(format_args!(") as total, (select count({}) from event", column(field)));
        sql::push_where(&mut sql, ask);
        sql.push(") as present");
    } else {
        sql.push(
            "coalesce(sum(events), 0)::bigint as total, \
             coalesce(sum(events) filter (where value is not null), 0)::bigint as present",
        );
    }
    sql.push(
        ", count(value) as distinct_values\n  from counted\n),\ntop as (\n  select value, events from counted where value is not null \
         order by events desc, value limit ",
    );
    sql.push_bind(TOP);
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
