//! Whether the process is up, and whether it can answer.

use std::{sync::Arc, time::Duration};

use app::api::Backend;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::NO_STORE;
use crate::disk::Disk;

/// How long the database may take to say that it is there.
const PATIENCE: Duration = Duration::from_secs(3);

const DEGRADED: &str = "degraded: ingest is paused, since the database has no room";

/// The process is up.
pub async fn alive() -> Response {
    ([NO_STORE], "ok\n").into_response()
}

/// The database answers. While nothing is stored it is ready all the same, since pages are; a second line says so. Whoever may ask
/// this need not know more: the page about ingest tells it.
pub async fn ready(State((backend, disk)): State<(Arc<dyn Backend>, Disk)>) -> Response {
    let ready = matches!(tokio::time::timeout(PATIENCE, backend.about()).await, Ok(Ok(_)));
    let (status, text) = match (ready, disk.pause()) {
        (true, None) => (StatusCode::OK, "ready\n".to_owned()),
        (true, Some(_)) => (StatusCode::OK, format!("ready\n{DEGRADED}\n")),
        (false, _) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n".to_owned()),
    };
    (status, [NO_STORE], text).into_response()
}
