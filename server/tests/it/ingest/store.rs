//! Objects into the tables: exactly once, whatever comes twice, in whatever order, in however many runs.

use std::{net::IpAddr, path::Path, sync::Mutex};

use serde_json::json;
use server::{
    ingest::{self, Input, Progress, Silent, Summary, moment::Moment},
    store::{
        self,
        copy::{Copy, Rows},
    },
};
use sqlx::Row;

use super::fixture::{event, events, gzip, id, ingest, records, tables, with, write};
use crate::support::database;

#[tokio::test]
async fn every_column_type_arrives_as_it_was_encoded() {
    let pool = database().await;
    let mut connection = pool.acquire().await.unwrap();
    let sql = "create temp table t (a text, b bool, c int8, d float8, e timestamptz, f inet, g inet)";
    sqlx::query(sql).execute(&mut *connection).await.unwrap();
    let mut copy = Copy::begin(&mut connection, "copy t from stdin (format binary)").await.unwrap();
    let rows = &mut copy.rows;
    rows.begin(7);
    rows.text("a\u{1F600}\n");
    rows.bool(true);
    rows.int8(-5);
    rows.float8(-0.25);
    rows.timestamptz(Moment::parse("1999-12-31T23:59:59.123456Z").unwrap().0);
    rows.inet("203.0.113.7".parse::<IpAddr>().unwrap());
    rows.inet("2001:db8::1".parse::<IpAddr>().unwrap());
    rows.begin(7);
    (0..7).for_each(|_| rows.option(None::<i64>, Rows::int8));
    // In several pieces.
    copy.advance().await.unwrap();
    copy.rows.begin(7);
    copy.rows.text(&"z".repeat(2 << 20));
    (1..7).for_each(|_| copy.rows.null());
    copy.advance().await.unwrap();
    assert_eq!(copy.end().await.unwrap(), 3);
    let text: Vec<Option<String>> =
        sqlx::query_scalar("select to_jsonb(t)::text from t order by a").fetch_all(&mut *connection).await.unwrap();
    let first = r#"{"a": "a😀\n", "b": true, "c": -5, "d": -0.25, "e": "1999-12-31T23:59:59.123456+00:00", "f": "203.0.113.7", "g": "2001:db8::1"}"#;
    assert_eq!(text[0].as_deref(), Some(first));
    assert_eq!(
        (text[1].as_ref().unwrap().len() > 2 << 20, text[2].as_ref().unwrap().matches("null").count()),
        (true, 7)
    );
}

#[tokio::test]
async fn a_row_has_what_the_record_has() {
    let (pool, folder) = (database().await, tempfile::tempdir().unwrap());
    let odd =
        with(event(2), json!({"eventName": "A\0B", "sourceIPAddress": "2001:db8::1", "errorCode": "AccessDenied"}));
    let path = write(folder.path(), "a.json", json!({"Records": [event(1), odd]}).to_string());
    ingest(&pool, &path).await;
    let rows =
        sqlx::query("select to_jsonb(e) as row, raw, uri from event e join object using (object_id) order by event_id")
            .fetch_all(&pool)
            .await
            .unwrap();
    let mut row: serde_json::Value = rows[0].get("row");
    row.as_object_mut().unwrap().retain(|key, value| {
        let differs = key.ends_with("_id") && value.is_number();
        !(differs || value.is_null() || ["raw", "event_key", "ordinal"].contains(&key.as_str()))
    });
    let expected = json!({
        "event_id": id(1), "event_time": "2026-01-01T00:00:01+00:00", "event_name": "PutObject", "event_source": "s3.amazonaws.com",
        "event_type": "AwsApiCall", "event_category": "Management", "read_only": false, "outcome": "success", "aws_region": "eu-west-1",
        "account": "111122223333", "actor": "Deploy", "session": "alice", "identity_type": "AssumedRole",
        "actor_arn": "arn:aws:sts::111122223333:assumed-role/Deploy/alice", "identity_account": "111122223333",
        "access_key": "ASIAEXAMPLE", "source_address": "89.160.20.1", "source_ip": "89.160.20.1",
        "user_agent": "aws-cli/2.15.0 Python/3.11", "client": "aws-cli", "mfa_used": true, "request_id": "R1",
        "resource": ["arn:aws:s3:::logs", "arn:aws:s3:::logs/key 1 with \"quotes\" and {brackets} ["],
        "cross_account": false, "console": false,
    });
    assert_eq!(row, expected);
    assert_eq!(rows[0].get::<String, _>("raw"), event(1).to_string());
    assert_eq!(rows[0].get::<String, _>("uri"), format!("file://{}", path.display()));
    let odd: serde_json::Value = rows[1].get("row");
    assert_eq!((odd["event_name"].as_str(), odd["outcome"].as_str()), (Some("A\u{fffd}B"), Some("failure")));
    assert_eq!(odd["source_ip"], "2001:db8::1");
    // Postgres reads what stands beside the raw text.
    let name: String =
        sqlx::query_scalar("select coalesce(raw_json, raw)::jsonb ->> 'eventName' from event where event_id = $1")
            .bind(id(2))
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(name, "A\u{fffd}B");
}

#[tokio::test]
async fn the_same_again_changes_nothing() {
    let (pool, folder) = (database().await, tempfile::tempdir().unwrap());
    write(folder.path(), "a/1.json.gz", gzip(records(0..50)));
    write(folder.path(), "a/2.json", records(40..90));
    write(folder.path(), "b/3.json", [records(80..85), records(80..85)].concat());
    write(folder.path(), ".hidden/4.json", records(100..110));
    write(folder.path(), "b/.5.json", records(100..110));
    let first = ingest(&pool, folder.path()).await;
    let expected = Summary {
        objects: 3,
        events_read: 110,
        events_inserted: 90,
        events_duplicate: 20,
        bytes_uncompressed: first.bytes_uncompressed,
        seconds: first.seconds,
        ..Summary::default()
    };
    assert_eq!(first, expected);
    let before = tables(&pool).await;
    let second = ingest(&pool, folder.path()).await;
    assert_eq!((second.objects, second.objects_skipped, second.events_read), (0, 3, 0));
    assert_eq!(tables(&pool).await, before);
    // Under another name: another object, the same events.
    write(folder.path(), "c.json", records(0..50));
    let third = ingest(&pool, folder.path()).await;
    assert_eq!((third.objects, third.events_inserted, third.events_duplicate), (1, 0, 50));
    // A file that grew is read again.
    write(folder.path(), "c.json", records(0..120));
    let fourth = ingest(&pool, folder.path()).await;
    assert_eq!((fourth.objects, fourth.events_inserted, fourth.events_duplicate), (1, 30, 90));
}

#[tokio::test]
async fn an_id_with_another_time_is_another_event() {
    let (pool, folder) = (database().await, tempfile::tempdir().unwrap());
    let other = with(event(1), json!({"eventTime": "2026-05-05T05:05:05Z"}));
    write(folder.path(), "1.json", json!([event(1), event(2), other, event(1)]).to_string());
    write(folder.path(), "2.json", json!([other, event(3)]).to_string());
    let summary = ingest(&pool, folder.path()).await;
    let counts = (summary.events_read, summary.events_inserted, summary.events_duplicate, summary.events_rejected);
    assert_eq!(counts, (6, 4, 2, 0));
    let times: Vec<String> =
        sqlx::query_scalar("select event_time::text from event where event_id = $1 order by event_time")
            .bind(id(1))
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(times, ["2026-01-01 00:00:01+00", "2026-05-05 05:05:05+00"]);
}

#[tokio::test]
async fn a_failed_object_is_tried_again_and_ends_the_same() {
    let (pool, folder) = (database().await, tempfile::tempdir().unwrap());
    let whole = gzip(records(0..500));
    write(folder.path(), "cut.json.gz", &whole[..whole.len() / 2]);
    write(folder.path(), "good.json", records(500..510));
    let first = ingest(&pool, folder.path()).await;
    assert_eq!((first.objects, first.objects_failed), (1, 1));
    assert!(first.events_inserted > 100);
    let before = tables(&pool).await;
    let second = ingest(&pool, folder.path()).await;
    assert_eq!((second.objects_failed, second.objects_skipped, second.events_inserted), (1, 1, 0));
    assert_eq!(tables(&pool).await, before);
    assert_eq!(store::object::list(&pool, true, 10).await.unwrap().len(), 1);
    // Mended: the rest arrives, and nothing of the failure remains.
    write(folder.path(), "cut.json.gz", whole);
    let third = ingest(&pool, folder.path()).await;
    assert_eq!((third.objects, third.events_inserted), (1, 500 - first.events_inserted + 10));
    assert_eq!(store::object::list(&pool, true, 10).await.unwrap().len(), 0);
    assert_eq!(store::rejected::list(&pool, 10).await.unwrap(), []);
}

/// Larger than a group: goes to the database in pieces.
fn large(numbers: std::ops::Range<u64>) -> String {
    let pad = "x".repeat(20_000);
    let lines = numbers.map(|number| with(event(number), json!({"padding": pad})).to_string());
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_large_object_is_one_transaction_and_the_same_in_any_order() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "1.json", records(0..100));
    write(folder.path(), "2.json", large(50..1_450));
    write(folder.path(), "3.json.gz", gzip(large(1_300..1_500)));
    let pool = database().await;
    let summary = ingest(&pool, folder.path()).await;
    let counts = (summary.objects, summary.events_read, summary.events_inserted, summary.events_duplicate);
    assert_eq!(counts, (3, 1_700, 1_500, 200));
    let ids: i64 = sqlx::query_scalar("select count(distinct event_id) from event").fetch_one(&pool).await.unwrap();
    assert_eq!(ids, 1_500);
    // Broken off midway, nothing of the large object is there; the second run makes it whole.
    let cut = database().await;
    let inputs = || vec![Input::Path(folder.path().to_owned())];
    for millis in [50, 400, 700] {
        let geoip = Default::default();
        let disk = Default::default();
        let run = ingest::run(&cut, &geoip, &disk, inputs(), &Silent);
        let _ = tokio::time::timeout(std::time::Duration::from_millis(millis), run).await;
        let partial: i64 = sqlx::query_scalar(
            "select count(*) from object o where events_inserted <> (select count(*) from event e where e.object_id = o.object_id)",
        )
        .fetch_one(&cut)
        .await
        .unwrap();
        assert_eq!(partial, 0);
    }
    ingest(&cut, folder.path()).await;
    assert_eq!(tables(&cut).await, tables(&pool).await);
}

#[tokio::test]
async fn of_an_event_that_was_delivered_twice_the_earlier_delivery_is_kept() {
    let (pool, folder) = (database().await, tempfile::tempdir().unwrap());
    let delivered = |region: &str, time: &str, number: u64| {
        let name = format!("AWSLogs/1/CloudTrail/{region}/2026/11/02/1_CloudTrail_{region}_{time}_x.json.gz");
        let event = with(event(number), json!({"userAgent": region}));
        write(folder.path(), &name, gzip(json!({"Records": [event]}).to_string()));
    };
    delivered("af-south-1", "20261102T1005Z", 1);
    delivered("us-east-1", "20261102T1000Z", 1);
    // What its name does not date comes before all that is dated.
    write(folder.path(), "copy.json", json!({"Records": [with(event(2), json!({"userAgent": "copy"}))]}).to_string());
    delivered("eu-west-1", "20261101T0000Z", 2);
    assert_eq!(ingest(&pool, folder.path()).await.events_duplicate, 2);
    let kept = "select user_agent from event order by event_id";
    assert_eq!(sqlx::query_scalar::<_, String>(kept).fetch_all(&pool).await.unwrap(), ["us-east-1", "copy"]);
}

/// Times at which Postgres looked at the tables of events.
async fn looks(pool: &sqlx::PgPool) -> i64 {
    let sql = "select analyze_count from pg_stat_user_tables where relname = 'stored_event_rest'";
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn postgres_looks_at_the_tables_again_when_they_have_grown_by_a_quarter() {
    let (pool, folder) = (database().await, tempfile::tempdir().unwrap());
    let mut after = Vec::new();
    for (number, events) in [60_000..120_000, 0..10_000, 10_000..30_000].into_iter().enumerate() {
        let path = write(folder.path(), &format!("{number}.json"), records(events));
        ingest(&pool, &path).await;
        after.push(looks(&pool).await);
    }
    assert_eq!(after, [1, 1, 2]);
}

#[tokio::test]
async fn a_dropped_run_leaves_no_connection_that_answers_wrongly() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "1.json", records(0..200));
    let pool = database().await;
    let mut ended = false;
    for polls in 0.. {
        let geoip = Default::default();
        let inputs = vec![Input::Path(folder.path().to_owned())];
        {
            let disk = Default::default();
            let mut run = Box::pin(ingest::run(&pool, &geoip, &disk, inputs, &Silent));
            for _ in 0..polls {
                ended |= futures::poll!(&mut run).is_ready();
                if ended {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        }
        for number in 0..3 {
            let answer = sqlx::query_scalar("select $1 + 0").bind(number).fetch_one(&pool).await;
            assert_eq!(answer.ok(), Some(number), "dropped after {polls} polls");
        }
        if ended {
            break;
        }
    }
}

#[tokio::test]
async fn two_runs_at_once_store_everything_once() {
    let folder = tempfile::tempdir().unwrap();
    // The same events in opposite orders: the two runs wait for each other's rows and have to be tried again.
    let mut backward = events(0..3_000);
    backward.reverse();
    write(folder.path(), "a/1.json", records(0..3_000));
    write(folder.path(), "b/1.json", json!(backward).to_string());
    write(folder.path(), "a/2.json", large(3_000..4_000));
    write(folder.path(), "b/2.json", large(3_000..4_000).lines().rev().collect::<Vec<_>>().join("\n"));
    write(folder.path(), "c.json", records(8_000..8_010));
    let pool = database().await;
    let run = async |sub: &str| {
        let inputs = vec![Input::Path(folder.path().join(sub)), Input::Path(folder.path().join("c.json"))];
        ingest::run(&pool, &Default::default(), &Default::default(), inputs, &Silent).await.unwrap()
    };
    let (a, b) = tokio::join!(run("a"), run("b"));
    assert_eq!(a.events_inserted + b.events_inserted, 4_010);
    let (rows, ids): (i64, i64) =
        sqlx::query_as("select count(*), count(distinct event_id) from event").fetch_one(&pool).await.unwrap();
    assert_eq!((rows, ids), (4_010, 4_010));
    let sums: (i64, i64) = sqlx::query_as("select sum(events_read)::int8, sum(events_inserted)::int8 from object")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(sums, (8_010, 4_010));
    assert_eq!(a.objects + b.objects + a.objects_skipped + b.objects_skipped, 6);
}

#[derive(Default)]
struct Told(Mutex<(u64, u64, u64, Vec<String>)>);

impl Progress for Told {
    fn total_bytes(&self, bytes: u64) {
        self.0.lock().unwrap().0 += bytes;
    }
    fn advanced(&self, bytes: u64, events: u64) {
        let mut told = self.0.lock().unwrap();
        told.1 += bytes;
        told.2 += events;
    }
    fn failed(&self, uri: &str, reason: &str) {
        self.0.lock().unwrap().3.push(format!("{} {reason}", uri.rsplit('/').next().unwrap()));
    }
}

#[tokio::test]
async fn progress_tells_all_bytes_events_and_failures() {
    let (pool, folder) = (database().await, tempfile::tempdir().unwrap());
    let a = write(folder.path(), "a.json.gz", gzip(records(0..1_000)));
    let b = write(folder.path(), "b.json", records(0..10));
    let c = write(folder.path(), "c.csv", "a,b\n");
    std::os::unix::fs::symlink("nowhere", folder.path().join("d.json")).unwrap();
    std::os::unix::fs::symlink(&b, folder.path().join("e.json")).unwrap();
    let told = Told::default();
    let inputs =
        vec![Input::Path(folder.path().to_owned()), Input::Path("/no/such/file".into()), Input::Path(b.clone())];
    let summary = ingest::run(&pool, &Default::default(), &Default::default(), inputs, &told).await.unwrap();
    let (total, bytes, events, failed) = told.0.into_inner().unwrap();
    let size = |path: &Path| path.metadata().unwrap().len();
    assert_eq!(total, size(&a) + 2 * size(&b) + size(&c));
    assert_eq!((bytes, events), (total, 1_020));
    assert_eq!((summary.objects, summary.objects_failed), (3, 3));
    assert_eq!(failed.len(), 3);
    assert!(failed.contains(&"c.csv not JSON at byte 0".to_owned()), "{failed:?}");
    assert!(
        failed.iter().any(|line| line.starts_with("d.json ")) && failed.iter().any(|line| line.starts_with("file ")),
        "{failed:?}"
    );
}

#[tokio::test]
async fn after_many_events_brin_indexes_know_all_pages() {
    let (pool, folder) = (database().await, tempfile::tempdir().unwrap());
    let unknown = async || {
        let sql = "select sum(brin_summarize_new_values(pg_class.oid)) from pg_class
                   join pg_am on pg_am.oid = relam where amname = 'brin' and relkind = 'i'";
        sqlx::query_scalar::<_, i64>(sql).fetch_one(&pool).await.unwrap()
    };
    let store = async |numbers| {
        let text = events(numbers).iter().map(|event| format!("{event}\n")).collect::<String>();
        ingest(&pool, &write(folder.path(), "a.json", text)).await;
    };
    store(0..2_500).await;
    let mut vacuum = pool.begin().await.unwrap();
    sqlx::query("lock table stored_event in share update exclusive mode").execute(&mut *vacuum).await.unwrap();
    store::summarize(&pool).await.unwrap();
    vacuum.rollback().await.unwrap();
    assert!(unknown().await > 0, "who vacuums does it");
    sqlx::query("truncate stored_event").execute(&pool).await.unwrap();
    store(2_500..5_000).await;
    ingest::settle(&pool, &ingest::Stored { events: 10_000, times: None }).await.unwrap();
    assert_eq!(unknown().await, 0);
}
