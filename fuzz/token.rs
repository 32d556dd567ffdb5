//! What holds for every cookie, key, token and way back that a stranger sends. The input is each of them in turn.

use axum::http::{HeaderMap, HeaderValue, header};
use base64::{Engine, prelude::BASE64_STANDARD};
use model::time::Timestamp;
use server::{
    access::{
        Secret,
        oidc::token::{Expected, Keys, verify},
    },
    web::{
        access::{bearer, cookie, next},
        push::access::given,
    },
};
use url::Url;

/// Tokens that a provider of our own signed, one with each kind of key, and its keys.
pub const SIGNED: [&str; 3] = [
    include_str!("corpus/token/signed_curve"),
    include_str!("corpus/token/signed_edwards"),
    include_str!("corpus/token/signed_rsa"),
];
const KEYS: &str = include_str!("corpus/token/keys");
const EXPECTED: Expected<'_> = Expected {
    issuer: "https://id.example.com",
    client_id: "trailmap",
    nonce: "nonce",
    access_token: "access",
    // Ten seconds after they were signed.
    now: Timestamp(1_795_478_410_000),
};

/// Panics where a token is believed that is not signed, where a secret is taken for another one, or where a way leads to another site.
pub fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    token(&text);
    leads_nowhere_else(&text);
    if let Ok(value) = HeaderValue::from_bytes(bytes) {
        cookies(&value);
        keys(&value);
    }
}

/// Whether it is believed, which nothing is but what was signed.
pub fn token(text: &str) -> bool {
    let ours = serde_json::from_str(KEYS).ok().and_then(|json| Keys::parse(&json)).expect("they are keys");
    let believed = verify(text, &ours, &EXPECTED).is_ok();
    assert_eq!(believed, SIGNED.contains(&text), "{text}");
    // As keys: they are read or refused, and only those that signed believe.
    if let Some(keys) = serde_json::from_str(text).ok().and_then(|json| Keys::parse(&json)) {
        let believed = SIGNED.iter().any(|token| verify(token, &keys, &EXPECTED).is_ok());
        assert!(!believed || text.contains("\"n\"") || text.contains("\"x\""), "{text}");
    }
    believed
}

fn leads_nowhere_else(text: &str) {
    let way = next(text);
    let home = Url::parse("https://trailmap.example.com/login").expect("an address");
    let led = home.join(&way).expect("a way within");
    assert_eq!(led.origin(), home.origin(), "{way:?}");
    assert!(HeaderValue::from_str(&way).is_ok(), "{way:?}");
}

/// Each header's cookies are read by their whole name; what is ours is found before whatever else is there.
fn cookies(value: &HeaderValue) {
    let secret = Secret::new("");
    for secure in [true, false] {
        let alone: HeaderMap = [(header::COOKIE, value.clone())].into_iter().collect();
        let set = cookie::set(&secret, secure);
        let pair = set.to_str().ok().and_then(|set| set.split(';').next()).expect("a cookie").to_owned();
        let name = pair.split('=').next().unwrap_or_default().to_owned();
        if let Some(found) = cookie::read(&alone, secure) {
            assert!(!found.contains(';') && found.trim_end() == found, "{found:?}");
            let told = value.to_str().unwrap_or_default();
            assert!(told.contains(&format!("{name}={found}")), "{name}: {found:?} of {told:?}");
        }
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_str(&pair).expect("a cookie"));
        headers.append(header::COOKIE, value.clone());
        assert_eq!(cookie::read(&headers, secure), Some(secret.text()));
        // What goes over plain connections is never taken for what does not.
        let other: HeaderMap = [(header::COOKIE, cookie::set(&secret, !secure))].into_iter().collect();
        assert_eq!(cookie::read(&other, secure), None);
        assert!(cookie::read_begun(&headers, secure) != secret.text());
    }
}

/// Keys come out as they went in.
fn keys(value: &HeaderValue) {
    let of = |value: HeaderValue| -> HeaderMap { [(header::AUTHORIZATION, value)].into_iter().collect() };
    let alone = of(value.clone());
    if let Some(token) = bearer(&alone) {
        assert!(token.trim() == token && value.as_bytes()[..6].eq_ignore_ascii_case(b"bearer"), "{token:?}");
        // The word alone, with blanks behind it, may be a key itself.
        if !token.is_empty() {
            assert_eq!(given(&alone), [token.as_bytes()]);
        }
    }
    let key = value.as_bytes().trim_ascii();
    if key.is_empty() {
        return;
    }
    let bearer = [b"Bearer ", key].concat();
    assert_eq!(given(&of(HeaderValue::from_bytes(&bearer).expect("as it came"))), [key]);
    let basic = format!("Basic {}", BASE64_STANDARD.encode([b"anyone:", key].concat()));
    assert_eq!(given(&of(HeaderValue::from_str(&basic).expect("ASCII"))), [key]);
}
