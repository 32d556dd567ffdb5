//! Expired events of a month of which something is kept: deleted some at a time, with their texts and their counts.

use std::collections::HashMap;

use sqlx::{Connection, FromRow, PgConnection, QueryBuilder};
use time::OffsetDateTime;

use super::{
    PATIENCE,
    cutoff::{self, Cutoffs},
    state,
};
use crate::store::{
    change,
    month::Month,
    rollup::{self, ROLLUPS},
    segment::{self, Kept, Segment},
};

/// Events of one transaction, at most.
const EVENTS: i64 = 50_000;
/// Segments whose texts are in memory at a time.
const SEGMENTS: usize = 16;

pub struct Deleted {
    pub events: u64,
    /// The time of the last one; none: there was nothing left.
    pub last: Option<OffsetDateTime>,
}

/// Makes the connection's own table of what a transaction deletes.
pub async fn prepare(connection: &mut PgConnection) -> sqlx::Result<()> {
    let sql = "create temp table if not exists event_gone (like stored_event) on commit delete rows";
    sqlx::query(sql).execute(connection).await?;
    Ok(())
}

/// Deletes the first expired events of the month from a time on, in a transaction.
pub async fn some(
    connection: &mut PgConnection,
    month: Month,
    from: OffsetDateTime,
    cutoffs: &Cutoffs,
) -> sqlx::Result<Deleted> {
    let mut transaction = connection.begin().await?;
    sqlx::query(PATIENCE).execute(&mut *transaction).await?;
    // Before anything else, since whoever folds counts waits for the rows that are counted anew here.
    for rollup in &ROLLUPS {
        rollup::lock(&mut transaction, rollup.table).await?;
    }
    let deleted = events(&mut transaction, month, from, cutoffs).await?;
    if deleted.last.is_some() {
        sqlx::query("analyze event_gone").execute(&mut *transaction).await?;
        for rollup in &ROLLUPS {
            rollup.recount(&mut transaction, "event_gone").await?;
        }
        segments(&mut transaction, month).await?;
        state::loosen(&mut transaction).await?;
        change::add(&mut transaction).await?;
    }
    transaction.commit().await?;
    Ok(deleted)
}

async fn events(
    connection: &mut PgConnection,
    month: Month,
    from: OffsetDateTime,
    cutoffs: &Cutoffs,
) -> sqlx::Result<Deleted> {
    let times = month.times();
    let mut sql = QueryBuilder::new("with ");
    cutoffs.push(&mut sql);
    sql.push(", expired as materialized (select event.event_time, event.event_key from ");
    cutoffs.push_tables(&mut sql, &times, false);
    sql.push(" where ");
    cutoff::push_times(&mut sql, &(from..times.end));
    sql.push(" and event.event_time < cutoff.before order by event.event_time limit ").push_bind(EVENTS);
    sql.push(
        "), deleted as (
            delete from stored_event as event using expired
            where (event.event_time, event.event_key) = (expired.event_time, expired.event_key) and ",
    );
    cutoff::push_times(&mut sql, &(from..times.end));
    sql.push(
        " returning event.*), gone as (insert into event_gone select * from deleted)
          select count(*), max(event_time) from deleted",
    );
    let (events, last): (i64, _) = sql.build_query_as().fetch_one(connection).await?;
    Ok(Deleted { events: events as u64, last })
}

/// What is left of a segment.
#[derive(FromRow)]
struct Left {
    segment_id: i64,
    object_id: Vec<Option<i64>>,
    raw: Vec<Option<String>>,
    raw_json: Option<Vec<Option<String>>>,
    ordinals: Vec<i16>,
    times: Vec<OffsetDateTime>,
}

/// Deletes the texts of what was deleted: segments are written anew with what is left in them, in the same places.
async fn segments(connection: &mut PgConnection, month: Month) -> sqlx::Result<()> {
    let times = month.times();
    let touched: Vec<i64> =
        sqlx::query_scalar("select distinct segment_id from event_gone order by 1").fetch_all(&mut *connection).await?;
    for ids in touched.chunks(SEGMENTS) {
        let left: Vec<Left> = sqlx::query_as(
            "with kept as (
                select segment_id, array_agg(ordinal) as ordinals, array_agg(event_time) as times
                from stored_event where segment_id = any($1) and event_time >= $2 and event_time < $3 group by segment_id
             )
             select segment_id, object_id, raw, raw_json, ordinals, times from segment join kept using (segment_id)
             where first_time >= $2 and first_time < $3",
        )
        .bind(ids)
        .bind(times.start)
        .bind(times.end)
        .fetch_all(&mut *connection)
        .await?;
        sqlx::query("delete from segment where segment_id = any($1) and first_time >= $2 and first_time < $3")
            .bind(ids)
            .bind(times.start)
            .bind(times.end)
            .execute(&mut *connection)
            .await?;
        let segments: Vec<_> = left.iter().map(|left| Segment::new(left.segment_id, left.kept())).collect();
        segment::insert(connection, &segments).await?;
    }
    Ok(())
}

impl Left {
    fn kept(&self) -> Vec<Option<Kept<'_>>> {
        let times: HashMap<i16, &OffsetDateTime> = self.ordinals.iter().copied().zip(&self.times).collect();
        let texts = self.raw.iter().enumerate().map(|(at, raw)| {
            let time = times.get(&i16::try_from(at + 1).ok()?)?;
            Some(Kept {
                object_id: self.object_id.get(at).copied().flatten()?,
                time: (time.unix_timestamp_nanos() / 1000) as i64,
                raw: raw.as_deref()?,
                raw_json: self.raw_json.as_ref().and_then(|texts| texts.get(at)?.as_deref()),
            })
        });
        texts.collect()
    }
}
