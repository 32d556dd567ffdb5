//! Short addresses of our own pages.

use sqlx::{FromRow, PgConnection, PgPool};
use time::OffsetDateTime;

/// As lists show it.
#[derive(Clone, Debug, FromRow)]
pub struct Listed {
    pub code: String,
    /// Of who made it; nothing where that user is gone.
    pub name: Option<String>,
    pub address: String,
    pub created_at: OffsetDateTime,
    pub last_used_at: Option<OffsetDateTime>,
}

/// The code of this address: the one that it has, else `code`. Nothing where another address has that code.
pub async fn code(
    connection: &mut PgConnection,
    code: &str,
    address: &str,
    user_id: i64,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar(
        "with made as (
            insert into access.short_link (code, address, user_id) values ($1, $2, $3) on conflict do nothing returning code
         )
         select code from made union all select code from access.short_link where address = $2 limit 1",
    )
    .bind(code)
    .bind(address)
    .bind(user_id)
    .fetch_optional(connection)
    .await
}

/// Where it leads somebody, now.
pub async fn used(pool: &PgPool, code: &str) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("update access.short_link set last_used_at = now() where code = $1 returning address")
        .bind(code)
        .fetch_optional(pool)
        .await
}

/// Those of one user or of all, the newest first.
pub async fn list(pool: &PgPool, user_id: Option<i64>) -> sqlx::Result<Vec<Listed>> {
    sqlx::query_as(
        "select code, name, address, short_link.created_at, last_used_at
         from access.short_link left join access.app_user using (user_id)
         where $1 is null or user_id = $1 order by short_link.created_at desc, code limit 500",
    )
    .bind(user_id)
    .fetch_all(pool)
    .await
}

/// The address that had the code: of this user, or of any.
pub async fn delete(connection: &mut PgConnection, code: &str, user_id: Option<i64>) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar(
        "delete from access.short_link where code = $1 and ($2 is null or user_id = $2) returning address",
    )
    .bind(code)
    .bind(user_id)
    .fetch_optional(connection)
    .await
}
