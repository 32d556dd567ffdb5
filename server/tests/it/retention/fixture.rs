//! Events of several accounts, months and sources, and what is looked at before and after.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use server::{
    config::{file, retention::Retention},
    ingest::source::{Object, Place, intake::Intake},
    store::{
        dimension::TABLES,
        retention::{self, Report, plan::Plan},
        sketch::Sketch,
    },
};
use sqlx::{AssertSqlSafe, PgPool};
use time::{Date, macros::date};

use crate::ingest::fixture::{event, ingest, tables, with, write};

/// "Today" of these tests.
pub const TODAY: Date = date!(2026 - 05 - 15);

pub const A: &str = "111111111111";
pub const B: &str = "222222222222";
pub const C: &str = "333333333333";

/// An event of an account, by a user of its own, with a text of its own.
pub fn at(number: u64, time: &str, account: &str, user: &str) -> Value {
    with(
        event(number),
        json!({
            "eventTime": time,
            "recipientAccountId": account,
            "userIdentity": {"type": "IAMUser", "userName": user, "accountId": account, "accessKeyId": format!("AKIA{user}")},
            "sourceIPAddress": format!("203.0.113.{}", user.len()),
            "userAgent": format!("agent of {user}"),
            "requestParameters": {"bucketName": format!("bucket-of-{user}"), "canary": format!("canary-{account}-{number}-end")},
        }),
    )
}

pub fn retention(text: &str) -> Retention {
    file::parse(text).unwrap().retention
}

/// Stores events as one object, brought by a source or read by hand.
pub async fn store(pool: &PgPool, source: Option<&str>, name: &str, events: &[Value]) {
    let text = json!({ "Records": events }).to_string();
    let summary = match source {
        Some(source) => {
            let intake = Intake::new(pool.clone(), Default::default()).named(source);
            intake.take(vec![memory(name, text)]).await.unwrap().summary
        }
        None => {
            let folder = tempfile::tempdir().unwrap();
            ingest(pool, &write(folder.path(), name, text)).await
        }
    };
    assert_eq!(summary.events_inserted, events.len() as u64, "{summary:?}");
}

pub fn memory(name: &str, text: String) -> Object {
    Object {
        uri: format!("memory://{name}"),
        version: "1".to_owned(),
        bytes: text.len() as u64,
        source: None,
        place: Place::Memory(text.into()),
    }
}

/// What is stored is whole: `tables` holds the rollups against a recount, every event has its own text and all that it refers to,
/// and the sketch of each segment is that of its texts. Returns the events' lines, without the names of objects.
pub async fn checked(pool: &PgPool) -> Vec<String> {
    let lines = tables(pool).await;
    let broken = "select count(*) from event cross join lateral (select coalesce(raw_json, raw)::json as json) as text
                  where raw is null or json ->> 'eventID' <> event_id
                  or (json ->> 'eventTime')::timestamptz <> event_time or object_id is null";
    assert_eq!(count(pool, broken).await, 0, "each event has its own text");
    let texts = "select coalesce(sum(cardinality(array_remove(raw, null))), 0)::bigint from segment";
    assert_eq!(count(pool, texts).await, count(pool, "select count(*) from stored_event").await, "no other texts");
    for table in TABLES {
        let sql = format!(
            "select count(*) from stored_event where not exists
             (select from {table} where {table}.{table}_id = stored_event.{table}_id)"
        );
        assert_eq!(count(pool, &sql).await, 0, "{table}");
    }
    let segments: Vec<(Vec<Option<String>>, Vec<u8>)> =
        sqlx::query_as("select folded, sketch from segment").fetch_all(pool).await.unwrap();
    for (folded, sketch) in segments {
        let mut expected = Sketch::default();
        folded.iter().flatten().for_each(|text| expected.add(text));
        assert!(sketch == expected.bytes(), "a sketch of what is there");
    }
    let events = lines.into_iter().filter(|line| line.starts_with("e "));
    let mut events: Vec<_> = events.map(|line| line.split_once('{').unwrap().1.to_owned()).collect();
    events.sort();
    events
}

pub async fn count(pool: &PgPool, sql: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(pool).await.unwrap()
}

/// Where in the whole database a text occurs: tables with the number of their rows.
pub async fn occurrences(pool: &PgPool, text: &str) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let mut found = Vec::new();
    for table in tables {
        let sql = format!("select count(*) from {table} as t where t::text ilike '%' || $1 || '%'");
        let rows: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).bind(text).fetch_one(pool).await.unwrap();
        if rows > 0 {
            found.push(format!("{table} {rows}"));
        }
    }
    found
}

pub async fn has_table(pool: &PgPool, name: &str) -> bool {
    sqlx::query_scalar("select to_regclass($1) is not null").bind(name).fetch_one(pool).await.unwrap()
}

/// A plan, a line each.
pub fn lines(plan: &Plan) -> Vec<String> {
    let line = |share: &retention::plan::Share| {
        format!(
            "{} {} {} {} {}..{} [{}] {}",
            share.month,
            share.account.as_deref().unwrap_or("-"),
            share.source.as_deref().unwrap_or("-"),
            share.events,
            share.first.date(),
            share.last.date(),
            share.rule,
            share.way
        )
    };
    plan.shares.iter().map(line).collect()
}

/// Runs, having looked that a dry run before says the same and changes nothing, and that it goes by what is stored.
pub async fn run(pool: &PgPool, retention: &Retention) -> Report {
    let before = everything(pool).await;
    let plan = retention::plan(pool, retention, TODAY).await.unwrap();
    assert!(everything(pool).await == before, "a dry run changes nothing");
    let counts = by_month(pool).await;
    let report = retention::run(pool, retention, TODAY).await.unwrap();
    assert_eq!(report.plan, plan);
    let planned: Vec<_> = plan.months().iter().map(|part| (part.month, part.way, part.events)).collect();
    let mut gone: Vec<_> = report.months.iter().map(|gone| (gone.month, gone.way, gone.events)).collect();
    gone.sort_by_key(|(month, ..)| *month);
    assert_eq!(gone, planned, "what was said is what was done");
    assert_eq!((report.rejected, report.poison_messages), (plan.rejected, plan.poison_messages));
    let mut left = counts;
    for share in &plan.shares {
        let key = (share.month.to_string(), share.account.clone().unwrap_or_default());
        *left.get_mut(&key).unwrap() -= share.events as i64;
    }
    left.retain(|_, events| *events > 0);
    assert_eq!(by_month(pool).await, left, "so many of each month and account");
    report
}

/// Events by month and account.
async fn by_month(pool: &PgPool) -> BTreeMap<(String, String), i64> {
    let rows: Vec<(String, String, i64)> = sqlx::query_as(
        "select to_char(event_time, 'YYYY-MM-01'), coalesce(account, ''), count(*) from event group by 1, 2",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    rows.into_iter().map(|(month, account, events)| ((month, account), events)).collect()
}

/// All rows of all tables.
pub async fn everything(pool: &PgPool) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let mut rows = Vec::new();
    for table in tables {
        let sql = format!("select '{table} ' || md5(t::text) from {table} as t order by 1");
        rows.extend(sqlx::query_scalar::<_, String>(AssertSqlSafe(sql)).fetch_all(pool).await.unwrap());
    }
    rows
}
