//! Rollups are counts of the events, however these came.

use std::ops::RangeInclusive;

use serde_json::json;
use server::store::rollup::{self, ROLLUPS, Recount};
use sqlx::{AssertSqlSafe, PgPool};

use super::fixture::{event, ingest, records, with, write};
use crate::support::database;

const ALL: RangeInclusive<i64> = 0..=i64::MAX;

async fn rows(pool: &PgPool, table: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {table}"))).fetch_one(pool).await.unwrap()
}

async fn recounts(pool: &PgPool) -> Vec<Recount> {
    let mut recounts = Vec::new();
    for rollup in &ROLLUPS {
        recounts.push(rollup::rebuild(pool, rollup).await.unwrap());
    }
    recounts
}

#[tokio::test]
async fn each_run_adds_its_own_and_folding_keeps_the_sums() {
    let (pool, folder) = (database().await, tempfile::tempdir().unwrap());
    for (name, numbers) in [("a", 0..50), ("b", 30..80), ("c", 70..90), ("d", 0..90)] {
        ingest(&pool, &write(folder.path(), &format!("{name}.json"), records(numbers))).await;
    }
    // Two actions, one of them with each address once; all within one hour.
    assert!(recounts(&pool).await.iter().all(|recount| recount.wrong == 0 && recount.keys > 0));
    assert_eq!(rows(&pool, "action_hour").await, 2, "folded after each run");
    let total: i64 = sqlx::query_scalar("select sum(events)::bigint from action_hour").fetch_one(&pool).await.unwrap();
    assert_eq!(total, 90);
    assert_eq!(rollup::fold(&pool, &ALL).await.unwrap(), 0, "nothing is left to fold");
}

#[tokio::test]
async fn what_is_wrong_is_found_and_mended() {
    let (pool, folder) = (database().await, tempfile::tempdir().unwrap());
    let other = with(event(7), json!({"eventID": super::fixture::id(1007), "eventTime": "2026-01-09T23:59:59Z"}));
    ingest(&pool, &write(folder.path(), "a.json", json!({"Records": [event(1), event(2), other]}).to_string())).await;
    sqlx::query("delete from access_day where start_time > '2026-01-02'").execute(&pool).await.unwrap();
    sqlx::query("update action_hour set events = events + 1 where start_time < '2026-01-02'")
        .execute(&pool)
        .await
        .unwrap();
    sqlx::query(
        "insert into action_day select start_time - interval '1 day', scope_id, identity_id, action_id, result_id,
                 events, first_seen, last_seen from action_day where start_time > '2026-01-02'",
    )
    .execute(&pool)
    .await
    .unwrap();
    let wrong = async || recounts(&pool).await.iter().map(|recount| recount.wrong).collect::<Vec<_>>();
    assert_eq!(wrong().await, [1, 0, 2, 1]);
    assert_eq!(wrong().await, [0, 0, 0, 0]);
}

#[tokio::test]
async fn folding_beside_writers_loses_nothing() {
    let (pool, folder) = (database().await, tempfile::tempdir().unwrap());
    let write_some = async |from: u64| {
        for at in 0..8 {
            let numbers = from + at * 20..from + at * 20 + 30;
            ingest(&pool, &write(folder.path(), &format!("{from}-{at}.json"), records(numbers))).await;
        }
    };
    let fold_often = async || {
        for _ in 0..20 {
            rollup::fold(&pool, &ALL).await.unwrap();
        }
    };
    tokio::join!(write_some(0), write_some(100), write_some(3000), fold_often());
    assert!(recounts(&pool).await.iter().all(|recount| recount.wrong == 0));
}
