//! `POST /api/v1/push/SOURCE`: events that others send, by Amazon Data Firehose's HTTP delivery contract, which EventBridge's API
//! destinations and scripts get along with.
//!
//! The answer is 200 only after the commit. Firehose takes 413 as final and drops what it sent; all other statuses it tries again, so that 413 is
//! only for what it cannot send. EventBridge tries 401, 409, 429 and all from 500 again.
//!
//! The route stands outside of the checks of host and origin. Those keep pages of other sites from acting in a reader's name: what a browser sends
//! along by itself. Here nothing counts but the access key, which no browser has and no page knows. It stands outside of the compression, too, which
//! the contract forbids, and has time limits of its own.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use bytes::Bytes;
use serde_json::json;
use tokio::sync::Semaphore;

use self::{body::Room, identity::Identity};
use super::NO_STORE;
use crate::{
    clock::Clock,
    ingest::source::{
        Object, Place,
        push::{Admission, Endpoint, Endpoints, Refused},
    },
};

pub mod access;
mod body;
mod identity;

/// Requests at a time, of all sources.
const SEATS: usize = 1_024;
/// Firehose gives up after three minutes.
const LONGEST: Duration = Duration::from_secs(150);
/// How long a sender should wait where trying again may help, in seconds.
const AGAIN: u64 = 1;
/// As long, while nothing is stored.
const AGAIN_WHEN_PAUSED: u64 = 30;
const FIREHOSE_ID: &str = "x-amz-firehose-request-id";

/// What all requests share.
struct Doors {
    endpoints: Endpoints,
    seats: Semaphore,
    room: Room,
}

/// Nothing where there is no source that is sent to.
pub fn routes(endpoints: Endpoints) -> Router {
    if endpoints.is_empty() {
        return Router::new();
    }
    let doors = Doors { endpoints, seats: Semaphore::new(SEATS), room: Room::default() };
    Router::new().route("/api/v1/push/{source}", post(answer)).with_state(Arc::new(doors))
}

/// Why a request is not acknowledged.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    message: String,
    again: u64,
}

impl Refusal {
    fn new(status: StatusCode, message: impl Into<String>) -> Refusal {
        Refusal { status, message: message.into(), again: AGAIN }
    }

    fn bad(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, message)
    }

    fn busy(message: &str) -> Refusal {
        Refusal::new(StatusCode::TOO_MANY_REQUESTS, message)
    }

    fn unavailable(message: &str) -> Refusal {
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, message)
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Refusal {
        match refused {
            Refused::Damaged(reason) => Refusal::bad(reason),
            Refused::Unavailable(reason) => Refusal::unavailable(reason),
            Refused::Paused(reason) => {
                Refusal { again: AGAIN_WHEN_PAUSED, ..Refusal::unavailable(&format!("ingest is paused: {reason}")) }
            }
        }
    }
}

async fn answer(State(doors): State<Arc<Doors>>, Path(source): Path<String>, request: Request) -> Response {
    let id = request.headers().get(FIREHOSE_ID).and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    let Some(endpoint) = doors.endpoints.get(&source) else {
        return reply(&id, Err(Refusal::new(StatusCode::NOT_FOUND, "there is no push source of this name")));
    };
    let taken = tokio::time::timeout(LONGEST, doors.take(endpoint, &id, request)).await;
    let taken = taken.unwrap_or_else(|_| Err(Refusal::unavailable("this took too long")));
    if let Err(refusal) = &taken {
        let (status, reason) = (refusal.status.as_u16(), &refusal.message);
        tracing::warn!(source, request_id = id, status, reason, "a push was refused");
        // What is only a matter of time is no fault of anyone.
        if !matches!(refusal.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            endpoint.complain(format!("a request was refused: {reason}"));
        }
    }
    match taken {
        Ok(identity) => reply(&identity.id, Ok(())),
        Err(refusal) => reply(&id, Err(refusal)),
    }
}

/// As Firehose wants it.
fn reply(id: &str, taken: Result<(), Refusal>) -> Response {
    let mut answer = json!({ "requestId": id, "timestamp": Clock::System.now().0 });
    let Err(refusal) = taken else { return ([NO_STORE], Json(answer)).into_response() };
    answer["errorMessage"] = refusal.message.into();
    let mut response = (refusal.status, [NO_STORE], Json(answer)).into_response();
    if matches!(refusal.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        response.headers_mut().insert(header::RETRY_AFTER, refusal.again.into());
    }
    response
}

impl Doors {
    /// Takes a request in and stores it.
    async fn take(&self, endpoint: &Endpoint, id: &str, request: Request) -> Result<Identity, Refusal> {
        let (parts, body) = request.into_parts();
        match endpoint.admits(&access::given(&parts.headers)) {
            Admission::Open => {}
            Admission::WrongKey => {
                return Err(Refusal::new(StatusCode::UNAUTHORIZED, "the access key is missing or wrong"));
            }
            Admission::NotReady => return Err(Refusal::unavailable("this source is not ready to take requests")),
        }
        endpoint.room()?;
        let compressed = is_gzip(&parts.headers)?;
        identity::check(&parts.headers)?;
        let _seat = self.seats.try_acquire().map_err(|_| Refusal::busy("too many requests at a time"))?;
        let (bytes, room) = self.room.read(&parts.headers, body).await?;
        if bytes.is_empty() {
            return Err(Refusal::bad("the body is empty"));
        }
        if compressed && bytes.first() != Some(&0x1f) {
            return Err(Refusal::bad("Content-Encoding is gzip, and the body is not gzip at byte 0"));
        }
        let identity = identity::of(id, bytes.clone()).await?;
        let object = object(&endpoint.name, &identity, bytes);
        let uri = object.uri.clone();
        endpoint.store(object, room).await?;
        tracing::debug!(source = %endpoint.name, uri, "a push is stored");
        Ok(identity)
    }
}

fn object(source: &str, identity: &Identity, bytes: Bytes) -> Object {
    Object {
        uri: format!("push://{source}/{}", identity.path),
        version: identity.content.clone(),
        source: None,
        bytes: bytes.len() as u64,
        place: Place::Memory(bytes),
    }
}

/// Whether the sender says that the body is compressed. Errors: in a way that is not read.
fn is_gzip(headers: &HeaderMap) -> Result<bool, Refusal> {
    let encodings: Vec<_> = headers.get_all(header::CONTENT_ENCODING).iter().map(|value| value.as_bytes()).collect();
    match encodings[..] {
        [] => Ok(false),
        [one] if one.eq_ignore_ascii_case(b"gzip") => Ok(true),
        [one] if one.eq_ignore_ascii_case(b"identity") => Ok(false),
        _ => Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Content-Encoding is neither gzip nor identity")),
    }
}
