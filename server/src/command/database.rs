//! The database of a run: the one that the settings name, or the private one.

use anyhow::Context;
use sqlx::{
    Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::interrupt;
use crate::{
    config::{DatabaseUrl, Global},
    disk::Disk,
    postgres::Cluster,
    store::{
        self,
        reader::{self, Limited, Readers},
    },
};

/// An open, migrated database; `close` it, so that a private Postgres is stopped with us.
pub struct Database {
    pub pool: PgPool,
    pub disk: Disk,
    cluster: Option<Cluster>,
    /// Of queries, where it was opened; and where it is, in a database that is not the private one.
    readers: Option<Readers>,
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
        Ok(Database { pool, disk: Disk::default(), cluster: None, readers: None, reader_url })
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
                Ok(Database { pool, disk, cluster: Some(cluster), readers: None, reader_url: None })
            }
            Err(error) => {
                cluster.stop().await?;
                Err(error)
            }
        }
    }

    /// Connections for queries, in logins that read and do nothing else; without them, in the owner's.
    pub async fn readers(&mut self, connections: u32) -> anyhow::Result<Readers> {
        let readers = tokio::select! {
            readers = self.open_readers(connections) => readers?,
            () = interrupt::received() => return Err(interrupt::Interrupted.into()),
        };
        Ok(self.readers.insert(readers).clone())
    }

    async fn open_readers(&self, connections: u32) -> anyhow::Result<Readers> {
        let Database { pool, cluster, reader_url, .. } = self;
        if let Some(cluster) = cluster {
            reader::confine(pool).await?;
            let all = reader::open(pool, cluster.reader_options(), connections).await?;
            let limited = reader::open_limited(pool, cluster.limited_options(), connections).await?;
            return Ok(Readers { all, limited: Some(Limited::new(pool.clone(), limited)) });
        }
        let Some((url, login)) = reader_url.as_ref().and_then(|url| Some((url, url.options()?))) else {
            tracing::warn!("queries run in the login of --database-url, which may write: see --reader-url");
            let login = (*pool.connect_options()).clone();
            return Ok(PgPoolOptions::new().max_connections(connections).connect_lazy_with(login).into());
        };
        tracing::info!(database = %url, "connecting for queries");
        let all =
            reader::open(pool, login.clone(), connections).await.with_context(|| format!("--reader-url {url}"))?;
        let name = format!("{}_limited", login.get_username());
        let login = login.username(&name);
        if !is_let_in(&login).await? {
            tracing::warn!(
                "there is no login {name} with the password of --reader-url: what readers of some accounts are shown is a condition of \
                 each query and nothing that Postgres holds them to"
            );
            return Ok(all.into());
        }
        let limited = reader::open_limited(pool, login, connections).await;
        let limited = limited.with_context(|| format!("the login {name} beside that of --reader-url"))?;
        Ok(Readers { all, limited: Some(Limited::new(pool.clone(), limited)) })
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
            if let Some(readers) = &self.readers {
                readers.close().await;
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

/// Whether there is this login, with this password.
async fn is_let_in(login: &PgConnectOptions) -> sqlx::Result<bool> {
    match PgConnection::connect_with(login).await {
        Ok(connection) => connection.close().await.map(|()| true),
        Err(error) => match error.as_database_error().and_then(|error| error.code()) {
            Some(code) if code.starts_with("28") => Ok(false),
            _ => Err(error),
        },
    }
}
