//! Fixed SQL: connection, migrations, and what every room shares.

use model::time::Timestamp;
use sqlx::{
    PgPool,
    migrate::MigrateError,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use time::OffsetDateTime;

pub mod access;
pub mod change;
pub mod checkpoint;
pub mod copy;
pub mod credential;
pub mod dashboard;
pub mod dimension;
pub mod event;
pub mod integrity;
pub mod key;
pub mod known;
pub mod month;
pub mod object;
pub mod poison_message;
pub mod reader;
pub mod rejected;
pub mod retention;
pub mod rollup;
pub mod segment;
pub mod sketch;
pub mod source;

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../migrations");

/// Postgres' time of `at`, within the years 1 to 9999.
pub fn instant(at: Timestamp) -> OffsetDateTime {
    const FIRST: i64 = -62_135_596_800_000;
    const LAST: i64 = 253_402_300_799_999;
    let at_ms = at.0.clamp(FIRST, LAST);
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at_ms) * 1_000_000).expect("within the years 1 to 9999")
}

/// Whether it means that the database does not answer at all: it ended, starts, or cannot be reached.
pub fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut => true,
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            code.starts_with("08") || code.starts_with("57P") || code == "53300"
        }
        _ => false,
    }
}

/// Whether it means that the database's disk is full.
pub fn is_full(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(|error| error.code().is_some_and(|code| code == "53100") || error.message() == CACHE_NOT_WRITTEN)
}

/// What a new session ends with that has to write Postgres' cache of the catalogue on a full disk: an error without a code.
const CACHE_NOT_WRITTEN: &str = "could not write init file";

/// Whether the database's disk takes 32 MB. Nothing of it stays. Errors: others of the database's.
pub async fn has_room(pool: &PgPool) -> sqlx::Result<bool> {
    // A temporary table leaves no trace in the log; its rows are too short to be compressed.
    const FILL: &str = "set local temp_tablespaces = '';
        create temporary table room (text text) on commit drop;
        insert into room select repeat('x', 1900) from generate_series(1, 17000)";
    let mut transaction = pool.begin().await?;
    let filled = sqlx::raw_sql(FILL).execute(&mut *transaction).await;
    transaction.rollback().await?;
    match filled {
        Ok(_) => Ok(true),
        Err(error) if is_full(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A pool with sessions set to UTC, migrated to this program's schema.
pub async fn open(options: PgConnectOptions, connections: u32) -> anyhow::Result<PgPool> {
    let pool = PgPoolOptions::new().max_connections(connections).connect_with(session(options)).await?;
    migrate(&pool).await?;
    Ok(pool)
}

/// How all of our sessions are.
pub fn session(login: PgConnectOptions) -> PgConnectOptions {
    login.options([("timezone", "UTC")]).application_name("trailmap")
}

/// Has Postgres look at the tables of events anew, by which it plans queries, if these are a quarter more than when it did so last;
/// those that are `new` may not be counted yet. Postgres would do so itself, but only minutes after a load, and never for all months
/// together.
pub async fn analyze(pool: &PgPool, new: u64) -> sqlx::Result<()> {
    const GROWN: &str = "select greatest(sum(pg_stat_get_live_tuples(relid)), sum(greatest(reltuples, 0)) + $1)
            > 1.25 * (select reltuples from pg_class where oid = 'stored_event'::regclass)
         from pg_partition_tree('stored_event') join pg_class on oid = relid where isleaf";
    if !sqlx::query_scalar::<_, bool>(GROWN).bind(new as f64).fetch_one(pool).await? {
        return Ok(());
    }
    let rollups = rollup::ROLLUPS.map(|rollup| rollup.table).join(", ");
    let sql = format!("analyze stored_event, segment, credential, {}, {rollups}", dimension::TABLES.join(", "));
    sqlx::query(sqlx::AssertSqlSafe(sql)).execute(pool).await?;
    Ok(())
}

/// Has the BRIN indexes tell what the pages hold that were filled since: of pages that they do not know, searches read each row.
/// Postgres does so itself, but only minutes after a load. A table that is being vacuumed is left to that.
pub async fn summarize(pool: &PgPool) -> sqlx::Result<()> {
    const INDEXES: &str = "select pg_class.oid::bigint from pg_class join pg_am on pg_am.oid = relam
         join pg_index on indexrelid = pg_class.oid
         where amname = 'brin' and relkind = 'i' and pg_table_is_visible(indrelid)";
    let indexes: Vec<i64> = sqlx::query_scalar(INDEXES).fetch_all(pool).await?;
    for index in indexes {
        let mut transaction = pool.begin().await?;
        sqlx::query("set local lock_timeout = '100ms'").execute(&mut *transaction).await?;
        let summarized = sqlx::query("select brin_summarize_new_values($1::bigint::oid::regclass)").bind(index);
        match summarized.execute(&mut *transaction).await {
            Ok(_) => transaction.commit().await?,
            Err(error) if is_in_use_or_gone(&error) => transaction.rollback().await?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn is_in_use_or_gone(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    matches!(code.as_deref(), Some(month::LOCK_NOT_AVAILABLE | "42P01" | "42704"))
}

/// Brings the schema to this program's version; safe to call from several processes at once.
/// Errors: also a schema of another version, which is not carried over before 1.0.
pub async fn migrate(pool: &PgPool) -> anyhow::Result<()> {
    match MIGRATOR.run(pool).await {
        Err(MigrateError::VersionMismatch(_) | MigrateError::VersionMissing(_)) => anyhow::bail!(
            "this database was made by another version of Trailmap, and before 1.0 its schema is not carried over. \
             Nothing was changed. Ingest the files again into an empty database, or into another data folder \
             (--data-dir)"
        ),
        migrated => Ok(migrated?),
    }
}
