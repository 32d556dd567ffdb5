//! The program itself killed in the middle of its work, and started again.

use std::{
    io::Read,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use rand::{Rng, SeedableRng};
use serde_json::json;
use server::store;
use sqlx::{ConnectOptions, postgres::PgConnectOptions};

use super::fixture::{event, gzip, ingest, records, tables, with, write};
use crate::support::{database, empty_database};

/// `trailmap ingest` on this database, with an empty data folder.
pub fn spawn(database: &PgConnectOptions, path: &Path, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_trailmap"))
        .arg("ingest")
        .arg(path)
        .args(arguments)
        .env("DATABASE_URL", database.to_url_lossy().as_str())
        .env("TRAILMAP_DATA_DIR", path.with_extension("no-data"))
        .env_remove("TRAILMAP_DATABASE_URL")
        .env_remove("TRAILMAP_GEOIP")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Its output, exit status, and the most memory that it held, in kB.
pub fn wait_with_peak(mut child: Child) -> (String, Option<i32>, u64) {
    let mut peak = 0;
    loop {
        // VmHWM is a high-water mark, so what happens between two looks is seen in the second.
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(peak);
        if let Some(status) = child.try_wait().unwrap() {
            let mut output = String::new();
            child.stdout.take().unwrap().read_to_string(&mut output).unwrap();
            assert!(peak > 0);
            return (output, status.code(), peak);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Many small objects with overlaps, a large one, damaged and rejected ones.
fn corpus(folder: &Path) {
    for n in 0..200u64 {
        write(folder, &format!("{:02}/{n:04}.json.gz", n % 7), gzip(records(n * 20..n * 20 + 25)));
    }
    // A chain of roles, each link in another object.
    for (at, (_, event)) in super::credential::story().into_iter().enumerate() {
        write(folder, &format!("{:02}/chain-{at}.json", at * 5 % 7), event.to_string());
    }
    let pad = "x".repeat(30_000);
    let large: Vec<_> = (3_000..3_900).map(|n| with(event(n), json!({"padding": pad})).to_string()).collect();
    write(folder, "03/large.json.gz", gzip(large.join("\n")));
    let cut = gzip(records(20_000..20_500));
    write(folder, "04/cut.json.gz", &cut[..cut.len() / 2]);
    write(
        folder,
        "05/bad.json",
        format!("{}\nnoise\n{}", event(30_000), with(event(30_000), json!({"eventTime": "2026-06-06T00:00:00Z"}))),
    );
}

#[tokio::test]
async fn killed_at_any_moment_the_tables_end_as_after_one_clean_run() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    corpus(&data);
    let clean = database().await;
    let began = std::time::Instant::now();
    ingest(&clean, &data).await;
    let whole = began.elapsed();
    let expected = tables(&clean).await;

    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(7);
    for round in 0..4 {
        let options = empty_database().await;
        for _ in 0..3 {
            let mut child = spawn(&options, &data, &["--format", "json"]);
            tokio::time::sleep(whole.mul_f64(random.random_range(0.05..0.9))).await;
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let (summary, status, _) = wait_with_peak(spawn(&options, &data, &["--format", "json"]));
        assert_eq!(status, Some(3), "{summary}");
        let pool = store::open(options, 2).await.unwrap();
        let got = tables(&pool).await;
        assert!(got == expected, "round {round}: {} rows, expected {}", got.len(), expected.len());
    }
}
