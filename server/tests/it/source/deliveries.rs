//! The same events on several ways at once: keys that are listed, keys that a queue tells of, files in a folder, LookupEvents; some
//! events twice, some messages twice, all in another order. A seed chooses it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use server::store::rollup::{self, ROLLUPS};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, PgPool};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    lookup::Stub,
    notification::{bridge, s3, sns},
    store::{BUCKET, Store, etag},
};
use crate::{
    ingest::{
        credential::story,
        fixture::{event, gzip, ingest, with, write},
    },
    support::database,
};

/// One thing that happens outside.
#[derive(Clone)]
enum Step {
    /// A file comes into the bucket, and the queue is told of it so many times.
    Key { key: String, file: usize, notices: u32 },
    /// A file comes into the folder.
    Drop { file: usize },
}

pub struct Deliveries {
    pub config: PathBuf,
    pub folder: TempDir,
    store: Store,
    _api: Stub,
    files: Vec<PathBuf>,
    steps: Vec<Step>,
    /// So many of them are there from the beginning.
    begun: usize,
    /// Of each event, by its id: the hash of its text.
    expected: BTreeMap<String, [u8; 32]>,
}

/// A number from the environment.
pub fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Chosen by `TRAILMAP_TEST_SEED`, else by chance; printed, so that a failure can be had again.
pub fn random() -> ChaCha8Rng {
    let seed = number("TRAILMAP_TEST_SEED", rand::random());
    println!("TRAILMAP_TEST_SEED={seed} chooses the same again");
    ChaCha8Rng::seed_from_u64(seed)
}

impl Deliveries {
    /// `files` files, of `each` events and a tenth of the next file's, and a few events that LookupEvents alone has.
    pub fn new(random: &mut ChaCha8Rng, files: u64, each: u64) -> Deliveries {
        let folder = tempfile::tempdir().unwrap();
        let api = Stub::new();
        let (alone, all) = (files * each + each / 10, files * each + each / 10 + 40);
        let begin = OffsetDateTime::now_utc() - Duration::hours(20);
        let moment = |number: u64| begin + Duration::seconds((number * 64_800 / all) as i64);
        let event = |number: u64| {
            let time = moment(number).replace_nanosecond(0).unwrap().format(&Rfc3339).unwrap();
            with(event(number), json!({ "eventTime": time }))
        };
        let mut expected = BTreeMap::new();
        let mut contents = Contents { folder: folder.path().join("clean"), expected: &mut expected, files: Vec::new() };
        for number in 0..files {
            contents.add((number * each..(number + 1) * each + each / 10).map(event));
        }
        // A chain of roles, each link in a file of its own.
        story().into_iter().for_each(|(_, event)| contents.add([event]));
        let on_all_ways = contents.files.len();
        contents.add((alone..all).map(event));
        for number in (0..alone).step_by(alone as usize / 100 + 1).chain(alone..all) {
            api.remember(moment(number).unix_timestamp(), event(number));
        }
        let files = contents.files;
        let store = Store::new();
        let (mut steps, new) = steps(random, on_all_ways);
        let begun = steps.len();
        steps.extend(new);
        let dropped = folder.path().join("drop");
        std::fs::create_dir(&dropped).unwrap();
        let here = format!("region = \"eu-west-1\"\nendpoint_url = {:?}\n", store.url);
        let text = format!(
            "[[source]]\nname = \"queue\"\ntype = \"sqs\"\nqueue_url = {:?}\nvisibility_timeout = \"2s\"\n{here}\
             [[source]]\nname = \"trail\"\ntype = \"s3\"\nbucket = {:?}\nprefix = \"AWSLogs/\"\npoll = \"1s\"\nrecheck = \"2s\"\n{here}\
             [[source]]\nname = \"drop\"\ntype = \"folder\"\npath = {dropped:?}\npoll = \"1s\"\n\
             [[source]]\nname = \"api\"\ntype = \"lookup-events\"\nregions = [\"eu-west-1\"]\ndays = 1\npoll = \"1s\"\n\
             region = \"eu-west-1\"\nendpoint_url = {:?}\n",
            store.queue_url(),
            BUCKET,
            api.url
        );
        let config = write(folder.path(), "trailmap.toml", text);
        let deliveries = Deliveries { config, folder, store, _api: api, files, steps, begun, expected };
        deliveries.steps[..begun].iter().for_each(|step| deliveries.happen(step));
        deliveries
    }

    /// What is yet to happen, in its order, in so many parts.
    pub fn parts(&self, count: usize) -> Vec<std::ops::Range<usize>> {
        let (all, count) = (self.steps.len() - self.begun, count.max(1));
        let at = |part: usize| self.begun + all * part / count;
        (0..count).map(|part| at(part)..at(part + 1)).collect()
    }

    /// A part happens, bit by bit.
    pub async fn deliver(&self, part: std::ops::Range<usize>) {
        for step in &self.steps[part] {
            self.happen(step);
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    fn happen(&self, step: &Step) {
        match step {
            Step::Drop { file } => {
                write(
                    self.folder.path(),
                    &format!("drop/{file:05}.json.gz"),
                    std::fs::read(&self.files[*file]).unwrap(),
                );
            }
            Step::Key { key, file, notices } => {
                let bytes = std::fs::read(&self.files[*file]).unwrap();
                let etag = etag(&bytes);
                self.store.put(key, bytes);
                for notice in 0..*notices {
                    self.store.send(match (file + notice as usize) % 4 {
                        0 => s3(BUCKET, key, &etag),
                        1 => sns(&s3(BUCKET, key, &etag)),
                        2 => bridge(BUCKET, key, &etag),
                        _ => json!({"s3Bucket": BUCKET, "s3ObjectKey": [key]}).to_string(),
                    });
                }
            }
        }
    }

    /// An event that comes on a way of its own; returns its text.
    pub fn also(&mut self, event: Value) -> String {
        let text = event.to_string();
        let folder = self.folder.path().join("clean");
        let files = std::mem::take(&mut self.files);
        let mut contents = Contents { folder, expected: &mut self.expected, files };
        contents.add([event]);
        self.files = contents.files;
        text
    }

    /// A file of one event that only the queue tells of; returns its URI.
    pub fn mark(&mut self, number: u64) -> String {
        let (file, key) = (self.files.len(), format!("other/mark-{number}.json"));
        let mut contents = Contents {
            folder: self.folder.path().join("clean"),
            expected: &mut self.expected,
            files: std::mem::take(&mut self.files),
        };
        contents.add([with(event(0), json!({"eventID": format!("mark-{number}")}))]);
        self.files = contents.files;
        let step = Step::Key { key, file, notices: 1 };
        self.happen(&step);
        self.steps.push(step);
        Store::uri(&format!("other/mark-{number}.json"))
    }

    /// Messages that somebody has in hand. Nothing may have left the queue before it was committed, and no object be stored in part.
    pub async fn in_hand(&self, pool: &PgPool) -> usize {
        let deleted = self.store.state().deleted.clone();
        let done = self.done(pool).await;
        for message in &deleted {
            for named in server::ingest::source::notification::read(message).unwrap() {
                assert!(done.contains(&Store::uri(&named.key)), "{} left the queue and is not stored", named.key);
            }
        }
        let torn = "select (select coalesce(sum(events_inserted), 0)::bigint from object) - (select count(*) from stored_event)";
        let torn: i64 = sqlx::query_scalar(torn).fetch_one(pool).await.unwrap();
        assert_eq!(torn, 0, "an object is whole or not there");
        self.store.count().1
    }

    async fn done(&self, pool: &PgPool) -> BTreeSet<String> {
        let done = sqlx::query_scalar("select uri from object where state = 'done'").fetch_all(pool).await;
        done.unwrap_or_default().into_iter().collect()
    }

    /// Waits until all has come in and the queue is empty.
    pub async fn over(&self, pool: &PgPool) {
        let expected = self.expected.len() as i64;
        let patience = std::time::Duration::from_secs(60 + expected as u64 / 1_000);
        let began = std::time::Instant::now();
        loop {
            let queue = self.store.count();
            let stored: i64 =
                sqlx::query_scalar("select count(*) from stored_event").fetch_one(pool).await.unwrap_or(-1);
            let unread = self.unread(pool).await;
            if stored == expected && queue == (0, 0) && unread.is_empty() {
                return;
            }
            let missing = format!(
                "{stored} of {expected} events; queue: {queue:?}; {} objects are not read, as {:?}",
                unread.len(),
                unread.first()
            );
            assert!(began.elapsed() < patience, "{missing}");
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }

    async fn unread(&self, pool: &PgPool) -> Vec<String> {
        let done = self.done(pool).await;
        let uri = |step: &Step| match step {
            Step::Key { key, .. } => Store::uri(key),
            Step::Drop { file } => format!("file://{}/drop/{file:05}.json.gz", self.folder.path().display()),
        };
        self.steps.iter().map(uri).filter(|uri| !done.contains(uri)).collect()
    }

    /// No event is lost, none is there twice, and all tables say what one clean run over the same files says.
    pub async fn check(&self, pool: &PgPool) {
        assert_eq!(self.unread(pool).await, Vec::<String>::new());
        let (rows, ids): (i64, i64) =
            sqlx::query_as("select count(*), count(distinct event_id) from event_field").fetch_one(pool).await.unwrap();
        let hash = |text: &str| {
            format!("select encode(sha256(string_agg({text}, '' order by event_id)), 'hex') from event_text")
        };
        let texts = hash("sha256(convert_to(raw, 'UTF8'))");
        let texts: Option<String> = sqlx::query_scalar(AssertSqlSafe(texts)).fetch_one(pool).await.unwrap();
        let all = self.expected.values().fold(Sha256::new(), |all, one| all.chain_update(one)).finalize();
        let all = all.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let expected = self.expected.len() as i64;
        assert_eq!((rows, ids, texts), (expected, expected, Some(all)));

        let clean = database().await;
        ingest(&clean, &self.folder.path().join("clean")).await;
        let without = "'{segment_id,ordinal,action_id,scope_id,identity_id,session_id,address_id,agent_id,result_id,target_id}'::text[]";
        let columns = hash(&format!("sha256(convert_to((to_jsonb(event_text) - {without})::text, 'UTF8'))"));
        let credentials =
            "select coalesce(string_agg(to_jsonb(c)::text, ' ' order by access_key), '') from credential c";
        for sql in [columns.as_str(), credentials] {
            let one = async |pool| sqlx::query_scalar::<_, String>(AssertSqlSafe(sql)).fetch_one(pool).await.unwrap();
            assert_eq!(one(pool).await, one(&clean).await, "{sql}");
        }
        let torn = "select count(*) from object left join (
                        select id, count(*) as events from segment, unnest(object_id) as id group by id
                    ) as of_segments on id = object_id where events_inserted <> coalesce(events, 0)";
        assert_eq!(sqlx::query_scalar::<_, i64>(torn).fetch_one(pool).await.unwrap(), 0, "each object has its own");
        for rollup in &ROLLUPS {
            assert_eq!(rollup::rebuild(pool, rollup).await.unwrap().wrong, 0, "{}", rollup.table);
        }
    }
}

/// Files as they are delivered, kept for the clean run.
struct Contents<'a> {
    folder: PathBuf,
    expected: &'a mut BTreeMap<String, [u8; 32]>,
    files: Vec<PathBuf>,
}

impl Contents<'_> {
    fn add(&mut self, events: impl IntoIterator<Item = Value>) {
        let mut text = String::from("{\"Records\":[");
        for event in events {
            let one = event.to_string();
            let id = event["eventID"].as_str().unwrap().to_owned();
            self.expected.insert(id, Sha256::digest(&one).into());
            if !text.ends_with('[') {
                text.push(',');
            }
            text += &one;
        }
        text += "]}";
        self.files.push(write(&self.folder, &format!("{:05}.json.gz", self.files.len()), gzip(text)));
    }
}

/// Each file comes in one way or in several. First those of earlier days, which are there from the beginning: what comes into a
/// day that was listed to its end is found half a day later.
fn steps(random: &mut ChaCha8Rng, files: usize) -> (Vec<Step>, Vec<Step>) {
    let (mut old, mut new) = (Vec::new(), Vec::new());
    for file in 0..files {
        let notices = if random.random_ratio(1, 20) { 2 } else { 1 };
        let (told, listed, dropped) = match random.random_range(0..20) {
            0..8 => (true, false, false),
            8..12 => (false, true, false),
            12..15 => (false, false, true),
            15..17 => (true, true, false),
            17 => (true, false, true),
            18 => (false, true, true),
            _ => (true, true, true),
        };
        let days_ago = if listed && random.random_ratio(1, 3) { random.random_range(2..5) } else { 0 };
        let key = if listed { key(days_ago, file) } else { format!("other/{file:05}.json.gz") };
        if told || listed {
            let step = Step::Key { key, file, notices: if told { notices } else { 0 } };
            if days_ago > 0 { old.push(step) } else { new.push(step) }
        }
        if dropped {
            new.push(Step::Drop { file });
        }
    }
    new.shuffle(random);
    (old, new)
}

/// As CloudTrail names its files.
fn key(days_ago: i64, file: usize) -> String {
    let now = OffsetDateTime::now_utc() - Duration::days(days_ago);
    let (year, month, day) = (now.year(), u8::from(now.month()), now.day());
    let (hour, minute) = (file / 12 % 24, file % 12 * 5);
    format!(
        "AWSLogs/111122223333/CloudTrail/eu-west-1/{year}/{month:02}/{day:02}/111122223333_CloudTrail_eu-west-1_\
         {year}{month:02}{day:02}T{hour:02}{minute:02}Z_{file:016}.json.gz"
    )
}
