//! Tokens with which programs ask.

use sqlx::{FromRow, PgConnection, PgPool};
use time::OffsetDateTime;

use super::Sha256;

/// Whom a token stands for: what it may itself, and what its user may.
#[derive(Clone, Debug, FromRow)]
pub struct Holder {
    pub token_id: i64,
    pub user_id: i64,
    pub name: String,
    pub label: String,
    pub role: String,
    pub accounts: Option<Vec<String>>,
    pub user_role: String,
    pub user_accounts: Option<Vec<String>>,
    /// Its last use was not written down within the last minute.
    pub is_stale: bool,
}

#[derive(Clone, Debug, FromRow)]
pub struct Listed {
    pub token_id: i64,
    pub name: String,
    pub label: String,
    pub role: String,
    pub accounts: Option<Vec<String>>,
    pub created_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
    pub last_used_at: Option<OffsetDateTime>,
}

/// What is written of a token.
#[derive(Clone, Copy, Debug)]
pub struct Write<'a> {
    pub user_id: i64,
    pub label: &'a str,
    pub role: &'a str,
    pub accounts: Option<&'a [String]>,
    pub days: i32,
}

/// Who has this secret; nothing where it is none, or is over. Of users who come from a provider: only of `issuer`'s, and of those who signed
/// in within the last `rest_s` seconds.
pub async fn find(pool: &PgPool, secret: &Sha256, issuer: Option<&str>, rest_s: i32) -> sqlx::Result<Option<Holder>> {
    sqlx::query_as(
        "select token_id, user_id, name, label, api_token.role, api_token.accounts,
                app_user.role as user_role, app_user.accounts as user_accounts,
                coalesce(last_used_at < now() - interval '1 minute', true) as is_stale
         from access.api_token join access.app_user using (user_id)
         where secret_sha256 = $1 and expires_at > now() and not disabled
           and (issuer is null or issuer = $2 and last_sign_in_at > now() - make_interval(secs => $3))",
    )
    .bind(secret)
    .bind(issuer)
    .bind(rest_s)
    .fetch_optional(pool)
    .await
}

pub async fn used(pool: &PgPool, token_id: i64) -> sqlx::Result<()> {
    sqlx::query("update access.api_token set last_used_at = now() where token_id = $1")
        .bind(token_id)
        .execute(pool)
        .await?;
    Ok(())
}

pub async fn insert(connection: &mut PgConnection, secret: &Sha256, write: Write<'_>) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "insert into access.api_token (user_id, label, secret_sha256, role, accounts, expires_at)
         values ($1, $2, $3, $4, $5, now() + make_interval(days => $6)) returning token_id",
    )
    .bind(write.user_id)
    .bind(write.label)
    .bind(secret)
    .bind(write.role)
    .bind(write.accounts)
    .bind(write.days)
    .fetch_one(connection)
    .await
}

/// The tokens of one user or of all, also those that are over, the newest first.
pub async fn list(pool: &PgPool, user_id: Option<i64>) -> sqlx::Result<Vec<Listed>> {
    sqlx::query_as(
        "select token_id, name, label, api_token.role, api_token.accounts, api_token.created_at, expires_at, last_used_at
         from access.api_token join access.app_user using (user_id)
         where $1 is null or user_id = $1 order by api_token.created_at desc",
    )
    .bind(user_id)
    .fetch_all(pool)
    .await
}

/// The label of the token that is gone now: one of this user, or of any.
pub async fn delete(
    connection: &mut PgConnection,
    token_id: i64,
    user_id: Option<i64>,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar(
        "delete from access.api_token where token_id = $1 and ($2 is null or user_id = $2) returning label",
    )
    .bind(token_id)
    .bind(user_id)
    .fetch_optional(connection)
    .await
}
