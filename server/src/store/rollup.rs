//! Rollups: events counted by the hour or the day and by some of what they share. Written with the events, from inserted rows
//! alone.
//!
//! A transaction appends the counts of its own events and changes none that are there: writers never wait for each other, and
//! the sum over all rows of a key is exact at every moment. `fold` brings the rows of a key together afterwards.

use std::ops::RangeInclusive;

use sqlx::{AssertSqlSafe, PgConnection, PgPool};
use time::OffsetDateTime;

use super::change;

/// A table of counts.
#[derive(Debug, PartialEq, Eq)]
pub struct Rollup {
    pub table: &'static str,
    pub grain: Grain,
    /// The tables of what is told apart, as in `dimension::TABLES`.
    pub by: &'static [&'static str],
}

/// The length of time that a row stands for; in UTC, from 1970 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    Hour,
    Day,
}

/// The smallest first, on a million events of a month: 77,000, 93,000, 109,000 and 170,000 rows. By the hour, calls and actors
/// together have 400,000, which is hardly less than the events themselves.
pub const ROLLUPS: [Rollup; 4] = [
    Rollup { table: "access_day", grain: Grain::Day, by: &["scope", "identity", "session", "address", "result"] },
    Rollup { table: "access_hour", grain: Grain::Hour, by: &["scope", "identity", "session", "address", "result"] },
    Rollup { table: "action_hour", grain: Grain::Hour, by: &["action", "result"] },
    Rollup { table: "action_day", grain: Grain::Day, by: &["scope", "identity", "action", "result"] },
];

impl Grain {
    pub fn length_ms(self) -> i64 {
        const HOUR_MS: i64 = 3_600_000;
        match self {
            Grain::Hour => HOUR_MS,
            Grain::Day => 24 * HOUR_MS,
        }
    }

    /// As `date_trunc` has it.
    fn name(self) -> &'static str {
        match self {
            Grain::Hour => "hour",
            Grain::Day => "day",
        }
    }
}

impl Rollup {
    fn ids(&self) -> String {
        self.by.iter().map(|table| format!("{table}_id")).collect::<Vec<_>>().join(", ")
    }

    /// The counts of the rows of `source`, which has the columns of `stored_event`.
    fn counted(&self, source: &str) -> String {
        format!(
            "select date_trunc('{}', event_time, 'UTC') as start_time, {ids}, count(*) as events,
                    min(event_time) as first_seen, max(event_time) as last_seen
             from {source} group by 1, {ids}",
            self.grain.name(),
            ids = self.ids()
        )
    }
}

impl Rollup {
    /// Counts anew what the events of a table (with the columns of `stored_event`) were counted in: they were deleted. Under the lock, so
    /// that nobody folds meanwhile; whoever stores events adds their own, before or after.
    pub async fn recount(&self, connection: &mut PgConnection, gone: &str) -> sqlx::Result<()> {
        let (table, ids, grain) = (self.table, self.ids(), self.grain.name());
        let same = |a: &str, b: &str| {
            let same = self.by.iter().map(|by| format!("{a}.{by}_id = {b}.{by}_id"));
            same.collect::<Vec<_>>().join(" and ")
        };
        // One statement, so that what it deletes and what it counts are of one moment.
        let sql = format!(
            "with touched as materialized (
                select distinct date_trunc('{grain}', event_time, 'UTC') as start_time, {ids} from {gone}
             ),
             removed as (
                delete from {table} as stored using touched
                where stored.start_time = touched.start_time and {of_stored} and stored.start_time between $1 and $2
             )
             insert into {table} (start_time, {ids}, events, first_seen, last_seen)
             select touched.*, count(*), min(event_time), max(event_time)
             from touched join stored_event as event
                on date_trunc('{grain}', event.event_time, 'UTC') = touched.start_time and {of_event}
             where event_time >= $1 and event_time < $2 + interval '1 {grain}'
             group by touched.start_time, {touched_ids}",
            of_stored = same("stored", "touched"),
            of_event = same("event", "touched"),
            touched_ids = self.by.iter().map(|by| format!("touched.{by}_id")).collect::<Vec<_>>().join(", "),
        );
        let times = format!(
            "select date_trunc('{grain}', min(event_time), 'UTC'), date_trunc('{grain}', max(event_time), 'UTC') from {gone}"
        );
        let (first, last): (Option<OffsetDateTime>, Option<OffsetDateTime>) =
            sqlx::query_as(AssertSqlSafe(times)).fetch_one(&mut *connection).await?;
        sqlx::query(AssertSqlSafe(sql)).bind(first).bind(last).execute(connection).await?;
        Ok(())
    }
}

/// Parts of the statement that inserts events, which it calls `inserted`.
pub fn inserts() -> String {
    let insert = |rollup: &Rollup| {
        let table = rollup.table;
        let columns = format!("start_time, {}, events, first_seen, last_seen", rollup.ids());
        format!("{table}_added as (insert into {table} ({columns}) {})", rollup.counted("inserted"))
    };
    ROLLUPS.iter().map(insert).collect::<Vec<_>>().join(",\n")
}

/// Brings the rows of each key together where it is worth it: in those hours or days of `times` (microseconds since 1970) that have
/// half as many rows again as keys. They are written in the order of time, by which they are found. Whoever reads meanwhile sees either
/// state.
pub async fn fold(pool: &PgPool, times: &RangeInclusive<i64>) -> sqlx::Result<u64> {
    let mut folded = 0;
    for rollup in &ROLLUPS {
        let (table, ids) = (rollup.table, rollup.ids());
        let mut transaction = pool.begin().await?;
        lock(&mut transaction, table).await?;
        let sql = format!(
            "with loose as (
                select start_time from (
                    select start_time, count(*) as rows from {table}
                    where start_time between date_trunc('{grain}', $1, 'UTC') and $2
                    group by start_time, {ids}
                ) as by_key
                group by start_time having sum(rows) > count(*) * 1.5
             ),
             gone as (delete from {table} where start_time in (select start_time from loose) returning *)
             insert into {table} (start_time, {ids}, events, first_seen, last_seen)
             select start_time, {ids}, sum(events), min(first_seen), max(last_seen) from gone group by start_time, {ids}
             order by start_time",
            grain = rollup.grain.name(),
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(timestamptz(*times.start())).bind(timestamptz(*times.end()));
        folded += query.execute(&mut *transaction).await?.rows_affected();
        transaction.commit().await?;
    }
    Ok(folded)
}

fn timestamptz(microseconds: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH.saturating_add(time::Duration::microseconds(microseconds))
}

/// One at a time: two would both delete what the other one sums up.
pub async fn lock(connection: &mut PgConnection, table: &str) -> sqlx::Result<()> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('trailmap fold ' || $1, 0))")
        .bind(table)
        .execute(connection)
        .await?;
    Ok(())
}

/// A rollup beside a recount of the events.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Recount {
    /// Keys, with their hour or day.
    pub keys: i64,
    /// Those whose counts or times were not those of the events.
    pub wrong: i64,
}

/// Counts all events anew, and replaces what differs. From one snapshot: events that are stored meanwhile are in neither count.
pub async fn rebuild(pool: &PgPool, rollup: &Rollup) -> sqlx::Result<Recount> {
    let (table, ids) = (rollup.table, rollup.ids());
    let same = rollup.by.iter().map(|by| format!("stored.{by}_id = counted.{by}_id")).collect::<Vec<_>>().join(" and ");
    let mut transaction = pool.begin_with("begin isolation level repeatable read").await?;
    lock(&mut transaction, table).await?;
    let sql = format!(
        "with counted as materialized ({counted}),
         stored as materialized (
            select start_time, {ids}, sum(events) as events, min(first_seen) as first_seen, max(last_seen) as last_seen
            from {table} group by start_time, {ids}
         ),
         compared as (
            select coalesce(stored.start_time, counted.start_time) as start_time,
                   (stored.events, stored.first_seen, stored.last_seen)
                   is distinct from (counted.events::numeric, counted.first_seen, counted.last_seen) as wrong
            from stored full join counted on stored.start_time = counted.start_time and {same}
         ),
         gone as (delete from {table} where start_time in (select start_time from compared where wrong)),
         added as (
            insert into {table} (start_time, {ids}, events, first_seen, last_seen)
            select * from counted where start_time in (select start_time from compared where wrong) order by start_time
         )
         select count(*) as keys, count(*) filter (where wrong) as wrong from compared",
        counted = rollup.counted("stored_event"),
    );
    let recount = sqlx::query_as(AssertSqlSafe(sql)).fetch_one(&mut *transaction).await?;
    change::add(&mut transaction).await?;
    transaction.commit().await?;
    Ok(recount)
}
