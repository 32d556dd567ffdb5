//! The description of what programs may ask, held against what is answered: by schemathesis, which asks whatever the description allows
//! and much that it does not.

use std::{process::Command, sync::Arc};

use serde_json::{Value, json};
use server::web;
use tokio::net::TcpListener;

use super::client::{get, site};
use crate::{query::fixture, source::cloud::python};

#[tokio::test]
async fn the_document_describes_itself_and_every_field() {
    let site = site([]).await;
    let document = get(&site, "/api/v1/openapi.json").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    let fields = document["components"]["schemas"]["Event"]["properties"].as_object().unwrap();
    assert_eq!(fields.len(), model::field::Field::ALL.len());
    for (path, operations) in document["paths"].as_object().unwrap() {
        let parameters = operations["get"]["parameters"].as_array().unwrap();
        for parameter in parameters {
            let name = parameter["$ref"].as_str().map(|name| name.rsplit('/').next().unwrap());
            let known = name.is_none_or(|name| document["components"]["parameters"].get(name).is_some());
            assert!(known, "{path}: {parameter}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_asked_makes_the_server_fail() {
    let events = (0..40).map(|at| {
        json!({
            "event_name": "GetObject", "event_source": "s3.amazonaws.com", "actor": "alice", "source_ip": "203.0.113.7",
            "outcome": if at % 3 == 0 { "failure" } else { "success" }, "account": "111122223333",
            "raw": format!("{{\"n\":{at}}}"), "object_id": 1,
        })
    });
    let query = fixture::with_events(events.collect::<Vec<Value>>()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = web::router_with(Arc::new(query), web::Settings::loopback());
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let url = format!("http://{address}/api/v1/openapi.json");
    // Pictures take their time, the more the larger: they are drawn, not searched for mistakes.
    run(
        &url,
        &[
            "--exclude-operation-id-regex",
            "(png|pdf)$",
            "--phases",
            "examples,coverage,fuzzing",
            "--max-examples",
            "10",
        ],
    )
    .await;
    run(&url, &["--include-operation-id-regex", "panel_(png|pdf)$", "--phases", "examples", "--max-examples", "1"])
        .await;
    server.abort();
}

async fn run(url: &str, more: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(python().join("bin/python"));
    command.args(["-m", "schemathesis.cli", "run", url, "--seed", "1", "--warnings", "off", "--no-color"]);
    command.args(["--checks", "not_a_server_error,content_type_conformance,response_schema_conformance"]);
    command.args(["--suppress-health-check", "all", "--continue-on-failure"]).args(more).current_dir(folder.path());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("passed"), "{told}");
}
