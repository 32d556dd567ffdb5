//! `/healthz` and `/readyz`.

use std::{sync::Arc, time::Duration};

use axum::http::{Method, StatusCode};
use server::{clock::Clock, ingest::enrich::GeoIp, query::Query, web};
use sqlx::postgres::PgPoolOptions;

use super::client::{get, send, site};

#[tokio::test]
async fn a_server_with_a_database_is_alive_and_ready() {
    let site = site([]).await;
    for address in ["/healthz", "/readyz"] {
        let answer = get(&site, address).await;
        assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-store"), "{address}");
        assert_eq!(send(&site, Method::HEAD, address, &[]).await.status, StatusCode::OK);
        assert_eq!(send(&site, Method::POST, address, &[]).await.status, StatusCode::METHOD_NOT_ALLOWED);
    }
}

#[tokio::test]
async fn without_its_database_it_is_alive_and_not_ready() {
    let options = PgPoolOptions::new().acquire_timeout(Duration::from_millis(300));
    let pool = options.connect_lazy("postgres://secret-user@127.0.0.1:9/none").unwrap();
    let site = web::router(Arc::new(Query::new(pool.clone(), pool, Clock::System, GeoIp::default())));
    assert_eq!(get(&site, "/healthz").await.status, StatusCode::OK);
    let answer = get(&site, "/readyz").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!answer.text().contains("secret"));
    let answer = get(&site, "/d/overview/errors.json").await;
    assert_eq!(
        (answer.status, &answer.json()["error"]["kind"]),
        (StatusCode::SERVICE_UNAVAILABLE, &"unavailable".into())
    );
}
