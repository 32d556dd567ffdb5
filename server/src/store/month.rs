//! Months: events and the segments of their texts are stored in a partition for each month (UTC), so that a question about days
//! looks at nothing else, and old months go as a whole.
//!
//! A partition is made when the first event of its month comes. Times in which CloudTrail did not exist, or that lie far ahead, are
//! in a partition of their own, `…_rest`: otherwise a file of nonsense could make thousands.

use std::{
    collections::HashSet,
    fmt,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use time::{OffsetDateTime, UtcOffset};

mod change;

pub use change::{Change, change, copy, copy_later, drop_copies, drop_copy, took_too_long};

/// The tables that have a partition for each month, with the column that tells it and the settings of a partition.
const TABLES: [(&str, &str, &str); 2] =
    [("stored_event", "event_time", ""), ("segment", "first_time", "with (toast_tuple_target = 4080)")];

/// Months made ahead of time, so that the first event of one finds its place.
const AHEAD: i32 = 1;
/// Making a partition waits for nobody longer than this: readers of `…_rest` would wait behind it.
const LOCK_TIMEOUT: &str = "500ms";
const LOCK: &str = "select pg_advisory_xact_lock(hashtextextended('trailmap month', 0))";
pub(super) const LOCK_NOT_AVAILABLE: &str = "55P03";

/// A month in UTC, counted from the year 0 on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(i32);

/// CloudTrail's first.
const FIRST: Month = Month::new(2013, time::Month::November);

impl Month {
    const fn new(year: i32, month: time::Month) -> Month {
        Month(year * 12 + month as i32 - 1)
    }

    /// Before all months of events.
    pub const EARLIEST: Month = Month(-12);

    /// Of a time in microseconds since 1970.
    pub fn of(microseconds: i64) -> Month {
        let at = OffsetDateTime::from_unix_timestamp(microseconds.div_euclid(1_000_000));
        at.map_or(Month(0), |at| Month::new(at.year(), at.month()))
    }

    fn year(self) -> i32 {
        self.0.div_euclid(12)
    }

    /// From 1.
    fn number(self) -> i32 {
        self.0.rem_euclid(12) + 1
    }

    pub fn plus(self, months: i32) -> Month {
        Month(self.0 + months)
    }

    /// Its first moment.
    pub fn start(self) -> OffsetDateTime {
        let month = time::Month::try_from(self.number() as u8).unwrap_or(time::Month::January);
        let day = time::Date::from_calendar_date(self.year(), month, 1).unwrap_or(time::Date::MAX);
        day.midnight().assume_utc()
    }

    /// As in the names of partitions: 2026_01.
    pub fn parse(name: &str) -> Option<Month> {
        let (year, month) = name.split_once('_')?;
        Some(Month::new(year.parse().ok()?, time::Month::try_from(month.parse::<u8>().ok()?).ok()?))
    }

    /// All of its moments.
    pub fn times(self) -> Range<OffsetDateTime> {
        self.start()..self.plus(1).start()
    }

    fn partition(self, table: &str) -> String {
        format!("{table}_{:04}_{:02}", self.year(), self.number())
    }
}

impl From<OffsetDateTime> for Month {
    fn from(at: OffsetDateTime) -> Month {
        let at = at.to_offset(UtcOffset::UTC);
        Month::new(at.year(), at.month())
    }
}

/// As in Postgres: its first day.
impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-01", self.year(), self.number())
    }
}

/// The table that a partition is a part of; any other table is its own.
pub fn table_of(partition: &str) -> &str {
    let parts = TABLES.iter().map(|(table, ..)| *table);
    parts
        .into_iter()
        .find(|table| partition.strip_prefix(table).is_some_and(|rest| rest.starts_with('_')))
        .unwrap_or(partition)
}

/// The months that are known to have their partitions. Clones share what is known.
#[derive(Clone, Debug, Default)]
pub struct Months {
    this: Month,
    known: Arc<Mutex<HashSet<Month>>>,
}

impl Months {
    /// Makes the partitions of this month and the next ones; `now` in microseconds since 1970. Not in a transaction.
    pub async fn begin(&mut self, connection: &mut PgConnection, now: i64) -> sqlx::Result<()> {
        self.this = Month::of(now);
        let this = self.this;
        self.make(connection, (0..=AHEAD).map(|ahead| this.plus(ahead))).await
    }

    /// Some may have been dropped.
    pub fn forget(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Makes the partitions of those months that have none. Not in a transaction: nobody may wait until that ends.
    pub async fn make(
        &self,
        connection: &mut PgConnection,
        months: impl IntoIterator<Item = Month>,
    ) -> sqlx::Result<()> {
        for month in months {
            let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
            let wanted = !known().contains(&month) && (FIRST..=self.this.plus(AHEAD)).contains(&month);
            if wanted && make(connection, month).await? {
                known().insert(month);
            }
        }
        Ok(())
    }
}

/// Whether the month has its partitions now: not if others would have had to wait too long for it. Then its events are in
/// `…_rest`, and move when they are made the next time.
async fn make(connection: &mut PgConnection, month: Month) -> sqlx::Result<bool> {
    match try_make(connection, month).await {
        Ok(()) => Ok(true),
        Err(error)
            if error.as_database_error().is_some_and(|error| error.code().as_deref() == Some(LOCK_NOT_AVAILABLE)) =>
        {
            tracing::info!(%month, "no partition yet: the table is in use; the month's events are with the rest meanwhile");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Whether a month has partitions of its own.
pub async fn has_partition(connection: &mut PgConnection, month: Month) -> sqlx::Result<bool> {
    sqlx::query_scalar("select to_regclass($1) is not null")
        .bind(month.partition(TABLES[TABLES.len() - 1].0))
        .fetch_one(connection)
        .await
}

/// What a month has on disk, texts and indexes included; of one without partitions, what the rest has.
pub async fn bytes(connection: &mut PgConnection, month: Month) -> sqlx::Result<i64> {
    let sql = "select sum(pg_total_relation_size(coalesce(to_regclass(own), to_regclass(rest))))::bigint
               from unnest($1::text[], $2::text[]) as part (own, rest)";
    sqlx::query_scalar(sql)
        .bind(TABLES.map(|(table, ..)| month.partition(table)))
        .bind(TABLES.map(|(table, ..)| format!("{table}_rest")))
        .fetch_one(connection)
        .await
}

/// Frees the space of what was deleted of a month. Not in a transaction.
pub async fn vacuum(connection: &mut PgConnection, month: Month) -> sqlx::Result<()> {
    let apart = has_partition(connection, month).await?;
    for (table, ..) in TABLES {
        let part = if apart { month.partition(table) } else { format!("{table}_rest") };
        sqlx::query(AssertSqlSafe(format!("vacuum (analyze) {part}"))).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Until the transaction ends, no partitions are made.
pub async fn lock(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query(LOCK).execute(connection).await?;
    Ok(())
}

async fn try_make(connection: &mut PgConnection, month: Month) -> sqlx::Result<()> {
    if has_partition(connection, month).await? {
        return Ok(());
    }
    let mut transaction = connection.begin().await?;
    lock(&mut transaction).await?;
    let mut run = async |sql: String| sqlx::query(AssertSqlSafe(sql)).execute(&mut *transaction).await;
    run(format!("set local lock_timeout = '{LOCK_TIMEOUT}'")).await?;
    let next = month.plus(1);
    for (table, time, settings) in TABLES {
        let partition = month.partition(table);
        run(format!("create table if not exists {partition} (like {table} including all) {settings}")).await?;
        // An attached one was made by another writer just now.
        let attached = run(format!("select from pg_inherits where inhrelid = '{partition}'::regclass")).await?;
        if attached.rows_affected() > 0 {
            continue;
        }
        run(format!("lock table {table}_rest in access exclusive mode")).await?;
        run(format!(
            "with moved as (delete from {table}_rest where {time} >= '{month}' and {time} < '{next}' returning *)
             insert into {partition} select * from moved"
        ))
        .await?;
        run(format!("alter table {table} attach partition {partition} for values from ('{month}') to ('{next}')"))
            .await?;
    }
    transaction.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(rfc3339: &str) -> Month {
        let at = OffsetDateTime::parse(rfc3339, &time::format_description::well_known::Rfc3339).unwrap();
        Month::of((at.unix_timestamp_nanos() / 1000) as i64)
    }

    #[test]
    fn months_begin_at_midnight_utc() {
        assert_eq!(at("2026-10-31T23:59:59.999999Z").to_string(), "2026-10-01");
        assert_eq!(at("2026-11-01T00:00:00Z").to_string(), "2026-11-01");
        assert_eq!(at("1969-12-31T23:59:59.999999Z").to_string(), "1969-12-01");
        assert_eq!(at("2026-12-31T23:00:00-02:00").partition("segment"), "segment_2027_01");
        assert_eq!(at("2026-12-01T00:00:00Z").plus(1), at("2027-01-31T00:00:00Z"));
    }

    #[test]
    fn times_beyond_the_calendar_have_a_month_too() {
        assert_eq!(Month::of(i64::MIN), Month::of(i64::MAX));
    }
}
