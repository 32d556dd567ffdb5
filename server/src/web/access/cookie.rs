//! The cookie that a browser is known by.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::access::{Secret, oidc::MINUTES};

/// Over encrypted connections a name that no other host, path or plain connection can set.
const SECURE: &str = "__Host-trailmap";
const PLAIN: &str = "trailmap";

/// Of a browser whose sign-in is under way; for as long as that may take.
const SECURE_BEGUN: &str = "__Host-trailmap-begun";
const PLAIN_BEGUN: &str = "trailmap-begun";

fn begun(secure: bool) -> &'static str {
    if secure { SECURE_BEGUN } else { PLAIN_BEGUN }
}

/// The secret of a sign-in that is under way; empty where there is none.
pub fn read_begun(headers: &HeaderMap, secure: bool) -> &str {
    value_of(headers, begun(secure)).unwrap_or_default()
}

pub fn set_begun(secret: &Secret, secure: bool) -> HeaderValue {
    value(&format!("{}={}; Max-Age={}", begun(secure), secret.text(), MINUTES * 60), secure)
}

pub fn clear_begun(secure: bool) -> HeaderValue {
    value(&format!("{}=; Max-Age=0", begun(secure)), secure)
}

fn name(secure: bool) -> &'static str {
    if secure { SECURE } else { PLAIN }
}

/// The secret that the request's cookie has.
pub fn read(headers: &HeaderMap, secure: bool) -> Option<&str> {
    value_of(headers, name(secure))
}

/// The first value of the cookie of this name.
pub fn value_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// A cookie for this browser's session; scripts and other sites do not get it.
pub fn set(secret: &Secret, secure: bool) -> HeaderValue {
    value(&format!("{}={}", name(secure), secret.text()), secure)
}

/// Takes the cookie back.
pub fn clear(secure: bool) -> HeaderValue {
    value(&format!("{}=; Max-Age=0", name(secure)), secure)
}

fn value(pair: &str, secure: bool) -> HeaderValue {
    let secure = if secure { "; Secure" } else { "" };
    HeaderValue::from_str(&format!("{pair}; Path=/; HttpOnly; SameSite=Lax{secure}")).expect("a name and base64")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("theme=dark; xtrailmap=1"));
        assert_eq!(read(&headers, false), None);
        headers.append(header::COOKIE, HeaderValue::from_static("a; trailmap=abc; b=c"));
        assert_eq!((read(&headers, false), read(&headers, true)), (Some("abc"), None));
        headers.append(header::COOKIE, HeaderValue::from_static("__Host-trailmap=def"));
        assert_eq!(read(&headers, true), Some("def"));
    }

    #[test]
    fn cookies_are_kept_from_scripts_and_other_sites() {
        let secret = Secret::new("");
        let text = |value: HeaderValue| value.to_str().expect("ASCII").to_owned();
        let set = text(set(&secret, true));
        assert_eq!(set, format!("__Host-trailmap={}; Path=/; HttpOnly; SameSite=Lax; Secure", secret.text()));
        assert_eq!(text(clear(false)), "trailmap=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax");
    }
}
