//! A month of which nothing is kept: its partitions are dropped, with all counts of its time, in one transaction.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, PgConnection, QueryBuilder};

use super::{
    PATIENCE,
    cutoff::{self, Cutoffs},
    meets_others, state,
};
use crate::store::{
    change, known,
    month::{self, Change, Month},
    rollup::{self, ROLLUPS},
};

pub enum Whole {
    /// With so many events.
    Gone(u64),
    /// It has events that are to be kept.
    Mixed,
    /// Others would have had to wait too long.
    InUse,
}

/// How often, and how far apart, it is tried to have the tables for a moment. Whoever stores events waits for all of it.
const ATTEMPTS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(500);

/// Drops a month that has partitions.
pub async fn remove(connection: &mut PgConnection, month: Month, cutoffs: &Cutoffs) -> sqlx::Result<Whole> {
    match try_remove(connection, month, cutoffs).await {
        Err(error) if meets_others(&error) => Ok(Whole::InUse),
        done => done,
    }
}

async fn try_remove(connection: &mut PgConnection, month: Month, cutoffs: &Cutoffs) -> sqlx::Result<Whole> {
    let mut transaction = connection.begin().await?;
    sqlx::query(PATIENCE).execute(&mut *transaction).await?;
    // From here on no events come in.
    known::forget(&mut transaction).await?;
    month::lock(&mut transaction).await?;
    for rollup in &ROLLUPS {
        rollup::lock(&mut transaction, rollup.table).await?;
    }
    let (events, expired) = count(&mut transaction, month, cutoffs).await?;
    if events > expired {
        transaction.rollback().await?;
        return Ok(Whole::Mixed);
    }
    for rollup in &ROLLUPS {
        let sql = format!("delete from {} where start_time >= $1 and start_time < $2", rollup.table);
        let times = month.times();
        sqlx::query(AssertSqlSafe(sql)).bind(times.start).bind(times.end).execute(&mut *transaction).await?;
    }
    state::loosen(&mut transaction).await?;
    change::add(&mut transaction).await?;
    // The last thing, since readers wait from here on.
    if !when_free(&mut transaction, month, Change::Drop).await? {
        transaction.rollback().await?;
        return Ok(Whole::InUse);
    }
    transaction.commit().await?;
    Ok(Whole::Gone(events as u64))
}

/// Tries to have the tables for a moment; then it is to be committed at once. False: somebody had them all the time.
pub async fn when_free(connection: &mut PgConnection, month: Month, change: Change) -> sqlx::Result<bool> {
    for _ in 0..ATTEMPTS {
        let mut inner = connection.begin().await?;
        match month::change(&mut inner, month, change).await {
            Ok(()) => {
                inner.commit().await?;
                return Ok(true);
            }
            Err(error) if month::took_too_long(&error) => inner.rollback().await?,
            Err(error) => return Err(error),
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(false)
}

/// How many events a month has, and how many of them are expired.
async fn count(connection: &mut PgConnection, month: Month, cutoffs: &Cutoffs) -> sqlx::Result<(i64, i64)> {
    let mut sql = QueryBuilder::new("with ");
    cutoffs.push(&mut sql);
    sql.push(" select count(*), count(*) filter (where event.event_time < cutoff.before) from ");
    cutoffs.push_tables(&mut sql, &month.times(), false);
    sql.push(" where ");
    cutoff::push_times(&mut sql, &month.times());
    sql.build_query_as().fetch_one(connection).await
}
