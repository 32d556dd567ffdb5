//! Tests of `server::sample`: what it writes is counted, looked at and ingested.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use model::time::Timestamp;
use serde_json::Value;
use server::{
    ingest::{self, Input, enrich::GeoIp},
    sample::{Settings, Summary, write},
};
use tempfile::TempDir;

/// 2026-11-24T12:00:00Z
const UNTIL: i64 = 1_795_521_600_000;

fn sample(events: u64, days: u32, seed: u64) -> (TempDir, Summary) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_owned();
    let summary = write(&Settings { events, days, seed, out, until: Timestamp(UNTIL) }).unwrap();
    (folder, summary)
}

/// All files below `folder`, by their paths from there.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap).filter(|e| e.file_type().is_file());
    entries.map(|e| (e.path().strip_prefix(folder).unwrap().to_owned(), fs::read(e.path()).unwrap())).collect()
}

fn records(bytes: &[u8]) -> Vec<Value> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    let mut file: Value = serde_json::from_str(&text).unwrap();
    serde_json::from_value(file["Records"].take()).unwrap()
}

/// Each distinct event, in order of time.
fn events(folder: &Path) -> Vec<Value> {
    let mut by_id = BTreeMap::new();
    for record in files(folder).values().flat_map(|bytes| records(bytes)) {
        let id = record["eventID"].as_str().unwrap().to_owned();
        if let Some(earlier) = by_id.insert(id, record.clone()) {
            assert_eq!(earlier, record, "an event comes again as it was");
        }
    }
    let mut events: Vec<_> = by_id.into_values().collect();
    events.sort_by_key(|event| event["eventTime"].to_string());
    events
}

fn text<'a>(event: &'a Value, pointer: &str) -> &'a str {
    event.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn named<'a>(events: &'a [Value], name: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["eventName"] == name).collect()
}

#[test]
fn the_same_settings_give_the_same_bytes() {
    let [first, second, other] = [7, 7, 8].map(|seed| sample(700, 5, seed));
    assert_eq!(files(first.0.path()), files(second.0.path()));
    assert_ne!(files(first.0.path()), files(other.0.path()));
}

#[test]
fn exactly_so_many_events_and_some_of_them_twice() {
    for (wanted, days) in [(1, 1), (37, 2), (500, 30), (8_000, 4)] {
        let (folder, summary) = sample(wanted, days, 1);
        let files = files(folder.path());
        let written: usize = files.values().map(|bytes| records(bytes).len()).sum();
        assert_eq!(events(folder.path()).len() as u64, wanted);
        assert_eq!(summary.events, wanted);
        assert_eq!(summary.files, files.len() as u64);
        assert_eq!(summary.bytes, files.values().map(|bytes| bytes.len() as u64).sum::<u64>());
        let twice = written as u64 - wanted;
        assert!(twice <= wanted / 50 && (wanted < 8_000 || twice > 10), "{twice} of {wanted} are delivered twice");
    }
}

#[test]
fn files_lie_where_cloudtrail_puts_them() {
    let (folder, _) = sample(3_000, 3, 1);
    for (path, bytes) in files(folder.path()) {
        let parts: Vec<_> = path.iter().map(|part| part.to_str().unwrap()).collect();
        let [logs, account, kind, region, year, month, day, name] = parts[..] else { panic!("{}", path.display()) };
        assert_eq!(logs, "AWSLogs");
        let records = records(&bytes);
        assert!((1..=300).contains(&records.len()));
        for record in &records {
            assert_eq!(record["recipientAccountId"], account);
            assert_eq!(record["awsRegion"], region);
            assert_eq!(record["eventCategory"] == "Insight", kind == "CloudTrail-Insight");
            // Delivered in the minutes after, or later when it is delivered again.
            let delivered = name.split('_').nth(3).unwrap();
            let written = text(record, "/eventTime").replace(['-', ':'], "");
            assert!(written.as_str() < delivered, "{written} is after {delivered}");
        }
        let start = format!("{account}_{kind}_{region}_{year}{month}{day}T");
        assert!(name.starts_with(&start) && name.ends_with(".json.gz"), "{name}");
        assert_eq!(name.len(), start.len() + "hhmmZ_".len() + 16 + ".json.gz".len(), "{name}");
    }
}

#[test]
fn events_have_the_shapes_of_cloudtrail() {
    let (folder, _) = sample(8_000, 7, 1);
    for event in events(folder.path()) {
        let written = event.to_string();
        for field in ["eventVersion", "eventTime", "awsRegion", "eventID", "eventType", "recipientAccountId"] {
            assert!(event[field].is_string(), "{field}: {written}");
        }
        let time = text(&event, "/eventTime");
        assert!(("2026-11-17T12:00:00Z".."2026-11-24T12:00:00Z").contains(&time), "{time}");
        if event["eventCategory"] == "Insight" {
            assert!(event["insightDetails"]["state"].is_string());
            continue;
        }
        assert!(text(&event, "/eventSource").ends_with(".amazonaws.com"), "{written}");
        assert_eq!(event["managementEvent"] == true, event["eventCategory"] == "Management");
        assert!(event.get("requestParameters").is_some() && event.get("responseElements").is_some());
        let address = text(&event, "/sourceIPAddress").parse::<std::net::IpAddr>().is_ok();
        assert_eq!(event.get("tlsDetails").is_some(), address, "{written}");
        if event.get("errorCode").is_some() {
            assert!(!text(&event, "/errorMessage").is_empty() && event["responseElements"].is_null(), "{written}");
        }
        identity(&event);
    }
}

fn identity(event: &Value) {
    let identity = &event["userIdentity"];
    let is = |pointer: &str, prefix: &str| text(identity, pointer).starts_with(prefix);
    let right = match text(identity, "/type") {
        "AssumedRole" => {
            let session = text(identity, "/principalId").split_once(':').map(|(_, session)| session);
            is("/principalId", "AROA")
                && is("/accessKeyId", "ASIA")
                && text(identity, "/arn").ends_with(session.unwrap())
                && is("/sessionContext/sessionIssuer/arn", "arn:aws:iam::")
        }
        "IAMUser" if identity["userName"] == "HIDDEN_DUE_TO_SECURITY_REASONS" => identity.get("arn").is_none(),
        "IAMUser" => is("/principalId", "AIDA") && !text(identity, "/userName").is_empty(),
        "Root" => text(identity, "/arn").ends_with(":root"),
        "AWSService" => identity["invokedBy"] == event["sourceIPAddress"],
        "AWSAccount" => event["sharedEventID"].is_string(),
        "WebIdentityUser" => event["eventName"] == "AssumeRoleWithWebIdentity",
        "IdentityCenterUser" => is("/onBehalfOf/identityStoreArn", "arn:aws:identitystore::"),
        _ => false,
    };
    assert!(right, "{event}");
}

#[test]
fn as_many_errors_people_and_places_as_in_a_company() {
    let (folder, _) = sample(20_000, 14, 1);
    let events = events(folder.path());
    let share = |wanted: &dyn Fn(&Value) -> bool| {
        events.iter().filter(|event| wanted(event)).count() as f64 / events.len() as f64
    };
    assert!((0.03..0.06).contains(&share(&|event| event.get("errorCode").is_some())));
    assert!((0.1..0.5).contains(&share(&|event| event["eventCategory"] == "Data")));
    let people: BTreeSet<_> = events
        .iter()
        .filter_map(|event| text(event, "/userIdentity/principalId").split_once(':')?.1.strip_suffix("@acorn.example"))
        .collect();
    assert!(people.len() >= 15, "{people:?}");
    let regions: BTreeSet<_> = events.iter().map(|event| text(event, "/awsRegion")).collect();
    assert!(regions.len() >= 8, "{regions:?}");
    let accounts: BTreeSet<_> = events.iter().map(|event| text(event, "/recipientAccountId")).collect();
    assert_eq!(accounts.len(), 4);

    let mut sign_ins: HashMap<(&str, &str), u32> = HashMap::new();
    for event in named(&events, "ConsoleLogin") {
        let key = (text(event, "/responseElements/ConsoleLogin"), text(event, "/additionalEventData/MFAUsed"));
        *sign_ins.entry(key).or_default() += 1;
    }
    for kind in [("Success", "Yes"), ("Success", "No"), ("Failure", "No")] {
        assert!(sign_ins.get(&kind).is_some_and(|count| *count >= 5), "{kind:?}: {sign_ins:?}");
    }
}

/// People are at work by day, and less on Saturdays and Sundays.
#[test]
fn days_and_weeks_have_their_rhythm() {
    let (folder, _) = sample(20_000, 14, 1);
    let events = events(folder.path());
    let germans =
        ["anna.becker", "jonas.vogt", "mira.keller", "felix.brandt"].map(|name| format!("/{name}@acorn.example"));
    let them = |event: &&Value| germans.iter().any(|name| text(event, "/userIdentity/arn").ends_with(name));
    let hours: Vec<u32> =
        events.iter().filter(them).map(|event| text(event, "/eventTime")[11..13].parse().unwrap()).collect();
    let by_day = hours.iter().filter(|hour| (7..19).contains(*hour)).count();
    assert!(hours.len() > 200 && by_day * 10 > hours.len() * 8, "{by_day} of {}", hours.len());

    let on = |date: &str| events.iter().filter(|event| text(event, "/eventTime").starts_with(date)).count();
    assert!(on("2026-11-14") * 10 < on("2026-11-12") * 8, "Saturday and Thursday before");
}

#[test]
fn the_break_in_is_there_even_in_a_small_sample() {
    for wanted in [500, 8_000] {
        let (folder, _) = sample(wanted, 30, 3);
        let events = events(folder.path());
        let has = |name: &str, wanted: &dyn Fn(&Value) -> bool| {
            assert!(named(&events, name).into_iter().any(wanted), "no such {name} among {}", events.len());
        };
        has("GetCallerIdentity", &|e| text(e, "/userIdentity/userName") == "ci-deploy" && e["errorCode"].is_null());
        has("ListUsers", &|e| e["errorCode"] == "AccessDenied");
        let login = |e: &Value, outcome: &str| {
            text(e, "/userIdentity/userName") == "tomas.novak"
                && text(e, "/sourceIPAddress").starts_with("141.98.11.")
                && text(e, "/responseElements/ConsoleLogin") == outcome
        };
        has("ConsoleLogin", &|e| login(e, "Failure"));
        has("ConsoleLogin", &|e| login(e, "Success") && text(e, "/additionalEventData/MFAUsed") == "No");
        has("CreateUser", &|e| text(e, "/requestParameters/userName") == "svc-sync");
        has("AttachUserPolicy", &|e| text(e, "/requestParameters/policyArn").ends_with("/AdministratorAccess"));
        has("CreateAccessKey", &|e| text(e, "/responseElements/accessKey/accessKeyId").starts_with("AKIA"));
        has("StopLogging", &|e| e["errorCode"] == "AccessDeniedException");
        has("DeleteTrail", &|e| e["errorCode"].is_null());
        has("AuthorizeSecurityGroupIngress", &|e| e.to_string().contains("0.0.0.0/0"));
        has("RunInstances", &|e| text(e, "/requestParameters/instanceType") == "p4d.24xlarge");
        has("GetObject", &|e| text(e, "/userIdentity/userName") == "svc-sync");
        has("ConsoleLogin", &|e| text(e, "/userIdentity/type") == "Root");
        assert!(events.iter().any(|e| e["eventType"] == "AwsCloudTrailInsight"));
        let people = events.iter().filter(|e| text(e, "/userIdentity/arn").ends_with("@acorn.example")).count();
        assert!(people * 20 > events.len(), "{people} of {} by people", events.len());
    }
}

/// The decoder takes all of it, and counts what the sample says that it wrote.
#[tokio::test]
async fn all_of_it_is_ingested() {
    let (folder, summary) = sample(3_000, 10, 1);
    let written: usize = files(folder.path()).values().map(|bytes| records(bytes).len()).sum();
    let pool = super::support::database().await;
    let inputs = vec![Input::Path(folder.path().to_owned())];
    let done = ingest::run(&pool, &GeoIp::default(), &Default::default(), inputs, &ingest::Silent).await.unwrap();
    assert_eq!((done.objects, done.objects_failed, done.events_rejected), (summary.files, 0, 0));
    assert_eq!((done.events_read, done.events_inserted), (written as u64, 3_000));
    assert_eq!(done.events_duplicate, written as u64 - 3_000);
    // Who did it is known of every event but the two of CloudTrail Insights.
    let nobody = "select count(*) from event where coalesce(actor, '') = '' and event_category <> 'Insight'";
    assert_eq!(sqlx::query_scalar::<_, i64>(nobody).fetch_one(&pool).await.unwrap(), 0);
}
