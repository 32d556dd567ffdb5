//! The check of the host's name, against DNS rebinding: a page of another site whose name leads to this machine.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

pub async fn check(State(hosts): State<Option<Arc<Vec<String>>>>, request: Request, next: Next) -> Response {
    match hosts {
        Some(hosts) if !named(&request).is_some_and(|name| hosts.contains(&name)) => {
            (StatusCode::MISDIRECTED_REQUEST, "This server does not answer to that host name.\n").into_response()
        }
        _ => next.run(request).await,
    }
}

/// The host that the request names, in lower case and without port.
fn named(request: &Request) -> Option<String> {
    let authority = match request.uri().host() {
        Some(host) => host,
        None => request.headers().get(header::HOST)?.to_str().ok()?,
    };
    Some(without_port(authority).to_ascii_lowercase())
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn ports_are_cut_off() {
        for (authority, host) in [
            ("localhost:8080", "localhost"),
            ("localhost", "localhost"),
            ("[::1]:8080", "[::1]"),
            ("[::1]", "[::1]"),
            ("127.0.0.1:1", "127.0.0.1"),
        ] {
            assert_eq!(super::without_port(authority), host);
        }
    }
}
