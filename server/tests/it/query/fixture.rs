//! A handful of events with known answers.

use app::api::Backend;
use model::{
    filter::event_text,
    series::{Cell, Series, Table},
    time::Timestamp,
    view::View,
};
use serde_json::{Value, json};
use server::{
    clock::Clock,
    ingest::enrich::GeoIp,
    query::Query,
    store::{
        rollup::{self, ROLLUPS},
        sketch::Sketch,
    },
};
use sqlx::PgPool;

use crate::support::readers;

/// "Now" of these tests.
pub const NOW: &str = "2026-11-24T12:00:00Z";

pub fn query(pool: &PgPool) -> Query {
    Query::new(pool.clone(), readers(pool), Clock::Fixed(Timestamp::parse(NOW).unwrap()), GeoIp::default())
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
        insert_row(pool, &row).await;
    }
    for rollup in &ROLLUPS {
        rollup::rebuild(pool, rollup).await.unwrap();
    }
}

/// An event by the names of `event`'s columns, with dimensions and a segment of its own.
pub async fn insert_row(pool: &PgPool, row: &Value) {
    let text = |column: &str| row[column].as_str().unwrap_or_default();
    let folded =
        event_text(if row["raw_json"].is_string() { text("raw_json") } else { text("raw") }).to_ascii_lowercase();
    let mut sketch = Sketch::default();
    sketch.add(&folded);
    let key = server::store::key::Key::of(row["event_id"].as_str().unwrap()).to_string();
    sqlx::query(
        "with e as (select * from jsonb_populate_record(null::event, $1::text::jsonb)),
         n as (select nextval('segment_id_sequence') as id),
         a as (insert into action select id, event_name, event_source, event_type, event_category, read_only from e, n),
         b as (insert into scope select id, account, aws_region from e, n),
         c as (insert into identity
               select id, identity_type, actor, identity_account, invoked_by, own_origin, mfa_used, cross_account from e, n),
         j as (insert into session select id, session, actor_arn, access_key, source_identity from e, n),
         d as (insert into address select id, source_address, vpc_endpoint, source_ip, country, city, latitude, longitude,
               time_zone, as_number, as_organisation from e, n),
         f as (insert into agent select id, user_agent, client, console, tls_version from e, n),
         g as (insert into result select id, outcome, error_code from e, n),
         h as (insert into target select id, resource, error_message from e, n),
         k as (insert into change (changes) values (1)),
         i as (insert into segment (segment_id, first_time, last_time, object_id, raw, raw_json, folded, sketch)
               select id, event_time, event_time, array[object_id], array[raw], array[raw_json], array[$3], $4 from e, n)
         insert into stored_event
         select event_time, $2::uuid, id, id, id, id, id, id, id, id, id, 1, request_id, issued_access_key,
                nullif(event_id, $2) from e, n",
    )
    .bind(row.to_string())
    .bind(key)
    .bind(folded)
    .bind(sketch.bytes())
    .execute(pool)
    .await
    .unwrap();
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
