//! What a message of a queue says: which keys are new. Told apart by content, in each of the ways that AWS has to say it.

use serde_json::Value;

/// A key that a message names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub bucket: String,
    pub key: String,
    /// Without quotes; none where the message does not tell it.
    pub etag: Option<String>,
    pub bytes: u64,
    pub region: Option<String>,
}

/// Reads a message. Empty where it names no key to read: a test event, a removal. Errors: it cannot be understood, and why.
///
/// - S3's own event notification, through SQS alone or through SNS with or without its envelope;
/// - EventBridge's "Object Created";
/// - what CloudTrail itself sends to a topic.
pub fn read(body: &str) -> Result<Vec<Named>, String> {
    let value: Value = serde_json::from_str(body).map_err(|error| format!("the message is not JSON: {error}"))?;
    let text = |key: &str| value[key].as_str();
    if text("Type") == Some("Notification") && value["TopicArn"].is_string() {
        let inside = text("Message").ok_or("a message of SNS without Message")?;
        let inside = serde_json::from_str(inside).map_err(|_| "the message that SNS brought is not JSON".to_owned())?;
        return open(&inside);
    }
    if let Some(kind @ ("SubscriptionConfirmation" | "UnsubscribeConfirmation")) = text("Type") {
        return Err(format!("a {kind} of SNS: somebody has to confirm the subscription of the queue"));
    }
    open(&value)
}

fn open(value: &Value) -> Result<Vec<Named>, String> {
    if value["Event"] == "s3:TestEvent" {
        return Ok(Vec::new());
    }
    if let Some(records) = value["Records"].as_array() {
        let named = records.iter().filter(|record| !is_other_event(record)).map(record);
        return named.collect();
    }
    if value["source"] == "aws.s3" && value["detail"].is_object() {
        return match value["detail-type"].as_str() {
            Some("Object Created") => bridge(value).map(|named| vec![named]),
            _ => Ok(Vec::new()),
        };
    }
    if let (Some(bucket), Some(keys)) = (value["s3Bucket"].as_str(), value["s3ObjectKey"].as_array()) {
        let named = keys.iter().map(|key| {
            let key = key.as_str().ok_or("a key in s3ObjectKey is no text")?;
            Ok(Named { bucket: bucket.to_owned(), key: key.to_owned(), etag: None, bytes: 0, region: None })
        });
        return named.collect();
    }
    Err("neither an event of S3, nor of EventBridge, nor a notification of CloudTrail".to_owned())
}

/// Of S3, and no creation: removals, tags, restores.
fn is_other_event(record: &Value) -> bool {
    record["eventName"].as_str().is_some_and(|name| !name.trim_start_matches("s3:").starts_with("ObjectCreated:"))
}

/// S3 encodes keys in its notifications as forms do: `+` is a space, `%3A` a colon.
fn record(record: &Value) -> Result<Named, String> {
    let (bucket, object) = (&record["s3"]["bucket"]["name"], &record["s3"]["object"]);
    let (Some(bucket), Some(key)) = (bucket.as_str(), object["key"].as_str()) else {
        return Err("a record of S3 without bucket or key".to_owned());
    };
    let spaced = key.replace('+', " ");
    let key = percent_encoding::percent_decode_str(&spaced).decode_utf8();
    let key = key.map_err(|_| format!("the key {spaced:?} is no UTF-8"))?.into_owned();
    Ok(Named {
        bucket: bucket.to_owned(),
        key,
        etag: etag(&object["eTag"]),
        bytes: object["size"].as_u64().unwrap_or(0),
        region: record["awsRegion"].as_str().map(str::to_owned),
    })
}

/// EventBridge tells keys as they are.
fn bridge(event: &Value) -> Result<Named, String> {
    let detail = &event["detail"];
    let (Some(bucket), Some(key)) = (detail["bucket"]["name"].as_str(), detail["object"]["key"].as_str()) else {
        return Err("an event of EventBridge without bucket or key".to_owned());
    };
    Ok(Named {
        bucket: bucket.to_owned(),
        key: key.to_owned(),
        etag: etag(&detail["object"]["etag"]),
        bytes: detail["object"]["size"].as_u64().unwrap_or(0),
        region: event["region"].as_str().map(str::to_owned),
    })
}

fn etag(value: &Value) -> Option<String> {
    value.as_str().map(|etag| etag.trim_matches('"').to_owned()).filter(|etag| !etag.is_empty())
}
