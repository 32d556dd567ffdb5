//! Tests of `server::store::month`: each month's events in a partition of their own.

use serde_json::{Value, json};
use sqlx::PgPool;

use super::fixture::{event, ingest, tables, write};
use crate::support::database;

fn at(number: u64, time: &str) -> Value {
    let mut event = event(number);
    event["eventTime"] = json!(time);
    event
}

fn file(times: &[&str]) -> String {
    let events: Vec<_> = (0..).zip(times).map(|(number, time)| at(number, time)).collect();
    json!({"Records": events}).to_string()
}

/// Which partition has which events and segments.
async fn partitions(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar(
        "select tableoid::regclass || ' ' || count(*) from stored_event group by tableoid
         union all
         select tableoid::regclass || ' ' || count(*) from segment group by tableoid order by 1",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn each_month_has_a_partition_and_the_rest_has_one() {
    let folder = tempfile::tempdir().unwrap();
    let times = [
        "2025-12-31T23:59:59Z",
        "2026-01-01T00:00:00Z",
        "2026-01-31T23:59:59Z",
        "2026-02-01T00:00:00Z",
        "2013-10-31T23:59:59Z",
        "1970-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "2013-11-01T00:00:00Z",
    ];
    write(folder.path(), "1.json", file(&times));
    let pool = database().await;
    assert_eq!(ingest(&pool, folder.path()).await.events_inserted, 8);
    let expected = [
        "segment_2013_11 1",
        "segment_2025_12 1",
        "segment_2026_01 1",
        "segment_2026_02 1",
        "segment_rest 3",
        "stored_event_2013_11 1",
        "stored_event_2025_12 1",
        "stored_event_2026_01 2",
        "stored_event_2026_02 1",
        "stored_event_rest 3",
    ];
    assert_eq!(partitions(&pool).await, expected);
    // Each event finds its own text.
    let wrong: i64 =
        sqlx::query_scalar("select count(*) from event where (raw::json ->> 'eventTime')::timestamptz <> event_time")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(wrong, 0);
}

#[tokio::test]
async fn events_that_came_before_their_partition_move_into_it() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "1.json", file(&["2026-01-05T00:00:00Z", "2026-02-05T00:00:00Z", "2026-02-06T00:00:00Z"]));
    let pool = database().await;
    // A reader who never ends: no partition can be made while he looks at what would have to move.
    let mut reader = pool.begin().await.unwrap();
    sqlx::query("select count(*) from stored_event").execute(&mut *reader).await.unwrap();
    ingest(&pool, folder.path()).await;
    assert_eq!(partitions(&pool).await, ["segment_rest 2", "stored_event_rest 3"]);
    reader.rollback().await.unwrap();
    write(folder.path(), "2.json", file(&["2026-01-05T00:00:00Z", "2026-02-05T00:00:00Z"]));
    let again = ingest(&pool, &folder.path().join("2.json")).await;
    assert_eq!((again.events_inserted, again.events_duplicate), (0, 2));
    let expected = ["segment_2026_01 1", "segment_2026_02 1", "stored_event_2026_01 1", "stored_event_2026_02 2"];
    assert_eq!(partitions(&pool).await, expected);
    // What a clean run makes.
    let clean = database().await;
    ingest(&clean, folder.path()).await;
    let events = async |pool| tables(pool).await.into_iter().filter(|line| line.starts_with("e ")).collect::<Vec<_>>();
    assert_eq!(events(&pool).await, events(&clean).await);
}

#[tokio::test]
async fn runs_that_meet_make_each_partition_once() {
    let folder = tempfile::tempdir().unwrap();
    let months = |year: u32| (1..=12).map(|month| format!("{year}-{month:02}-15T00:00:00Z")).collect::<Vec<_>>();
    let pool = database().await;
    let all: Vec<String> = (2020..2024).flat_map(months).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let run = async |name: &'static str| {
        let path = write(folder.path(), name, file(&all));
        ingest(&pool, &path).await.events_inserted
    };
    let (a, b, c) = tokio::join!(run("a.json"), run("b.json"), run("c.json"));
    assert_eq!(a + b + c, 48);
    assert!(partitions(&pool).await.iter().all(|line| line.ends_with(" 1")));
}
