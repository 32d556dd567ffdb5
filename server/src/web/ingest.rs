//! `/api/v1/ingest`, `/api/v1/audit`: pages as data; and the texts of records that were kept aside.

use std::sync::Arc;

use app::api::Backend;
use axum::{
    Router,
    extract::{Extension, Path, Query},
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;

use super::{
    NO_STORE,
    error::{self, Format},
};

pub fn routes() -> Router {
    Router::new()
        .route("/api/v1/ingest", get(report))
        .route("/api/v1/audit", get(audit))
        .route("/ingest/rejected/{id}", get(rejected))
}

async fn report(Extension(backend): Extension<Arc<dyn Backend>>) -> Response {
    match backend.ingest().await {
        Ok(ingest) => ([NO_STORE], axum::Json(ingest)).into_response(),
        Err(error) => error::response(&error, Format::Json),
    }
}

#[derive(serde::Deserialize)]
struct Before {
    before: Option<i64>,
}

/// A hundred entries of the audit log, the newest first, before the one that the query names.
async fn audit(Extension(backend): Extension<Arc<dyn Backend>>, Query(Before { before }): Query<Before>) -> Response {
    match backend.audit(before).await {
        Ok(entries) => {
            let next = entries.last().filter(|last| last.id > 1).map(|last| last.id);
            ([NO_STORE], axum::Json(json!({ "entries": entries, "before": next }))).into_response()
        }
        Err(error) => error::response(&error, Format::Json),
    }
}

/// A download, since the text is whatever somebody sent.
async fn rejected(Extension(backend): Extension<Arc<dyn Backend>>, Path(id): Path<i64>) -> Response {
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
