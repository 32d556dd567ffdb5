//! Errors as answers: a status, and the message as JSON, text or a page, whichever the request is for.

use std::{panic::AssertUnwindSafe, time::Duration};

use axum::{
    extract::Request,
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use model::error::{Error, Kind};
use serde_json::json;

use super::NO_STORE;

/// How the asker can read an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Json,
    /// As pages' scripts read the error of a call of theirs.
    Call,
    Text,
    Page,
}

impl Format {
    pub fn of(request: &Request) -> Format {
        let path = request.uri().path();
        let accept = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        if path.starts_with("/api/") && !path.starts_with("/api/v1/") {
            Format::Call
        } else if path.starts_with("/api/") || path.ends_with(".json") {
            Format::Json
        } else if accept.contains("text/html") {
            Format::Page
        } else {
            Format::Text
        }
    }
}

pub fn response(error: &Error, format: Format) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match format {
        Format::Json => (status, [NO_STORE], axum::Json(json!({ "error": error }))).into_response(),
        Format::Call => (status, [NO_STORE], axum::Json(error)).into_response(),
        Format::Text => (status, [NO_STORE], format!("{error}\n")).into_response(),
        Format::Page => (status, [NO_STORE], axum::response::Html(page(error))).into_response(),
    }
}

/// The page of last resort, for when rendering itself failed: no style, no script.
fn page(error: &Error) -> String {
    let message = error.to_string().replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Error · Trailmap</title></head>\
         <body><main><h1>That did not work</h1><p>{message}</p><p><a href=\"/\">Back to the overview</a></p></main></body></html>"
    )
}

/// The longest that an answer may take to begin, and then from one piece to the next. Queries end long before; what is
/// still running is a page whose rendering died.
pub const LONGEST: Duration = Duration::from_secs(60);

/// What has not begun to answer in time is given up.
pub async fn overdue(request: Request, next: Next) -> Response {
    let format = Format::of(&request);
    match tokio::time::timeout(LONGEST, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            response(&Error::new(Kind::Timeout, "This took too long. Try again, or choose a shorter range."), format)
        }
    }
}

/// A panic answers its own request with 500 and nothing of the inside; the log has it.
pub async fn panics(request: Request, next: Next) -> Response {
    let format = Format::of(&request);
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => {
            let said = panic.downcast_ref::<&str>().copied();
            let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
            tracing::error!(panic = said, "a request panicked");
            response(
                &Error::new(Kind::Internal, "Something went wrong on our side. The server's log says what."),
                format,
            )
        }
    }
}
