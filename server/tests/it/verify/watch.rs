//! A bucket that is verified all the time, and what the database has of it.

use std::time::Duration;

use server::{
    config::source::{S3, Verify},
    ingest::source::{intake::Intake, listing::Listing},
    integrity::{keys::Keys, watch::Watch},
    store::integrity::{self as store, Problem, Report},
};
use sqlx::PgPool;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use super::{
    REGIONS,
    bucket::{self, Bucket, HOUR, Signer, Trail, gzip},
    keys::Stub,
    s3::{delete, put, upload},
    victim, whole,
};
use crate::{source::cloud, support::database};

/// A source's bucket, and the database that it is verified into.
pub struct Watched {
    pub pool: PgPool,
    pub cloud: cloud::Bucket,
    keys: Keys,
    poll: Duration,
}

impl Watched {
    pub async fn new() -> Watched {
        let keys = Keys::Given(Signer::one().public());
        Watched { pool: database().await, cloud: cloud::Bucket::new().await, keys, poll: Duration::from_secs(600) }
    }

    /// As after a start of the program.
    fn watch(&self) -> Watch {
        let settings = Verify {
            aws: cloud::aws(),
            bucket: self.cloud.name.clone(),
            prefix: "AWSLogs/".to_owned(),
            since: None,
            keep_days: None,
            public_keys: Vec::new(),
            poll: self.poll,
            recheck: Duration::ZERO,
        };
        Watch::new("trail", self.pool.clone(), self.cloud.client.clone(), self.keys.clone(), settings)
    }

    /// Until nothing is left to be verified.
    pub async fn verify(&self) -> Report {
        self.watch().round(&CancellationToken::new()).await.unwrap();
        self.report().await
    }

    async fn report(&self) -> Report {
        store::report(&self.pool, OffsetDateTime::UNIX_EPOCH, 100).await.unwrap()
    }

    /// All that lies there, as the source of this name reads it.
    pub async fn ingest(&self) {
        let settings = S3 {
            aws: cloud::aws(),
            bucket: self.cloud.name.clone(),
            prefix: "AWSLogs/".to_owned(),
            since: None,
            keep_days: None,
            poll: Duration::ZERO,
            recheck: Duration::ZERO,
        };
        let intake = Intake::new(self.pool.clone(), Default::default()).named("trail");
        Listing::new(settings, &cloud::config()).round(&intake).await.unwrap();
    }

    /// A day goes by in which nothing was looked at.
    async fn tomorrow(&self) {
        let sql = "update listing_checkpoint set listed_at = listed_at - interval '1 day'";
        sqlx::query(sql).execute(&self.pool).await.unwrap();
    }

    async fn checked(&self) -> Vec<(String, OffsetDateTime)> {
        sqlx::query_as("select uri, checked_at from digest order by uri").fetch_all(&self.pool).await.unwrap()
    }
}

/// What is wrong, and where.
fn told(report: &Report) -> Vec<(String, String)> {
    let key = |problem: &Problem| problem.uri.splitn(4, '/').nth(3).unwrap().to_owned();
    let mut told: Vec<_> = report.problems.iter().map(|problem| (key(problem), problem.finding.clone())).collect();
    told.sort();
    told
}

fn one(key: String, finding: &str) -> Vec<(String, String)> {
    vec![(key, finding.to_owned())]
}

/// Hour 0 is some hours ago, today or yesterday.
fn recent(hours: i64) -> Trail {
    let now = OffsetDateTime::now_utc().unix_timestamp() * 1000;
    let mut trail = victim();
    trail.start = now / HOUR * HOUR - hours * HOUR;
    trail
}

#[tokio::test]
async fn old_days_are_verified_once_and_a_repair_is_seen() {
    let watched = Watched::new().await;
    let bucket = whole(&watched.cloud.name);
    upload(&bucket, &watched.cloud).await;
    let tampered = victim().log_file_key(3, 0);
    let mut other = bucket.clone();
    other.files.insert(tampered.clone(), gzip(br#"{"Records":[]}"#));
    put(&other, &watched.cloud, &tampered).await;

    let report = watched.verify().await;
    assert_eq!(told(&report), one(tampered.clone(), "log_file_modified"));
    assert_eq!((report.problems_total, report.trails.len()), (1, 4));
    let trail = report.trails.iter().find(|trail| trail.log_files_failed > 0).unwrap();
    assert_eq!((trail.digests, trail.log_files, trail.log_files_failed), (7, 11, 1));
    assert_eq!((trail.account.as_str(), trail.aws_region.as_str()), ("111122223333", REGIONS[1]));
    assert_eq!(trail.verified_to.unwrap().unix_timestamp() * 1000, victim().start + 6 * HOUR);

    // The other days are not looked at again, and this one is.
    let before = watched.checked().await;
    put(&bucket, &watched.cloud, &tampered).await;
    let report = watched.verify().await;
    assert_eq!(told(&report), []);
    let after = watched.checked().await;
    let changed = before.iter().zip(&after).filter(|(before, after)| before != after).map(|(before, _)| &before.0);
    assert!(changed.clone().count() == 7 && changed.clone().all(|uri| uri.contains("111122223333")), "{before:?}");
    let before = watched.checked().await;
    watched.verify().await;
    assert_eq!(watched.checked().await, before, "nothing is wrong: no day is verified again");
}

/// What was right may be changed later, by whoever wants to hide something.
#[tokio::test]
async fn what_was_valid_is_looked_at_again() {
    let watched = Watched::new().await;
    let (mut bucket, mut trail) = (Bucket::named(&watched.cloud.name), recent(24 * 3));
    for hour in 0..24 {
        trail.hour(&mut bucket, &Signer::one(), hour, 2);
    }
    upload(&bucket, &watched.cloud).await;
    watched.ingest().await;
    assert_eq!(told(&watched.verify().await), []);

    let (gone, changed, added) = (trail.log_file_key(5, 0), trail.log_file_key(6, 1), trail.log_file_key(7, 2));
    delete(&watched.cloud, &gone).await;
    let mut other = bucket.clone();
    other.files.insert(changed.clone(), gzip(br#"{"Records":[]}"#));
    bucket::log_file(&mut other, &added);
    put(&other, &watched.cloud, &changed).await;
    put(&other, &watched.cloud, &added).await;
    let digest = trail.digest_key(9, "");
    delete(&watched.cloud, &digest).await;
    assert_eq!(told(&watched.verify().await), [], "until its day is due again");
    watched.tomorrow().await;
    let mut expected = vec![
        (gone.clone(), "log_file_missing".to_owned()),
        (changed.clone(), "log_file_modified".to_owned()),
        (added.clone(), "log_file_unexpected".to_owned()),
        (digest.clone(), "digest_missing".to_owned()),
    ];
    expected.sort();
    assert_eq!(told(&watched.verify().await), expected);
    // Events that were ingested before are none the worse for it.
    let marks: Vec<String> =
        sqlx::query_scalar("select distinct integrity from object_integrity").fetch_all(&watched.pool).await.unwrap();
    assert_eq!(marks, ["verified"]);

    for key in [&gone, &changed, &digest] {
        put(&bucket, &watched.cloud, key).await;
    }
    delete(&watched.cloud, &added).await;
    assert_eq!(told(&watched.verify().await), []);
}

#[tokio::test]
async fn new_digests_are_verified_as_they_come_and_a_restart_goes_on() {
    let watched = Watched::new().await;
    let (mut bucket, mut trail, signer) = (Bucket::named(&watched.cloud.name), recent(6), Signer::one());
    for hour in 0..3 {
        trail.hour(&mut bucket, &signer, hour, 2);
    }
    upload(&bucket, &watched.cloud).await;
    let mut watch = watched.watch();
    watch.round(&CancellationToken::new()).await.unwrap();
    let first = watched.checked().await;
    assert_eq!((first.len(), told(&watched.report().await)), (3, vec![]));
    // Three hours later, with a log file that nobody delivered, and one that has gone.
    let added = trail.log_file_key(2, 2);
    for hour in 3..6 {
        trail.hour(&mut bucket, &signer, hour, 2);
    }
    bucket::log_file(&mut bucket, &added);
    let gone = trail.log_file_key(4, 0);
    bucket.files.remove(&gone);
    upload(&bucket, &watched.cloud).await;
    watch.round(&CancellationToken::new()).await.unwrap();
    let mut expected = [(added.clone(), "log_file_unexpected".into()), (gone, "log_file_missing".into())];
    expected.sort();
    assert_eq!(told(&watched.report().await), expected);
    // It was late, and a backfill digest names it.
    let mut late = recent(6);
    late.start = trail.start;
    late.digest(&mut bucket, &signer, 2, &[added], "_backfill", |_| {});
    upload(&bucket, &watched.cloud).await;
    let report = watched.verify().await;
    assert_eq!(
        report.problems.iter().map(|problem| problem.finding.as_str()).collect::<Vec<_>>(),
        ["log_file_missing"]
    );
    assert_eq!(watched.checked().await.len(), 7);
}

#[tokio::test]
async fn a_digest_that_was_forged_and_a_gap() {
    let watched = Watched::new().await;
    let (mut bucket, mut trail, signer) = (Bucket::named(&watched.cloud.name), recent(24 * 5), Signer::one());
    trail.hour(&mut bucket, &signer, 0, 1);
    trail.stop();
    let after = trail.hour(&mut bucket, &signer, 30, 1);
    let forged = trail.hour(&mut bucket, &Signer { fingerprint: signer.fingerprint, ..Signer::two() }, 31, 1);
    upload(&bucket, &watched.cloud).await;
    let report = watched.verify().await;
    let mut expected = [(after.clone(), "gap".to_owned()), (forged, "signature_invalid".to_owned())];
    expected.sort();
    assert_eq!(told(&report), expected);
    let gap = report.problems.iter().find(|problem| problem.severity == "gap").unwrap();
    assert!(gap.reason.starts_with("no digests from 20") && gap.reason.ends_with("switched off"), "{gap:?}");
    assert_eq!(gap.at.unix_timestamp() * 1000, trail.start + 30 * HOUR);
    let trail = &report.trails[0];
    assert_eq!((trail.digests, trail.digests_failed, trail.log_files), (3, 1, 2));
}

/// When the permission is given later, what was not checked is.
#[tokio::test]
async fn without_keys_nothing_is_valid_until_there_are_some() {
    let stub = Stub::new(&[Signer::one()]);
    let watched = Watched { keys: stub.keys(), ..Watched::new().await };
    upload(&whole(&watched.cloud.name), &watched.cloud).await;
    stub.deny(true);
    let report = watched.verify().await;
    assert!(report.problems.iter().all(|problem| problem.finding == "public_keys_refused"), "{report:?}");
    assert_eq!((report.problems_total, report.trails[0].digests_unchecked), (25, 6));
    assert_eq!(report.trails[0].log_files_unchecked, 10);
    stub.deny(false);
    let report = watched.verify().await;
    assert_eq!(told(&report), []);
    assert_eq!(report.trails[0].log_files_unchecked, 0);
}

/// Anybody can write what Postgres cannot store: it stops nothing.
#[tokio::test]
async fn hostile_digests_stop_nothing() {
    let watched = Watched { keys: Keys::None, ..Watched::new().await };
    let (mut bucket, mut trail) = (Bucket::named(&watched.cloud.name), victim());
    for hour in 0..3 {
        trail.hour(&mut bucket, &Signer::one(), hour, 1);
    }
    let mut other = victim();
    other.digest(&mut bucket, &Signer::one(), 5, &[], "", |digest| {
        let file = |key: &str, hash: &str| {
            serde_json::json!({"s3Bucket": digest["digestS3Bucket"], "s3Object": key, "hashValue": hash})
        };
        digest["logFiles"] = [file("a\0b", "00"), file("twice", "zz"), file("twice", "00"), file("../x", "")].into();
    });
    upload(&bucket, &watched.cloud).await;
    let report = watched.verify().await;
    assert_eq!(report.trails[0].digests_unchecked, 4, "{report:?}");
    assert!(told(&report).contains(&("twice".to_owned(), "log_file_missing".to_owned())), "{report:?}");
}
