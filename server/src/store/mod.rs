//! Fixed SQL: connection, migrations, and what every room shares.

use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

pub mod copy;
pub mod event;
pub mod object;
pub mod rejected;

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../migrations");

/// A pool with sessions set to UTC, migrated to this program's schema.
pub async fn open(options: PgConnectOptions, connections: u32) -> anyhow::Result<PgPool> {
    let options = options.options([("timezone", "UTC")]).application_name("trailmap");
    let pool = PgPoolOptions::new().max_connections(connections).connect_with(options).await?;
    migrate(&pool).await?;
    Ok(pool)
}

/// Brings the schema to this program's version; safe to call from several processes at once.
pub async fn migrate(pool: &PgPool) -> anyhow::Result<()> {
    MIGRATOR.run(pool).await?;
    Ok(())
}
