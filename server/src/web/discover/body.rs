//! The rows of a listing as a body: no faster than the client takes them, and visibly broken off when they cannot go on.

use std::{io, time::Duration};

use app::api::Listing;
use axum::body::Body;
use bytes::Bytes;
use futures::{SinkExt, StreamExt, channel::mpsc, stream};
use model::error::Error;

use super::line::Lines;

/// Pieces that wait for the client.
const AHEAD: usize = 1;
/// A client that takes nothing for so long is gone: no snapshot is kept for it.
const PATIENCE: Duration = Duration::from_secs(60);

/// The first rows are waited for: what goes wrong until then is answered with a status. What goes wrong later cuts the
/// answer off, so that nobody takes the part for the whole.
pub async fn stream(mut listing: Listing, lines: Lines) -> Result<Body, Error> {
    let mut text = lines.head(&listing.columns);
    let more = fill(&mut listing, lines, &mut text).await?;
    if !more {
        return Ok(Body::from(text));
    }
    let (sender, receiver) = mpsc::channel(AHEAD);
    tokio::spawn(pump(listing, lines, sender));
    let first = stream::iter([Ok(Bytes::from(text))]);
    // What compresses it asks once more after the end.
    Ok(Body::from_stream(first.chain(rest(receiver)).fuse()))
}

/// The pieces up to the empty one, which is the end. Without it they were broken off, whatever the reason.
fn rest(receiver: mpsc::Receiver<Bytes>) -> impl stream::Stream<Item = io::Result<Bytes>> {
    stream::unfold(Some(receiver), async |receiver| {
        let mut receiver = receiver?;
        match receiver.next().await {
            Some(piece) if piece.is_empty() => None,
            Some(piece) => Some((Ok(piece), Some(receiver))),
            None => Some((Err(io::Error::other("the export was broken off")), None)),
        }
    })
}

/// Appends the next rows; whether there were any.
async fn fill(listing: &mut Listing, lines: Lines, text: &mut String) -> Result<bool, Error> {
    let rows = listing.rows.next().await?;
    for row in &rows {
        lines.push(text, &listing.columns, row);
    }
    Ok(!rows.is_empty())
}

/// Hands the rest over, until the end, an error, or the client's leaving.
async fn pump(mut listing: Listing, lines: Lines, mut to: mpsc::Sender<Bytes>) {
    loop {
        let mut text = String::new();
        let Ok(more) = fill(&mut listing, lines, &mut text).await else { return };
        match tokio::time::timeout(PATIENCE, to.send(Bytes::from(text))).await {
            Ok(Ok(())) if more => {}
            Ok(_) => return,
            Err(_) => {
                tracing::info!("an export was broken off: its client takes nothing");
                return;
            }
        }
    }
}
