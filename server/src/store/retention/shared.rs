//! Rows that events share (names, sessions, addresses, …): deleted when no event refers to them any more.
//!
//! Whoever stores events takes what was stored for stored (`known`), and refers to it without looking. So what nothing refers to is
//! looked for while others write, and looked at again among the events that came meanwhile, when nobody writes: these are found by
//! their segments, which have later ids.

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::{BREATH, PATIENCE, cutoff::Cutoffs, state};
use crate::store::{dimension::TABLES, known, month::Month, segment};

#[derive(Default)]
pub struct Removed {
    pub rows: u64,
    pub credentials: u64,
}

/// Rows of one transaction, while which nobody writes.
const ROWS: usize = 50_000;

pub async fn remove(connection: &mut PgConnection, cutoffs: &Cutoffs) -> sqlx::Result<Removed> {
    let segments = begin(connection).await?;
    let mut unused = Vec::new();
    for table in TABLES {
        let sql = format!(
            "with used as materialized (select distinct {table}_id from stored_event)
             select {table}_id from {table} where not exists (select from used where used.{table}_id = {table}.{table}_id)"
        );
        let ids: Vec<i64> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut *connection).await?;
        unused.extend(ids.into_iter().map(|id| (table, id)));
    }
    let mut removed = Removed::default();
    for some in unused.chunks(ROWS) {
        if removed.rows > 0 {
            tokio::time::sleep(BREATH).await;
        }
        removed.rows += delete(connection, some, segments).await?;
    }
    removed.credentials = credentials(connection, cutoffs).await?;
    Ok(removed)
}

/// Events that are stored from now on have segments with later ids than this one.
async fn begin(connection: &mut PgConnection) -> sqlx::Result<i64> {
    let mut transaction = connection.begin().await?;
    sqlx::query(PATIENCE).execute(&mut *transaction).await?;
    known::forget(&mut transaction).await?;
    let last = segment::last(&mut transaction).await?;
    transaction.commit().await?;
    Ok(last)
}

/// Deletes those of the rows that no later segment's events refer to either.
async fn delete(connection: &mut PgConnection, rows: &[(&str, i64)], segments: i64) -> sqlx::Result<u64> {
    let mut transaction = connection.begin().await?;
    sqlx::query(PATIENCE).execute(&mut *transaction).await?;
    known::forget(&mut transaction).await?;
    let mut deleted = 0;
    for table in TABLES {
        let ids: Vec<i64> = rows.iter().filter(|(of, _)| *of == table).map(|(_, id)| *id).collect();
        if ids.is_empty() {
            continue;
        }
        let sql = format!(
            "with later as materialized (select distinct {table}_id from stored_event where segment_id > $2)
             delete from {table} where {table}_id = any($1)
             and not exists (select from later where later.{table}_id = {table}.{table}_id)"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(ids).bind(segments);
        deleted += query.execute(&mut *transaction).await?.rows_affected();
    }
    transaction.commit().await?;
    Ok(deleted)
}

/// Deletes what is known of keys whose event is gone, where no session uses them, nor any key that follows from them: until then,
/// they tell who is behind events that are kept. With it, all loose ends are gone.
async fn credentials(connection: &mut PgConnection, cutoffs: &Cutoffs) -> sqlx::Result<u64> {
    let mut transaction = connection.begin().await?;
    sqlx::query(PATIENCE).execute(&mut *transaction).await?;
    known::forget(&mut transaction).await?;
    let deleted = sqlx::query(
        "with recursive needed as (
            select access_key, parent_access_key from credential
            where event_time >= $1
               or exists (select from stored_event as event where event.event_time < $1
                          and (event.event_time, event.event_key) = (credential.event_time, credential.event_key))
               or exists (select from session where session.access_key = credential.access_key)
            union
            select parent.access_key, parent.parent_access_key
            from needed join credential as parent on parent.access_key = needed.parent_access_key
         )
         delete from credential where not exists (select from needed where needed.access_key = credential.access_key)",
    )
    .bind(cutoffs.latest.unwrap_or(Month::EARLIEST.start()))
    .execute(&mut *transaction)
    .await?
    .rows_affected();
    state::tie(&mut transaction).await?;
    transaction.commit().await?;
    Ok(deleted)
}
