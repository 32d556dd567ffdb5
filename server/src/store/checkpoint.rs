//! Checkpoints: how far a source has come. Only a help: without them more is looked at, and nothing is stored twice.

use std::collections::{HashMap, HashSet};

use sqlx::{FromRow, PgPool};
use time::OffsetDateTime;

/// How far the keys below a prefix are read.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct Listing {
    pub prefix: String,
    /// All keys up to this one are stored; empty: none yet.
    pub last_key: String,
    /// Listed to its end when its day was over.
    pub complete: bool,
    pub listed_at: OffsetDateTime,
}

/// Those of a source, for some prefixes or for all.
pub async fn listing(
    pool: &PgPool,
    source: &str,
    prefixes: Option<&[String]>,
) -> sqlx::Result<HashMap<String, Listing>> {
    let rows: Vec<Listing> = sqlx::query_as(
        "select prefix, last_key, complete, listed_at from listing_checkpoint
         where source = $1 and ($2::text[] is null or prefix = any($2))",
    )
    .bind(source)
    .bind(prefixes)
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.prefix.clone(), row)).collect())
}

/// Moves them on: a last key never moves back.
pub async fn listing_save(pool: &PgPool, source: &str, moved: &[(String, String, bool)]) -> sqlx::Result<()> {
    if moved.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into listing_checkpoint as old (source, prefix, last_key, complete)
         select $1, * from unnest($2::text[], $3::text[], $4::boolean[])
         on conflict (source, prefix) do update set
            last_key = greatest(old.last_key, excluded.last_key), complete = old.complete or excluded.complete, listed_at = now()",
    )
    .bind(source)
    .bind(moved.iter().map(|(prefix, ..)| prefix.as_str()).collect::<Vec<_>>())
    .bind(moved.iter().map(|(_, key, _)| key.as_str()).collect::<Vec<_>>())
    .bind(moved.iter().map(|(.., complete)| *complete).collect::<Vec<_>>())
    .execute(pool)
    .await?;
    Ok(())
}

/// The first seconds of the slices of time that a region was asked for to their ends.
pub async fn lookup(pool: &PgPool, source: &str, region: &str, category: &str) -> sqlx::Result<HashSet<i64>> {
    let seconds: Vec<i64> = sqlx::query_scalar(
        "select extract(epoch from from_time)::bigint from lookup_checkpoint
         where source = $1 and region = $2 and category = $3",
    )
    .bind(source)
    .bind(region)
    .bind(category)
    .fetch_all(pool)
    .await?;
    Ok(seconds.into_iter().collect())
}

/// Notes that a slice, from a second to another, was asked for to its end.
pub async fn lookup_save(
    pool: &PgPool,
    source: &str,
    region: &str,
    category: &str,
    (from, to): (i64, i64),
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into lookup_checkpoint (source, region, category, from_time, to_time)
         values ($1, $2, $3, to_timestamp($4::bigint), to_timestamp($5::bigint)) on conflict do nothing",
    )
    .bind(source)
    .bind(region)
    .bind(category)
    .bind(from)
    .bind(to)
    .execute(pool)
    .await?;
    Ok(())
}
