//! Panels over a handful of events with known answers.

use app::api::Backend;
use expect_test::expect;
use model::{dashboard, error::Kind, panel::Mark, series::Cell, time::Timestamp};
use serde_json::{Value, json};

use super::fixture::{ask, insert, query, text, view, with_events};

fn at(time: &str) -> Value {
    json!({ "event_time": time })
}

#[tokio::test]
async fn every_built_in_panel_answers_over_an_empty_store() {
    let query = with_events([]).await;
    for dashboard in dashboard::built_in() {
        for tile in &dashboard.tiles {
            let series = query.panel(&dashboard.id, &tile.panel.id, &view("")).await.unwrap();
            assert_eq!(series.panel.title, tile.panel.title);
            assert_eq!((series.table.total, series.table.truncated, series.last_event), (0, false, None));
            assert_eq!(series.details.len(), tile.panel.details.len());
            let table_has_rows = !series.table.rows.is_empty();
            let one = tile.panel.mark == Mark::Figures;
            assert_eq!(table_has_rows, one, "{}", tile.panel.id);
        }
    }
}

#[tokio::test]
async fn figures_stand_beside_those_of_the_window_before() {
    let query = with_events([
        json!({ "actor": "alice", "source_ip": "10.0.0.1", "country": "DE", "account": "1" }),
        json!({ "actor": "alice", "source_ip": "10.0.0.1", "country": "DE", "account": "2", "outcome": "failure" }),
        json!({ "actor": "bob", "source_ip": "2001:db8::1", "account": "1", "event_time": "2026-11-24T09:30:00Z" }),
        json!({ "event_time": "2026-11-24T09:45:00Z" }),
        // The window before: 22 November, 12:00, to 23 November, 12:00.
        json!({ "actor": "carol", "account": "1", "event_time": "2026-11-23T11:59:59.999Z" }),
        json!({ "actor": "dave", "account": "1", "event_time": "2026-11-22T12:00:00Z", "outcome": "failure" }),
        // Before either.
        json!({ "actor": "erin", "event_time": "2026-11-22T11:59:59.999Z" }),
    ])
    .await;
    let series = ask(&query, "key-figures", "").await;
    expect![[r#"
        events | events_previous | error_rate | error_rate_previous | actors | actors_previous | source_ips | source_ips_previous | countries | countries_previous | accounts | accounts_previous
        4 | 2 | 0.25 | 0.5 | 2 | 2 | 2 | 0 | 1 | 0 | 2 | 1
        total 4
    "#]].assert_eq(&text(&series.table));
    expect![[r#"
        event_time | events | error_rate | actors | source_ips | countries | accounts
        2026-11-24T09:30:00Z | 2 | 0 | 1 | 1 | 0 | 1
        2026-11-24T11:00:00Z | 2 | 0.5 | 1 | 1 | 1 | 2
        total 4
    "#]]
    .assert_eq(&text(series.detail("timeline").unwrap()));
    let previous = series.previous.unwrap();
    assert_eq!(previous.to, series.window.from);
    assert_eq!(previous.from, Timestamp::parse("2026-11-22T12:00:00Z").unwrap());
}

#[tokio::test]
async fn figures_without_events_have_no_error_rate() {
    let query = with_events([at("2020-01-01T00:00:00Z")]).await;
    let series = ask(&query, "key-figures", "").await;
    expect![[r#"
        events | events_previous | error_rate | error_rate_previous | actors | actors_previous | source_ips | source_ips_previous | countries | countries_previous | accounts | accounts_previous
        0 | 0 | ∅ | ∅ | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0
        total 0
    "#]].assert_eq(&text(&series.table));
    assert_eq!(series.last_event, Timestamp::parse("2020-01-01T00:00:00Z"));
}

#[tokio::test]
async fn a_window_has_its_first_moment_and_not_its_last() {
    let query = with_events([
        at("2026-11-24T09:59:59.999Z"),
        at("2026-11-24T10:00:00Z"),
        at("2026-11-24T10:59:59.999Z"),
        at("2026-11-24T11:00:00Z"),
    ])
    .await;
    let range = "from=2026-11-24T10:00:00Z&to=2026-11-24T11:00:00Z&off=recent-events.writes";
    let series = ask(&query, "recent-events", range).await;
    let ids: Vec<_> = series.table.rows.iter().map(|row| series.table.cell(row, "event_id").clone()).collect();
    assert_eq!(ids, [Cell::Text("id-002".into()), Cell::Text("id-001".into())]);
    assert_eq!(series.table.total, 2);
    assert_eq!(series.last_event, Timestamp::parse("2026-11-24T11:00:00Z"));
}

#[tokio::test]
async fn beyond_the_top_is_other_and_without_a_value_is_null() {
    let mut events = Vec::new();
    for name in 0..12 {
        // Name00 twelve times, … Name11 once.
        events.extend((name..12).map(|_| json!({ "event_name": format!("Name{name:02}") })));
    }
    // More than any of the top: it must not take the place of one.
    events.extend((0..20).map(|_| json!({ "event_name": null, "event_time": "2026-11-24T11:30:00Z" })));
    let query = with_events(events.into_iter().enumerate().map(|(at, mut event)| {
        event["event_id"] = json!(format!("e{at}"));
        event
    }))
    .await;
    let series = ask(&query, "events-by-name", "").await;
    expect![[r#"
        event_time | event_name | events
        2026-11-24T11:00:00Z | Name00 | 12
        2026-11-24T11:00:00Z | Name01 | 11
        2026-11-24T11:00:00Z | Name02 | 10
        2026-11-24T11:00:00Z | Name03 | 9
        2026-11-24T11:00:00Z | Name04 | 8
        2026-11-24T11:00:00Z | Name05 | 7
        2026-11-24T11:00:00Z | Name06 | 6
        2026-11-24T11:00:00Z | Name07 | 5
        2026-11-24T11:00:00Z | Name08 | 4
        2026-11-24T11:00:00Z | Name09 | 3
        2026-11-24T11:00:00Z | other | 3
        2026-11-24T11:30:00Z | ∅ | 20
        total 98
    "#]]
    .assert_eq(&text(&series.table));
    assert_eq!(series.bucket_ms, Some(1_800_000));
}

#[tokio::test]
async fn buckets_are_sparse_in_order_and_start_at_round_times() {
    let query = with_events([
        json!({ "event_time": "2026-11-24T11:29:59.999Z" }),
        json!({ "event_time": "2026-11-24T11:30:00Z", "outcome": "failure" }),
        json!({ "event_time": "2026-11-24T11:31:00Z" }),
        json!({ "event_time": "2026-11-23T12:00:00Z" }),
    ])
    .await;
    let series = ask(&query, "events-by-outcome", "").await;
    expect![[r#"
        event_time | outcome | events
        2026-11-23T12:00:00Z | success | 1
        2026-11-24T11:00:00Z | success | 1
        2026-11-24T11:30:00Z | failure | 1
        2026-11-24T11:30:00Z | success | 1
        total 4
    "#]]
    .assert_eq(&text(&series.table));
    for row in &series.table.rows {
        let Cell::Time(at) = row[0] else { panic!("{row:?}") };
        assert_eq!(at.0 % series.bucket_ms.unwrap(), 0);
    }
}

#[tokio::test]
async fn errors_have_their_most_frequent_message() {
    let failure = |code: Value, message: Value, actor: &str| json!({ "outcome": "failure", "error_code": code, "error_message": message, "actor": actor });
    let query = with_events([
        failure(json!("AccessDenied"), json!("b"), "alice"),
        failure(json!("AccessDenied"), json!("b"), "bob"),
        failure(json!("AccessDenied"), json!("b"), "bob"),
        failure(json!("AccessDenied"), json!("b"), "bob"),
        // Three actors with one each: rarer than b, though in more combinations.
        failure(json!("AccessDenied"), json!("a"), "carol"),
        failure(json!("AccessDenied"), json!("a"), "dave"),
        failure(json!("AccessDenied"), json!("a"), "frank"),
        failure(json!("AccessDenied"), json!(null), "erin"),
        failure(json!("NoSuchKey"), json!(null), "alice"),
        failure(json!(null), json!("no code"), "alice"),
        json!({ "actor": "success is not counted" }),
    ])
    .await;
    let series = ask(&query, "errors", "").await;
    expect![[r#"
        error_code | events | actors | error_message | last_seen
        AccessDenied | 8 | 6 | b | 2026-11-24T11:00:00Z
        NoSuchKey | 1 | 1 | ∅ | 2026-11-24T11:00:00Z
        ∅ | 1 | 1 | no code | 2026-11-24T11:00:00Z
        total 10
    "#]]
    .assert_eq(&text(&series.table));
    expect![[r#"
        event_time | error_code | events
        2026-11-24T11:00:00Z | AccessDenied | 8
        2026-11-24T11:00:00Z | NoSuchKey | 1
        2026-11-24T11:00:00Z | ∅ | 1
        total 10
    "#]]
    .assert_eq(&text(series.detail("timeline").unwrap()));
}

#[tokio::test]
async fn a_limit_cuts_rows_off_and_not_the_total() {
    let mut events: Vec<_> = (0..51).map(|n| json!({ "source_ip": format!("10.0.0.{n}") })).collect();
    events.push(json!({ "source_ip": "10.0.0.50" }));
    events.push(json!({ "source_address": "ec2.amazonaws.com" }));
    let query = with_events(events).await;
    let series = ask(&query, "source-addresses", "").await;
    assert_eq!((series.table.rows.len(), series.table.total, series.table.truncated), (50, 52, true));
    assert_eq!(series.table.rows[0][0], Cell::Text("10.0.0.50".into()));
    assert_eq!(series.table.rows[1][0], Cell::Text("10.0.0.0".into()));
    let series = ask(&query, "source-addresses", "q=not+source_ip:10.0.0.7").await;
    assert_eq!((series.table.rows.len(), series.table.total, series.table.truncated), (50, 51, false));
    assert_eq!(series.filter, "not source_ip:10.0.0.7");
}

#[tokio::test]
async fn the_map_has_countries_cities_and_flows() {
    let place = |country: &str, city: Value, latitude: Value, region: &str| {
        json!({ "source_ip": "192.0.2.1", "country": country, "city": city, "latitude": latitude, "longitude": latitude,
                "aws_region": region, "actor": "alice" })
    };
    let query = with_events([
        place("DE", json!("Berlin"), json!(52.5), "eu-central-1"),
        place("DE", json!("Berlin"), json!(52.5), "us-east-1"),
        place("DE", json!(null), json!(51.0), "us-east-1"),
        place("FR", json!(null), json!(null), "us-east-1"),
        json!({ "source_ip": "10.0.0.1" }),
        json!({ "source_address": "AWS Internal" }),
    ])
    .await;
    let series = ask(&query, "access-map", "").await;
    expect![[r#"
        country | events | actors | failures
        DE | 3 | 1 | 0
        FR | 1 | 1 | 0
        ∅ | 1 | 0 | 0
        total 5
    "#]]
    .assert_eq(&text(&series.table));
    expect![[r#"
        country | city | latitude | longitude | events | actors | failures
        DE | Berlin | 52.5 | 52.5 | 2 | 1 | 0
        DE | ∅ | 51 | 51 | 1 | 1 | 0
        total 3
    "#]]
    .assert_eq(&text(series.detail("cities").unwrap()));
    expect![[r#"
        country | aws_region | events
        DE | us-east-1 | 2
        DE | eu-central-1 | 1
        FR | us-east-1 | 1
        total 4
    "#]]
    .assert_eq(&text(series.detail("flows").unwrap()));
}

#[tokio::test]
async fn switches_add_their_filter_while_they_are_on() {
    let query =
        with_events([json!({ "read_only": true }), json!({ "read_only": false }), json!({ "read_only": null })]).await;
    assert_eq!(ask(&query, "recent-events", "").await.table.total, 2);
    assert_eq!(ask(&query, "recent-events", "off=recent-events.writes").await.table.total, 3);
    assert_eq!(ask(&query, "recent-events", "q=read_only:true").await.table.total, 0);
    // A switch of another panel does not count.
    assert_eq!(ask(&query, "recent-events", "off=access-map.writes").await.table.total, 2);
}

#[tokio::test]
async fn a_panel_has_its_own_range_unless_the_page_sets_one() {
    let sign_in = |time: &str| json!({ "event_time": time, "event_name": "ConsoleLogin", "event_source": "signin.amazonaws.com", "actor": "alice" });
    let query = with_events([sign_in("2026-11-20T00:00:00Z"), sign_in("2026-11-24T11:59:00Z")]).await;
    assert_eq!(ask(&query, "top-console-users", "").await.table.total, 2);
    assert_eq!(ask(&query, "top-console-users", "range=24h").await.table.total, 1);
    assert_eq!(ask(&query, "sign-ins", "").await.table.total, 1);
}

#[tokio::test]
async fn events_of_the_same_moment_keep_one_order() {
    let id = |n: usize| format!("0000000{n}-0000-4000-8000-000000000000");
    let query = with_events([2, 0, 4, 1, 3].map(|n| json!({ "event_id": id(n) }))).await;
    let series = ask(&query, "recent-events", "").await;
    let ids: Vec<_> = series.table.rows.iter().map(|row| series.table.cell(row, "event_id").text().unwrap()).collect();
    assert_eq!(ids, [4, 3, 2, 1, 0].map(id));
}

#[tokio::test]
async fn one_event_is_whole() {
    let raw = "{\"eventID\":\"x\",\n \"userAgent\": \"<script>\\u0000\" }";
    let query = with_events([json!({ "event_id": "x/?#", "raw": raw, "source_ip": "2001:db8::1", "read_only": false,
        "event_time": "2026-11-24T11:00:00.123Z", "latitude": 1.5, "as_number": 64496 })])
    .await;
    let event = query.event("x/?#").await.unwrap();
    assert_eq!(event.raw, raw);
    assert_eq!(event.object, "file:///fixture.json");
    let fields: Vec<_> = event.fields.iter().map(|(field, cell)| format!("{} {cell:?}", field.key())).collect();
    expect![[r#"
        event_time Time(Timestamp(1795518000123))
        event_id Text("x/?#")
        read_only Bool(false)
        outcome Text("success")
        source_ip Text("2001:db8::1")
        latitude Float(1.5)
        as_number Int(64496)"#]]
    .assert_eq(&fields.join("\n"));
    assert_eq!(query.event("y").await.unwrap_err().kind, Kind::NotFound);
    assert_eq!(query.event("y\0").await.unwrap_err().kind, Kind::NotFound);
}

#[tokio::test]
async fn about_counts_and_knows_the_newest() {
    let query = with_events([at("2026-11-24T01:00:00Z"), at("2026-11-24T02:00:00Z")]).await;
    let about = query.about().await.unwrap();
    assert_eq!((about.events_estimate, about.last_event), (2, Timestamp::parse("2026-11-24T02:00:00Z")));
    assert_eq!(about.version, env!("CARGO_PKG_VERSION"));
}

#[tokio::test]
async fn all_panels_at_once_share_the_pool() {
    let pool = crate::support::database().await;
    insert(&pool, (0..20).map(|n| json!({ "actor": format!("a{n}"), "source_ip": "192.0.2.1" }))).await;
    let query = query(&pool);
    let tiles = &dashboard::dashboard("overview").unwrap().tiles;
    let asked = (0..10).flat_map(|_| tiles).map(|tile| {
        let query = query.clone();
        let panel = tile.panel.id.clone();
        async move { query.panel("overview", &panel, &view("")).await.map(|series| series.panel.id) }
    });
    let answers = futures::future::join_all(asked).await;
    assert_eq!(answers.len(), 100);
    for answer in answers {
        answer.unwrap();
    }
}
