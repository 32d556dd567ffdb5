//! The keys that a request brings, in the headers that senders put them in.

use axum::http::{HeaderMap, HeaderName, header};
use base64::{Engine, prelude::BASE64_STANDARD};

/// All of them; one that is right is enough.
pub fn given(headers: &HeaderMap) -> Vec<Vec<u8>> {
    let own = ["x-amz-firehose-access-key", "x-api-key"].map(HeaderName::from_static);
    let own = own.iter().filter_map(|name| headers.get(name)).map(|value| value.as_bytes().to_vec());
    own.chain(headers.get(header::AUTHORIZATION).and_then(|value| authorization(value.as_bytes()))).collect()
}

/// `Bearer KEY`, `Basic` of any user with the key for a password, or the key alone.
fn authorization(value: &[u8]) -> Option<Vec<u8>> {
    let value = value.trim_ascii();
    let Some(at) = value.iter().position(|byte| *byte == b' ') else { return Some(value.to_vec()) };
    let (scheme, rest) = (&value[..at], value[at..].trim_ascii());
    if scheme.eq_ignore_ascii_case(b"bearer") {
        return Some(rest.to_vec());
    }
    if !scheme.eq_ignore_ascii_case(b"basic") {
        return None;
    }
    let pair = BASE64_STANDARD.decode(rest).ok()?;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    Some(pair[colon + 1..].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_to_bring_a_key() {
        let from = |name: &'static str, value: &'static str| {
            let headers = [(HeaderName::from_static(name), header::HeaderValue::from_static(value))];
            given(&headers.into_iter().collect())
        };
        let key = vec![b"the key".to_vec()];
        assert_eq!(from("x-amz-firehose-access-key", "the key"), key);
        assert_eq!(from("x-api-key", "the key"), key);
        assert_eq!(from("authorization", "Bearer the key"), key);
        assert_eq!(from("authorization", "bearer  the key"), key);
        assert_eq!(from("authorization", "the-key"), [b"the-key".to_vec()]);
        // anyone:the key
        assert_eq!(from("authorization", "Basic YW55b25lOnRoZSBrZXk="), key);
        for other in ["Basic !", "Basic YW55b25l", "Digest the-key"] {
            assert!(from("authorization", other).is_empty(), "{other}");
        }
        assert!(from("x-other", "the key").is_empty());
    }
}
