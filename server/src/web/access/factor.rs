//! `/login/factor`: where users with a password set up the second factor that is asked of them. Until they have one they reach nothing else.

use app::{api::Factor, door};
use axum::{
    extract::{RawQuery, Request, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use model::error::Error;

use super::{Gate, door as way};
use crate::access::Reader;

pub const PATH: &str = "/login/factor";

pub async fn show(State(gate): State<Gate>, RawQuery(query): RawQuery, request: Request) -> Response {
    let next = way::next(&way::value(&query, "next"));
    let (reader, look) = (asks(&request), way::look(request.headers()));
    drop(request);
    match reader {
        Some(reader) => shown(&gate, &reader, &look, &next, None).await,
        None => Redirect::to("/login").into_response(),
    }
}

fn asks(request: &Request) -> Option<Reader> {
    request.extensions().get().cloned()
}

/// The page as things stand; with an error, that of what was sent.
async fn shown(gate: &Gate, reader: &Reader, look: &door::Look, next: &str, error: Option<Error>) -> Response {
    match (gate.access.factor(reader).await, error) {
        (Ok(Factor::On { .. } | Factor::Elsewhere(_)), _) => Redirect::to(next).into_response(),
        (Ok(factor), None) => way::shown(StatusCode::OK, door::factor(look, &factor, next, None)),
        (Ok(factor), Some(error)) => way::refused(&error, door::factor(look, &factor, next, Some(&error))),
        (Err(error), _) => way::refused(&error, door::closed(look, &error)),
    }
}

pub async fn set_up(State(gate): State<Gate>, request: Request) -> Response {
    let (reader, look) = (asks(&request), way::look(request.headers()));
    let form = way::form(request).await;
    let next = way::next(form.get("next"));
    let Some(reader) = reader else { return Redirect::to("/login").into_response() };
    let done = match form.get("do") {
        "begin" => gate.access.factor_begin(&reader, form.raw("password")).await.map(|()| Vec::new()),
        "confirm" => gate.access.factor_confirm(&reader, form.get("code")).await,
        _ => Err(Error::invalid("do", "This form asks for nothing that is known.")),
    };
    match done {
        Ok(codes) if codes.is_empty() => Redirect::to(&address(&next)).into_response(),
        Ok(codes) => way::shown(StatusCode::OK, door::recovery(&look, &codes, &next)),
        Err(error) => shown(&gate, &reader, &look, &next, Some(error)).await,
    }
}

/// The page's address, for who wanted to go to `next`.
pub fn address(next: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    if next == "/" { PATH.to_owned() } else { format!("{PATH}?{query}") }
}
