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
