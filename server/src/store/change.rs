//! How often events were stored or changed: answers hold for as long as this number stays the same.
//!
//! A transaction appends its own row, so that writers never wait for each other and whoever sees the row sees the events. A
//! sequence would tell of events before they can be seen.

use sqlx::{PgConnection, PgPool};

/// For a transaction that stores, changes or deletes events, or what they refer to.
pub async fn add(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("insert into change values (1)").execute(connection).await?;
    Ok(())
}

/// The number. It never falls.
pub async fn count(pool: &PgPool) -> sqlx::Result<i64> {
    sqlx::query_scalar("select coalesce(sum(changes), 0)::bigint from change").fetch_one(pool).await
}

/// Makes one row of all; the number stays the same. Of two at a time, each sums up what it deleted itself.
pub async fn fold(pool: &PgPool) -> sqlx::Result<()> {
    let sql = "with gone as (delete from change returning changes)
               insert into change select sum(changes) from gone having count(*) > 0";
    sqlx::query(sql).execute(pool).await?;
    Ok(())
}
