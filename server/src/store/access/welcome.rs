//! Links that let their holder choose a password, once.

use sqlx::{PgConnection, PgPool};

use super::Sha256;

/// Whose link it is: `Some(None)` is the first administrator's, `None` where there is no such link or it is over.
pub async fn find(pool: &PgPool, secret: &Sha256) -> sqlx::Result<Option<Option<i64>>> {
    sqlx::query_scalar("select user_id from access.welcome where secret_sha256 = $1 and expires_at > now()")
        .bind(secret)
        .fetch_optional(pool)
        .await
}

/// Uses a link up, as `find`. Of two that use one at the same time the second finds none.
pub async fn take(connection: &mut PgConnection, secret: &Sha256) -> sqlx::Result<Option<Option<i64>>> {
    sqlx::query_scalar("delete from access.welcome where secret_sha256 = $1 and expires_at > now() returning user_id")
        .bind(secret)
        .fetch_optional(connection)
        .await
}

/// A new link; those of the same user before it, and all that are over, are gone.
pub async fn insert(connection: &mut PgConnection, secret: &Sha256, user_id: i64, hours: i32) -> sqlx::Result<()> {
    sqlx::query("delete from access.welcome where user_id = $1 or expires_at <= now()")
        .bind(user_id)
        .execute(&mut *connection)
        .await?;
    add(connection, secret, Some(user_id), hours).await
}

/// A link for the first administrator. Each server that starts has one of its own.
pub async fn insert_first(connection: &mut PgConnection, secret: &Sha256, hours: i32) -> sqlx::Result<()> {
    add(connection, secret, None, hours).await
}

async fn add(connection: &mut PgConnection, secret: &Sha256, user_id: Option<i64>, hours: i32) -> sqlx::Result<()> {
    sqlx::query(
        "insert into access.welcome (secret_sha256, user_id, expires_at)
         values ($1, $2, now() + make_interval(hours => $3))",
    )
    .bind(secret)
    .bind(user_id)
    .bind(hours)
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes all links for a first administrator back: there is one.
pub async fn end_first(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("delete from access.welcome where user_id is null").execute(connection).await?;
    Ok(())
}
