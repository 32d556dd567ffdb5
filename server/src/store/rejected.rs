//! What could not be read as an event: kept with its place and its reason.

use sqlx::{FromRow, PgConnection, PgPool};

/// A rejected record as it is listed.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct Rejected {
    /// The URI of the object that it stands in.
    pub object: String,
    /// The how-manieth record of the object, from 0.
    pub ordinal: i64,
    /// Where it begins in the uncompressed object.
    pub byte_offset: i64,
    pub reason: String,
    pub text: String,
}

/// A rejected record to be stored.
#[derive(Clone, Debug)]
pub struct New {
    pub object_id: i64,
    pub ordinal: u64,
    pub byte_offset: u64,
    pub reason: String,
    pub text: String,
}

/// Rejected records, the newest objects first and each in its own order.
pub async fn list(pool: &PgPool, limit: i64) -> sqlx::Result<Vec<Rejected>> {
    sqlx::query_as(
        "select uri as object, ordinal, byte_offset, reason, text from rejected join object using (object_id)
         order by object_id desc, ordinal limit $1",
    )
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// Forgets what an earlier reading of the objects rejected.
pub async fn clear(connection: &mut PgConnection, object_ids: &[i64]) -> sqlx::Result<()> {
    sqlx::query("delete from rejected where object_id = any($1)").bind(object_ids).execute(connection).await?;
    Ok(())
}

pub async fn insert(connection: &mut PgConnection, rows: &[New]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into rejected (object_id, ordinal, byte_offset, reason, text)
         select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[])",
    )
    .bind(rows.iter().map(|row| row.object_id).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.ordinal as i64).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.byte_offset as i64).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.reason.as_str()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.text.as_str()).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}
