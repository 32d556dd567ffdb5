//! A handful of events with known answers.

use app::api::Backend;
use model::{
    series::{Cell, Series, Table},
    time::Timestamp,
    view::View,
};
use serde_json::{Value, json};
use server::{clock::Clock, ingest::enrich::GeoIp, query::Query};
use sqlx::PgPool;

/// "Now" of these tests.
pub const NOW: &str = "2026-11-24T12:00:00Z";

pub fn query(pool: &PgPool) -> Query {
    Query::new(pool.clone(), Clock::Fixed(Timestamp::parse(NOW).unwrap()), GeoIp::default())
}

pub fn view(query: &str) -> View {
    let (view, errors) = View::from_query(query);
    assert_eq!(errors, []);
    view
}

/// A database with these events; each is an object of column names, over the defaults of a plain success an hour ago.
pub async fn with_events(events: impl IntoIterator<Item = Value>) -> Query {
    let pool = crate::support::database().await;
    insert(&pool, events).await;
    query(&pool)
}

pub async fn insert(pool: &PgPool, events: impl IntoIterator<Item = Value>) {
    sqlx::query(
        "insert into object (uri, version, state, kind, events_read, events_inserted, events_duplicate, events_rejected, \
         bytes_uncompressed) values ('file:///fixture.json', '1', 'done', 'records', 0, 0, 0, 0, 0) \
         on conflict do nothing",
    )
    .execute(pool)
    .await
    .unwrap();
    for (at, event) in events.into_iter().enumerate() {
        let mut row = json!({
            "event_id": format!("id-{at:03}"),
            "event_time": "2026-11-24T11:00:00Z",
            "object_id": 1,
            "outcome": "success",
            "raw": format!("{{\"n\": {at}}}"),
        });
        for (column, value) in event.as_object().unwrap() {
            row[column] = value.clone();
        }
        sqlx::query("insert into stored_event select (jsonb_populate_record(null::stored_event, $1::text::jsonb)).*")
            .bind(row.to_string())
            .execute(pool)
            .await
            .unwrap();
    }
}

pub async fn ask(query: &Query, panel: &str, view_query: &str) -> Series {
    query.panel("overview", panel, &view(view_query)).await.unwrap()
}

/// The table as text: a line a row, the header first.
pub fn text(table: &Table) -> String {
    let header: Vec<_> = table.columns.iter().map(|column| column.key.as_str()).collect();
    let mut lines = vec![header.join(" | ")];
    lines.extend(table.rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join(" | ")));
    lines.push(format!("total {}{}\n", table.total, if table.truncated { ", truncated" } else { "" }));
    lines.join("\n")
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Null => "∅".into(),
        Cell::Text(text) => text.clone(),
        Cell::Int(number) => number.to_string(),
        Cell::Float(number) => number.to_string(),
        Cell::Bool(yes) => yes.to_string(),
        Cell::Time(at) => at.rfc3339(),
        Cell::List(texts) => texts.join("; "),
    }
}
