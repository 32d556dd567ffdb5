//! What a reader of one account learns of the others: nothing.

mod held;
mod tenant;
mod walk;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use app::api::{Backend, Discover, Entities};
use model::{
    access::Accounts,
    dashboard,
    discover::Discover as Page,
    entity::{Entity, Kind},
    error,
    field::Field,
    series::Cell,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use server::query::{Patience, Query};

use self::{
    tenant::{NOBODY, ONE, OTHER},
    walk::{BESIDE, Request, Requests, WALKED},
};
use super::fixture::{view, with_events};

fn only(accounts: &[&str]) -> Accounts {
    Accounts::Only(accounts.iter().map(|account| (*account).to_owned()).collect())
}

/// Where others have events, a reader of one account is told what they are told where nobody else has any.
#[tokio::test]
async fn answers_within_an_account_are_those_without_the_others() {
    let mut rng = ChaCha8Rng::seed_from_u64(0x5c09e);
    let own = tenant::events(&ONE, 120, &mut rng);
    let others = [tenant::events(&OTHER, 120, &mut rng), tenant::events(&NOBODY, 30, &mut rng)].concat();
    let (shared, alone) = tenant::stored(&own, &others, &mut rng).await;
    let (within, without) = (shared.query.within(only(&[ONE.account])), alone.query.within(only(&[ONE.account])));
    let requests = Requests::new(shared.known().await).all(&mut rng);
    let (mut differed, mut named) = (BTreeMap::new(), BTreeMap::new());
    for request in requests {
        let method = request.method();
        let all = request.answer(&shared.query).await;
        let told = request.answer(&within).await;
        assert_eq!(told, request.answer(&without).await, "{request:?}");
        if !request.is_told_otherwise() {
            assert_eq!(told, request.answer(&alone.query).await, "nothing of one's own is missing: {request:?}");
        }
        let mentions = |text: &str| text.matches(OTHER.mark).count();
        *differed.entry(method).or_insert(0) += usize::from(all != told);
        *named.entry(method).or_insert(0) += usize::from(mentions(&all) > mentions(&told));
    }
    // Where a page is looked for in slices, they are of one's own events.
    let slow = |query: &Query| {
        let mut query = query.clone();
        query.patience = Patience { segments: 2, time: Duration::from_secs(600) };
        query
    };
    let (within, without) = (slow(&within), slow(&without));
    for filter in ["tenanta", "tenantb", "shared or not object", "requestParameters.maxKeys >= 1004", "s3 and actor:*"]
    {
        for page in ["limit=3", "limit=40", "around=00000000", "limit=5&after=1795500000000,1795400000000000,x"] {
            let view = model::view::View { filter: filter.to_owned(), ..view("range=40d") };
            let request = Request::Discover(view, Page::from_query(page).0);
            assert_eq!(request.answer(&within).await, request.answer(&without).await, "{request:?}");
        }
    }
    assert_eq!(differed.keys().copied().collect::<BTreeSet<_>>(), BTreeSet::from(WALKED));
    for (method, times) in differed {
        assert!(times > 0, "{method}: the others' events make no difference to anybody, so that nothing was tried");
        let counts_alone = ["inspect", "about", "ingest", "retry", "rejected_text"].contains(&method);
        assert!(counts_alone || named[method] > 0, "{method}: even who sees all is told nothing of the others");
    }
}

/// A new question to the backend is to be asked above, too.
#[test]
fn every_method_of_the_backend_is_walked() {
    let folder = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../app/src/api");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let sources: Vec<String> = files.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let methods = sources.iter().flat_map(|source| source.split("async fn ").skip(1)).filter_map(|rest| {
        let (name, arguments) = rest.split_once('(')?;
        arguments.trim_start().starts_with("&self").then_some(name)
    });
    let walked: BTreeSet<&str> = WALKED.into_iter().chain(BESIDE).collect();
    assert_eq!(methods.collect::<BTreeSet<_>>(), walked);
}

/// Statements that are written out, and not made from a `Visible`, are few and counted: a new one is to be within what its
/// reader may see, and then counted here.
#[test]
fn statements_of_ones_own_are_known() {
    const TABLES: [&str; 14] = [
        "event",
        "event_field",
        "event_text",
        "stored_event",
        "segment",
        "access_day",
        "access_hour",
        "action_day",
        "action_hour",
        "credential",
        "object",
        "rejected",
        "object_integrity",
        "poison_message",
    ];
    let mut found = BTreeMap::new();
    let mut folders = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/query")];
    let top = folders[0].clone();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
            // Without comments, which may say anything.
            let code: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            let code = code.join("\n");
            let words: Vec<&str> =
                code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
            let reads = words.windows(2).filter(|pair| matches!(pair[0], "from" | "join") && TABLES.contains(&pair[1]));
            let ways = [".beside_events()", ".everything()", ".writer()"];
            let reach: usize = ways.iter().map(|way| code.matches(way).count()).sum();
            let all = code.matches("Accounts::All").count();
            let name = path.strip_prefix(&top).unwrap().to_str().unwrap().to_owned();
            let told = [reads.count(), reach, all];
            if told != [0; 3] {
                found.insert(name, told);
            }
        }
    }
    // Tables that are read, ways to the pool, readers of everything.
    let found: Vec<_> = found.iter().map(|(file, counts)| format!("{file} {counts:?}")).collect();
    expect_test::expect![[r#"
        about.rs [7, 1, 0]
        dashboard.rs [0, 10, 0]
        discover/sql.rs [4, 0, 0]
        entity.rs [6, 0, 0]
        event.rs [1, 1, 0]
        filter.rs [1, 0, 0]
        ingest.rs [10, 5, 0]
        mod.rs [0, 2, 0]
        reach.rs [0, 0, 2]
        sql/narrow.rs [1, 0, 0]
        sql/source.rs [6, 0, 0]
    "#]]
    .assert_eq(&(found.join("\n") + "\n"));
}

fn event(id: &str, account: Option<&str>, own: Value) -> Value {
    let mut event = json!({ "event_id": id, "account": account });
    event.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    event
}

async fn total(query: &Query, filter: &str) -> i64 {
    let view = model::view::View { filter: filter.to_owned(), ..view("range=7d") };
    query.panel("discover", "events", &view).await.unwrap().table.total
}

#[tokio::test]
async fn no_filter_leads_out() {
    let query = with_events([
        event("one", Some("1"), json!({ "actor": "alice" })),
        event("two", Some("2"), json!({ "actor": "bob" })),
        event("none", None, json!({ "actor": "carol" })),
    ])
    .await;
    let one = query.within(only(&["1"]));
    for (filter, expected) in [
        ("", 1),
        ("account:2", 0),
        ("account:1 or account:2", 1),
        ("not account:1", 0),
        ("not account:*", 0),
        ("account:2 or actor:*", 1),
        ("not (account:1 and not actor:bob)", 0),
        ("event_id:two", 0),
        ("* or *", 1),
    ] {
        assert_eq!(total(&one, filter).await, expected, "{filter}");
    }
    // Of no account, nothing; of several, theirs; asked twice, less and never more.
    assert_eq!(total(&query, "").await, 3);
    assert_eq!(total(&query.within(only(&[])), "").await, 0);
    assert_eq!(total(&query.within(only(&["1", "2", "3"])), "").await, 2);
    assert_eq!(total(&one.within(only(&["1", "2"])), "").await, 1);
    assert_eq!(total(&one.within(Accounts::All), "").await, 1);
    assert_eq!(total(&one.within(only(&["2"])), "not account:1").await, 0);
}

#[tokio::test]
async fn foreign_events_are_as_unknown_as_those_that_there_are_not() {
    let query =
        with_events([event("one", Some("1"), json!({})), event("two", Some("2"), json!({ "actor": "bob" }))]).await;
    let one = query.within(only(&["1"]));
    assert!(query.event("two").await.is_ok() && one.event("one").await.is_ok());
    assert_eq!(one.event("two").await.unwrap_err(), one.event("three").await.unwrap_err());
    let around = |id: &str| Page::from_query(&format!("around={id}")).0;
    assert!(one.discover(&view(""), &around("one")).await.is_ok());
    let foreign = one.discover(&view(""), &around("two")).await.unwrap_err();
    assert_eq!(foreign, one.discover(&view(""), &around("three")).await.unwrap_err());
    let entity = |value| Entity::new(Kind::Actor, value).unwrap();
    assert!(query.entity(&entity("bob")).await.is_ok());
    let foreign = one.entity(&entity("bob")).await.unwrap_err();
    assert_eq!(foreign.message.replace("bob", "eve"), one.entity(&entity("eve")).await.unwrap_err().message);
    assert_eq!(foreign.kind, error::Kind::NotFound);
}

/// Kept answers are told to nobody else, although filter, panel and range are the same.
#[tokio::test]
async fn kept_answers_are_each_readers_own() {
    let query = with_events([
        event("one", Some("1"), json!({ "event_time": "2026-11-24T09:00:00Z" })),
        event("two", Some("2"), json!({ "event_time": "2026-11-24T11:00:00Z" })),
    ])
    .await;
    let panel: model::panel::Panel = serde_json::from_value(json!({
        "id": "tried", "title": "Tried", "mark": "table", "by": ["account"], "measures": ["events"],
        "switches": [{ "id": "one", "label": "One", "filter": "account:1", "on": true }],
    }))
    .unwrap();
    panel.validate().unwrap();
    let one = query.within(only(&["1"]));
    let last = async |query: &Query, view_query: &str| {
        let series = query.answer(&panel, &view(view_query)).await.unwrap();
        (series.table.total, series.last_event.unwrap().rfc3339())
    };
    // In all four the printed filter is empty, and the condition that is asked is the same in the first and the last.
    assert_eq!(last(&query, "").await, (1, "2026-11-24T11:00:00Z".to_owned()));
    assert_eq!(last(&query, "off=tried.one").await, (2, "2026-11-24T11:00:00Z".to_owned()));
    assert_eq!(last(&one, "").await, (1, "2026-11-24T09:00:00Z".to_owned()));
    assert_eq!(last(&one, "off=tried.one").await, (1, "2026-11-24T09:00:00Z".to_owned()));
}

/// Who stands behind a session of the account is told of its own events, also where they come from elsewhere; the events there
/// are not.
#[tokio::test]
async fn the_origin_of_a_session_stays_and_the_way_to_it_does_not() {
    let query = tenant::crossing().await;
    let one = query.within(only(&["1"]));
    let key = |value: &str| Entity::new(Kind::AccessKey, value).unwrap();
    let origin = |profile: &app::api::Profile| {
        profile.facts.iter().find(|(field, _)| *field == Field::Origin).map(|(_, cell)| cell.clone())
    };
    // alice of account 2 takes a role of account 1, and with it another one there.
    let all = query.entity(&key("ASIA2")).await.unwrap();
    let told = one.entity(&key("ASIA2")).await.unwrap();
    assert_eq!(origin(&told), Some(Cell::Text("alice".into())));
    let actors = |profile: &app::api::Profile| {
        profile.chain.iter().map(|step| step.actor.clone().unwrap_or_default()).collect::<Vec<_>>()
    };
    assert_eq!(actors(&all), ["alice", "Deploy", "Prod"]);
    assert_eq!(actors(&told), ["Deploy", "Prod"]);
    assert_eq!(total(&one, "origin:alice").await, 2);
    assert_eq!(total(&one, "actor:alice").await, 0);
    // Her own key is in no event of account 1.
    assert!(query.entity(&key("AKIAalice")).await.is_ok());
    assert_eq!(one.entity(&key("AKIAalice")).await.unwrap_err().kind, error::Kind::NotFound);
    // The key for account 3 was issued here; what was done with it there is not told.
    assert_eq!(actors(&one.entity(&key("ASIA3")).await.unwrap()), ["Deploy", "Prod", ""]);
    // For account 3 itself, with the middle left out, no step is told as if it followed from another.
    let ends = query.within(only(&["2", "3"])).entity(&key("ASIA3")).await.unwrap();
    assert_eq!(actors(&query.entity(&key("ASIA3")).await.unwrap()), ["alice", "Deploy", "Prod", "Far"]);
    assert_eq!(actors(&ends), [""; 0]);
    assert_eq!(origin(&ends), Some(Cell::Text("alice".into())));
}

/// The account is one of the things that most rollups tell apart: what they answer for all, they answer for some.
#[tokio::test]
async fn panels_of_some_accounts_are_answered_from_rollups() {
    let query = with_events([]).await;
    let some = query.within(only(&["111111111111", "222222222222"]));
    let mut slower = std::collections::BTreeSet::new();
    let mut counted = 0;
    for range in ["24h", "7d", "30d"] {
        let view = view(&format!("range={range}"));
        for tile in dashboard::built_in().iter().flat_map(|dashboard| &dashboard.tiles) {
            let (all, told) = (query.explain(&tile.panel, &view).unwrap(), some.explain(&tile.panel, &view).unwrap());
            for ((id, before), (_, after)) in all.into_iter().zip(told) {
                assert!(after.contains("account = any("), "{}", tile.panel.id);
                let rolled =
                    |sql: &str| ["access_", "action_"].iter().any(|table| sql.contains(&format!("from {table}")));
                counted += usize::from(rolled(&after));
                if rolled(&before) && !rolled(&after) {
                    slower.insert(format!("{range} {} {id}", tile.panel.id).trim().to_owned());
                }
            }
        }
    }
    assert!(counted > 100, "{counted}");
    // What is counted by call and hour, where accounts are not told apart: from events, of a week at most.
    let slower: Vec<_> = slower.into_iter().collect();
    expect_test::expect![[r#"
        24h event-categories
        24h event-names
        24h recent-changes total
        24h recent-events total
        24h recent-sign-ins total
        24h sign-in-hours
        30d sign-in-hours
        7d data-events
        7d error-rate
        7d events-by-name
        7d iam-changes timeline
        7d reads-and-writes
        7d sign-in-hours
        7d sign-ins
    "#]]
    .assert_eq(&(slower.join("\n") + "\n"));
}
