//! S3 that breaks off in the middle of an answer, and S3 that denies.

use std::{path::Path, process::Command, time::Duration};

use serde_json::json;
use server::{
    config::source::{Aws, S3},
    ingest::source::{intake::Intake, listing::Listing},
    store,
};
use sqlx::PgPool;

use super::{
    cloud,
    crash::{Server, count, until},
    store::{BUCKET, Store},
};
use crate::{
    ingest::fixture::{event, gzip, records, with, write},
    support::{database, empty_database},
};

fn bucket(keys: &[(&str, Vec<u8>)]) -> Store {
    let store = Store::new();
    keys.iter().for_each(|(key, bytes)| store.put(key, bytes.clone()));
    store
}

fn listing(store: &Store) -> Listing {
    let aws = Aws { region: Some("eu-west-1".to_owned()), endpoint_url: Some(store.url.clone()), ..Aws::default() };
    let (bucket, prefix, since) = (BUCKET.to_owned(), "logs/".to_owned(), None);
    let settings =
        S3 { aws, bucket, prefix, since, keep_days: None, poll: Duration::ZERO, recheck: Duration::from_secs(3_600) };
    Listing::new(settings, &cloud::config_for(&store.url))
}

fn intake(pool: &PgPool) -> Intake {
    Intake::new(pool.clone(), Default::default()).named("trail")
}

/// A store whose answers break off after half of their length, though they told all of it.
#[tokio::test]
async fn a_body_that_breaks_off_leaves_nothing_and_is_read_again() {
    let pad = "x".repeat(40_000);
    let lines = |from: u64, to: u64| (from..to).map(|number| with(event(number), json!({"padding": pad})).to_string());
    // One of some parts; one that goes to the database in pieces before it breaks off; one compressed.
    let some = lines(0, 60).collect::<Vec<_>>().join("\n").into_bytes();
    let large = lines(1_000, 2_000).collect::<Vec<_>>().join("\n").into_bytes();
    for (bytes, events) in [(some, 60), (large, 1_000), (gzip(records(20_000..22_000)), 2_000)] {
        let pool = database().await;
        let bucket = bucket(&[("logs/a", bytes), ("logs/b", records(30_000..30_010).into())]);
        let (mut listing, intake) = (listing(&bucket), intake(&pool));
        store::source::running(&pool, "trail", "s3").await.unwrap();
        bucket.state().broken = Some("logs/a");
        let round = listing.round(&intake).await.unwrap();
        let complaint = round.complaint.unwrap();
        assert!(complaint.starts_with("s3://trail/logs/a: "), "{complaint}");
        assert_eq!(count(&pool, "select count(*) from event").await, 10, "of the other one: {complaint}");
        let failed = store::object::list(&pool, true, 10).await.unwrap();
        assert_eq!((failed.len(), failed[0].events_read, failed[0].events_inserted), (1, 0, 0), "{failed:?}");
        assert!(failed[0].error.is_some());
        let round = listing.round(&intake).await.unwrap();
        assert_eq!(round.complaint, None);
        assert_eq!(count(&pool, "select count(*) from event").await, events + 10);
        assert_eq!(count(&pool, "select count(*) from object where state = 'done'").await, 2);
        assert_eq!(count(&pool, "select count(*) from rejected").await, 0);
    }
}

fn check(config: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trailmap"));
    command.args(["check", "--config"]).arg(config);
    command.envs([("AWS_ACCESS_KEY_ID", "testing"), ("AWS_SECRET_ACCESS_KEY", "testing")]);
    let output = command.env_remove("TRAILMAP_CONFIG").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn what_is_denied_is_told_with_its_name_and_the_permission() {
    for (denied, told) in [
        (
            "GET",
            "s3://trail/logs/a: access is denied: the permission s3:GetObject is needed (AccessDenied: User: u is not \
             authorized to perform: s3:GetObject because no policy allows it)",
        ),
        (
            "LIST",
            "bucket trail: access is denied: the permission s3:ListBucket is needed (AccessDenied: User: u is not \
             authorized to perform: s3:ListBucket because no policy allows it)",
        ),
    ] {
        let bucket = bucket(&[("logs/a", records(0..10).into())]);
        bucket.state().denied = denied;
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "[[source]]\nname = \"trail\"\ntype = \"s3\"\nbucket = \"trail\"\nprefix = \"logs/\"\npoll = \"1s\"\n\
             region = \"eu-west-1\"\nendpoint_url = {:?}\n",
            bucket.url
        );
        let config = write(folder.path(), "trailmap.toml", text);
        assert_eq!(check(&config), format!("trail (s3): FAILED: {told}\n"));

        let options = empty_database().await;
        let pool = store::open(options.clone(), 2).await.unwrap();
        let server = Server::start(&options, &config);
        let last = async || store::source::list(&pool).await.unwrap().into_iter().find_map(|source| source.last_error);
        until("the source's row tells", async || last().await.is_some()).await;
        assert_eq!(last().await.unwrap().replace(" cannot be opened:", ""), told);
        // Once it is allowed, all is read.
        bucket.state().denied = "";
        until("it goes on", async || count(&pool, "select count(*) from event").await == 10).await;
        server.stop();
    }
}
