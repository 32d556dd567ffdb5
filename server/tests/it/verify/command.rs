//! `trailmap verify` as it is typed: what it prints, and its exit status.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use model::time::Timestamp;
use serde_json::Value;
use server::ingest::{Input, source};
use tempfile::TempDir;

use super::{HOURS, WHOLE, bucket::Signer, victim};

/// A copy of the bucket, and a list of public keys.
struct Copy(TempDir);

impl Copy {
    fn new() -> Copy {
        let copy = Copy(tempfile::tempdir().unwrap());
        WHOLE.clone().copied().write(&copy.path("copy"));
        fs::write(copy.path("keys.json"), Signer::one().list()).unwrap();
        copy
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn verify(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trailmap"));
        let ours = std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("TRAILMAP_"));
        for name in ours {
            command.env_remove(name);
        }
        command.arg("verify").arg(self.path("copy")).arg("--data-dir").arg(self.path("data"));
        command.args(arguments).stdin(Stdio::null()).output().unwrap()
    }

    fn with_keys(&self, arguments: &[&str]) -> Output {
        let keys = self.path("keys.json");
        self.verify(&[&["--public-keys", keys.to_str().unwrap()], arguments].concat())
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn remove(copy: &Copy, key: impl AsRef<Path>) {
    fs::remove_file(copy.path("copy").join(key)).unwrap();
}

#[test]
fn what_is_whole_is_told_by_trail() {
    let copy = Copy::new();
    let output = copy.with_keys(&[]);
    let told = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    let trail = "111122223333 us-east-1 all_events: 2026-11-24T00:00:00Z to 2026-11-24T06:00:00Z\n  \
                 6 of 6 digests valid; 1 of 1 backfill digests valid; 11 of 11 log files valid\n";
    assert!(told.contains(trail) && told.ends_with("All of it is as CloudTrail delivered it.\n"), "{told}");
    assert!(!copy.path("data").exists(), "it needs no database");
}

#[test]
fn failures_are_named_and_the_status_tells() {
    let copy = Copy::new();
    let key = victim().log_file_key(3, 0);
    remove(&copy, &key);
    let output = copy.with_keys(&[]);
    let told = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains(&format!("  FAILURE: {key}: the log file is missing")), "{told}");
    assert!(told.contains("10 of 11 log files valid, 1 failed") && told.ends_with("1 failure.\n"), "{told}");

    let output = copy.with_keys(&["--format", "json"]);
    let report: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(report["result"], "failure");
    let trail = report["trails"].as_array().unwrap().iter().find(|trail| trail["log_files"]["failed"] == 1).unwrap();
    let finding = trail["findings"].as_array().unwrap().iter().find(|finding| finding["severity"] == "failure");
    assert_eq!((&finding.unwrap()["finding"], &finding.unwrap()["key"]), (&"log_file_missing".into(), &key.into()));

    // Not in the range.
    let range = ["--from", "2026-11-24T05:00:00Z"];
    assert_eq!(copy.with_keys(&range).status.code(), Some(0), "{}", stdout(&copy.with_keys(&range)));
}

#[test]
fn what_cannot_be_checked_is_neither_right_nor_wrong() {
    let copy = Copy::new();
    let output = copy.verify(&[]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stdout(&output).contains("NOT CHECKED: signatures are not checked"), "{}", stdout(&output));

    remove(&copy, format!("{}.signature", victim().digest_key(HOURS - 1, "")));
    let output = copy.with_keys(&[]);
    let told = stdout(&output);
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.contains("digest's signature is not known (S3 metadata)"), "{told}");
    assert!(told.contains("5 of 6 digests valid, 1 not checked"), "{told}");
}

/// What lies beside digests for us is nothing to ingest.
#[test]
fn signatures_are_no_objects_of_ingest() {
    let copy = Copy::new();
    let (objects, unreadable) = source::list(&[Input::Path(copy.path("copy"))], Timestamp(0));
    assert!(unreadable.is_empty() && objects.len() == WHOLE.files.len(), "{objects:?}");
}

#[test]
fn names_cannot_play_with_the_terminal() {
    let copy = Copy::new();
    let folder = victim().log_file_key(3, 0);
    let folder = copy.path("copy").join(folder).parent().unwrap().to_owned();
    fs::write(folder.join("\u{1b}[2J\u{202e}x.json.gz"), "x").unwrap();
    let told = stdout(&copy.with_keys(&[]));
    assert!(told.contains("\\u{1b}[2J\\u{202e}x.json.gz: the log file is in no digest"), "{told}");
    assert!(!told.contains('\u{1b}'));
}

#[test]
fn mistakes_are_named() {
    let copy = Copy::new();
    for (arguments, told) in [
        (&["--public-keys", "/no/such/file"][..], "/no/such/file"),
        (&["--from", "2026-11-25T00:00:00Z", "--to", "2026-11-24T00:00:00Z"], "--from is after --to"),
    ] {
        let output = copy.verify(arguments);
        let error = String::from_utf8(output.stderr.clone()).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(error.contains(told), "{error}");
    }
    fs::remove_dir_all(copy.path("copy")).unwrap();
    fs::create_dir(copy.path("copy")).unwrap();
    let output = copy.verify(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("no digests of CloudTrail"));
}
