//! Sources: how each of them goes.

use sqlx::{FromRow, PgConnection, PgPool};
use time::OffsetDateTime;

use crate::ingest::{Batch, source::runner::Left};

/// A source as it is listed.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct Source {
    pub name: String,
    /// `s3`, `sqs`, `lookup-events`, `folder` or `push`.
    #[sqlx(rename = "type")]
    pub kind: String,
    /// `running`, `waiting`, `error` or `stopped`.
    pub state: String,
    pub last_error: Option<String>,
    pub last_error_at: Option<OffsetDateTime>,
    pub last_success_at: Option<OffsetDateTime>,
    pub last_object: Option<String>,
    pub newest_event_time: Option<OffsetDateTime>,
    pub objects: i64,
    pub objects_failed: i64,
    pub events_read: i64,
    pub events_inserted: i64,
    pub events_duplicate: i64,
    pub events_rejected: i64,
    pub messages: i64,
    /// Messages that wait in its queue.
    pub backlog: Option<i64>,
    /// Pieces of older time that are still to be read, of how many, and since when they are.
    pub backfill_left: Option<i64>,
    pub backfill_total: Option<i64>,
    pub backfill_since: Option<OffsetDateTime>,
}

/// All sources that there ever were, by name.
pub async fn list(pool: &PgPool) -> sqlx::Result<Vec<Source>> {
    sqlx::query_as(
        "select name, type, state, last_error, last_error_at, last_success_at, last_object, newest_event_time, objects,
                objects_failed, events_read, events_inserted, events_duplicate, events_rejected, messages, backlog, backfill_left,
                backfill_total, backfill_since
         from source order by name",
    )
    .fetch_all(pool)
    .await
}

/// Says which sources there are here now. Those that are gone, and that no other server has, are stopped.
pub async fn declare(pool: &PgPool, names: &[&str]) -> sqlx::Result<()> {
    sqlx::query(
        "with gone as materialized (select name from source where state <> 'stopped' and name <> all($1)),
         free as materialized (
            select name from gone where pg_try_advisory_xact_lock(hashtextextended('trailmap source ' || name, 0))
         )
         update source set state = 'stopped', changed_at = now() from free where source.name = free.name",
    )
    .bind(names)
    .execute(pool)
    .await?;
    Ok(())
}

/// How a server has a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// Alone: it goes and reads.
    Alone,
    /// Beside others: it is sent to.
    Shared,
}

/// Takes the lock of a source for as long as the session lasts. False: another session has it.
pub async fn take(session: &mut PgConnection, name: &str, lock: Lock) -> sqlx::Result<bool> {
    let sql = match lock {
        Lock::Alone => "select pg_try_advisory_lock(hashtextextended('trailmap source ' || $1, 0))",
        Lock::Shared => "select pg_try_advisory_lock_shared(hashtextextended('trailmap source ' || $1, 0))",
    };
    sqlx::query_scalar(sql).bind(name).fetch_one(session).await
}

/// Gives back all locks of the session.
pub async fn give_back(session: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("select pg_advisory_unlock_all()").execute(session).await?;
    Ok(())
}

/// The session is there.
pub async fn touch(session: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("select 1").execute(session).await?;
    Ok(())
}

/// The source is at work. One that met an error is not well again before it went through.
pub async fn running(pool: &PgPool, name: &str, kind: &str) -> sqlx::Result<()> {
    sqlx::query(
        "insert into source (name, type, state) values ($1, $2, 'running')
         on conflict (name) do update set
            type = excluded.type, state = case source.state when 'error' then 'error' else 'running' end, changed_at = now()",
    )
    .bind(name)
    .bind(kind)
    .execute(pool)
    .await?;
    Ok(())
}

/// The source went through, and waits for more.
pub async fn waiting(pool: &PgPool, name: &str) -> sqlx::Result<()> {
    sqlx::query("update source set state = 'waiting', last_success_at = now(), changed_at = now() where name = $1")
        .bind(name)
        .execute(pool)
        .await?;
    Ok(())
}

/// The source can be sent to, whether or not anything came.
pub async fn listening(pool: &PgPool, name: &str, kind: &str) -> sqlx::Result<()> {
    sqlx::query(
        "insert into source (name, type, state) values ($1, $2, 'waiting')
         on conflict (name) do update set type = excluded.type, state = 'waiting', changed_at = now()
         where source.state <> 'waiting' or source.type <> excluded.type",
    )
    .bind(name)
    .bind(kind)
    .execute(pool)
    .await?;
    Ok(())
}

/// The source met an error, and will try again.
pub async fn failed(pool: &PgPool, name: &str, error: &str) -> sqlx::Result<()> {
    sqlx::query(
        "update source set state = 'error', last_error = $2, last_error_at = now(), changed_at = now() where name = $1",
    )
    .bind(name)
    .bind(error.replace('\0', "\u{fffd}"))
    .execute(pool)
    .await?;
    Ok(())
}

/// Something came to the source that it could not take; it goes on.
pub async fn complained(pool: &PgPool, name: &str, error: &str) -> sqlx::Result<()> {
    sqlx::query("update source set last_error = $2, last_error_at = now(), changed_at = now() where name = $1")
        .bind(name)
        .bind(error.replace('\0', "\u{fffd}"))
        .execute(pool)
        .await?;
    Ok(())
}

/// The sources are stopped, but for those that another server has.
pub async fn stopped(pool: &PgPool) -> sqlx::Result<()> {
    declare(pool, &[]).await
}

/// Adds what a batch did. `last` is the URI of its last object.
pub async fn advance(pool: &PgPool, name: &str, batch: &Batch, last: Option<&str>) -> sqlx::Result<()> {
    let counts = &batch.summary;
    sqlx::query(
        "update source set
            objects = objects + $2, objects_failed = objects_failed + $3, events_read = events_read + $4,
            events_inserted = events_inserted + $5, events_duplicate = events_duplicate + $6,
            events_rejected = events_rejected + $7, last_object = coalesce($8, last_object),
            state = 'running',
            newest_event_time = greatest(newest_event_time, to_timestamp($9::double precision / 1e6)), changed_at = now()
         where name = $1",
    )
    .bind(name)
    .bind(counts.objects as i64)
    .bind(counts.objects_failed as i64)
    .bind(counts.events_read as i64)
    .bind(counts.events_inserted as i64)
    .bind(counts.events_duplicate as i64)
    .bind(counts.events_rejected as i64)
    .bind(last)
    .bind(batch.times.as_ref().map(|times| *times.end()))
    .execute(pool)
    .await?;
    Ok(())
}

/// Notes what is still to be read. What is left of older time began to be read when it was first told, or when more was left than before.
pub async fn left(pool: &PgPool, name: &str, left: Left) -> sqlx::Result<()> {
    sqlx::query(
        "update source set
            backlog = $2,
            backfill_left = $3,
            backfill_total = case when $3 > 0 then greatest(backfill_total, $3) end,
            backfill_since = case when $3 > 0 then coalesce(backfill_since, now()) end
         where name = $1",
    )
    .bind(name)
    .bind(left.backlog)
    .bind(left.backfill)
    .execute(pool)
    .await?;
    Ok(())
}

/// Counts messages that were deleted from a queue.
pub async fn count_messages(pool: &PgPool, name: &str, messages: usize) -> sqlx::Result<()> {
    sqlx::query("update source set messages = messages + $2, changed_at = now() where name = $1")
        .bind(name)
        .bind(messages as i64)
        .execute(pool)
        .await?;
    Ok(())
}
