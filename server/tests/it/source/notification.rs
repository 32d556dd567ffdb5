//! What messages of a queue say.

use expect_test::expect;
use server::ingest::source::notification::read;

fn check(body: &str, expected: expect_test::Expect) {
    let told = match read(body) {
        Ok(names) => names
            .iter()
            .map(|named| {
                let (etag, region) = (named.etag.as_deref().unwrap_or("-"), named.region.as_deref().unwrap_or("-"));
                format!("{} | {} | {etag} | {} | {region}\n", named.bucket, named.key, named.bytes)
            })
            .collect(),
        Err(reason) => format!("! {reason}\n"),
    };
    expected.assert_eq(&told);
}

pub fn s3(bucket: &str, key: &str, etag: &str) -> String {
    serde_json::json!({"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "eu-west-1", "eventName": "ObjectCreated:Put",
        "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": bucket, "arn": format!("arn:aws:s3:::{bucket}")},
               "object": {"key": key, "size": 11, "eTag": etag, "sequencer": "0055AED6DCD90281E5"}}
    }]})
    .to_string()
}

pub fn sns(message: &str) -> String {
    serde_json::json!({
        "Type": "Notification", "MessageId": "22b80b92", "TopicArn": "arn:aws:sns:eu-west-1:111122223333:trail",
        "Subject": "Amazon S3 Notification", "Message": message, "Timestamp": "2026-01-01T00:00:00.000Z"
    })
    .to_string()
}

pub fn bridge(bucket: &str, key: &str, etag: &str) -> String {
    serde_json::json!({
        "version": "0", "id": "17793124", "detail-type": "Object Created", "source": "aws.s3", "account": "111122223333",
        "time": "2026-01-01T00:00:00Z", "region": "eu-central-1", "resources": [format!("arn:aws:s3:::{bucket}")],
        "detail": {"version": "0", "bucket": {"name": bucket}, "object": {"key": key, "size": 5, "etag": etag},
                   "reason": "PutObject"}
    })
    .to_string()
}

#[test]
fn every_envelope() {
    check(&s3("b", "a+b%2Bc%3D/%C3%A4.json.gz", "abc"), expect!["b | a b+c=/ä.json.gz | abc | 11 | eu-west-1\n"]);
    check(&sns(&s3("b", "k", "abc")), expect!["b | k | abc | 11 | eu-west-1\n"]);
    check(&bridge("b", "a+b%2Bc/ä", "\"abc\""), expect!["b | a+b%2Bc/ä | abc | 5 | eu-central-1\n"]);
    check(&sns(&bridge("b", "k", "e")), expect!["b | k | e | 5 | eu-central-1\n"]);
    check(r#"{"s3Bucket":"b","s3ObjectKey":["k+1","k2"]}"#, expect!["b | k+1 | - | 0 | -\nb | k2 | - | 0 | -\n"]);
}

#[test]
fn nothing_to_read() {
    let test = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2026-01-01T00:00:00.000Z","Bucket":"b"}"#;
    check(test, expect![""]);
    check(&sns(test), expect![""]);
    check(&s3("b", "k", "e").replace("ObjectCreated:Put", "ObjectRemoved:Delete"), expect![""]);
    check(&bridge("b", "k", "e").replace("Object Created", "Object Deleted"), expect![""]);
}

#[test]
fn not_understood() {
    check("hello", expect!["! the message is not JSON: expected value at line 1 column 1\n"]);
    check("[1]", expect!["! neither an event of S3, nor of EventBridge, nor a notification of CloudTrail\n"]);
    check(&sns("hello"), expect!["! the message that SNS brought is not JSON\n"]);
    check(r#"{"Records":[{"s3":{"bucket":{"name":"b"}}}]}"#, expect!["! a record of S3 without bucket or key\n"]);
    check(&s3("b", "%FF", "e"), expect!["! the key \"%FF\" is no UTF-8\n"]);
    check(
        r#"{"Type":"SubscriptionConfirmation","TopicArn":"arn"}"#,
        expect!["! a SubscriptionConfirmation of SNS: somebody has to confirm the subscription of the queue\n"],
    );
}
