//! The private Postgres that serves when no database is configured.
//!
//! A cluster of Trailmap's own in `<data folder>/postgres`, run by the Postgres programs of this machine, reachable
//! through a unix socket in a folder that only the user who runs it may enter. Postgres refuses to run as root, so
//! root starts it as `postgres` (else `nobody`).
//!
//! Several Trailmap processes share a running cluster. Each holds a shared lock while it uses it; who leaves tries
//! the exclusive lock, and who gets it was the last and stops the cluster. A killed process loses its lock with its
//! life: the cluster then runs on until the next process that uses it has left.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::Context;
use sqlx::{
    Connection, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};
use tokio_util::task::AbortOnDropHandle;

mod attend;
mod lock;
mod owner;
mod place;
mod programs;
mod server;

use lock::{Turn, Usage};
use server::Server;

use crate::store::reader;

/// The name of the cluster's superuser and of Trailmap's database in it.
const NAME: &str = "trailmap";
/// Part of the socket's name only: the cluster listens on no network.
const PORT: u16 = 5432;

/// Where a cluster is and where its programs are looked for.
#[derive(Clone, Debug)]
pub struct Settings {
    pub data_dir: PathBuf,
    /// Looked through for programs first: folders joined as in `PATH`.
    pub path: Option<OsString>,
    /// Then: a folder that holds `<major version>/bin`, as Debian installs Postgres.
    pub versions: PathBuf,
    /// Holds the cluster when root may enter the data folder and the user who runs Postgres may not.
    pub fallback: PathBuf,
    /// False gives up durability for speed: for tests alone.
    pub durable: bool,
}

impl Settings {
    pub fn new(data_dir: &Path) -> Settings {
        Settings {
            data_dir: data_dir.to_owned(),
            path: std::env::var_os("PATH"),
            versions: PathBuf::from("/usr/lib/postgresql"),
            fallback: PathBuf::from("/var/lib/trailmap"),
            durable: true,
        }
    }
}

/// A running cluster of our own. The last process that uses it stops it: by `stop` or, at the latest, when dropped.
pub struct Cluster {
    server: Arc<Server>,
    usage: Option<Usage>,
    attendant: Option<AbortOnDropHandle<()>>,
    /// Set before we stop using it.
    left: Arc<AtomicBool>,
}

impl Cluster {
    /// Makes the cluster in `data_dir/postgres` when there is none, and starts it when it does not run.
    ///
    /// Errors: no Postgres programs, a cluster of another version, a folder that cannot be used, or Postgres does not
    /// start; the message says what to do.
    pub async fn start(data_dir: &Path) -> anyhow::Result<Cluster> {
        Self::start_with(Settings::new(data_dir)).await
    }

    /// As `start`, with the places to look at given.
    pub async fn start_with(settings: Settings) -> anyhow::Result<Cluster> {
        let cluster = tokio::task::spawn_blocking(move || Self::start_blocking(&settings)).await??;
        cluster.create_database().await?;
        Ok(cluster)
    }

    fn start_blocking(settings: &Settings) -> anyhow::Result<Cluster> {
        let server = Server::prepare(settings)?;
        let _turn = Turn::take(&server.place.home)?;
        let mut usage = Usage::new(&server.place.home)?;
        server.make()?;
        // When the system has replaced the programs, a running server cannot start new ones of its processes.
        if server.is_running() && server.is_outdated() && usage.is_alone()? {
            tracing::info!("the Postgres programs were upgraded: restarting the private Postgres");
            server.stop()?;
        }
        server.ensure_running()?;
        usage.share()?;
        Ok(Cluster { server: Arc::new(server), usage: Some(usage), attendant: None, left: Arc::default() })
    }

    /// From now on the server is started again whenever it ends, for as long as the cluster is used here.
    pub fn attend(&mut self) {
        let attending = attend::attend(self.server.clone(), self.left.clone());
        self.attendant = Some(AbortOnDropHandle::new(tokio::spawn(attending)));
    }

    /// How to connect to Trailmap's database in the cluster.
    pub fn options(&self) -> PgConnectOptions {
        self.options_of(NAME)
    }

    /// The same for queries, in the name of who may only read: everything, or what some accounts recorded.
    pub fn reader_options(&self) -> PgConnectOptions {
        self.options().username(reader::NAME)
    }

    pub fn limited_options(&self) -> PgConnectOptions {
        self.options().username(reader::LIMITED)
    }

    fn options_of(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.server.place.socket)
            .port(PORT)
            .username(NAME)
            .database(database)
            // The socket is private and Postgres offers no TLS on it; the environment (PGSSLMODE) must not ask for it.
            .ssl_mode(PgSslMode::Disable)
    }

    /// Trailmap's database and the roles that read it.
    async fn create_database(&self) -> anyhow::Result<()> {
        let socket = self.server.place.socket.display();
        let connection = PgConnection::connect_with(&self.options_of("postgres")).await;
        let mut connection = connection.with_context(|| format!("the private Postgres at {socket}"))?;
        // Another process may be about to do the same; the lock ends with the session.
        sqlx::query("select pg_advisory_lock(hashtextextended('trailmap', 0))").execute(&mut connection).await?;
        let exists = "select exists (select from pg_database where datname = 'trailmap')";
        if !sqlx::query_scalar::<_, bool>(exists).fetch_one(&mut connection).await? {
            sqlx::query("create database trailmap").execute(&mut connection).await?;
        }
        reader::make(&mut connection).await?;
        Ok(connection.close().await?)
    }

    /// The cluster's folder, which Postgres calls its data directory.
    pub fn folder(&self) -> &Path {
        &self.server.place.data
    }

    /// Stops the cluster, unless another process still uses it.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        tokio::task::spawn_blocking(move || self.release()).await?
    }

    fn release(&mut self) -> anyhow::Result<()> {
        let Some(mut usage) = self.usage.take() else { return Ok(()) };
        self.left.store(true, Ordering::Release);
        self.attendant = None;
        let _turn = Turn::take(&self.server.place.home)?;
        if usage.is_alone()? { self.server.stop() } else { Ok(()) }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Err(error) = self.release() {
            tracing::error!("the private Postgres may still run: {error:#}");
        }
    }
}
