//! The browser's files, where the build step has left some.

use axum::http::{Method, StatusCode};

use super::client::{get, send, site};

/// Addresses from the build's manifest; none where nothing was built.
fn built() -> Vec<String> {
    let manifest = server::web::assets::manifest().unwrap_or_default();
    ["js", "wasm", "start", "css"].iter().filter_map(|key| manifest[key].as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn built_files_are_kept_forever_and_compressed_beforehand() {
    let site = site([]).await;
    for address in built() {
        let plain = get(&site, &address).await;
        assert_eq!((plain.status, plain.header("content-encoding")), (StatusCode::OK, ""), "{address}");
        assert_eq!(plain.header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(plain.header("vary"), "accept-encoding");
        let kind = match address.rsplit('.').next() {
            Some("wasm") => "application/wasm",
            Some("css") => "text/css; charset=utf-8",
            _ => "text/javascript; charset=utf-8",
        };
        assert_eq!(plain.header("content-type"), kind);
        for encoding in ["br", "gzip"] {
            let packed = send(&site, Method::GET, &address, &[("accept-encoding", encoding)]).await;
            assert_eq!(packed.header("content-encoding"), encoding, "{address}");
            assert_eq!(packed.header("content-type"), kind);
            // The start script is one line: gzip's frame may outweigh what it saves.
            assert!(packed.body.len() < plain.body.len().max(1024), "{address}");
        }
        let known = send(&site, Method::GET, &address, &[("if-none-match", plain.header("etag"))]).await;
        assert_eq!((known.status, known.body.len()), (StatusCode::NOT_MODIFIED, 0));
        for sibling in [".br", ".gz"] {
            assert_eq!(get(&site, &format!("{address}{sibling}")).await.status, StatusCode::NOT_FOUND);
        }
    }
}

#[tokio::test]
async fn a_name_that_was_never_built_is_404() {
    let site = site([]).await;
    let answer = get(&site, "/pkg/app.000000000000.js").await;
    assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::NOT_FOUND, "no-store"));
}

#[tokio::test]
async fn the_maps_outlines_are_kept_forever() {
    let site = site([serde_json::json!({ "source_ip": "192.0.2.7", "country": "DE" })]).await;
    let address = model::chart::world::outline::address();
    let plain = get(&site, &address).await;
    assert_eq!((plain.status, plain.header("content-type")), (StatusCode::OK, "image/svg+xml"));
    assert_eq!(plain.header("cache-control"), "public, max-age=31536000, immutable");
    assert!(plain.text().contains("<path id=\"DE\" "));
    roxmltree::Document::parse(plain.text()).expect("well-formed");
    let packed = send(&site, Method::GET, &address, &[("accept-encoding", "br")]).await;
    assert_eq!(packed.header("content-encoding"), "br");
    assert!(packed.body.len() * 2 < plain.body.len(), "{}", packed.body.len());
    // A map on a page refers to it.
    assert!(get(&site, "/d/overview/access-map").await.text().contains(&format!("<use href=\"{address}#land\"")));
}
