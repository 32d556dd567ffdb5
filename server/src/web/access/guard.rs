//! Finds out who asks.

use std::{net::IpAddr, time::Duration};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use model::error::{Error, Kind};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    Gate, cookie, factor, note, peer,
    policy::{Need, need},
};
use crate::{
    access::{By, Reader, Secret, door::Recognised},
    web::{NO_STORE, error},
};

pub async fn check(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let need = need(request.method(), request.uri().path());
    if need == Need::Nothing {
        request.extensions_mut().insert(gate.nobody());
        return next.run(request).await;
    }
    let Known { reader, renewed, lacks_factor } = match Asked::of(&gate, &request).identify(&gate).await {
        Ok(Some(found)) => found,
        Ok(None) => return stranger(&request),
        Err(error) => return error::response(&error, error::Format::of(&request)),
    };
    let mut answer = match lacks_factor && need != Need::Person {
        true => half(&request),
        false => answered(&gate, need, reader, request, next).await,
    };
    if let Some(secret) = renewed {
        answer.headers_mut().append(header::SET_COOKIE, cookie::set(&secret, gate.access.is_secure()));
    }
    answer
}

/// For a reader who is let in.
async fn answered(gate: &Gate, need: Need, reader: Reader, mut request: Request, next: Next) -> Response {
    if !is_meant(&request, &reader) {
        tracing::warn!(path = request.uri().path(), "a change that came with a cookie and from nowhere was refused");
        return (StatusCode::FORBIDDEN, "Changes are only taken from Trailmap's own pages.\n").into_response();
    }
    if need == Need::Unlisted {
        // Also a route that nobody has listed: it is not reached.
        *request.uri_mut() = Uri::from_static("/nowhere");
    }
    let noted = note::of(&request, &reader);
    if let Some(wait) = noted.as_ref().filter(|noted| noted.is_export()).and_then(|_| gate.access.export(&reader).err())
    {
        return too_often(wait);
    }
    request.extensions_mut().insert(gate.backend(reader.clone()));
    request.extensions_mut().insert(reader);
    let answer = next.run(request).await;
    if let Some(noted) = noted {
        noted.write(gate.access.journal(), answer.status()).await;
    }
    answer
}

/// Who asks.
struct Known {
    reader: Reader,
    /// What their cookie is to have from now on.
    renewed: Option<Secret>,
    /// They are to set up a second factor before anything else.
    lacks_factor: bool,
}

impl Known {
    fn whole(reader: Reader) -> Known {
        Known { reader, renewed: None, lacks_factor: false }
    }
}

/// What a request tells of who asks.
struct Asked {
    address: IpAddr,
    forwarded: bool,
    token: Option<String>,
    cookie: Option<String>,
    navigates: bool,
}

impl Asked {
    fn of(gate: &Gate, request: &Request) -> Asked {
        let headers = request.headers();
        Asked {
            address: peer::address(headers, request.extensions(), &gate.proxies),
            forwarded: peer::is_forwarded(headers),
            token: bearer(headers).map(str::to_owned),
            cookie: cookie::read(headers, gate.access.is_secure()).map(str::to_owned),
            navigates: is_navigation(request),
        }
    }
}

impl Asked {
    /// Who asks; nobody where nobody signed in. Errors: the database does not answer; an open server is asked
    /// through a proxy.
    async fn identify(self, gate: &Gate) -> Result<Option<Known>, Error> {
        let access = &gate.access;
        if access.is_open().await {
            return match self.forwarded {
                false => Ok(Some(Known::whole(access.everybody(self.address)))),
                true => Err(Error::new(
                    Kind::Forbidden,
                    "This Trailmap asks nobody to sign in, and so answers this machine alone and no proxy. Start it with \
                     --access accounts.",
                )),
            };
        }
        if let Some(token) = self.token {
            return Ok(access.by_token(&token, self.address).await?.map(Known::whole));
        }
        let Some(text) = self.cookie else { return Ok(None) };
        let found = access.by_cookie(&text, self.navigates, self.address).await?;
        Ok(found.map(|Recognised { reader, next, lacks_factor }| Known { reader, renewed: next, lacks_factor }))
    }
}

/// The token that a request brings.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// A page is opened: its answer's cookie reaches the browser before anything else is asked for.
fn is_navigation(request: &Request) -> bool {
    request.method() == Method::GET && accepts_pages(request.headers())
}

fn accepts_pages(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

/// A cookie comes along by itself, also with what another site has the browser send: a change must tell from which page it comes. What it tells is
/// looked at elsewhere.
fn is_meant(request: &Request, reader: &Reader) -> bool {
    let headers = request.headers();
    let tells = headers.contains_key("sec-fetch-site") || headers.contains_key(header::ORIGIN);
    request.method().is_safe() || tells || !matches!(reader.by, By::Login { .. })
}

/// For who is not signed in: the way there, or that there is one.
fn stranger(request: &Request) -> Response {
    if is_navigation(request) {
        return ([NO_STORE], Redirect::to(&way_in(request.uri()))).into_response();
    }
    let error = Error::new(Kind::SignedOut, "Sign in, or send a token: Authorization: Bearer tm_…");
    let mut answer = error::response(&error, error::Format::of(request));
    answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    answer
}

/// For who has no second factor yet and must: the way to one, or that there is one.
fn half(request: &Request) -> Response {
    if is_navigation(request) {
        let wanted = request.uri().path_and_query().map_or("/", |address| address.as_str());
        return ([NO_STORE], Redirect::to(&factor::address(wanted))).into_response();
    }
    let message = format!("Set up your second factor first: open {} in a browser.", factor::PATH);
    error::response(&Error::new(Kind::Forbidden, message), error::Format::of(request))
}

fn too_often(wait: Duration) -> Response {
    let seconds = wait.as_secs() + 1;
    let text = format!("More files than 60 a minute are not given to one user. Try again in {seconds} seconds.\n");
    (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, seconds.to_string())], text).into_response()
}

fn way_in(uri: &Uri) -> String {
    match uri.path_and_query().map(|address| address.as_str()).filter(|address| *address != "/") {
        Some(address) => format!("/login?next={}", utf8_percent_encode(address, NON_ALPHANUMERIC)),
        None => "/login".to_owned(),
    }
}
