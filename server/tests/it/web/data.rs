//! A panel's address with a suffix, and the raw event.

use axum::http::{Method, StatusCode};
use expect_test::expect;
use serde_json::json;

use super::client::{get, send, site};

fn hostile() -> serde_json::Value {
    json!({ "actor": "=cmd|' /C calc'!A0", "session": "<script>alert(1)</script>", "event_name": "a,\"b\"\r\nc",
            "event_source": "\u{202e}x", "source_address": "192.0.2.1", "source_ip": "192.0.2.1", "country": "DE" })
}

#[tokio::test]
async fn json_has_the_shape_that_the_documentation_promises() {
    let site = site([
        json!({ "source_ip": "192.0.2.1", "country": "DE", "as_organisation": "Example Net", "actor": "alice" }),
        json!({ "source_ip": "192.0.2.1", "country": "DE", "as_organisation": "Example Net", "outcome": "failure",
                "event_time": "2026-11-24T11:00:00.250Z" }),
    ])
    .await;
    let answer = get(&site, "/d/overview/source-addresses.json?q=country:DE").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    expect![[r#"
        {
          "panel": {
            "id": "source-addresses",
            "title": "Source addresses"
          },
          "window": {
            "from": "2026-11-23T12:00:00Z",
            "to": "2026-11-24T12:00:00Z"
          },
          "filter": "country:DE",
          "columns": [
            {
              "key": "source_ip",
              "type": "address",
              "label": "Source IP"
            },
            {
              "key": "country",
              "type": "text",
              "label": "Country"
            },
            {
              "key": "as_organisation",
              "type": "text",
              "label": "Network"
            },
            {
              "key": "events",
              "type": "integer",
              "label": "Events"
            },
            {
              "key": "actors",
              "type": "integer",
              "label": "Actors"
            },
            {
              "key": "failures",
              "type": "integer",
              "label": "Failures"
            },
            {
              "key": "first_seen",
              "type": "time",
              "label": "First seen"
            },
            {
              "key": "last_seen",
              "type": "time",
              "label": "Last seen"
            }
          ],
          "rows": [
            {
              "source_ip": "192.0.2.1",
              "country": "DE",
              "as_organisation": "Example Net",
              "events": 2,
              "actors": 1,
              "failures": 1,
              "first_seen": "2026-11-24T11:00:00Z",
              "last_seen": "2026-11-24T11:00:00.250Z"
            }
          ],
          "total": 2,
          "truncated": false
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&answer.json()).unwrap());
}

#[tokio::test]
async fn json_of_figures_has_the_window_before_and_the_timeline() {
    let site = site([json!({})]).await;
    let answer = get(&site, "/d/overview/key-figures.json").await.json();
    assert_eq!(answer["previous"]["to"], answer["window"]["from"]);
    assert_eq!(answer["rows"][0]["events"], 1);
    assert_eq!(answer["rows"][0]["error_rate"], 0.0);
    assert_eq!(answer["rows"][0]["error_rate_previous"], json!(null));
    assert_eq!(answer["details"]["timeline"]["rows"][0]["event_time"], "2026-11-24T11:00:00Z");
}

#[tokio::test]
async fn csv_is_a_file_without_formulas() {
    let site = site([hostile()]).await;
    let answer = get(&site, "/d/overview/recent-events.csv").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"trailmap-recent-events-20261123T120000Z-20261124T120000Z.csv\""
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    let mut reader = csv::Reader::from_reader(&answer.body[..]);
    assert_eq!(&reader.headers().unwrap()[1], "actor");
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 1);
    assert_eq!(&rows[0][0], "2026-11-24T11:00:00Z");
    assert_eq!(&rows[0][1], "'=cmd|' /C calc'!A0");
    assert_eq!(&rows[0][4], "a,\"b\"\r\nc");
}

#[tokio::test]
async fn every_panel_has_all_its_files() {
    let site = site([hostile(), json!({ "outcome": "failure", "error_code": "AccessDenied" })]).await;
    for tile in &model::dashboard::dashboard("overview").unwrap().tiles {
        let path = format!("/d/overview/{}", tile.panel.id);
        let data = get(&site, &format!("{path}.json")).await;
        assert_eq!(data.json()["panel"], json!({ "id": tile.panel.id, "title": tile.panel.title }));
        let table = get(&site, &format!("{path}.csv")).await;
        assert_eq!(
            table.text().lines().next().unwrap().split(',').count(),
            data.json()["columns"].as_array().unwrap().len()
        );
        for query in ["", "?theme=dark&width=400&height=300", "?range=30d&width=2000"] {
            let picture = get(&site, &format!("{path}.svg{query}")).await;
            assert_eq!(
                (picture.status, picture.header("content-type")),
                (StatusCode::OK, "image/svg+xml"),
                "{path}{query}"
            );
            assert!(picture.header("content-security-policy").contains("sandbox"));
            let document = roxmltree::Document::parse(picture.text()).unwrap();
            assert_eq!(document.root_element().tag_name().name(), "svg");
            assert!(!document.descendants().any(|node| node.tag_name().name() == "script"));
        }
    }
}

/// Width and height of a PNG.
fn png_size(bytes: &[u8]) -> (u32, u32) {
    assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

#[tokio::test]
async fn a_panel_is_drawn_as_png_and_pdf() {
    let site = site([hostile()]).await;
    let png = get(&site, "/d/overview/events-by-name.png?width=600&height=300&scale=1.5").await;
    assert_eq!((png.status, png.header("content-type")), (StatusCode::OK, "image/png"));
    assert_eq!(png.header("cache-control"), "no-store");
    assert_eq!(png_size(&png.body), (900, 450));
    let dark = get(&site, "/d/overview/events-by-name.png?width=600&height=300&scale=1.5&theme=dark").await;
    assert_ne!(png.body, dark.body);
    let pdf = get(&site, "/d/overview/events-by-name.pdf?width=600&height=300").await;
    assert_eq!((pdf.status, pdf.header("content-type")), (StatusCode::OK, "application/pdf"));
    assert!(pdf.body.starts_with(b"%PDF-") && pdf.body.ends_with(b"%%EOF"), "{:?}", &pdf.body[pdf.body.len() - 9..]);
    for address in [
        "/d/overview/errors.png?scale=9",
        "/d/overview/errors.png?scale=x",
        "/d/overview/errors.png?width=4000&height=4000&scale=4",
        "/d/overview.png?range=soon",
        "/d/overview.pdf?q=nonsense:x",
    ] {
        let answer = get(&site, address).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{address}: {}", answer.text());
    }
    assert_eq!(get(&site, "/d/nope.png").await.status, StatusCode::NOT_FOUND);
    assert_eq!(get(&site, "/d/overview/nope.pdf").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_dashboard_is_drawn_as_one_picture_of_all_its_panels() {
    let site = site([hostile()]).await;
    let png = get(&site, "/d/overview.png?scale=1").await;
    assert_eq!((png.status, png.header("content-type")), (StatusCode::OK, "image/png"));
    let (width, height) = png_size(&png.body);
    assert!(width == 1440 && height > 1_500, "{width} {height}");
    let filtered = get(&site, "/d/overview.png?scale=1&q=actor:nobody").await;
    assert_ne!(png.body, filtered.body);
    let pdf = get(&site, "/d/overview.pdf").await;
    assert_eq!(
        (pdf.status, pdf.header("content-disposition")),
        (StatusCode::OK, "inline; filename=\"trailmap-overview.pdf\"")
    );
    assert!(pdf.body.starts_with(b"%PDF-"));
}

#[tokio::test]
async fn mistakes_are_400_and_say_where() {
    let site = site([]).await;
    let answer = get(&site, "/d/overview/errors.json?q=event_name:+(").await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::BAD_REQUEST, "application/json"));
    let error = &answer.json()["error"];
    assert_eq!((&error["kind"], &error["parameter"]), (&json!("invalid"), &json!("q")));
    assert!(error["span"]["start"].is_u64() && !error["message"].as_str().unwrap().is_empty(), "{error}");
    for address in [
        "/d/overview/errors.json?range=soon",
        "/d/overview/errors.csv?range=soon",
        "/d/overview/errors.svg?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
        "/d/overview/errors.svg?theme=pink",
        "/d/overview/errors.svg?width=1",
        "/d/overview/errors.svg?height=1e9",
        "/d/overview/errors.csv?q=nonsense:x",
    ] {
        let answer = get(&site, address).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{address}");
        if !address.contains(".json") {
            assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8", "{address}");
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    let site = site([]).await;
    for address in [
        "/d/overview/nope.json",
        "/d/nope/errors.csv",
        "/d/overview/nope.svg",
        "/event/nope.json",
        "/d/..%2foverview/errors.json",
    ] {
        let answer = get(&site, address).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{address}");
        if address.ends_with(".json") {
            assert_eq!(answer.json()["error"]["kind"], "not_found");
        }
    }
}

#[tokio::test]
async fn head_is_get_without_its_body() {
    let site = site([hostile()]).await;
    for address in
        ["/d/overview/errors.json", "/d/overview/recent-events.csv", "/event/id-000.json", "/event/nope.json"]
    {
        let (whole, head) = (get(&site, address).await, send(&site, Method::HEAD, address, &[]).await);
        assert_eq!(
            (whole.status, whole.header("content-type")),
            (head.status, head.header("content-type")),
            "{address}"
        );
        assert_eq!(head.header("content-length"), whole.body.len().to_string());
        assert!(head.body.is_empty());
    }
}

#[tokio::test]
async fn only_reading_is_allowed() {
    let site = site([]).await;
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
        let answer = send(&site, method.clone(), "/d/overview/errors.json", &[]).await;
        assert_eq!((answer.status, answer.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET, HEAD"), "{method}");
    }
}

#[tokio::test]
async fn the_raw_event_is_byte_for_byte() {
    let raw = "{ \"eventID\" : \"a\\u0000b\",\r\n\t\"n\": 1.10, \"ü\": \"</script>\" }";
    let site = site([json!({ "event_id": "a/b c", "raw": raw })]).await;
    let answer = get(&site, "/event/a%2Fb%20c.json").await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/json"));
    assert_eq!(answer.text(), raw);
    assert_eq!(
        answer.header("content-security-policy"),
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
}

#[tokio::test]
async fn data_is_compressed_where_the_client_takes_it() {
    let site = site((0..60).map(|n| json!({ "event_name": format!("Name{n}") }))).await;
    for encoding in ["br", "gzip"] {
        let address = "/d/overview/recent-events.json";
        let answer = send(&site, Method::GET, address, &[("accept-encoding", encoding)]).await;
        assert_eq!((answer.header("content-encoding"), answer.header("vary")), (encoding, "accept-encoding"));
        assert!(answer.body.len() * 3 < get(&site, address).await.body.len());
    }
}

#[tokio::test]
async fn an_inspection_shows_how_a_panel_is_answered() {
    let site = site([json!({ "actor": "alice" })]).await;
    let answer = get(&site, "/d/overview/errors/inspect.json?q=actor:alice").await;
    assert_eq!(answer.status, StatusCode::OK);
    let inspection = answer.json();
    assert_eq!(inspection["filter"], "outcome:failure and actor:alice");
    let statement = &inspection["statements"][0];
    // Nothing failed, as the conditions tell: no event is read.
    assert_eq!(statement["tables"], json!(["identity", "result", "target"]));
    assert_eq!(statement["rows"], 0);
    assert_eq!(statement["rows_read"], 0);
    let conditions = inspection["statements"].as_array().unwrap().last().unwrap();
    assert_eq!(conditions["id"], "conditions");
    assert!(conditions["binds"].as_array().unwrap().contains(&json!("alice")));
    for (address, status) in [
        ("/d/overview/nope/inspect.json", StatusCode::NOT_FOUND),
        ("/d/overview/errors/inspect.json?q=actor:(", StatusCode::BAD_REQUEST),
        ("/d/overview/errors/inspect.json?range=soon", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(get(&site, address).await.status, status, "{address}");
    }
}

#[tokio::test]
async fn a_control_lists_values_beside_what_is_chosen() {
    let site = site([
        json!({ "actor": "alice", "aws_region": "eu-west-1" }),
        json!({ "actor": "alice", "aws_region": "us-east-1" }),
        json!({ "actor": "<b>bob</b>", "aws_region": "eu-west-1" }),
    ])
    .await;
    let list = async |about: &str, address: &str| {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("about", about)
            .append_pair("address", address)
            .finish();
        get(&site, &format!("/api/control?{query}")).await
    };
    // The control's own condition does not narrow its list; the others do.
    let regions = list("aws_region ", "/d/network?q=aws_region:eu-west-1+and+actor:alice&range=7d").await;
    assert_eq!(regions.status, StatusCode::OK);
    let text = regions.text().replace("&amp;", "&");
    for link in [
        // Alone, in the place of what was chosen; with it; without it; all.
        "/d/network?range=7d&q=actor:alice+and+aws_region:us-east-1",
        "/d/network?range=7d&q=actor:alice+and+aws_region:%28eu-west-1+or+us-east-1%29",
        "/d/network?range=7d&q=actor:alice",
    ] {
        assert!(text.contains(&format!("href=\\\"{link}\\\"")), "no {link} in {text}");
    }
    let actors = list("actor BOB", "/d/network").await;
    let actors = actors.text();
    assert!(actors.contains("bob&lt;/b&gt;") && !actors.contains("alice"), "{actors}");
    assert!(!actors.contains("<b>"), "{actors}");
    let none = list("actor nobody", "/d/network").await;
    let none = none.text();
    assert!(none.contains("No event has such a value."), "{none}");
    // A filter that cannot be read gives way to what is chosen.
    let given_way = list("actor ", "/d/network?q=(&range=7d").await;
    assert!(given_way.text().contains("q=actor:alice"), "{}", given_way.text());
    for (about, address) in [("nope ", "/d/network"), ("actor ", "/d/network?range=soon")] {
        assert_eq!(list(about, address).await.status, StatusCode::BAD_REQUEST, "{about}{address}");
    }
}

#[tokio::test]
async fn panels_are_inspected_one_after_the_other_on_one_connection() {
    let site = site([json!({ "actor": "alice" })]).await;
    let dashboard = model::dashboard::dashboard("overview").unwrap();
    for tile in &dashboard.tiles {
        for query in ["", "?q=actor:alice", "?q=as_number:1"] {
            let address = format!("/d/overview/{}/inspect.json{query}", tile.panel.id);
            assert_eq!(get(&site, &address).await.status, StatusCode::OK, "{address}");
        }
    }
}
