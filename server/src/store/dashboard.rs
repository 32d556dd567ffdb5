//! Dashboards that users made, and all their versions.

use sqlx::{FromRow, PgPool};
use time::OffsetDateTime;

/// A dashboard's text under one of its versions.
#[derive(Clone, Debug, FromRow)]
pub struct Spec {
    pub version: i32,
    pub spec: String,
}

/// A dashboard as lists name it.
#[derive(Clone, Debug, FromRow)]
pub struct Listed {
    pub id: String,
    pub title: String,
    pub description: String,
    pub changed_at: OffsetDateTime,
    pub deleted_at: Option<OffsetDateTime>,
}

/// A version in the history.
#[derive(Clone, Debug, FromRow)]
pub struct Version {
    pub version: i32,
    pub spec: String,
    pub note: String,
    pub saved_at: OffsetDateTime,
}

/// What is written of a dashboard.
#[derive(Clone, Copy, Debug)]
pub struct Write<'a> {
    pub title: &'a str,
    pub description: &'a str,
    pub spec: &'a str,
    pub note: &'a str,
}

/// The version that holds; nothing where there is none or it is deleted.
pub async fn find(pool: &PgPool, id: &str) -> sqlx::Result<Option<Spec>> {
    sqlx::query_as(
        "select version, spec from dashboard join dashboard_version using (id, version)
         where id = $1 and deleted_at is null",
    )
    .bind(id)
    .fetch_optional(pool)
    .await
}

/// All dashboards by title, those that are deleted or those that are not.
pub async fn list(pool: &PgPool, deleted: bool) -> sqlx::Result<Vec<Listed>> {
    sqlx::query_as(
        "select id, title, description, changed_at, deleted_at from dashboard
         where (deleted_at is not null) = $1 order by lower(title), id",
    )
    .bind(deleted)
    .fetch_all(pool)
    .await
}

/// The ids that are taken among `id` and those that begin with it, deleted dashboards included.
pub async fn taken(pool: &PgPool, id: &str) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar("select id from dashboard where starts_with(id, $1)").bind(id).fetch_all(pool).await
}

/// Those of the ids that a dashboard has which is not deleted.
pub async fn among(pool: &PgPool, ids: &[&str]) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar("select id from dashboard where id = any($1) and deleted_at is null")
        .bind(ids)
        .fetch_all(pool)
        .await
}

/// A new dashboard as version 1; false where the id is taken, also by a deleted one.
pub async fn insert(pool: &PgPool, id: &str, write: Write<'_>) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "with made as (
            insert into dashboard (id, title, description, version) values ($1, $2, $3, 1)
            on conflict do nothing returning id
         )
         insert into dashboard_version (id, version, spec, note) select id, 1, $4, $5 from made",
    )
    .bind(id)
    .bind(write.title)
    .bind(write.description)
    .bind(write.spec)
    .bind(write.note)
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The next version after `base`; nothing where another version holds by now, or none.
pub async fn update(pool: &PgPool, id: &str, base: i32, write: Write<'_>) -> sqlx::Result<Option<i32>> {
    sqlx::query_scalar(
        "with moved as (
            update dashboard set version = version + 1, title = $3, description = $4, changed_at = now()
            where id = $1 and version = $2 and deleted_at is null returning id, version
         )
         insert into dashboard_version (id, version, spec, note) select id, version, $5, $6 from moved returning version",
    )
    .bind(id)
    .bind(base)
    .bind(write.title)
    .bind(write.description)
    .bind(write.spec)
    .bind(write.note)
    .fetch_optional(pool)
    .await
}

/// Deletes a dashboard, or brings it back; false where it is not there, or is so already.
pub async fn set_deleted(pool: &PgPool, id: &str, deleted: bool) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update dashboard set deleted_at = case when $2 then now() end
         where id = $1 and (deleted_at is not null) <> $2",
    )
    .bind(id)
    .bind(deleted)
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The last versions, the newest first; none of a deleted dashboard.
pub async fn versions(pool: &PgPool, id: &str, limit: i64) -> sqlx::Result<Vec<Version>> {
    sqlx::query_as(
        "select v.version, spec, note, saved_at from dashboard_version v join dashboard using (id)
         where id = $1 and deleted_at is null order by v.version desc limit $2",
    )
    .bind(id)
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// One version, whether it holds or not.
pub async fn version(pool: &PgPool, id: &str, version: i32) -> sqlx::Result<Option<Spec>> {
    sqlx::query_as(
        "select v.version, spec from dashboard_version v join dashboard using (id)
         where id = $1 and v.version = $2 and deleted_at is null",
    )
    .bind(id)
    .bind(version)
    .fetch_optional(pool)
    .await
}
