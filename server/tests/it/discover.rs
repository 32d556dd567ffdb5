//! Discover's data: pages, exports, values of fields.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    query::fixture::{insert, query, with_events},
    web::client::{get, send, site},
};

/// Events in a few moments, with ties, and without a value here and there.
fn events(count: usize) -> impl Iterator<Item = Value> {
    (0..count).map(|at| {
        let mut event = json!({
            "event_id": format!("e-{:04}", at * 7919 % 10_000),
            "event_time": format!("2026-11-24T11:{:02}:00.{:06}Z", at % 7, at % 3),
            "source_ip": format!("10.0.{}.{}", at % 5, at % 4),
            "as_number": at % 4,
            "latitude": (at % 6) as f64 / 7.0,
            "read_only": at % 2 == 0,
        });
        if !at.is_multiple_of(3) {
            event["actor"] = json!(format!("actor {}, \"ü\"", at % 5));
        }
        event
    })
}

/// The ids of all pages, by following `next`.
async fn follow(site: &axum::Router, query: &str, after_each: impl AsyncFn(usize)) -> Vec<String> {
    let mut address = format!("/discover.json?{query}");
    let mut ids = Vec::new();
    for page in 0.. {
        let answer = get(site, &address).await;
        assert_eq!(answer.status, StatusCode::OK, "{address}: {}", answer.text());
        let answer = answer.json();
        assert_eq!(answer["offset"], ids.len(), "{address}");
        ids.extend(answer["rows"].as_array().unwrap().iter().map(|row| row["event_id"].as_str().unwrap().to_owned()));
        match answer["next_url"].as_str() {
            Some(next) => address = next.to_owned(),
            None => return ids,
        }
        after_each(page).await;
    }
    unreachable!()
}

#[tokio::test]
async fn every_order_pages_through_every_event_once_and_back() {
    let site = site(events(60)).await;
    for field in ["event_time", "actor", "source_ip", "as_number", "latitude", "read_only", "event_id", "error_code"] {
        for way in ["asc", "desc"] {
            let sort = format!("sort={field}:{way}");
            let pages = follow(&site, &format!("{sort}&limit=7"), async |_| ()).await;
            let whole = get(&site, &format!("/discover.json?{sort}&limit=1000")).await.json();
            let ids: Vec<_> =
                whole["rows"].as_array().unwrap().iter().map(|row| row["event_id"].as_str().unwrap()).collect();
            assert_eq!((ids.len(), &whole["next"]), (60, &Value::Null), "{sort}");
            assert_eq!(pages, ids, "{sort}");
            let streamed = get(&site, &format!("/discover.ndjson?{sort}&columns=event_id")).await;
            let streamed: Vec<Value> =
                streamed.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            assert!(streamed.iter().map(|row| row["event_id"].as_str().unwrap()).eq(ids.iter().copied()), "{sort}");
            // From the third page back to the second.
            let second = get(&site, &format!("/discover.json?{sort}&limit=7")).await.json()["next_url"].clone();
            let second = get(&site, second.as_str().unwrap()).await.json();
            let third = get(&site, second["next_url"].as_str().unwrap()).await.json();
            let back = get(&site, third["previous_url"].as_str().unwrap()).await.json();
            assert_eq!(back["rows"], second["rows"], "{sort}");
            assert_eq!((&back["offset"], &back["next"]), (&json!(7), &second["next"]), "{sort}");
        }
    }
}

#[tokio::test]
async fn pages_are_stable_while_events_arrive() {
    let pool = crate::support::database().await;
    insert(&pool, events(50)).await;
    let site = server::web::router(std::sync::Arc::new(query(&pool)));
    let before = follow(&site, "limit=1000", async |_| ()).await;
    // New events stand before the first page: the offset counts them, so they are looked for by the ids alone.
    let mut address = "/discover.json?limit=8".to_owned();
    let mut ids = Vec::new();
    for page in 0.. {
        let answer = get(&site, &address).await.json();
        ids.extend(answer["rows"].as_array().unwrap().iter().map(|row| row["event_id"].as_str().unwrap().to_owned()));
        insert(&pool, [json!({ "event_id": format!("new-{page}"), "event_time": "2026-11-24T11:59:00Z" })]).await;
        match answer["next_url"].as_str() {
            Some(next) => address = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(ids, before);
}

/// A site that looks at a few segments at a time: here, each event has one of its own.
async fn in_slices(segments: i64, time: std::time::Duration) -> axum::Router {
    let event = |at: i64| {
        let word = if at % 4 == 0 { "needle" } else { "hay" };
        let time = format!("2026-11-24T{:02}:{:02}:00.000{:03}Z", at / 60, at % 60, at % 5);
        json!({ "event_id": format!("e-{at:03}"), "event_time": time, "raw": json!({ "x": word }).to_string() })
    };
    let mut query = with_events((0..600).map(event)).await;
    query.patience = server::query::Patience { segments, time };
    server::web::router(std::sync::Arc::new(query))
}

fn ids(answer: &Value) -> Vec<&str> {
    answer["rows"].as_array().unwrap().iter().map(|row| row["event_id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_word_is_looked_for_from_the_newest_texts_on_until_the_page_is_full() {
    let long = std::time::Duration::from_secs(60);
    let (whole, sliced) = (in_slices(1_000, long).await, in_slices(64, long).await);
    let all = get(&whole, "/discover.json?q=needle&limit=1000").await.json();
    assert_eq!((ids(&all).len(), &all["total"], &all["looked_back_to"]), (150, &json!(150), &Value::Null));
    // Full long before the end of the range, and honest about what is counted.
    let first = get(&sliced, "/discover.json?q=needle&limit=10").await.json();
    assert_eq!(ids(&first), ids(&all)[..10]);
    let counted = first["total"].as_i64().unwrap();
    assert!((11..100).contains(&counted) && first["looked_back_to"].is_string(), "{first}");
    let until = first["looked_back_to"].as_str().unwrap();
    let since =
        get(&whole, &format!("/discover.json?q=needle&limit=1&from={until}&to=2026-11-24T12:00:00Z")).await.json();
    assert_eq!(since["total"], counted);
    // Page by page every event once, though nobody counts those before.
    let (mut address, mut found) = ("/discover.json?q=needle&limit=10".to_owned(), Vec::new());
    loop {
        let page = get(&sliced, &address).await.json();
        assert_eq!(page["offset"], if found.is_empty() { json!(0) } else { Value::Null }, "{page}");
        found.extend(ids(&page).into_iter().map(str::to_owned));
        match page["next_url"].as_str() {
            Some(next) => address = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(found, ids(&all));
    // What is rare is looked for to the end, and then all is known.
    let rare = get(&sliced, "/discover.json?q=needle+and+event_id:e-004").await.json();
    assert_eq!((ids(&rare), &rare["total"], &rare["looked_back_to"]), (vec!["e-004"], &json!(1), &Value::Null));
    // And back again.
    let third = get(&sliced, &address).await.json();
    let back = get(&sliced, third["previous_url"].as_str().unwrap()).await.json();
    assert_eq!((ids(&back), &back["offset"]), (ids(&all)[130..140].to_vec(), &Value::Null));
}

#[tokio::test]
async fn where_time_is_up_a_search_says_how_far_it_looked_and_goes_on_from_there() {
    let sliced = in_slices(64, std::time::Duration::ZERO).await;
    let (mut address, mut found, mut looked) =
        ("/discover.json?q=needle&limit=1000".to_owned(), Vec::new(), Vec::new());
    loop {
        let page = get(&sliced, &address).await.json();
        found.extend(ids(&page).into_iter().map(str::to_owned));
        let Some(next) = page["next_url"].as_str() else { break };
        address = next.to_owned();
        looked.push(page["looked_back_to"].as_str().unwrap().to_owned());
    }
    let whole = in_slices(1_000, std::time::Duration::ZERO).await;
    let all = get(&whole, "/discover.json?q=needle&limit=1000").await.json();
    assert_eq!(found, ids(&all));
    assert!(looked.len() > 5 && looked.is_sorted_by(|a, b| a > b), "{looked:?}");
    // A page of the program leads there as well, also where nothing was found yet.
    let page = get(&sliced, "/discover?q=needle+and+event_id:e-004").await;
    assert!(page.text().contains("Looked back to") && page.text().contains("data-action=\"look-further\""));
    assert!(!page.text().contains("data-role=\"empty\""));
    // Conditions upon fields need no texts, and are answered as ever.
    let fields = get(&sliced, "/discover.json?q=event_id:e-004").await.json();
    assert_eq!((&fields["total"], &fields["looked_back_to"]), (&json!(1), &Value::Null));
}

#[tokio::test]
async fn surrounding_events_stand_on_both_sides() {
    let site = site(events(40)).await;
    let all = follow(&site, "limit=1000", async |_| ()).await;
    let answer = get(&site, &format!("/discover.json?around={}&limit=10", all[20])).await.json();
    let ids: Vec<_> = answer["rows"].as_array().unwrap().iter().map(|row| row["event_id"].as_str().unwrap()).collect();
    assert_eq!(ids, all[15..25]);
    let rest = get(&site, answer["next_url"].as_str().unwrap()).await.json();
    assert_eq!(rest["rows"][0]["event_id"], all[25]);
    assert_eq!(get(&site, "/discover.json?around=nope").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn rows_have_all_fields_or_those_asked_for_and_the_raw_event() {
    let raw = "{\"eventName\": \"X\",\n \"n\": 1.10, \"requestParameters\": {\"items\": [{\"c\": \"a\"}, {\"c\": 2}]}}";
    let site = site([json!({ "event_id": "one", "event_name": "X", "raw": raw })]).await;
    let answer = get(&site, "/discover.json?raw=true&q=event_name:X").await;
    let body = answer.json();
    assert_eq!((&body["total"], &body["filter"], &body["next"]), (&json!(1), &json!("event_name:X"), &Value::Null));
    let row = body["rows"][0].as_object().unwrap();
    for field in model::field::Field::ALL {
        assert!(row.contains_key(field.key()), "{}", field.key());
    }
    assert!(answer.text().contains(&format!("\"raw\":{raw}")), "{}", answer.text());
    let lines = get(&site, "/discover.ndjson?raw=true&columns=requestParameters.items.c,event_time").await;
    let row: Value = serde_json::from_str(lines.text().trim_end()).unwrap();
    assert_eq!(row["requestParameters.items.c"], json!(["a", "2"]));
    assert_eq!(row["event_time"], "2026-11-24T11:00:00Z");
    assert_eq!(row["raw"]["eventName"], "X");
    assert_eq!(lines.text().lines().count(), 1);
}

#[tokio::test]
async fn an_export_has_its_own_columns_whatever_was_exported_before() {
    let site = site(events(3)).await;
    for columns in ["event_id,source_ip", "source_ip,event_id", "as_number", "event_time,actor,event_id"] {
        for raw in [false, true] {
            let answer = get(&site, &format!("/discover.ndjson?columns={columns}&raw={raw}")).await;
            assert_eq!(answer.status, StatusCode::OK, "{columns} {raw}");
            let mut expected: Vec<_> = columns.split(',').collect();
            expected.extend(raw.then_some("raw"));
            for line in answer.text().lines() {
                let row: serde_json::Map<String, Value> = serde_json::from_str(line).unwrap();
                assert_eq!(row.len(), expected.len(), "{columns} {raw}: {line}");
                assert!(expected.iter().all(|key| row.contains_key(*key)), "{columns} {raw}: {line}");
                let ip = row.get("source_ip").is_none_or(|ip| ip.as_str().is_some_and(|ip| ip.starts_with("10.0.")));
                assert!(ip, "{columns} {raw}: {line}");
            }
        }
    }
}

#[tokio::test]
async fn exports_are_compressed_to_their_end() {
    use std::io::Read;
    let site = site(events(1200)).await;
    let address = "/discover.ndjson?columns=event_id";
    let plain = get(&site, address).await;
    let packed = send(&site, Method::GET, address, &[("accept-encoding", "gzip")]).await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    let mut text = String::new();
    flate2::read::GzDecoder::new(&packed.body[..]).read_to_string(&mut text).unwrap();
    assert_eq!((text.lines().count(), text.as_str()), (1200, plain.text()));
}

#[tokio::test]
async fn csv_has_no_formulas_and_a_head() {
    let site = site([json!({ "actor": "=cmd|' /C calc'!A0", "event_name": "a,\"b\"\r\nc" })]).await;
    let answer = get(&site, "/discover.csv?columns=actor,event_name").await;
    assert_eq!(answer.text(), "actor,event_name\r\n'=cmd|' /C calc'!A0,\"a,\"\"b\"\"\r\nc\"\r\n");
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"trailmap-events-20261123T120000Z-20261124T120000Z.csv\""
    );
    let empty = get(&site, "/discover.csv?columns=actor&q=actor:nobody").await;
    assert_eq!(empty.text(), "actor\r\n");
    let head = send(&site, Method::HEAD, "/discover.csv", &[]).await;
    assert_eq!(
        (head.status, head.header("content-type"), head.body.len()),
        (StatusCode::OK, "text/csv; charset=utf-8", 0)
    );
    assert_eq!(send(&site, Method::POST, "/discover.csv", &[]).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn mistakes_name_their_parameter() {
    let site = site([]).await;
    for (query, parameter) in [
        ("q=nonsense:x", "q"),
        ("range=soon", "range"),
        ("columns=nope", "columns"),
        ("sort=nope:asc", "sort"),
        ("sort=actor:up", "sort"),
        ("sort=resource:asc", "sort"),
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("limit=10001", "limit"),
        ("after=x", "after"),
        ("after=1,2,id,value", "after"),
        ("sort=as_number&after=1,2,id,value", "after"),
        ("before=%00", "before"),
        ("around=%00", "around"),
        ("raw=2", "raw"),
    ] {
        let answer = get(&site, &format!("/discover.json?{query}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(answer.json()["error"]["parameter"], parameter, "{query}");
        if query != "limit=10001" {
            assert_eq!(
                get(&site, &format!("/discover.ndjson?{query}")).await.status,
                StatusCode::BAD_REQUEST,
                "{query}"
            );
        }
    }
}

#[tokio::test]
async fn a_fields_values_have_counts_of_all() {
    use app::api::Discover;
    let query = with_events([
        json!({ "country": "DE", "resource": ["a", "b"] }),
        json!({ "country": "DE", "resource": ["a"] }),
        json!({ "country": "US" }),
        json!({}),
    ])
    .await;
    let found = async |field, typed: &str, limit| {
        let series = query.field_values(&crate::query::fixture::view(""), field, typed, limit).await.unwrap();
        (crate::query::fixture::text(&series.table), model::discover::counts(&series))
    };
    let values = async |field| found(field, "", 10).await;
    let (table, counts) = values(model::field::Field::Country).await;
    assert_eq!((table.as_str(), counts), ("country | events\nDE | 2\nUS | 1\ntotal 4\n", (3, 2)));
    let (table, counts) = values(model::field::Field::Resource).await;
    assert_eq!((table.as_str(), counts), ("resource | events\na | 2\nb | 1\ntotal 4\n", (2, 2)));
    let (table, counts) = values(model::field::Field::ErrorCode).await;
    assert_eq!((table.as_str(), counts), ("error_code | events\ntotal 4\n", (0, 0)));
    // Those that have something in them; shares stay those of all events.
    let (table, counts) = found(model::field::Field::Country, "u", 10).await;
    assert_eq!((table.as_str(), counts), ("country | events\nUS | 1\ntotal 4\n", (3, 1)));
    let (table, counts) = found(model::field::Field::Resource, "", 1).await;
    assert_eq!((table.as_str(), counts), ("resource | events\na | 2\ntotal 4, truncated\n", (2, 2)));
    for nothing in ["%", "_", "\\", "\0", "x"] {
        let (table, counts) = found(model::field::Field::Country, nothing, 10).await;
        assert_eq!((table.as_str(), counts), ("country | events\ntotal 4\n", (3, 0)), "{nothing:?}");
    }
    // A value of any kind is looked for by its text.
    for field in model::field::Field::ALL {
        found(*field, "1", 10).await;
    }
}
