//! How often events were stored or changed, in which hours: answers hold for as long as these numbers stay the same.
//!
//! A transaction appends its own rows, so that writers never wait for each other and whoever sees the rows sees the events. A
//! sequence would tell of events before they can be seen.

use std::collections::BTreeMap;

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

/// A part of the statement that inserts events, which it calls `inserted`.
pub const INSERT: &str = "changed as (
            insert into change (hour, changes)
            select date_bin('1 hour', event_time, 'epoch'), 1 from inserted group by 1
         )";

/// Hours that are told apart: some hundred days. What is older counts as a change of all.
const MOST_HOURS: i64 = 2_500;

/// For a transaction that changes or deletes events, or what they refer to, in whichever hours.
pub async fn add(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("insert into change (changes) values (1)").execute(connection).await?;
    Ok(())
}

/// The number of all changes. It never falls.
pub async fn count(pool: &PgPool) -> sqlx::Result<i64> {
    sqlx::query_scalar(COUNT).fetch_one(pool).await
}

/// As `count`.
pub const COUNT: &str = "select coalesce(sum(changes), 0)::bigint from change";

/// How often the events of each hour may have changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    all: i64,
    by_hour: BTreeMap<i64, i64>,
}

impl Changes {
    pub async fn read(connection: &mut PgConnection) -> sqlx::Result<Changes> {
        let rows: Vec<(Option<OffsetDateTime>, i64)> =
            sqlx::query_as("select hour, sum(changes)::bigint from change group by hour").fetch_all(connection).await?;
        let mut changes = Changes::default();
        for (hour, count) in rows {
            match hour {
                Some(hour) => drop(changes.by_hour.insert(hour.unix_timestamp() * 1000, count)),
                None => changes.all = count,
            }
        }
        Ok(changes)
    }

    /// A number that grows whenever an event from one moment to the other is stored, changed or deleted; milliseconds since 1970, of
    /// whole hours.
    pub fn between(&self, from_ms: i64, to_ms: i64) -> i64 {
        self.all + self.by_hour.range(from_ms..to_ms).map(|(_, count)| count).sum::<i64>()
    }
}

/// Makes one row of each hour's, and one of all hours' before the newest ones; no number falls.
pub async fn fold(pool: &PgPool) -> sqlx::Result<()> {
    fold_to(&mut *pool.acquire().await?, MOST_HOURS).await
}

/// No hour is told from another any more: their events were deleted.
pub async fn forget_hours(connection: &mut PgConnection) -> sqlx::Result<()> {
    fold_to(connection, 0).await
}

/// Of two at a time, each sums up what it deleted itself.
async fn fold_to(connection: &mut PgConnection, hours: i64) -> sqlx::Result<()> {
    let sql = "with old as (
                   select hour from change where hour is not null group by hour order by hour desc offset $1 limit 1
               ),
               gone as (delete from change returning hour, changes)
               insert into change (hour, changes)
               select case when hour > (select coalesce(max(hour), '-infinity') from old) then hour end, sum(changes)
               from gone group by 1";
    sqlx::query(sql).bind(hours).execute(connection).await?;
    Ok(())
}
