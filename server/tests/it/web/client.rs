//! Requests to a router on a real database, without a socket.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode},
};
use serde_json::Value;
use server::web;
use tower::ServiceExt;

use crate::query::fixture;

/// An answer, whole.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }
}

/// A site over a database with these events.
pub async fn site(events: impl IntoIterator<Item = Value>) -> Router {
    web::router(Arc::new(fixture::with_events(events).await))
}

pub async fn get(site: &Router, address: &str) -> Answer {
    send(site, Method::GET, address, &[]).await
}

/// Sends a form as a browser's own page does.
pub async fn post(site: &Router, address: &str, fields: &[(&str, &str)]) -> Answer {
    let body = fields.iter().fold(String::new(), |body, (name, value)| {
        format!("{body}&{name}={}", percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC))
    });
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
    ask(site, Method::POST, address, &headers, body).await
}

pub async fn send(site: &Router, method: Method, address: &str, headers: &[(&str, &str)]) -> Answer {
    ask(site, method, address, headers, Body::empty()).await
}

pub async fn ask(
    site: &Router,
    method: Method,
    address: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Answer {
    let mut request = Request::builder().method(method).uri(address).header("host", "localhost:8080");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = site.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    Answer { status: parts.status, headers: parts.headers, body: to_bytes(body, usize::MAX).await.unwrap() }
}
