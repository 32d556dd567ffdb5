//! Months that have much room, left by what was deleted of them: vacuum gives back only what is at the end of a file. What is kept
//! is copied while others read and write, and takes the place of the month's partitions in a moment.

use sqlx::{Connection, PgConnection};

use super::{PATIENCE, whole::when_free};
use crate::store::{
    known,
    month::{self, Change, Month},
    segment,
};

/// Months before this one in whose texts a third or more is room. A chunk of a text takes a quarter of a page at most, so that this
/// is never so of what was just written.
pub async fn roomy(connection: &mut PgConnection, this: Month) -> sqlx::Result<Vec<Month>> {
    let starts: Vec<String> = sqlx::query_scalar(
        "select right(part.relname, 7) from pg_inherits
         join pg_class as part on part.oid = inhrelid
         join pg_class as toast on toast.oid = part.reltoastrelid
         where inhparent = 'segment'::regclass and part.relname ~ '^segment_[0-9]{4}_[0-9]{2}$'
           and toast.relpages >= 64 and toast.reltuples >= 0 and toast.reltuples / 4 < toast.relpages * 0.67
         order by 1",
    )
    .fetch_all(connection)
    .await?;
    Ok(starts.iter().filter_map(|name| Month::parse(name)).filter(|month| *month < this).collect())
}

/// Writes a month's partitions anew; false when others would have had to wait too long.
pub async fn compact(connection: &mut PgConnection, month: Month) -> sqlx::Result<bool> {
    // Who stores events from now on has segments with later ids.
    let mut transaction = connection.begin().await?;
    sqlx::query(PATIENCE).execute(&mut *transaction).await?;
    known::forget(&mut transaction).await?;
    let segments = segment::last(&mut transaction).await?;
    transaction.commit().await?;

    let mut transaction = connection.begin().await?;
    month::copy(&mut transaction, month, segments).await?;
    transaction.commit().await?;

    let mut transaction = connection.begin().await?;
    sqlx::query(PATIENCE).execute(&mut *transaction).await?;
    known::forget(&mut transaction).await?;
    month::lock(&mut transaction).await?;
    month::copy_later(&mut transaction, month, segments).await?;
    let done = when_free(&mut transaction, month, Change::Swap).await?;
    if done {
        transaction.commit().await?;
        month::vacuum(connection, month).await?;
    } else {
        transaction.rollback().await?;
        month::drop_copy(connection, month).await?;
    }
    Ok(done)
}
