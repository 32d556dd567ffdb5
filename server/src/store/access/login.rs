//! Logins: what a browser's cookie stands for.

use sqlx::{FromRow, PgConnection, PgPool};
use time::OffsetDateTime;

use super::Sha256;

/// Whom a cookie's secret stands for.
#[derive(Clone, Debug, FromRow)]
pub struct Login {
    pub login_id: i64,
    pub user_id: i64,
    pub name: String,
    pub role: String,
    pub accounts: Option<Vec<String>>,
    /// The secret is the one that was handed out last and not seen before.
    pub is_next: bool,
    /// The secret is old enough to be followed by another, and none was handed out within the last minute.
    pub is_due: bool,
    /// A user with a password and without a second factor.
    pub lacks_factor: bool,
    /// Its last use was not written down within the last minute.
    pub is_stale: bool,
}

/// As the user's own page lists it.
#[derive(Clone, Debug, FromRow)]
pub struct Listed {
    pub login_id: i64,
    pub created_at: OffsetDateTime,
    pub last_used_at: OffsetDateTime,
    pub address: String,
    pub user_agent: String,
}

/// How long a login holds.
#[derive(Clone, Copy, Debug)]
pub struct Lifetime {
    /// Without a request, in seconds.
    pub idle_s: i32,
    /// Whatever happens, in seconds.
    pub whole_s: i32,
}

/// How old a secret becomes, in seconds, before another follows it.
const RENEWED_AFTER_S: i32 = 900;

/// Who has this secret; nothing where it is none, or is over, or of a user of another provider than `issuer`. The secret before the last one
/// holds for another minute, for requests that were under way.
pub async fn find(
    pool: &PgPool,
    secret: &Sha256,
    lifetime: Lifetime,
    issuer: Option<&str>,
) -> sqlx::Result<Option<Login>> {
    sqlx::query_as(
        "select login_id, user_id, name, role, accounts,
                next_sha256 is not distinct from $1 as is_next,
                seen_at < now() - make_interval(secs => $4)
                    and (next_sha256 is null or renewed_at < now() - interval '1 minute')
                    and secret_sha256 = $1 as is_due,
                last_used_at < now() - interval '1 minute' as is_stale,
                issuer is null and not exists (
                    select from access.second_factor
                    where second_factor.user_id = app_user.user_id and confirmed_at is not null
                ) as lacks_factor
         from access.login join access.app_user using (user_id)
         where not disabled
           and (issuer is null or issuer = $5)
           and (secret_sha256 = $1 or next_sha256 = $1
                or previous_sha256 = $1 and seen_at > now() - interval '1 minute')
           and last_used_at > now() - make_interval(secs => $2)
           and login.created_at > now() - make_interval(secs => $3)",
    )
    .bind(secret)
    .bind(lifetime.idle_s)
    .bind(lifetime.whole_s)
    .bind(RENEWED_AFTER_S)
    .bind(issuer)
    .fetch_optional(pool)
    .await
}

/// A new login; what is over is gone.
pub async fn insert(
    connection: &mut PgConnection,
    user_id: i64,
    secret: &Sha256,
    address: &str,
    user_agent: &str,
    lifetime: Lifetime,
) -> sqlx::Result<i64> {
    sqlx::query(
        "delete from access.login where last_used_at < now() - make_interval(secs => $1)
                                     or created_at < now() - make_interval(secs => $2)",
    )
    .bind(lifetime.idle_s)
    .bind(lifetime.whole_s)
    .execute(&mut *connection)
    .await?;
    sqlx::query_scalar(
        "insert into access.login (user_id, secret_sha256, address, user_agent) values ($1, $2, $3, $4) returning login_id",
    )
    .bind(user_id)
    .bind(secret)
    .bind(address)
    .bind(user_agent)
    .fetch_one(connection)
    .await
}

pub async fn used(pool: &PgPool, login_id: i64) -> sqlx::Result<()> {
    sqlx::query("update access.login set last_used_at = now() where login_id = $1")
        .bind(login_id)
        .execute(pool)
        .await?;
    Ok(())
}

/// Hands out a secret that is to follow; false where another request was faster.
pub async fn renew(pool: &PgPool, login_id: i64, next: &Sha256) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update access.login set next_sha256 = $2, renewed_at = now(), last_used_at = now()
         where login_id = $1 and (next_sha256 is null or renewed_at < now() - interval '1 minute')",
    )
    .bind(login_id)
    .bind(next)
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The secret that was handed out last has come back: it is the one that holds.
pub async fn seen(pool: &PgPool, login_id: i64, next: &Sha256) -> sqlx::Result<()> {
    sqlx::query(
        "update access.login set previous_sha256 = secret_sha256, secret_sha256 = next_sha256, next_sha256 = null,
                                 seen_at = now(), last_used_at = now()
         where login_id = $1 and next_sha256 = $2",
    )
    .bind(login_id)
    .bind(next)
    .execute(pool)
    .await?;
    Ok(())
}

/// The user's logins that hold, the newest first.
pub async fn list(pool: &PgPool, user_id: i64, lifetime: Lifetime) -> sqlx::Result<Vec<Listed>> {
    sqlx::query_as(
        "select login_id, created_at, last_used_at, address, user_agent from access.login
         where user_id = $1 and last_used_at > now() - make_interval(secs => $2)
           and created_at > now() - make_interval(secs => $3)
         order by created_at desc",
    )
    .bind(user_id)
    .bind(lifetime.idle_s)
    .bind(lifetime.whole_s)
    .fetch_all(pool)
    .await
}

/// Ends one login of the user; false where there is none.
pub async fn delete(connection: &mut PgConnection, user_id: i64, login_id: i64) -> sqlx::Result<bool> {
    let done = sqlx::query("delete from access.login where user_id = $1 and login_id = $2")
        .bind(user_id)
        .bind(login_id)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends all logins of the user but one.
pub async fn delete_all(connection: &mut PgConnection, user_id: i64, but: Option<i64>) -> sqlx::Result<u64> {
    let done = sqlx::query("delete from access.login where user_id = $1 and login_id is distinct from $2")
        .bind(user_id)
        .bind(but)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}
