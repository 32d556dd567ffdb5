//! `trailmap retain`, and what `trailmap serve` does by itself.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;
use server::store::{self, retention};
use sqlx::{ConnectOptions, postgres::PgConnectOptions};
use time::{Duration, OffsetDateTime};

use super::fixture::{A, B, at, count, everything, store as add};
use crate::{
    ingest::fixture::write,
    source::crash::{Server, until},
    support::empty_database,
};

pub fn command(database: &PgConnectOptions, config: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trailmap"));
    let ours = std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("TRAILMAP_"));
    for name in ours {
        command.env_remove(name);
    }
    command.args(arguments).arg("--config").arg(config).arg("--data-dir").arg(config.with_extension("no-data"));
    command.env("DATABASE_URL", database.to_url_lossy().as_str());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn ago(days: i64) -> String {
    let day = (OffsetDateTime::now_utc() - Duration::days(days)).date();
    format!("{day}T12:00:00Z")
}

/// The output and the exit status.
fn output(mut command: Command) -> (String, String, Option<i32>) {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_tells_and_a_run_does() {
    let (options, folder) = (empty_database().await, tempfile::tempdir().unwrap());
    let pool = store::open(options.clone(), 4).await.unwrap();
    let events = [at(1, &ago(100), A, "olga"), at(2, &ago(100), B, "nina"), at(3, &ago(1), A, "nina")];
    add(&pool, Some("trail"), "1.json", &events).await;
    let rule = format!(
        "[[retention.rule]]\naccount = \"{A}\"\ndays = 30\n[[retention.rule]]\naccount = \"333333333333\"\ndays = 1\n"
    );
    let config = write(folder.path(), "trailmap.toml", rule);
    let before = everything(&pool).await;
    let (text, error, status) = output(command(&options, &config, &["retain", "--dry-run"]));
    assert_eq!((status, error.as_str()), (Some(0), ""));
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].starts_with("Today is 2") && lines[0].ends_with(" (UTC)."), "{text}");
    assert_eq!(lines[1], "Note: nothing that is stored fits this rule: account = \"333333333333\", days = 1");
    let words: Vec<_> = lines[3].split_whitespace().collect();
    assert_eq!(words[0], &ago(100)[..7], "{text}");
    assert_eq!(words[1..4], [A, "trail", "1"], "{text}");
    assert!(lines[3].ends_with(&format!("account = \"{A}\", days = 30  would be deleted within the month")), "{text}");
    assert!(lines[4].starts_with("1 event in all, about 0."), "{text}");
    assert_eq!(lines[5], "Nothing was changed.");
    let (json, _, _) = output(command(&options, &config, &["retain", "--dry-run", "--format", "json"]));
    let planned: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(planned["expired"][0]["events"], 1);
    assert_eq!(planned["expired"][0]["first_day"], ago(100)[..10]);
    assert_eq!(planned["expired"][0]["way"], "delete");
    assert!(everything(&pool).await == before);

    let (json, error, status) = output(command(&options, &config, &["retain", "--format", "json"]));
    assert_eq!((status, error.as_str()), (Some(0), ""));
    let done: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(done["plan"], planned, "what was said is what was done");
    assert_eq!((&done["months"][0]["events"], &done["months"][0]["way"]), (&1.into(), &"delete".into()));
    assert_eq!(count(&pool, "select count(*) from event").await, 2);
    let (text, _, status) = output(command(&options, &config, &["retain"]));
    assert_eq!(status, Some(0));
    assert!(text.contains("No event is expired."), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_what_it_cannot_do() {
    let (options, folder) = (empty_database().await, tempfile::tempdir().unwrap());
    let nothing = write(folder.path(), "nothing.toml", "");
    let (_, error, status) = output(command(&options, &nothing, &["retain"]));
    assert_eq!(status, Some(1));
    assert!(error.ends_with("nothing.toml has no [retention]: everything is kept\n"), "{error}");
    let wrong = write(folder.path(), "wrong.toml", "[retention]\ndays = 0\n");
    let (_, error, status) = output(command(&options, &wrong, &["retain", "--dry-run"]));
    assert_eq!(status, Some(1));
    assert!(error.ends_with("wrong.toml, line 2: retention: days: a number from 1 to 36500 is expected\n"), "{error}");

    // Somebody reads what would be dropped.
    let pool = store::open(options.clone(), 4).await.unwrap();
    add(&pool, None, "1.json", &[at(1, &ago(100), A, "olga")]).await;
    let config = write(folder.path(), "trailmap.toml", "[retention]\ndays = 30\n");
    let mut reader = pool.begin().await.unwrap();
    sqlx::query("select count(*) from event").execute(&mut *reader).await.unwrap();
    let command_of = (options.clone(), config.clone());
    let left = tokio::task::spawn_blocking(move || output(command(&command_of.0, &command_of.1, &["retain"])));
    let (text, _, status) = left.await.unwrap();
    assert_eq!(status, Some(3));
    assert!(text.contains(": LEFT for the next run: somebody reads or writes it"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_does_it_shortly_after_its_start_and_notes_when_next() {
    let (options, folder) = (empty_database().await, tempfile::tempdir().unwrap());
    let pool = store::open(options.clone(), 4).await.unwrap();
    add(&pool, None, "1.json", &[at(1, &ago(100), A, "olga"), at(2, &ago(1), A, "nina")]).await;
    let config = write(folder.path(), "trailmap.toml", "[retention]\ndays = 30\n");
    let server = Server::start(&options, &config);
    until("it ran", async || {
        retention::last(&pool)
            .await
            .unwrap()
            .is_some_and(|last| last.finished_at.is_some() && last.next_at > last.finished_at)
    })
    .await;
    let last = retention::last(&pool).await.unwrap().unwrap();
    assert_eq!((last.events, last.months, last.error), (1, 1, None));
    assert!(last.bytes_before.unwrap() > 0 && last.bytes_after.unwrap() > 0);
    let next = last.next_at.unwrap();
    assert_eq!((next.hour(), next.minute()), (0, 10), "after midnight UTC");
    assert_eq!(count(&pool, "select count(*) from event").await, 1);
    server.stop();
    assert_eq!(retention::last(&pool).await.unwrap().unwrap().next_at, None, "nobody will");
}
