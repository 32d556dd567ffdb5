//! LookupEvents, against a server that speaks its protocol: JSON 1.1, pages, throttling, tokens that expire.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use server::{
    config::source::{Aws, LookupEvents},
    ingest::source::{intake::Intake, lookup::Lookup},
};
use sqlx::PgPool;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    cloud,
    wire::{self, Answer, Request},
};
use crate::{
    ingest::fixture::{event, tables, with},
    support::database,
};

/// What it was asked, and when.
#[derive(Clone, Debug)]
struct Asked {
    at: Instant,
    body: Value,
}

#[derive(Default)]
struct Api {
    /// Events with their second, and whether they are Insights.
    events: Vec<(i64, Value, bool)>,
    asked: Vec<Asked>,
    /// So many of the next requests are refused.
    throttle: usize,
    /// The next token that comes is not known.
    forget: bool,
}

/// An API on a port of its own.
#[derive(Clone)]
pub struct Stub {
    api: Arc<Mutex<Api>>,
    pub url: String,
}

impl Stub {
    pub fn new() -> Stub {
        let api: Arc<Mutex<Api>> = Arc::default();
        let asked = api.clone();
        Stub { api, url: wire::serve(move |request| answer(&asked, request)) }
    }

    /// An event with its second.
    pub fn remember(&self, second: i64, event: Value) {
        self.api.lock().unwrap().events.push((second, event, false));
    }

    fn add(&self, number: u64, second: i64, insight: bool) {
        let time = OffsetDateTime::from_unix_timestamp(second).unwrap().format(&Rfc3339).unwrap();
        let changes = match insight {
            true => json!({"eventTime": time, "eventCategory": "Insight", "eventType": "AwsCloudTrailInsight"}),
            false => json!({"eventTime": time}),
        };
        self.api.lock().unwrap().events.push((second, with(event(number), changes), insight));
    }

    fn open(&self, poll: u64) -> Lookup {
        let settings = LookupEvents {
            aws: Aws::default(),
            regions: vec!["eu-west-1".to_owned()],
            days: 1,
            poll: Duration::from_secs(poll),
        };
        Lookup::new(settings, cloud::config_for(&self.url))
    }

    fn asked(&self) -> Vec<Asked> {
        self.api.lock().unwrap().asked.clone()
    }
}

fn answer(api: &Mutex<Api>, request: &Request) -> Answer {
    if request.header("x-amz-target").is_none() {
        return Answer::new(200, "text/xml", WHO);
    }
    let (status, answer) = look_up(&mut api.lock().unwrap(), &serde_json::from_slice(&request.body).unwrap());
    Answer::new(status, "application/x-amz-json-1.1", answer.to_string())
}

/// STS says who we are.
const WHO: &str = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
    <Arn>arn:aws:iam::111122223333:user/a</Arn><UserId>A</UserId><Account>111122223333</Account>\
    </GetCallerIdentityResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetCallerIdentityResponse>";

fn look_up(api: &mut Api, body: &Value) -> (u16, Value) {
    api.asked.push(Asked { at: Instant::now(), body: body.clone() });
    if api.throttle > 0 {
        api.throttle -= 1;
        return (400, json!({"__type": "ThrottlingException", "message": "Rate exceeded"}));
    }
    let token = body["NextToken"].as_str();
    if token.is_some() && std::mem::take(&mut api.forget) {
        return (400, json!({"__type": "InvalidNextTokenException", "message": "expired"}));
    }
    let second = |key: &str| body[key].as_f64().unwrap() as i64;
    let (from, to) = (second("StartTime"), second("EndTime"));
    let insight = body["EventCategory"] == "insight";
    let mut found: Vec<_> =
        api.events.iter().filter(|(at, _, is)| (from..=to).contains(at) && *is == insight).collect();
    found.sort_by_key(|(at, ..)| -at);
    let skip = token.map_or(0, |token| token.parse().unwrap());
    let shown = found.iter().skip(skip).take(50);
    let events: Vec<_> = shown
        .map(|(at, event, _)| json!({"EventId": event["eventID"], "EventTime": at, "CloudTrailEvent": event.to_string()}))
        .collect();
    let more = skip + events.len() < found.len();
    let mut answer = json!({"Events": events});
    if more {
        answer["NextToken"] = (skip + 50).to_string().into();
    }
    (200, answer)
}

fn intake(pool: &PgPool) -> Intake {
    Intake::new(pool.clone(), Default::default()).named("api")
}

async fn events(pool: &PgPool) -> i64 {
    sqlx::query_scalar("select count(*) from event").fetch_one(pool).await.unwrap()
}

fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

/// Two requests a second; on a busy machine one of them may arrive late, and the next seems early.
#[track_caller]
fn at_pace(asked: &[Asked]) {
    let (turns, took) = (asked.len() as u32 - 1, asked[asked.len() - 1].at - asked[0].at);
    assert!(took >= turns * Duration::from_millis(490), "{turns} requests after the first in {took:?}");
    let least = asked.windows(2).map(|two| two[1].at - two[0].at).min().unwrap();
    assert!(least >= Duration::from_millis(250), "{least:?}");
}

#[tokio::test]
async fn all_of_a_day_is_read_once_at_two_requests_a_second() {
    let (pool, stub) = (database().await, Stub::new());
    for number in 0..300 {
        stub.add(number, now() - 60 - number as i64 * 270, false);
    }
    stub.add(1_000, now() - 7_200, true);
    stub.api.lock().unwrap().throttle = 2;
    stub.api.lock().unwrap().forget = true;
    let mut lookup = stub.open(60);
    let began = Instant::now();
    while lookup.round(&intake(&pool)).await.unwrap().pause.is_zero() || events(&pool).await < 301 {
        assert!(began.elapsed() < Duration::from_secs(40), "{} events", events(&pool).await);
    }
    assert_eq!(events(&pool).await, 301);
    assert!(stub.api.lock().unwrap().throttle == 0 && !stub.api.lock().unwrap().forget, "both were met");
    let asked = stub.asked();
    at_pace(&asked);

    // Another start asks for what is new alone, and finds the same.
    let before = tables(&pool).await;
    let slices = |asked: &[Asked]| {
        asked.iter().filter(|asked| asked.body["EndTime"].as_f64().unwrap() < (now() - 1_800) as f64).count()
    };
    assert!(slices(&asked) > 0);
    stub.open(60).round(&intake(&pool)).await.unwrap();
    assert_eq!(slices(&stub.asked()[asked.len()..]), 0, "slices that were read are not asked for again");
    let rows = |tables: &[String]| tables.iter().filter(|row| row.starts_with("e ")).count();
    assert_eq!(rows(&tables(&pool).await), rows(&before));
}

#[tokio::test]
async fn late_events_are_found_and_no_object_is_written_for_what_is_known() {
    let (pool, stub) = (database().await, Stub::new());
    stub.add(1, now() - 30, false);
    let mut lookup = stub.open(1);
    lookup.round(&intake(&pool)).await.unwrap();
    let objects = async || sqlx::query_scalar::<_, i64>("select count(*) from object").fetch_one(&pool).await.unwrap();
    assert_eq!((events(&pool).await, objects().await), (1, 1));
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    lookup.round(&intake(&pool)).await.unwrap();
    assert_eq!((events(&pool).await, objects().await), (1, 1));
    // Delivered after the look, with a time before it.
    stub.add(2, now() - 900, false);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    lookup.round(&intake(&pool)).await.unwrap();
    assert_eq!((events(&pool).await, objects().await), (2, 2));
}

/// AWS counts the requests of an account, not those of a source.
#[tokio::test]
async fn two_sources_of_one_account_and_region_share_one_pace() {
    let (pool, stub) = (database().await, Stub::new());
    let (mut one, mut other) = (stub.open(60), stub.open(60));
    let intake = intake(&pool);
    let (one, other) = tokio::join!(one.round(&intake), other.round(&intake));
    assert!(one.is_ok() && other.is_ok());
    let asked = stub.asked();
    assert!(asked.len() >= 8, "{}", asked.len());
    at_pace(&asked);
}
