//! Whether the process is up, and whether it can answer.

use std::{sync::Arc, time::Duration};

use app::api::Backend;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::NO_STORE;

/// How long the database may take to say that it is there.
const PATIENCE: Duration = Duration::from_secs(3);

/// The process is up.
pub async fn alive() -> Response {
    ([NO_STORE], "ok\n").into_response()
}

/// The database answers.
pub async fn ready(State(backend): State<Arc<dyn Backend>>) -> Response {
    let ready = matches!(tokio::time::timeout(PATIENCE, backend.about()).await, Ok(Ok(_)));
    let (status, text) = match ready {
        true => (StatusCode::OK, "ready\n"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
    };
    (status, [NO_STORE], text).into_response()
}
