//! The disk of the private Postgres runs full while sources are at work, and is freed.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use nix::{fcntl::posix_fallocate, sys::statvfs::statvfs};
use server::postgres::{Cluster, Settings};
use sqlx::{AssertSqlSafe, PgPool, postgres::PgConnectOptions};

use super::{
    crash::{Server, count, until},
    deliveries::{Deliveries, random},
};
use crate::ingest::fixture::{event, gzip, records, write};

const MB: u64 = 1_000_000;

/// A small disk, in memory.
struct Disk {
    path: PathBuf,
    shell: Child,
}

impl Disk {
    /// None where we may not mount. A shell unmounts it with this process at the latest, however that ends, when it has ended the
    /// Postgres on it.
    fn mount(size: u64) -> Option<Disk> {
        const SCRIPT: &str = r#"
            mount -t tmpfs -o size="$2",mode=755 trailmap-test "$1" || exit 1
            echo mounted
            cat >/dev/null
            server=$(head -n 1 "$1/data/postgres/postmaster.pid" 2>/dev/null) && kill -QUIT "$server"
            while kill -0 "$server" 2>/dev/null; do sleep 0.05; done
            umount "$1" || umount --lazy "$1"
            rmdir "$1"
        "#;
        let path = tempfile::tempdir().unwrap().keep();
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", SCRIPT, "sh"]).arg(&path).arg(size.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut shell = std::os::unix::process::CommandExt::process_group(&mut shell, 0).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut line).unwrap();
        if line != "mounted\n" {
            shell.wait().unwrap();
            std::fs::remove_dir(&path).unwrap();
            return None;
        }
        Some(Disk { path, shell })
    }

    fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    fn free(&self) -> u64 {
        let found = statvfs(&self.path).unwrap();
        found.blocks_available() * found.fragment_size()
    }

    /// A file that leaves so much.
    fn fill(&self, name: &str, left: u64) -> PathBuf {
        let path = self.path.join(name);
        let file = File::create(&path).unwrap();
        // Postgres may take some of it at the same time.
        let mut tries = 0..20;
        while posix_fallocate(&file, 0, self.free().saturating_sub(left) as i64).is_err() {
            tries.next().unwrap();
        }
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

/// As the program itself connects to its private Postgres.
pub fn options(data_dir: &Path) -> PgConnectOptions {
    let options = PgConnectOptions::new_without_pgpass().socket(data_dir.join("postgres"));
    options.port(5432).username("trailmap").database("trailmap")
}

/// Status, `Retry-After`, and body.
pub async fn get(server: &Server, path: &str) -> (u16, String, String) {
    ask(ureq::http::Request::get(format!("{}{path}", server.2)).body(String::new()).unwrap()).await
}

async fn push(server: &Server, text: &str) -> (u16, String, String) {
    let request = ureq::http::Request::post(format!("{}/api/v1/push/sent", server.2));
    ask(request.header("x-amz-firehose-access-key", KEY).body(text.to_owned()).unwrap()).await
}

async fn ask(request: ureq::http::Request<String>) -> (u16, String, String) {
    let asked = tokio::task::spawn_blocking(move || {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut answer = agent.run(request).unwrap();
        let again = answer.headers().get("retry-after").map_or("", |again| again.to_str().unwrap()).to_owned();
        (answer.status().as_u16(), again, answer.body_mut().read_to_string().unwrap())
    });
    asked.await.unwrap()
}

const KEY: &str = "a-key-of-the-tests-0123456789";
const STORED: &str = "select count(*) from stored_event";

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_pauses_ingest_and_nothing_is_lost() {
    let Some(disk) = Disk::mount(600 * MB) else {
        println!("SKIPPED: a file system cannot be mounted here, which takes root");
        return;
    };
    let mut random = random();
    let mut deliveries = Deliveries::new(&mut random, 200, 150);
    let key = write(deliveries.folder.path(), "key", KEY);
    let text = std::fs::read_to_string(&deliveries.config).unwrap();
    let text = format!("{text}[[source]]\nname = \"sent\"\ntype = \"push\"\naccess_key_file = {key:?}\n");
    std::fs::write(&deliveries.config, text).unwrap();
    // The reserve is 134 MB: what comes in soon needs more than is left above it.
    let ballast = disk.fill("ballast", 220 * MB);
    let server = Server::private(&disk.data(), &deliveries.config);
    let pool = sqlx::postgres::PgPoolOptions::new().max_connections(2).connect_lazy_with(options(&disk.data()));
    let (first, second) = (deliveries.also(event(1_000_000)), deliveries.also(event(1_000_001)));
    until("pushes are taken", async || push(&server, &first).await.0 == 200).await;
    assert_eq!(get(&server, "/readyz").await, (200, String::new(), "ready\n".to_owned()));

    let parts = deliveries.parts(2);
    deliveries.deliver(parts[0].clone()).await;
    until("it is paused", async || get(&server, "/readyz").await.2.contains("degraded")).await;
    let (mut stored, mut before) = (count(&pool, STORED).await, -1);
    // What was on its way is stored to its end.
    while before != stored {
        tokio::time::sleep(Duration::from_secs(3)).await;
        (before, stored) = (stored, count(&pool, STORED).await);
    }
    let free = disk.free();
    println!("paused with {stored} events stored and {} MB free", free / MB);
    assert!(stored > 1 && free > 60 * MB, "{stored} stored, {free} free");
    deliveries.deliver(parts[1].clone()).await;
    // Somebody else takes all that is left.
    let rest = disk.fill("rest", 0);
    assert!(disk.free() < MB);
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        reads_and_says_so(&server, stored).await;
    }
    assert_eq!(count(&pool, STORED).await, stored, "nothing is stored while it is paused");
    deliveries.in_hand(&pool).await;
    let (status, again, told) = push(&server, &second).await;
    assert_eq!((status, again.as_str()), (503, "30"), "{told}");
    assert!(told.contains("ingest is paused: the disk has"), "{told}");
    let mark = deliveries.mark(1);

    std::fs::remove_file(rest).unwrap();
    std::fs::remove_file(ballast).unwrap();
    until("it is well again", async || get(&server, "/readyz").await.2 == "ready\n").await;
    until("pushes are taken", async || push(&server, &second).await.0 == 200).await;
    until("what came while it was full is stored", async || is_done(&pool, &mark).await).await;
    deliveries.over(&pool).await;
    deliveries.check(&pool).await;
    pool.close().await;
    server.stop();
    assert!(!disk.data().join("postgres/postmaster.pid").exists());
}

/// The database's tables are on a small disk, and its log is elsewhere: as of a Postgres whose disk is not to be seen, Postgres says
/// that it is full and lives on.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_says_that_it_is_full_pauses_ingest() {
    let Some(disk) = Disk::mount(120 * MB) else {
        println!("SKIPPED: a file system cannot be mounted here, which takes root");
        return;
    };
    // Of its own: a Postgres whose tablespace goes, as it does where this fails, goes with it.
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let postgres = Cluster::start_with(Settings { durable: false, ..Settings::new(folder.path()) }).await.unwrap();
    let options = postgres.options();
    let admin = sqlx::PgPool::connect_with(options.clone()).await.unwrap();
    let run = async |sql: String| sqlx::raw_sql(AssertSqlSafe(sql)).execute(&admin).await.unwrap();
    let cluster: String = sqlx::query_scalar("show data_directory").fetch_one(&admin).await.unwrap();
    let (tables, name) = (disk.path.join("tables"), format!("small_{}", std::process::id()));
    std::fs::create_dir(&tables).unwrap();
    let owner = std::fs::metadata(cluster).unwrap();
    std::os::unix::fs::chown(&tables, Some(owner.uid()), Some(owner.gid())).unwrap();
    run(format!("create tablespace {name} location '{}'", tables.display())).await;
    run(format!("create database {name} tablespace {name}")).await;
    let pool = server::store::open(options.database(&name), 2).await.unwrap();

    let deliveries = Deliveries::new(&mut random(), 40, 100);
    let rest = disk.fill("rest", MB);
    let server = Server::start(&pool.connect_options(), &deliveries.config);
    let parts = deliveries.parts(2);
    deliveries.deliver(parts[0].clone()).await;
    let told = "degraded: ingest is paused";
    until("it is paused", async || get(&server, "/readyz").await.2.contains(told)).await;
    deliveries.deliver(parts[1].clone()).await;
    tokio::time::sleep(Duration::from_secs(7)).await;
    let stored = count(&pool, STORED).await;
    let (_, _, text) = get(&server, "/readyz").await;
    assert!(text.contains(told), "it is asked, and still full: {text}");
    assert_eq!(get(&server, "/d/overview/key-figures.json").await.0, 200);
    let report: serde_json::Value = serde_json::from_str(&get(&server, "/api/v1/ingest").await.2).unwrap();
    assert_eq!(report["sources"][0]["state"], "paused", "{report}");
    assert_eq!(report["sources"][0]["last_error"], "Paused: the disk of the database is full", "{report}");
    // Postgres' cache of its catalogue, which it makes anew now and then: without it no connection is made.
    let caches = files(&tables, "pg_internal.init");
    assert!(!caches.is_empty());
    caches.iter().for_each(|cache| std::fs::remove_file(cache).unwrap());
    let last = disk.fill("last", 0);
    let error = sqlx::PgPool::connect_with((*pool.connect_options()).clone()).await.unwrap_err();
    assert!(server::store::is_full(&error), "{error:?}");
    std::fs::remove_file(last).unwrap();
    deliveries.in_hand(&pool).await;
    std::fs::remove_file(rest).unwrap();
    deliveries.over(&pool).await;
    println!("{stored} events were stored when it was full");
    assert_eq!(get(&server, "/readyz").await.2, "ready\n");
    deliveries.check(&pool).await;
    assert!(server.stop() < Duration::from_secs(10));
    pool.close().await;
    run(format!("drop database {name}")).await;
    run(format!("drop tablespace {name}")).await;
}

/// It does not wait: what it could not store is told, and stored by the next run.
#[test]
fn a_run_by_hand_ends_with_an_error() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let file = write(folder.path(), "0.json.gz", gzip(records(0..100)));
    let ingest = |reserve: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trailmap"));
        command.arg("ingest").arg(&file).arg("--data-dir").arg(folder.path().join("data"));
        command.args(["--disk-reserve", reserve]).env("DATABASE_URL", "").env_remove("TRAILMAP_DATABASE_URL");
        let output = command.output().unwrap();
        let told = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(told).unwrap())
    };
    let (code, told) = ingest("9000TB");
    assert_eq!(code, Some(1), "{told}");
    for part in ["the disk has ", "less than the reserve of 9000000.0 GB", "--disk-reserve", "run it again"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let (code, told) = ingest("0");
    assert!(code == Some(0) && told.contains("100 events read: 100 new"), "{told}");
    let (code, told) = ingest("much");
    assert!(code == Some(2) && told.contains("not a size such as 500MB"), "{told}");
}

/// Of this name, in the folder or below it.
fn files(folder: &Path, name: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => files(&path, name),
            false => Some(path).filter(|path| path.ends_with(name)).into_iter().collect(),
        })
        .collect()
}

/// Pages and panels answer, and each place that tells how ingest goes says that it is paused.
async fn reads_and_says_so(server: &Server, stored: i64) {
    let (status, _, text) = get(server, "/readyz").await;
    assert_eq!(status, 200, "{text}");
    assert!(text.starts_with("ready\ndegraded: ingest is paused, since the database has no room"), "{text}");
    assert_eq!(get(server, "/").await.0, 200);
    let (status, _, panel) = get(server, "/d/overview/key-figures.json?range=2000d").await;
    assert_eq!(status, 200, "{stored} stored: {panel}");
    let (status, _, rows) = get(server, "/discover.json?range=7d").await;
    assert!(status == 200 && rows.contains("event_name\":\"GetObject"), "{status}");
    let (status, _, page) = get(server, "/ingest").await;
    assert!(status == 200 && page.contains("Paused: the disk has "), "{status}");
    let report: serde_json::Value = serde_json::from_str(&get(server, "/api/v1/ingest").await.2).unwrap();
    assert!(report["disk"]["paused"].as_str().is_some_and(|told| told.contains("less than the reserve of 134 MB")));
    for source in report["sources"].as_array().unwrap() {
        assert_eq!(source["state"], "paused", "{source}");
    }
    let (_, _, metrics) = get(server, "/metrics").await;
    for line in ["trailmap_ingest_paused 1", "trailmap_disk_reserve_bytes 134217728", "trailmap_disk_free_bytes "] {
        assert!(metrics.contains(line), "{line} is missing: {metrics}");
    }
}

async fn is_done(pool: &PgPool, uri: &str) -> bool {
    let done = sqlx::query_scalar("select exists (select from object where uri = $1 and state = 'done')").bind(uri);
    done.fetch_one(pool).await.unwrap_or(false)
}
