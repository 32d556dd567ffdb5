//! Requests to addresses that people typed: what is reached, and what is not, with real connections.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use http::Request;
use server::outgoing::{Client, Error, Policy, Resolver};

use self::far::Far;

pub mod far;

/// A resolver that answers each time with the next of these, and counts.
#[derive(Clone, Default)]
struct Names(Arc<Mutex<(Vec<Vec<IpAddr>>, usize)>>);

impl Names {
    fn new(answers: &[&[&str]]) -> Names {
        let parsed = answers.iter().map(|answer| answer.iter().map(|address| address.parse().unwrap()).collect());
        Names(Arc::new(Mutex::new((parsed.collect(), 0))))
    }

    fn asked(&self) -> usize {
        self.0.lock().unwrap().1
    }
}

#[async_trait]
impl Resolver for Names {
    async fn resolve(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
        let mut names = self.0.lock().unwrap();
        names.1 += 1;
        let at = (names.1 - 1).min(names.0.len() - 1);
        Ok(names.0[at].clone())
    }
}

fn policy(far: &Far) -> Policy {
    Policy {
        allow: vec!["127.0.0.1/32".parse().unwrap()],
        ca: Some(far.ca()),
        connect: Duration::from_millis(700),
        whole: Duration::from_millis(1_500),
        body_bytes: 10_000,
    }
}

fn get(address: &str) -> Request<Vec<u8>> {
    Request::get(address).body(Vec::new()).unwrap()
}

#[tokio::test]
async fn a_request_goes_through_as_it_is() {
    let far = Far::answering(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let client = Client::new(policy(&far)).unwrap();
    let address = far.url("localhost", "/hook/T1?a=b%20c");
    let request = Request::post(address).header("content-type", "application/json").body(b"{\"a\":1}".to_vec());
    let answer = client.send(request.unwrap()).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.body().as_slice()), (200, &b"ok"[..]));
    let asked = far.requests();
    let [asked] = asked.as_slice() else { panic!("{asked:?}") };
    assert!(asked.starts_with("POST /hook/T1?a=b%20c HTTP/1.1\r\n") && asked.ends_with("\r\n\r\n{\"a\":1}"), "{asked}");
    assert!(asked.contains(&format!("\r\nhost: localhost:{}\r\n", far.port)), "{asked}");
    assert!(asked.contains("\r\nuser-agent: trailmap/"), "{asked}");
}

/// The resolver tells a public address first and this machine's afterwards: what it told first is used, and it is asked once.
#[tokio::test]
async fn a_name_that_is_rebound_leads_nowhere_else() {
    let far = Far::answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    // This one stands for a public one: nobody has it.
    let names = Names::new(&[&["203.0.113.5"], &["127.0.0.1"]]);
    let public = Policy { allow: vec!["203.0.113.5/32".parse().unwrap()], ..policy(&far) };
    let client = Client::with_resolver(public, names.clone()).unwrap();
    let answer = client.send(get(&far.url("rebound.example", "/"))).await;
    assert!(matches!(answer, Err(Error::Unreachable(_) | Error::Slow)), "{answer:?}");
    assert_eq!((names.asked(), far.connections()), (1, 0));
    // And where the first is ours, the second is not asked for.
    let names = Names::new(&[&["127.0.0.1"], &["169.254.169.254"]]);
    let client = Client::with_resolver(policy(&far), names.clone()).unwrap();
    assert_eq!(client.send(get(&far.url("localhost", "/"))).await.unwrap().status(), 200);
    assert_eq!((names.asked(), far.connections()), (1, 1));
}

#[tokio::test]
async fn only_networks_that_were_allowed_are_reached() {
    let far = Far::answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let closed = Policy { allow: Vec::new(), ..policy(&far) };
    let port = far.port;
    let mapped = u32::from_be_bytes([127, 0, 0, 1]);
    for host in [
        "127.0.0.1".to_owned(),
        "[::ffff:127.0.0.1]".to_owned(),
        "[::1]".to_owned(),
        mapped.to_string(),
        format!("0x{mapped:x}"),
        "0177.0.0.1".to_owned(),
        "127.1".to_owned(),
        "localhost".to_owned(),
        "0".to_owned(),
    ] {
        let answer = Client::new(closed.clone()).unwrap().send(get(&format!("https://{host}:{port}/"))).await;
        assert!(matches!(answer, Err(Error::Forbidden { .. })), "{host}: {answer:?}");
    }
    for told in
        [&["10.0.0.1"][..], &["::ffff:127.0.0.1"], &["::1", "fe80::1"], &["169.254.169.254"], &["fd00:ec2::254"]]
    {
        let client = Client::with_resolver(closed.clone(), Names::new(&[told])).unwrap();
        let answer = client.send(get(&far.url("inside.example", "/"))).await;
        assert_eq!(answer.err(), Some(Error::Forbidden { host: "inside.example".to_owned() }), "{told:?}");
    }
    // Of several addresses those that are forbidden are left out.
    let client = Client::with_resolver(policy(&far), Names::new(&[&["10.0.0.1", "127.0.0.1"]])).unwrap();
    assert_eq!(client.send(get(&far.url("localhost", "/"))).await.unwrap().status(), 200);
    assert_eq!(far.connections(), 1);
}

#[tokio::test]
async fn other_schemes_and_users_in_addresses_are_refused() {
    let far = Far::answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let client = Client::new(policy(&far)).unwrap();
    for address in [format!("http://localhost:{}/", far.port), format!("https://a:b@localhost:{}/", far.port)] {
        let answer = client.send(get(&address)).await;
        assert!(matches!(answer, Err(Error::Address(_))), "{address}: {answer:?}");
    }
    assert_eq!(far.connections(), 0);
}

#[tokio::test]
async fn a_redirect_is_an_answer_like_others() {
    let far =
        Far::answering(b"HTTP/1.1 302 Found\r\nlocation: https://169.254.169.254/latest/\r\ncontent-length: 0\r\n\r\n")
            .await;
    let client = Client::new(policy(&far)).unwrap();
    assert_eq!(client.send(get(&far.url("localhost", "/"))).await.unwrap().status(), 302);
    assert_eq!(far.requests().len(), 1);
    far.answer(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(client.send(get(&far.url("localhost", "/"))).await.unwrap().status(), 503);
}

#[tokio::test]
async fn whoever_answers_slowly_or_without_end_is_left() {
    let began = Instant::now();
    let ask = async |far: &Far| Client::new(policy(far)).unwrap().send(get(&far.url("localhost", "/"))).await.err();
    let silent = Far::silent().await;
    assert_eq!(ask(&silent).await, Some(Error::Slow));
    let dripping = Far::dripping().await;
    assert_eq!(ask(&dripping).await, Some(Error::Slow));
    let long = Far::answering(format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(64 << 10)).as_bytes()).await;
    assert_eq!(ask(&long).await, Some(Error::TooLong));
    let many = Far::answering(format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(500)).as_bytes()).await;
    assert_eq!(ask(&many).await, Some(Error::TooLong));
    let endless = Far::endless().await;
    assert_eq!(ask(&endless).await, Some(Error::TooLong));
    let broken = Far::answering(b"220 mail.example ESMTP\r\n").await;
    assert!(matches!(ask(&broken).await, Some(Error::Broken(_))));
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    // No encryption at all: the handshake has no end.
    let plain = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = plain.local_addr().unwrap().port();
    let answer = Client::new(policy(&silent)).unwrap().send(get(&format!("https://localhost:{port}/"))).await;
    assert_eq!(answer.err(), Some(Error::Slow));
}

#[tokio::test]
async fn who_has_no_certificate_for_the_name_is_told_nothing() {
    let far = Far::answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let other = Far::silent().await;
    let stranger = Client::new(Policy { ca: Some(other.ca()), ..policy(&far) }).unwrap();
    assert!(matches!(stranger.send(get(&far.url("localhost", "/"))).await, Err(Error::Encryption(_))));
    let named = Client::with_resolver(policy(&far), Names::new(&[&["127.0.0.1"]])).unwrap();
    assert!(matches!(named.send(get(&far.url("other.example", "/"))).await, Err(Error::Encryption(_))));
    assert_eq!(far.requests().len(), 0);
    let missing = Policy { ca: Some("/nowhere.pem".into()), ..policy(&far) };
    assert!(Client::new(missing).unwrap_err().to_string().contains("/nowhere.pem"));
}
