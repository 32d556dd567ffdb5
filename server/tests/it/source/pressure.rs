//! A queue that is much deeper than what is read at a time: bounded memory, and an end in time in the middle of it.

use std::time::Duration;

use serde_json::json;

use super::{
    crash::{Server, count, until},
    notification::s3,
    store::{BUCKET, Store},
};
use crate::{
    ingest::fixture::{event, gzip, with, write},
    support::empty_database,
};

/// The most memory that it ever held.
pub fn peak_kb(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.0.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

const MESSAGES: usize = 3_000;
const FILES: usize = 60;
/// Of a file; each is some 30 kB.
const EVENTS: u64 = 100;

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_bounded_however_deep_the_queue() {
    let (store, folder) = (Store::new(), tempfile::tempdir().unwrap());
    let pad = "x".repeat(30_000);
    for number in 0..FILES {
        let numbers = number as u64 * EVENTS..(number as u64 + 1) * EVENTS;
        let lines = numbers.map(|number| with(event(number), json!({"padding": pad})).to_string());
        let file = gzip(lines.collect::<Vec<_>>().join("\n"));
        // Under a key for each message: all of them are read.
        (number..MESSAGES).step_by(FILES).for_each(|number| store.put(&format!("{number:04}.json.gz"), file.clone()));
    }
    for number in 0..MESSAGES {
        store.send(s3(BUCKET, &format!("{number:04}.json.gz"), &number.to_string()));
    }
    let config = format!(
        "[[source]]\nname = \"queue\"\ntype = \"sqs\"\nqueue_url = {:?}\nregion = \"eu-west-1\"\nendpoint_url = {:?}\n",
        store.queue_url(),
        store.url
    );
    let config = write(folder.path(), "trailmap.toml", config);
    let options = empty_database().await;
    let pool = server::store::open(options.clone(), 2).await.unwrap();
    let server = Server::start(&options, &config);
    until("some of it is stored", async || count(&pool, "select count(*) from object").await >= 60).await;
    let took_at = std::time::Instant::now();
    let peak = peak_kb(&server);
    let took = server.stop();
    println!("{peak} kB at most; ended in {took:?} ({:?})", took_at.elapsed());
    assert!(peak < 512 << 10, "{peak} kB");
    assert!(took < Duration::from_secs(10), "{took:?}");
    // What left the queue is stored, whole, and the rest is still there.
    let gone = store.state().deleted.len() as i64;
    let messages = count(&pool, "select messages from source").await;
    assert!(messages <= gone && gone < MESSAGES as i64, "{messages} counted, {gone} gone");
    let done = count(&pool, "select count(*) from object where state = 'done' and events_read = 100").await;
    assert!(gone <= done, "{gone} messages are gone and {done} objects stored");
    assert_eq!(count(&pool, "select count(*) from object where state <> 'done'").await, 0);
}
