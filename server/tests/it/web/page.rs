//! Pages as a browser without scripts sees them, and the calls of a browser with them.

use axum::http::{Method, StatusCode};
use serde_json::json;

use super::client::{get, send, site};
use crate::query::fixture;

#[tokio::test]
async fn the_overview_has_every_panel_with_its_rows() {
    let site = site([
        json!({ "event_name": "DeleteBucket", "actor": "alice", "read_only": false, "outcome": "failure",
                "error_code": "AccessDenied", "source_ip": "192.0.2.7", "country": "DE" }),
        json!({ "event_name": "ConsoleLogin", "event_source": "signin.amazonaws.com", "actor": "bob", "country": "FR" }),
    ])
    .await;
    for address in ["/", "/d/overview"] {
        let page = get(&site, address).await;
        assert_eq!(
            (page.status, page.header("content-type")),
            (StatusCode::OK, "text/html; charset=utf-8"),
            "{address}"
        );
        for tile in &model::dashboard::dashboard("overview").unwrap().tiles {
            assert!(page.text().contains(&tile.panel.title), "{address} {}", tile.panel.title);
            assert!(page.text().contains(&format!("data-panel=\"{}\"", tile.panel.id)), "{address} {}", tile.panel.id);
        }
        for value in ["DeleteBucket", "AccessDenied", "192.0.2.7", "alice", "bob"] {
            assert!(page.text().contains(value), "{address} {value}");
        }
        assert!(!page.text().contains("data-role=\"error\""), "{address}");
    }
}

#[tokio::test]
async fn every_panel_stands_alone_with_its_files_linked() {
    let site = site([json!({ "source_ip": "192.0.2.7", "country": "DE", "outcome": "failure" })]).await;
    for tile in &model::dashboard::dashboard("overview").unwrap().tiles {
        let path = format!("/d/overview/{}", tile.panel.id);
        let page = get(&site, &format!("{path}?q=country:DE")).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.text().contains(&tile.panel.title), "{path}");
        for suffix in ["json", "csv", "svg"] {
            assert!(page.text().contains(&format!("{path}.{suffix}?q=country")), "{path}.{suffix}");
        }
    }
}

#[tokio::test]
async fn a_page_runs_only_what_carries_its_nonce() {
    let site = site([]).await;
    let (first, second) = (get(&site, "/").await, get(&site, "/").await);
    let policy = first.header("content-security-policy");
    let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
    assert!(nonce.len() >= 16 && !second.header("content-security-policy").contains(nonce));
    assert!(policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'nonce-"));
    assert!(!policy.contains("unsafe-inline"));
    assert_eq!(first.headers.get_all("content-security-policy").iter().count(), 1);
    let page = first.text();
    for script in page.split("<script").skip(1) {
        let tag = script.split('>').next().unwrap();
        assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "{tag}");
    }
    for attribute in [" style=\"", " onclick=", " onload=", "<style", "javascript:"] {
        assert!(!page.contains(attribute), "{attribute}");
    }
}

#[tokio::test]
async fn a_page_that_is_shared_is_the_page_and_tells_at_once_of_what_is_stored() {
    use std::io::Read;
    let pool = crate::support::database().await;
    fixture::insert(&pool, [json!({ "actor": "alice", "event_name": "CreateUser" })]).await;
    let site = server::web::router(std::sync::Arc::new(fixture::query(&pool)));
    let shared = async |headers: &[(&str, &str)]| {
        let headers: Vec<_> = [("accept-encoding", "gzip")].into_iter().chain(headers.iter().copied()).collect();
        let page = send(&site, Method::GET, "/", &headers).await;
        assert_eq!((page.status, page.header("content-type")), (StatusCode::OK, "text/html; charset=utf-8"));
        assert_eq!((page.header("vary"), page.header("cache-control")), ("accept-encoding", "private, no-cache"));
        let nonce = page.header("content-security-policy").split("'nonce-").nth(1).unwrap();
        let nonce = nonce.split('\'').next().unwrap().to_owned();
        let mut text = String::new();
        flate2::read::GzDecoder::new(&page.body[..]).read_to_string(&mut text).unwrap();
        for script in text.split("<script").skip(1) {
            assert!(script.split('>').next().unwrap().contains(&format!("nonce=\"{nonce}\"")));
        }
        (text.replace(&nonce, ""), nonce)
    };
    let (a, b) = tokio::join!(shared(&[]), shared(&[]));
    assert!(a.0 == b.0 && a.1 != b.1);
    assert!(a.0.contains("</html>") && a.0.contains("CreateUser") && !a.0.contains("DeleteUser"), "{}", a.0);
    assert!(shared(&[("cookie", "theme=dark")]).await.0.contains("data-theme=\"dark\""));
    fixture::insert(&pool, [json!({ "event_id": "new", "event_name": "DeleteUser" })]).await;
    server::store::change::add(&mut pool.acquire().await.unwrap()).await.unwrap();
    assert!(shared(&[]).await.0.contains("DeleteUser"));
}

#[tokio::test]
async fn event_text_is_never_markup() {
    let text = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'`</title></textarea>";
    let site = site([json!({ "actor": text, "session": text, "event_name": text, "user_agent": text, "error_code": text,
        "error_message": text, "country": text, "city": text, "source_ip": "192.0.2.7", "latitude": 1.0, "longitude": 1.0,
        "as_organisation": text, "outcome": "failure", "aws_region": text, "read_only": false,
        "raw": json!({ "x": text }).to_string() })])
    .await;
    for address in ["/", "/d/overview/recent-events", "/d/overview/access-map", "/d/overview/errors", "/event/id-000"] {
        let page = get(&site, address).await;
        assert_eq!(page.status, StatusCode::OK, "{address}");
        assert!(!page.text().contains("<script>alert") && !page.text().contains("<img src=x"), "{address}");
        assert!(page.text().contains("&lt;script"), "{address}");
    }
}

#[tokio::test]
async fn a_mistake_in_the_filter_is_400_and_the_page_stays() {
    let site = site([json!({})]).await;
    for address in
        ["/?q=event_name:+(", "/d/overview?q=event_name:+(", "/d/overview/errors?q=nonsense:x", "/?range=soon"]
    {
        let page = get(&site, address).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{address}");
        assert!(page.text().contains("data-role=\"filter\""), "{address}");
    }
}

#[tokio::test]
async fn what_is_not_there_has_a_page_that_says_so() {
    let site = site([]).await;
    for address in ["/nope", "/d/nope", "/d/overview/nope", "/event/nope", "/d/overview/errors/x", "/favicon.png"] {
        let page = get(&site, address).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{address}");
        assert!(page.header("content-type").starts_with("text/html"), "{address}");
        assert!(page.text().contains("Not found"), "{address}");
        assert!(page.header("content-security-policy").contains("'nonce-"), "{address}");
    }
}

#[tokio::test]
async fn pages_are_read_only_and_compressed() {
    let site = site([]).await;
    assert_eq!(send(&site, Method::POST, "/d/overview", &[]).await.status, StatusCode::METHOD_NOT_ALLOWED);
    let head = send(&site, Method::HEAD, "/d/overview", &[]).await;
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
    for encoding in ["br", "gzip"] {
        let page = send(&site, Method::GET, "/", &[("accept-encoding", encoding)]).await;
        assert_eq!(page.header("content-encoding"), encoding);
    }
}

#[tokio::test]
async fn the_theme_cookie_is_obeyed_when_it_is_a_theme() {
    let site = site([]).await;
    let theme = async |cookie| send(&site, Method::GET, "/", &[("cookie", cookie)]).await.text().to_owned();
    assert!(theme("theme=dark").await.contains("data-theme=\"dark\""));
    assert!(!theme("theme=\"><script>alert(1)</script>").await.contains("alert(1)"));
}

#[tokio::test]
async fn calls_answer_with_data_and_honest_statuses() {
    let site = site([json!({ "actor": "alice", "raw": "{\"a\": 1}" })]).await;
    let series = get(&site, "/api/panel?dashboard=overview&panel=recent-events&query=q%3Dactor:alice").await;
    assert_eq!((series.status, series.header("cache-control")), (StatusCode::OK, "no-store"));
    assert_eq!(series.json()["table"]["total"], 1);
    let event = get(&site, "/api/event?id=id-000&address=/discover%3Frange%3D7d").await.json();
    let event = event.as_str().unwrap();
    assert!(event.contains("href=\"/discover?range=7d&amp;q=%22a%22:1\""), "{event}");
    let values = get(&site, "/api/values?field=actor&address=/discover").await;
    assert!(values.text().replace("<!>", "").contains("1 value, in"), "{}", values.text());
    let about = get(&site, "/api/about").await.json();
    assert!(about.as_str().unwrap().contains("1 events stored"), "{about}");
    for (address, status) in [
        ("/api/panel", 400),
        ("/api/panel?dashboard=overview", 400),
        ("/api/panel?dashboard=overview&panel=errors&query=q%3D(", 400),
        ("/api/panel?dashboard=overview&panel=nope&query=", 404),
        ("/api/completion?text=actor:&cursor=6&query=", 200),
        ("/api/completion?text=(((&cursor=99&query=", 200),
        ("/api/completion?text=actor:&cursor=6&query=range%3Dsoon", 400),
        ("/api/completion?text=actor:", 400),
        ("/api/event?id=nope", 400),
        ("/api/event?id=nope&address=/", 404),
        ("/api/event?id=%00&address=/", 404),
        ("/api/values?field=nope&address=/discover", 400),
        ("/api/values?field=actor&address=/discover%3Fq%3D(", 400),
        ("/api/nope", 404),
    ] {
        let answer = get(&site, address).await;
        assert_eq!(answer.status.as_u16(), status, "{address}: {}", answer.text());
    }
    assert_eq!(send(&site, Method::POST, "/api/panel", &[]).await.status, StatusCode::METHOD_NOT_ALLOWED);
}
