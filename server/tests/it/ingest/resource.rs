//! What an event is about.

use serde_json::{Value, json};

use super::fixture::{event, record, with};

/// The resources of a call of `service` with this request and answer.
fn about(service: &str, request: Value, answer: Value) -> Vec<String> {
    let source = format!("{service}.amazonaws.com");
    record(&with(event(1), json!({"eventSource": source, "requestParameters": request, "responseElements": answer})))
        .resource
}

#[test]
fn names_of_a_request_become_arns() {
    let check = |service: &str, request: Value, expected: &[&str]| {
        assert_eq!(about(service, request.clone(), Value::Null), expected, "{service} {request}");
    };
    check("s3", json!({"bucketName": "logs"}), &["arn:aws:s3:::logs"]);
    check("s3", json!({"key": "a b/c", "bucketName": "logs"}), &["arn:aws:s3:::logs", "arn:aws:s3:::logs/a b/c"]);
    check("iam", json!({"userName": "bob"}), &["arn:aws:iam::111122223333:user/bob"]);
    check(
        "iam",
        json!({"roleName": "Deploy", "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
        &["arn:aws:iam::111122223333:role/Deploy", "arn:aws:iam::aws:policy/ReadOnlyAccess"],
    );
    check("iam", json!({"accessKeyId": "AKIAEXAMPLE", "status": "Inactive"}), &["AKIAEXAMPLE"]);
    check("lambda", json!({"functionName": "fn"}), &["arn:aws:lambda:eu-west-1:111122223333:function:fn"]);
    check(
        "lambda",
        json!({"functionName": "111122223333:function:fn"}),
        &["arn:aws:lambda:eu-west-1:111122223333:function:fn"],
    );
    check("kms", json!({"keyId": "1234abcd-12ab"}), &["arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab"]);
    check("kms", json!({"keyId": "alias/x"}), &["arn:aws:kms:eu-west-1:111122223333:alias/x"]);
    check("cloudtrail", json!({"name": "main"}), &["arn:aws:cloudtrail:eu-west-1:111122223333:trail/main"]);
    check("ssm", json!({"name": "/a/b"}), &["arn:aws:ssm:eu-west-1:111122223333:parameter/a/b"]);
    check(
        "sqs",
        json!({"queueUrl": "https://sqs.us-east-1.amazonaws.com/444455556666/jobs"}),
        &["arn:aws:sqs:us-east-1:444455556666:jobs"],
    );
    // A name means something in its service alone.
    check("ec2", json!({"name": "main", "userName": "bob"}), &[]);
}

#[test]
fn arns_and_ids_are_found_wherever_they_stand() {
    let request = json!({
        "instancesSet": {"items": [{"instanceId": "i-0123456789abcdef0"}, {"instanceId": "i-0123456789abcdef0"}]},
        "groupId": "sg-1a2b3c4d", "tagSet": [["vpc-0123456789abcdef0"]], "topicArn": "arn:aws:sns:eu-west-1:1:alarms",
        "description": "not sg-1a2b3c4d", "imageType": "machine-learning", "count": 12345678, "cidr": "10.0.0.0-12345678",
        "policyDocument": "{\"Resource\": \"arn:aws:s3:::logs\"}", "broken": "arn:aws:s3", "word": "pre-deadbeef"
    });
    let answer = json!({"assumedRoleUser": {"arn": "arn:aws:sts::1:assumed-role/Web/s"}, "volumeId": "vol-00000001"});
    assert_eq!(
        about("ec2", request, answer),
        [
            "i-0123456789abcdef0",
            "sg-1a2b3c4d",
            "vpc-0123456789abcdef0",
            "arn:aws:sns:eu-west-1:1:alarms",
            "vol-00000001"
        ]
    );
    let listed = with(
        event(1),
        json!({"requestParameters": null, "resources": [{"ARN": "arn:aws:s3:::logs", "accountId": "1", "type": "AWS::S3::Bucket"}, null, 5]}),
    );
    assert_eq!(record(&listed).resource, ["arn:aws:s3:::logs"]);
}

#[test]
fn there_is_an_end_to_what_is_listed() {
    let many: Vec<_> = (0..500).map(|n| format!("sg-{n:08}")).collect();
    assert_eq!(about("ec2", json!({ "groups": many }), Value::Null).len(), 50);
    assert_eq!(about("s3", json!({"bucketName": "x".repeat(5000)}), Value::Null), [] as [&str; 0]);
    assert_eq!(about("s3", json!({"bucketName": "a\0b"}), Value::Null), ["arn:aws:s3:::a\u{fffd}b"]);
    for odd in [json!("text"), json!([]), json!(5), json!({"bucketName": {"a": [null, 1.5, true]}})] {
        assert_eq!(about("s3", odd, Value::Null), [] as [&str; 0]);
    }
}

#[test]
fn other_partitions_have_their_own_arns() {
    let about = |region: &str| {
        record(&with(
            event(1),
            json!({"awsRegion": region, "requestParameters": {"bucketName": "b"}, "responseElements": null}),
        ))
        .resource
    };
    assert_eq!(about("cn-north-1"), ["arn:aws-cn:s3:::b"]);
    assert_eq!(about("us-gov-west-1"), ["arn:aws-us-gov:s3:::b"]);
}

#[test]
fn accounts_consoles_and_transport_are_told() {
    let of = |changes: Value| record(&with(event(1), changes));
    let identity = |kind: &str, account: &str| json!({"userIdentity": {"type": kind, "accountId": account}});
    assert_eq!(of(identity("AssumedRole", "111122223333")).cross_account, Some(false));
    assert_eq!(of(identity("AWSAccount", "444455556666")).cross_account, Some(true));
    assert_eq!(of(identity("AWSAccount", "ANONYMOUS_PRINCIPAL")).cross_account, None);
    assert_eq!(of(identity("AWSService", "444455556666")).cross_account, None);
    assert_eq!(of(json!({"userIdentity": {"type": "AWSService"}})).cross_account, None);

    assert!(!of(json!({})).console);
    assert!(of(json!({"sessionCredentialFromConsole": "true"})).console);
    assert!(of(json!({"userAgent": "console.ec2.amazonaws.com"})).console);
    assert!(of(json!({"eventType": "AwsConsoleSignIn"})).console);

    let told = of(json!({"tlsDetails": {"tlsVersion": "TLSv1.3"}, "vpcEndpointId": "vpce-1", "responseElements":
        {"credentials": {"accessKeyId": "ASIA1"}}}));
    assert_eq!(
        [told.tls_version.as_deref(), told.vpc_endpoint.as_deref(), told.issued_access_key.as_deref()],
        [Some("TLSv1.3"), Some("vpce-1"), Some("ASIA1")]
    );
    let other = of(json!({"responseElements": {"accessKey": {"accessKeyId": "AKIA1"}}}));
    assert_eq!((other.issued_access_key, other.tls_version), (None, None));
}

#[test]
fn an_event_tells_its_origin_unless_a_role_did_it() {
    let origin = |identity: Value| record(&with(event(1), json!({"userIdentity": identity}))).own_origin;
    let check = |identity: Value, expected: Option<&str>| assert_eq!(origin(identity).as_deref(), expected);
    check(json!({"type": "IAMUser", "userName": "bob"}), Some("bob"));
    check(json!({"type": "Root"}), Some("root"));
    check(json!({"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}), Some("ec2.amazonaws.com"));
    check(json!({"type": "AssumedRole", "principalId": "AROA:x", "arn": "arn:aws:sts::1:assumed-role/Web/x"}), None);
    check(
        json!({"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/AWSReservedSSO_Admin_0/ann@example.org"}),
        Some("ann@example.org"),
    );
    check(
        json!({"type": "FederatedUser", "arn": "arn:aws:sts::1:federated-user/x",
            "sessionContext": {"sessionIssuer": {"type": "IAMUser", "userName": "bob"}}}),
        Some("bob"),
    );
    check(json!({"type": "FederatedUser", "arn": "arn:aws:sts::1:federated-user/x"}), Some("x"));
    let named = json!({"type": "AssumedRole", "principalId": "AROA:x", "sessionContext": {"sourceIdentity": "ann"}});
    assert_eq!(record(&with(event(1), json!({"userIdentity": named}))).source_identity.as_deref(), Some("ann"));
}
