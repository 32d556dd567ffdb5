//! `/live`: tells a page that events were stored, as server-sent events. Each is a number that grows; the first one comes at once, so that
//! who was away knows whether something was missed.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    http::StatusCode,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::stream;
use sqlx::{PgPool, postgres::PgListener};
use tokio::{sync::watch, task::AbortHandle};

use super::NO_STORE;
use crate::{clock::Clock, query::answers::PACE, store::event};

/// How long after a failure the database is listened to again.
const PAUSE: Duration = Duration::from_secs(1);

/// Listens to the database for as long as it lives.
#[derive(Clone, Debug)]
pub struct Live {
    stored: watch::Receiver<i64>,
    task: AbortHandle,
}

impl Live {
    pub fn listen(pool: PgPool) -> Live {
        // From the clock, so that a server that was started anew tells another number.
        let (sender, stored) = watch::channel(Clock::System.now().0);
        let task = tokio::spawn(async move {
            loop {
                if let Err(error) = hear(&pool, &sender).await {
                    tracing::warn!(%error, "the database tells nothing of new events for now");
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
        Live { stored, task: task.abort_handle() }
    }

    /// Ends all answers.
    pub fn stop(&self) {
        self.task.abort();
    }
}

async fn hear(pool: &PgPool, sender: &watch::Sender<i64>) -> sqlx::Result<()> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(event::STORED).await?;
    loop {
        // Also for what was stored while nobody listened.
        sender.send_modify(|number| *number += 1);
        while listener.try_recv().await?.is_some() {
            sender.send_modify(|number| *number += 1);
        }
    }
}

pub async fn answer(State(live): State<Option<Live>>) -> Response {
    let Some(live) = live else { return StatusCode::NOT_FOUND.into_response() };
    let events = stream::unfold((live.stored, true), async |(mut stored, first)| {
        if !first {
            stored.changed().await.ok()?;
            // No more often, and when answers tell of it for certain.
            tokio::time::sleep(PACE).await;
        }
        let number = *stored.borrow_and_update();
        Some((Ok::<_, Infallible>(Event::default().data(number.to_string())), (stored, false)))
    });
    ([NO_STORE], Sse::new(events).keep_alive(KeepAlive::default())).into_response()
}
