//! What Firehose's contract asks for: headers, statuses, answers, keys.

use serde_json::json;
use server::{clock::Clock, store};

use super::{KEY, Site, WITH_KEY, bridge, cloudwatch, firehose, send};
use crate::{
    ingest::fixture::{event, gzip, records, write},
    source::crash::until,
};

const ID: &str = "ed4acda5-034f-9f42-bba1-f29aea6d7d8f";
const WITH_ID: (&str, &str) = ("x-amz-firehose-request-id", ID);
const VERSION: (&str, &str) = ("x-amz-firehose-protocol-version", "1.0");

#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_firehose_is_stored_and_acknowledged() {
    let site = Site::new().await;
    let control = json!({"messageType": "CONTROL_MESSAGE", "owner": "CloudwatchLogs", "logGroup": "", "logStream": "", "subscriptionFilters": [],
        "logEvents": [{"id": "", "timestamp": 1, "message": "CWL CONTROL MESSAGE: Checking health of destination Firehose."}]});
    let body = firehose(
        ID,
        1_578_090_901_599,
        &[
            bridge(&event(0)).to_string().into(),
            event(1).to_string().into(),
            format!("{}{}\n{}", event(2), bridge(&event(3)), event(4)).into(),
            records(5..8).into(),
            gzip(records(8..10)),
            cloudwatch(&[event(10).to_string(), event(11).to_string()]),
            gzip(control.to_string()),
            Vec::new(),
        ],
    );
    let before = Clock::System.now().0;
    let headers = [
        WITH_ID,
        VERSION,
        ("content-type", "application/json"),
        ("accept-encoding", "gzip, br"),
        ("x-amz-firehose-source-arn", "arn:aws:firehose:eu-west-1:111122223333:deliverystream/trail"),
        ("x-amz-firehose-common-attributes", "{\"commonAttributes\":{\"a\":\"b\"}}"),
    ];
    let answer = site.push(&headers, body).await;
    assert_eq!((answer.status, answer.error()), (200, ""));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("content-encoding"), None);
    assert!(answer.header("content-length").is_some());
    assert_eq!(answer.body["requestId"], ID);
    assert!((before..before + 60_000).contains(&answer.body["timestamp"].as_i64().unwrap()));
    assert_eq!(answer.body.as_object().unwrap().len(), 2);
    assert_eq!((site.events().await, site.rejected().await), (12, vec![]));
    let raw: String = sqlx::query_scalar("select raw from event where event_id = $1")
        .bind(event(3)["eventID"].as_str())
        .fetch_one(&site.pool)
        .await
        .unwrap();
    assert_eq!(raw, event(3).to_string(), "byte for byte");
    let objects = store::object::list(&site.pool, false, 10).await.unwrap();
    assert_eq!(objects.len(), 1);
    assert!(objects[0].uri.starts_with(&format!("push://events/{ID}/")), "{}", objects[0].uri);
    assert_eq!((objects[0].state.as_str(), objects[0].events_inserted), ("done", 12));
    until("the source tells how it goes", async || {
        let sources = store::source::list(&site.pool).await.unwrap();
        let source = &sources[0];
        assert_eq!((source.kind.as_str(), source.objects, source.events_inserted), ("push", 1, 12));
        assert_eq!((source.last_object.as_ref(), &source.last_error), (Some(&objects[0].uri), &None));
        source.state == "waiting" && source.last_success_at.is_some()
    })
    .await;
    site.runner.stop().await;
    assert_eq!(store::source::list(&site.pool).await.unwrap()[0].state, "stopped");
    assert_eq!(send(&site.url, &[WITH_KEY], "{}").await.status, 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_body_may_be_compressed() {
    let site = Site::new().await;
    let body = firehose(ID, 1, &[event(0).to_string().into()]);
    let answer = site.push(&[WITH_ID, ("content-encoding", "gzip")], gzip(&body)).await;
    assert_eq!((answer.status, site.events().await), (200, 1));
    let answer = site.push(&[WITH_ID, ("content-encoding", "gzip")], body).await;
    assert_eq!((answer.status, answer.error()), (400, "Content-Encoding is gzip, and the body is not gzip at byte 0"));
    let answer = site.push(&[WITH_ID, ("content-encoding", "br")], "x").await;
    assert_eq!((answer.status, answer.error()), (415, "Content-Encoding is neither gzip nor identity"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_key_opens_and_it_opens_in_each_header() {
    let site = Site::new().await;
    let body = event(0).to_string();
    let wrong = format!("{KEY}x");
    let bearer = format!("Bearer {KEY}");
    let basic = format!("Basic {}", base64::Engine::encode(&base64::prelude::BASE64_STANDARD, format!("anyone:{KEY}")));
    for headers in [
        vec![],
        vec![("x-amz-firehose-access-key", "")],
        vec![("x-amz-firehose-access-key", wrong.as_str())],
        vec![("authorization", wrong.as_str()), ("x-api-key", &KEY[1..])],
    ] {
        let answer = send(&site.url, &[&headers[..], &[WITH_ID]].concat(), body.clone()).await;
        assert_eq!((answer.status, answer.error()), (401, "the access key is missing or wrong"), "{headers:?}");
        assert_eq!((&answer.body["requestId"], answer.header("www-authenticate")), (&json!(ID), None));
    }
    assert_eq!(site.number("select count(*) from object").await, 0);
    for header in
        [WITH_KEY, ("x-api-key", KEY), ("authorization", &bearer), ("authorization", &basic), ("authorization", KEY)]
    {
        assert_eq!(send(&site.url, &[header], body.clone()).await.status, 200, "{header:?}");
    }
    // A key that takes the other's place, while both are there.
    write(site.folder.path(), "key", format!("{KEY}\nanother-key-0123456789\n"));
    until("the file is read again", async || {
        send(&site.url, &[("x-api-key", "another-key-0123456789")], body.clone()).await.status == 200
    })
    .await;
    assert_eq!(site.push(&[], body.clone()).await.status, 200);
    until("what was refused is told", async || {
        let told = store::source::list(&site.pool).await.unwrap()[0].last_error.clone().unwrap_or_default();
        assert!(!told.contains(KEY));
        told == "a request was refused: the access key is missing or wrong"
    })
    .await;
    assert_eq!(store::source::list(&site.pool).await.unwrap()[0].state, "waiting", "strangers do not bring it down");
    std::fs::remove_file(site.folder.path().join("key")).unwrap();
    until("without a key nothing is taken", async || site.push(&[], body.clone()).await.status == 503).await;
    until("and the source says why", async || {
        let source = store::source::list(&site.pool).await.unwrap().remove(0);
        source.state == "error"
            && source.last_error.is_some_and(|told| told.contains("/key cannot be read: No such file"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_is_told() {
    let site = Site::new().await;
    let body = event(0).to_string();
    for (headers, body, status, told) in [
        (
            vec![("x-amz-firehose-protocol-version", "2.0")],
            body.as_str(),
            400,
            "X-Amz-Firehose-Protocol-Version is not 1.0",
        ),
        (
            vec![("x-amz-firehose-request-id", "a b")],
            &body,
            400,
            "X-Amz-Firehose-Request-Id is not 1 to 256 characters of ASCII",
        ),
        (vec![], "", 400, "the body is empty"),
        (vec![], "eventName=GetObject", 400, "not JSON at byte 0"),
    ] {
        let answer = site.push(&headers, body).await;
        assert_eq!((answer.status, answer.error()), (status, told));
        assert!(answer.body["timestamp"].is_number() && answer.body["requestId"].is_string(), "{answer:?}");
    }
    let other = site.url.replace("/events", "/other");
    let answer = send(&other, &[WITH_KEY], body.clone()).await;
    assert_eq!((answer.status, answer.error()), (404, "there is no push source of this name"));
    let read = site.url.clone();
    let read = tokio::task::spawn_blocking(move || ureq::get(read).call().unwrap_err().to_string()).await.unwrap();
    assert!(read.contains("405"), "{read}");
    assert_eq!(site.events().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_push_sources_has_no_such_address() {
    let site = crate::web::client::site([]).await;
    let answer =
        crate::web::client::ask(&site, axum::http::Method::POST, "/api/v1/push/events", &[WITH_KEY], "{}").await;
    assert_eq!(answer.status, 404);
    // Nor do the other routes of a server with some take what they did not before.
    let site = Site::new().await;
    let page = site.url.replace("/api/v1/push/events", "/dashboards");
    let answer = send(&page, &[WITH_KEY, ("origin", "https://evil.example")], "a=b").await;
    assert_eq!(answer.status, 403);
}

/// Behind a proxy the name is the proxy's, and a machine's request comes from no page: the key is what counts.
#[tokio::test(flavor = "multi_thread")]
async fn any_host_name_will_do_for_what_has_the_key() {
    let site = Site::new().await;
    let host = ("host", "trailmap.example.com");
    let answer = site
        .push(&[host, ("origin", "https://other.example"), ("sec-fetch-site", "cross-site")], event(0).to_string())
        .await;
    assert_eq!((answer.status, site.events().await), (200, 1));
    let health = site.url.replace("/api/v1/push/events", "/healthz");
    assert_eq!(send(&health, &[host], "").await.status, 421);
}
