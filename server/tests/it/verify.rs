//! Log file integrity: trails of our own are verified, tampered with, and verified again.

use std::sync::{Arc, LazyLock};

use model::time::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};
use server::integrity::{
    self, Request,
    files::Signature,
    finding::{Finding, Severity},
    keys::Keys,
    ledger::Nowhere,
    report::{Count, Report},
    signature::PublicKeys,
};

use self::bucket::{BUCKET, Bucket, Signer, Trail, gzip};

mod bucket;
mod command;
mod keys;
mod mark;
mod s3;
mod serve;
mod watch;

const ACCOUNTS: [&str; 2] = ["111122223333", "444455556666"];
const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];
const HOURS: i64 = 6;

/// The trail that is tampered with.
fn victim() -> Trail {
    Trail::new(ACCOUNTS[0], REGIONS[1])
}

/// Two accounts, two regions, six hours with two log files each but the third, which is empty; and a backfill digest.
static WHOLE: LazyLock<Bucket> = LazyLock::new(|| whole(BUCKET));

fn whole(name: &str) -> Bucket {
    let (mut bucket, signer) = (Bucket::named(name), Signer::one());
    for account in ACCOUNTS {
        for region in REGIONS {
            let mut trail = Trail::new(account, region);
            for hour in 0..HOURS {
                trail.hour(&mut bucket, &signer, hour, if hour == 2 { 0 } else { 2 });
            }
        }
    }
    let mut late = victim();
    let key = late.log_file_key(1, 2);
    late.digest(&mut bucket, &signer, 1, &[key], "_backfill", |_| {});
    bucket
}

async fn report(bucket: &Bucket, keys: Option<PublicKeys>) -> Report {
    let request = Request { keys: keys.map_or(Keys::None, Keys::Given), ..Request::default() };
    integrity::verify(Arc::new(bucket.clone()), &request, &Nowhere).await.unwrap()
}

/// What is found beyond notices.
fn found(report: &Report) -> Vec<(String, Finding)> {
    let grave = report.all_found().filter(|found| found.finding.severity() > Severity::Notice);
    let mut found: Vec<_> = grave.map(|found| (found.key.clone(), found.finding.clone())).collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// The same is found in S3 as in a copy that knows only the newest signatures.
async fn assert_found(bucket: Bucket, expected: &[(&str, Finding)]) {
    let mut expected: Vec<_> = expected.iter().map(|(key, finding)| ((*key).to_owned(), finding.clone())).collect();
    expected.sort_by(|a, b| a.0.cmp(&b.0));
    for bucket in [bucket.clone(), bucket.copied()] {
        let report = report(&bucket, Some(Signer::one().public())).await;
        assert_eq!(found(&report), expected, "s3: {}", bucket.is_s3);
    }
}

fn all_valid(total: u64) -> Count {
    Count { total, valid: total, ..Count::default() }
}

#[tokio::test]
async fn whole_trails_are_valid() {
    for bucket in [WHOLE.clone(), WHOLE.clone().copied()] {
        let report = report(&bucket, Some(Signer::one().public())).await;
        assert_eq!((found(&report), report.severity()), (vec![], Severity::Notice));
        assert_eq!(report.trails.len(), 4);
        for trail in &report.trails {
            assert_eq!(trail.digests, all_valid(6), "{trail:?}");
            let is_victim = (trail.account.as_str(), trail.region.as_str()) == (ACCOUNTS[0], REGIONS[1]);
            assert_eq!(trail.backfill_digests, all_valid(u64::from(is_victim)));
            assert_eq!(trail.log_files, all_valid(10 + u64::from(is_victim)));
            assert_eq!(trail.trail, "all_events");
        }
        let starts = report.all_found().filter(|found| found.finding == Finding::ChainStart);
        assert_eq!(starts.count(), 4);
    }
}

#[tokio::test]
async fn a_log_file_that_was_modified() {
    let (mut bucket, key) = (WHOLE.clone(), victim().log_file_key(3, 0));
    bucket.files.insert(key.clone(), gzip(br#"{"Records":[]}"#));
    assert_found(bucket, &[(&key, Finding::LogFileModified)]).await;
}

#[tokio::test]
async fn a_log_file_that_is_cut_off_or_continued() {
    let (mut bucket, key) = (WHOLE.clone(), victim().log_file_key(3, 0));
    bucket.files.get_mut(&key).unwrap().truncate(60);
    let reason = "the gzip stream ends early".to_owned();
    assert_found(bucket, &[(&key, Finding::LogFileDamaged { reason })]).await;

    // The hash of the first stream is right; a reader of all streams would see what was added.
    let mut bucket = WHOLE.clone();
    bucket.files.get_mut(&key).unwrap().extend(gzip(br#"{"Records":[]}"#));
    let reason = "data follows after the end of the gzip stream".to_owned();
    assert_found(bucket, &[(&key, Finding::LogFileDamaged { reason })]).await;
}

#[tokio::test]
async fn a_log_file_that_was_deleted() {
    let (mut bucket, key) = (WHOLE.clone(), victim().log_file_key(5, 1));
    bucket.files.remove(&key);
    assert_found(bucket, &[(&key, Finding::LogFileMissing)]).await;
}

#[tokio::test]
async fn a_log_file_that_cloudtrail_did_not_deliver() {
    let mut bucket = WHOLE.clone();
    let key = victim().log_file_key(2, 1);
    let odd = format!("AWSLogs/{}/CloudTrail/{}/2026/11/24/more.json", ACCOUNTS[0], REGIONS[1]);
    for key in [&key, &odd] {
        bucket::log_file(&mut bucket, key);
    }
    assert_found(bucket, &[(&key, Finding::LogFileUnexpected), (&odd, Finding::LogFileUnexpected)]).await;
}

/// Of the hour that has no digest yet nothing is known; of days that never had one, neither.
#[tokio::test]
async fn log_files_without_digests_are_counted() {
    let mut bucket = WHOLE.clone();
    bucket::log_file(&mut bucket, &victim().log_file_key(HOURS, 0));
    let keys = Some(Signer::one().public());
    let recent = report(&bucket, keys.clone()).await;
    assert_eq!(recent.severity(), Severity::Notice);
    assert!(recent.found.iter().any(|found| found.finding == Finding::LogFilesRecent { count: 1 }), "{recent:?}");

    bucket::log_file(&mut bucket, &victim().log_file_key(-30, 0));
    let from = Timestamp::parse("2026-11-22T18:00:00Z");
    let folder = format!("AWSLogs/{}/CloudTrail/{}", ACCOUNTS[0], REGIONS[1]);
    let uncovered = (folder, Finding::LogFilesUncovered { count: 1, from, to: from });
    assert_eq!(found(&report(&bucket, keys).await), [uncovered]);
}

#[tokio::test]
async fn a_backfill_digest_that_was_deleted_leaves_its_log_file_unexpected() {
    let mut bucket = WHOLE.clone();
    bucket.files.remove(&victim().digest_key(1, "_backfill"));
    assert_found(bucket, &[(&victim().log_file_key(1, 2), Finding::LogFileUnexpected)]).await;
}

/// Its log files are of an hour of which nothing is known then, and the digest before is still valid.
#[tokio::test]
async fn a_digest_that_was_modified() {
    let (mut bucket, key) = (WHOLE.clone(), victim().digest_key(3, ""));
    bucket.edit(&key, |digest| digest["logFiles"] = json!([]));
    let folder = format!("AWSLogs/{}/CloudTrail/{}", ACCOUNTS[0], REGIONS[1]);
    let (from, to) = (Timestamp::parse("2026-11-24T03:00:00Z"), Timestamp::parse("2026-11-24T03:20:00Z"));
    let uncovered = Finding::LogFilesUncovered { count: 2, from, to };
    assert_found(bucket, &[(&key, Finding::DigestModified), (&folder, uncovered)]).await;
}

#[tokio::test]
async fn the_newest_digest_that_was_modified() {
    let (mut bucket, key) = (WHOLE.clone(), victim().digest_key(5, ""));
    bucket.edit(&key, |digest| digest["digestPublicKeyFingerprint"] = json!(Signer::one().fingerprint.to_uppercase()));
    assert_found(bucket, &[(&key, Finding::SignatureInvalid)]).await;
}

#[tokio::test]
async fn a_digest_that_is_no_gzip() {
    let (mut bucket, key) = (WHOLE.clone(), victim().digest_key(2, ""));
    bucket.files.insert(key.clone(), b"{}".to_vec());
    let report = report(&bucket, Some(Signer::one().public())).await;
    let reason = "the gzip stream ends early".to_owned();
    assert_eq!(found(&report), [(key, Finding::DigestDamaged { reason })]);
}

/// A log file was changed, and its digest made anew by somebody who has another key, or other keys for the whole chain.
#[tokio::test]
async fn digests_that_were_signed_by_another_key() {
    let (mut bucket, mut trail) = (WHOLE.clone(), victim());
    let forged = Signer { fingerprint: Signer::one().fingerprint, ..Signer::two() };
    for hour in 0..HOURS {
        trail.hour(&mut bucket, &forged, hour, i64::from(hour != 2) * 2);
    }
    let keys: Vec<_> = (0..HOURS).map(|hour| victim().digest_key(hour, "")).collect();
    let only = |bucket: Bucket| async move {
        let found = found(&report(&bucket, Some(Signer::one().public())).await);
        found.into_iter().filter(|(_, finding)| !matches!(finding, Finding::LogFilesUncovered { .. })).collect()
    };
    let expected: Vec<_> = keys.iter().map(|key| (key.clone(), Finding::SignatureInvalid)).collect();
    let seen: Vec<_> = only(bucket).await;
    assert_eq!(seen, expected);

    let (mut bucket, mut trail, signer) = (WHOLE.clone(), victim(), Signer::two());
    for hour in 0..HOURS {
        trail.hour(&mut bucket, &signer, hour, i64::from(hour != 2) * 2);
    }
    let missing = Finding::PublicKeyMissing { fingerprint: signer.fingerprint.to_owned() };
    let expected: Vec<_> = keys.iter().map(|key| (key.clone(), missing.clone())).collect();
    let seen: Vec<_> = only(bucket).await;
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_digest_that_was_moved() {
    let (mut bucket, key) = (WHOLE.clone(), victim().digest_key(2, ""));
    let elsewhere = key.replace("/24/", "/25/");
    let content = bucket.files.remove(&key).unwrap();
    bucket.files.insert(elsewhere.clone(), content);
    let from = format!("{BUCKET}/{key}");
    assert_found(bucket, &[(&elsewhere, Finding::DigestMoved { from })]).await;

    // Another hour's digest in its place.
    let (mut bucket, other) = (WHOLE.clone(), victim().digest_key(4, ""));
    let content = bucket.files[&key].clone();
    bucket.files.insert(other.clone(), content);
    let report = report(&bucket, Some(Signer::one().public())).await;
    let from = format!("{BUCKET}/{key}");
    assert_eq!(found(&report)[0], (other, Finding::DigestMoved { from }));
}

/// All of another bucket is no copy to be trusted: S3 knows its own name.
#[tokio::test]
async fn digests_of_another_bucket() {
    let mut bucket = Bucket { is_s3: true, ..Bucket::default() };
    let key = victim().digest(&mut bucket, &Signer::one(), 0, &[], "", |digest| digest["digestS3Bucket"] = json!("b"));
    let from = format!("b/{key}");
    let report = report(&bucket, Some(Signer::one().public())).await;
    assert_eq!(found(&report), [(key, Finding::DigestMoved { from })]);
}

#[tokio::test]
async fn a_digest_that_is_missing() {
    let (mut bucket, key) = (WHOLE.clone(), victim().digest_key(2, ""));
    bucket.files.remove(&key);
    let seen = found(&report(&bucket, Some(Signer::one().public())).await);
    assert_eq!(seen, [(key.clone(), Finding::DigestMissing)]);

    // In a copy, the signature of the one before has gone with it.
    let copy = Bucket { signatures: WHOLE.clone().copied().signatures, is_s3: false, ..bucket };
    let seen = found(&report(&copy, Some(Signer::one().public())).await);
    let before = victim().digest_key(1, "");
    assert_eq!(seen, [(before, Finding::SignatureUnknown), (key, Finding::DigestMissing)]);
}

/// Where nobody says from when on, the oldest one here may be the first that is kept.
#[tokio::test]
async fn the_oldest_digests_may_have_expired() {
    let mut bucket = WHOLE.clone();
    let mut late = victim();
    bucket.files.retain(|key, _| !key.contains(&format!("{}/CloudTrail", late.account)));
    for hour in 0..HOURS {
        let key = late.hour(&mut bucket, &Signer::one(), hour, 0);
        if hour < 2 {
            bucket.files.remove(&key);
        }
    }
    let keys = Some(Signer::one().public());
    let whole = report(&bucket, keys.clone()).await;
    assert_eq!(whole.severity(), Severity::Notice);
    let previous = victim().digest_key(1, "");
    assert!(whole.all_found().any(|found| found.finding == Finding::ChainCut { previous: previous.clone() }));

    for (from, missing) in [("2026-11-24T02:00:00Z", true), ("2026-11-24T02:00:01Z", false)] {
        let request = Request {
            keys: keys.clone().map_or(Keys::None, Keys::Given),
            from: Timestamp::parse(from),
            ..Request::default()
        };
        let report = integrity::verify(Arc::new(bucket.clone()), &request, &Nowhere).await.unwrap();
        let expected = missing.then(|| (previous.clone(), Finding::DigestMissing));
        assert_eq!(found(&report), Vec::from_iter(expected), "{from}");
    }
}

#[tokio::test]
async fn a_wrong_hash_or_signature_of_the_digest_before() {
    for (field, value) in [("HashValue", "ab".repeat(32)), ("Signature", "ab".repeat(256))] {
        let (mut bucket, signer, mut trail) = (Bucket { is_s3: true, ..Bucket::default() }, Signer::one(), victim());
        let previous = trail.hour(&mut bucket, &signer, 0, 0);
        let key = trail.digest(&mut bucket, &signer, 1, &[], "", |digest| {
            digest[format!("previousDigest{field}")] = json!(value);
        });
        let report = report(&bucket, Some(signer.public())).await;
        assert_eq!(found(&report), [(key, Finding::PreviousDiffers { previous })]);
    }
}

#[tokio::test]
async fn another_signature_algorithm() {
    let algorithm = "SHA1withRSA".to_owned();
    let (mut bucket, key) = (WHOLE.clone(), victim().digest_key(5, ""));
    let Signature { hex, .. } = bucket.signatures[&key].clone();
    bucket.signatures.insert(key.clone(), Signature { hex, algorithm: Some(algorithm.clone()) });
    assert_found(bucket, &[(&key, Finding::SignatureAlgorithm { algorithm: algorithm.clone() })]).await;

    let mut bucket = Bucket { is_s3: true, ..Bucket::default() };
    let key = victim().digest(&mut bucket, &Signer::one(), 0, &[], "", |digest| {
        digest["digestSignatureAlgorithm"] = json!(algorithm);
    });
    assert_found(bucket, &[(&key, Finding::SignatureAlgorithm { algorithm })]).await;
}

#[tokio::test]
async fn a_gap_is_told_and_no_failure() {
    let (mut bucket, signer, mut trail) = (Bucket { is_s3: true, ..Bucket::default() }, Signer::one(), victim());
    trail.hour(&mut bucket, &signer, 0, 1);
    trail.stop();
    let after = trail.hour(&mut bucket, &signer, 5, 1);
    let report = report(&bucket, Some(signer.public())).await;
    assert_eq!(report.severity(), Severity::Notice);
    let at = |text| Timestamp::parse(text).unwrap();
    let gap = Finding::Gap { from: at("2026-11-24T01:00:00Z"), to: at("2026-11-24T05:00:00Z") };
    assert!(report.all_found().any(|found| found.key == after && found.finding == gap), "{report:?}");
}

/// Without keys, hashes and chain are checked, and nothing is called valid.
#[tokio::test]
async fn without_public_keys() {
    let mut bucket = WHOLE.clone();
    let plain = report(&bucket, None).await;
    assert_eq!(found(&plain), [(String::new(), Finding::PublicKeysUnknown)]);
    assert_eq!(plain.trails[0].digests, Count { total: 6, unchecked: 6, ..Count::default() });
    assert_eq!(plain.trails[0].log_files, Count { total: 10, unchecked: 10, ..Count::default() });

    let (digest, log_file) = (victim().digest_key(3, ""), victim().log_file_key(1, 0));
    bucket.edit(&digest, |digest| digest["newestEventTime"] = json!("x"));
    bucket.files.insert(log_file.clone(), gzip(b"{}"));
    let seen = found(&report(&bucket, None).await);
    assert!(seen.contains(&(digest, Finding::DigestModified)) && seen.contains(&(log_file, Finding::LogFileModified)));
}

#[tokio::test]
async fn a_copy_without_the_newest_signature() {
    let (mut bucket, newest) = (WHOLE.clone().copied(), victim().digest_key(5, ""));
    bucket.signatures.remove(&newest);
    let report = report(&bucket, Some(Signer::one().public())).await;
    assert_eq!(found(&report), [(newest, Finding::SignatureUnknown)]);
    let trail = report.trails.iter().find(|trail| trail.digests.unchecked > 0).unwrap();
    assert_eq!(trail.digests, Count { total: 6, valid: 5, unchecked: 1, failed: 0 });
    assert_eq!(trail.log_files, Count { total: 11, valid: 9, unchecked: 2, failed: 0 });
}

/// The digest after the range is the witness of the last signature within, and of nothing else.
#[tokio::test]
async fn a_range() {
    let mut bucket = WHOLE.clone().copied();
    let at = |text| Timestamp::parse(text);
    let (from, to) = (at("2026-11-24T02:00:00Z"), at("2026-11-24T03:00:00Z"));
    let request = Request { keys: Keys::Given(Signer::one().public()), from, to, ..Request::default() };
    let verify = |bucket: &Bucket| {
        let (bucket, request) = (Arc::new(bucket.clone()), request.clone());
        async move { integrity::verify(bucket, &request, &Nowhere).await.unwrap() }
    };
    let report = verify(&bucket).await;
    assert_eq!(found(&report), []);
    let trail = &report.trails[0];
    assert_eq!((trail.digests, trail.log_files), (all_valid(3), all_valid(4)));
    assert_eq!(trail.covered, at("2026-11-24T01:00:00Z").zip(at("2026-11-24T04:00:00Z")));

    // What is wrong outside does not matter.
    bucket.files.remove(&victim().log_file_key(4, 0));
    bucket.files.remove(&victim().digest_key(5, ""));
    bucket.files.remove(&victim().log_file_key(0, 0));
    assert_eq!(found(&verify(&bucket).await), []);
    bucket.files.remove(&victim().log_file_key(3, 0));
    assert_eq!(found(&verify(&bucket).await).len(), 1);
}

/// No digest tells that the ones after it are gone: what was asked for does, or the other trails.
#[tokio::test]
async fn the_newest_digests_may_be_gone() {
    let mut bucket = WHOLE.clone();
    for hour in 2..HOURS {
        bucket.files.remove(&victim().digest_key(hour, ""));
        (0..2).for_each(|number| drop(bucket.files.remove(&victim().log_file_key(hour, number))));
    }
    let keys = Some(Signer::one().public());
    let at = Timestamp::parse("2026-11-24T02:00:00Z").unwrap();
    let early = report(&bucket, keys.clone()).await;
    assert_eq!(early.severity(), Severity::Notice);
    assert_eq!(early.all_found().filter(|found| found.finding == Finding::DigestsEndEarly { at }).count(), 1);

    for (to, ends) in [("2026-11-24T04:00:00Z", false), ("2026-11-24T04:00:01Z", true)] {
        let request = Request {
            keys: keys.clone().map_or(Keys::None, Keys::Given),
            to: Timestamp::parse(to),
            ..Request::default()
        };
        let report = integrity::verify(Arc::new(bucket.clone()), &request, &Nowhere).await.unwrap();
        let expected = ends.then(|| (String::new(), Finding::DigestsEnd { at }));
        assert_eq!(found(&report), Vec::from_iter(expected), "{to}");
    }
}

/// A copy of what is below a prefix, and one with the bucket's name around it.
#[tokio::test]
async fn copies_of_parts_and_of_more() {
    let whole = WHOLE.clone().copied();
    let renamed = |rename: &dyn Fn(&str) -> Option<String>| Bucket {
        name: BUCKET.to_owned(),
        files: whole.files.iter().filter_map(|(key, content)| Some((rename(key)?, content.clone()))).collect(),
        signatures: whole
            .signatures
            .iter()
            .filter_map(|(key, signature)| Some((rename(key)?, signature.clone())))
            .collect(),
        is_s3: false,
    };
    let below = renamed(&|key| Some(key.strip_prefix("AWSLogs/111122223333/")?.to_owned()));
    let within = renamed(&|key| Some(format!("{BUCKET}/{key}")));
    for (bucket, trails) in [(below, 2), (within, 4)] {
        let report = report(&bucket, Some(Signer::one().public())).await;
        assert_eq!((found(&report), report.trails.len()), (vec![], trails));
    }
}

/// Keys of a digest that nobody signed lead nowhere, and other trails are verified nonetheless.
#[tokio::test]
async fn a_hostile_digest_harms_nothing() {
    let mut bucket = WHOLE.clone();
    let key = victim().digest_key(HOURS, "");
    let digest: Value = serde_json::from_slice(&bucket.inflated(&victim().digest_key(0, "")).unwrap()).unwrap();
    for (field, value) in [("digestEndTime", json!("9999-12-31T23:59:59Z")), ("digestS3Object", json!("../../x"))] {
        let mut digest = digest.clone();
        digest[field] = value;
        bucket.files.insert(key.clone(), gzip(digest.to_string().as_bytes()));
        let report = report(&bucket, Some(Signer::one().public())).await;
        assert_eq!(report.severity(), Severity::Failure);
        assert!(found(&report).iter().all(|(about, _)| *about == key), "{:?}", found(&report));
    }
    // A bomb.
    bucket.files.insert(key.clone(), gzip(&vec![b' '; 65 << 20]));
    let seen = found(&report(&bucket, Some(Signer::one().public())).await);
    assert!(matches!(&seen[..], [(_, Finding::DigestDamaged { .. })]), "{seen:?}");
}

#[tokio::test]
async fn nothing_to_verify_is_an_error() {
    let error = integrity::verify(Arc::new(Bucket::default()), &Request::default(), &Nowhere).await.unwrap_err();
    assert_eq!(error.to_string(), "there are no digests of CloudTrail");
}

/// What is deleted, is found: by the digest that names it, or by what only it has named.
#[tokio::test]
async fn any_file_that_was_deleted_is_found() {
    let oldest = |key: &str| {
        ACCOUNTS.iter().any(|account| REGIONS.iter().any(|region| key == Trail::new(account, region).digest_key(0, "")))
    };
    for key in WHOLE.files.keys() {
        let mut bucket = WHOLE.clone();
        bucket.files.remove(key);
        let report = report(&bucket, Some(Signer::one().public())).await;
        let grave = report.severity() == Severity::Failure;
        // The oldest may have expired, and of the newest hour nothing is known then: both are told as notices.
        let newest = key.contains("T060000Z.json.gz");
        assert_eq!(grave, !oldest(key) && !newest, "{key}: {:?}", report.found);
        let told = report.all_found().any(|found| matches!(found.finding, Finding::LogFilesRecent { count: 2 }));
        assert_eq!(told, newest, "{key}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Any byte of any file: it is found, unless the content is the same, as gzip's header and the bits after the last block say nothing
    /// about it.
    #[test]
    fn a_flipped_byte_is_found(file: prop::sample::Index, at: prop::sample::Index, bits in 1..=255_u8, s3: bool) {
        static COPY: LazyLock<Bucket> = LazyLock::new(|| WHOLE.clone().copied());
        let mut bucket = if s3 { WHOLE.clone() } else { COPY.clone() };
        let key = file.get(&bucket.files.keys().collect::<Vec<_>>()).to_string();
        let before = bucket.inflated(&key);
        let content = bucket.files.get_mut(&key).unwrap();
        let at = at.index(content.len());
        content[at] ^= bits;
        let same = bucket.inflated(&key) == before;
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let report = runtime.block_on(report(&bucket, Some(Signer::one().public())));
        let wrong = report.all_found().any(|found| found.key == key && found.finding.severity() == Severity::Failure);
        prop_assert!(wrong != same, "byte {at} of {key}: {:?}", found(&report));
    }
}
