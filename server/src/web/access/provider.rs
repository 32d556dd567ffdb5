//! `/login/provider`, the way to the provider, and `/login/callback`, the way back.

use app::door;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use model::error::Error;

use super::{Gate, cookie, door as way};
use crate::access::{
    Refused,
    oidc::{Answer, Failure},
};

/// Sends a browser to the provider.
pub async fn leave(State(gate): State<Gate>, request: Request) -> Response {
    let headers = request.headers();
    let next = way::next(&way::value(&query(&request), "next"));
    let Some(provider) = gate.access.provider() else { return Redirect::to("/login").into_response() };
    if way::is_signed_in(&gate, headers).await {
        return Redirect::to(&next).into_response();
    }
    match gate.access.provider_begin(provider, &next, &way::origin(&gate, &request)).await {
        Ok(begun) => way::led(&begun.location, cookie::set_begun(&begun.secret, gate.access.is_secure())),
        Err(failure) => failed(headers, &failure, &provider.settings.name, &next),
    }
}

/// Lets a browser in that comes from there.
pub async fn back(State(gate): State<Gate>, request: Request) -> Response {
    let (headers, query) = (request.headers(), query(&request));
    let Some(provider) = gate.access.provider() else { return Redirect::to("/login").into_response() };
    let secure = gate.access.is_secure();
    let text = |name: &str| way::value(&query, name);
    let given = |name: &str| Some(text(name)).filter(|text| !text.is_empty());
    let answer = Answer { state: text("state"), code: text("code"), error: given("error"), issuer: given("iss") };
    let origin = way::origin(&gate, &request);
    match gate.access.provider_finish(provider, cookie::read_begun(headers, secure), &answer, &origin).await {
        Ok((entered, next)) => way::entered_by(&next, &entered, secure),
        Err(failure) => failed(headers, &failure, &provider.settings.name, "/"),
    }
}

fn query(request: &Request) -> Option<String> {
    request.uri().query().map(str::to_owned)
}

/// What happened, and what to do.
fn failed(headers: &HeaderMap, failure: &Failure, name: &str, next: &str) -> Response {
    let (error, advice) = failure.told(name);
    let page = |error: &Error| door::failed(&way::look(headers), error, advice, next);
    match failure {
        Failure::TooOften(wait) => way::answered(Refused::TooOften(*wait), page),
        Failure::Provider(_) => way::shown(StatusCode::BAD_GATEWAY, page(&error)),
        _ => way::refused(&error, page(&error)),
    }
}
