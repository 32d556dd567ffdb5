//! One event to its columns.

use proptest::prelude::*;
use serde_json::{Value, json};
use server::ingest::{client, json as parts, moment::Moment, record::Record};

use super::fixture::{decode, event, record, with};

#[test]
fn an_ordinary_event_fills_the_columns() {
    let got = record(&event(3));
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    assert_eq!(got.event_id, "00000003-0000-4000-8000-000000000000");
    assert_eq!(got.event_time.0, 1_767_225_603_000_000);
    assert_eq!(text(&got.event_name), "PutObject");
    assert_eq!(text(&got.event_source), "s3.amazonaws.com");
    assert_eq!(text(&got.event_type), "AwsApiCall");
    assert_eq!(text(&got.event_category), "Management");
    assert_eq!((got.read_only, got.failed, got.mfa_used), (Some(false), false, Some(true)));
    assert_eq!((got.error_code.clone(), got.error_message.clone()), (None, None));
    assert_eq!(text(&got.aws_region), "eu-west-1");
    assert_eq!(text(&got.account), "111122223333");
    assert_eq!((text(&got.actor), text(&got.session)), ("Deploy".into(), "alice".into()));
    assert_eq!(text(&got.identity_type), "AssumedRole");
    assert_eq!(text(&got.actor_arn), "arn:aws:sts::111122223333:assumed-role/Deploy/alice");
    assert_eq!(text(&got.identity_account), "111122223333");
    assert_eq!(text(&got.access_key), "ASIAEXAMPLE");
    assert_eq!(text(&got.source_address), "89.160.20.3");
    assert_eq!(got.source_ip, Some("89.160.20.3".parse().unwrap()));
    assert_eq!((text(&got.user_agent), got.client), ("aws-cli/2.15.0 Python/3.11".into(), Some("aws-cli")));
    assert_eq!(text(&got.request_id), "R3");
    assert_eq!((got.raw, got.raw_json), (event(3).to_string(), None));
}

/// Actor and session of an identity.
fn who(identity: Value) -> (String, String) {
    let Record { actor, session, .. } = record(&with(event(1), json!({"userIdentity": identity})));
    (actor.unwrap_or_default(), session.unwrap_or_default())
}

#[test]
fn actors_have_names_that_people_know() {
    let check =
        |identity: Value, actor: &str, session: &str| assert_eq!(who(identity), (actor.to_owned(), session.to_owned()));
    check(json!({"type": "IAMUser", "userName": "bob", "principalId": "AIDA"}), "bob", "");
    check(json!({"type": "IAMUser", "arn": "arn:aws:iam::1:user/path/bob", "principalId": "AIDA"}), "bob", "");
    check(json!({"type": "IAMUser", "principalId": "AIDA"}), "AIDA", "");
    check(json!({"type": "Root", "principalId": "1", "arn": "arn:aws:iam::1:root", "userName": "alias"}), "root", "");
    check(
        json!({"type": "AssumedRole", "principalId": "AROA:i-0123", "arn": "arn:aws:sts::1:assumed-role/Web/i-0123"}),
        "Web",
        "i-0123",
    );
    check(json!({"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/Web/i-0123"}), "Web", "i-0123");
    check(
        json!({"type": "AssumedRole", "principalId": "AROA:s", "sessionContext": {"sessionIssuer": {"arn": "arn:aws:iam::1:role/a/Web"}}}),
        "Web",
        "s",
    );
    check(json!({"type": "AssumedRole", "principalId": "AROA:s"}), "s", "s");
    check(json!({"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}), "ec2.amazonaws.com", "");
    check(json!({"type": "AWSService"}), "s3.amazonaws.com", "");
    check(json!({"accountId": "1", "invokedBy": "AWS Internal"}), "AWS Internal", "");
    check(
        json!({"type": "FederatedUser", "principalId": "1:carol", "arn": "arn:aws:sts::1:federated-user/carol"}),
        "carol",
        "",
    );
    check(json!({"type": "SAMLUser", "principalId": "q=:dave", "userName": "dave"}), "dave", "");
    check(
        json!({"type": "WebIdentityUser", "principalId": "accounts.google.com:app:1", "userName": "erin"}),
        "erin",
        "",
    );
    check(json!({"type": "IdentityCenterUser", "onBehalfOf": {"userId": "u-1"}, "credentialId": "c"}), "u-1", "");
    check(
        json!({"type": "AWSAccount", "principalId": "AROA:sess", "accountId": "444455556666"}),
        "account 444455556666",
        "sess",
    );
    check(json!({"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}), "anonymous", "");
    check(json!({"type": "Unknown", "principalId": "x", "userName": "frank"}), "frank", "");
    check(Value::Null, "", "");
    check(json!("text"), "", "");
    check(json!({"type": ["odd"], "userName": {"odd": 1}}), "{\"odd\":1}", "");
    let sign_in = with(
        event(1),
        json!({"userIdentity": {"type": "IdentityCenterUser"}, "additionalEventData": {"UserName": "grace"}}),
    );
    assert_eq!(record(&sign_in).actor.as_deref(), Some("grace"));
    let service = with(event(1), json!({"userIdentity": null, "eventType": "AwsServiceEvent"}));
    assert_eq!(record(&service).actor.as_deref(), Some("s3.amazonaws.com"));
}

#[test]
fn failures_are_errors_and_failed_sign_ins() {
    let failed = |changes: Value| record(&with(event(1), changes)).failed;
    assert!(failed(json!({"errorCode": "AccessDenied"})));
    assert!(failed(json!({"errorMessage": "Failed authentication"})));
    assert!(!failed(json!({"errorCode": null, "errorMessage": ""})));
    assert!(failed(json!({"eventName": "ConsoleLogin", "responseElements": {"ConsoleLogin": "Failure"}})));
    assert!(!failed(json!({"eventName": "ConsoleLogin", "responseElements": {"ConsoleLogin": "Success"}})));
    assert!(!failed(json!({"responseElements": {"ConsoleLogin": "Failure"}})));
}

#[test]
fn mfa_is_told_at_sign_ins_and_by_sessions() {
    let mfa = |changes: Value| record(&with(event(1), changes)).mfa_used;
    for (text, used) in [("Yes", Some(true)), ("YES", Some(true)), ("No", Some(false)), ("?", Some(true))] {
        assert_eq!(mfa(json!({"eventName": "ConsoleLogin", "additionalEventData": {"MFAUsed": text}})), used, "{text}");
    }
    assert_eq!(mfa(json!({"additionalEventData": {"MFAUsed": "No"}})), Some(true));
    assert_eq!(
        mfa(json!({"userIdentity": {"sessionContext": {"attributes": {"mfaAuthenticated": "false"}}}})),
        Some(false)
    );
    assert_eq!(mfa(json!({"userIdentity": {}})), None);
}

#[test]
fn only_addresses_are_addresses() {
    let ip = |text: &str| record(&with(event(1), json!({"sourceIPAddress": text}))).source_ip.map(|ip| ip.to_string());
    for text in
        ["AWS Internal", "ec2.amazonaws.com", "30.*.0.210", "1.2.3", "1.2.3.4/32", "", "010.1.1.1", "fe80::1%eth0"]
    {
        assert_eq!(ip(text), None, "{text}");
    }
    assert_eq!(ip("2001:DB8::1").as_deref(), Some("2001:db8::1"));
    assert_eq!(
        record(&with(event(1), json!({"sourceIPAddress": "AWS Internal"}))).source_address.as_deref(),
        Some("AWS Internal")
    );
}

#[test]
fn fields_of_another_type_are_no_error() {
    let got = record(&with(
        event(1),
        json!({"eventName": 5, "awsRegion": ["a"], "userAgent": {"b": 1}, "readOnly": "true", "userIdentity": [], "recipientAccountId": 12,
               "responseElements": "x", "additionalEventData": 3, "errorCode": false, "eventSource": null}),
    ));
    assert_eq!(got.event_name.as_deref(), Some("5"));
    assert_eq!(got.aws_region.as_deref(), Some("[\"a\"]"));
    assert_eq!(
        (got.read_only, got.account.as_deref(), got.error_code.as_deref()),
        (Some(true), Some("12"), Some("false"))
    );
    let twice = format!("{{\"eventName\":\"A\",{}", &event(1).to_string()[1..]);
    assert_eq!(decode(twice).0[0].content.as_ref().unwrap().event_name.as_deref(), Some("PutObject"));
}

#[test]
fn newer_and_older_shapes_are_kept() {
    let aggregated = json!({"eventVersion": "1.0", "eventCategory": "Aggregated", "eventType": "AwsAggregatedEvent", "eventId": "agg-1",
        "accountId": "123456789012", "eventTime": "2026-01-01T00:05:00Z", "summary": {}});
    let got = record(&aggregated);
    assert_eq!((got.event_id.as_str(), got.account.as_deref()), ("agg-1", Some("123456789012")));
    let insight = json!({"eventVersion": "1.08", "eventTime": "2022-04-12T16:10:00Z", "eventID": "i-1", "eventType": "AwsCloudTrailInsight",
        "recipientAccountId": "1", "insightDetails": {"state": "Start"}, "eventCategory": "Insight"});
    assert_eq!(record(&insight).event_category.as_deref(), Some("Insight"));
    let trimmed = json!({"eventTime": "2023-12-04T20:27:07Z", "eventID": "t-1", "eventSource": "signin.amazonaws.com",
        "eventName": "ConsoleLogin", "responseElements": {"ConsoleLogin": "Success"}, "errorCode": null, "awsRegion": "us-east-1"});
    assert!(!record(&trimmed).failed);
    let logstash =
        json!({"@timestamp": "2020-09-14T01:19:40.000Z", "@version": "1", "eventName": "X", "eventID": "l-1"});
    assert_eq!(record(&logstash).event_time.0, 1_600_046_380_000_000);
    let no_id = json!({"eventName": "X", "eventTime": "2020-01-01T00:00:00Z"});
    let hash = record(&no_id).event_id;
    assert!(hash.starts_with("sha256:") && hash.len() == 71, "{hash}");
    assert_eq!(record(&no_id).event_id, hash);
    assert!(record(&with(no_id, json!({"eventID": "x".repeat(3000)}))).event_id.starts_with("sha256:"));
}

#[test]
fn times_are_read_as_logs_write_them() {
    let at = |text: &str| Moment::parse(text).map(|moment| moment.0);
    let expected = Some(1_644_272_617_000_000);
    for text in [
        "2022-02-07T22:23:37Z",
        "2022-02-08T09:23:37+11:00",
        "2022-02-08 09:23:37+11:00",
        "2022-02-08T09:23:37+1100",
        "2022-02-08T09:23:37+11",
        "2022-02-07T22:23:37",
        "2022-02-07TT22:23:37Z",
        "2022-02-07t22:23:37z",
        "1644272617",
        "1644272617000",
        "1644272617000000",
        "1644272617.0",
    ] {
        assert_eq!(at(text), expected, "{text}");
    }
    assert_eq!(at("2022-02-07T22:23:37.1234567Z"), Some(1_644_272_617_123_456));
    for text in [
        "",
        "foo",
        "eventTime",
        "2022-13-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "99999999999999999999",
        "é",
        "-1",
        "1e9",
        "NaN",
        ".",
    ] {
        assert_eq!(at(text), None, "{text}");
    }
}

#[test]
fn clients_have_families() {
    let check = |agent: &str, family: &str| assert_eq!(client::family(agent, false), family, "{agent}");
    check("AWS Internal", "AWS service");
    check("secretsmanager.amazonaws.com", "AWS service");
    check("aws-internal/3 aws-sdk-java/1.12.414 Linux/5.10 java/1.8", "AWS service");
    check("[AWSCloudTrail, aws-internal/3 aws-sdk-java/1.12.597 Linux/5.10]", "AWS service");
    check("console.ec2.amazonaws.com", "console");
    check("signin.amazonaws.com", "console");
    check("[S3Console/0.4, aws-internal/3 aws-sdk-java/1.11.1030 Linux/5.4]", "console");
    check("EC2ConsoleFrontend, aws-internal/3 aws-sdk-java/1.11.848", "console");
    check("cloudformation.amazonaws.com", "CloudFormation");
    check("APN/1.0 HashiCorp/1.0 Terraform/1.1.2 (+https://www.terraform.io) aws-sdk-go/1.42.35", "Terraform");
    check("[Boto3/1.26.165 Python/3.10.6 Linux/5.19.0-46-generic Botocore/1.29.165]", "boto3");
    check("aws-cli/1.10.32 Python/2.7.9 Windows/7 botocore/1.4.22", "aws-cli");
    check("aws-sdk-go-v2/1.30 os/linux lang/go#1.22", "AWS SDK for Go");
    check("aws-sdk-java/2.20 Linux/5.10", "AWS SDK for Java");
    check("aws-sdk-js/3.500.0 ua/2.0 os/linux lang/js md/nodejs#20", "AWS SDK for JavaScript");
    check("aws-sdk-dotnet-coreclr/3.7 .NET_Core/6", "AWS SDK for .NET");
    check("aws-sdk-rust/1.3.3 os/linux lang/rust/1.80", "AWS SDK for Rust");
    check("aws-sdk-php/3.2 ua/2.0", "AWS SDK for PHP");
    check("aws-sdk-ruby3/3.1 ruby/3", "AWS SDK for Ruby");
    check("aws-sdk-cpp/1.11", "AWS SDK for C++");
    check("aws-sdk-kotlin/1.0", "AWS SDK for Kotlin");
    check("aws-sdk-swift/1.0", "AWS SDK for Swift");
    check("kube-controller-manager/v1.29 aws-sdk-go/1.44", "Kubernetes");
    check("eksctl/0.170 aws-sdk-go-v2/1.25", "eksctl");
    check("pulumi/3 aws-sdk-go-v2/1.25", "Pulumi");
    check("Mozilla/5.0 (Windows NT 10.0) Chrome/94.0", "browser");
    check("Go-http-client/1.1", "other");
    assert_eq!(client::family("Mozilla/5.0 (Windows NT 10.0) Chrome/94.0", true), "console");
}

#[test]
fn what_postgres_refuses_is_replaced_beside_the_raw_text() {
    let clean = parts::clean;
    assert_eq!(clean(r#"{"a":"x\u0041\\u0000","b":1.5e3,"c":"\ud83d\ude00"}"#), None);
    assert_eq!(clean(r#"{"a\u0000":"\u0000\\\u0000"}"#).as_deref(), Some(r#"{"a\ufffd":"\ufffd\\\ufffd"}"#));
    assert_eq!(
        clean(r#"["\ud83d","\ude00\ud83d\ude00","\uD83Dx"]"#).as_deref(),
        Some(r#"["\ufffd","\ufffd\ud83d\ude00","\ufffdx"]"#)
    );
    assert_eq!(
        clean(r#"{"a":1e400000,"b":-1E-999,"c":"1e400000"}"#).as_deref(),
        Some(r#"{"a":"1e400000","b":"-1E-999","c":"1e400000"}"#)
    );
    let raw = event(1).to_string().replace("PutObject", "Put\\u0000Object\\ud800");
    let (items, _) = decode(raw.clone());
    let got = items[0].content.as_ref().unwrap();
    assert_eq!(got.event_name.as_deref(), Some("Put\u{fffd}Object\u{fffd}"));
    assert_eq!(got.raw, raw);
    assert_eq!(got.raw_json.as_deref(), Some(&*raw.replace("\\u0000", "\\ufffd").replace("\\ud800", "\\ufffd")));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!("arn:aws:sts::1:assumed-role/")),
        Just(json!("AssumedRole")),
        Just(json!(":")),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let key = prop::sample::select(vec![
            "type",
            "arn",
            "principalId",
            "userName",
            "sessionContext",
            "sessionIssuer",
            "x",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..6)
                .prop_map(|pairs| pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn an_event_is_kept_whatever_its_fields_are(key in prop::sample::select(server::ingest::record::KEYS.to_vec()), value in any_json()) {
        // The time alone must be one; a name or a source must stay.
        prop_assume!(!["eventTime", "eventSource"].contains(&key));
        let event = with(event(1), json!({key: value}));
        let got = record(&event);
        prop_assert_eq!(got.raw, event.to_string());
        for text in [got.actor, got.session, got.event_name, got.user_agent, got.identity_type].into_iter().flatten() {
            prop_assert!(!text.contains('\0') && text.len() <= 2048);
        }
    }
}
