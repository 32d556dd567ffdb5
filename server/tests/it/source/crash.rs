//! `trailmap serve --config` as a process of its own, that can be killed and ended.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use sqlx::{ConnectOptions, PgPool, postgres::PgConnectOptions};

/// The running program, its standard output, and its address.
pub struct Server(
    pub Child,
    #[expect(dead_code, reason = "closed with the server")] BufReader<ChildStdout>,
    pub String,
);

/// With a test that fails it ends, too.
impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Server {
    pub fn start(database: &PgConnectOptions, config: &Path) -> Server {
        Server::run(config, &config.with_extension("no-data"), Some(database), &[])
    }

    /// By a clock that goes as the file says: `library` is libfaketime.
    pub fn by_clock(database: &PgConnectOptions, config: &Path, library: &Path, clock: &Path) -> Server {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let environment = [
            ("LD_PRELOAD", text(library)),
            ("FAKETIME_TIMESTAMP_FILE", text(clock)),
            ("FAKETIME_CACHE_DURATION", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ];
        Server::run(config, &config.with_extension("no-data"), Some(database), &environment)
    }

    /// With a private Postgres in this folder.
    pub fn private(data_dir: &Path, config: &Path) -> Server {
        Server::run(config, data_dir, None, &[])
    }

    fn run(config: &Path, data_dir: &Path, database: Option<&PgConnectOptions>, more: &[(&str, String)]) -> Server {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trailmap"));
        let ours = std::env::vars().map(|(name, _)| name);
        for name in ours.filter(|name| name.starts_with("TRAILMAP_") || name.starts_with("AWS_")) {
            command.env_remove(name);
        }
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--config"])
            .arg(config)
            .arg("--data-dir")
            .arg(data_dir)
            .env("DATABASE_URL", database.map_or(String::new(), |database| database.to_url_lossy().to_string()))
            .envs([
                ("AWS_ACCESS_KEY_ID", "testing"),
                ("AWS_SECRET_ACCESS_KEY", "testing"),
                ("AWS_EC2_METADATA_DISABLED", "true"),
            ])
            .envs(more.iter().map(|(name, value)| (name, value)));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line.trim().rsplit(' ').next().unwrap_or_default().to_owned();
        Server(child, stdout, address)
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

pub async fn count(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap_or(-1)
}
