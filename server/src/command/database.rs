//! The database of a run: the one that the settings name, or the private one.

use anyhow::Context;
use sqlx::{PgPool, postgres::PgPoolOptions};

use super::interrupt;
use crate::{
    config::{DatabaseUrl, Global},
    disk::Disk,
    postgres::Cluster,
    store,
};

/// An open, migrated database; `close` it, so that a private Postgres is stopped with us.
pub struct Database {
    pub pool: PgPool,
    pub disk: Disk,
    cluster: Option<Cluster>,
    /// Of queries, where it was opened; and where it is, in a database that is not the private one.
    reader: Option<PgPool>,
    reader_url: Option<DatabaseUrl>,
}

impl Database {
    /// Opens the configured database, or starts the private one when none is configured.
    pub async fn open(global: &Global, connections: u32) -> anyhow::Result<Database> {
        let reader_url = global.reader_url().cloned();
        let Some(url) = global.database_url()? else {
            anyhow::ensure!(
                reader_url.is_none(),
                "--reader-url goes with --database-url, which is not given: the private Postgres has a login for queries by itself"
            );
            return Self::private(global, connections).await;
        };
        let options = url.options().context("the database URL is empty")?;
        tracing::info!(database = %url, "connecting");
        let pool = tokio::select! {
            opened = store::open(options, connections) => opened.with_context(|| format!("database {url}"))?,
            () = interrupt::received() => return Err(interrupt::Interrupted.into()),
        };
        Ok(Database { pool, disk: Disk::default(), cluster: None, reader: None, reader_url })
    }

    /// Starts the private Postgres of the data folder, whatever database is configured.
    pub async fn private(global: &Global, connections: u32) -> anyhow::Result<Database> {
        let data_dir = global.data_dir()?;
        // Not cut off by a signal: what has begun to start is first up, and then stopped in order.
        let cluster = Cluster::start(&data_dir).await?;
        let opened = tokio::select! {
            opened = store::open(cluster.options(), connections) => opened,
            () = interrupt::received() => Err(interrupt::Interrupted.into()),
        };
        match opened {
            Ok(pool) => {
                let disk = Disk::of(cluster.folder().to_owned(), global.disk_reserve());
                Ok(Database { pool, disk, cluster: Some(cluster), reader: None, reader_url: None })
            }
            Err(error) => {
                cluster.stop().await?;
                Err(error)
            }
        }
    }

    /// Connections for queries, in a login that reads and does nothing else; without one, in the owner's.
    pub async fn reader(&mut self, connections: u32) -> anyhow::Result<PgPool> {
        let reader = tokio::select! {
            reader = self.open_reader(connections) => reader?,
            () = interrupt::received() => return Err(interrupt::Interrupted.into()),
        };
        Ok(self.reader.insert(reader).clone())
    }

    async fn open_reader(&self, connections: u32) -> anyhow::Result<PgPool> {
        let Database { pool, cluster, reader_url, .. } = self;
        if let Some(cluster) = cluster {
            store::reader::confine(pool).await?;
            return store::reader::open(pool, cluster.reader_options(), connections).await;
        }
        let Some((url, login)) = reader_url.as_ref().and_then(|url| Some((url, url.options()?))) else {
            tracing::warn!("queries run in the login of --database-url, which may write: see --reader-url");
            let login = (*pool.connect_options()).clone();
            return Ok(PgPoolOptions::new().max_connections(connections).connect_lazy_with(login));
        };
        tracing::info!(database = %url, "connecting for queries");
        store::reader::open(pool, login, connections).await.with_context(|| format!("--reader-url {url}"))
    }

    /// From now on a private Postgres that ends is started again.
    pub fn attend(&mut self) {
        if let Some(cluster) = &mut self.cluster {
            cluster.attend();
        }
    }

    /// Runs `work` until it is done or a signal comes, and closes the database either way.
    pub async fn with<T>(self, work: impl AsyncFnOnce(&PgPool) -> anyhow::Result<T>) -> anyhow::Result<T> {
        let result = tokio::select! {
            result = work(&self.pool) => result,
            () = interrupt::received() => Err(interrupt::Interrupted.into()),
        };
        let closed = self.close().await;
        result.and_then(|value| closed.map(|()| value))
    }

    pub async fn close(self) -> anyhow::Result<()> {
        // Connections in use by work that was cut off would be waited for; the server ends them itself.
        let closing = async {
            if let Some(reader) = &self.reader {
                reader.close().await;
            }
            self.pool.close().await;
        };
        let _ = tokio::time::timeout(std::time::Duration::from_secs(2), closing).await;
        match self.cluster {
            Some(cluster) => cluster.stop().await,
            None => Ok(()),
        }
    }
}
