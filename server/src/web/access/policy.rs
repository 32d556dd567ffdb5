//! Who an address is for. One that is not listed here is for nobody.

use axum::http::Method;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Everybody: it shows nothing of what is stored.
    Nothing,
    /// Whoever has told a password, also who lacks the second factor that is asked of them.
    Person,
    /// Whoever is signed in. What they may see and change beyond that, the backend decides.
    Reader,
    /// There is nothing here. Who is not signed in does not learn even that.
    Unlisted,
}

/// First segments of addresses that readers have.
const READERS: [&str; 15] = [
    "account",
    "audit",
    "d",
    "dashboards",
    "discover",
    "discover.csv",
    "discover.json",
    "discover.ndjson",
    "entity",
    "event",
    "ingest",
    "reports",
    "share",
    "shares",
    "users",
];
/// Files beside the pages.
const FILES: [&str; 3] = ["favicon.svg", "logo.svg", "robots.txt"];

pub fn need(method: &Method, path: &str) -> Need {
    let mut segments = path.strip_prefix('/').unwrap_or(path).split('/');
    let (first, second) = (segments.next().unwrap_or_default(), segments.next());
    let reads = matches!(*method, Method::GET | Method::HEAD);
    match (first, second) {
        ("healthz" | "readyz", None) if reads => Need::Nothing,
        ("pkg", Some(_)) if reads => Need::Nothing,
        (file, None) if reads && FILES.contains(&file) => Need::Nothing,
        ("login" | "welcome", None) if reads || *method == Method::POST => Need::Nothing,
        ("login", Some("provider" | "callback")) if reads && path.matches('/').count() == 2 => Need::Nothing,
        ("login", Some("code")) if path.matches('/').count() == 2 && (reads || *method == Method::POST) => {
            Need::Nothing
        }
        ("login", Some("factor")) if path.matches('/').count() == 2 && (reads || *method == Method::POST) => {
            Need::Person
        }
        // What a link shows is decided by the link.
        ("s", Some(_)) if reads || *method == Method::POST => Need::Nothing,
        ("go", Some(_)) if reads => Need::Reader,
        ("logout", None) if *method == Method::POST => Need::Person,
        ("live" | "metrics", None) if reads => Need::Reader,
        ("api", Some(_)) => Need::Reader,
        ("", None) => Need::Reader,
        (page, _) if READERS.contains(&page) => Need::Reader,
        _ => Need::Unlisted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_shows_nothing_is_for_everybody() {
        let check = |method: Method, path: &str, need| assert_eq!(self::need(&method, path), need, "{method} {path}");
        for path in [
            "/healthz",
            "/readyz",
            "/pkg/app.js",
            "/favicon.svg",
            "/login",
            "/welcome",
            "/login/provider",
            "/login/callback",
            "/login/code",
        ] {
            check(Method::GET, path, Need::Nothing);
        }
        check(Method::POST, "/login", Need::Nothing);
        check(Method::POST, "/login/code", Need::Nothing);
        check(Method::POST, "/login/callback", Need::Unlisted);
        for (method, path) in
            [(Method::GET, "/login/factor"), (Method::POST, "/login/factor"), (Method::POST, "/logout")]
        {
            check(method, path, Need::Person);
        }
        for path in [
            "/",
            "/d/overview",
            "/d/overview/errors.json",
            "/discover.csv",
            "/event/x.json",
            "/api/panel",
            "/metrics",
            "/live",
        ] {
            check(Method::GET, path, Need::Reader);
        }
        for path in [
            "/pkg",
            "/nope",
            "/logout",
            "/healthz/x",
            "/login/x",
            "/login/code/x",
            "/login/factor/x",
            "//healthz",
            "/Healthz",
            "/pkg%2fapp.js",
        ] {
            check(Method::GET, path, Need::Unlisted);
        }
        check(Method::POST, "/healthz", Need::Unlisted);
        check(Method::DELETE, "/login", Need::Unlisted);
        check(Method::POST, "/api/send", Need::Reader);
    }
}
