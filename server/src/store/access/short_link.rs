//! Short addresses of our own pages.

use sqlx::PgPool;

/// The code of this address: the one that it has, else `code`. Nothing where another address has that code.
pub async fn code(pool: &PgPool, code: &str, address: &str, user_id: Option<i64>) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar(
        "with made as (
            insert into access.short_link (code, address, user_id) values ($1, $2, $3) on conflict do nothing returning code
         )
         select code from made union all select code from access.short_link where address = $2 limit 1",
    )
    .bind(code)
    .bind(address)
    .bind(user_id)
    .fetch_optional(pool)
    .await
}

pub async fn find(pool: &PgPool, code: &str) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("select address from access.short_link where code = $1").bind(code).fetch_optional(pool).await
}
