//! Months of which some is kept.

use app::api::Backend;
use serde_json::{Value, json};
use server::store::retention::Way;

use super::fixture::{A, B, C, at, checked, count, has_table, lines, occurrences, retention, run, store};
use crate::{
    ingest::fixture::{ingest, with, write},
    query::fixture::{query, view},
    support::database,
};

/// Two accounts' events, one after the other, over months that are long ago.
fn mixed(numbers: std::ops::Range<u64>) -> Vec<Value> {
    let time = |n: u64| format!("2026-0{}-{:02}T{:02}:{:02}:00Z", 1 + n % 2, 1 + n % 28, n % 24, n % 60);
    numbers
        .map(|n| {
            at(n, &time(n), if n.is_multiple_of(3) { A } else { B }, if n.is_multiple_of(3) { "olga" } else { "nina" })
        })
        .collect()
}

async fn events_of(account: &str, events: &[Value]) -> Vec<String> {
    let clean = database().await;
    let own: Vec<_> = events.iter().filter(|event| event["recipientAccountId"] == account).cloned().collect();
    store(&clean, None, "clean.json", &own).await;
    checked(&clean).await
}

#[tokio::test]
async fn an_accounts_events_go_and_the_others_keep_their_texts_and_counts() {
    let pool = database().await;
    let mut events = mixed(0..500);
    // Postgres' JSON refuses this text; a cleaned copy of it is kept.
    for (account, number) in [(A, 501), (B, 502)] {
        let event = at(number, "2026-01-05T00:00:00Z", account, if account == A { "olga" } else { "nina" });
        events.push(with(event, json!({"requestID": "nul\u{0}canary"})));
    }
    store(&pool, None, "1.json", &events).await;
    let report = run(&pool, &retention(&format!("[[retention.rule]]\naccount = \"{A}\"\ndays = 30\n"))).await;
    assert_eq!(lines(&report.plan).len(), 2, "{:?}", lines(&report.plan));
    assert!(lines(&report.plan)[0].ends_with("deleted within the month"));
    assert_eq!(report.events(), 168);
    assert_eq!(checked(&pool).await, events_of(B, &events).await);
    assert_eq!(occurrences(&pool, "canary-111111111111").await, [""; 0], "no text of theirs is anywhere");
    assert!(occurrences(&pool, "olga").await.is_empty(), "nor a name");
    assert!(!occurrences(&pool, "canary-222222222222").await.is_empty());
    assert_eq!(count(&pool, "select count(*) from segment where raw_json is not null").await, 1);
    assert_eq!(
        run(&pool, &retention(&format!("[[retention.rule]]\naccount = \"{A}\"\ndays = 30\n"))).await.events(),
        0
    );
}

/// Where much was deleted, the month's files shrink, and its partitions are what they were.
#[tokio::test]
async fn room_goes_back_to_the_disk() {
    let pool = database().await;
    // Texts that do not compress well.
    let noise = |n: u64| {
        (1..40).map(|at| format!("{:016x}", (n * 40 + at).wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect::<String>()
    };
    let events: Vec<_> = (0..4_000)
        .map(|n| {
            let (account, user) = [(B, "nina"), (C, "carl"), (A, "olga"), (A, "olga")][n as usize % 4];
            let event = at(n + 10_000, &format!("2026-01-{:02}T00:00:00Z", 1 + n % 28), account, user);
            with(event, json!({ "additionalEventData": noise(n) }))
        })
        .collect();
    store(&pool, None, "1.json", &events).await;
    let rule = |account: &str| format!("[[retention.rule]]\naccount = \"{account}\"\ndays = 30\n");
    // Written anew, and then again what was written anew.
    for (rules, events) in [(rule(A), 2_000), (rule(A) + &rule(C), 1_000)] {
        let report = run(&pool, &retention(&rules)).await;
        let january = &report.months[0];
        assert_eq!((january.events, january.way), (events, Way::Delete));
        assert!(january.bytes_after < january.bytes_before * 7 / 10, "{january:?}");
        assert!(report.bytes_after < report.bytes_before, "{report:?}");
    }
    assert_eq!(checked(&pool).await, events_of(B, &events).await);
    assert!(has_table(&pool, "segment_2026_01").await && !has_table(&pool, "segment_2026_01_copy").await);
    let indexes = "select count(*) from pg_index where indrelid = $1::regclass and indisvalid"
        .replace("$1", "'stored_event_2026_01'");
    assert_eq!(count(&pool, &indexes).await, 6);
    let attached = "select count(*) from pg_inherits where inhrelid in
                    (select indexrelid from pg_index where indrelid = 'stored_event_2026_01'::regclass)";
    assert_eq!(count(&pool, attached).await, 6, "indexes are those of the table");
    // What is stored is still known to be, and what is new finds its place.
    let folder = tempfile::tempdir().unwrap();
    let again = write(folder.path(), "again.json", json!({ "Records": events[0..40] }).to_string());
    let summary = ingest(&pool, &again).await;
    assert_eq!((summary.events_inserted, summary.events_duplicate), (30, 10));
    assert_eq!(checked(&pool).await.len(), 1_030);
    // A copy of a run that was broken off is not kept.
    sqlx::query("create table segment_2026_01_copy (like segment)").execute(&pool).await.unwrap();
    assert_eq!(run(&pool, &retention("[retention]\ndays = 3000\n")).await.events(), 0);
    assert!(!has_table(&pool, "segment_2026_01_copy").await);
}

#[tokio::test]
async fn days_are_whole_and_in_utc() {
    let pool = database().await;
    let times = ["2026-05-12T23:59:59Z", "2026-05-13T00:00:00Z", "2026-05-14T12:00:00Z", "2026-05-15T01:00:00Z"];
    let events: Vec<_> = (0..).zip(times).map(|(n, time)| at(n, time, A, "olga")).collect();
    store(&pool, None, "1.json", &events).await;
    let report = run(&pool, &retention("[retention]\ndays = 2\n")).await;
    assert_eq!(
        lines(&report.plan),
        [format!("2026-05-01 {A} - 1 2026-05-12..2026-05-12 [days = 2] deleted within the month")]
    );
    assert_eq!(checked(&pool).await.len(), 3);
    assert!(has_table(&pool, "stored_event_2026_05").await);
}

#[tokio::test]
async fn a_sources_events_go_where_that_source_brought_them_first() {
    let pool = database().await;
    let time = "2026-01-05T00:00:00Z";
    let some = |numbers: std::ops::Range<u64>| numbers.map(|n| at(n, time, A, "olga")).collect::<Vec<_>>();
    store(&pool, Some("trail"), "1.json", &some(0..40)).await;
    store(&pool, Some("queue"), "2.json", &some(40..60)).await;
    store(&pool, None, "3.json", &some(60..70)).await;
    let rules = "[[retention.rule]]\nsource = \"trail\"\ndays = 30\n\
                 [[retention.rule]]\nsource = \"queue\"\naccount = \"222222222222\"\ndays = 30\n";
    let report = run(&pool, &retention(rules)).await;
    assert_eq!(
        lines(&report.plan),
        [format!(
            "2026-01-01 {A} trail 40 2026-01-05..2026-01-05 [source = \"trail\", days = 30] deleted within the month"
        )]
    );
    assert_eq!(checked(&pool).await.len(), 30);
    assert!(occurrences(&pool, "canary-111111111111-39-end").await.is_empty());
    assert_eq!(report.plan.unknown.len(), 2, "neither source has ever run here");

    // By the general rule goes what no rule of a source keeps.
    let rules = "[retention]\ndays = 30\n[[retention.rule]]\nsource = \"queue\"\ndays = \"forever\"\n";
    let report = run(&pool, &retention(rules)).await;
    assert_eq!(
        lines(&report.plan),
        [format!("2026-01-01 {A} - 10 2026-01-05..2026-01-05 [days = 30] deleted within the month")]
    );
    assert_eq!(checked(&pool).await.len(), 20);
}

/// Times that have no partition: before CloudTrail, and far ahead.
#[tokio::test]
async fn what_has_no_month_goes_too() {
    let pool = database().await;
    let times = ["1970-01-01T00:00:00Z", "2012-03-04T05:06:07Z", "9999-12-31T23:59:59Z"];
    let events: Vec<_> = (0..).zip(times).map(|(n, time)| at(n, time, A, "olga")).collect();
    store(&pool, None, "1.json", &events).await;
    let report = run(&pool, &retention("[retention]\ndays = 30\n")).await;
    assert_eq!((report.events(), report.months.len()), (2, 2));
    assert_eq!(checked(&pool).await.len(), 1);
    assert!(occurrences(&pool, "canary-111111111111-0-end").await.is_empty());
}

/// Panels over a time of which some is gone: from the rollups where there are some, from events at the edges.
#[tokio::test]
async fn panels_over_that_time_answer_as_if_it_had_never_been() {
    let (pool, clean) = (database().await, database().await);
    let events = mixed(0..400);
    store(&pool, None, "1.json", &events).await;
    let kept: Vec<_> = events.iter().filter(|event| event["recipientAccountId"] == B).cloned().collect();
    let kept: Vec<_> = kept.into_iter().filter(|event| event["eventTime"].as_str().unwrap() >= "2026-02-01").collect();
    store(&clean, None, "1.json", &kept).await;
    let rules = format!("[retention]\ndays = 103\n[[retention.rule]]\naccount = \"{A}\"\ndays = 30\n");
    // 2026-02-01 is the first day that is kept of others: January goes as a whole.
    run(&pool, &retention(&rules)).await;
    assert!(!has_table(&pool, "stored_event_2026_01").await);
    assert_eq!(checked(&pool).await, checked(&clean).await);
    for (dashboard, panel) in
        [("overview", "key-figures"), ("overview", "events-by-name"), ("changes", "recent-changes")]
    {
        for range in
            ["from=2026-01-01T00:30:00Z&to=2026-02-20T10:15:00Z", "from=2025-12-01T00:00:00Z&to=2026-03-01T00:00:00Z"]
        {
            let view = view(range);
            let ours = query(&pool).panel(dashboard, panel, &view).await.unwrap();
            let theirs = query(&clean).panel(dashboard, panel, &view).await.unwrap();
            assert!(!theirs.table.rows.is_empty(), "{panel}");
            assert_eq!(format!("{:?}", ours.table), format!("{:?}", theirs.table), "{panel}");
        }
    }
}
