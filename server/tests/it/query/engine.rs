//! What panels can say beyond the built-in ones, each over a handful of events whose answer can be counted by hand.

use expect_test::{expect, expect_file};
use model::{
    panel::Panel,
    series::{Cell, Series},
};
use serde_json::{Value, json};
use server::query::Query;

use super::fixture::{query, text, view, with_events};

/// A panel from its own keys over the ones that every panel has. It must be valid.
fn panel(own: Value) -> Panel {
    let mut all = json!({ "id": "tried", "title": "Tried", "measures": ["events"] });
    all.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    let panel: Panel = serde_json::from_value(all).unwrap();
    panel.validate().unwrap();
    panel
}

async fn answer(query: &Query, own: Value) -> Series {
    query.answer(&panel(own), &view("")).await.unwrap()
}

async fn table(query: &Query, own: Value) -> String {
    text(&answer(query, own).await.table)
}

/// `count` events of an actor at a service with a name.
fn calls(count: usize, actor: &str, source: &str, name: &str) -> Vec<Value> {
    (0..count).map(|_| json!({ "actor": actor, "event_source": source, "event_name": name })).collect()
}

async fn services() -> Query {
    let all = [
        calls(5, "alice", "s3", "GetObject"),
        calls(3, "bob", "s3", "PutObject"),
        calls(1, "bob", "s3", "DeleteObject"),
        calls(4, "alice", "ec2", "RunInstances"),
        calls(2, "carol", "sts", "AssumeRole"),
    ];
    with_events(all.concat()).await
}

#[tokio::test]
async fn shares_are_of_the_whole_and_not_of_the_rows() {
    let query = services().await;
    let own = json!({ "mark": "table", "by": ["event_source"], "measures": ["events", "share", "distinct_event_name", "most_frequent_actor"], "limit": 2 });
    expect![[r#"
        event_source | events | share | distinct_event_name | most_frequent_actor
        s3 | 9 | 0.6 | 3 | alice
        ec2 | 4 | 0.26666666666666666 | 1 | alice
        total 15, truncated
    "#]]
    .assert_eq(&table(&query, own).await);
}

#[tokio::test]
async fn rows_are_in_the_order_that_the_panel_asks_for() {
    let query = services().await;
    let own = |order: Value| json!({ "mark": "table", "by": ["event_source"], "measures": ["events", "actors"], "order": order });
    let first = |series: &Series| series.table.rows[0][0].clone();
    let by = |by: &str, ascending| own(json!({ "by": by, "ascending": ascending }));
    assert_eq!(first(&answer(&query, by("events", true)).await), Cell::Text("sts".into()));
    assert_eq!(first(&answer(&query, by("event_source", true)).await), Cell::Text("ec2".into()));
    assert_eq!(first(&answer(&query, by("event_source", false)).await), Cell::Text("sts".into()));
    assert_eq!(first(&answer(&query, by("actors", false)).await), Cell::Text("s3".into()));
}

#[tokio::test]
async fn change_is_against_the_window_before() {
    let at = |actor: &str, time: &str| json!({ "actor": actor, "event_time": time });
    let (now, before, long_before) = ("2026-11-24T11:00:00Z", "2026-11-23T11:00:00Z", "2026-11-21T11:00:00Z");
    let query = with_events([
        at("alice", now),
        at("alice", now),
        at("alice", now),
        at("alice", before),
        at("alice", before),
        at("bob", now),
        at("bob", long_before),
        at("gone", before),
        json!({ "event_time": now }),
        json!({ "event_time": before }),
        json!({ "event_time": before }),
    ])
    .await;
    let own = json!({ "mark": "table", "by": ["actor"], "measures": ["events", "change"] });
    let series = answer(&query, own).await;
    expect![[r#"
        actor | events | change
        alice | 3 | 0.5
        bob | 1 | ∅
        ∅ | 1 | -0.5
        total 5
    "#]]
    .assert_eq(&text(&series.table));
    assert_eq!(series.previous.unwrap().to, series.window.from);
}

#[tokio::test]
async fn parts_are_the_top_within_each_of_the_top() {
    let query = services().await;
    let own = json!({ "mark": "ranking", "by": ["event_source", "event_name"], "limit": 2, "inner_limit": 2 });
    expect![[r#"
        event_source | event_name | events | group_events
        s3 | GetObject | 5 | 9
        s3 | PutObject | 3 | 9
        ec2 | RunInstances | 4 | 4
        total 15, truncated
    "#]]
    .assert_eq(&table(&query, own).await);
    let all = json!({ "mark": "ranking", "by": ["event_source", "event_name"], "limit": 3, "inner_limit": 3,
                      "order": { "by": "event_name", "ascending": true } });
    expect![[r#"
        event_source | event_name | events | group_events
        s3 | DeleteObject | 1 | 9
        s3 | GetObject | 5 | 9
        s3 | PutObject | 3 | 9
        ec2 | RunInstances | 4 | 4
        sts | AssumeRole | 2 | 2
        total 15
    "#]]
    .assert_eq(&table(&query, all).await);
}

#[tokio::test]
async fn a_heat_map_has_the_top_of_each_axis() {
    let query = services().await;
    let own = json!({ "mark": "heat_map", "by": ["actor", "event_source"], "limit": 2, "inner_limit": 1 });
    expect![[r#"
        actor | event_source | events
        alice | s3 | 5
        bob | s3 | 4
        total 15, truncated
    "#]]
    .assert_eq(&table(&query, own).await);
}

#[tokio::test]
async fn days_and_hours_are_of_utc_and_can_be_asked_for() {
    // 24 November 2026 is a Tuesday.
    let at = |time: &str| json!({ "event_time": time });
    let query = with_events([
        at("2026-11-23T23:59:59.999Z"),
        at("2026-11-24T00:00:00Z"),
        at("2026-11-24T11:59:59Z"),
        at("2026-11-24T11:00:00Z"),
    ])
    .await;
    let own = json!({ "mark": "heat_map", "by": ["weekday", "hour"], "limit": 7 });
    expect![[r#"
        weekday | hour | events
        2 | 11 | 2
        2 | 0 | 1
        1 | 23 | 1
        total 4
    "#]]
    .assert_eq(&table(&query, own).await);
    let monday = json!({ "mark": "table", "by": ["hour"], "filter": "weekday:1" });
    assert_eq!(table(&query, monday).await, "hour | events\n23 | 1\ntotal 1\n");
    let list = json!({ "mark": "list", "by": ["event_time", "weekday", "hour"], "measures": [], "filter": "hour:23" });
    assert_eq!(table(&query, list).await, "event_time | weekday | hour\n2026-11-23T23:59:59.999Z | 1 | 23\ntotal 1\n");
}

fn tampering(own: Value) -> Value {
    let mut all = json!({
        "classes": [
            { "id": "logging", "label": "Logging stopped", "level": "critical", "filter": "event_name:(StopLogging or DeleteTrail)" },
            { "id": "it-s", "label": "It's 'quoted'", "level": "low", "filter": "actor:\"it's\"" },
            { "id": "delete", "label": "Deleted", "level": "medium", "filter": "event_name:Delete*" }
        ]
    });
    all.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    all
}

async fn tampered() -> Query {
    with_events([
        json!({ "event_name": "DeleteBucket", "actor": "alice" }),
        json!({ "event_name": "DeleteBucket", "actor": "it's" }),
        json!({ "event_name": "DeleteTrail", "actor": "it's" }),
        json!({ "event_name": "DeleteUser", "actor": "alice" }),
        json!({ "event_name": "GetObject", "actor": "alice" }),
        json!({ "event_name": "StopLogging", "actor": "bob", "event_time": "2026-11-23T11:00:00Z" }),
    ])
    .await
}

#[tokio::test]
async fn the_first_class_that_matches_counts() {
    let query = tampered().await;
    let own =
        tampering(json!({ "mark": "table", "by": ["class", "actor"], "order": { "by": "class", "ascending": true } }));
    expect![[r#"
        class | actor | events
        logging | it's | 1
        it-s | it's | 1
        delete | alice | 2
        ∅ | alice | 1
        total 5
    "#]]
    .assert_eq(&table(&query, own).await);
    let list =
        tampering(json!({ "mark": "list", "by": ["class", "event_name"], "measures": [], "filter": "actor:\"it's\"" }));
    expect![[r#"
        class | event_name
        logging | DeleteTrail
        it-s | DeleteBucket
        total 2
    "#]]
    .assert_eq(&table(&query, list).await);
    let in_time = tampering(json!({ "mark": "bars", "by": ["class"], "bucket": "1h", "limit": 1 }));
    let series = answer(&query, in_time).await;
    assert_eq!(series.bucket_ms, Some(3_600_000));
    expect![[r#"
        event_time | class | events
        2026-11-24T11:00:00Z | delete | 2
        2026-11-24T11:00:00Z | ∅ | 1
        2026-11-24T11:00:00Z | other | 2
        total 5
    "#]]
    .assert_eq(&text(&series.table));
}

#[tokio::test]
async fn a_class_adds_the_events_that_it_counts() {
    let query = tampered().await;
    let own = panel(tampering(json!({ "mark": "table", "by": ["class"] })));
    let series = query.answer(&own, &view("")).await.unwrap();
    let group = own.by[0];
    for row in series.table.rows.iter().filter(|row| row[0] != Cell::Text("delete".into())) {
        let term = own.term(group, &row[0]).unwrap();
        let filtered = query.answer(&own, &view("").and(&term)).await.unwrap();
        // A later class may lie within an earlier one: there are at least as many.
        assert!(Cell::Int(filtered.table.total).number() >= row[1].number(), "{row:?} {term:?}");
    }
    let none = own.term(group, &Cell::Null).unwrap();
    assert_eq!(query.answer(&own, &view("").and(&none)).await.unwrap().table.total, 1);
}

#[tokio::test]
async fn figures_of_groups_stand_beside_those_before() {
    let query = tampered().await;
    let own = tampering(json!({
        "mark": "table", "by": ["event_name"], "limit": 1,
        "details": [{ "id": "levels", "mark": "figures", "by": ["class"], "measures": ["events"] }]
    }));
    let series = answer(&query, own.clone()).await;
    expect![[r#"
        class | events | events_previous
        delete | 2 | ∅
        it-s | 1 | ∅
        logging | 1 | 1
        ∅ | 1 | ∅
        total 5
    "#]]
    .assert_eq(&text(series.detail("levels").unwrap()));
    // Every class has its tile, in the panel's order; what was not there before counts zero.
    let panel = panel(own);
    let (head, head_series) = (panel.of_detail(panel.head().unwrap()), series.of_detail("levels").unwrap());
    let tiles: Vec<_> = model::chart::tiles(&head, &head_series)
        .into_iter()
        .map(|tile| (tile.label, tile.now, tile.previous))
        .collect();
    let tile = |label: &str, now, before| (label.to_owned(), Cell::Int(now), Cell::Int(before));
    assert_eq!(
        tiles,
        [tile("Logging stopped", 1, 1), tile("It's 'quoted'", 1, 0), tile("Deleted", 2, 0), tile("Unclassified", 1, 0)]
    );
}

#[tokio::test]
async fn an_event_counts_under_each_of_its_resources_and_once_in_all() {
    let query = with_events([
        json!({ "resource": ["a", "b"], "actor": "alice" }),
        json!({ "resource": ["a"], "actor": "bob" }),
        json!({ "actor": "bob" }),
    ])
    .await;
    let own = json!({ "mark": "table", "by": ["resource"], "measures": ["events", "share", "actors"] });
    expect![[r#"
        resource | events | share | actors
        a | 2 | 0.6666666666666666 | 2
        b | 1 | 0.3333333333333333 | 1
        ∅ | 1 | 0.3333333333333333 | 1
        total 3
    "#]]
    .assert_eq(&table(&query, own).await);
    let own = json!({ "mark": "table", "by": ["actor"], "measures": ["events", "distinct_resource", "most_frequent_resource"] });
    expect![[r#"
        actor | events | distinct_resource | most_frequent_resource
        bob | 2 | 1 | a
        alice | 1 | 2 | a
        total 3
    "#]]
    .assert_eq(&table(&query, own).await);
}

#[tokio::test]
async fn every_distinct_and_most_frequent_value_can_be_asked_for() {
    let query =
        with_events([json!({ "source_ip": "10.0.0.1", "resource": ["a"], "as_number": 7, "mfa_used": true })]).await;
    for field in model::field::Field::ALL {
        let (distinct, usual) = (format!("distinct_{}", field.key()), format!("most_frequent_{}", field.key()));
        let series =
            answer(&query, json!({ "mark": "table", "by": ["outcome"], "measures": ["events", distinct, usual] }))
                .await;
        assert_eq!(series.table.rows.len(), 1, "{}", field.key());
        let series = answer(&query, json!({ "mark": "table", "by": [field.key()] })).await;
        assert_eq!(series.table.total, 1, "{}", field.key());
    }
    let own =
        json!({ "mark": "table", "by": ["outcome"], "measures": ["most_frequent_source_ip", "distinct_source_ip"] });
    assert!(table(&query, own).await.contains("10.0.0.1 | 1"));
}

#[tokio::test]
async fn text_asks_nothing() {
    let pool = sqlx::PgPool::connect_lazy("postgres://nobody@localhost:1/none").unwrap();
    let own = json!({ "mark": "text", "measures": [], "text": "# Read me" });
    let series = answer(&query(&pool), own).await;
    assert_eq!((series.table.single_text("text"), series.table.total), (Some("# Read me"), 0));
}

#[tokio::test]
async fn an_inspection_has_the_statements_that_run_with_their_values() {
    let query = tampered().await;
    let own = panel(tampering(json!({
        "mark": "table", "by": ["class"], "measures": ["events", "change"], "filter": "event_name:(DeleteUser or \"it's\")",
        "details": [{ "id": "levels", "mark": "figures", "measures": ["events"] }]
    })));
    let inspection = query.inspect_panel(&own, &view("q=actor:alice")).await.unwrap();
    assert_eq!(inspection.filter, "event_name:(DeleteUser or it's) and actor:alice");
    let ids: Vec<_> = inspection.statements.iter().map(|statement| (statement.id.as_str(), statement.rows)).collect();
    assert_eq!(ids, [("", 1), ("levels", 1), ("levels before", 1), ("conditions", 1)]);
    assert_eq!(inspection.previous.unwrap().to, inspection.window.from);
    for statement in &inspection.statements {
        let highest = (1..200).take_while(|at| statement.sql.contains(&format!("${at}"))).count();
        assert_eq!(statement.binds.len(), highest, "{}", statement.sql);
    }
    let conditions = &inspection.statements[3];
    expect![[r#"
        ["DeleteUser","it's"]
        ["DeleteUser","it's"]
        alice
        alice"#]]
    .assert_eq(&conditions.binds.join("\n"));
    let binds = &inspection.statements[1].binds;
    expect![[r#"
        2026-11-23T12:00:00+00:00
        2026-11-24T12:00:00+00:00
        4
        [1,4,5]"#]]
    .assert_eq(&binds.join("\n"));
}

#[tokio::test]
async fn sql_of_what_panels_can_say() {
    let pool = sqlx::PgPool::connect_lazy("postgres://nobody@localhost:1/none").unwrap();
    let query = query(&pool);
    let panels = [
        (
            "order, share, distinct, change",
            json!({ "mark": "table", "by": ["actor"], "measures": ["events", "share", "distinct_session", "change"], "order": { "by": "change" } }),
        ),
        ("parts", json!({ "mark": "ranking", "by": ["event_source", "event_name"], "limit": 10, "inner_limit": 5 })),
        ("heat map", json!({ "mark": "heat_map", "by": ["weekday", "hour"], "limit": 7 })),
        ("classes", tampering(json!({ "mark": "bars", "by": ["class"], "bucket": "auto" }))),
        ("resources", json!({ "mark": "table", "by": ["resource"], "measures": ["events", "share"] })),
        ("distinct resources", json!({ "mark": "table", "by": ["actor"], "measures": ["distinct_resource"] })),
    ];
    let mut all = String::new();
    for (name, own) in panels {
        for (_, sql) in query.explain(&panel(own), &view("")).unwrap() {
            all.push_str(&format!("-- {name}\n{sql}\n\n"));
        }
    }
    expect_file!["golden/engine.sql"].assert_eq(all.trim_end());
}
