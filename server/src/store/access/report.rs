//! Reports, and the times at which they are sent.

use sqlx::{FromRow, PgConnection, PgPool, Postgres, postgres::PgArguments, query::QueryScalar};
use time::OffsetDateTime;

/// A report, and what its maker may by now.
#[derive(Clone, FromRow)]
pub struct Report {
    pub report_id: i64,
    pub user_id: Option<i64>,
    pub name: Option<String>,
    pub role: Option<String>,
    pub accounts: Option<Vec<String>>,
    pub disabled: Option<bool>,
    pub title: String,
    pub address: String,
    pub schedule: String,
    pub recipients: Vec<String>,
    pub webhook: Option<Vec<u8>>,
    pub webhook_shown: Option<String>,
    pub channel: Option<String>,
    pub only_with_events: bool,
    pub paused: Option<String>,
    pub next_at: Option<OffsetDateTime>,
}

/// The last time that a report was to be sent.
#[derive(Clone, Debug, FromRow)]
pub struct Last {
    pub report_id: i64,
    pub due_at: OffsetDateTime,
    pub outcome: String,
    pub said: String,
}

/// What is written of a report.
#[derive(Clone, Copy)]
pub struct Write<'a> {
    pub title: &'a str,
    pub address: &'a str,
    pub schedule: &'a str,
    pub recipients: &'a [String],
    pub webhook: Option<&'a [u8]>,
    pub webhook_shown: Option<&'a str>,
    pub channel: Option<&'a str>,
    pub only_with_events: bool,
    pub next_at: Option<OffsetDateTime>,
}

/// A time that this server is to send a report at.
#[derive(Clone, Debug, FromRow)]
pub struct Run {
    pub report_id: i64,
    pub due_at: OffsetDateTime,
    pub tries: i32,
    pub done: Vec<String>,
}

macro_rules! report {
    ($rest:literal) => {
        concat!(
            "select report_id, user_id, name, role, accounts, disabled, title, address, schedule, recipients, webhook,
             webhook_shown, channel, only_with_events, paused, next_at
             from access.report left join access.app_user using (user_id) ",
            $rest
        )
    };
}

/// The reports of one user or of all, by title.
pub async fn list(pool: &PgPool, user_id: Option<i64>) -> sqlx::Result<Vec<Report>> {
    sqlx::query_as(report!("where $1 is null or user_id = $1 order by lower(title), report_id limit 500"))
        .bind(user_id)
        .fetch_all(pool)
        .await
}

/// One report: of this user, or of any.
pub async fn find(pool: &PgPool, report_id: i64, user_id: Option<i64>) -> sqlx::Result<Option<Report>> {
    sqlx::query_as(report!("where report_id = $1 and ($2 is null or user_id = $2)"))
        .bind(report_id)
        .bind(user_id)
        .fetch_optional(pool)
        .await
}

/// The last run of each of these.
pub async fn last(pool: &PgPool, reports: &[i64]) -> sqlx::Result<Vec<Last>> {
    sqlx::query_as(
        "select report_id, run.due_at, outcome, said
         from unnest($1::bigint[]) report (report_id)
         join lateral (select due_at, outcome, said from access.report_run
                       where report_run.report_id = report.report_id order by due_at desc limit 1) run on true",
    )
    .bind(reports)
    .fetch_all(pool)
    .await
}

pub async fn count(connection: &mut PgConnection, user_id: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar("select count(*) from access.report where user_id = $1")
        .bind(user_id)
        .fetch_one(connection)
        .await
}

pub async fn insert(connection: &mut PgConnection, user_id: i64, write: Write<'_>) -> sqlx::Result<i64> {
    let sql = "insert into access.report
        (user_id, title, address, schedule, recipients, webhook, webhook_shown, channel, only_with_events, next_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning report_id";
    written(sql, user_id, write).fetch_one(connection).await
}

/// One whose maker is gone belongs to `user_id` from now on.
pub async fn update(
    connection: &mut PgConnection,
    report_id: i64,
    user_id: i64,
    write: Write<'_>,
) -> sqlx::Result<bool> {
    let sql = "update access.report set user_id = coalesce(user_id, $1), title = $2, address = $3, schedule = $4,
        recipients = $5, webhook = $6, webhook_shown = $7, channel = $8, only_with_events = $9, next_at = $10
        where report_id = $11 returning report_id";
    Ok(written(sql, user_id, write).bind(report_id).fetch_optional(connection).await?.is_some())
}

/// Whose it is as `$1`, and what is written as `$2` to `$10`.
fn written<'a>(sql: &'static str, user_id: i64, write: Write<'a>) -> QueryScalar<'a, Postgres, i64, PgArguments> {
    sqlx::query_scalar(sql)
        .bind(user_id)
        .bind(write.title)
        .bind(write.address)
        .bind(write.schedule)
        .bind(write.recipients)
        .bind(write.webhook)
        .bind(write.webhook_shown)
        .bind(write.channel)
        .bind(write.only_with_events)
        .bind(write.next_at)
}

pub async fn delete(connection: &mut PgConnection, report_id: i64) -> sqlx::Result<bool> {
    let done =
        sqlx::query("delete from access.report where report_id = $1").bind(report_id).execute(connection).await?;
    Ok(done.rows_affected() == 1)
}

/// Not sent from now on, and why; or (`None`) sent again, from `next_at` on.
pub async fn pause(
    connection: &mut PgConnection,
    report_id: i64,
    paused: Option<&str>,
    next_at: Option<OffsetDateTime>,
) -> sqlx::Result<()> {
    sqlx::query("update access.report set paused = $2, next_at = coalesce($3, next_at) where report_id = $1")
        .bind(report_id)
        .bind(paused)
        .bind(next_at)
        .execute(connection)
        .await?;
    Ok(())
}

/// One report whose time has come: its id, schedule and time. Others do not see it until the transaction's end.
pub async fn due(
    connection: &mut PgConnection,
    now: OffsetDateTime,
) -> sqlx::Result<Option<(i64, String, OffsetDateTime)>> {
    sqlx::query_as(
        "select report_id, schedule, next_at from access.report where paused is null and next_at <= $1
         order by next_at limit 1 for update skip locked",
    )
    .bind(now)
    .fetch_optional(connection)
    .await
}

pub async fn set_next(
    connection: &mut PgConnection,
    report_id: i64,
    next_at: Option<OffsetDateTime>,
) -> sqlx::Result<()> {
    sqlx::query("update access.report set next_at = $2 where report_id = $1")
        .bind(report_id)
        .bind(next_at)
        .execute(connection)
        .await?;
    Ok(())
}

/// A run that may be tried from `due_at` on. Runs of long ago are gone.
pub async fn run_insert(connection: &mut PgConnection, report_id: i64, due_at: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query("delete from access.report_run where report_id = $1 and due_at < $2 - interval '90 days'")
        .bind(report_id)
        .bind(due_at)
        .execute(&mut *connection)
        .await?;
    sqlx::query("insert into access.report_run (report_id, due_at, try_at) values ($1, $2, $2) on conflict do nothing")
        .bind(report_id)
        .bind(due_at)
        .execute(connection)
        .await?;
    Ok(())
}

/// A run that is over already.
pub async fn run_note(
    connection: &mut PgConnection,
    report_id: i64,
    due_at: OffsetDateTime,
    outcome: &str,
    said: &str,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into access.report_run (report_id, due_at, tries, outcome, said) values ($1, $2, 1, $3, $4)
         on conflict do nothing",
    )
    .bind(report_id)
    .bind(due_at)
    .bind(outcome)
    .bind(said)
    .execute(connection)
    .await?;
    Ok(())
}

/// A run to try, which no other server tries until `until`.
pub async fn run_take(pool: &PgPool, now: OffsetDateTime, until: OffsetDateTime) -> sqlx::Result<Option<Run>> {
    sqlx::query_as(
        "update access.report_run set tries = tries + 1, try_at = $2
         where (report_id, due_at) = (
            select report_id, due_at from access.report_run where outcome = 'trying' and try_at <= $1
            order by try_at limit 1 for update skip locked
         ) returning report_id, due_at, tries, done",
    )
    .bind(now)
    .bind(until)
    .fetch_optional(pool)
    .await
}

/// Somebody has it.
pub async fn run_done(pool: &PgPool, run: &Run, who: &str) -> sqlx::Result<()> {
    sqlx::query("update access.report_run set done = array_append(done, $3) where report_id = $1 and due_at = $2")
        .bind(run.report_id)
        .bind(run.due_at)
        .bind(who)
        .execute(pool)
        .await?;
    Ok(())
}

/// How a try ended; `try_at`: it is tried again.
pub async fn run_end(
    connection: &mut PgConnection,
    run: &Run,
    outcome: &str,
    said: &str,
    try_at: Option<OffsetDateTime>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update access.report_run set outcome = $3, said = $4, try_at = $5 where report_id = $1 and due_at = $2",
    )
    .bind(run.report_id)
    .bind(run.due_at)
    .bind(outcome)
    .bind(said)
    .bind(try_at)
    .execute(connection)
    .await?;
    Ok(())
}
