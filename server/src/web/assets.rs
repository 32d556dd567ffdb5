//! The browser's files, which the build step leaves in `target/site` and which become part of the program.
//! A debug build reads them from disk.

use std::sync::LazyLock;

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use model::chart::world::outline;
use rust_embed::{EmbeddedFile, RustEmbed};
use tower_http::compression::CompressionLayer;

use super::NO_STORE;

#[derive(RustEmbed)]
#[folder = "../target/site"]
#[allow_missing = true]
struct Site;

/// Names below `/pkg` hold a hash of their content.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// Ask again, with the ETag.
const REVALIDATE: &str = "no-cache";

/// The map's outlines, which `model` writes: compressed as they are sent, and asked for once.
static WORLD: LazyLock<(String, String)> = LazyLock::new(|| (outline::address(), outline::asset()));

pub fn routes() -> Router {
    let world = WORLD.0.strip_prefix("/pkg").unwrap_or_default();
    Router::new().route(world, get(world_svg).layer(CompressionLayer::new())).route("/{*path}", get(hashed))
}

async fn world_svg() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, FOREVER)], WORLD.1.as_str())
}

async fn hashed(request: Request) -> Response {
    // Nested below /pkg: the path begins after it.
    let path = format!("pkg{}", request.uri().path());
    match file(&path, request.headers(), FOREVER) {
        Some(response) => response,
        // A file of the next build may yet come under this name.
        None => (StatusCode::NOT_FOUND, [NO_STORE]).into_response(),
    }
}

/// A file beside the pages: icons, robots.txt. `None` where there is no such file or it is not one to serve.
pub fn public(request: &Request) -> Option<Response> {
    let path = request.uri().path().strip_prefix('/')?;
    let readable = matches!(*request.method(), Method::GET | Method::HEAD);
    let served = readable && !path.is_empty() && !path.contains('/') && path != "manifest.json";
    if served { file(path, request.headers(), REVALIDATE) } else { None }
}

/// What the build step calls the files that a page names.
pub fn manifest() -> Option<serde_json::Value> {
    serde_json::from_slice(&Site::get("manifest.json")?.data).ok()
}

/// The file, or its compressed sibling where the browser takes that.
fn file(path: &str, headers: &HeaderMap, cache: &'static str) -> Option<Response> {
    // A debug build reads from disk, where `..` means something.
    let plain_name = path.split('/').all(|segment| !segment.is_empty() && !segment.starts_with('.'));
    if !plain_name || path.ends_with(".br") || path.ends_with(".gz") {
        return None;
    }
    let plain = Site::get(path)?;
    let etag = etag(&plain);
    let (content, encoding) = encoded(path, headers).map_or((plain, None), |(file, name)| (file, Some(name)));
    let mut answer = if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Body::from(content.data).into_response()
    };
    let out = answer.headers_mut();
    out.insert(header::CONTENT_TYPE, content_type(path));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    out.insert(header::ETAG, etag);
    if let Some(encoding) = encoding {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Some(answer)
}

fn encoded(path: &str, headers: &HeaderMap) -> Option<(EmbeddedFile, &'static str)> {
    let accepted = headers.get(header::ACCEPT_ENCODING)?.to_str().ok()?;
    let siblings = [("br", ".br"), ("gzip", ".gz")];
    siblings
        .into_iter()
        .filter(|(name, _)| accepts(accepted, name))
        .find_map(|(name, suffix)| Site::get(&format!("{path}{suffix}")).map(|file| (file, name)))
}

/// Whether `Accept-Encoding` names `encoding` and does not refuse it by a weight of zero.
fn accepts(accepted: &str, encoding: &str) -> bool {
    accepted.split(',').any(|entry| {
        let mut parts = entry.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let refused = parts.any(|part| part.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0)));
        named && !refused
    })
}

/// Weak, for it names the content whatever its encoding.
fn etag(file: &EmbeddedFile) -> HeaderValue {
    let hash: String = file.metadata.sha256_hash()[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::from_str(&format!("W/\"{hash}\"")).expect("hexadecimal digits")
}

fn content_type(path: &str) -> HeaderValue {
    let guessed = mime_guess::from_path(path).first_or_octet_stream();
    let text = match guessed.type_() {
        mime_guess::mime::TEXT => format!("{}; charset=utf-8", guessed.essence_str()),
        _ => guessed.essence_str().to_owned(),
    };
    HeaderValue::from_str(&text).expect("a media type is ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_chosen_as_the_browser_weighs_them() {
        assert!(accepts("gzip, deflate, br, zstd", "br"));
        assert!(accepts("br;q=0.5", "br"));
        assert!(accepts("BR", "br"));
        assert!(!accepts("br;q=0, gzip", "br"));
        assert!(!accepts("br; q=0.000", "br"));
        assert!(!accepts("brotli", "br"));
        assert!(!accepts("", "gzip"));
    }

    #[test]
    fn types_are_those_that_browsers_insist_on() {
        assert_eq!(content_type("pkg/a.wasm"), "application/wasm");
        assert_eq!(content_type("pkg/a.js"), "text/javascript; charset=utf-8");
        assert_eq!(content_type("pkg/a.css"), "text/css; charset=utf-8");
        assert_eq!(content_type("favicon.svg"), "image/svg+xml");
        assert_eq!(content_type("favicon.ico"), "image/x-icon");
        assert_eq!(content_type("robots.txt"), "text/plain; charset=utf-8");
    }
}
