//! Months of which nothing is kept.

use std::time::{Duration, Instant};

use server::store::retention::{self, Way};

use super::fixture::{
    A, B, TODAY, at, checked, count, everything, has_table, lines, occurrences, retention, run, store,
};
use crate::{ingest::fixture::tables, support::database};

#[tokio::test]
async fn an_expired_month_goes_as_a_whole_and_its_disk_space_at_once() {
    let pool = database().await;
    let old: Vec<_> =
        (0..3_000).map(|n| at(n + 10_000, &format!("2026-01-{:02}T10:00:00Z", 1 + n % 31), A, "olga")).collect();
    let new = [at(900, "2026-04-01T00:00:00Z", A, "nina"), at(901, "2026-05-01T00:00:00Z", A, "nina")];
    store(&pool, None, "old.json", &old).await;
    store(&pool, None, "new.json", &new).await;
    let clean = database().await;
    store(&clean, None, "new.json", &new).await;
    // The day of the cutoff itself is kept: 2026-04-01.
    let retention = retention("[retention]\ndays = 44\n");
    let report = run(&pool, &retention).await;
    assert_eq!(
        lines(&report.plan),
        [format!("2026-01-01 {A} - 3000 2026-01-01..2026-01-31 [days = 44] dropped as whole partition")]
    );
    assert!(!has_table(&pool, "stored_event_2026_01").await && !has_table(&pool, "segment_2026_01").await);
    assert!(report.months[0].bytes_before > 1_000_000 && report.months[0].bytes_after == 0, "{report:?}");
    assert!(report.bytes_after < report.bytes_before - 1_000_000, "{report:?}");
    assert_eq!(checked(&pool).await, checked(&clean).await);
    for text in ["canary-111111111111-10007-end", "olga"] {
        assert_eq!(occurrences(&pool, text).await, [""; 0], "{text}");
    }
    // The object is known to be read, so that it is not read again.
    assert_eq!(count(&pool, "select count(*) from object where state = 'done'").await, 2);

    let second = run(&pool, &retention).await;
    assert_eq!((second.months.len(), second.shared_rows, second.credentials), (0, 0, 0), "a second run does nothing");
}

#[tokio::test]
async fn what_is_delivered_late_into_a_month_that_is_gone_goes_with_the_next_run() {
    let pool = database().await;
    store(&pool, None, "1.json", &[at(1, "2026-01-31T10:00:00Z", A, "olga"), at(2, "2026-05-01T00:00:00Z", A, "nina")])
        .await;
    let retention = retention("[retention]\ndays = 90\n");
    run(&pool, &retention).await;
    store(&pool, None, "late.json", &[at(3, "2026-01-31T11:00:00Z", A, "lena")]).await;
    // The same event again, too, in another object.
    store(&pool, None, "again.json", &[at(1, "2026-01-31T10:00:00Z", A, "olga")]).await;
    assert!(has_table(&pool, "stored_event_2026_01").await, "it is stored as any other");
    assert_eq!(checked(&pool).await.len(), 3);
    let report = run(&pool, &retention).await;
    assert_eq!((report.months.len(), report.months[0].way, report.events()), (1, Way::Drop, 2));
    assert_eq!(checked(&pool).await.len(), 1);
    assert!(occurrences(&pool, "lena").await.is_empty());
}

#[tokio::test]
async fn a_month_that_somebody_reads_is_left_and_readers_wait_half_a_second_at_most() {
    let pool = database().await;
    store(&pool, None, "1.json", &[at(1, "2026-01-31T10:00:00Z", A, "olga"), at(2, "2026-05-01T00:00:00Z", B, "nina")])
        .await;
    let retention = retention("[retention]\ndays = 90\n");
    let mut reader = pool.begin().await.unwrap();
    sqlx::query("select count(*) from event").execute(&mut *reader).await.unwrap();
    let before = everything(&pool).await;
    let others = async {
        let (began, mut longest) = (Instant::now(), Duration::ZERO);
        while began.elapsed() < Duration::from_secs(6) {
            let asked = Instant::now();
            assert_eq!(count(&pool, "select count(*) from event").await, 2);
            longest = longest.max(asked.elapsed());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        longest
    };
    let (report, longest) = tokio::join!(retention::run(&pool, &retention, TODAY), others);
    let report = report.unwrap();
    assert!(longest < Duration::from_millis(600), "{longest:?}");
    assert!(longest > Duration::from_millis(200), "they did meet: {longest:?}");
    assert_eq!((report.events(), report.left.len()), (0, 1));
    let same = |rows: Vec<String>| rows.into_iter().filter(|row| !row.starts_with("retention ")).collect::<Vec<_>>();
    assert_eq!(same(everything(&pool).await), same(before));
    let last = retention::last(&pool).await.unwrap().unwrap();
    assert!(last.error.unwrap().starts_with("2026-01-01: somebody reads"));
    reader.rollback().await.unwrap();
    assert_eq!(run(&pool, &retention).await.events(), 1);
    assert_eq!(checked(&pool).await.len(), 1);
}

#[tokio::test]
async fn rules_of_all_accounts_that_are_there_make_a_month_whole() {
    let pool = database().await;
    let events = [at(1, "2026-02-01T00:00:00Z", A, "olga"), at(2, "2026-02-28T23:59:59Z", B, "nina")];
    store(&pool, None, "1.json", &events).await;
    let rule = |account: &str, days: u32| format!("[[retention.rule]]\naccount = \"{account}\"\ndays = {days}\n");
    let report = run(&pool, &retention(&(rule(A, 30) + &rule(B, 40)))).await;
    assert_eq!(
        lines(&report.plan),
        [
            format!(
                "2026-02-01 {A} - 1 2026-02-01..2026-02-01 [account = \"{A}\", days = 30] dropped as whole partition"
            ),
            format!(
                "2026-02-01 {B} - 1 2026-02-28..2026-02-28 [account = \"{B}\", days = 40] dropped as whole partition"
            ),
        ]
    );
    assert!(!has_table(&pool, "stored_event_2026_02").await);
    // Nothing of events is left: the tables are those of objects.
    assert!(tables(&pool).await.iter().all(|line| line.starts_with("o ")));
    for table in server::store::dimension::TABLES {
        assert_eq!(count(&pool, &format!("select count(*) from {table}")).await, 0, "{table}");
    }
}
