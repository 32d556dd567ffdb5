//! Values that a filter is completed with.

use app::api::Backend;
use model::filter::target;
use serde_json::json;

use super::fixture::{view, with_events};

/// `value events` of each, in order.
async fn values(query: &server::query::Query, name: &str, typed: &str, view_query: &str) -> Vec<String> {
    let values = query.values("", &target(name).unwrap(), typed, &view(view_query)).await.unwrap();
    values.into_iter().map(|value| format!("{} {}", value.text, value.events)).collect()
}

#[tokio::test]
async fn values_are_those_of_the_events_in_the_view() {
    let query = with_events([
        json!({ "actor": "alice", "source_ip": "192.0.2.7", "read_only": true, "as_number": 64500 }),
        json!({ "actor": "alice", "source_ip": "2001:db8::1" }),
        json!({ "actor": "malik", "outcome": "failure" }),
        json!({ "actor": "Alina", "outcome": "failure" }),
        json!({ "actor": "50%_\\" }),
        json!({ "actor": "early", "event_time": "2026-11-20T00:00:00Z" }),
        json!({}),
    ])
    .await;
    assert_eq!(values(&query, "actor", "", "range=24h").await, ["alice 2", "50%_\\ 1", "Alina 1", "malik 1"]);
    assert_eq!(values(&query, "actor", "AL", "range=24h").await, ["alice 2", "Alina 1", "malik 1"]);
    assert_eq!(values(&query, "actor", "a", "range=7d&q=outcome:failure").await, ["Alina 1", "malik 1"]);
    assert_eq!(values(&query, "actor", "ear", "range=7d").await, ["early 1"]);
    assert_eq!(values(&query, "actor", "%_\\", "range=24h").await, ["50%_\\ 1"]);
    assert_eq!(values(&query, "actor", "a\0", "range=24h").await, [""; 0]);
    assert_eq!(values(&query, "source_ip", "2", "range=24h").await, ["2001:db8::1 1", "192.0.2.7 1"]);
    assert_eq!(values(&query, "read_only", "", "range=24h").await, ["true 1"]);
    assert_eq!(values(&query, "as_number", "4", "range=24h").await, ["64500 1"]);
    assert_eq!(values(&query, "event_time", "", "range=24h").await, [""; 0]);
}

#[tokio::test]
async fn values_of_paths_are_taken_out_of_events() {
    let raw = |parameters: serde_json::Value| json!({ "raw": json!({ "requestParameters": parameters }).to_string() });
    let query = with_events([
        raw(json!({ "bucketName": "logs", "items": [{ "port": 443 }, { "port": 22 }] })),
        raw(json!({ "bucketName": "logs", "items": [{ "port": 443 }] })),
        raw(json!({ "bucketName": "b\"ü", "items": { "port": null } })),
        raw(json!("no object")),
    ])
    .await;
    assert_eq!(values(&query, "requestParameters.bucketName", "", "").await, ["logs 2", "b\"ü 1"]);
    assert_eq!(values(&query, "requestParameters.bucketName", "B", "").await, ["b\"ü 1"]);
    assert_eq!(values(&query, "requestParameters.items.port", "", "").await, ["443 2", "22 1"]);
    assert_eq!(values(&query, "requestParameters.nothing", "", "").await, [""; 0]);
}

#[tokio::test]
async fn values_of_a_bad_filter_are_refused() {
    let query = with_events([]).await;
    let error = query.values("", &target("actor").unwrap(), "", &view("q=actor:")).await.unwrap_err();
    assert_eq!(error.status(), 400);
}
