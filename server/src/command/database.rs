//! The database of a run: the one that the settings name, or the private one.

use anyhow::Context;
use sqlx::PgPool;

use super::interrupt;
use crate::{config::Global, disk::Disk, postgres::Cluster, store};

/// An open, migrated database; `close` it, so that a private Postgres is stopped with us.
pub struct Database {
    pub pool: PgPool,
    pub disk: Disk,
    cluster: Option<Cluster>,
}

impl Database {
    /// Opens the configured database, or starts the private one when none is configured.
    pub async fn open(global: &Global, connections: u32) -> anyhow::Result<Database> {
        let Some(url) = global.database_url()? else { return Self::private(global, connections).await };
        let options = url.options().context("the database URL is empty")?;
        tracing::info!(database = %url, "connecting");
        let pool = tokio::select! {
            opened = store::open(options, connections) => opened.with_context(|| format!("database {url}"))?,
            () = interrupt::received() => return Err(interrupt::Interrupted.into()),
        };
        Ok(Database { pool, disk: Disk::default(), cluster: None })
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
                Ok(Database { pool, disk, cluster: Some(cluster) })
            }
            Err(error) => {
                cluster.stop().await?;
                Err(error)
            }
        }
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
        let _ = tokio::time::timeout(std::time::Duration::from_secs(2), self.pool.close()).await;
        match self.cluster {
            Some(cluster) => cluster.stop().await,
            None => Ok(()),
        }
    }
}
