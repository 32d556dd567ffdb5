//! Events that are sent to the server, over HTTP.

use std::{sync::Arc, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use server::{
    clock::Clock,
    config::source::{Kind, Push, Secret, Source},
    ingest::{
        enrich::GeoIp,
        source::{push::Admission, runner::Runner},
    },
    query::Query,
    web,
};
use sqlx::PgPool;
use tempfile::TempDir;

use crate::{
    ingest::fixture::{gzip, write},
    support::database,
};

mod batch;
mod contract;
mod program;
mod record;
mod trouble;

const KEY: &str = "a-key-of-the-tests-0123456789";
const WITH_KEY: (&str, &str) = ("x-amz-firehose-access-key", KEY);

/// A server with the push source `events`, on loopback's names alone.
struct Site {
    pool: PgPool,
    url: String,
    runner: Runner,
    folder: TempDir,
}

impl Site {
    async fn new() -> Site {
        Site::on(database().await).await
    }

    async fn on(pool: PgPool) -> Site {
        let folder = tempfile::tempdir().unwrap();
        let access_key = Secret::File(write(folder.path(), "key", KEY));
        let source = Source { name: "events".to_owned(), kind: Kind::Push(Push { access_key }), verify: None };
        let runner = Runner::start(pool.clone(), GeoIp::default(), Default::default(), vec![source]);
        let settings = web::Settings { pushes: runner.endpoints.clone(), ..web::Settings::loopback() };
        let query = Query::new(pool.clone(), crate::support::readers(&pool), Clock::System, GeoIp::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/api/v1/push/events", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, web::router_with(Arc::new(query), settings)).await });
        while runner.endpoints["events"].admits(&[]) == Admission::NotReady {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Site { pool, url, runner, folder }
    }

    /// With the key.
    async fn push(&self, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Answer {
        send(&self.url, &[headers, &[WITH_KEY]].concat(), body).await
    }

    async fn number(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }

    async fn events(&self) -> i64 {
        self.number("select count(*) from event").await
    }

    /// Reasons of what was kept aside, in order.
    async fn rejected(&self) -> Vec<String> {
        sqlx::query_scalar("select reason from rejected order by object_id, ordinal")
            .fetch_all(&self.pool)
            .await
            .unwrap()
    }
}

/// Waits until requests are taken: until then it is said that they are not yet.
async fn ready(url: &str) {
    for _ in 0..600 {
        if send(url, &[], "").await.status != 503 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{url} takes no requests");
}

#[derive(Debug)]
struct Answer {
    status: u16,
    headers: ureq::http::HeaderMap,
    body: Value,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    fn error(&self) -> &str {
        self.body["errorMessage"].as_str().unwrap_or_default()
    }
}

async fn send(url: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Answer {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut request = agent.post(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = body.into();
    let sent = tokio::task::spawn_blocking(move || {
        let answer = request.send(&body[..]).unwrap();
        let (parts, mut body) = answer.into_parts();
        (parts, body.read_to_vec().unwrap())
    });
    let (parts, body) = sent.await.unwrap();
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    }
}

/// A request of Firehose with this data.
fn firehose(id: &str, timestamp: i64, records: &[Vec<u8>]) -> String {
    let records: Vec<_> = records.iter().map(|data| json!({"data": BASE64_STANDARD.encode(data)})).collect();
    json!({"requestId": id, "timestamp": timestamp, "records": records}).to_string()
}

/// An event as EventBridge hands it on.
fn bridge(detail: &Value) -> Value {
    json!({"version": "0", "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718", "detail-type": "AWS API Call via CloudTrail", "source": "aws.s3",
           "account": "111122223333", "time": "2026-01-01T00:00:00Z", "region": "eu-west-1", "resources": [], "detail": detail})
}

/// What a subscription of CloudWatch Logs puts into a record.
fn cloudwatch(messages: &[String]) -> Vec<u8> {
    let lines: Vec<_> = messages
        .iter()
        .map(|message| json!({"id": "3", "timestamp": 1_526_951_139_360_i64, "message": message}))
        .collect();
    gzip(
        json!({"messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "g", "logStream": "s", "subscriptionFilters": ["f"], "logEvents": lines})
            .to_string(),
    )
}
