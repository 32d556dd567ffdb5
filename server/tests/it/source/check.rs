//! `trailmap check`.

use std::{path::Path, process::Command};

use super::cloud::{self, Bucket, Queue};
use crate::ingest::fixture::{records, write};

/// Its exit status and what it says, without what differs from run to run.
fn check(config: &Path) -> (Option<i32>, String) {
    check_with(config, &[])
}

/// The same with more settings.
pub fn check_with(config: &Path, settings: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trailmap"));
    for name in
        std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("TRAILMAP_") || name.starts_with("AWS_"))
    {
        command.env_remove(name);
    }
    let keys = [("AWS_ACCESS_KEY_ID", "testing"), ("AWS_SECRET_ACCESS_KEY", "testing")];
    let output = command.args(["check", "--config"]).arg(config).args(settings).envs(keys).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code(), told.replace(cloud::endpoint(), "http://moto"))
}

fn source(name: &str, lines: &str) -> String {
    let place = format!("region = \"eu-west-1\"\nendpoint_url = {:?}\n", cloud::endpoint());
    format!(
        "[[source]]\nname = {name:?}\n{lines}\n{}",
        if lines.contains("folder") || lines.contains("push") { "" } else { &place }
    )
}

#[tokio::test]
async fn says_of_each_source_what_works_and_what_is_missing() {
    let (bucket, empty, queue, folder) =
        (Bucket::new().await, Bucket::new().await, Queue::new().await, tempfile::tempdir().unwrap());
    bucket.put("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/01/01/a.json", records(0..1)).await;
    queue.send("{}").await;
    let key = write(folder.path(), "key", "a-key-of-the-tests-0123456789");
    let good = [
        source("trail", &format!("type = \"s3\"\nbucket = {:?}", bucket.name)),
        source("empty", &format!("type = \"s3\"\nbucket = {:?}\nprefix = \"a/\"", empty.name)),
        source("queue", &format!("type = \"sqs\"\nqueue_url = {:?}", queue.url)),
        source("drop", &format!("type = \"folder\"\npath = {:?}", folder.path())),
        source("events", &format!("type = \"push\"\naccess_key_file = {key:?}")),
    ];
    let file = write(folder.path(), "good.toml", good.concat());
    let (status, told) = check(&file);
    let expected = format!(
        "trail (s3): ok: s3://{}/ can be listed and read: folders of 1 account and region; log files are not \
         verified: there are no digests yet\n\
         empty (s3): ok: s3://{}/a/ can be listed: nothing in CloudTrail's layout yet; there is no key to try reading \
         with; log files are not verified: there are no digests yet\n\
         queue (sqs): ok: queue {} answers: about 1 messages wait\n\
         drop (folder): ok: folder {} can be read: 2 entries\n\
         events (push): ok: there is an access key; `trailmap serve` takes requests at /api/v1/push/events\n",
        bucket.name,
        empty.name,
        queue.url.replace(cloud::endpoint(), "http://moto"),
        folder.path().display()
    );
    assert_eq!(
        (told.as_str(), status),
        (expected.replace("folders of 1 account and region", "1 folders of accounts and regions").as_str(), Some(0))
    );

    let bad = [
        source("trail", "type = \"s3\"\nbucket = \"no-such-trail\""),
        source("queue", &format!("type = \"sqs\"\nqueue_url = \"{}/123456789012/no-queue\"", cloud::endpoint())),
        source("drop", "type = \"folder\"\npath = \"/no/such/folder\""),
        source("events", "type = \"push\"\naccess_key_env = \"TRAILMAP_NO_SUCH_KEY\""),
    ];
    let (status, told) = check(&write(folder.path(), "bad.toml", bad.concat()));
    assert_eq!(status, Some(1));
    let lines: Vec<_> = told.lines().collect();
    assert!(lines[0].starts_with("trail (s3): FAILED: bucket no-such-trail: is not there (NoSuchBucket: "), "{told}");
    assert!(
        lines[1].starts_with("queue (sqs): FAILED: queue http://moto/123456789012/no-queue: is not there ("),
        "{told}"
    );
    assert!(lines[2].starts_with("drop (folder): FAILED: folder /no/such/folder: No such file"), "{told}");

    assert_eq!(lines[3], "events (push): FAILED: the environment variable TRAILMAP_NO_SUCH_KEY is not set");

    let (status, told) = check(&write(folder.path(), "wrong.toml", "[[source]]\nname = \"x\"\ntype = \"s4\"\n"));
    assert_eq!(status, Some(1));
    assert!(
        told.ends_with(
            "wrong.toml, line 3: source \"x\": type: \"s4\" is none of s3, sqs, lookup-events, folder, push\n"
        ),
        "{told}"
    );
}
