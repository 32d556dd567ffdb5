//! What is kept of whole hours and days changes no answer, whatever is asked and whatever is stored meanwhile.

use app::api::Backend;
use model::{
    dashboard::built_in,
    panel::Panel,
    series::{Cell, Series},
    time::Timestamp,
    view::View,
};
use rand::{Rng, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use server::{
    clock::Clock,
    query::Query,
    store::{
        change,
        rollup::{self, ROLLUPS},
    },
};
use sqlx::{AssertSqlSafe, PgPool};

use super::fixture::{NOW, insert, query, view};
use crate::{
    ingest::{
        credential::{acts, session, takes, user},
        fixture::{ingest, write},
    },
    support::database,
};

const HOUR_MS: i64 = 3_600_000;

fn now() -> Timestamp {
    Timestamp::parse(NOW).unwrap()
}

/// An event some hours before now: many fields, few values of each.
fn event(at: usize, hours: i64, rng: &mut ChaCha8Rng) -> Value {
    let time = Timestamp(now().0 - hours * HOUR_MS - rng.random_range(0..HOUR_MS));
    let mut one = |all: &[&str]| (*all.choose(rng).unwrap()).to_owned();
    let failed = one(&["", "", "AccessDenied", "Client.UnauthorizedOperation"]);
    let (actor, identity) = (one(&["ann", "bob", "ci", "root"]), one(&["IAMUser", "AssumedRole", "Root"]));
    let call = one(&["ConsoleLogin signin", "GetObject s3", "CreateUser iam", "StopLogging cloudtrail", "Decrypt kms"]);
    let (name, service) = call.split_once(' ').unwrap();
    let (key, source) = (one(&["AKIA1", "ASIA1", "ASIA2"]), one(&["203.0.113.7", "198.51.100.9", "2001:db8::1"]));
    let country = one(&["CH", "DE"]);
    let resources = [one(&["arn:aws:s3:::a", "arn:aws:s3:::b"]), one(&["arn:aws:iam::1:user/x", "arn:aws:kms:::k"])];
    json!({
        "event_id": format!("id-{at:06}"),
        "event_time": time.rfc3339(),
        "event_name": name,
        "event_source": format!("{service}.amazonaws.com"),
        "event_type": one(&["AwsApiCall", "AwsConsoleSignIn"]),
        "event_category": one(&["Management", "Data"]),
        "read_only": name == "GetObject",
        "outcome": if failed.is_empty() { "success" } else { "failure" },
        "error_code": (!failed.is_empty()).then_some(&failed),
        "error_message": (!failed.is_empty()).then(|| one(&["no", "not you", "nor she"])),
        "account": one(&["111111111111", "222222222222"]),
        "aws_region": one(&["eu-west-1", "us-east-1"]),
        "actor": actor,
        "identity_type": identity,
        "session": format!("{actor}-{}", hours % 5),
        "access_key": key,
        "actor_arn": format!("arn:aws:iam::111111111111:user/{actor}"),
        "source_address": source,
        "source_ip": source,
        "country": country,
        "city": (country == "CH").then_some("Bern"),
        "mfa_used": hours % 3 == 0,
        "user_agent": one(&["aws-cli/2", "Mozilla/5.0"]),
        "client": one(&["AWS CLI", "Browser"]),
        "console": hours % 2 == 0,
        "tls_version": one(&["TLSv1.2", "TLSv1.3"]),
        "resource": if hours % 4 == 0 { json!(null) } else { json!(resources) },
        "raw": format!("{{\"n\": {at}, \"requestParameters\": {{\"bucketName\": \"b{}\"}}}}", at % 3),
    })
}

/// What is asked: panels of all kinds over windows of all kinds.
fn asked() -> Vec<(Panel, View)> {
    let own = [
        json!({ "mark": "table", "by": ["resource"], "measures": ["events", "share", "actors", "first_seen"], "limit": 2 }),
        json!({ "mark": "table", "by": ["source_ip"], "measures": ["events", "most_frequent_actor", "most_frequent_session", "countries", "distinct_city"], "limit": 1 }),
        json!({ "mark": "table", "by": ["actor"], "measures": ["events", "distinct_resource", "most_frequent_resource", "change"], "limit": 2 }),
        json!({ "mark": "table", "by": ["actor"], "measures": ["source_ips", "events"], "limit": 2, "order": { "by": "events", "ascending": true } }),
        json!({ "mark": "bars", "by": ["event_name"], "measures": ["events", "actors"], "bucket": "5h", "limit": 2 }),
        json!({ "mark": "bars", "by": ["error_code"], "measures": ["events", "source_ips", "most_frequent_actor"], "bucket": "1d", "limit": 1 }),
        json!({ "mark": "area", "by": ["resource"], "measures": ["events", "distinct_session"], "bucket": "1h", "limit": 1 }),
        json!({ "mark": "figures", "measures": ["events", "source_ips", "distinct_session", "actors", "error_rate"] }),
        json!({ "mark": "figures", "measures": ["actors"], "filter": "outcome:failure" }),
        json!({ "mark": "table", "by": ["event_name", "outcome"], "measures": ["events", "most_frequent_resource"], "limit": 3, "filter": "requestParameters.bucketName:b1 or error_code:*" }),
        json!({ "mark": "table", "by": ["origin"], "measures": ["events", "last_seen"] }),
    ];
    let own = own.into_iter().map(|own| {
        let mut all = json!({ "id": "tried", "title": "Tried" });
        all.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        let panel: Panel = serde_json::from_value(all).unwrap();
        panel.validate().unwrap();
        panel
    });
    let built_in = built_in().iter().flat_map(|dashboard| dashboard.tiles.iter().map(|tile| tile.panel.clone()));
    let views = [
        "range=24h",
        "range=7d",
        "range=30d&q=not actor:ann and country:CH",
        "from=2026-11-20T00:00:00Z&to=2026-11-22T00:00:00Z&q=event_name:GetObject",
        "from=2026-11-02T03:04:05Z&to=2026-11-23T22:10:00Z&q=not",
    ];
    let views = views.map(|query| View::from_query(query).0);
    own.chain(built_in).flat_map(|panel| views.clone().map(|view| (panel.clone(), view))).collect()
}

/// Of each panel, one view: another each time. Twice, a minute apart: where much has changed, nothing is kept at first.
async fn compare(kept: &Query, turn: usize, when: &str) {
    let Clock::Fixed(now) = kept.clock else { panic!("these clocks are set") };
    let mut kept = kept.clone();
    for minute in 0..2 {
        kept.clock = Clock::Fixed(Timestamp(now.0 + minute * 61_000));
        compare_once(&kept, turn, when).await;
    }
}

async fn compare_once(kept: &Query, turn: usize, when: &str) {
    let anew = kept.counting_anew();
    let asked = asked().into_iter().enumerate().filter(|(at, _)| (at + at / 5 + turn).is_multiple_of(5));
    for (panel, view) in asked.map(|(_, asked)| asked) {
        let plain = |series: Series| Series { took_ms: 0, ..series };
        let (one, other) = (kept.answer(&panel, &view).await, anew.answer(&panel, &view).await);
        assert_eq!(one.map(plain), other.map(plain), "{when}: {} {:?} {}", panel.id, view.range, view.filter);
    }
}

fn later(query: &Query, milliseconds: i64) -> Query {
    let mut query = query.clone();
    query.clock = Clock::Fixed(Timestamp(now().0 + milliseconds));
    query
}

async fn settle(pool: &PgPool) {
    for rollup in &ROLLUPS {
        rollup::rebuild(pool, rollup).await.unwrap();
    }
}

#[tokio::test]
async fn kept_counts_change_no_answer() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let pool = database().await;
    let some = |from: usize, count: usize, hours: std::ops::Range<i64>, rng: &mut ChaCha8Rng| {
        (from..from + count).map(|at| event(at, rng.random_range(hours.clone()), rng)).collect::<Vec<_>>()
    };
    insert(&pool, some(0, 300, 0..24 * 40, &mut rng)).await;
    let kept = query(&pool).cutting_few();
    compare(&kept, 0, "at first").await;
    compare(&later(&kept, 17 * 60_000), 1, "some minutes later").await;
    insert(&pool, some(300, 40, 30..24 * 20, &mut rng)).await;
    compare(&later(&kept, 18 * 60_000), 0, "events came late").await;
    sqlx::query("delete from stored_event where event_time between '2026-11-10' and '2026-11-15'")
        .execute(&pool)
        .await
        .unwrap();
    settle(&pool).await;
    compare(&later(&kept, 19 * 60_000), 1, "some were deleted").await;
    sqlx::query("update address set country = 'FR' where country = 'CH'").execute(&pool).await.unwrap();
    change::add(&mut pool.acquire().await.unwrap()).await.unwrap();
    compare(&later(&kept, 26 * HOUR_MS), 2, "a place is another, a day later").await;
}

/// That something is kept at all: what nobody was told of does not show.
#[tokio::test]
async fn hours_without_changes_are_not_counted_again() {
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let pool = database().await;
    insert(&pool, (0..50).map(|at| event(at, 24 + at as i64, &mut rng))).await;
    let query = query(&pool);
    let total = async |milliseconds| {
        let series = later(&query, milliseconds).panel("overview", "key-figures", &view("range=7d")).await.unwrap();
        series.table.total
    };
    assert_eq!(total(0).await, 50);
    sqlx::query("delete from stored_event where event_time < '2026-11-22'").execute(&pool).await.unwrap();
    sqlx::query("delete from access_hour").execute(&pool).await.unwrap();
    sqlx::query("delete from access_day").execute(&pool).await.unwrap();
    assert_eq!(total(60_000).await, 50, "not a single one is read");
    change::add(&mut pool.acquire().await.unwrap()).await.unwrap();
    assert!(total(120_000).await < 50);
}

#[tokio::test]
async fn what_depends_on_origins_is_kept_until_anything_is_stored() {
    let (pool, folder) = (database().await, tempfile::tempdir().unwrap());
    let store = async |name: &str, event: Value| ingest(&pool, &write(folder.path(), name, event.to_string())).await;
    let acting = session("Prod", "p", "ASIA2");
    store("acts.json", acts(900_003, acting.clone())).await;
    store("other.json", takes(800_000, user("bob"), "ASIA3")).await;
    let panel = json!({ "id": "tried", "title": "Tried", "mark": "table", "by": ["origin"], "measures": ["events"] });
    let panel: Panel = serde_json::from_value(panel).unwrap();
    let query = query(&pool);
    let origins = async |seconds: i64| {
        let view = view("from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z&q=origin:*");
        let series = later(&query, seconds * 1_000).answer(&panel, &view).await.unwrap();
        let cell = |row: &Vec<Cell>| (row[0].text().unwrap().to_owned(), row[1].clone());
        series.table.rows.iter().map(cell).collect::<Vec<_>>()
    };
    assert_eq!(origins(0).await, [("bob".to_owned(), Cell::Int(1))]);
    for table in ["stored_event", "access_hour", "access_day"] {
        sqlx::query(AssertSqlSafe(format!("create table kept_{table} as table {table}"))).execute(&pool).await.unwrap();
        sqlx::query(AssertSqlSafe(format!("delete from {table}"))).execute(&pool).await.unwrap();
    }
    let narrower = view("from=2026-01-01T00:00:01Z&to=2026-02-01T00:00:00Z&q=origin:*");
    assert_eq!(query.answer(&panel, &narrower).await.unwrap().table.total, 1, "of another window, and nothing is read");
    for table in ["stored_event", "access_hour", "access_day"] {
        let sql = format!("insert into {table} select * from kept_{table}");
        sqlx::query(AssertSqlSafe(sql)).execute(&pool).await.unwrap();
    }
    // Three hours before, who took the role is told.
    store("takes.json", takes(890_000, user("alice"), "ASIA2")).await;
    assert_eq!(origins(120).await, [("alice".to_owned(), Cell::Int(2)), ("bob".to_owned(), Cell::Int(1))]);
}
