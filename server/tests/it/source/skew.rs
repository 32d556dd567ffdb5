//! The machine's clock is wrong, and leaps, while sources are at work: by libfaketime, where it is installed.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use model::time::Timestamp;
use serde_json::Value;
use server::clock::Clock;

use super::{
    crash::Server,
    deliveries::{Deliveries, random},
};
use crate::support::empty_database;

/// Where Debian has it.
fn library() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.flatten().map(|folder| folder.path());
    folders.map(|folder| folder.join("faketime/libfaketime.so.1")).find(|library| library.exists())
}

/// By how many seconds the program's clock is ahead.
async fn ahead_s(server: &Server) -> i64 {
    let url = format!("{}/api/v1/ingest", server.2);
    let answer: Value =
        tokio::task::spawn_blocking(move || ureq::get(url).call().unwrap().into_body().read_json().unwrap())
            .await
            .unwrap();
    let told = Timestamp::parse(answer["at"].as_str().unwrap()).unwrap();
    (told.0 - Clock::System.now().0) / 1_000
}

fn set(clock: &Path, ahead_s: i64) {
    std::fs::write(clock, format!("{ahead_s:+}s\n")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_leaps_loses_nothing() {
    let Some(library) = library() else { return println!("no libfaketime here: not tried") };
    let mut random = random();
    let deliveries = Deliveries::new(&mut random, 80, 50);
    let options = empty_database().await;
    let pool = server::store::open(options.clone(), 4).await.unwrap();
    let clock = deliveries.config.with_extension("clock");
    set(&clock, 3_600);
    let server = Server::by_clock(&options, &deliveries.config, &library, &clock);
    for (part, ahead) in deliveries.parts(4).into_iter().zip([3_600, -3_600, 3_600, 0]) {
        set(&clock, ahead);
        // It is looked at once a second.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let told = ahead_s(&server).await;
        assert!((told - ahead).abs() < 60, "{told} s instead of {ahead} s: the clock is not that of the test");
        deliveries.deliver(part).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    deliveries.over(&pool).await;
    assert!(server.stop() < Duration::from_secs(10));
    deliveries.check(&pool).await;
}
