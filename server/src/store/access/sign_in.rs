//! Sign-ins that are under way: of a browser that went to the provider, or whose user is asked for a second factor.

use sqlx::{PgConnection, PgPool};

use super::Sha256;

/// A new one; those that are over are gone. `user_id`: of who has told a password; none: who it is, the provider will tell.
pub async fn insert(
    pool: &PgPool,
    secret: &Sha256,
    user_id: Option<i64>,
    next: &str,
    minutes: i32,
) -> sqlx::Result<()> {
    sqlx::query("delete from access.sign_in where expires_at <= now()").execute(pool).await?;
    sqlx::query(
        "insert into access.sign_in (secret_sha256, user_id, next, expires_at)
         values ($1, $2, $3, now() + make_interval(mins => $4))",
    )
    .bind(secret)
    .bind(user_id)
    .bind(next)
    .bind(minutes)
    .execute(pool)
    .await?;
    Ok(())
}

/// Uses up one that went to the provider, and returns where it leads. Of two that use it at the same time the second finds none.
pub async fn take(pool: &PgPool, secret: &Sha256) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar(
        "delete from access.sign_in where secret_sha256 = $1 and user_id is null and expires_at > now() returning next",
    )
    .bind(secret)
    .fetch_optional(pool)
    .await
}

/// Whose password was told, and where the sign-in leads.
pub async fn find(pool: &PgPool, secret: &Sha256) -> sqlx::Result<Option<(i64, String)>> {
    sqlx::query_as(
        "select user_id, next from access.sign_in join access.app_user using (user_id)
         where secret_sha256 = $1 and expires_at > now() and not disabled",
    )
    .bind(secret)
    .fetch_optional(pool)
    .await
}

/// Uses up one that waited for a second factor; false where it is gone already.
pub async fn end(connection: &mut PgConnection, secret: &Sha256) -> sqlx::Result<bool> {
    let done = sqlx::query("delete from access.sign_in where secret_sha256 = $1 and user_id is not null")
        .bind(secret)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends all that wait for this user's second factor.
pub async fn end_all(connection: &mut PgConnection, user_id: i64) -> sqlx::Result<()> {
    sqlx::query("delete from access.sign_in where user_id = $1").bind(user_id).execute(connection).await?;
    Ok(())
}
