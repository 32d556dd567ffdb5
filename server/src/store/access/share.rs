//! Share links.

use sqlx::{FromRow, PgConnection, PgPool};
use time::OffsetDateTime;

use super::Sha256;

/// A share that holds, as its link opens it.
#[derive(Clone, Debug, FromRow)]
pub struct Share {
    pub share_id: i64,
    /// Of who shared it.
    pub name: String,
    pub share: String,
    pub snapshot: Option<String>,
    /// Of the share, and of who shared it by now.
    pub accounts: Option<Vec<String>>,
    pub user_accounts: Option<Vec<String>>,
    pub password: Option<String>,
    pub origins: Vec<String>,
    pub created_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
}

/// As lists show it.
#[derive(Clone, Debug, FromRow)]
pub struct Listed {
    pub share_id: i64,
    pub name: String,
    pub title: String,
    pub address: String,
    pub is_snapshot: bool,
    pub has_password: bool,
    pub origins: Vec<String>,
    pub created_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
    pub revoked_at: Option<OffsetDateTime>,
    pub views: i64,
    pub last_viewed_at: Option<OffsetDateTime>,
    pub last_address: Option<String>,
}

/// What is written of a share.
#[derive(Clone, Copy, Debug)]
pub struct Write<'a> {
    pub user_id: i64,
    pub title: &'a str,
    pub address: &'a str,
    pub share: &'a str,
    pub snapshot: Option<&'a str>,
    pub accounts: Option<&'a [String]>,
    pub password: Option<&'a str>,
    pub origins: &'a [String],
    pub days: i32,
}

/// The share of this secret; nothing where there is none, it is over or revoked, or who made it may not sign in any more or comes from
/// another provider than `issuer`.
pub async fn find(pool: &PgPool, secret: &Sha256, issuer: Option<&str>) -> sqlx::Result<Option<Share>> {
    sqlx::query_as(
        "select share_id, name, share, snapshot, share.accounts, app_user.accounts as user_accounts, share.password, origins,
                share.created_at, expires_at
         from access.share join access.app_user using (user_id)
         where secret_sha256 = $1 and revoked_at is null and expires_at > now() and not disabled
           and (issuer is null or issuer = $2)",
    )
    .bind(secret)
    .bind(issuer)
    .fetch_optional(pool)
    .await
}

pub async fn insert(connection: &mut PgConnection, secret: &Sha256, write: Write<'_>) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "insert into access.share
            (user_id, secret_sha256, title, address, share, snapshot, accounts, password, origins, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, now() + make_interval(days => $10)) returning share_id",
    )
    .bind(write.user_id)
    .bind(secret)
    .bind(write.title)
    .bind(write.address)
    .bind(write.share)
    .bind(write.snapshot)
    .bind(write.accounts)
    .bind(write.password)
    .bind(write.origins)
    .bind(write.days)
    .fetch_one(connection)
    .await
}

/// Somebody has opened it.
pub async fn viewed(pool: &PgPool, share_id: i64, address: &str) -> sqlx::Result<()> {
    sqlx::query(
        "update access.share set views = views + 1, last_viewed_at = now(), last_address = $2 where share_id = $1",
    )
    .bind(share_id)
    .bind(address)
    .execute(pool)
    .await?;
    Ok(())
}

/// The shares of one user or of all, the newest first.
pub async fn list(pool: &PgPool, user_id: Option<i64>) -> sqlx::Result<Vec<Listed>> {
    sqlx::query_as(
        "select share_id, name, title, address, snapshot is not null as is_snapshot,
                share.password is not null as has_password, origins, share.created_at, expires_at, revoked_at, views,
                last_viewed_at, last_address
         from access.share join access.app_user using (user_id)
         where $1 is null or user_id = $1 order by share.created_at desc limit 500",
    )
    .bind(user_id)
    .fetch_all(pool)
    .await
}

/// The title of the share that is over now: one of this user, or of any.
pub async fn revoke(
    connection: &mut PgConnection,
    share_id: i64,
    user_id: Option<i64>,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar(
        "update access.share set revoked_at = now()
         where share_id = $1 and ($2 is null or user_id = $2) and revoked_at is null returning title",
    )
    .bind(share_id)
    .bind(user_id)
    .fetch_optional(connection)
    .await
}
