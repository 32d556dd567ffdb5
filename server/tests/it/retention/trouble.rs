//! A database that takes no changes.

use server::store::{self, retention};
use sqlx::postgres::PgPoolOptions;

use super::fixture::{A, B, TODAY, at, checked, everything, retention, run, store as add};
use crate::support::empty_database;

#[tokio::test]
async fn a_database_that_takes_no_changes_loses_nothing_and_it_is_said() {
    let options = empty_database().await;
    let pool = store::open(options.clone(), 4).await.unwrap();
    let events = [at(1, "2026-01-10T00:00:00Z", A, "olga"), at(2, "2026-02-10T00:00:00Z", B, "nina")];
    add(&pool, None, "1.json", &events).await;
    let before = everything(&pool).await;
    let read_only = options.options([("default_transaction_read_only", "on"), ("timezone", "UTC")]);
    let read_only = PgPoolOptions::new().connect_with(read_only).await.unwrap();
    let rules = retention("[retention]\ndays = 30\n");
    let plan = retention::plan(&read_only, &rules, TODAY).await.unwrap();
    assert_eq!(plan.months().len(), 2, "a dry run needs no more than to read");
    let error = retention::run(&read_only, &rules, TODAY).await.unwrap_err();
    assert!(format!("{error:#}").starts_with("retention stopped: the database takes no changes"), "{error:#}");
    assert!(everything(&pool).await == before);
    assert_eq!(run(&pool, &rules).await.events(), 2, "and goes on when it does");
    checked(&pool).await;
}
