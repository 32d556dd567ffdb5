//! A bucket that is listed.

use std::time::Duration;

use futures::{StreamExt, stream};
use server::{
    config::source::S3,
    ingest::source::{intake::Intake, listing::Listing},
};
use sqlx::PgPool;
use time::{Date, OffsetDateTime};

use super::cloud::{self, Bucket};
use crate::{
    ingest::fixture::{gzip, records, tables},
    support::database,
};

fn settings(bucket: &Bucket, prefix: &str) -> S3 {
    S3 {
        aws: cloud::aws(),
        bucket: bucket.name.clone(),
        prefix: prefix.to_owned(),
        since: None,
        keep_days: None,
        poll: Duration::ZERO,
        recheck: Duration::from_secs(3600),
    }
}

fn open(settings: S3) -> Listing {
    Listing::new(settings, &cloud::config())
}

fn intake(pool: &PgPool) -> Intake {
    Intake::new(pool.clone(), Default::default()).named("trail")
}

fn today() -> Date {
    OffsetDateTime::now_utc().date()
}

/// A key as CloudTrail delivers it.
fn key(account: &str, kind: &str, region: &str, day: Date, time: &str, unique: &str) -> String {
    let (year, month, day) = (day.year(), u8::from(day.month()), day.day());
    let id = account.rsplit('/').next().unwrap();
    format!(
        "AWSLogs/{account}/{kind}/{region}/{year}/{month:02}/{day:02}/{id}_{kind}_{region}_{year}{month:02}{day:02}T{time}Z_{unique}.json.gz"
    )
}

async fn events(pool: &PgPool) -> i64 {
    sqlx::query_scalar("select count(*) from event").fetch_one(pool).await.unwrap()
}

/// Requests cost money: the listing's own memory, not only the database, knows what was read.
async fn last_keys(pool: &PgPool) -> Vec<(String, bool)> {
    sqlx::query_as("select last_key, complete from listing_checkpoint order by prefix desc")
        .fetch_all(pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn accounts_regions_days_and_an_organisation_are_found() {
    let (pool, bucket) = (database().await, Bucket::new().await);
    let old = today().previous_day().unwrap().previous_day().unwrap();
    let keys = [
        key("111122223333", "CloudTrail", "eu-west-1", today(), "0005", "a"),
        key("111122223333", "CloudTrail", "us-east-1", old, "1200", "b"),
        key("o-abc123/444455556666", "CloudTrail", "eu-west-1", old, "2355", "c"),
        key("o-abc123/444455556666", "CloudTrail-Insight", "eu-west-1", today(), "0010", "d"),
        key("o-abc123/777788889999", "CloudTrail", "ap-south-1", today().previous_day().unwrap(), "0010", "e"),
    ];
    for (number, key) in (0..).zip(&keys) {
        bucket.put(key, gzip(records(number * 10..number * 10 + 10))).await;
    }
    for other in [
        key("111122223333", "CloudTrail-Digest", "eu-west-1", today(), "0005", "x"),
        "AWSLogs/111122223333/elasticloadbalancing/eu-west-1/2026/01/01/log.gz".to_owned(),
        "AWSLogs/111122223333/CloudTrail/eu-west-1/".to_owned(),
        "readme.txt".to_owned(),
    ] {
        bucket.put(&other, "nothing for us").await;
    }
    let mut listing = open(settings(&bucket, ""));
    let round = listing.round(&intake(&pool)).await.unwrap();
    assert_eq!(round.complaint, None);
    assert_eq!(events(&pool).await, 50);
    let mut stored: Vec<String> = sqlx::query_scalar("select uri from object").fetch_all(&pool).await.unwrap();
    stored.sort();
    let mut expected: Vec<_> = keys.iter().map(|key| bucket.uri(key)).collect();
    expected.sort();
    assert_eq!(stored, expected);
    assert_eq!(last_keys(&pool).await.iter().filter(|(_, complete)| *complete).count(), 2, "two days that are over");

    // A deeper prefix, with a source of its own: the same objects, passed over.
    let before = tables(&pool).await;
    for prefix in
        ["AWSLogs/o-abc123", "AWSLogs/o-abc123/444455556666/CloudTrail/", "AWSLogs/111122223333/CloudTrail/us-east-1/"]
    {
        let other = Intake::new(pool.clone(), Default::default()).named("other");
        open(settings(&bucket, prefix)).round(&other).await.unwrap();
    }
    assert_eq!(tables(&pool).await, before);
    let other: i64 = sqlx::query_scalar("select count(*) from listing_checkpoint where source = 'other'")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(other, 4);
}

#[tokio::test]
async fn days_that_retention_would_delete_at_once_are_not_read() {
    let (pool, bucket) = (database().await, Bucket::new().await);
    for (number, days) in [(0, 4), (10, 5), (20, 6), (30, 400)] {
        let day = today() - time::Duration::days(days);
        let key = key("111122223333", "CloudTrail", "eu-west-1", day, "1200", "a");
        bucket.put(&key, gzip(records(number..number + 10))).await;
    }
    let kept = S3 { keep_days: Some(5), ..settings(&bucket, "") };
    open(kept.clone()).round(&intake(&pool)).await.unwrap();
    assert_eq!(events(&pool).await, 20);
    open(S3 { since: Some(today() - time::Duration::days(4)), ..kept.clone() }).round(&intake(&pool)).await.unwrap();
    assert_eq!(events(&pool).await, 20);
    // Kept for longer: read then.
    open(S3 { keep_days: None, ..kept }).round(&intake(&pool)).await.unwrap();
    assert_eq!(events(&pool).await, 40);
}

#[tokio::test]
async fn goes_on_where_it_was_and_finds_what_comes_late() {
    let (pool, bucket) = (database().await, Bucket::new().await);
    let at = |time: &str, unique: &str| key("111122223333", "CloudTrail", "eu-west-1", today(), time, unique);
    bucket.put(&at("0400", "a"), gzip(records(0..10))).await;
    bucket.put(&at("0800", "b"), gzip(records(10..20))).await;
    let mut listing = open(settings(&bucket, "AWSLogs/"));
    listing.round(&intake(&pool)).await.unwrap();
    assert_eq!(last_keys(&pool).await, [(at("0800", "b"), false)]);
    // New; late by less than an hour; late by hours.
    bucket.put(&at("0805", "c"), gzip(records(20..30))).await;
    bucket.put(&at("0730", "d"), gzip(records(30..40))).await;
    bucket.put(&at("0100", "e"), gzip(records(40..50))).await;
    listing.round(&intake(&pool)).await.unwrap();
    assert_eq!(events(&pool).await, 40, "the key of 01:00 waits for the next look at all of today");
    assert_eq!(last_keys(&pool).await, [(at("0805", "c"), false)]);
    // After a start all of today and yesterday is looked at.
    let mut listing = open(settings(&bucket, "AWSLogs/"));
    listing.round(&intake(&pool)).await.unwrap();
    assert_eq!(events(&pool).await, 50);
    assert_eq!(last_keys(&pool).await, [(at("0805", "c"), false)], "never back");
}

#[tokio::test]
async fn pages_old_days_and_since() {
    // Six pages, of 200 keys each at moto's, and two batches.
    let (pool, bucket) = (database().await, Bucket::new().await);
    let day = today().previous_day().unwrap().previous_day().unwrap();
    let at = |number: u64| {
        let time = format!("{:02}{:02}", number / 60 % 24, number % 60);
        key("111122223333", "CloudTrail", "eu-west-1", day, &time, &format!("{number:06}"))
    };
    let too_old = key("111122223333", "CloudTrail", "eu-west-1", day.replace_year(2020).unwrap(), "0000", "old");
    bucket.put(&too_old, records(9_999..10_000)).await;
    stream::iter(0..1_050)
        .map(|number| bucket_put(&bucket, at(number), number))
        .buffer_unordered(16)
        .collect::<Vec<_>>()
        .await;
    let settings = S3 { since: day.previous_day(), ..settings(&bucket, "AWSLogs/") };
    let mut listing = open(settings);
    // With no time between looks each round of old days ends after a batch.
    let mut rounds = 0;
    while events(&pool).await < 1_050 {
        let round = listing.round(&intake(&pool)).await.unwrap();
        assert_eq!(round.complaint, None);
        rounds += 1;
        assert!(rounds < 5, "{rounds}");
    }
    listing.round(&intake(&pool)).await.unwrap();
    let done: i64 =
        sqlx::query_scalar("select count(*) from object where state = 'done'").fetch_one(&pool).await.unwrap();
    assert_eq!((rounds, done), (2, 1_050));
    let last = sqlx::query_scalar::<_, String>("select max(last_key) from listing_checkpoint where complete");
    assert_eq!(last.fetch_one(&pool).await.unwrap(), at(1049), "the last in the order of keys");
}

async fn bucket_put(bucket: &Bucket, key: String, number: u64) {
    bucket.put(&key, records(number..number + 1)).await;
}

#[tokio::test]
async fn a_prefix_without_the_layout_is_listed_as_a_whole() {
    let (pool, bucket) = (database().await, Bucket::new().await);
    for (key, number) in [("export/b.json", 0), ("export/deep/er/c.json", 10), ("elsewhere/d.json", 20)] {
        bucket.put(key, records(number..number + 10)).await;
    }
    bucket.put("export/damaged.json.gz", &gzip(records(0..2_000))[..400]).await;
    let mut listing = open(settings(&bucket, "export/"));
    let round = listing.round(&intake(&pool)).await.unwrap();
    assert_eq!(round.complaint, None, "a damaged object is dealt with");
    let failed = server::store::object::list(&pool, true, 10).await.unwrap();
    assert_eq!(failed.len(), 1);
    assert!(failed[0].error.as_ref().unwrap().starts_with("gzip ends early"), "{failed:?}");
    assert_eq!(last_keys(&pool).await, [("export/deep/er/c.json".to_owned(), false)]);
    bucket.put("export/e.json", records(100..110)).await;
    listing.round(&intake(&pool)).await.unwrap();
    let stored: i64 =
        sqlx::query_scalar("select count(*) from object where state = 'done'").fetch_one(&pool).await.unwrap();
    assert_eq!(stored, 3);
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_an_error_that_names_it() {
    let pool = database().await;
    let bucket =
        Bucket { client: server::ingest::source::s3::client(&cloud::config()), name: "no-such-trail".to_owned() };
    let error = open(settings(&bucket, "")).round(&intake(&pool)).await.unwrap_err();
    assert!(format!("{error:#}").starts_with("bucket no-such-trail: is not there (NoSuchBucket"), "{error:#}");
}
