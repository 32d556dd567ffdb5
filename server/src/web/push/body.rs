//! Bodies into memory, of which there is only so much for all requests together.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header},
};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Refusal;

/// Of one body, as it comes and inflated. Firehose sends at most 64 MiB of data, which are 86 MiB in base64.
pub const MOST_BYTES: usize = 100 << 20;
/// Of all bodies, in units of `UNIT`.
const ROOM: usize = 160 << 10;
const UNIT: usize = 1 << 10;
/// How long a body may take to come.
const LONGEST: Duration = Duration::from_secs(60);

/// The memory that bodies may take.
pub struct Room(Arc<Semaphore>);

impl Default for Room {
    fn default() -> Room {
        Room(Arc::new(Semaphore::new(ROOM)))
    }
}

impl Room {
    /// A body, and the room that it takes until it is dropped.
    pub async fn read(&self, headers: &HeaderMap, body: Body) -> Result<(Bytes, OwnedSemaphorePermit), Refusal> {
        let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if length.is_some_and(|length| length > MOST_BYTES as u64) {
            return Err(too_large());
        }
        let read = tokio::time::timeout(LONGEST, self.read_all(body)).await;
        read.unwrap_or_else(|_| {
            let message = format!("the body did not come within {} s", LONGEST.as_secs());
            Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, message))
        })
    }

    async fn read_all(&self, body: Body) -> Result<(Bytes, OwnedSemaphorePermit), Refusal> {
        let (mut bytes, mut held) = (BytesMut::new(), self.take(1)?);
        let mut body = body.into_data_stream();
        while let Some(data) = body.next().await {
            let data = data.map_err(|_| Refusal::bad(format!("the body breaks off at byte {}", bytes.len())))?;
            if bytes.len() + data.len() > MOST_BYTES {
                return Err(too_large());
            }
            let wanted = (bytes.len() + data.len()).div_ceil(UNIT).saturating_sub(held.num_permits());
            if wanted > 0 {
                held.merge(self.take(wanted)?);
            }
            bytes.extend_from_slice(&data);
        }
        Ok((bytes.freeze(), held))
    }

    fn take(&self, units: usize) -> Result<OwnedSemaphorePermit, Refusal> {
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        self.0.clone().try_acquire_many_owned(units).map_err(|_| Refusal::busy("too much is sent at a time"))
    }
}

fn too_large() -> Refusal {
    let message = format!("the body is larger than {} MiB", MOST_BYTES >> 20);
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, message)
}
