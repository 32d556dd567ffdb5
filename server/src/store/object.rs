//! Objects: what was read, how it ended, and what it held.

use sqlx::{FromRow, PgConnection, PgPool};
use time::OffsetDateTime;

/// An object as it is listed.
#[derive(Clone, Debug, FromRow)]
pub struct Object {
    pub uri: String,
    pub version: String,
    /// `done` or `failed`.
    pub state: String,
    pub error: Option<String>,
    pub kind: String,
    pub events_read: i64,
    pub events_inserted: i64,
    pub events_duplicate: i64,
    pub events_rejected: i64,
    pub bytes_uncompressed: i64,
    pub finished_at: OffsetDateTime,
}

/// How the reading of an object ended. `events_read` is the sum of the three counts after it.
#[derive(Clone, Debug, Default)]
pub struct Finish {
    pub object_id: i64,
    /// Why it failed; nothing when it was read to its end.
    pub error: Option<String>,
    pub kind: String,
    pub events_read: u64,
    pub events_inserted: u64,
    pub events_rejected: u64,
    pub bytes_uncompressed: u64,
    /// Of the uncompressed content, where a digest may have its hash.
    pub sha256: Option<[u8; 32]>,
}

/// The last objects, newest first; only the failed ones if `failed`.
pub async fn list(pool: &PgPool, failed: bool, limit: i64) -> sqlx::Result<Vec<Object>> {
    sqlx::query_as(
        "select uri, version, state, error, kind, events_read, events_inserted, events_duplicate, events_rejected,
                bytes_uncompressed, finished_at
         from object where state = 'failed' or not $1 order by finished_at desc, object_id desc limit $2",
    )
    .bind(failed)
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// Those of the URIs that were read to their end, with their versions.
pub async fn done(pool: &PgPool, uris: &[&str]) -> sqlx::Result<Vec<(String, String)>> {
    sqlx::query_as("select uri, version from object where state = 'done' and uri = any($1)")
        .bind(uris)
        .fetch_all(pool)
        .await
}

/// Marks objects for being read again by their sources: those of the URIs, or all that failed. Returns how many; what came by
/// itself (an answer of LookupEvents, a push) is nowhere to be read again.
pub async fn mark(pool: &PgPool, uris: Option<&[String]>) -> sqlx::Result<u64> {
    let marked = sqlx::query(
        "update object set retry = true, state = 'failed', error = coalesce(error, 'is to be read again')
         where source is not null and uri ~ '^(s3|file)://'
           and case when $1::text[] is null then state = 'failed' else uri = any($1) end",
    )
    .bind(uris)
    .execute(pool)
    .await?;
    Ok(marked.rows_affected())
}

/// URIs of a source's objects that are to be read again.
pub async fn marked(pool: &PgPool, source: &str, limit: i64) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "select uri from object where state = 'failed' and retry and source = $1 order by finished_at limit $2",
    )
    .bind(source)
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// It could not be read again.
pub async fn unmark(pool: &PgPool, uri: &str, reason: &str) -> sqlx::Result<()> {
    sqlx::query("update object set retry = false, error = $2, finished_at = now() where uri = $1")
        .bind(uri)
        .bind(reason)
        .execute(pool)
        .await?;
    Ok(())
}

/// Claims objects for reading and locks their rows until the transaction ends; returns the id of each, by its number in `uris`.
/// One that another run finished meanwhile is left out. Until `finish` the rows say `failed`, which nobody sees.
pub async fn claim(
    connection: &mut PgConnection,
    uris: &[&str],
    versions: &[&str],
    sources: &[Option<&str>],
) -> sqlx::Result<Vec<(i64, i64)>> {
    // In the order of URIs, so that two runs wait for each other rather than lock each other.
    sqlx::query_as(
        "with given as (select * from unnest($1::text[], $2::text[], $3::text[]) with ordinality as g (uri, version, source, number)),
         claimed as (
            insert into object (uri, version, source, state, kind, events_read, events_inserted, events_duplicate, events_rejected,
                                bytes_uncompressed)
            select uri, version, source, 'failed', '', 0, 0, 0, 0, 0 from given order by uri collate \"C\"
            on conflict (uri) do update set
                version = excluded.version,
                source = excluded.source,
                events_inserted = case when object.version = excluded.version then object.events_inserted else 0 end
            where object.state <> 'done' or object.version <> excluded.version
            returning object_id, uri
         )
         select number, object_id from claimed join given using (uri)",
    )
    .bind(uris)
    .bind(versions)
    .bind(sources)
    .fetch_all(&mut *connection)
    .await
}

/// Writes how objects ended. What an earlier, failed reading of the same version inserted counts as inserted, not as
/// duplicate: so the row is the same however often the object had to be read.
pub async fn finish(connection: &mut PgConnection, objects: &[Finish]) -> sqlx::Result<()> {
    fn column<'a, T>(objects: &'a [Finish], value: impl Fn(&'a Finish) -> T) -> Vec<T> {
        objects.iter().map(value).collect()
    }
    let count = |value: fn(&Finish) -> u64| column(objects, |object| value(object) as i64);
    sqlx::query(
        "update object set
            state = case when f.error is null then 'done' else 'failed' end,
            error = f.error,
            retry = false,
            kind = f.kind,
            events_read = f.read,
            events_rejected = f.rejected,
            events_inserted = least(object.events_inserted + f.inserted, f.read - f.rejected),
            events_duplicate = f.read - f.rejected - least(object.events_inserted + f.inserted, f.read - f.rejected),
            bytes_uncompressed = f.bytes,
            sha256 = f.sha256,
            finished_at = now()
         from unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
                     $8::bytea[])
            as f (object_id, error, kind, read, inserted, rejected, bytes, sha256)
         where object.object_id = f.object_id",
    )
    .bind(column(objects, |object| object.object_id))
    .bind(column(objects, |object| object.error.as_deref()))
    .bind(column(objects, |object| object.kind.as_str()))
    .bind(count(|object| object.events_read))
    .bind(count(|object| object.events_inserted))
    .bind(count(|object| object.events_rejected))
    .bind(count(|object| object.bytes_uncompressed))
    .bind(column(objects, |object| object.sha256.as_ref().map(|hash| &hash[..])))
    .execute(connection)
    .await?;
    Ok(())
}
