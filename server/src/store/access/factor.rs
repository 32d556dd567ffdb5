//! Second factors of users with a password.

use sqlx::{FromRow, PgConnection, PgPool};

use super::Sha256;

#[derive(Clone, Debug, FromRow)]
pub struct Factor {
    /// Encrypted.
    pub secret: Vec<u8>,
    pub is_confirmed: bool,
    /// Codes of this step and those before it are used up.
    pub last_step: i64,
    /// Codes for emergencies that are left.
    pub recovery: i64,
}

/// One that was begun and not confirmed is forgotten after an hour.
pub async fn find(pool: &PgPool, user_id: i64) -> sqlx::Result<Option<Factor>> {
    sqlx::query_as(
        "select secret, confirmed_at is not null as is_confirmed, last_step,
                (select count(*) from access.recovery_code where recovery_code.user_id = $1) as recovery
         from access.second_factor
         where user_id = $1 and (confirmed_at is not null or begun_at > now() - interval '1 hour')",
    )
    .bind(user_id)
    .fetch_optional(pool)
    .await
}

/// False where there is one that is confirmed.
pub async fn begin(pool: &PgPool, user_id: i64, secret: &[u8]) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "insert into access.second_factor (user_id, secret) values ($1, $2)
         on conflict (user_id) do update set secret = excluded.secret, begun_at = now()
         where second_factor.confirmed_at is null",
    )
    .bind(user_id)
    .bind(secret)
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// False where it is confirmed already.
pub async fn confirm(connection: &mut PgConnection, user_id: i64, step: i64) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update access.second_factor set confirmed_at = now(), last_step = $2 where user_id = $1 and confirmed_at is null",
    )
    .bind(user_id)
    .bind(step)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Uses a step up; false where it is used already.
pub async fn use_step(pool: &PgPool, user_id: i64, step: i64) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update access.second_factor set last_step = $2
         where user_id = $1 and last_step < $2 and confirmed_at is not null",
    )
    .bind(user_id)
    .bind(step)
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Uses a code for emergencies up; false where there is no such code.
pub async fn use_recovery(pool: &PgPool, user_id: i64, code: &Sha256) -> sqlx::Result<bool> {
    let done = sqlx::query("delete from access.recovery_code where user_id = $1 and code_sha256 = $2")
        .bind(user_id)
        .bind(code)
        .execute(pool)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Puts these in the place of those before.
pub async fn set_recovery(connection: &mut PgConnection, user_id: i64, codes: &[Sha256]) -> sqlx::Result<()> {
    sqlx::query("delete from access.recovery_code where user_id = $1").bind(user_id).execute(&mut *connection).await?;
    sqlx::query("insert into access.recovery_code (user_id, code_sha256) select $1, * from unnest($2::bytea[])")
        .bind(user_id)
        .bind(codes.iter().map(|code| code.to_vec()).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

/// False where there is none. Its codes for emergencies go with it.
pub async fn delete(connection: &mut PgConnection, user_id: i64) -> sqlx::Result<bool> {
    let done =
        sqlx::query("delete from access.second_factor where user_id = $1").bind(user_id).execute(connection).await?;
    Ok(done.rows_affected() == 1)
}
