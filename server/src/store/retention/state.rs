//! How the last run went, and what it left to be done.

use sqlx::{AssertSqlSafe, FromRow, PgConnection, PgPool};
use time::OffsetDateTime;

use super::{Report, Way};
use crate::store::{dimension, rollup::ROLLUPS};

/// The last run.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct Last {
    pub started_at: OffsetDateTime,
    /// None: it runs, or was broken off.
    pub finished_at: Option<OffsetDateTime>,
    /// When `trailmap serve` runs it again.
    pub next_at: Option<OffsetDateTime>,
    /// What went wrong, or was left for the next time.
    pub error: Option<String>,
    /// That were deleted.
    pub events: i64,
    /// That were dropped as a whole.
    pub months: i32,
    /// On disk, of all tables.
    pub bytes_before: Option<i64>,
    pub bytes_after: Option<i64>,
}

/// None: there never was one.
pub async fn last(pool: &PgPool) -> sqlx::Result<Option<Last>> {
    sqlx::query_as(
        "select started_at, finished_at, next_at, error, events, months, bytes_before, bytes_after from retention
         where started_at is not null",
    )
    .fetch_optional(pool)
    .await
}

/// Notes when it runs again; none: nobody will.
pub async fn next(pool: &PgPool, at: Option<OffsetDateTime>) -> sqlx::Result<()> {
    sqlx::query("update retention set next_at = $1").bind(at).execute(pool).await?;
    Ok(())
}

pub async fn begin(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query(
        "update retention set started_at = now(), finished_at = null, error = null, events = 0, months = 0,
                bytes_before = null, bytes_after = null",
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn end(connection: &mut PgConnection, report: &Report) -> sqlx::Result<()> {
    let left: Vec<_> = report.left.iter().map(|(month, reason)| format!("{month}: {reason}")).collect();
    let dropped = report.months.iter().filter(|gone| gone.way == Way::Drop).count();
    sqlx::query(
        "update retention set finished_at = now(), error = nullif($1, ''), events = $2, months = $3, bytes_before = $4,
                bytes_after = $5",
    )
    .bind(left.join("; "))
    .bind(report.events() as i64)
    .bind(dropped as i32)
    .bind(report.bytes_before)
    .bind(report.bytes_after)
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn fail(connection: &mut PgConnection, error: &str) -> sqlx::Result<()> {
    sqlx::query("update retention set finished_at = now(), error = $1").bind(error).execute(connection).await?;
    Ok(())
}

/// Notes that rows may be left that no event refers to.
pub async fn loosen(connection: &mut PgConnection) -> sqlx::Result<()> {
    set_loose_ends(connection, true).await
}

/// Notes that there are none.
pub async fn tie(connection: &mut PgConnection) -> sqlx::Result<()> {
    set_loose_ends(connection, false).await
}

async fn set_loose_ends(connection: &mut PgConnection, loose_ends: bool) -> sqlx::Result<()> {
    sqlx::query("update retention set loose_ends = $1").bind(loose_ends).execute(connection).await?;
    Ok(())
}

pub async fn has_loose_ends(connection: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar("select loose_ends from retention").fetch_one(connection).await
}

/// Frees the space of what was deleted beside events and their texts. Not in a transaction.
pub async fn vacuum(connection: &mut PgConnection, report: &Report) -> sqlx::Result<()> {
    let mut tables = Vec::new();
    if report.events() > 0 {
        tables.extend(ROLLUPS.iter().map(|rollup| rollup.table));
    }
    if report.shared_rows + report.credentials > 0 {
        tables.extend(dimension::TABLES);
        tables.push("credential");
    }
    if report.rejected + report.poison_messages > 0 {
        tables.extend(["rejected", "poison_message"]);
    }
    if report.digests > 0 {
        tables.extend(["digest", "log_file"]);
    }
    if !tables.is_empty() {
        let sql = format!("vacuum (analyze) {}", tables.join(", "));
        sqlx::query(AssertSqlSafe(sql)).execute(connection).await?;
    }
    Ok(())
}

/// On disk, of all tables with their indexes.
pub async fn bytes(connection: &mut PgConnection) -> sqlx::Result<i64> {
    let sql = "select coalesce(sum(pg_total_relation_size(oid)), 0)::bigint from pg_class
               where relkind = 'r' and relnamespace = (select relnamespace from pg_class where oid = 'stored_event'::regclass)";
    sqlx::query_scalar(sql).fetch_one(connection).await
}
