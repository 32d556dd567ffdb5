//! Pages about one thing, over events that can be counted by hand.

use std::sync::Arc;

use app::api::{Backend, Entities, Step};
use axum::{Router, http::StatusCode};
use model::entity::{Entity, Kind};
use serde_json::{Value, json};
use server::{query::Query, web};
use sqlx::{PgPool, QueryBuilder, Row};
use time::OffsetDateTime;

use crate::{
    ingest::{
        credential::story,
        fixture::{event, id, ingest, with, write},
    },
    query::fixture::{insert, query, view, with_events},
    support::database,
    web::client::get,
};

/// The story of `ingest::credential`, and a bucket that two people work with.
async fn stored() -> (PgPool, Query) {
    let pool = database().await;
    let folder = tempfile::tempdir().unwrap();
    let bucket = |number: u64, who: &str, name: &str, read: bool| {
        let changes = json!({"eventName": name, "readOnly": read, "requestParameters": {"bucketName": "pay/roll.json"},
            "userIdentity": {"type": "IAMUser", "userName": who, "accountId": "1", "accessKeyId": format!("AKIA{who}")}});
        with(event(number), changes)
    };
    let lines = story()
        .into_iter()
        .map(|(_, event)| event)
        .chain([bucket(800_000, "mallory", "PutBucketPolicy", false), bucket(800_060, "bob", "GetBucketPolicy", true)]);
    let text = lines.map(|event| format!("{event}\n")).collect::<String>();
    ingest(&pool, &write(folder.path(), "events.json", text)).await;
    (pool.clone(), query(&pool))
}

fn site(query: Query) -> Router {
    web::router(Arc::new(query))
}

fn thing(kind: Kind, value: &str) -> Entity {
    Entity::new(kind, value).unwrap()
}

#[tokio::test]
async fn an_actor_is_also_what_roles_did_for_it() {
    let (_, query) = stored().await;
    let alice = thing(Kind::Actor, "alice");
    let profile = query.entity(&alice).await.unwrap();
    assert_eq!(profile.first_seen.rfc3339(), "2026-01-11T10:00:01Z");
    assert_eq!(profile.last_seen.rfc3339(), "2026-01-11T10:00:03Z", "as Prod");
    let facts: Vec<_> = profile.facts.iter().map(|(field, cell)| (field.key(), cell.text().unwrap())).collect();
    assert_eq!(facts, [("identity_type", "IAMUser"), ("identity_account", "1")]);
    let view = view("from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z");
    let view = model::view::View { filter: alice.within(&view.filter), ..view };
    let sessions = query.panel("entity-actor", "sessions", &view).await.unwrap().table;
    assert_eq!(sessions.total, 3);
    let mut rows: Vec<_> = sessions.rows.iter().map(|row| sessions.cell(row, "actor").text().unwrap()).collect();
    rows.sort_unstable();
    assert_eq!(rows, ["Deploy", "Prod", "alice"]);
}

#[tokio::test]
async fn a_sessions_key_is_followed_back_to_the_first_caller() {
    let (_, query) = stored().await;
    let profile = query.entity(&thing(Kind::AccessKey, "ASIA2")).await.unwrap();
    let step = |actor: &str, session: Option<&str>, key: &str, event: Option<u64>| Step {
        actor: Some(actor.to_owned()),
        session: session.map(str::to_owned),
        access_key: Some(key.to_owned()),
        event_id: event.map(id),
    };
    assert_eq!(
        profile.chain,
        [
            step("alice", None, "AKIAalice", Some(900_001)),
            step("Deploy", Some("ci"), "ASIA1", Some(900_002)),
            step("Prod", Some("p"), "ASIA2", None),
        ]
    );
    assert_eq!(profile.first_seen.rfc3339(), "2026-01-11T10:00:02Z", "when it was issued");
    // Two keys that issued each other: no more than both of them.
    let circle = query.entity(&thing(Kind::AccessKey, "ASIA4")).await.unwrap().chain;
    assert_eq!(circle.len(), 3);
    // A user's own key was issued by nobody.
    assert_eq!(query.entity(&thing(Kind::AccessKey, "AKIAalice")).await.unwrap().chain, []);
}

/// What indexes answer is what the page's filter counts, for everything that is stored.
#[tokio::test]
async fn first_and_last_seen_are_those_of_the_filter() {
    let (pool, query) = stored().await;
    let federated =
        json!({ "event_id": "f-1", "actor": "Web", "own_origin": "fred", "event_time": "2026-02-02T00:00:00Z" });
    let service = json!({ "event_id": "f-2", "own_origin": "fred", "source_ip": "2001:db8::1", "account": "3" });
    insert(&pool, [federated, service]).await;
    let mut checked = 0;
    for kind in Kind::ALL {
        let value = match kind {
            Kind::Actor => "unnest(array[actor, origin, source_identity])",
            Kind::SourceIp => "host(source_ip)",
            Kind::Resource => "unnest(resource)",
            Kind::AccessKey => "unnest(array[access_key, issued_access_key])",
            Kind::Account => "account",
        };
        let distinct = format!(
            "select distinct value from (select {value} as value from event) as all_of where value is not null"
        );
        let values: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(distinct)).fetch_all(&pool).await.unwrap();
        assert!(!values.is_empty(), "{kind:?}");
        for value in values {
            let entity = thing(kind, &value);
            let mut sql = QueryBuilder::new("select min(event_time), max(event_time) from event where ");
            server::query::filter::condition(&entity.filter(), &mut sql);
            let row = sql.build().fetch_one(&pool).await.unwrap();
            let of_filter = [0, 1].map(|at| row.get::<Option<OffsetDateTime>, _>(at).map(|time| time.unix_timestamp()));
            let profile = query.entity(&entity).await.ok();
            let seen = [profile.as_ref().map(|known| known.first_seen), profile.as_ref().map(|known| known.last_seen)];
            assert_eq!(seen.map(|time| time.map(|time| time.0 / 1000)), of_filter, "{entity:?}");
            checked += 1;
        }
    }
    assert!(checked > 30, "{checked}");
}

#[tokio::test]
async fn a_resources_page_says_who_changed_it() {
    let (_, query) = stored().await;
    let site = site(query);
    let path = thing(Kind::Resource, "arn:aws:s3:::pay/roll.json").path();
    let page = get(&site, &path).await;
    assert_eq!(page.status, StatusCode::OK);
    let changes = page.text().split("data-panel=\"timeline\"").next().unwrap();
    assert!(changes.contains("PutBucketPolicy") && changes.contains("mallory"), "{changes}");
    assert!(!changes.contains("GetBucketPolicy"), "a read is no change");
    assert!(page.text().contains("GetBucketPolicy") && page.text().contains("2026-01-10 06:13:20"));
    assert!(!page.text().contains("data-role=\"error\""));
}

#[tokio::test]
async fn lists_of_events_say_who_stands_behind_a_session() {
    let (_, query) = stored().await;
    let site = site(query);
    let range = "from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z";
    let by_alice = "<span class=\"origin\">by <a href=\"/entity/actor/alice?";
    for path in [
        format!("/?{range}"),
        format!("/discover?{range}"),
        format!("/discover?{range}&sort=actor"),
        format!("/discover?{range}&columns=actor,event_name&q=actor:Prod"),
        format!("/d/overview/recent-events?{range}"),
    ] {
        let page = get(&site, &path).await;
        let html = page.text().replace("<!>", "").replace(" class=\"value\"", "");
        let rows: Vec<_> = html.split("<tr data-row=\"\"").skip(1).collect();
        let row = |number: u64| {
            let event = format!("href=\"/event/{}?", id(number));
            *rows.iter().find(|row| row.contains(&event)).unwrap_or_else(|| panic!("{path}: no {event} in {rows:?}"))
        };
        assert!(row(900_003).contains(by_alice), "{path}: {}", row(900_003));
        if path.contains("actor:Prod") {
            continue;
        }
        // Nobody else began what alice did; who stands behind A is not known.
        for number in [900_001, 900_011] {
            assert!(!row(number).contains("class=\"origin\""), "{path}: {}", row(number));
        }
    }
}

#[tokio::test]
async fn json_says_what_is_known_and_where_the_data_is() {
    let (_, query) = stored().await;
    let site = site(query);
    let answer =
        get(&site, "/entity/actor/alice.json?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z&q=not+session:*").await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/json"));
    assert_eq!(answer.header("cache-control"), "no-store");
    let known = answer.json();
    assert_eq!(known["entity"], json!({"kind": "actor", "value": "alice"}));
    assert_eq!(known["last_seen"], "2026-01-11T10:00:03Z");
    assert_eq!(known["facts"]["identity_type"], "IAMUser");
    let panels = known["panels"].as_array().unwrap();
    let of = |id: &str| panels.iter().find(|panel| panel["id"] == id).unwrap()["url"].as_str().unwrap().to_owned();
    let events = get(&site, &of("recent-events")).await.json();
    assert_eq!((&events["total"], &events["rows"][0]["event_name"]), (&json!(1), &json!("AssumeRole")));
    // The end of a name is no suffix where it is written so.
    let named = thing(Kind::Resource, "arn:aws:s3:::pay/roll.json").path();
    assert_eq!(get(&site, &format!("{named}.json")).await.json()["entity"]["value"], "arn:aws:s3:::pay/roll.json");
    // As others write the address, and as it is after one that normalises addresses: nothing is named pay/roll.
    let plain = get(&site, &named.replace("%2E", ".")).await;
    assert_eq!((plain.status, plain.header("content-type")), (StatusCode::OK, "text/html; charset=utf-8"));
    assert!(plain.text().contains("pay/roll.json") && plain.text().contains("mallory"));
    let plain = get(&site, &format!("{}.json", named.replace("%2E", "."))).await;
    assert_eq!(plain.json()["entity"]["value"], "arn:aws:s3:::pay/roll.json");
}

#[tokio::test]
async fn what_is_in_no_event_is_not_found() {
    let site = site(with_events([json!({ "actor": "alice" })]).await);
    for path in ["/entity/actor/bob", "/entity/actor/a%00b", "/entity/source_ip/nonsense", "/entity/land/DE"] {
        let page = get(&site, path).await;
        assert_eq!(
            (page.status, page.header("content-type")),
            (StatusCode::NOT_FOUND, "text/html; charset=utf-8"),
            "{path}"
        );
        let answer = get(&site, &format!("{path}.json")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.json()["error"]["kind"], "not_found", "{path}");
    }
    assert_eq!(get(&site, "/entity/actor/alice.json?range=soon").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(get(&site, "/entity/actor/alice.json?q=(").await.status, StatusCode::BAD_REQUEST);
    let call = get(&site, "/api/entity?address=%2Fentity%2Factor%2Fbob").await;
    assert_eq!(call.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn names_of_events_are_never_markup() {
    let text = "</title><script>alert(1)</script>/../?#%2F";
    let site =
        site(with_events([json!({ "actor": text, "resource": [text], "access_key": text, "account": text })]).await);
    for kind in [Kind::Actor, Kind::Resource, Kind::AccessKey, Kind::Account] {
        let path = thing(kind, text).path();
        let page = get(&site, &path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(!page.text().contains("<script>alert") && page.text().contains("&lt;script"), "{path}");
        assert!(page.text().contains(&format!("<title>{} · Trailmap</title>", kind.label())), "{path}");
        let known: Value = get(&site, &format!("{path}.json")).await.json();
        assert_eq!(known["entity"]["value"], text);
    }
}
