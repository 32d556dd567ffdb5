//! The private Postgres of a server that ends while it serves.

use std::{os::unix::fs::PermissionsExt, path::Path, time::Duration};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::{
    crash::{Server, count, until},
    full::{get, options},
    restart::stop_immediately,
};
use crate::ingest::fixture::{gzip, records, write};

fn process(data_dir: &Path) -> Option<i32> {
    let record = std::fs::read_to_string(data_dir.join("postgres/postmaster.pid")).ok()?;
    record.lines().next()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_started_again_and_all_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let (data, drop) = (folder.path().join("data"), folder.path().join("drop"));
    write(&drop, "0.json.gz", gzip(records(0..100)));
    let text = format!("[[source]]\nname = \"drop\"\ntype = \"folder\"\npath = {drop:?}\npoll = \"1s\"\n");
    let config = write(folder.path(), "trailmap.toml", text);
    let server = Server::private(&data, &config);
    let pool = sqlx::postgres::PgPoolOptions::new().max_connections(2).connect_lazy_with(options(&data));
    let events = async || count(&pool, "select count(*) from event").await;
    until("the first events are stored", async || events().await == 100).await;

    for (number, signal) in [(1, None), (2, Some(Signal::SIGKILL)), (3, Some(Signal::SIGINT))] {
        let before = process(&data).unwrap();
        write(&drop, &format!("{number}.json.gz"), gzip(records(number * 100..(number + 1) * 100)));
        match signal {
            None => stop_immediately(&data).await,
            Some(signal) => kill(Pid::from_raw(before), signal).unwrap(),
        }
        let began = std::time::Instant::now();
        until("it has another process", async || process(&data).is_some_and(|process| process != before)).await;
        until("pages are back", async || get(&server, "/readyz").await.0 == 200).await;
        println!("{signal:?}: pages are back after {:?}", began.elapsed());
        until("what came is stored", async || events().await == (number as i64 + 1) * 100).await;
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
        assert_eq!(get(&server, "/d/overview/key-figures.json").await.0, 200);
    }
    let took = server.stop();
    assert!(took < Duration::from_secs(15), "{took:?}");
    assert_eq!(process(&data), None, "it is stopped with the program");
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(process(&data), None, "and not started again");
}
