//! What every answer has, and what no request may do.

use std::sync::Arc;

use app::api::{
    About, Backend, Dashboards, Discover, Entities, Event, Found, Info, Ingest, Ingests, Listing, People, Profile,
    Quiet, Reports, Retry, Rows, Sharing, Source, ValueCount,
};
use async_trait::async_trait;
use axum::http::{Method, StatusCode};
use model::{
    discover,
    entity::Entity,
    error::{Error, Kind},
    field::Field,
    filter::Target,
    inspection::Inspection,
    series::{Cell, Series},
    time::{Timestamp, Window},
    view::View,
};
use server::web::{Settings, router, router_with};

use super::client::{get, send, site};
use crate::query::fixture::with_events;

#[tokio::test]
async fn every_answer_has_its_security_headers_and_an_id() {
    let site = site([]).await;
    for address in [
        "/healthz",
        "/d/overview/errors.json",
        "/d/overview/errors.svg?theme=pink",
        "/pkg/nope.js",
        "/nope",
        "/event/x",
    ] {
        let answer = send(&site, Method::GET, address, &[("x-request-id", "forged")]).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{address}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{address}");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{address}: {policy}"
        );
        assert!(!policy.contains("unsafe-eval' ") || policy.contains("wasm-unsafe-eval"), "{address}: {policy}");
        assert_eq!(answer.header("x-request-id").len(), 36, "{address}");
    }
}

#[tokio::test]
async fn hostile_addresses_find_nothing() {
    let site = site([]).await;
    for address in [
        "/d/..%2f..%2fetc/passwd",
        "/d/overview/..%2f..%2fCargo.toml",
        "/pkg/..%2f..%2fCargo.toml",
        "/pkg/../manifest.json",
        "/pkg/%2e%2e/%2e%2e/Cargo.toml",
        "/pkg//etc/passwd",
        "/pkg/",
        "/manifest.json",
        "/..%2fCargo.toml",
        "//etc/passwd",
        "/d/%ff/%00",
        "/d/%ff/x.json",
        "/event/%00.json",
        "/event/%ff.json",
        "/d/overview/%00.csv",
        "/api/nope",
        "/api/",
        "/d/overview/errors.json/x",
    ] {
        let answer = get(&site, address).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{address}: {}", answer.text());
        assert!(!answer.text().contains("[package]") && !answer.text().contains("root:"), "{address}");
    }
}

#[tokio::test]
async fn long_and_strange_queries_are_the_readers_mistake() {
    let site = site([]).await;
    let long = "a".repeat(60_000);
    for query in [
        format!("q={long}"),
        format!("q=event_name:{long}"),
        format!("range={long}"),
        "q=%ff%00:".into(),
        "q=(((((((((".into(),
    ] {
        let answer = get(&site, &format!("/d/overview/errors.json?{query}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", &query[..20.min(query.len())]);
        assert!(answer.body.len() < 2_000, "an error does not repeat what it was sent: {}", answer.body.len());
    }
}

#[tokio::test]
async fn another_hosts_name_is_refused_where_names_are_set() {
    let backend = Arc::new(with_events([]).await);
    let loopback = router_with(backend.clone(), Settings::loopback());
    let any = router(backend);
    for (host, ours) in [
        ("localhost", true),
        ("LOCALHOST:8080", true),
        ("127.0.0.1:8080", true),
        ("[::1]:8080", true),
        ("evil.example", false),
        ("localhost.evil.example:8080", false),
        ("127.0.0.1.evil.example", false),
        ("", false),
    ] {
        let asked = async |site: axum::Router| {
            let request = axum::http::Request::get("/healthz").header("host", host).body(axum::body::Body::empty());
            tower::ServiceExt::oneshot(site, request.unwrap()).await.unwrap().status()
        };
        let expected = if ours { StatusCode::OK } else { StatusCode::MISDIRECTED_REQUEST };
        assert_eq!(asked(loopback.clone()).await, expected, "{host}");
        assert_eq!(asked(any.clone()).await, StatusCode::OK, "{host}");
    }
}

/// A backend with a fault.
struct Faulty;

impl People for Faulty {}

impl Reports for Faulty {}

impl Sharing for Faulty {}

#[async_trait]
impl Dashboards for Faulty {
    async fn dashboard(&self, id: &str) -> Result<Found, Error> {
        let dashboard =
            model::dashboard::dashboard(id).ok_or_else(|| Error::not_found("There is no such dashboard."))?;
        Ok(Found { dashboard: dashboard.clone(), source: Source::BuiltIn, version: 0 })
    }

    async fn dashboards(&self) -> Result<Vec<Info>, Error> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Backend for Faulty {
    async fn panel(&self, _: &str, _: &str, _: &View) -> Result<Series, Error> {
        panic!("the inner secret")
    }

    async fn inspect(&self, _: &str, _: &str, _: &View) -> Result<Inspection, Error> {
        panic!("the inner secret")
    }

    async fn event(&self, _: &str) -> Result<Event, Error> {
        panic!("the inner secret")
    }

    async fn values(&self, _: &str, _: &Target, _: &str, _: &View) -> Result<Vec<ValueCount>, Error> {
        panic!("the inner secret")
    }

    async fn about(&self) -> Result<About, Error> {
        Ok(About::default())
    }
}

#[async_trait]
impl Entities for Faulty {
    async fn entity(&self, _: &Entity) -> Result<Profile, Error> {
        panic!("the inner secret")
    }
}

#[async_trait]
impl Ingests for Faulty {
    async fn ingest(&self) -> Result<Ingest, Error> {
        panic!("the inner secret")
    }

    async fn retry(&self, _: &Retry) -> Result<u64, Error> {
        panic!("the inner secret")
    }

    async fn rejected_text(&self, _: i64) -> Result<String, Error> {
        panic!("the inner secret")
    }

    async fn quiet(&self) -> Result<Quiet, Error> {
        panic!("the inner secret")
    }
}

#[async_trait]
impl Discover for Faulty {
    async fn discover(&self, _: &View, _: &discover::Discover) -> Result<Series, Error> {
        panic!("the inner secret")
    }

    async fn field_values(&self, _: &View, _: Field, _: &str, _: u32) -> Result<Series, Error> {
        panic!("the inner secret")
    }

    async fn discover_all(&self, _: &View, _: &discover::Discover) -> Result<Listing, Error> {
        let window = Window { from: Timestamp(0), to: Timestamp(1) };
        Ok(Listing { columns: Vec::new(), window, rows: Box::new(Broken(2)) })
    }
}

/// So many batches, then a fault.
struct Broken(u32);

#[async_trait]
impl Rows for Broken {
    async fn next(&mut self) -> Result<Vec<Vec<Cell>>, Error> {
        self.0 = self.0.checked_sub(1).ok_or_else(|| Error::new(Kind::Unavailable, "The database went away."))?;
        Ok(vec![Vec::new()])
    }
}

#[tokio::test]
async fn a_file_that_cannot_go_on_is_broken_off() {
    use tower::ServiceExt;
    let request = axum::http::Request::get("/discover.ndjson").header("host", "localhost");
    let request = request.body(axum::body::Body::empty()).unwrap();
    let answer = router(Arc::new(Faulty)).oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(axum::body::to_bytes(answer.into_body(), usize::MAX).await.is_err());
}

#[tokio::test]
async fn a_panic_is_a_500_without_details() {
    let site = router(Arc::new(Faulty));
    let answer = get(&site, "/d/overview/errors.json").await;
    assert_eq!(
        (answer.status, &answer.json()["error"]["kind"]),
        (StatusCode::INTERNAL_SERVER_ERROR, &"internal".into())
    );
    assert!(!answer.text().contains("secret"));
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let answer = send(&site, Method::GET, "/d/overview/errors.csv", &[("accept", "text/html")]).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (StatusCode::INTERNAL_SERVER_ERROR, "text/html; charset=utf-8")
    );
    // The next request is answered.
    assert_eq!(get(&site, "/healthz").await.status, StatusCode::OK);
}
