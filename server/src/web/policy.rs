//! Content security policies: what a browser may do with each kind of answer.

use axum::http::HeaderValue;

/// For everything that is not a page: nothing of it may run or load.
pub const STATIC: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A picture styles itself, and runs and loads nothing.
pub const PICTURE: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'; sandbox";

/// For a page of who is not signed in: a style sheet and a form.
pub const DOOR: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// For what a link shows: a style sheet and pictures, and the one script that carries `nonce`, if any. Pages of `origins` may
/// show it in a frame.
pub fn shared(nonce: Option<&str>, origins: &[String]) -> HeaderValue {
    let script = nonce.map(|nonce| format!("script-src 'nonce-{nonce}'; ")).unwrap_or_default();
    let frames = if origins.is_empty() { "'none'".to_owned() } else { origins.join(" ") };
    let text = format!(
        "default-src 'none'; {script}style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors {frames}"
    );
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(DOOR))
}

/// For a page: its own files, and the inline scripts that carry this request's `nonce`.
pub fn page(nonce: &str) -> HeaderValue {
    let text = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'nonce-{nonce}'; style-src 'self'; \
         img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'; object-src 'none'"
    );
    HeaderValue::from_str(&text).expect("a nonce is base64")
}
