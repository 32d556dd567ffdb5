//! Retention while others read and write.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use serde_json::json;
use server::{
    ingest::source::intake::Intake,
    store::{self, retention},
};

use super::fixture::{A, B, TODAY, at, checked, count, memory, occurrences, retention};
use crate::support::empty_database;

/// Writers whose memory of what is stored lasts, readers, and one run after the other.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nobody_waits_long() {
    let pool = store::open(empty_database().await, 12).await.unwrap();
    let rules = retention(&format!("[retention]\ndays = 60\n[[retention.rule]]\naccount = \"{B}\"\ndays = 200\n"));
    let (stop, kept) = (AtomicBool::new(false), AtomicU64::new(0));
    let intake = Intake::new(pool.clone(), Default::default());
    // Each writer tells the same people again and again, some of whom have expired events alone, in months that come and go.
    let write = async |writer: u64| {
        let intake = intake.named(&format!("writer-{writer}"));
        let mut round = 0;
        while !stop.load(Relaxed) {
            let number = |n: u64| writer * 1_000_000 + round * 100 + n;
            let times =
                ["2026-01-10T00:00:00Z", "2026-03-01T00:00:00Z", "2026-05-10T00:00:00Z", "2011-01-01T00:00:00Z"];
            let events: Vec<_> = (0..40u64)
                .map(|n| {
                    let account = if n % 4 == 0 { B } else { A };
                    let user = format!("user{}", (round + n) % 7);
                    at(number(n), times[(n % 4 + n / 4 % 3) as usize % 4], account, &user)
                })
                .collect();
            let expired = |event: &serde_json::Value| {
                let time = event["eventTime"].as_str().unwrap();
                if event["recipientAccountId"] == A { time < "2026-03-16" } else { time < "2025-10-27" }
            };
            kept.fetch_add(events.iter().filter(|event| !expired(event)).count() as u64, Relaxed);
            // Every event is in two objects.
            let text = json!({ "Records": events }).to_string();
            for part in ["a", "b"] {
                let object = memory(&format!("{writer}/{round}/{part}"), text.clone());
                let batch = intake.take(vec![object]).await.unwrap();
                assert!(batch.failed.is_empty());
                assert_eq!(batch.summary.events_read, 40);
            }
            round += 1;
        }
        round
    };
    let read = async || {
        let mut longest = Duration::ZERO;
        while !stop.load(Relaxed) {
            let began = Instant::now();
            count(&pool, "select count(*) from event").await;
            longest = longest.max(began.elapsed());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        longest
    };
    let remove = async || {
        let began = Instant::now();
        let (mut events, mut runs) = (0, 0);
        while began.elapsed() < Duration::from_secs(15) {
            events += retention::run(&pool, &rules, TODAY).await.unwrap().events();
            runs += 1;
        }
        stop.store(true, Relaxed);
        (events, runs)
    };
    let (one, two, longest, (events, runs)) = tokio::join!(write(1), write(2), read(), remove());
    assert!(one > 3 && two > 3 && runs > 1 && events > 100, "{one} {two} {runs} {events}");
    assert!(longest < Duration::from_secs(2), "{longest:?}: a query itself takes some time here");
    retention::run(&pool, &rules, TODAY).await.unwrap();
    assert_eq!(checked(&pool).await.len() as u64, kept.load(Relaxed));
    assert!(occurrences(&pool, "2011-01-01").await.is_empty());
}

#[tokio::test]
async fn one_run_at_a_time() {
    let pool = store::open(empty_database().await, 8).await.unwrap();
    let mut other = pool.acquire().await.unwrap();
    let lock = "select pg_advisory_lock(hashtextextended('trailmap retention', 0))";
    sqlx::query(lock).execute(&mut *other).await.unwrap();
    let error = retention::run(&pool, &retention("[retention]\ndays = 9\n"), TODAY).await.unwrap_err();
    assert!(error.is::<retention::Busy>(), "{error:#}");
    assert_eq!(retention::last(&pool).await.unwrap(), None);
}
