//! What a reader is told when something is wrong.

use app::api::Backend;
use model::{error::Kind, view::View};
use serde_json::json;
use server::{clock::Clock, ingest::enrich::GeoIp, query::Query};
use sqlx::postgres::PgPoolOptions;

use super::fixture::{query, view, with_events};

#[tokio::test]
async fn unknown_names_and_bad_filters_are_the_readers() {
    let query = with_events([]).await;
    let panel =
        async |dashboard: &str, panel: &str, view: &View| query.panel(dashboard, panel, view).await.unwrap_err();
    assert_eq!(panel("nope", "errors", &view("")).await.kind, Kind::NotFound);
    assert_eq!(panel("overview", "nope", &view("")).await.kind, Kind::NotFound);
    let bad = View { filter: "event_name: (".into(), ..View::default() };
    let error = panel("overview", "errors", &bad).await;
    assert_eq!((error.kind, error.parameter.as_deref()), (Kind::Invalid, Some("q")));
    assert!(error.span.is_some());
}

#[tokio::test]
async fn hostile_values_are_values() {
    let name = "x'; drop table event; --";
    let query = with_events([json!({ "event_name": name, "read_only": false }), json!({ "event_name": "y" })]).await;
    let view = View { filter: format!("event_name: \"{name}\""), ..View::default() };
    assert_eq!(query.panel("overview", "recent-events", &view).await.unwrap().table.total, 1);
    let view =
        View { filter: "event_name: \"a\\u0000\\\\%_\" or requestParameters.x: \"$1\"".into(), ..View::default() };
    // Whatever the language makes of it: never a fault of ours.
    if let Err(error) = query.panel("overview", "recent-events", &view).await {
        assert_eq!(error.kind, Kind::Invalid);
    }
}

#[tokio::test]
async fn without_a_database_it_is_unavailable_and_says_nothing_of_the_inside() {
    let pool = PgPoolOptions::new()
        .acquire_timeout(std::time::Duration::from_millis(300))
        .connect_lazy("postgres://secret-user:secret-password@127.0.0.1:9/secret-name")
        .unwrap();
    let query = Query::new(pool.clone(), pool, Clock::System, GeoIp::default());
    let errors = [
        query.panel("overview", "errors", &view("")).await.unwrap_err(),
        query.event("x").await.unwrap_err(),
        query.about().await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind, Kind::Unavailable);
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn a_broken_schema_is_our_fault_without_details() {
    let pool = crate::support::database().await;
    sqlx::query("alter table event rename column actor to hidden_name").execute(&pool).await.unwrap();
    let error = query(&pool).panel("overview", "recent-events", &view("")).await.unwrap_err();
    assert_eq!(error.kind, Kind::Internal);
    assert!(!error.message.contains("actor"), "{error}");
}

#[tokio::test]
async fn a_locked_table_times_out_and_leaves_the_pool_usable() {
    let pool = crate::support::database().await;
    let query = query(&pool);
    let mut lock = pool.begin().await.unwrap();
    sqlx::query("lock table event in access exclusive mode").execute(&mut *lock).await.unwrap();
    let error = query.panel("overview", "recent-events", &view("")).await.unwrap_err();
    assert_eq!(error.kind, Kind::Timeout);
    lock.rollback().await.unwrap();
    query.panel("overview", "recent-events", &view("")).await.unwrap();
    // The limits were the transaction's own.
    let limit: String = sqlx::query_scalar("show statement_timeout").fetch_one(&pool).await.unwrap();
    assert_eq!(limit, "0");
}
