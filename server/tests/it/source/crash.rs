//! `trailmap serve --config` killed in the middle of its work, and started again.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use rand::{Rng, SeedableRng, seq::SliceRandom};
use sqlx::{ConnectOptions, PgPool, postgres::PgConnectOptions};

use super::{
    cloud::{self, Bucket, Queue},
    notification::s3,
};
use crate::{
    ingest::fixture::{gzip, ingest, records, tables, write},
    support::{database, empty_database},
};

/// The running program, and its standard output.
pub struct Server(pub Child, #[expect(dead_code, reason = "closed with the server")] BufReader<ChildStdout>);

impl Server {
    pub fn start(database: &PgConnectOptions, config: &Path) -> Server {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trailmap"));
        let ours = std::env::vars().map(|(name, _)| name);
        for name in ours.filter(|name| name.starts_with("TRAILMAP_") || name.starts_with("AWS_")) {
            command.env_remove(name);
        }
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--config"])
            .arg(config)
            .arg("--data-dir")
            .arg(config.with_extension("no-data"))
            .env("DATABASE_URL", database.to_url_lossy().as_str())
            .envs([
                ("AWS_ACCESS_KEY_ID", "testing"),
                ("AWS_SECRET_ACCESS_KEY", "testing"),
                ("AWS_EC2_METADATA_DISABLED", "true"),
            ]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut String::new()).unwrap();
        Server(child, stdout)
    }

    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Ends it as an operator does; tells how long that took.
    pub fn stop(mut self) -> Duration {
        let began = Instant::now();
        kill(Pid::from_raw(self.0.id() as i32), Signal::SIGTERM).unwrap();
        assert!(self.0.wait().unwrap().success());
        began.elapsed()
    }
}

/// Waits until it holds.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < Duration::from_secs(60), "{what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn count(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap_or(-1)
}

/// Many more kills: `TRAILMAP_TEST_KILLS=50`.
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_nothing_is_lost_or_stored_twice() {
    let kills: usize = std::env::var("TRAILMAP_TEST_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(5);
    let (bucket, queue, folder) = (Bucket::new().await, Queue::new().await, tempfile::tempdir().unwrap());
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(11);
    let (files, each) = (24 * kills.max(1) as u64, 60);
    let mut messages = Vec::new();
    for number in 0..files {
        // A tenth of the events is in the next file, too; a twentieth of the files is notified of twice.
        let text = gzip(records(number * each..(number + 1) * each + each / 10));
        let key = format!("AWSLogs/1/CloudTrail/eu-west-1/2026/01/01/{number:05}.json.gz");
        bucket.put(&key, text.clone()).await;
        write(folder.path(), &format!("clean/{key}"), text);
        for _ in 0..if number % 20 == 0 { 2 } else { 1 } {
            messages.push(s3(&bucket.name, &key, &number.to_string()));
        }
    }
    messages.shuffle(&mut random);
    let config = write(
        folder.path(),
        "trailmap.toml",
        format!(
            "[[source]]\nname = \"queue\"\ntype = \"sqs\"\nqueue_url = {:?}\nvisibility_timeout = \"2s\"\n\
             region = \"eu-west-1\"\nendpoint_url = {:?}\n",
            queue.url,
            cloud::endpoint()
        ),
    );
    let options = empty_database().await;
    let pool = server::store::open(options.clone(), 4).await.unwrap();
    for some in messages.chunks(messages.len().div_ceil(kills.max(1))) {
        stream::iter(some).for_each_concurrent(8, |message| queue.send(message)).await;
        let server = Server::start(&options, &config);
        tokio::time::sleep(Duration::from_millis(random.random_range(0..1_500))).await;
        server.kill();
        let torn = "select count(*) from object o where events_inserted <>
                    (select count(*) from event e where e.object_id = o.object_id)";
        assert_eq!(count(&pool, torn).await, 0, "an object is whole or not there");
    }
    let server = Server::start(&options, &config);
    let all = (files * each + each / 10) as i64;
    until("all is stored and the queue is empty", async || {
        queue.count().await == (0, 0) && count(&pool, "select count(*) from event").await == all
    })
    .await;
    assert!(server.stop() < Duration::from_secs(10));
    assert_eq!(count(&pool, "select count(distinct event_id) from event").await, all);

    // The same events as of one clean run over the same files; the rollups are checked by `tables`.
    let clean = database().await;
    ingest(&clean, &folder.path().join("clean")).await;
    let events = |tables: Vec<String>| {
        let events = tables.into_iter().filter(|row| row.starts_with("e "));
        let mut events: Vec<_> = events.map(|row| row.split_once('{').unwrap().1.to_owned()).collect();
        events.sort();
        events
    };
    assert!(events(tables(&pool).await) == events(tables(&clean).await));
    assert_eq!(count(&pool, "select count(*) from source where state = 'stopped'").await, 1);
}
