//! Users.

use sqlx::{FromRow, PgConnection, PgPool};
use time::OffsetDateTime;

/// A user as stored. `role` is one of `model::access::Role`'s names.
#[derive(Clone, Debug, FromRow)]
pub struct User {
    pub user_id: i64,
    pub name: String,
    pub role: String,
    /// `None`: all.
    pub accounts: Option<Vec<String>>,
    pub disabled: bool,
    pub has_password: bool,
    /// The provider that the user comes from.
    pub issuer: Option<String>,
    pub has_second_factor: bool,
    pub created_at: OffsetDateTime,
    pub last_sign_in_at: Option<OffsetDateTime>,
}

macro_rules! user {
    ($rest:literal) => {
        concat!(
            "select user_id, name, role, accounts, disabled, password is not null as has_password, issuer,
             created_at, last_sign_in_at,
             exists (select from access.second_factor
                     where second_factor.user_id = app_user.user_id and confirmed_at is not null) as has_second_factor
             from access.app_user ",
            $rest
        )
    };
}

/// Whether anybody can sign in, or has come from a provider.
pub async fn exists(pool: &PgPool) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists (select from access.app_user where password is not null or issuer is not null)")
        .fetch_one(pool)
        .await
}

pub async fn list(pool: &PgPool) -> sqlx::Result<Vec<User>> {
    sqlx::query_as(user!("order by lower(name)")).fetch_all(pool).await
}

pub async fn find(pool: &PgPool, user_id: i64) -> sqlx::Result<Option<User>> {
    sqlx::query_as(user!("where user_id = $1")).bind(user_id).fetch_optional(pool).await
}

/// The user's id and password of those who may sign in, whatever the case of the name.
pub async fn password(pool: &PgPool, name: &str) -> sqlx::Result<Option<(i64, String)>> {
    sqlx::query_as(
        "select user_id, password from access.app_user
         where lower(name) = lower($1) and password is not null and not disabled",
    )
    .bind(name)
    .fetch_optional(pool)
    .await
}

/// The user of this name, whatever its case.
pub async fn id(connection: &mut PgConnection, name: &str) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar("select user_id from access.app_user where lower(name) = lower($1)")
        .bind(name)
        .fetch_optional(connection)
        .await
}

/// The password of one user.
pub async fn password_of(pool: &PgPool, user_id: i64) -> sqlx::Result<Option<String>> {
    let found: Option<Option<String>> = sqlx::query_scalar("select password from access.app_user where user_id = $1")
        .bind(user_id)
        .fetch_optional(pool)
        .await?;
    Ok(found.flatten())
}

/// A new user; nothing where the name is taken.
pub async fn insert(
    connection: &mut PgConnection,
    name: &str,
    role: &str,
    accounts: Option<&[String]>,
) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar(
        "insert into access.app_user (name, role, accounts) values ($1, $2, $3) on conflict do nothing returning user_id",
    )
    .bind(name)
    .bind(role)
    .bind(accounts)
    .fetch_optional(connection)
    .await
}

pub async fn set_password(connection: &mut PgConnection, user_id: i64, password: &str) -> sqlx::Result<()> {
    sqlx::query("update access.app_user set password = $2 where user_id = $1")
        .bind(user_id)
        .bind(password)
        .execute(connection)
        .await?;
    Ok(())
}

/// False where there is no such user.
pub async fn update(
    connection: &mut PgConnection,
    user_id: i64,
    role: &str,
    accounts: Option<&[String]>,
    disabled: bool,
) -> sqlx::Result<bool> {
    let done = sqlx::query("update access.app_user set role = $2, accounts = $3, disabled = $4 where user_id = $1")
        .bind(user_id)
        .bind(role)
        .bind(accounts)
        .bind(disabled)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// False where there is no such user.
pub async fn delete(connection: &mut PgConnection, user_id: i64) -> sqlx::Result<bool> {
    let done = sqlx::query("delete from access.app_user where user_id = $1").bind(user_id).execute(connection).await?;
    Ok(done.rows_affected() == 1)
}

/// Whether somebody is left who sees all and may change users. Holds others who change users back until the transaction's end.
pub async fn is_administered(connection: &mut PgConnection) -> sqlx::Result<bool> {
    hold(connection).await?;
    sqlx::query_scalar(
        "select exists (select from access.app_user
                        where role = 'admin' and accounts is null and not disabled
                          and (password is not null or issuer is not null))",
    )
    .fetch_one(connection)
    .await
}

/// Holds others who change users back until the transaction's end.
pub async fn hold(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("lock table access.app_user in share row exclusive mode").execute(connection).await?;
    Ok(())
}

pub async fn signed_in(connection: &mut PgConnection, user_id: i64) -> sqlx::Result<()> {
    sqlx::query("update access.app_user set last_sign_in_at = now() where user_id = $1")
        .bind(user_id)
        .execute(connection)
        .await?;
    Ok(())
}
