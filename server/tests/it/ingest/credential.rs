//! The human behind a role session, in whatever order the events come.

use std::path::Path;

use serde_json::{Value, json};
use server::ingest::{self, Input, Silent};
use sqlx::PgPool;

use super::fixture::{event, ingest, tables, with, write};
use crate::support::database;

pub fn user(name: &str) -> Value {
    json!({"type": "IAMUser", "userName": name, "accountId": "1", "accessKeyId": format!("AKIA{name}")})
}

pub fn session(role: &str, name: &str, key: &str) -> Value {
    json!({"type": "AssumedRole", "principalId": format!("AROA:{name}"), "accountId": "1", "accessKeyId": key,
        "arn": format!("arn:aws:sts::1:assumed-role/{role}/{name}"),
        "sessionContext": {"sessionIssuer": {"type": "Role", "userName": role}}})
}

/// `identity` takes a role, and gets `key`.
pub fn takes(number: u64, identity: Value, key: &str) -> Value {
    with(
        event(number),
        json!({"eventSource": "sts.amazonaws.com", "eventName": "AssumeRole", "userIdentity": identity,
            "requestParameters": {"roleArn": "arn:aws:iam::1:role/R"}, "responseElements": {"credentials": {"accessKeyId": key}}}),
    )
}

pub fn acts(number: u64, identity: Value) -> Value {
    with(event(number), json!({ "userIdentity": identity }))
}

/// alice takes Deploy, with it Prod, and acts; a session that nobody is known behind; one with a name of its own; a key that
/// two accounts tell of; a circle.
pub fn story() -> Vec<(&'static str, Value)> {
    let named = |key: &str| {
        let mut identity = session("Web", "w", key);
        identity["sessionContext"]["sourceIdentity"] = json!("wanda");
        identity
    };
    let outside = json!({"type": "AWSAccount", "accountId": "9", "principalId": "AIDA9"});
    vec![
        ("alice", takes(900_001, user("alice"), "ASIA1")),
        ("alice", takes(900_002, session("Deploy", "ci", "ASIA1"), "ASIA2")),
        ("alice", acts(900_003, session("Prod", "p", "ASIA2"))),
        ("∅", acts(900_004, session("Web", "i-1", "ASIA9"))),
        ("wanda", acts(900_005, named("ASIA8"))),
        ("wanda", takes(900_006, named("ASIA8"), "ASIA7")),
        ("wanda", acts(900_007, session("Prod", "p", "ASIA7"))),
        ("account 9", takes(900_008, outside, "ASIA6")),
        ("bob", takes(900_009, user("bob"), "ASIA6")),
        ("bob", acts(900_010, session("Vendor", "v", "ASIA6"))),
        ("∅", takes(900_011, session("A", "a", "ASIA4"), "ASIA5")),
        ("∅", takes(900_012, session("B", "b", "ASIA5"), "ASIA4")),
        ("∅", acts(900_013, session("B", "b", "ASIA4"))),
    ]
}

async fn origins(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar("select coalesce(origin, '∅') from event order by event_id").fetch_all(pool).await.unwrap()
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let story = story().into_iter().enumerate();
    story.map(|(at, (_, event))| write(folder, &format!("{at:02}.json"), event.to_string())).collect()
}

#[tokio::test]
async fn the_origin_is_the_same_in_every_order() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    let expected: Vec<_> = story().into_iter().map(|(origin, _)| origin.to_owned()).collect();
    let clean = database().await;
    ingest(&clean, folder.path()).await;
    assert_eq!(origins(&clean).await, expected);
    let clean = tables(&clean).await;
    assert!(clean.iter().any(|line| line.starts_with("c ") && line.contains("\"origin\": \"alice\"")), "{clean:#?}");

    let count = files.len();
    // Backwards, and in steps that visit all: each event in a run of its own.
    for order in [1, 2, 5, 8].map(|step| (0..count).map(move |at| count - 1 - at * step % count).collect::<Vec<_>>()) {
        let pool = database().await;
        for at in &order {
            ingest(&pool, &files[*at]).await;
        }
        assert_eq!(origins(&pool).await, expected, "{order:?}");
        assert_eq!(tables(&pool).await, clean, "{order:?}");
        // Again, with nothing new.
        ingest(&pool, folder.path()).await;
        assert_eq!(tables(&pool).await, clean, "{order:?}");
    }
}

#[tokio::test]
async fn runs_at_the_same_time_miss_no_end_of_a_chain() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    let expected: Vec<_> = story().into_iter().map(|(origin, _)| origin.to_owned()).collect();
    for _ in 0..3 {
        let pool = database().await;
        let runs = (0..3).map(|run| {
            let inputs = files.iter().skip(run).step_by(3).map(|file| Input::Path(file.clone())).collect();
            let pool = pool.clone();
            async move { ingest::run(&pool, &Default::default(), &Default::default(), inputs, &Silent).await.unwrap() }
        });
        futures::future::join_all(runs).await;
        assert_eq!(origins(&pool).await, expected);
        let unsettled: i64 =
            sqlx::query_scalar("select count(*) from credential where not settled").fetch_one(&pool).await.unwrap();
        assert_eq!(unsettled, 0);
    }
}

/// An event whose id and time are stored already issues nothing, whatever it says.
#[tokio::test]
async fn only_inserted_events_issue_keys() {
    let folder = tempfile::tempdir().unwrap();
    let pool = database().await;
    let first = takes(1, user("alice"), "ASIA1");
    let other = takes(1, user("mallory"), "ASIA2");
    ingest(&pool, &write(folder.path(), "a.json", format!("{first}\n{other}"))).await;
    let keys: Vec<(String, Option<String>)> =
        sqlx::query_as("select access_key, origin from credential").fetch_all(&pool).await.unwrap();
    assert_eq!(keys, [("ASIA1".to_owned(), Some("alice".to_owned()))]);
}

#[tokio::test]
async fn a_database_of_another_version_is_told_and_left_alone() {
    let options = crate::support::empty_database().await;
    let pool = server::store::open(options.clone(), 1).await.unwrap();
    sqlx::query("update _sqlx_migrations set checksum = '\\x00'").execute(&pool).await.unwrap();
    let error = server::store::open(options, 1).await.unwrap_err().to_string();
    assert!(error.contains("another version of Trailmap") && error.contains("--data-dir"), "{error}");
    let tables: i64 = sqlx::query_scalar("select count(*) from stored_event").fetch_one(&pool).await.unwrap();
    assert_eq!(tables, 0);
}
