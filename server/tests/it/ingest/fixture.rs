//! Events and files as CloudTrail writes them, made in code.

use std::{
    io::Write,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
};

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use server::ingest::{
    decode::{self, Item, Outcome},
    inflate::Inflate,
    record::Record,
};
use server::store::rollup::{self, ROLLUPS};
use sqlx::PgPool;

/// An ordinary event; the same number gives the same one.
pub fn event(number: u64) -> Value {
    json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "AROAEXAMPLE:alice",
            "arn": "arn:aws:sts::111122223333:assumed-role/Deploy/alice",
            "accountId": "111122223333",
            "accessKeyId": "ASIAEXAMPLE",
            "sessionContext": {
                "sessionIssuer": {"type": "Role", "userName": "Deploy", "arn": "arn:aws:iam::111122223333:role/Deploy"},
                "attributes": {"creationDate": "2026-01-01T00:00:00Z", "mfaAuthenticated": "true"}
            }
        },
        "eventTime": format!("2026-01-{:02}T{:02}:{:02}:{:02}Z", 1 + number / 86400 % 28, number / 3600 % 24, number / 60 % 60, number % 60),
        "eventSource": "s3.amazonaws.com",
        "eventName": if number.is_multiple_of(2) { "GetObject" } else { "PutObject" },
        "awsRegion": "eu-west-1",
        "sourceIPAddress": format!("89.160.20.{}", number % 250),
        "userAgent": "aws-cli/2.15.0 Python/3.11",
        "requestParameters": {"bucketName": "logs", "key": format!("key {number} with \"quotes\" and {{brackets}} [")},
        "responseElements": null,
        "requestID": format!("R{number}"),
        "eventID": id(number),
        "readOnly": number.is_multiple_of(2),
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": "111122223333",
        "eventCategory": "Management"
    })
}

pub fn id(number: u64) -> String {
    format!("{number:08x}-0000-4000-8000-000000000000")
}

pub fn events(numbers: std::ops::Range<u64>) -> Vec<Value> {
    numbers.map(event).collect()
}

/// The text of `{"Records":[…]}`.
pub fn records(numbers: std::ops::Range<u64>) -> String {
    json!({"Records": events(numbers)}).to_string()
}

pub fn gzip(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes.as_ref()).unwrap();
    encoder.finish().unwrap()
}

/// Everything that is decoded from these bytes.
pub fn decode(bytes: impl Into<Vec<u8>>) -> (Vec<Item>, Outcome) {
    let mut items = Vec::new();
    let input = Inflate::new(std::io::Cursor::new(bytes.into()), Arc::default());
    let outcome = decode::decode(input, &mut |item| {
        items.push(item);
        ControlFlow::Continue(())
    });
    (items, outcome)
}

/// The only record in these bytes.
pub fn record(event: &Value) -> Record {
    let (mut items, outcome) = decode(event.to_string());
    assert_eq!((items.len(), outcome.error), (1, None), "{event}");
    *items.remove(0).content.unwrap()
}

/// `event` with other values for some keys.
pub fn with(mut event: Value, changes: Value) -> Value {
    for (key, value) in changes.as_object().unwrap() {
        event[key] = value.clone();
    }
    event
}

/// A short line about every item: the event's id, or `!` and the reason.
pub fn lines(items: &[Item]) -> Vec<String> {
    let line = |item: &Item| match &item.content {
        Ok(record) => record.event_id.clone(),
        Err(rejected) => format!("!{}", rejected.reason),
    };
    items.iter().map(line).collect()
}

pub fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Ingests a path without places and without progress.
pub async fn ingest(pool: &PgPool, path: &Path) -> server::ingest::Summary {
    let inputs = vec![server::ingest::Input::Path(path.to_owned())];
    let summary = server::ingest::run(pool, &Default::default(), &Default::default(), inputs, &server::ingest::Silent)
        .await
        .unwrap();
    assert_eq!(summary.events_read, summary.events_inserted + summary.events_duplicate + summary.events_rejected);
    summary
}

/// All tables without what differs from run to run (ids, times of reading), in a fixed order.
pub async fn tables(pool: &PgPool) -> Vec<String> {
    let sql = "
        select 'o ' || (to_jsonb(o) - 'object_id' - 'finished_at' - 'source')::text from object o
        union all
        select 'e ' || uri || ' ' || (to_jsonb(e) - '{object_id,segment_id,ordinal,action_id,scope_id,identity_id,session_id,address_id,agent_id,result_id,target_id}'::text[])::text from event e join object using (object_id)
        union all
        select 'c ' || to_jsonb(c)::text from credential c
        union all
        select 'r ' || uri || ' ' || (to_jsonb(r) - 'object_id' - 'rejected_id')::text from rejected r join object using (object_id)
        order by 1";
    for rollup in &ROLLUPS {
        let recount = rollup::rebuild(pool, rollup).await.unwrap();
        assert_eq!(recount.wrong, 0, "{} is a count of the events", rollup.table);
    }
    sqlx::query_scalar(sql).fetch_all(pool).await.unwrap()
}
