//! The log of what was done: entries that are only ever added, each with a hash that covers the one before.

use sha2::{Digest, Sha256};
use sqlx::{FromRow, PgConnection, PgPool};

/// Only one transaction at a time adds to the chain.
const LOCK: i64 = 0x7472_6169_6c61_7564;

#[derive(Clone, Debug, FromRow)]
pub struct Entry {
    pub entry_id: i64,
    pub entry: String,
    pub hash: Vec<u8>,
}

/// Adds entries, JSON each. Holds others who add back until the transaction's end.
pub async fn append(connection: &mut PgConnection, entries: &[String]) -> sqlx::Result<()> {
    sqlx::query("select pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *connection).await?;
    let last: Option<(i64, Vec<u8>)> =
        sqlx::query_as("select entry_id, hash from access.audit order by entry_id desc limit 1")
            .fetch_optional(&mut *connection)
            .await?;
    let (mut id, mut hash) = last.unwrap_or_default();
    let (mut ids, mut hashes) = (Vec::new(), Vec::new());
    for entry in entries {
        id += 1;
        hash = chained(&hash, entry);
        ids.push(id);
        hashes.push(hash.clone());
    }
    sqlx::query(
        "insert into access.audit (entry_id, entry, hash) select * from unnest($1::bigint[], $2::text[], $3::bytea[])",
    )
    .bind(ids)
    .bind(entries)
    .bind(hashes)
    .execute(connection)
    .await?;
    Ok(())
}

/// The last entries before `before`, the newest first.
pub async fn list(pool: &PgPool, before: Option<i64>, limit: i64) -> sqlx::Result<Vec<Entry>> {
    sqlx::query_as(
        "select entry_id, entry, hash from access.audit where $1 is null or entry_id < $1 order by entry_id desc limit $2",
    )
    .bind(before)
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// Entries from `first` on, the oldest first.
pub async fn from(pool: &PgPool, first: i64, limit: i64) -> sqlx::Result<Vec<Entry>> {
    sqlx::query_as("select entry_id, entry, hash from access.audit where entry_id >= $1 order by entry_id limit $2")
        .bind(first)
        .bind(limit)
        .fetch_all(pool)
        .await
}

/// SHA-256 of the hash before and the entry; of the entry alone where it is the first.
pub fn chained(previous: &[u8], entry: &str) -> Vec<u8> {
    Sha256::new().chain_update(previous).chain_update(entry).finalize().to_vec()
}
