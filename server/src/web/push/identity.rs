//! What a request is known by when it comes again: Firehose's request id, and its content.

use std::{
    io::{BufRead, BufReader, Read},
    sync::LazyLock,
};

use axum::http::{HeaderMap, StatusCode};
use bytes::{Buf, Bytes};
use flate2::bufread::MultiGzDecoder;
use memchr::memmem::Finder;
use sha2::{Digest, Sha256};

use super::{FIREHOSE_ID, Refusal, body::MOST_BYTES};

/// Longer ids are none.
const LONGEST_ID: usize = 256;
/// Firehose's own keys stand in so many bytes before its records.
const HEAD: usize = 1 << 10;
/// Smaller bodies are hashed where they are.
const SMALL: usize = 64 << 10;

#[derive(Debug, PartialEq)]
pub struct Identity {
    /// As the answer names it.
    pub id: String,
    /// Of the object's URI.
    pub path: String,
    /// SHA-256 of the content, in hexadecimal.
    pub content: String,
}

/// Whether the request speaks the version of the contract that we know, with an id that is one.
pub fn check(headers: &HeaderMap) -> Result<(), Refusal> {
    if let Some(version) = headers.get("x-amz-firehose-protocol-version")
        && version != "1.0"
    {
        return Err(Refusal::bad("X-Amz-Firehose-Protocol-Version is not 1.0"));
    }
    match headers.get(FIREHOSE_ID) {
        Some(id) if !(1..=LONGEST_ID).contains(&id.len()) || !id.as_bytes().iter().all(u8::is_ascii_graphic) => {
            Err(Refusal::bad(format!("X-Amz-Firehose-Request-Id is not 1 to {LONGEST_ID} characters of ASCII")))
        }
        _ => Ok(()),
    }
}

/// Reads the body through. `id` is Firehose's, or empty. Errors: it is not readable to its end as gzip, or inflates to too much.
///
/// Firehose's retries have the same id and the same records, while the time in them and the compression may be others: so it is the records that count.
/// Content is part of the identity, too, so that an id which comes a second time with other records loses none of them.
pub async fn of(id: &str, body: Bytes) -> Result<Identity, Refusal> {
    let from_records = !id.is_empty();
    let content = if body.len() <= SMALL && !is_gzip(&body) {
        hash(body, from_records)?
    } else {
        let hashed = tokio::task::spawn_blocking(move || hash(body, from_records)).await;
        hashed.map_err(|_| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "the body could not be read"))??
    };
    let (id, path) = match id {
        "" => (content.clone(), content.clone()),
        id => (id.to_owned(), format!("{}/{}", escaped(id), &content[..16])),
    };
    Ok(Identity { id, path, content })
}

fn is_gzip(body: &[u8]) -> bool {
    body.first() == Some(&0x1f)
}

fn hash(body: Bytes, from_records: bool) -> Result<String, Refusal> {
    static RECORDS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"records\""));
    let compressed = is_gzip(&body);
    let mut input: Box<dyn BufRead> = match compressed {
        true => Box::new(BufReader::with_capacity(SMALL, MultiGzDecoder::new(body.clone().reader()))),
        false => Box::new(body.clone().reader()),
    };
    let damaged = |inflated: usize, error: &std::io::Error| {
        Refusal::bad(format!("the body is not gzip to its end: {error}, after it inflated to {inflated} bytes"))
    };
    let mut head = Vec::with_capacity(HEAD);
    let read = input.by_ref().take(HEAD as u64).read_to_end(&mut head);
    read.map_err(|error| damaged(head.len(), &error))?;
    let begins = if from_records { RECORDS.find(&head).unwrap_or(0) } else { 0 };
    let mut hash = Sha256::new_with_prefix(&head[begins..]);
    let mut inflated = head.len();
    loop {
        let chunk = input.fill_buf().map_err(|error| damaged(inflated, &error))?;
        if chunk.is_empty() {
            break;
        }
        hash.update(chunk);
        let length = chunk.len();
        inflated += length;
        input.consume(length);
        if inflated > MOST_BYTES {
            let message = format!("the body inflates to more than {} MiB", MOST_BYTES >> 20);
            return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, message));
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// An id as a part of a path.
fn escaped(id: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    id.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    async fn identity(id: &str, body: &str) -> Identity {
        of(id, Bytes::from(body.to_owned())).await.unwrap()
    }

    #[tokio::test]
    async fn a_retry_is_known_and_other_records_are_not() {
        let body = |timestamp: u32, data: &str| {
            format!("{{\"requestId\":\"a\",\"timestamp\":{timestamp},\"records\":[{{\"data\":\"{data}\"}}]}}")
        };
        let first = identity("a/b", &body(1, "eA==")).await;
        assert_eq!(first, identity("a/b", &body(2, "eA==")).await);
        assert_eq!(first.path, format!("a%2Fb/{}", &first.content[..16]));
        assert_ne!(first.path, identity("a/b", &body(1, "eQ==")).await.path);
        assert_ne!(first.path, identity("b", &body(1, "eA==")).await.path);
        // Without an id all of it counts; and with one, where there are no records to begin with.
        let (one, other) = ("{\"eventID\":\"1\",\"resources\":[]}", "{\"eventID\":\"2\",\"resources\":[]}");
        for id in ["", "a"] {
            assert_ne!(identity(id, one).await.path, identity(id, other).await.path);
        }
        let alone = identity("", one).await;
        assert_eq!((&alone.id, &alone.path), (&alone.content, &alone.content));
        assert_eq!(alone.content.len(), 64);
    }
}
