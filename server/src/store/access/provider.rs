//! Users who come from a provider. Who changes them holds all others back first: `user::hold`.

use sqlx::{FromRow, PgConnection};

#[derive(Clone, Debug, FromRow)]
pub struct Known {
    pub user_id: i64,
    pub name: String,
    pub role: String,
    pub accounts: Option<Vec<String>>,
    pub disabled: bool,
}

pub async fn find(connection: &mut PgConnection, issuer: &str, subject: &str) -> sqlx::Result<Option<Known>> {
    sqlx::query_as(
        "select user_id, name, role, accounts, disabled from access.app_user where issuer = $1 and subject = $2",
    )
    .bind(issuer)
    .bind(subject)
    .fetch_optional(connection)
    .await
}

/// A new user with the first of the names that nobody has, and that name; nothing where all are taken.
pub async fn insert(
    connection: &mut PgConnection,
    names: &[String],
    (issuer, subject): (&str, &str),
    role: &str,
    accounts: Option<&[String]>,
) -> sqlx::Result<Option<(i64, String)>> {
    for name in names {
        if !is_free(connection, name, None).await? {
            continue;
        }
        return sqlx::query_as(
            "insert into access.app_user (name, issuer, subject, role, accounts) values ($1, $2, $3, $4, $5)
             returning user_id, name",
        )
        .bind(name)
        .bind(issuer)
        .bind(subject)
        .bind(role)
        .bind(accounts)
        .fetch_optional(connection)
        .await;
    }
    Ok(None)
}

/// Brings a user up to what the provider says: the first of the names that nobody else has, else the one before. Returns it.
pub async fn update(
    connection: &mut PgConnection,
    known: &Known,
    names: &[String],
    role: &str,
    accounts: Option<&[String]>,
) -> sqlx::Result<String> {
    let mut chosen = &known.name;
    for name in names {
        if is_free(connection, name, Some(known.user_id)).await? {
            chosen = name;
            break;
        }
    }
    sqlx::query("update access.app_user set name = $2, role = $3, accounts = $4 where user_id = $1")
        .bind(known.user_id)
        .bind(chosen)
        .bind(role)
        .bind(accounts)
        .execute(connection)
        .await?;
    Ok(chosen.clone())
}

/// Takes away what the user might: sessions end, tokens and links see nothing.
pub async fn revoke(connection: &mut PgConnection, user_id: i64) -> sqlx::Result<()> {
    sqlx::query("update access.app_user set role = 'viewer', accounts = '{}' where user_id = $1")
        .bind(user_id)
        .execute(&mut *connection)
        .await?;
    super::login::delete_all(connection, user_id, None).await?;
    Ok(())
}

async fn is_free(connection: &mut PgConnection, name: &str, but: Option<i64>) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select not exists (select from access.app_user where lower(name) = lower($1) and user_id is distinct from $2)",
    )
    .bind(name)
    .bind(but)
    .fetch_one(connection)
    .await
}
