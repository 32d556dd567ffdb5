//! Trails in S3, as moto has it: the same is found there as in a copy's folder.

use std::process::{Command, Stdio};

use futures::{StreamExt, stream};
use model::time::Timestamp;
use serde_json::{Value, json};
use server::{
    ingest::source::s3,
    integrity::{
        self, Request, day,
        finding::{Finding, Severity},
        folder::Folder,
        keys::Keys,
        ledger::Nowhere,
        report::Report,
    },
};

use super::{
    HOURS, REGIONS, all_valid,
    bucket::{self, Bucket, HOUR, START, Signer, Trail, gzip},
    found,
    keys::Stub,
    victim, whole,
};
use crate::source::cloud;

/// Puts everything there, with the metadata that CloudTrail gives.
pub async fn upload(bucket: &Bucket, cloud: &cloud::Bucket) {
    let puts = bucket.files.keys().map(|key| put(bucket, cloud, key));
    stream::iter(puts.collect::<Vec<_>>()).buffer_unordered(16).collect::<Vec<_>>().await;
}

/// Puts one file.
pub async fn put(bucket: &Bucket, cloud: &cloud::Bucket, key: &str) {
    let mut request = cloud.client.put_object().bucket(&cloud.name).key(key);
    if let Some(signature) = bucket.signatures.get(key) {
        request = request.metadata("signature", &signature.hex);
        request = request.metadata("signature-algorithm", signature.algorithm.clone().unwrap_or_default());
    }
    request.body(bucket.files[key].clone().into()).send().await.unwrap();
}

pub async fn delete(cloud: &cloud::Bucket, key: &str) {
    cloud.client.delete_object().bucket(&cloud.name).key(key).send().await.unwrap();
}

pub fn files(cloud: &cloud::Bucket) -> s3::Bucket {
    s3::Bucket { client: cloud.client.clone(), name: cloud.name.clone() }
}

async fn report(cloud: &cloud::Bucket, request: Request) -> Report {
    day::verify(files(cloud), &request, &Nowhere).await.unwrap()
}

fn given() -> Request {
    Request { keys: Keys::Given(Signer::one().public()), ..Request::default() }
}

/// What somebody does to a bucket, and the keys that it shows at, with what is found.
type Tampering = fn(&mut Bucket) -> Vec<(String, Finding)>;

const TAMPERINGS: &[(&str, Tampering)] = &[
    ("a modified log file", |bucket| {
        let key = victim().log_file_key(3, 0);
        bucket.files.insert(key.clone(), gzip(br#"{"Records":[]}"#));
        vec![(key, Finding::LogFileModified)]
    }),
    ("a log file that goes on after its end", |bucket| {
        let key = victim().log_file_key(3, 0);
        bucket.files.get_mut(&key).unwrap().extend(gzip(br#"{"Records":[]}"#));
        let reason = "data follows after the end of the gzip stream".to_owned();
        vec![(key, Finding::LogFileDamaged { reason })]
    }),
    ("a deleted log file", |bucket| {
        let key = victim().log_file_key(5, 1);
        bucket.files.remove(&key);
        vec![(key, Finding::LogFileMissing)]
    }),
    ("an unexpected log file", |bucket| {
        let key = victim().log_file_key(2, 1);
        bucket::log_file(bucket, &key);
        vec![(key, Finding::LogFileUnexpected)]
    }),
    ("a modified digest", |bucket| {
        let key = victim().digest_key(3, "");
        bucket.edit(&key, |digest| digest["logFiles"] = json!([]));
        vec![(key, Finding::DigestModified)]
    }),
    ("the newest digest modified", |bucket| {
        let key = victim().digest_key(HOURS - 1, "");
        bucket.edit(&key, |digest| digest["newestEventTime"] = json!("x"));
        vec![(key, Finding::SignatureInvalid)]
    }),
    ("a chain signed anew by another key", |bucket| {
        let (mut trail, signer) = (victim(), Signer::two());
        let keys = (0..HOURS).map(|hour| trail.hour(bucket, &signer, hour, i64::from(hour != 2) * 2));
        let missing = Finding::PublicKeyMissing { fingerprint: signer.fingerprint.to_owned() };
        keys.map(|key| (key, missing.clone())).collect()
    }),
    ("a moved digest", |bucket| {
        let key = victim().digest_key(2, "");
        let elsewhere = key.replace("/24/", "/25/");
        let content = bucket.files.remove(&key).unwrap();
        bucket.files.insert(elsewhere.clone(), content);
        vec![(elsewhere, Finding::DigestMoved { from: format!("{}/{key}", bucket.name) })]
    }),
    ("a deleted digest", |bucket| {
        let key = victim().digest_key(2, "");
        bucket.files.remove(&key);
        vec![(key, Finding::DigestMissing)]
    }),
    ("a deleted backfill digest", |bucket| {
        bucket.files.remove(&victim().digest_key(1, "_backfill"));
        vec![(victim().log_file_key(1, 2), Finding::LogFileUnexpected)]
    }),
];

/// Log files of hours that have no digest then, and signatures that only the metadata has, are the consequences.
fn causes(report: &Report) -> Vec<(String, Finding)> {
    let mut found = found(report);
    found.retain(|(_, finding)| {
        !matches!(finding, Finding::LogFilesUncovered { .. } | Finding::SignatureUnknown | Finding::DigestsEnd { .. })
    });
    found
}

#[tokio::test]
async fn tampering_is_found_in_s3_as_in_a_folder() {
    for (what, tamper) in TAMPERINGS {
        let cloud = cloud::Bucket::new().await;
        let mut bucket = whole(&cloud.name);
        let folder = tempfile::tempdir().unwrap();
        let mut expected = tamper(&mut bucket);
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        upload(&bucket, &cloud).await;
        let in_s3 = report(&cloud, given()).await;
        assert_eq!((causes(&in_s3), in_s3.severity()), (expected.clone(), Severity::Failure), "{what}");
        // A folder in which all signatures are known.
        bucket.write(folder.path());
        let files = std::sync::Arc::new(Folder::open(folder.path()).unwrap());
        let in_folder = integrity::verify(files, &given(), &Nowhere).await.unwrap();
        assert_eq!(causes(&in_folder), expected, "{what}");
    }
}

#[tokio::test]
async fn whole_trails_by_the_keys_that_each_region_lists() {
    let cloud = cloud::Bucket::new().await;
    upload(&whole(&cloud.name), &cloud).await;
    let stub = Stub::new(&[Signer::two(), Signer::one()]);
    let request = |prefix: &str| Request { prefix: prefix.to_owned(), keys: stub.keys(), ..Request::default() };
    let whole = report(&cloud, request("")).await;
    assert_eq!((found(&whole), whole.severity()), (vec![], Severity::Notice));
    assert_eq!(whole.trails.len(), 4);
    assert!(whole.trails.iter().all(|trail| trail.digests == all_valid(6)), "{whole:?}");
    // Two pages of each region, though there are two accounts.
    let mut regions = stub.regions();
    regions.sort();
    assert_eq!(regions, [REGIONS[0], REGIONS[0], REGIONS[1], REGIONS[1]]);
    let (_, body) = &stub.asked()[0];
    assert_eq!(body["StartTime"], json!(START / 1000));
    assert_eq!(body["EndTime"], json!((START + HOURS * HOUR) / 1000));

    for (prefix, trails) in
        [("AWSLogs/111122223333/", 2), ("AWSLogs/111122223333/CloudTrail/us-east-1/", 1), ("AWSLogs/1111", 2)]
    {
        assert_eq!(report(&cloud, request(prefix)).await.trails.len(), trails, "{prefix}");
    }
    let nothing = day::verify(files(&cloud), &request("other/"), &Nowhere).await.unwrap_err();
    assert_eq!(nothing.to_string(), "there are no digests of CloudTrail");
}

#[tokio::test]
async fn keys_that_may_not_be_listed_leave_signatures_unchecked() {
    let cloud = cloud::Bucket::new().await;
    let mut bucket = whole(&cloud.name);
    let key = victim().log_file_key(3, 0);
    bucket.files.insert(key.clone(), gzip(b"{}"));
    upload(&bucket, &cloud).await;
    let stub = Stub::new(&[Signer::one()]);
    stub.deny(true);
    let report = report(&cloud, Request { keys: stub.keys(), ..Request::default() }).await;
    let refused = found(&report).into_iter().filter(|(_, finding)| {
        matches!(finding, Finding::PublicKeysRefused { region, reason }
        if region == REGIONS[0] && reason.contains("the permission cloudtrail:ListPublicKeys is needed"))
    });
    assert_eq!(refused.count(), 2);
    assert!(found(&report).contains(&(key, Finding::LogFileModified)), "hashes are checked all the same");
    assert_eq!((report.trails[0].digests.valid, report.trails[0].digests.unchecked), (0, 6));
}

/// More days than are held in memory at once: nothing is found at their borders that is not there, and what is, once.
#[tokio::test]
async fn many_days_are_verified_some_at_a_time() {
    let cloud = cloud::Bucket::new().await;
    let (mut bucket, mut trail, signer) = (Bucket::named(&cloud.name), victim(), Signer::one());
    const DAYS: i64 = 17;
    for hour in 0..DAYS * 24 {
        // At the borders of days, too.
        trail.hour(&mut bucket, &signer, hour, i64::from(hour % 24 == 23 || hour % 6 == 0) * 3);
    }
    upload(&bucket, &cloud).await;
    let clean = report(&cloud, given()).await;
    assert_eq!((found(&clean), clean.trails.len()), (vec![], 1));
    assert_eq!(clean.trails[0].digests, all_valid(DAYS as u64 * 24));
    assert_eq!(clean.trails[0].log_files, all_valid(DAYS as u64 * 15));
    let span = (Timestamp(START), Timestamp(START + DAYS * 24 * HOUR));
    assert_eq!(clean.trails[0].covered, Some(span));

    // The first and last digests of days, and a whole stretch of days.
    let mut missing: Vec<_> = [24 * 7 - 1, 24 * 7 + 24, 24 * 14 - 2].map(|hour| victim().digest_key(hour, "")).into();
    for key in &missing {
        delete(&cloud, key).await;
    }
    missing.sort();
    let seen: Vec<_> = causes(&report(&cloud, given()).await);
    assert_eq!(seen, missing.iter().map(|key| (key.clone(), Finding::DigestMissing)).collect::<Vec<_>>());

    // Within a range, what is wrong outside of it does not matter, and is not read.
    let (from, to) = (Timestamp(START + 9 * 24 * HOUR), Timestamp(START + 11 * 24 * HOUR));
    let range = report(&cloud, Request { from: Some(from), to: Some(to), ..given() }).await;
    assert_eq!(found(&range), []);
    assert_eq!(range.trails[0].digests.total, 50, "from the digest that ends there to that of the hour after");
}

/// As it is typed.
struct Typed {
    stub: Stub,
    data: tempfile::TempDir,
}

impl Typed {
    fn verify(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trailmap"));
        let ours = std::env::vars()
            .map(|(name, _)| name)
            .filter(|name| name.starts_with("TRAILMAP_") || name.starts_with("AWS_"));
        for name in ours {
            command.env_remove(name);
        }
        command.env("AWS_ENDPOINT_URL", cloud::endpoint()).env("AWS_ENDPOINT_URL_CLOUDTRAIL", &self.stub.url);
        command.env("AWS_ACCESS_KEY_ID", "testing").env("AWS_SECRET_ACCESS_KEY", "testing");
        command.env("AWS_REGION", "eu-west-1");
        command.arg("verify").arg("--data-dir").arg(self.data.path()).args(arguments).stdin(Stdio::null());
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }
}

#[tokio::test]
async fn the_command_verifies_buckets_and_sources() {
    let cloud = cloud::Bucket::new().await;
    upload(&whole(&cloud.name), &cloud).await;
    let typed = Typed { stub: Stub::new(&[Signer::one()]), data: tempfile::tempdir().unwrap() };
    let place = format!("s3://{}/AWSLogs/", cloud.name);
    let (status, out, error) = typed.verify(&[&place]);
    assert_eq!(status, Some(0), "{out}{error}");
    assert!(out.ends_with("All of it is as CloudTrail delivered it.\n"), "{out}");
    assert!(out.contains("11 of 11 log files valid"), "{out}");

    let config = typed.data.path().join("trailmap.toml");
    let text = format!("[[source]]\nname = \"trail\"\ntype = \"s3\"\nbucket = {:?}\n", cloud.name);
    std::fs::write(&config, text).unwrap();
    delete(&cloud, &victim().log_file_key(0, 0)).await;
    let (status, out, _) =
        typed.verify(&["--config", config.to_str().unwrap(), "--source", "trail", "--format", "json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((status, &report["result"]), (Some(1), &json!("failure")));
    let (status, _, error) = typed.verify(&["--config", config.to_str().unwrap(), "--source", "other"]);
    assert!(status == Some(1) && error.contains("there is no source \"other\""), "{error}");

    let keys = typed.data.path().join("keys.json");
    std::fs::write(&keys, Signer::two().list()).unwrap();
    let asked = typed.stub.regions().len();
    let (status, out, _) = typed.verify(&[&place, "--public-keys", keys.to_str().unwrap()]);
    assert!(status == Some(1) && out.contains("is not in the list"), "{out}");
    assert_eq!(typed.stub.regions().len(), asked, "keys that are given are the only ones");
    let (status, _, error) = typed.verify(&["s3://no-such-bucket-anywhere/"]);
    assert!(status == Some(1) && error.contains("NoSuchBucket"), "{error}");
}

/// Another trail, which starts in the middle of the range.
#[tokio::test]
async fn a_gap_of_days_is_told() {
    let cloud = cloud::Bucket::new().await;
    let (mut bucket, mut trail, signer) = (Bucket::named(&cloud.name), Trail::new("1", "eu-west-1"), Signer::one());
    trail.hour(&mut bucket, &signer, 0, 1);
    trail.stop();
    let after = trail.hour(&mut bucket, &signer, 30, 1);
    upload(&bucket, &cloud).await;
    let report = report(&cloud, given()).await;
    assert_eq!(report.severity(), Severity::Notice, "{report:?}");
    let (from, to) = (Timestamp(START + HOUR), Timestamp(START + 30 * HOUR));
    assert!(
        report.all_found().any(|found| found.key == after && found.finding == Finding::Gap { from, to }),
        "{report:?}"
    );
}
