//! What the page about ingest, its data and the metrics tell; and what is read again because somebody asks for it.

use std::{sync::Arc, time::Duration};

use axum::{Router, http::StatusCode};
use server::{
    clock::Clock,
    config::{
        quiet::Quiet,
        source::{Folder, Kind, Source, Sqs},
    },
    ingest::source::{
        intake::Intake,
        queue,
        runner::{Left, Reader, Runner, Running},
    },
    query::Query,
    store::source,
    web,
};
use sqlx::PgPool;

use super::{
    cloud::{self, Bucket, Queue},
    notification::s3,
};
use crate::{
    ingest::fixture::{gzip, records, tables, write},
    query::fixture::{insert, query},
    support::database,
    web::client::{get, post},
};

/// Names nothing, and ends a long poll.
const WAKE: &str = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}"#;

fn site(pool: &PgPool) -> Router {
    web::router(Arc::new(Query::new(pool.clone(), crate::support::readers(pool), Clock::System, Default::default())))
}

fn running(pool: &PgPool, name: &str, reader: Reader) -> Running {
    Running::new(reader, Intake::new(pool.clone(), Default::default()).named(name))
}

/// A queue whose messages are kept aside at their first failure.
fn queue(pool: &PgPool, queue: &Queue) -> Running {
    let visibility_timeout = Duration::from_secs(60);
    let settings = Sqs { aws: cloud::aws(), queue_url: queue.url.clone(), visibility_timeout, max_receives: 1 };
    running(pool, "queue", Reader::Queue(Box::new(queue::Queue::new(settings, cloud::config()))))
}

async fn report(site: &Router) -> serde_json::Value {
    get(site, "/api/v1/ingest").await.json()
}

/// The report, once it is as wanted.
async fn until(site: &Router, wanted: impl Fn(&serde_json::Value) -> bool) -> serde_json::Value {
    let mut last = serde_json::Value::Null;
    for _ in 0..300 {
        last = get(site, "/api/v1/ingest").await.json();
        if wanted(&last) {
            return last;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it does not become as wanted: {last:#}");
}

#[tokio::test]
async fn each_source_tells_its_state_its_counts_and_its_last_object() {
    let (pool, folder) = (database().await, tempfile::tempdir().unwrap());
    write(folder.path(), "a.json.gz", gzip(records(0..100)));
    write(folder.path(), "b.json", r#"{"Records":[{"eventName":5},7]}"#);
    let kind = Folder { path: folder.path().to_owned(), poll: Duration::from_millis(50) };
    let runner = Runner::start(
        pool.clone(),
        Default::default(),
        Default::default(),
        vec![Source { name: "drop".to_owned(), kind: Kind::Folder(kind), verify: None }],
    );
    let site = site(&pool);
    let report = until(&site, |report| {
        report["sources"][0]["counts"]["objects"] == 2 && report["sources"][0]["state"] == "waiting"
    })
    .await;
    let source = &report["sources"][0];
    assert_eq!((&source["name"], &source["type"]), (&"drop".into(), &"folder".into()));
    assert_eq!(source["counts"]["events_inserted"], 100, "{source}");
    assert_eq!(source["counts"]["events_rejected"], 2, "{source}");
    assert_eq!(source["newest_event"], "2026-01-01T00:01:39Z");
    assert!(source["last_object"].as_str().unwrap().ends_with("/b.json"), "{source}");
    assert_eq!(source["events_per_minute"], 20.0, "100 in five minutes");
    let hours: Vec<_> =
        source["events_by_hour"].as_array().unwrap().iter().map(|hour| hour.as_i64().unwrap()).collect();
    assert_eq!((hours.len(), hours.iter().sum::<i64>(), hours[23]), (24, 100, 100));
    assert_eq!((&source["backlog"], &source["backfill"], &source["last_error"]), (&().into(), &().into(), &().into()));

    let page = get(&site, "/ingest").await;
    assert_eq!(page.status, StatusCode::OK);
    for shown in ["drop", "Up to date", "Kept aside", "1 record: "] {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
    let id = report["rejected"]["first"][0]["rejected_id"].as_i64().unwrap();
    let text = get(&site, &format!("/ingest/rejected/{id}")).await;
    assert_eq!((text.text(), text.header("content-type")), (r#"{"eventName":5}"#, "text/plain; charset=utf-8"));
    assert!(text.header("content-disposition").starts_with("attachment"));
    assert_eq!(get(&site, "/ingest/rejected/999999").await.status, StatusCode::NOT_FOUND);
    assert_eq!(get(&site, "/ingest/rejected/x").await.status, StatusCode::BAD_REQUEST);

    let metrics = get(&site, "/metrics").await;
    for line in [
        r#"trailmap_source_events_total{source="drop",type="folder",result="inserted"} 100"#,
        r#"trailmap_source_events_total{source="drop",type="folder",result="rejected"} 2"#,
        r#"trailmap_source_up{source="drop",type="folder"} 1"#,
        "trailmap_rejected_records 2",
        "# EOF",
    ] {
        assert!(metrics.text().lines().any(|other| other == line), "{line}: {}", metrics.text());
    }
    runner.stop().await;
    let report = get(&site, "/api/v1/ingest").await.json();
    assert_eq!(report["sources"][0]["state"], "stopped");
}

#[tokio::test]
async fn an_object_that_failed_is_read_again_when_somebody_asks() {
    let (pool, bucket, told) = (database().await, Bucket::new().await, Queue::new().await);
    bucket.put("damaged.json.gz", &gzip(records(0..2_000))[..2_000]).await;
    told.send(s3(&bucket.name, "damaged.json.gz", "1")).await;
    let (mut running, site) = (queue(&pool, &told), site(&pool));
    running.round().await.unwrap().unwrap();
    let failed = report(&site).await["failed"].clone();
    let (uri, first) = (bucket.uri("damaged.json.gz"), &failed["first"][0]);
    assert_eq!((&failed["total"], &first["uri"], &first["source"]), (&1.into(), &uri.clone().into(), &"queue".into()));
    assert_eq!((&first["repeatable"], &first["retry"]), (&true.into(), &false.into()));

    // Once more while it is still damaged: it fails anew.
    let answer = post(&site, "/ingest", &[("do", "retry-failed")]).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/ingest"));
    assert!(get(&site, "/ingest").await.text().contains("Will be read again"));
    told.send(WAKE).await;
    running.round().await.unwrap().unwrap();
    let again = report(&site).await["failed"]["first"][0].clone();
    assert_eq!((&again["uri"], &again["retry"]), (&uri.clone().into(), &false.into()), "{again}");
    assert_ne!(again["at"], first["at"]);

    bucket.put("damaged.json.gz", gzip(records(0..2_000))).await;
    post(&site, "/ingest", &[("do", "retry-object"), ("uri", &uri)]).await;
    told.send(WAKE).await;
    running.round().await.unwrap().unwrap();
    let report = report(&site).await;
    assert_eq!(
        (&report["failed"]["total"], &report["sources"][0]["counts"]["events_inserted"]),
        (&0.into(), &2_000.into())
    );
    tables(&pool).await;
    let answer = post(&site, "/ingest", &[("do", "retry-failed")]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "nothing is left");
}

#[tokio::test]
async fn a_message_that_was_kept_aside_is_dealt_with_again_when_somebody_asks() {
    let (pool, bucket, told) = (database().await, Bucket::new().await, Queue::new().await);
    told.send(s3(&bucket.name, "late.json", "1")).await;
    told.send("no JSON").await;
    let (mut running, site) = (queue(&pool, &told), site(&pool));
    running.round().await.unwrap().unwrap();
    assert_eq!(report(&site).await["poison"]["total"], 2);
    bucket.put("late.json", records(0..10)).await;
    assert_eq!(post(&site, "/ingest", &[("do", "retry-messages")]).await.status, StatusCode::SEE_OTHER);
    told.send(WAKE).await;
    running.round().await.unwrap().unwrap();
    let report = report(&site).await;
    let poison = &report["poison"];
    assert_eq!(poison["total"], 1, "{poison}");
    assert!(poison["first"][0]["reason"].as_str().unwrap().starts_with("the message is not JSON"), "{poison}");
    assert_eq!(report["sources"][0]["counts"]["events_inserted"], 10, "{report}");
    assert_eq!(report["sources"][0]["backlog"], 0);
}

#[tokio::test]
async fn how_far_a_bucket_is_read_back_is_told() {
    let (pool, site) = {
        let pool = database().await;
        (pool.clone(), site(&pool))
    };
    source::running(&pool, "trail", "s3").await.unwrap();
    let left = |pieces| Left { backfill: Some(pieces), backlog: None };
    source::left(&pool, "trail", left(200)).await.unwrap();
    sqlx::query("update source set backfill_since = now() - interval '10 minutes'").execute(&pool).await.unwrap();
    source::left(&pool, "trail", left(150)).await.unwrap();
    let backfill = report(&site).await["sources"][0]["backfill"].clone();
    assert_eq!((&backfill["left"], &backfill["total"]), (&150.into(), &200.into()));
    assert!((1_800..1_900).contains(&backfill["seconds_left"].as_i64().unwrap()), "{backfill}");
    assert!(get(&site, "/ingest").await.text().contains("Backfill: 25 %, about 30 min left"));
    source::left(&pool, "trail", left(0)).await.unwrap();
    assert!(report(&site).await["sources"][0]["backfill"].is_null());
}

/// The accounts and regions of the report, the quiet ones marked.
async fn places(site: &Router) -> Vec<String> {
    let report = get(site, "/api/v1/ingest").await.json();
    let place = |place: &serde_json::Value| {
        let quiet = if place["quiet"] == true { " quiet" } else { "" };
        format!("{} {}{quiet}", place["account"].as_str().unwrap(), place["region"].as_str().unwrap())
    };
    report["places"].as_array().unwrap().iter().map(place).collect()
}

#[tokio::test]
async fn who_is_longer_without_events_than_usual_is_quiet() {
    let pool = database().await;
    let event = |account: &str, region: &str, time: &str| serde_json::json!({"account": account, "aws_region": region, "event_time": time});
    // Now is 2026-11-24T12:00:00Z.
    insert(
        &pool,
        [
            event("1", "eu-west-1", "2026-11-24T01:10:00Z"),
            event("1", "eu-west-1", "2026-11-24T03:10:00Z"),
            event("1", "us-east-1", "2026-11-24T08:10:00Z"),
            event("1", "us-east-1", "2026-11-24T06:10:00Z"),
            event("2", "eu-west-1", "2026-11-20T08:10:00Z"),
            event("2", "eu-west-1", "2026-11-23T08:10:00Z"),
            event("3", "eu-west-1", "2026-11-23T08:10:00Z"),
            event("4", "eu-west-1", "2026-11-01T08:10:00Z"),
        ],
    )
    .await;
    let site = web::router(Arc::new(query(&pool)));
    assert_eq!(places(&site).await, ["1 eu-west-1 quiet", "1 us-east-1", "2 eu-west-1", "3 eu-west-1"]);
    let quiet = Quiet { hours: 2, ..Quiet::default() };
    let site_of = |quiet| web::router(Arc::new(query(&pool).with_quiet(quiet)));
    // The longest pause of both was two hours, and it is quiet for 8:50 and 3:50.
    let all = ["1 eu-west-1 quiet", "1 us-east-1", "2 eu-west-1", "3 eu-west-1"];
    assert_eq!(places(&site_of(quiet.clone())).await, all, "twice its longest pause");
    let earlier = ["1 eu-west-1 quiet", "1 us-east-1 quiet", "2 eu-west-1", "3 eu-west-1"];
    assert_eq!(places(&site_of(Quiet { times: 1, ..quiet.clone() })).await, earlier);
    let ignored = Quiet { times: 1, ignore: vec!["1".to_owned()], ..quiet };
    assert_eq!(places(&site_of(ignored)).await, all.map(|place| place.trim_end_matches(" quiet")));
    let later = site_of(Quiet { hours: 9, times: 5, ignore: Vec::new() });
    assert_eq!(places(&later).await, all.map(|place| place.trim_end_matches(" quiet")));
    let page = get(&later, "/ingest").await;
    assert!(page.text().contains("for at least 9 hours no events, and for 5 times as long as ever"));
    let notice = async || get(&site, "/d/overview").await.text().contains("No events from account 1 in eu-west-1");
    assert!(!notice().await, "without a source nobody expects any");
    source::running(&pool, "trail", "s3").await.unwrap();
    let site = web::router(Arc::new(query(&pool)));
    let page = get(&site, "/d/overview").await;
    assert!(page.text().contains("No events from account 1 in eu-west-1 for 9 h"), "{}", page.text());
}

#[tokio::test]
async fn a_push_that_could_not_be_read_is_told_for_a_day() {
    let pool = database().await;
    for (uri, days) in [("push://events/new", 0), ("push://events/old", 2), ("s3://trail/old", 2)] {
        sqlx::query(
            "insert into object (uri, version, state, error, source, kind, events_read, events_inserted, events_duplicate,
                                 events_rejected, bytes_uncompressed, finished_at)
             values ($1, '1', 'failed', 'is damaged', 'a', 'x', 0, 0, 0, 0, 0, now() - make_interval(days => $2))",
        )
        .bind(uri)
        .bind(days)
        .execute(&pool)
        .await
        .unwrap();
    }
    let site = site(&pool);
    let failed = report(&site).await["failed"].clone();
    let uris: Vec<_> = failed["first"].as_array().unwrap().iter().map(|object| object["uri"].clone()).collect();
    assert_eq!((&failed["total"], uris), (&2.into(), vec!["push://events/new".into(), "s3://trail/old".into()]));
    assert!(get(&site, "/metrics").await.text().contains("trailmap_failed_objects 2\n"));
}

#[tokio::test]
async fn the_last_run_of_retention_is_told() {
    let pool = database().await;
    let site = site(&pool);
    assert_eq!(report(&site).await["retention"], serde_json::Value::Null);
    assert!(!get(&site, "/ingest").await.text().contains("data-role=\"retention\""));
    let set =
        "update retention set started_at = now() - interval '3 hours', finished_at = now(), events = 1234, months = 2,
               bytes_before = 90000000, bytes_after = 50000000, next_at = now() + interval '20 hours'";
    sqlx::query(set).execute(&pool).await.unwrap();
    let run = report(&site).await["retention"].clone();
    assert_eq!((&run["events"], &run["months"], &run["error"]), (&1234.into(), &2.into(), &serde_json::Value::Null));
    let page = get(&site, "/ingest").await;
    for part in ["3 h ago", "1,234 events deleted, 2 months of them as a whole.", "had 90 MB before and 50 MB after"] {
        assert!(page.text().contains(part), "{part}");
    }
    assert!(page.text().contains("The next one is in 20 h."));
    sqlx::query("update retention set error = 'the <disk> is full'").execute(&pool).await.unwrap();
    assert!(get(&site, "/ingest").await.text().contains("the &lt;disk&gt; is full"));
}

/// What takes long to count is not counted at each request: here because somebody holds the table for a while.
#[tokio::test]
async fn the_report_on_integrity_holds_as_long_as_it_is_dear() {
    let pool = database().await;
    let (kept, failed) = (site(&pool), async |site: &Router| report(site).await["integrity"]["failed"].clone());
    let mut holder = pool.begin().await.unwrap();
    sqlx::query("lock table digest in access exclusive mode").execute(&mut *holder).await.unwrap();
    let release = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        holder.rollback().await.unwrap();
    };
    assert_eq!(tokio::join!(failed(&kept), release).0, 0);
    let insert =
        "insert into digest (uri, account, aws_region, trail, home_region, backfill, end_time, starts_chain, log_files,
                                      log_files_failed, log_files_unchecked, state, finding, reason)
                  values ('s3://b/d', '1', 'r', 't', 'r', false, now(), false, 0, 0, 0, 'failed', 'x', 'is wrong')";
    sqlx::query(insert).execute(&pool).await.unwrap();
    assert_eq!(failed(&site(&pool)).await, 1, "whoever asks for the first time");
    assert_eq!(failed(&kept).await, 0, "as it was a moment ago");
    until(&kept, |report| report["integrity"]["failed"] == 1).await;
}
