//! `/login`, `/login/code`, `/logout` and `/welcome`.

use std::net::Ipv4Addr;

use app::{
    Assets, Preferences,
    door::{self, Look, Ways},
    served::Form,
};
use axum::{
    body::to_bytes,
    extract::{RawQuery, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use model::error::{Error, Kind};

use super::{Gate, cookie, peer};
use crate::{
    access::{
        Entered, Passed, Reader, Refused,
        door::{Origin, Welcome},
        too_often,
    },
    web::{NO_STORE, page, policy},
};

/// A name and two passwords.
const LONGEST: usize = 16 << 10;

pub async fn login(State(gate): State<Gate>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let next = next(&value(&query, "next"));
    if gate.access.is_open().await || is_signed_in(&gate, &headers).await {
        return Redirect::to(&next).into_response();
    }
    if !gate.access.has_users().await && gate.access.provider().is_none() {
        let message = "Nobody can sign in yet: Trailmap wrote a link for its first administrator to the terminal when it started.";
        return shown(StatusCode::OK, door::closed(&look(&headers), &Error::new(Kind::Forbidden, message)));
    }
    shown(StatusCode::OK, door::login(&look(&headers), &ways(&gate), &next, "", None))
}

fn ways(gate: &Gate) -> Ways {
    match gate.access.provider() {
        Some(provider) => {
            Ways { provider: Some(provider.settings.name.clone()), administrators: !provider.settings.local }
        }
        None => Ways::default(),
    }
}

pub(super) async fn is_signed_in(gate: &Gate, headers: &HeaderMap) -> bool {
    match cookie::read(headers, gate.access.is_secure()) {
        Some(text) => {
            gate.access.by_cookie(text, false, Ipv4Addr::UNSPECIFIED.into()).await.is_ok_and(|found| found.is_some())
        }
        None => false,
    }
}

pub async fn sign_in(State(gate): State<Gate>, request: Request) -> Response {
    let (headers, origin) = (request.headers().clone(), origin(&gate, &request));
    let form = form(request).await;
    let (name, next) = (form.get("name"), next(form.get("next")));
    match gate.access.sign_in(name, form.raw("password"), &next, &origin).await {
        Ok(passed) => let_in(&gate, passed, &next),
        Err(refused) => answered(refused, |error| door::login(&look(&headers), &ways(&gate), &next, name, Some(error))),
    }
}

/// After a password that was right.
fn let_in(gate: &Gate, passed: Passed, next: &str) -> Response {
    let secure = gate.access.is_secure();
    match passed {
        Passed::In(entered) => led(next, cookie::set(&entered.secret, secure)),
        Passed::Half(secret) => led("/login/code", cookie::set_begun(&secret, secure)),
    }
}

/// The page that asks for the second factor.
pub async fn code(State(gate): State<Gate>, headers: HeaderMap) -> Response {
    match gate.access.awaits_code(cookie::read_begun(&headers, gate.access.is_secure())).await {
        Ok(true) => shown(StatusCode::OK, door::code(&look(&headers), None)),
        Ok(false) => Redirect::to("/login").into_response(),
        Err(error) => refused(&error, door::closed(&look(&headers), &error)),
    }
}

pub async fn prove(State(gate): State<Gate>, request: Request) -> Response {
    let (headers, origin) = (request.headers().clone(), origin(&gate, &request));
    let secure = gate.access.is_secure();
    let form = form(request).await;
    match gate.access.prove(cookie::read_begun(&headers, secure), form.get("code"), &origin).await {
        Ok((entered, next)) => entered_by(&next, &entered, secure),
        Err(Refused::Wrong(error)) if error.kind == Kind::SignedOut => {
            answered(Refused::Wrong(error), |error| door::login(&look(&headers), &ways(&gate), "/", "", Some(error)))
        }
        Err(refused) => answered(refused, |error| door::code(&look(&headers), Some(error))),
    }
}

/// Leads a browser on that has come in, and ends its cookie for the way there.
pub(super) fn entered_by(next: &str, entered: &Entered, secure: bool) -> Response {
    let mut answer = led(next, cookie::set(&entered.secret, secure));
    answer.headers_mut().append(header::SET_COOKIE, cookie::clear_begun(secure));
    answer
}

pub async fn sign_out(State(gate): State<Gate>, request: Request) -> Response {
    let Some(reader) = request.extensions().get::<Reader>().cloned() else {
        return Redirect::to("/login").into_response();
    };
    match gate.access.sign_out(&reader).await {
        Ok(None) => led("/login", cookie::clear(gate.access.is_secure())),
        Ok(Some(way)) => {
            let name = gate.access.provider().map_or("", |provider| &provider.settings.name);
            let mut answer = shown(StatusCode::OK, door::leaving(&look(request.headers()), name, &way));
            answer.headers_mut().append(header::SET_COOKIE, cookie::clear(gate.access.is_secure()));
            // The form's own answer may lead to no other site: the page that it gives does.
            if let Ok(refresh) = HeaderValue::try_from(format!("0;url={way}")) {
                answer.headers_mut().insert(header::REFRESH, refresh);
            }
            answer
        }
        Err(error) => crate::web::error::response(&error, crate::web::error::Format::Page),
    }
}

pub async fn welcome(State(gate): State<Gate>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let key = value(&query, "key");
    match gate.access.welcome(&key).await {
        Ok(welcome) => shown(StatusCode::OK, door::welcome(&look(&headers), &key, named(&welcome), "", None)),
        Err(error) => refused(&error, door::closed(&look(&headers), &error)),
    }
}

pub async fn accept(State(gate): State<Gate>, request: Request) -> Response {
    let (headers, origin) = (request.headers().clone(), origin(&gate, &request));
    let form = form(request).await;
    let (key, name) = (form.get("key"), form.get("name"));
    let (password, again) = (form.raw("password"), form.raw("again"));
    let passed = match password == again {
        true => gate.access.accept(key, name, password, &origin).await,
        false => Err(Error::invalid("again", "The password was typed in two ways.").into()),
    };
    let refused = match passed {
        Ok(passed) => return let_in(&gate, passed, "/"),
        Err(refused) => refused,
    };
    let welcome = gate.access.welcome(key).await;
    answered(refused, |error| match &welcome {
        Ok(welcome) => door::welcome(&look(&headers), key, named(welcome), name, Some(error)),
        Err(_) => door::closed(&look(&headers), error),
    })
}

fn named(welcome: &Welcome) -> Option<&str> {
    match welcome {
        Welcome::First => None,
        Welcome::User { name, .. } => Some(name),
    }
}

/// Why somebody was not let in, on the page where they tried.
pub(super) fn answered(why: Refused, page: impl FnOnce(&Error) -> String) -> Response {
    match why {
        Refused::Wrong(error) => refused(&error, page(&error)),
        Refused::TooOften(wait) => {
            let mut answer = shown(StatusCode::TOO_MANY_REQUESTS, page(&too_often(wait)));
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1));
            answer
        }
    }
}

pub(super) fn refused(error: &Error, page: String) -> Response {
    shown(StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), page)
}

pub(super) fn shown(status: StatusCode, page: String) -> Response {
    let policy = (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy::DOOR));
    let referrer = (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    let (no_store, never) = NO_STORE;
    (status, [policy, referrer, (no_store, HeaderValue::from_static(never))], Html(page)).into_response()
}

pub(super) fn led(to: &str, cookie: HeaderValue) -> Response {
    let (no_store, never) = NO_STORE;
    ([(header::SET_COOKIE, cookie), (no_store, HeaderValue::from_static(never))], Redirect::to(to)).into_response()
}

pub(super) fn look(headers: &HeaderMap) -> Look {
    let (assets, preferences): (Assets, Preferences) = (page::files(), page::preferences(headers));
    Look { assets, preferences }
}

pub(super) fn origin(gate: &Gate, request: &Request) -> Origin {
    let headers = request.headers();
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    Origin { address: peer::address(headers, request.extensions(), &gate.proxies), user_agent: agent.to_owned() }
}

pub(super) async fn form(request: Request) -> Form {
    to_bytes(request.into_body(), LONGEST).await.map(|body| Form::parse(&body)).unwrap_or_default()
}

pub(super) fn value(query: &Option<String>, name: &str) -> String {
    let query = query.as_deref().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

/// An address of ours alone: no other site is led to.
pub fn next(wanted: &str) -> String {
    let is_own =
        wanted.starts_with('/') && !wanted.starts_with("//") && !wanted.contains(|c: char| c == '\\' || c.is_control());
    // What a form was sent to is no page; the way out leads nowhere.
    let is_page = !["/login", "/logout", "/welcome", "/api/"].iter().any(|path| wanted.starts_with(path));
    if is_own && is_page { wanted.to_owned() } else { "/".to_owned() }
}

#[cfg(test)]
mod tests {
    #[test]
    fn nobody_is_led_to_another_site() {
        for own in ["/", "/d/overview?range=7d&q=a:b", "/event/x"] {
            assert_eq!(super::next(own), own);
        }
        for other in [
            "",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "/a\n//b",
            "/a\u{1}b",
            "javascript:x",
            "/logout",
        ] {
            assert_eq!(super::next(other), "/", "{other}");
        }
    }
}
