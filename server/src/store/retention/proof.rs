//! What is known of log file integrity: a digest goes when no event that may come from its log files is kept, with what is known of
//! those. Verification needs none of it: each digest is held against the one before it in the bucket.

use sqlx::PgConnection;
use time::{Date, OffsetDateTime};

use crate::config::retention::Retention;

/// How many digests are expired.
pub async fn count(connection: &mut PgConnection, retention: &Retention, today: Date) -> sqlx::Result<u64> {
    let mut digests = 0;
    for (account, before) in cutoffs(connection, retention, today).await? {
        let expired = sqlx::query_scalar::<_, i64>("select count(*) from digest where account = $1 and end_time <= $2");
        digests += expired.bind(account).bind(before).fetch_one(&mut *connection).await? as u64;
    }
    Ok(digests)
}

/// Removes them; returns how many. Each account is a transaction.
pub async fn remove(connection: &mut PgConnection, retention: &Retention, today: Date) -> sqlx::Result<u64> {
    let mut digests = 0;
    for (account, before) in cutoffs(connection, retention, today).await? {
        // Log files that no digest names are of the day in their keys, which are anybody's: compared as text, whatever they are.
        sqlx::query(
            "delete from log_file where digest_id is null
                and substring(uri from '/AWSLogs/(?:[^/]+/)?([0-9]{12})/CloudTrail/') = $1
                and substring(uri from '/([0-9]{4}/[0-9]{2}/[0-9]{2})/[^/]*$') < to_char($2 at time zone 'UTC', 'YYYY/MM/DD')",
        )
        .bind(&account)
        .bind(before)
        .execute(&mut *connection)
        .await?;
        // All events of a log file are older than the end of its digest's hour.
        let expired = sqlx::query("delete from digest where account = $1 and end_time <= $2");
        digests += expired.bind(&account).bind(before).execute(&mut *connection).await?.rows_affected();
    }
    Ok(digests)
}

/// Of each account that has digests: before when all its events are expired.
async fn cutoffs(
    connection: &mut PgConnection,
    retention: &Retention,
    today: Date,
) -> sqlx::Result<Vec<(String, OffsetDateTime)>> {
    let accounts: Vec<String> = sqlx::query_scalar("select distinct account from digest").fetch_all(connection).await?;
    let cutoffs = accounts.into_iter().filter_map(|account| {
        let before = retention.cutoff_of(&account, today)?;
        Some((account, before.midnight().assume_utc()))
    });
    Ok(cutoffs.collect())
}
