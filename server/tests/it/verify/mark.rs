//! Every event says what digests say about its log file: on its page, in an opened row, in files.

use std::{process::Command, sync::Arc};

use axum::Router;
use server::web;
use sqlx::PgPool;

use super::{
    WHOLE,
    bucket::{self, Bucket, Signer, gzip},
    s3::{put, upload},
    victim,
    watch::Watched,
    whole,
};
use crate::{
    ingest::fixture::{event, with},
    query::fixture,
    support::{empty_database, opened},
    web::client::get,
};

fn site(pool: &PgPool) -> Router {
    web::router(Arc::new(fixture::query(pool)))
}

/// The event of the log file with this key.
async fn page(site: &Router, key: &str) -> String {
    let id = percent_encoding::utf8_percent_encode(key, percent_encoding::NON_ALPHANUMERIC);
    let page = get(site, &format!("/event/{id}")).await;
    assert!(page.status.is_success(), "{}", page.text());
    page.text().to_owned()
}

async fn header(site: &Router, key: &str) -> String {
    let id = percent_encoding::utf8_percent_encode(key, percent_encoding::NON_ALPHANUMERIC);
    get(site, &format!("/event/{id}.json")).await.header("trailmap-integrity").to_owned()
}

/// A log file whose events somebody has changed.
fn forged(key: &str) -> Vec<u8> {
    let event = with(event(1), serde_json::json!({"eventID": key, "eventTime": "2026-11-24T00:00:00Z"}));
    gzip(serde_json::json!({ "Records": [event] }).to_string().as_bytes())
}

#[tokio::test]
async fn verified_not_covered_and_failed() {
    let watched = Watched::new().await;
    let mut bucket = whole(&watched.cloud.name);
    let (good, bad, unexpected, uncovered) = (
        victim().log_file_key(0, 0),
        victim().log_file_key(3, 0),
        victim().log_file_key(2, 1),
        victim().log_file_key(-30, 0),
    );
    let delivered = bucket.files[&bad].clone();
    bucket.files.insert(bad.clone(), forged(&bad));
    bucket::log_file(&mut bucket, &unexpected);
    bucket::log_file(&mut bucket, &uncovered);
    upload(&bucket, &watched.cloud).await;
    watched.ingest().await;
    let site = site(&watched.pool);
    assert_eq!(header(&site, &good).await, "not_covered", "as long as nothing is verified");
    watched.verify().await;

    let page_of = page(&site, &good).await;
    let digest = watched.cloud.uri(&victim().digest_key(0, ""));
    assert!(page_of.contains("data-integrity=\"verified\"") && page_of.contains(&digest), "{page_of}");
    assert!(!page_of.contains("event-alarm"));
    let page_of = page(&site, &bad).await;
    assert!(page_of.contains("event-alarm") && page_of.contains("Log file integrity: FAILED"), "{page_of}");
    assert!(page_of.contains("what was ingested is not what CloudTrail delivered"), "{page_of}");
    assert!(page(&site, &unexpected).await.contains("the log file is in no digest"));
    assert!(page(&site, &uncovered).await.contains("data-integrity=\"not_covered\""));
    for (key, state) in [(&good, "verified"), (&bad, "failed"), (&unexpected, "failed"), (&uncovered, "not_covered")] {
        assert_eq!(header(&site, key).await, state, "{key}");
    }
    let opened = format!("/api/event?id={good}&address=%2Fdiscover");
    let opened = get(&site, &opened).await;
    assert!(opened.text().contains("data-integrity"), "{}", opened.text());

    // In files, of each event; and the event itself stays as it was delivered.
    let range = "from=2026-11-20T00:00:00Z&to=2026-11-25T00:00:00Z";
    let all = get(&site, &format!("/discover.ndjson?{range}&columns=event_id&integrity=true&raw=true")).await;
    let rows: Vec<serde_json::Value> = all.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let count = |state: &str| rows.iter().filter(|row| row["integrity"] == state).count();
    assert_eq!((count("verified"), count("failed"), count("not_covered")), (40, 2, 1), "{rows:?}");
    assert!(rows.iter().all(|row| row["raw"].is_object()));
    let csv = get(&site, &format!("/discover.csv?{range}&columns=event_id&integrity=true")).await;
    assert!(csv.text().starts_with("event_id,integrity\r\n"), "{}", csv.text());

    // And the page about ingest says it of all.
    let told = get(&site, "/api/v1/ingest").await.json()["integrity"].clone();
    assert_eq!((&told["problems"]["total"], told["trails"].as_array().unwrap().len()), (&2.into(), 4), "{told:#}");
    let trail = &told["trails"][0];
    assert_eq!((&trail["account"], &trail["region"]), (&"111122223333".into(), &"us-east-1".into()), "the worst first");
    assert_eq!(trail["verified_to"], "2026-11-24T06:00:00Z");
    assert_eq!(trail["log_files"], serde_json::json!({"total": 11, "failed": 1, "unchecked": 0}));
    assert_eq!(told["failed"], 2);
    assert!(get(&site, "/metrics").await.text().contains("\ntrailmap_integrity_failures 2\n"));
    let page_of = get(&site, "/ingest").await;
    for shown in ["Log file integrity", "data-finding=\"log_file_modified\"", "1 failed", "all_events"] {
        assert!(page_of.text().contains(shown), "{shown}: {}", page_of.text());
    }

    // The file is put back; what was ingested is still not it, until it is read anew.
    bucket.files.insert(bad.clone(), delivered);
    put(&bucket, &watched.cloud, &bad).await;
    watched.verify().await;
    assert_eq!(header(&site, &bad).await, "failed");
}

/// A copy that was ingested, and verified with `--record` into the same database.
#[tokio::test]
async fn a_copy_that_is_recorded() {
    let (folder, options) = (tempfile::tempdir().unwrap(), empty_database().await);
    let mut copy: Bucket = WHOLE.clone();
    let bad = victim().log_file_key(3, 0);
    copy.files.insert(bad.clone(), forged(&bad));
    copy.write(&folder.path().join("copy"));
    std::fs::write(folder.path().join("keys.json"), Signer::one().list()).unwrap();
    let trailmap = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trailmap"));
        let ours = std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("TRAILMAP_"));
        for name in ours {
            command.env_remove(name);
        }
        use sqlx::ConnectOptions;
        command.arg("--database-url").arg(options.to_url_lossy().as_str()).arg("--data-dir").arg(folder.path());
        command.args(arguments).current_dir(folder.path()).output().unwrap()
    };
    let output = trailmap(&["ingest", "copy"]);
    assert!(output.status.success(), "{output:?}");
    let output = trailmap(&["verify", "copy", "--public-keys", "keys.json", "--record"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let pool = opened(options.clone(), 2).await;
    let site = site(&pool);
    assert_eq!(header(&site, &victim().log_file_key(0, 0)).await, "verified");
    assert_eq!(header(&site, &bad).await, "failed");
}
