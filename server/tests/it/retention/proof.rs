//! What is known of log file integrity goes with the events that it is about.

use server::store;
use sqlx::PgPool;

use super::fixture::{A, B, C, TODAY, count, retention, run};
use crate::support::database;

/// A digest of an hour, and a log file that it names.
async fn digest(pool: &PgPool, account: &str, end: &str) {
    let uri = format!("s3://trail/AWSLogs/{account}/CloudTrail-Digest/{end}");
    let id: i64 = sqlx::query_scalar(
        "insert into digest (uri, account, aws_region, trail, home_region, backfill, end_time, starts_chain, log_files,
                             log_files_failed, log_files_unchecked, state)
         values ($1, $2, 'eu-west-1', 't', 'eu-west-1', false, $3::timestamptz, false, 1, 0, 0, 'valid') returning digest_id",
    )
    .bind(&uri)
    .bind(account)
    .bind(end)
    .fetch_one(pool)
    .await
    .unwrap();
    let insert = "insert into log_file (uri, digest_id, state) values ($1, $2, 'valid')";
    sqlx::query(insert).bind(format!("{uri}/log")).bind(id).execute(pool).await.unwrap();
}

/// A log file that no digest names.
async fn unexpected(pool: &PgPool, account: &str, day: &str) {
    let uri = format!("s3://trail/AWSLogs/o-1/{account}/CloudTrail/eu-west-1/{day}/{account}_x.json.gz");
    let insert = "insert into log_file (uri, state, finding, reason) values ($1, 'failed', 'x', 'no digest names it')";
    sqlx::query(insert).bind(uri).execute(pool).await.unwrap();
}

/// "Today" is 2026-05-15.
#[tokio::test]
async fn digests_go_when_all_that_they_are_about_is_expired() {
    let pool = database().await;
    for account in [A, B, C] {
        for end in ["2026-04-15T00:00:00Z", "2026-04-15T01:00:00Z", "2026-05-14T00:00:00Z"] {
            digest(&pool, account, end).await;
        }
        for day in ["2026/04/14", "2026/04/15", "2026/99/99"] {
            unexpected(&pool, account, day).await;
        }
    }
    // Of A all is expired after 30 days; of B a source keeps it for longer; C is kept for ever.
    let rules = format!(
        "[[retention.rule]]\naccount = \"{A}\"\ndays = 30\n[[retention.rule]]\naccount = \"{B}\"\ndays = 30\n\
         [[retention.rule]]\naccount = \"{B}\"\nsource = \"audit\"\ndays = 300\n"
    );
    let retention = retention(&rules);
    let plan = store::retention::plan(&pool, &retention, TODAY).await.unwrap();
    assert_eq!((plan.today, plan.digests), (TODAY, 1));
    assert_eq!(run(&pool, &retention).await.digests, 1);
    let left =
        "select string_agg(account || ' ' || (end_time at time zone 'UTC')::text, ', ' order by account, end_time)
                from digest where account = ";
    let left: String = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("{left}'{A}'"))).fetch_one(&pool).await.unwrap();
    assert_eq!(
        left,
        format!("{A} 2026-04-15 01:00:00, {A} 2026-05-14 00:00:00"),
        "the hour that ends at the cutoff goes"
    );
    assert_eq!(count(&pool, "select count(*) from digest").await, 8);
    assert_eq!(count(&pool, "select count(*) from log_file where digest_id is not null").await, 8, "with its log file");
    let gone = "select count(*) from log_file where digest_id is null and uri not like '%2026/99/99%'";
    assert_eq!(count(&pool, gone).await, 5, "of A the one of the day before");
    assert_eq!(
        count(&pool, "select count(*) from log_file where uri like '%2026/99/99%'").await,
        3,
        "no date, no error"
    );
    assert_eq!(run(&pool, &retention).await.digests, 0);
}
