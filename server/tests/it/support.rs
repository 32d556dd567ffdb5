//! A real, empty, migrated database for each test.
#![allow(dead_code)]

use std::{
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    str::FromStr,
    sync::atomic::{AtomicU32, Ordering},
};

use server::store::reader;
use sqlx::{
    Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::sync::OnceCell;

/// The folder of real logs, where it is at hand: `TRAILMAP_SHARED_DATA`, else `../shared/data` beside the project.
pub fn shared_data() -> Option<PathBuf> {
    let path = std::env::var_os("TRAILMAP_SHARED_DATA")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"));
    path.is_dir().then_some(path)
}

/// The tests' Postgres: the one of `TRAILMAP_TEST_DATABASE_URL`, else a private cluster for this process.
async fn server() -> PgConnectOptions {
    static SERVER: OnceCell<PgConnectOptions> = OnceCell::const_new();
    let start = async || match std::env::var("TRAILMAP_TEST_DATABASE_URL") {
        Ok(url) if !url.is_empty() => named_server(&url).await,
        _ => private_server().await,
    };
    SERVER.get_or_init(start).await.clone()
}

/// A server that is there, with the role of queries in it, as the private one has it by itself.
async fn named_server(url: &str) -> PgConnectOptions {
    let options = PgConnectOptions::from_str(url).unwrap();
    let mut connection = PgConnection::connect_with(&options).await.unwrap();
    reader::make(&mut connection).await.unwrap();
    for name in [reader::NAME, reader::LIMITED] {
        let sql = format!("alter role {name} password '{}'", reader::NAME);
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    }
    options
}

/// Starts a cluster in a temporary folder, and a guard that ends both with this process.
async fn private_server() -> PgConnectOptions {
    let folder = tempfile::tempdir().unwrap().keep();
    // The user that Postgres runs as, when root starts it, has to get in.
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    guard(&folder);
    let settings = server::postgres::Settings { durable: false, ..server::postgres::Settings::new(&folder) };
    let cluster = server::postgres::Cluster::start_with(settings).await.unwrap();
    let options = cluster.options();
    // Used until the process ends: there is no moment after the last test at which it could be stopped in order.
    std::mem::forget(cluster);
    options
}

/// A shell that reads from a pipe whose other end lives as long as this process does, however it ends. Then it kills
/// the server whose id Postgres has noted in the cluster, and removes the folder.
fn guard(folder: &Path) {
    const SCRIPT: &str = r#"
        cat >/dev/null
        server=$(head -n 1 "$1/postgres/postmaster.pid" 2>/dev/null) && kill -QUIT "$server"
        while kill -0 "$server" 2>/dev/null; do sleep 0.05; done
        rm -rf "$1"
    "#;
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", SCRIPT, "sh"]).arg(folder).stdin(Stdio::piped());
    // Not in the way of Ctrl-C, nor holding the output of the tests open for who reads it to its end.
    shell.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    std::mem::forget(shell.spawn().unwrap());
}

/// Options of a fresh, empty database.
pub async fn empty_database() -> PgConnectOptions {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("t_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let options = server().await;
    let mut connection = PgConnection::connect_with(&options).await.unwrap();
    let sql = format!("create database {name}");
    sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    options.database(&name)
}

/// A fresh database with our schema, as a server has it that uses it.
pub async fn database() -> PgPool {
    opened(empty_database().await, 4).await
}

pub async fn opened(options: PgConnectOptions, connections: u32) -> PgPool {
    let pool = server::store::open(options, connections).await.unwrap();
    reader::confine(&pool).await.unwrap();
    reader::open(&pool, reader_options(&pool), 1).await.unwrap().close().await;
    reader::open_limited(&pool, limited_options(&pool), 1).await.unwrap().close().await;
    pool
}

/// Connections for queries to this database, in the logins that they run in: a right that is missing is noticed by any test.
pub fn readers(pool: &PgPool) -> reader::Readers {
    let connect = |options: PgConnectOptions| PgPoolOptions::new().max_connections(5).connect_lazy_with(options);
    let limited = Some(reader::Limited::new(pool.clone(), connect(limited_options(pool))));
    reader::Readers { all: connect(reader_options(pool)), limited }
}

/// The password is for a server that asks for one.
pub fn reader_options(pool: &PgPool) -> PgConnectOptions {
    (*pool.connect_options()).clone().username(reader::NAME).password(reader::NAME)
}

pub fn limited_options(pool: &PgPool) -> PgConnectOptions {
    reader_options(pool).username(reader::LIMITED).options([("search_path", "limited,public")])
}
