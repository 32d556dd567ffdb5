//! Every envelope in which events come, and what is not an event.

use std::io::Write;

use base64::{Engine, prelude::BASE64_STANDARD};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};

use super::fixture::{decode, event, events, gzip, id, lines, records, with};

/// Items as `lines`, the object's kind and error.
#[track_caller]
fn check(bytes: impl Into<Vec<u8>>, expected: &[&str], kind: &str, error: Option<&str>) {
    let (items, outcome) = decode(bytes);
    assert_eq!(
        (lines(&items), outcome.kind, outcome.error.as_deref()),
        (expected.iter().map(|&l| l.into()).collect(), kind, error)
    );
}

/// One event, whose raw text is that of `event(1)` exactly.
#[track_caller]
fn check_one(bytes: impl Into<Vec<u8>>) {
    let (items, outcome) = decode(bytes);
    assert_eq!((lines(&items), outcome.error), (vec![id(1)], None));
    let record = items[0].content.as_ref().unwrap();
    assert_eq!(record.raw, event(1).to_string());
    assert_eq!(record.event_time.0, 1_767_225_601_000_000);
}

#[test]
fn every_envelope_gives_its_events() {
    let one = event(1).to_string();
    check_one(one.clone());
    check_one(format!("{{\"Records\":[{one}]}}"));
    check_one(gzip(format!("{{\"Records\":[{one}]}}")));
    check_one(gzip(gzip(format!("{{\"Records\":[{one}]}}"))));
    check_one(format!("[{one}]"));
    check_one(json!({"NextToken": "t", "Events": [lookup(1)]}).to_string());
    check_one(lookup(1).to_string());
    check_one(cloudwatch(&[&one]).to_string());
    check_one(
        json!({"events": [{"logStreamName": "s", "timestamp": 1, "message": one}], "searchedLogStreams": []})
            .to_string(),
    );
    check_one(bridge(event(1)).to_string());
    check_one(json!([one]).to_string());
    check_one(json!({"aws": {"cloudtrail": event(1)}, "tags": ["x"]}).to_string());
    check_one(json!([{"data": {"Records": [event(1)]}, "log": "cloudtrail"}]).to_string());
    check_one(json!({"requestId": "r", "timestamp": 1, "records": [{"data": base64(&one)}]}).to_string());
    check_one(json!({"records": [{"data": ""}, {"data": base64(gzip(cloudwatch(&[&one]).to_string()))}]}).to_string());
    check_one(json!({"awslogs": {"data": base64(gzip(cloudwatch(&[&one]).to_string()))}}).to_string());
    // Envelopes in envelopes.
    check_one(json!([{"Records": [bridge(event(1))]}]).to_string());
    check_one(cloudwatch(&[&records(1..2)]).to_string());
}

fn base64(bytes: impl AsRef<[u8]>) -> String {
    BASE64_STANDARD.encode(bytes)
}

fn lookup(number: u64) -> Value {
    json!({"EventId": id(number), "EventName": "PutObject", "ReadOnly": "true", "EventTime": "2022-02-08 09:23:37+11:00",
           "Username": "alice", "Resources": [], "CloudTrailEvent": event(number).to_string()})
}

fn cloudwatch(messages: &[&str]) -> Value {
    let lines: Vec<_> = messages
        .iter()
        .map(|message| json!({"id": "3", "timestamp": 1_526_951_139_360_i64, "message": message}))
        .collect();
    json!({"messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "g", "logStream": "s", "subscriptionFilters": ["f"], "logEvents": lines})
}

fn bridge(detail: Value) -> Value {
    json!({"version": "0", "id": "x", "detail-type": "AWS API Call via CloudTrail", "source": "aws.s3", "account": "999988887777",
           "time": "2020-06-05T16:10:47Z", "region": "us-west-2", "resources": [], "detail": detail})
}

#[test]
fn many_events_come_in_order() {
    let ids = [id(0), id(1), id(2)];
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let texts: Vec<_> = events(0..3).iter().map(Value::to_string).collect();
    check(records(0..3), &ids, "events", None);
    check(texts.join("\n"), &ids, "events", None);
    check(texts.concat(), &ids, "events", None);
    check([records(0..1), records(1..3)].concat(), &ids, "events", None);
    check([gzip(records(0..1)), gzip(records(1..3))].concat(), &ids, "events", None);
    check(serde_json::to_string_pretty(&json!({"Records": events(0..3)})).unwrap(), &ids, "events", None);
    check(json!({"Events": [lookup(0), lookup(1), lookup(2)]}).to_string(), &ids, "events", None);
    check([lookup(0), lookup(1), lookup(2)].map(|v| v.to_string()).join("\n"), &ids, "events", None);
    check(
        [cloudwatch(&[&texts[0], &texts[1]]), cloudwatch(&[&texts[2]])].map(|v| v.to_string()).concat(),
        &ids,
        "events",
        None,
    );
}

#[test]
fn an_envelope_fills_what_its_event_lacks() {
    let mut bare = event(1);
    for key in ["eventTime", "awsRegion", "recipientAccountId"] {
        bare.as_object_mut().unwrap().remove(key);
    }
    let (items, _) = decode(bridge(bare.clone()).to_string());
    let record = items[0].content.as_ref().unwrap();
    assert_eq!(record.event_time.0, 1_591_373_447_000_000);
    assert_eq!((record.account.as_deref(), record.aws_region.as_deref()), (Some("999988887777"), Some("us-west-2")));
    let (items, _) = decode(bridge(event(1)).to_string());
    let record = items[0].content.as_ref().unwrap();
    assert_eq!((record.account.as_deref(), record.aws_region.as_deref()), (Some("111122223333"), Some("eu-west-1")));
    check(bare.to_string(), &["!no eventTime"], "events", None);
}

#[test]
fn files_without_events_are_no_errors() {
    let digest =
        json!({"awsAccountId": "1", "digestStartTime": "2025-10-21T00:00:00Z", "logFiles": [{"s3Bucket": "b"}]});
    check(digest.to_string(), &[], "digest", None);
    check(gzip(digest.to_string()), &[], "digest", None);
    let long = json!({"digestStartTime": "2025-10-21T00:00:00Z", "logFiles": vec![json!({"s3Object": "o".repeat(100)}); 50_000]});
    check(long.to_string(), &[], "digest", None);
    let sign = json!({"version": "1.0", "files": [], "hashSignature": "0", "publicKeyFingerprint": "0"});
    check(sign.to_string(), &[], "other", None);
    let mut control = cloudwatch(&["CWL CONTROL MESSAGE: Checking health of destination Kinesis stream."]);
    control["messageType"] = json!("CONTROL_MESSAGE");
    check(control.to_string(), &[], "other", None);
    check("", &[], "empty", None);
    check(gzip(""), &[], "empty", None);
    check("{\"Records\":[]}", &[], "events", None);
}

#[test]
fn what_is_no_event_is_kept_with_its_reason() {
    const NOT: &str = "!not a CloudTrail event: it has no eventName, eventSource or eventType";
    check("{}", &[NOT], "events", None);
    check("[1]", &["!not a JSON object"], "events", None);
    check(bridge(json!({"bucket": {"name": "b"}})).to_string(), &[NOT], "events", None);
    check(cloudwatch(&["plain text"]).to_string(), &["!a log line that is not JSON"], "events", None);
    let s3 = json!({"Records": [{"eventVersion": "2.1", "eventSource": "aws:s3", "eventTime": "1970-01-01T00:00:00.000Z",
                                 "eventName": "ObjectCreated:Put", "s3": {}}]});
    check(s3.to_string(), &["!a notification of aws:s3, not a CloudTrail event"], "events", None);
    check(
        with(event(1), json!({"eventTime": "foo"})).to_string(),
        &["!eventTime is not a time: \"foo\""],
        "events",
        None,
    );
    let nested = (0..6).fold(event(1).to_string(), |inner, _| json!({"CloudTrailEvent": inner}).to_string());
    check(nested, &["!envelopes nested too deep"], "events", None);
}

#[test]
fn a_bad_record_leaves_the_others_alone() {
    let [a, b] = [event(1).to_string(), event(2).to_string()];
    let bad_utf8 =
        [format!("{{\"Records\":[{a},{{\"eventName\":\"").as_bytes(), b"\xff\xfe", format!("\"}},{b}]}}").as_bytes()]
            .concat();
    let at = 12 + a.len() + 1 + 14;
    check(bad_utf8, &[&id(1), &format!("!invalid UTF-8 at byte {at}"), &id(2)], "events", None);
    let reason = "!broken JSON: expected value at line 1 column 14";
    check(format!("{{\"Records\":[{a},{{\"eventName\":oops}},{b}]}}"), &[&id(1), reason, &id(2)], "events", None);
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    check(format!("[{a},{deep},{b}]"), &[&id(1), "!nested deeper than 120", &id(2)], "events", None);
    let large = json!({"eventName": "x".repeat(5 << 20)}).to_string();
    let reason = format!("!larger than 4 MiB ({} bytes)", large.len());
    check(format!("{a}\n{large}\n{b}"), &[&id(1), &reason, &id(2)], "events", None);
}

#[test]
fn damage_keeps_what_is_before_it_and_names_its_place() {
    let whole = gzip(records(0..2_000));
    let (all, _) = decode(whole.clone());
    assert_eq!(all.len(), 2_000);
    let half = whole.len() / 2;
    let (items, outcome) = decode(&whole[..half]);
    let good = items.iter().filter(|item| item.content.is_ok()).count();
    assert!(good > 800, "{good}");
    assert!(
        outcome.error.as_ref().unwrap().starts_with(&format!("gzip ends early: after {half} bytes")),
        "{outcome:?}"
    );
    assert!(lines(&items).last().unwrap().contains("ends in the middle"));

    let mut corrupt = whole.clone();
    corrupt[half..half + 40].fill(0xff);
    let (items, outcome) = decode(corrupt);
    let good = items.iter().filter(|item| item.content.is_ok()).count();
    assert!(good > 800, "{good}");
    assert!(outcome.error.as_ref().unwrap().starts_with("gzip is damaged before byte "), "{outcome:?}");

    let text = records(0..2);
    let cut = text.len() - 10;
    let error = format!("the JSON ends in the middle, at byte {cut}");
    let reason = format!("!the JSON ends in the middle of this record, at byte {cut}");
    check(&text[..cut], &[&id(0), &reason], "events", Some(&error));
    check("a,b,c\n1,2,3\n", &[], "events", Some("not JSON at byte 0"));
    check(vec![0; 1000], &[], "events", Some("not JSON at byte 0"));
}

#[test]
fn a_flood_of_rejected_records_is_counted_not_kept() {
    let (items, outcome) = decode(format!("[{}{}]", "1,".repeat(10_500), event(1)));
    assert_eq!((items.len(), outcome.rejected_unkept), (10_001, 500));
    assert_eq!(lines(&items).last(), Some(&id(1)));
    assert_eq!(outcome.error.as_deref(), Some("10500 records cannot be read; only the first 10000 are kept"));
}

/// Each of them may inflate to a MiB, and to two hundred times its size.
#[test]
fn small_bombs_in_small_bombs_are_one_bomb() {
    let gzip = |text: String| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let mut inner = "\n".repeat(900_000);
    for _ in 0..4 {
        let record = json!({ "data": BASE64_STANDARD.encode(gzip(inner)) }).to_string() + "\n";
        inner = record.repeat(900_000 / record.len());
    }
    let file = gzip(format!("{}\n{inner}", event(1)));
    assert!(file.len() < 100_000, "{}", file.len());
    let (items, outcome) = decode(file);
    let lines = lines(&items);
    assert_eq!(lines[0], id(1));
    assert!(lines.iter().any(|line| line.ends_with("a compression bomb")), "{lines:?}");
    assert!(lines.len() < 1_000, "{}", lines.len());
    assert_eq!((outcome.kind, outcome.error), ("events", None));
}
