//! Built-in panels whose filters have traps, each over a handful of events that can be counted by hand.

use app::api::Backend;
use expect_test::expect;
use model::dashboard::{self, Dashboard};
use serde_json::{Value, json};
use server::query::Query;

use super::fixture::{text, view, with_events};

fn dashboard(id: &str) -> &'static Dashboard {
    dashboard::dashboard(id).unwrap()
}

async fn table(query: &Query, dashboard: &str, panel: &str, view_query: &str) -> String {
    text(&query.panel(dashboard, panel, &view(view_query)).await.unwrap().table)
}

/// A console sign-in with these columns besides.
fn sign_in(own: Value) -> Value {
    with(json!({ "event_source": "signin.amazonaws.com", "event_name": "ConsoleLogin", "account": "1" }), &own)
}

fn with(mut event: Value, own: &Value) -> Value {
    event.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    event
}

#[tokio::test]
async fn sign_ins_without_mfa_are_those_of_users_and_root() {
    let query = with_events([
        sign_in(json!({ "actor": "alice", "identity_type": "IAMUser", "mfa_used": false })),
        sign_in(json!({ "actor": "alice", "identity_type": "IAMUser", "mfa_used": false, "source_ip": "10.0.0.1" })),
        sign_in(json!({ "actor": "root", "identity_type": "Root", "mfa_used": false })),
        sign_in(json!({ "actor": "bob", "identity_type": "IAMUser", "mfa_used": true })),
        sign_in(json!({ "actor": "carol", "identity_type": "IAMUser", "mfa_used": false, "outcome": "failure" })),
        // CloudTrail always says No here: the identity provider's MFA is not seen.
        sign_in(json!({ "actor": "Admin", "identity_type": "AssumedRole", "mfa_used": false })),
        sign_in(json!({ "actor": "dave", "identity_type": "IdentityCenterUser", "mfa_used": false })),
        // The session after it has no MFA either, but it is no sign-in.
        json!({ "actor": "alice", "identity_type": "IAMUser", "mfa_used": false, "event_name": "ListUsers" }),
    ])
    .await;
    expect![[r#"
        actor | account | events | source_ips | last_seen
        alice | 1 | 2 | 1 | 2026-11-24T11:00:00Z
        root | 1 | 1 | 0 | 2026-11-24T11:00:00Z
        total 3
    "#]]
    .assert_eq(&table(&query, "sign-ins", "sign-ins-without-mfa", "").await);
    expect![[r#"
        class | events
        without | 3
        federated | 2
        with | 1
        total 6
    "#]]
    .assert_eq(&table(&query, "sign-ins", "second-factor", "").await);
}

#[tokio::test]
async fn root_activity_is_what_root_did_itself() {
    let root = |own: Value| with(json!({ "actor": "root", "identity_type": "Root" }), &own);
    let query = with_events([
        root(json!({ "event_name": "CreateAccessKey" })),
        root(json!({ "event_name": "DescribeKey", "invoked_by": "rds.amazonaws.com" })),
        root(json!({ "event_name": "RotateKey", "event_type": "AwsServiceEvent" })),
        json!({ "event_name": "CreateAccessKey", "actor": "root", "identity_type": "IAMUser" }),
    ])
    .await;
    let series = query.panel("identity-and-access", "root-activity", &view("")).await.unwrap();
    assert_eq!(series.table.total, 1);
    let name = series.table.column("event_name").unwrap();
    assert_eq!(series.table.rows[0][name].text(), Some("CreateAccessKey"));
    assert_eq!(series.detail("number").unwrap().total, 1);
}

#[tokio::test]
async fn services_and_service_linked_roles_are_hidden_among_actors() {
    let query = with_events([
        json!({ "actor": "alice", "identity_type": "IAMUser" }),
        json!({ "actor": "AWSServiceRoleForAutoScaling", "identity_type": "AssumedRole" }),
        json!({ "actor": "config.amazonaws.com", "identity_type": "AWSService" }),
        json!({ "actor": "ec2.amazonaws.com" }),
    ])
    .await;
    let total = async |view_query: &str| {
        query.panel("identity-and-access", "actors", &view(view_query)).await.unwrap().table.total
    };
    assert_eq!(total("").await, 1);
    assert_eq!(total("off=actors.hide-services").await, 4);
}

#[tokio::test]
async fn rules_that_let_in_the_world_are_told_from_other_changes() {
    let rule = |id: &str, name: &str, request: Value| {
        json!({ "event_source": "ec2.amazonaws.com", "event_name": name, "actor": "alice", "resource": [id],
                "raw": json!({ "requestParameters": request }).to_string() })
    };
    let cidr =
        |cidr: &str| json!({ "ipPermissions": { "items": [{ "ipRanges": { "items": [{ "cidrIp": cidr }] } }] } });
    let cidr6 =
        |cidr: &str| json!({ "ipPermissions": { "items": [{ "ipv6Ranges": { "items": [{ "cidrIpv6": cidr }] } }] } });
    let entry =
        |egress: bool, action: &str| json!({ "cidrBlock": "0.0.0.0/0", "egress": egress, "ruleAction": action });
    let query = with_events([
        rule("sg-1", "AuthorizeSecurityGroupIngress", cidr("0.0.0.0/0")),
        rule("sg-2", "AuthorizeSecurityGroupIngress", cidr6("::/0")),
        rule("sg-3", "AuthorizeSecurityGroupIngress", cidr("10.0.0.0/8")),
        // What may leave is no exposure, nor is what is closed.
        rule("sg-4", "AuthorizeSecurityGroupEgress", cidr("0.0.0.0/0")),
        rule("sg-5", "RevokeSecurityGroupIngress", cidr("0.0.0.0/0")),
        rule("acl-1", "CreateNetworkAclEntry", entry(false, "allow")),
        rule("acl-2", "CreateNetworkAclEntry", entry(true, "allow")),
        rule("acl-3", "ReplaceNetworkAclEntry", entry(false, "deny")),
        rule("igw-1", "AttachInternetGateway", json!({})),
        rule("rtb-1", "CreateRoute", json!({ "destinationCidrBlock": "0.0.0.0/0" })),
        rule("vpc-1", "DeleteVpc", json!({})),
        with(rule("sg-6", "AuthorizeSecurityGroupIngress", cidr("0.0.0.0/0")), &json!({ "outcome": "failure" })),
        rule("sg-7", "DescribeSecurityGroups", json!({})),
    ])
    .await;
    let series = query.panel("network", "network-exposure", &view("")).await.unwrap();
    let rows = series.table.rows.iter().map(|row| format!("{} {}", row[0].text().unwrap(), row[2].text().unwrap()));
    let expected = [
        "open sg-1",
        "open sg-2",
        "open acl-1",
        "security-groups sg-4",
        "security-groups sg-3",
        "security-groups sg-5",
        "network-acls acl-2",
        "network-acls acl-3",
        "gateways igw-1",
        "routes rtb-1",
        "vpcs vpc-1",
    ];
    let (mut rows, mut expected): (Vec<String>, Vec<String>) = (rows.collect(), expected.map(String::from).to_vec());
    assert!(rows[..3].iter().all(|row| row.starts_with("open ")), "the gravest first: {rows:?}");
    rows.sort();
    expected.sort();
    assert_eq!(rows, expected);
}

/// The event names in a filter of the form `event_name:(A or B)`.
fn names(filter: &str) -> Vec<String> {
    let list = filter.strip_prefix("event_name:(").and_then(|rest| rest.strip_suffix(')'));
    list.map(|list| list.split(" or ").map(|name| name.replace('*', "X")).collect()).unwrap_or_default()
}

#[tokio::test]
async fn every_class_is_within_what_its_panel_counts() {
    for (of, id, source) in [
        ("data-and-audit", "tampering", "cloudtrail.amazonaws.com"),
        ("network", "network-exposure", "ec2.amazonaws.com"),
    ] {
        let panel = &dashboard(of).tile(id).unwrap().panel;
        let all: Vec<String> = panel.classes.iter().flat_map(|class| names(&class.filter)).collect();
        assert!(all.len() > 20);
        let query = with_events(
            all.iter().map(|name| json!({ "event_name": name, "event_source": source, "resource": ["r"] })),
        )
        .await;
        let series = query.panel(of, id, &view("")).await.unwrap();
        let (name, class) = (series.table.column("event_name").unwrap(), series.table.column("class").unwrap());
        for asked in &all {
            let row = series.table.rows.iter().find(|row| row[name].text() == Some(asked));
            let found = row.unwrap_or_else(|| panic!("{id} does not count {asked}"))[class].text();
            let own = panel.classes.iter().find(|class| names(&class.filter).contains(asked)).unwrap();
            assert_eq!(found, Some(own.id.as_str()), "{asked}");
        }
    }
}

#[tokio::test]
async fn tampering_counts_what_was_tried_and_has_the_gravest_first() {
    let event = |name: &str, outcome: &str| json!({ "event_name": name, "outcome": outcome, "actor": "eve" });
    let query = with_events([
        event("PutBucketPolicy", "success"),
        event("UpdateTrail", "success"),
        event("StopLogging", "failure"),
        event("GetTrail", "success"),
    ])
    .await;
    expect![[r#"
        class | event_name | resource | actor | outcome | events | last_seen
        audit-stopped | StopLogging | ∅ | eve | failure | 1 | 2026-11-24T11:00:00Z
        audit-changed | UpdateTrail | ∅ | eve | success | 1 | 2026-11-24T11:00:00Z
        buckets | PutBucketPolicy | ∅ | eve | success | 1 | 2026-11-24T11:00:00Z
        total 3
    "#]]
    .assert_eq(&table(&query, "data-and-audit", "tampering", "").await);
}

#[tokio::test]
async fn denied_is_told_from_other_failures() {
    let failure = |code: &str| json!({ "error_code": code, "outcome": "failure", "actor": "eve", "event_name": code });
    let denied = [
        "AccessDenied",
        "AccessDeniedException",
        "Client.UnauthorizedOperation",
        "UnauthorizedOperation",
        "UnauthorizedAccess",
        "AuthFailure",
        "Client.UnauthorizedAccess",
    ];
    let throttled = [
        "ThrottlingException",
        "Throttling",
        "RequestThrottled",
        "Client.RequestLimitExceeded",
        "SlowDown",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
    ];
    let other = ["NoSuchKey", "LimitExceededException", "Client.InvalidInstanceID.NotFound"];
    let query = with_events(denied.iter().chain(&throttled).chain(&other).map(|code| failure(code))).await;
    let total = async |panel: &str| query.panel("errors", panel, &view("")).await.unwrap().table.total;
    assert_eq!(total("denied-calls").await, denied.len() as i64);
    assert_eq!(total("access-denied").await, denied.len() as i64);
    assert_eq!(total("throttling").await, throttled.len() as i64);
    assert_eq!(total("failing-actors").await, (denied.len() + throttled.len() + other.len()) as i64);
}

#[tokio::test]
async fn what_is_made_by_hand_is_told_from_what_tools_make() {
    let made = |name: &str, client: &str| json!({ "event_name": name, "client": client, "actor": "alice" });
    let query = with_events([
        made("CreateBucket", "aws-cli"),
        made("RunInstances", "console"),
        made("CreateBucket", "Terraform"),
        made("CreateBucket", "CloudFormation"),
        with(made("CreateBucket", "browser"), &json!({ "invoked_by": "cloudformation.amazonaws.com" })),
        with(made("CreateBucket", "aws-cli"), &json!({ "outcome": "failure" })),
        made("CreateLogStream", "aws-cli"),
        made("DeleteBucket", "aws-cli"),
    ])
    .await;
    let series = query.panel("changes", "unmanaged-resources", &view("")).await.unwrap();
    assert_eq!(series.table.total, 2);
}

/// Old events do not say whether they read: nearly all of them do, and a change is what says that it is one.
#[tokio::test]
async fn what_does_not_say_that_it_writes_is_no_change() {
    let event = |name: &str, read_only: Value| {
        json!({ "event_name": name, "event_source": "iam.amazonaws.com", "actor": "alice", "read_only": read_only,
                "resource": ["r"], "console": true, "identity_type": "IAMUser" })
    };
    let query = with_events([
        event("CreateUser", json!(false)),
        event("ListUsers", json!(true)),
        event("GetUser", Value::Null),
        event("DeleteUser", Value::Null),
        event("SimulatePrincipalPolicy", Value::Null),
    ])
    .await;
    for panel in ["change-figures", "change-hours", "console-changes", "changed-resources", "recent-changes"] {
        assert_eq!(query.panel("changes", panel, &view("")).await.unwrap().table.total, 1, "{panel}");
    }
    expect![[r#"
        event_time | read_only | events
        2026-11-24T11:00:00Z | false | 1
        2026-11-24T11:00:00Z | true | 1
        2026-11-24T11:00:00Z | ∅ | 3
        total 5
    "#]]
    .assert_eq(&table(&query, "changes", "reads-and-writes", "").await);
    // What was done to identities is not to be missed: the names of old events tell.
    let iam = query.panel("identity-and-access", "iam-changes", &view("")).await.unwrap().table;
    let name = iam.column("event_name").unwrap();
    let mut names: Vec<_> = iam.rows.iter().map(|row| row[name].text().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["CreateUser", "DeleteUser"]);
    let resource = model::view::View { filter: "resource:r".into(), ..view("range=24h") };
    assert_eq!(query.panel("entity-resource", "changes", &resource).await.unwrap().table.total, 1);
}
