//! `/api/v1/ingest`: the page about ingest as data; and the texts of records that were kept aside.

use std::sync::Arc;

use app::api::Backend;
use axum::{
    Router,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};

use super::{
    NO_STORE,
    error::{self, Format},
};

pub fn routes(backend: Arc<dyn Backend>) -> Router {
    Router::new().route("/api/v1/ingest", get(report)).route("/ingest/rejected/{id}", get(rejected)).with_state(backend)
}

async fn report(State(backend): State<Arc<dyn Backend>>) -> Response {
    match backend.ingest().await {
        Ok(ingest) => ([NO_STORE], axum::Json(ingest)).into_response(),
        Err(error) => error::response(&error, Format::Json),
    }
}

/// A download, since the text is whatever somebody sent.
async fn rejected(State(backend): State<Arc<dyn Backend>>, Path(id): Path<i64>) -> Response {
    match backend.rejected_text(id).await {
        Ok(text) => {
            let disposition = format!("attachment; filename=\"trailmap-rejected-{id}.txt\"");
            let headers = [
                (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
                (header::CONTENT_DISPOSITION, &disposition),
                NO_STORE,
            ];
            (headers, text).into_response()
        }
        Err(error) => error::response(&error, Format::Text),
    }
}
