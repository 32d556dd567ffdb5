//! Over a real socket, as a browser or `curl` would ask.

use std::{net::SocketAddr, sync::Arc};

use serde_json::{Value, json};
use server::web;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::query::fixture::with_events;

async fn listen() -> SocketAddr {
    let backend = with_events([json!({ "actor": "alice", "read_only": false })]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(
        async move { axum::serve(listener, web::router_with(Arc::new(backend), web::Settings::loopback())).await },
    );
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn json_and_csv_over_tcp() {
    let site = format!("http://{}", listen().await);
    tokio::task::block_in_place(|| {
        let get = |path: &str| {
            let answer = ureq::get(format!("{site}{path}")).call().unwrap();
            assert_eq!(answer.status(), 200, "{path}");
            answer.into_body()
        };
        let answer: Value = get("/d/overview/recent-events.json").read_json().unwrap();
        assert_eq!(answer["rows"][0]["actor"], "alice");
        let answer = get("/d/overview/recent-events.csv?q=actor:bob").read_to_string().unwrap();
        assert_eq!(answer.lines().count(), 1);
        let answer = ureq::head(format!("{site}/d/overview/recent-events.csv")).call().unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers().contains_key("content-length")), (200, true));
    });
}

/// What a client would mend on the way is sent as it stands.
async fn raw(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn raw_requests_are_answered_and_never_hang() {
    let address = listen().await;
    let ends = "host: localhost\r\nconnection: close\r\n\r\n";
    for (line, status) in [
        ("GET /d/../d/overview/errors.json HTTP/1.1", "404"),
        ("GET /d/overview/errors.json HTTP/1.1", "200"),
        ("GET http://evil.example/healthz HTTP/1.1", "421"),
        ("HEAD /d/overview/errors.json HTTP/1.1", "200"),
        ("BREW /d/overview/errors.json HTTP/1.1", "405"),
        ("GET /d/overview/errors.json?q=\u{0}", "400"),
    ] {
        let answer = raw(address, &format!("{line}\r\n{ends}")).await;
        assert_eq!(answer.split(' ').nth(1), Some(status), "{line}: {answer}");
    }
    let answer = raw(address, "GET /healthz HTTP/1.1\r\nhost: rebound.example\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 421 "), "{answer}");
    let long = "a".repeat(100_000);
    let answer = raw(address, &format!("GET /d/overview/errors.json?q={long} HTTP/1.1\r\n{ends}")).await;
    assert!(
        answer.starts_with("HTTP/1.1 414 ") || answer.starts_with("HTTP/1.1 431 "),
        "{}",
        &answer[..80.min(answer.len())]
    );
}
