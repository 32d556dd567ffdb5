//! A queue that is told of new keys.

use std::time::{Duration, Instant};

use server::{
    config::source::Sqs,
    ingest::source::{intake::Intake, queue},
    store::poison_message,
};
use sqlx::PgPool;

use super::{
    cloud::{self, Bucket, Queue},
    notification::{bridge, s3, sns},
};
use crate::{
    ingest::fixture::{gzip, records, tables},
    support::database,
};

fn open(queue: &Queue, visible: u64) -> queue::Queue {
    let visibility_timeout = Duration::from_secs(visible);
    let settings = Sqs { aws: cloud::aws(), queue_url: queue.url.clone(), visibility_timeout, max_receives: 2 };
    queue::Queue::new(settings, cloud::config())
}

fn intake(pool: &PgPool) -> Intake {
    Intake::new(pool.clone(), Default::default()).named("queue")
}

async fn events(pool: &PgPool) -> i64 {
    sqlx::query_scalar("select count(*) from event").fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn each_envelope_brings_its_object_and_leaves_the_queue() {
    let (pool, bucket, queue) = (database().await, Bucket::new().await, Queue::new().await);
    for (number, key) in (0..).zip(["a b.json", "c+d.json", "e.json.gz", "f.json", "CloudTrail-Digest/g.json"]) {
        bucket.put(key, gzip(records(number * 10..number * 10 + 10))).await;
    }
    queue.send(r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}"#).await;
    queue.send(s3(&bucket.name, "a+b.json", "1")).await;
    queue.send(sns(&bridge(&bucket.name, "c+d.json", "2"))).await;
    queue.send(sns(&s3(&bucket.name, "e.json.gz", "3"))).await;
    queue.send(serde_json::json!({"s3Bucket": bucket.name, "s3ObjectKey": ["f.json"]})).await;
    queue.send(s3(&bucket.name, "CloudTrail-Digest/g.json", "4")).await;
    let round = open(&queue, 60).round(&intake(&pool)).await.unwrap();
    assert_eq!(round.complaint, None);
    assert_eq!((events(&pool).await, queue.count().await), (40, (0, 0)));
    let version: String = sqlx::query_scalar("select version from object where uri = $1")
        .bind(bucket.uri("f.json"))
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(version.len(), 32, "the ETag, asked for: {version}");
}

#[tokio::test]
async fn what_comes_again_changes_nothing() {
    let (pool, bucket, queue) = (database().await, Bucket::new().await, Queue::new().await);
    bucket.put("a.json", records(0..100)).await;
    bucket.put("copy.json", records(50..150)).await;
    for _ in 0..3 {
        queue.send(s3(&bucket.name, "a.json", "1")).await;
        queue.send(s3(&bucket.name, "copy.json", "2")).await;
    }
    let mut source = open(&queue, 60);
    source.round(&intake(&pool)).await.unwrap();
    assert_eq!((events(&pool).await, queue.count().await), (150, (0, 0)));
    let before = tables(&pool).await;
    queue.send(s3(&bucket.name, "a.json", "1")).await;
    source.round(&intake(&pool)).await.unwrap();
    assert_eq!((tables(&pool).await, queue.count().await), (before, (0, 0)));
}

#[tokio::test]
async fn poison_comes_back_and_is_then_kept_aside_while_the_rest_flows() {
    let (pool, bucket, queue) = (database().await, Bucket::new().await, Queue::new().await);
    bucket.put("good.json", records(0..10)).await;
    bucket.put("damaged.json.gz", &gzip(records(10..2_000))[..2_000]).await;
    queue.send("no JSON \u{1}").await;
    queue.send(s3(&bucket.name, "missing.json", "1")).await;
    queue.send(s3(&bucket.name, "good.json", "2")).await;
    queue.send(s3(&bucket.name, "damaged.json.gz", "3")).await;
    let mut source = open(&queue, 2);
    let round = source.round(&intake(&pool)).await.unwrap();
    assert!(round.complaint.is_some());
    assert!(events(&pool).await > 10, "the good one, and the other up to its damage");
    assert_eq!(queue.count().await, (0, 2), "what failed comes back");
    assert_eq!(poison_message::list(&pool, 10).await.unwrap(), []);
    tokio::time::sleep(Duration::from_millis(2_200)).await;
    let round = source.round(&intake(&pool)).await.unwrap();
    assert_eq!(queue.count().await, (0, 0), "{round:?}");
    let mut kept = poison_message::list(&pool, 10).await.unwrap();
    kept.sort_by(|one, other| one.reason.cmp(&other.reason));
    assert_eq!(kept.len(), 2);
    assert!(kept[0].reason.contains("missing.json: cannot be opened: is not there (NoSuchKey"), "{kept:?}");
    assert!(kept[0].body.contains("missing.json") && kept[0].receives == 2, "{kept:?}");
    assert!(kept[1].reason.starts_with("the message is not JSON"), "{kept:?}");
    let failed = server::store::object::list(&pool, true, 10).await.unwrap();
    let mut failed: Vec<_> = failed.iter().map(|object| object.uri.rsplit('/').next().unwrap()).collect();
    failed.sort_unstable();
    assert_eq!(failed, ["damaged.json.gz", "missing.json"]);
}

/// The database holds up the work for longer than messages stay hidden: nobody else gets them, and they go only after the commit.
#[tokio::test]
async fn messages_stay_hidden_during_slow_work_and_go_after_the_commit() {
    let (pool, bucket, queue) = (database().await, Bucket::new().await, Queue::new().await);
    bucket.put("slow.json", records(0..10)).await;
    queue.send(s3(&bucket.name, "slow.json", "1")).await;
    let mut lock = pool.begin().await.unwrap();
    sqlx::query("lock table object in exclusive mode").execute(&mut *lock).await.unwrap();
    let (mut source, intake) = (open(&queue, 2), intake(&pool));
    let began = Instant::now();
    let watch = async {
        while began.elapsed() < Duration::from_secs(5) {
            tokio::time::sleep(Duration::from_millis(250)).await;
            assert_eq!(queue.count().await, (0, 1), "after {:?}", began.elapsed());
        }
        lock.rollback().await.unwrap();
    };
    let (round, ()) = tokio::join!(source.round(&intake), watch);
    round.unwrap();
    assert_eq!((events(&pool).await, queue.count().await), (10, (0, 0)));
}

#[tokio::test]
async fn a_round_that_is_broken_off_leaves_its_messages() {
    let (pool, bucket, queue) = (database().await, Bucket::new().await, Queue::new().await);
    bucket.put("a.json", records(0..10)).await;
    queue.send(s3(&bucket.name, "a.json", "1")).await;
    let mut lock = pool.begin().await.unwrap();
    sqlx::query("lock table object in exclusive mode").execute(&mut *lock).await.unwrap();
    let (mut source, intake) = (open(&queue, 2), intake(&pool));
    assert!(tokio::time::timeout(Duration::from_secs(1), source.round(&intake)).await.is_err());
    lock.rollback().await.unwrap();
    assert_eq!((events(&pool).await, queue.count().await), (0, (0, 1)));
    source.round(&intake).await.unwrap();
    assert_eq!((events(&pool).await, queue.count().await), (10, (0, 0)), "handed out again when its time was over");
}

#[tokio::test]
async fn a_queue_that_is_not_there_is_an_error_that_names_it() {
    let pool = database().await;
    let queue =
        Queue { client: aws_sdk_sqs::Client::new(&cloud::config()), url: format!("{}/1/no-queue", cloud::endpoint()) };
    let error = open(&queue, 60).round(&intake(&pool)).await.unwrap_err();
    let told = format!("{error:#}");
    assert!(told.starts_with(&format!("queue {}: is not there (", queue.url)), "{told}");
}
