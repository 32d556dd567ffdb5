//! Several servers on one database: each source is read by one of them.

use std::{path::Path, time::Duration};

use server::{
    config::source::{Folder, Kind, Push, Secret, Source},
    ingest::{enrich::GeoIp, source::runner::Runner},
    store::source,
};
use sqlx::PgPool;

use super::crash::{Server, until};
use crate::{
    ingest::fixture::{records, write},
    support::{database, empty_database},
};

fn folder(name: &str, path: &Path) -> Source {
    Source {
        name: name.to_owned(),
        kind: Kind::Folder(Folder { path: path.to_owned(), poll: Duration::from_millis(50) }),
        verify: None,
    }
}

fn start(pool: &PgPool, sources: Vec<Source>) -> Runner {
    Runner::start(pool.clone(), GeoIp::default(), Default::default(), sources)
}

/// Names and states, by name.
async fn states(pool: &PgPool) -> Vec<(String, String)> {
    source::list(pool).await.unwrap().into_iter().map(|source| (source.name, source.state)).collect()
}

async fn events(pool: &PgPool) -> i64 {
    sqlx::query_scalar("select count(*) from event").fetch_one(pool).await.unwrap()
}

/// The same name in two files, with another folder in each: so that it shows who reads.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_reads_a_source_and_the_other_takes_over() {
    let (pool, here, there) = (database().await, tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(here.path(), "a.json", records(0..10));
    let first = start(&pool, vec![folder("drop", here.path())]);
    until("the first reads", async || events(&pool).await == 10).await;
    write(there.path(), "b.json", records(10..30));
    let second = start(&pool, vec![folder("drop", there.path())]);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(events(&pool).await, 10, "the second waits");
    first.stop().await;
    until("the second reads", async || events(&pool).await == 30).await;
    assert_ne!(states(&pool).await[0].1, "stopped");
    second.stop().await;
    assert_eq!(states(&pool).await[0].1, "stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_no_server_has_is_marked_as_stopped() {
    let (pool, place) = (database().await, tempfile::tempdir().unwrap());
    let key = write(place.path(), "key/key", "a-key-of-the-tests-0123456789");
    let drop = place.path().join("drop");
    std::fs::create_dir(&drop).unwrap();
    let push = || Source {
        name: "events".to_owned(),
        kind: Kind::Push(Push { access_key: Secret::File(key.clone()) }),
        verify: None,
    };
    source::running(&pool, "of-a-file-before", "folder").await.unwrap();
    let first = start(&pool, vec![folder("one", &drop), push()]);
    let second = start(&pool, vec![folder("other", &drop), push()]);
    until("both are at work", async || states(&pool).await.len() == 4).await;
    let stopped = async || {
        let all = states(&pool).await.into_iter();
        all.filter(|(_, state)| state == "stopped").map(|(name, _)| name).collect::<Vec<_>>()
    };
    until("what is in no file is stopped", async || stopped().await == ["of-a-file-before"]).await;
    second.stop().await;
    assert_eq!(stopped().await, ["of-a-file-before", "other"], "the others are the first one's still");
    first.stop().await;
    assert_eq!(stopped().await, ["events", "of-a-file-before", "one", "other"]);
}

/// A server that is killed, and one whose session Postgres ends.
#[tokio::test(flavor = "multi_thread")]
async fn locks_end_with_the_session_and_are_taken_again() {
    let (options, place) = (empty_database().await, tempfile::tempdir().unwrap());
    let pool = server::store::open(options.clone(), 4).await.unwrap();
    let (here, there) = (place.path().join("here"), place.path().join("there"));
    std::fs::create_dir_all(&there).unwrap();
    write(&here, "a.json", records(0..10));
    let text = format!("[[source]]\nname = \"drop\"\ntype = \"folder\"\npath = {here:?}\npoll = \"1s\"\n");
    let killed = Server::start(&options, &write(place.path(), "trailmap.toml", text));
    until("it reads", async || events(&pool).await == 10).await;
    let next = start(&pool, vec![folder("drop", &there)]);
    tokio::time::sleep(Duration::from_secs(3)).await;
    killed.kill();
    write(&there, "b.json", records(10..20));
    until("the next one takes over", async || events(&pool).await == 20).await;
    let ended = sqlx::query_scalar::<_, bool>(
        "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())",
    );
    assert_eq!(ended.fetch_all(&pool).await.unwrap(), [true]);
    write(&there, "c.json", records(20..30));
    until("it goes on with another session", async || events(&pool).await == 30).await;
    next.stop().await;
}
