//! What events share: gone with the last event that refers to it.

use serde_json::{Value, json};
use server::store::retention;

use super::fixture::{A, B, TODAY, at, checked, count, occurrences, retention, run, store};
use crate::{ingest::fixture::with, support::database};

#[tokio::test]
async fn names_go_with_their_last_event_and_stay_with_any_other() {
    let pool = database().await;
    let events = [
        at(1, "2026-01-10T00:00:00Z", A, "olga"),
        at(2, "2026-01-10T00:00:00Z", A, "both"),
        at(3, "2026-05-10T00:00:00Z", A, "both"),
        at(4, "2026-05-10T00:00:00Z", B, "nina"),
    ];
    store(&pool, None, "1.json", &events).await;
    let before = count(&pool, "select count(*) from identity").await;
    let report = run(&pool, &retention("[retention]\ndays = 30\n")).await;
    assert_eq!(count(&pool, "select count(*) from identity").await, before - 1);
    assert!(report.shared_rows >= 4, "identity, session, agent, target: {report:?}");
    for text in ["olga", "agent of olga", "bucket-of-olga"] {
        assert!(occurrences(&pool, text).await.is_empty(), "{text}");
    }
    assert!(occurrences(&pool, "both").await.len() >= 4);
    checked(&pool).await;
}

/// alice took a role in January, and with it another one in May: what stands between her and what is kept stays.
#[tokio::test]
async fn keys_stay_as_long_as_somebody_used_them_or_follows_from_them() {
    let pool = database().await;
    let takes = |number: u64, time: &str, identity: Value, key: &str| {
        with(
            at(number, time, A, "x"),
            json!({"userIdentity": identity, "eventSource": "sts.amazonaws.com", "eventName": "AssumeRole",
                "responseElements": {"credentials": {"accessKeyId": key}}}),
        )
    };
    let user =
        |name: &str| json!({"type": "IAMUser", "userName": name, "accountId": A, "accessKeyId": format!("AKIA{name}")});
    let role = |key: &str| {
        json!({"type": "AssumedRole", "accountId": A, "accessKeyId": key,
        "arn": format!("arn:aws:sts::{A}:assumed-role/Deploy/s"), "sessionContext": {"sessionIssuer": {"userName": "Deploy"}}})
    };
    let events = [
        takes(1, "2026-01-10T00:00:00Z", user("alice"), "ASIAONE"),
        takes(2, "2026-01-10T00:01:00Z", role("ASIAONE"), "ASIATWO"),
        with(at(3, "2026-05-10T00:00:00Z", A, "x"), json!({ "userIdentity": role("ASIATWO") })),
        takes(4, "2026-01-10T00:00:00Z", user("olga"), "ASIAGONE"),
        with(at(5, "2026-01-10T00:02:00Z", A, "x"), json!({ "userIdentity": role("ASIAGONE") })),
        // A circle, whose events are all gone.
        takes(6, "2026-01-10T00:00:00Z", role("ASIAY"), "ASIAX"),
        takes(7, "2026-01-10T00:00:00Z", role("ASIAX"), "ASIAY"),
    ];
    store(&pool, None, "1.json", &events).await;
    assert_eq!(count(&pool, "select count(*) from credential").await, 5);
    let retention = retention("[retention]\ndays = 30\n");
    assert_eq!(run(&pool, &retention).await.credentials, 3);
    let keys: Vec<String> =
        sqlx::query_scalar("select access_key from credential order by 1").fetch_all(&pool).await.unwrap();
    assert_eq!(keys, ["ASIAONE", "ASIATWO"]);
    let origin: Option<String> = sqlx::query_scalar("select origin from event").fetch_one(&pool).await.unwrap();
    assert_eq!(origin.as_deref(), Some("alice"));
    assert!(occurrences(&pool, "olga").await.is_empty());
    checked(&pool).await;
}

/// What was kept aside goes by when it was read, and by the rule of its source.
#[tokio::test]
async fn what_was_kept_aside_goes_with_its_source() {
    let pool = database().await;
    for (name, source) in [("1.json", Some("queue")), ("2.json", None)] {
        let folder = tempfile::tempdir().unwrap();
        let path =
            crate::ingest::fixture::write(folder.path(), name, format!("{{\"eventName\":\"no event {name}\"}}\n"));
        crate::ingest::fixture::ingest(&pool, &path).await;
        sqlx::query("update object set source = $1, finished_at = '2026-04-01' where uri like '%' || $2")
            .bind(source)
            .bind(name)
            .execute(&pool)
            .await
            .unwrap();
    }
    sqlx::query(
        "insert into poison_message (source, queue_url, message_id, receives, reason, body, kept_at)
         values ('queue', 'q', '1', 5, 'r', 'b', '2026-04-01'), ('queue', 'q', '2', 5, 'r', 'b', '2026-05-10')",
    )
    .execute(&pool)
    .await
    .unwrap();
    assert_eq!(count(&pool, "select count(*) from rejected").await, 2);
    let report = run(&pool, &retention("[[retention.rule]]\nsource = \"queue\"\ndays = 30\n")).await;
    assert_eq!((report.rejected, report.poison_messages), (1, 1));
    let report = run(&pool, &retention("[retention]\ndays = 50\n")).await;
    assert_eq!((report.rejected, report.poison_messages), (0, 0), "44 days ago");
    let report = run(&pool, &retention("[retention]\ndays = 30\n")).await;
    assert_eq!((report.rejected, report.poison_messages), (1, 0));
    assert_eq!(retention::run(&pool, &retention("[retention]\ndays = 1\n"), TODAY).await.unwrap().poison_messages, 1);
}
