//! Changes are taken from our own pages alone, against forms that other sites send in a reader's name.
//!
//! Browsers say where a request comes from: by `Sec-Fetch-Site`, older ones by `Origin`. A request with neither comes from
//! a program, which no other site can steer.

use axum::{
    extract::Request,
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

pub async fn check(request: Request, next: Next) -> Response {
    if request.method().is_safe() || is_own(request.headers(), request.uri().host()) {
        return next.run(request).await;
    }
    tracing::warn!(path = super::told(request.uri().path()), "a change from another site was refused");
    (StatusCode::FORBIDDEN, "Changes are only taken from Trailmap's own pages.\n").into_response()
}

fn is_own(headers: &HeaderMap, host: Option<&str>) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    match (text(header::HeaderName::from_static("sec-fetch-site")), text(header::ORIGIN)) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let named = origin.split_once("://").map(|(_, authority)| authority);
            named.is_some() && (named == text(header::HOST) || named == host)
        }
        (None, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_of_other_sites_are_refused() {
        let check = |pairs: &[(&'static str, &'static str)]| {
            let headers = pairs
                .iter()
                .map(|(name, value)| (header::HeaderName::from_static(name), header::HeaderValue::from_static(value)));
            is_own(&headers.collect(), None)
        };
        assert!(check(&[]));
        assert!(check(&[("sec-fetch-site", "same-origin"), ("origin", "null")]));
        assert!(check(&[("sec-fetch-site", "none")]));
        assert!(check(&[("host", "localhost:8080"), ("origin", "http://localhost:8080")]));
        assert!(!check(&[("sec-fetch-site", "cross-site")]));
        // Another port of the same machine is another site's.
        assert!(!check(&[("sec-fetch-site", "same-site"), ("host", "a:1"), ("origin", "http://a:1")]));
        assert!(!check(&[("host", "localhost:8080"), ("origin", "http://localhost:9090")]));
        assert!(!check(&[("host", "localhost:8080"), ("origin", "null")]));
        assert!(!check(&[("host", ""), ("origin", "null")]));
        assert!(!check(&[("host", "localhost:8080"), ("origin", "http://localhost:8080.evil.example")]));
    }
}
