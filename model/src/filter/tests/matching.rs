//! Which events match, by `eval`.

use super::*;

/// An event with a list of objects, and fields of every kind.
pub(super) fn holds(text: &str) -> bool {
    let event = serde_json::json!({
        "requestParameters": {
            "bucketName": "logs", "port": 443, "ratio": 1.5, "force": true, "written": "10", "none": null, "empty": [], "object": {"a": 1},
            "items": [{"cidr": "10.0.0.0/8", "tags": ["a", "b"]}, {"cidr": "0.0.0.0/0", "size": 3}, "text"],
            "nested": [[{"a": 1}]]
        }
    });
    let cell = |field| match field {
        Field::EventName => Cell::Text("DeleteBucket".into()),
        Field::ReadOnly => Cell::Bool(false),
        Field::SourceIp => Cell::Text("2001:db8::1".into()),
        Field::AsNumber => Cell::Int(7),
        Field::Latitude => Cell::Float(52.5),
        Field::EventTime => Cell::Time(crate::time::Timestamp(0)),
        _ => Cell::Null,
    };
    eval_values(&parse(text).expect(text), &|target| match target {
        Target::Event => vec![Cell::Text(event_text(&event.to_string()).into_owned())],
        Target::Path(path) => path_values(&event, path),
        Target::Field(field) => Some(cell(*field)).filter(|cell| !cell.is_null()).into_iter().collect(),
    })
}

#[test]
fn filters_match() {
    for text in [
        "",
        "event_name:DeleteBucket",
        "event_name:Delete*",
        "event_name:*lete*ket",
        "event_name:D*e*B*t",
        "not event_name:delete*",
        "not country:DE",
        "not country:*",
        "event_name:(x or DeleteBucket)",
        "read_only:false",
        "source_ip:2001:db8:0::1",
        "source_ip:2001:db8::/32",
        "source_ip:2001:*",
        "as_number:7 and latitude:52.50 and event_time:1970-01-01T00:00:00Z",
        "requestParameters.bucketName:logs",
        "requestParameters.port:443",
        "requestParameters.ratio:1.5",
        "requestParameters.force:true",
        "requestParameters.object:*",
        "requestParameters:*",
        "requestParameters.items.cidr:0.0.0.0/0",
        "requestParameters.items.tags:b",
        "requestParameters.items:text",
        "requestParameters.nested:*",
    ] {
        assert!(holds(text), "{text}");
    }
}

#[test]
fn filters_do_not_match() {
    for text in [
        "not *",
        "event_name:deletebucket",
        "event_name:Delete",
        "event_name:*Bucket*Bucket",
        "event_name:DeleteBucketDelete*Bucket",
        "country:*",
        "country:DE or not event_name:*",
        "source_ip:10.0.0.0/8",
        "read_only:true",
        "requestParameters.none:*",
        "requestParameters.empty:*",
        "requestParameters.object:a",
        "requestParameters.items.cidr:0.0.0.0",
        "requestParameters.nested.a:1",
        "requestParameters.bucketName.x:*",
        "bucketName.x:logs",
    ] {
        assert!(!holds(text), "{text}");
    }
}
