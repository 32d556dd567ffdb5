//! Accounts whose every text tells whose it is; and databases with the events of all of them, or of one.

use std::collections::BTreeMap;

use model::field::{Field, Kind};
use rand::{
    Rng,
    seq::{IndexedRandom, SliceRandom},
};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use server::{
    query::{Query, filter::column},
    store::rollup::{self, ROLLUPS},
};
use sqlx::{AssertSqlSafe, PgPool};

use super::super::fixture::{NOW, insert, query};
use crate::{ingest::fixture, support::database};

pub struct Tenant {
    /// In all of its texts, but for those that others have, too.
    pub mark: &'static str,
    /// Empty: none.
    pub account: &'static str,
    /// In its addresses and the ids of its events.
    number: u64,
}

pub const ONE: Tenant = Tenant { mark: "tenanta", account: "111111111111", number: 1 };
pub const OTHER: Tenant = Tenant { mark: "tenantb", account: "222222222222", number: 2 };
pub const NOBODY: Tenant = Tenant { mark: "tenantn", account: "", number: 3 };

/// As CloudTrail writes them, of the last days and a few that are older.
pub fn events(tenant: &Tenant, count: u64, rng: &mut ChaCha8Rng) -> Vec<Value> {
    (0..count).map(|at| event(tenant, at, rng)).collect()
}

fn event(tenant: &Tenant, at: u64, rng: &mut ChaCha8Rng) -> Value {
    let Tenant { mark, account, number } = tenant;
    // A third of the names are everybody's.
    let mut name = |what: &str| match rng.random_range(0..3) {
        0 => format!("shared-{what}"),
        _ => format!("{mark}-{what}{}", rng.random_range(0..3)),
    };
    let (user, role, session, bucket, agent) =
        (name("user"), name("role"), name("session"), name("bucket"), name("agent"));
    let (message, source, region) = (name("message"), name("source"), name("region"));
    let key = |kind: &str, number: u64| format!("{kind}{}{number}", mark.to_uppercase());
    let identity = match rng.random_range(0..4) {
        0 => json!({ "type": "IAMUser", "userName": user, "accountId": account, "accessKeyId": key("AKIA", at % 3),
                     "principalId": format!("AIDA{mark}"), "arn": format!("arn:aws:iam::{account}:user/{user}") }),
        1 => json!({ "type": "Root", "accountId": account, "principalId": account,
                     "arn": format!("arn:aws:iam::{account}:root") }),
        2 => json!({ "type": "AWSService", "invokedBy": format!("{mark}.amazonaws.com") }),
        _ => json!({ "type": "AssumedRole", "accountId": account, "accessKeyId": key("ASIA", at % 5),
                     "principalId": format!("AROA{mark}:{session}"),
                     "arn": format!("arn:aws:sts::{account}:assumed-role/{role}/{session}"),
                     "sessionContext": { "sourceIdentity": source,
                         "sessionIssuer": { "type": "Role", "userName": role, "arn": format!("arn:aws:iam::{account}:role/{role}") },
                         "attributes": { "mfaAuthenticated": at.is_multiple_of(2).to_string() } } }),
    };
    let calls = [
        ("s3.amazonaws.com", "GetObject"),
        ("s3.amazonaws.com", "DeleteBucket"),
        ("signin.amazonaws.com", "ConsoleLogin"),
        ("iam.amazonaws.com", "CreateUser"),
        ("sts.amazonaws.com", "AssumeRole"),
        ("cloudtrail.amazonaws.com", "StopLogging"),
        ("ec2.amazonaws.com", "AuthorizeSecurityGroupIngress"),
        ("kms.amazonaws.com", "Decrypt"),
    ];
    let (event_source, event_name) = match rng.random_range(0..6) {
        0 => (format!("{mark}.amazonaws.com"), format!("{mark}Call{}", at % 3)),
        _ => calls.choose(rng).map(|(source, name)| ((*source).to_owned(), (*name).to_owned())).unwrap(),
    };
    let address = match rng.random_range(0..8) {
        0 => format!("{mark}.amazonaws.com"),
        1 => "203.0.113.7".to_owned(),
        2 => format!("2001:db8:{number}::{}", at % 4),
        _ => format!("10.{number}.0.{}", at % 5),
    };
    let seconds =
        if at.is_multiple_of(10) { rng.random_range(0..40 * 86_400) } else { rng.random_range(0..3 * 86_400) };
    // Two hours one after the other, and then silence.
    let (seconds, region) =
        if at < 2 { ((40 + at as i64) * 3_600, format!("{mark}-quiet")) } else { (seconds, region) };
    let now = model::time::Timestamp::parse(NOW).unwrap().0;
    let response = match event_name.as_str() {
        "AssumeRole" => json!({ "credentials": { "accessKeyId": key("ASIA", at % 5) } }),
        "ConsoleLogin" => json!({ "ConsoleLogin": "Success" }),
        _ => Value::Null,
    };
    let mut event = json!({
        "eventVersion": "1.11",
        "userIdentity": identity,
        "eventTime": model::time::Timestamp(now - 1_000 - seconds * 1_000).rfc3339(),
        "eventSource": event_source,
        "eventName": event_name,
        "awsRegion": if at >= 2 && at.is_multiple_of(2) { "eu-west-1" } else { &region },
        "sourceIPAddress": address,
        "userAgent": format!("{agent}/1.{}", at % 3),
        "requestParameters": { "bucketName": bucket, "key": format!("{mark}/object{at}"), "maxKeys": number * 1_000 + at % 9,
            "items": [{ "cidrIp": "0.0.0.0/0" }, { "own": mark }] },
        "responseElements": response,
        "additionalEventData": { "MFAUsed": "No", "own": mark },
        "resources": [{ "ARN": format!("arn:aws:s3:::{bucket}"), "accountId": account, "type": "AWS::S3::Bucket" }],
        "requestID": format!("{mark}-request-{at}"),
        "eventID": if at.is_multiple_of(7) { format!("{mark}-event-{at}") } else { fixture::id(number * 1_000_000 + at) },
        "readOnly": at.is_multiple_of(3),
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "eventCategory": "Management",
        "tlsDetails": { "tlsVersion": "TLSv1.2", "clientProvidedHostHeader": format!("{mark}.example") },
    });
    if at.is_multiple_of(4) {
        event["errorCode"] = json!(if at.is_multiple_of(8) { "AccessDenied" } else { "Throttling" });
        event["errorMessage"] = json!(message);
    }
    if at.is_multiple_of(5) {
        event["vpcEndpointId"] = json!(format!("vpce-{mark}"));
    }
    if !account.is_empty() {
        event["recipientAccountId"] = json!(account);
    }
    event
}

pub struct Stored {
    pub pool: PgPool,
    pub query: Query,
}

/// A database with the events of all, mixed within files and segments, and one with one's own alone.
pub async fn stored(own: &[Value], others: &[Value], rng: &mut ChaCha8Rng) -> (Stored, Stored) {
    let folder = tempfile::tempdir().unwrap();
    let mut all = [own, others].concat();
    all.shuffle(rng);
    let mut stored = Vec::new();
    for events in [&all[..], own] {
        let pool = database().await;
        let lines: String = events.iter().map(|event| format!("{event}\n")).collect();
        let summary = fixture::ingest(&pool, &fixture::write(folder.path(), "events.json", lines)).await;
        assert_eq!(summary.events_inserted, events.len() as u64);
        // What a GeoIP database would say, and who is asked whether accounts fell silent.
        for sql in [
            "update address set country = 'DE', city = 'city-' || case when source_ip <<= '10.2.0.0/16' then 'tenantb' else 'x' end,
                    latitude = 50, longitude = 8, time_zone = 'Europe/Berlin', as_number = split_part(host(source_ip), '.', 2)::bigint,
                    as_organisation = 'as-' || case when source_ip <<= '10.2.0.0/16' then 'tenantb' else 'x' end
             where family(source_ip) = 4",
            "analyze",
        ] {
            sqlx::query(sql).execute(&pool).await.unwrap();
        }
        server::store::source::running(&pool, "trail", "folder").await.unwrap();
        stored.push(Stored { query: query(&pool), pool });
    }
    let alone = stored.pop().unwrap();
    (stored.pop().unwrap(), alone)
}

impl Stored {
    /// Values that there are of each field.
    pub async fn known(&self) -> BTreeMap<Field, Vec<String>> {
        let mut known = BTreeMap::new();
        for field in Field::ALL.iter().copied() {
            let value = match field.kind() {
                Kind::List => format!("unnest({})", column(field)),
                Kind::Address => format!("host({})", column(field)),
                Kind::Time => continue,
                _ => format!("({})::text", column(field)),
            };
            let sql = format!(
                "select value from (select distinct {value} as value from event) as v where value is not null order by 1"
            );
            let values: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&self.pool).await.unwrap();
            if !values.is_empty() {
                known.insert(field, values);
            }
        }
        known
    }
}

/// alice of account 2 takes Deploy in account 1, with it Prod there, and with that Far in account 3.
pub async fn crossing() -> Query {
    let pool = database().await;
    let takes = |id: &str, account: &str, actor: &str, key: &str, issued: &str| {
        json!({ "event_id": id, "account": account, "actor": actor, "access_key": key, "issued_access_key": issued,
            "own_origin": (actor == "alice").then_some(actor) })
    };
    insert(
        &pool,
        [
            takes("c-1", "2", "alice", "AKIAalice", "ASIA1"),
            takes("c-2", "1", "Deploy", "ASIA1", "ASIA2"),
            takes("c-3", "1", "Prod", "ASIA2", "ASIA3"),
            json!({ "event_id": "c-4", "account": "3", "actor": "Far", "access_key": "ASIA3" }),
        ],
    )
    .await;
    sqlx::query(
        "insert into credential (access_key, event_time, event_key, from_outside, parent_access_key, own_origin, origin, settled)
         select issued_access_key, event_time, event_key, false, access_key, own_origin, 'alice', true
         from event where issued_access_key is not null",
    )
    .execute(&pool)
    .await
    .unwrap();
    for rollup in &ROLLUPS {
        rollup::rebuild(&pool, rollup).await.unwrap();
    }
    query(&pool)
}
