//! Messages of queues that could not be dealt with: kept with the reason when they were deleted from the queue.

use sqlx::{FromRow, PgPool};

#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct PoisonMessage {
    pub source: String,
    pub queue_url: String,
    pub message_id: String,
    /// How often the queue had handed it out.
    pub receives: i32,
    pub reason: String,
    pub body: String,
}

/// The last ones, newest first.
pub async fn list(pool: &PgPool, limit: i64) -> sqlx::Result<Vec<PoisonMessage>> {
    sqlx::query_as(
        "select source, queue_url, message_id, receives, reason, body from poison_message
         order by poison_message_id desc limit $1",
    )
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// Marks messages for being dealt with again. Returns how many.
pub async fn mark(pool: &PgPool, message_ids: Option<&[String]>) -> sqlx::Result<u64> {
    let marked = sqlx::query("update poison_message set retry = true where message_id = any($1) or $1 is null")
        .bind(message_ids)
        .execute(pool)
        .await?;
    Ok(marked.rows_affected())
}

/// A source's messages that are to be dealt with again.
pub async fn marked(pool: &PgPool, source: &str, limit: i64) -> sqlx::Result<Vec<PoisonMessage>> {
    sqlx::query_as(
        "select source, queue_url, message_id, receives, reason, body from poison_message
         where retry and source = $1 order by poison_message_id limit $2",
    )
    .bind(source)
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// A message was dealt with again: it goes, or stays for a new reason.
pub async fn dealt(pool: &PgPool, message: &PoisonMessage, reason: Option<&str>) -> sqlx::Result<()> {
    let sql = match reason {
        None => "delete from poison_message where queue_url = $1 and message_id = $2 and $3::text is null",
        Some(_) => "update poison_message set retry = false, reason = $3 where queue_url = $1 and message_id = $2",
    };
    sqlx::query(sql).bind(&message.queue_url).bind(&message.message_id).bind(reason).execute(pool).await?;
    Ok(())
}

/// Keeps a message; one that was kept before stays as it was.
pub async fn keep(pool: &PgPool, message: &PoisonMessage) -> sqlx::Result<()> {
    // Postgres takes no NUL in texts, JSON may have them.
    let harmless = |text: &str| text.replace('\0', "\u{fffd}");
    sqlx::query(
        "insert into poison_message (source, queue_url, message_id, receives, reason, body) values ($1, $2, $3, $4, $5, $6)
         on conflict do nothing",
    )
    .bind(&message.source)
    .bind(&message.queue_url)
    .bind(&message.message_id)
    .bind(message.receives)
    .bind(harmless(&message.reason))
    .bind(harmless(&message.body))
    .execute(pool)
    .await?;
    Ok(())
}
