//! S3 and SQS in this process, as far as Trailmap asks them: quick with thousands of messages, where moto takes seconds for an answer,
//! and with faults that moto does not have. What the services really answer is for the tests with moto.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::wire::{self, Answer, Request};

/// The one bucket.
pub const BUCKET: &str = "trail";
/// Keys of a page of a listing.
const PAGE: usize = 200;

#[derive(Default)]
pub struct State {
    pub keys: BTreeMap<String, Vec<u8>>,
    messages: BTreeMap<usize, Message>,
    sent: usize,
    /// Bodies of messages that were deleted.
    pub deleted: Vec<String>,
    /// The next answer that brings this key breaks off after half of it.
    pub broken: Option<&'static str>,
    /// `GET` or `LIST` are answered with AccessDenied.
    pub denied: &'static str,
}

struct Message {
    body: String,
    receives: u32,
    hidden_until: Option<Instant>,
}

/// Clones are the same one.
#[derive(Clone)]
pub struct Store {
    state: Arc<Mutex<State>>,
    pub url: String,
}

impl Store {
    pub fn new() -> Store {
        let state: Arc<Mutex<State>> = Arc::default();
        let own = state.clone();
        let url = wire::serve(move |request| match request.header("x-amz-target") {
            Some(target) => queue(&own, target, &serde_json::from_slice(&request.body).unwrap()),
            None => bucket(&mut own.lock().unwrap(), request),
        });
        Store { state, url }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn put(&self, key: &str, bytes: impl Into<Vec<u8>>) {
        self.state().keys.insert(key.to_owned(), bytes.into());
    }

    pub fn send(&self, body: String) {
        let mut state = self.state();
        // Not in the order in which they are handed out: a queue gives no order.
        let at = state.sent.wrapping_mul(0x9e37_79b9_7f4a_7c15) % (1 << 40);
        state.sent += 1;
        state.messages.insert(at, Message { body, receives: 0, hidden_until: None });
    }

    pub fn queue_url(&self) -> String {
        format!("{}/111122223333/queue", self.url)
    }

    pub fn uri(key: &str) -> String {
        format!("s3://{BUCKET}/{key}")
    }

    /// Messages that wait, and those that somebody has in hand.
    pub fn count(&self) -> (usize, usize) {
        counts(&self.state())
    }
}

fn counts(state: &State) -> (usize, usize) {
    let hidden = state.messages.values().filter(|message| message.is_hidden()).count();
    (state.messages.len() - hidden, hidden)
}

/// What the ETag says of a content.
pub fn etag(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn bucket(state: &mut State, request: &Request) -> Answer {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let key = path.trim_start_matches('/').strip_prefix(BUCKET).unwrap_or_default().trim_start_matches('/');
    let key = percent_decode_str(key).decode_utf8().unwrap();
    let (kind, action) = if key.is_empty() { ("LIST", "s3:ListBucket") } else { ("GET", "s3:GetObject") };
    if state.denied == kind {
        let message = format!("User: u is not authorized to perform: {action} because no policy allows it");
        let body =
            format!("<Error><Code>AccessDenied</Code><Message>{message}</Message><RequestId>r</RequestId></Error>");
        return Answer::new(403, "application/xml", body);
    }
    if key.is_empty() {
        return Answer::new(200, "application/xml", listed(state, query));
    }
    let Some(bytes) = state.keys.get(&*key) else { return Answer::new(404, "application/xml", "") };
    let mut answer = Answer::new(200, "binary/octet-stream", bytes.clone());
    answer.headers.push(("etag", format!("\"{}\"", etag(bytes))));
    if state.broken.take_if(|broken| *broken == key).is_some() {
        answer.cut = Some(bytes.len() / 2);
    }
    answer
}

/// ListObjectsV2.
fn listed(state: &State, query: &str) -> String {
    let query: BTreeMap<_, _> = form_urlencoded::parse(query.as_bytes()).collect();
    let word = |name: &str| query.get(name).map_or("", |value| value.as_ref());
    let (prefix, after) = (word("prefix"), word("start-after").max(word("continuation-token")));
    let found = state.keys.iter().filter(|(key, _)| key.starts_with(prefix) && key.as_str() > after);
    if query.contains_key("delimiter") {
        let below = found.filter_map(|(key, _)| key[prefix.len()..].split_once('/'));
        let folders: BTreeSet<_> = below.map(|(folder, _)| format!("{prefix}{folder}/")).collect();
        let one = |folder| format!("<CommonPrefixes><Prefix>{folder}</Prefix></CommonPrefixes>");
        let folders: String = folders.into_iter().map(one).collect();
        return format!("<ListBucketResult><IsTruncated>false</IsTruncated>{folders}</ListBucketResult>");
    }
    let page: Vec<_> = found.take(PAGE + 1).collect();
    let one = |(key, bytes): &(&String, &Vec<u8>)| {
        let (size, etag) = (bytes.len(), etag(bytes));
        format!("<Contents><Key>{key}</Key><ETag>\"{etag}\"</ETag><Size>{size}</Size></Contents>")
    };
    let keys: String = page.iter().take(PAGE).map(one).collect();
    let next = match page.get(PAGE) {
        Some(_) => format!("<NextContinuationToken>{}</NextContinuationToken>", page[PAGE - 1].0),
        None => String::new(),
    };
    let more = !next.is_empty();
    format!("<ListBucketResult><IsTruncated>{more}</IsTruncated>{keys}{next}</ListBucketResult>")
}

impl Message {
    fn is_hidden(&self) -> bool {
        self.hidden_until.is_some_and(|until| until > Instant::now())
    }
}

/// SQS: JSON 1.0.
fn queue(state: &Mutex<State>, target: &str, body: &Value) -> Answer {
    let number = |value: &Value| value.as_u64().unwrap_or_default();
    let entries = || body["Entries"].as_array().into_iter().flatten();
    let message = |entry: &Value| -> usize { entry["ReceiptHandle"].as_str().unwrap().parse().unwrap() };
    let all_well = || -> Value {
        let ids: Vec<_> = entries().map(|entry| json!({"Id": entry["Id"]})).collect();
        json!({"Successful": ids, "Failed": []})
    };
    let answer = match target {
        "AmazonSQS.ReceiveMessage" => {
            let until = Instant::now() + Duration::from_secs(number(&body["WaitTimeSeconds"]));
            let visible = Duration::from_secs(number(&body["VisibilityTimeout"]));
            loop {
                let messages =
                    receive(&mut state.lock().unwrap(), number(&body["MaxNumberOfMessages"]) as usize, visible);
                if !messages.is_empty() || Instant::now() >= until {
                    break json!({ "Messages": messages });
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        "AmazonSQS.DeleteMessageBatch" => {
            let mut state = state.lock().unwrap();
            let gone: Vec<_> = entries().filter_map(|entry| state.messages.remove(&message(entry))).collect();
            state.deleted.extend(gone.into_iter().map(|message| message.body));
            all_well()
        }
        "AmazonSQS.ChangeMessageVisibilityBatch" => {
            let mut state = state.lock().unwrap();
            for entry in entries() {
                let until = Instant::now() + Duration::from_secs(number(&entry["VisibilityTimeout"]));
                state.messages.entry(message(entry)).and_modify(|message| message.hidden_until = Some(until));
            }
            all_well()
        }
        "AmazonSQS.GetQueueAttributes" => {
            let (waiting, hidden) = counts(&state.lock().unwrap());
            let (waiting, hidden) = (waiting.to_string(), hidden.to_string());
            json!({"Attributes": {"ApproximateNumberOfMessages": waiting, "ApproximateNumberOfMessagesNotVisible": hidden}})
        }
        other => panic!("{other} is not known here"),
    };
    Answer::new(200, "application/x-amz-json-1.0", answer.to_string())
}

fn receive(state: &mut State, most: usize, visible: Duration) -> Vec<Value> {
    let mut messages = Vec::new();
    for (id, message) in state.messages.iter_mut().filter(|(_, message)| !message.is_hidden()).take(most) {
        message.receives += 1;
        message.hidden_until = Some(Instant::now() + visible);
        messages.push(json!({
            "MessageId": id.to_string(), "ReceiptHandle": id.to_string(), "Body": message.body,
            "Attributes": {"ApproximateReceiveCount": message.receives.to_string()}
        }));
    }
    messages
}
