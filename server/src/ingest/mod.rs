//! CloudTrail objects in, rows out, exactly once.
//!
//! The contract:
//! - An object's URI is its identity, its version tells one content from another. It is done or it is not: a done object of the
//!   same version is skipped; a failed or changed one is read again.
//! - All events of an object are stored in one transaction together with the object's own row. So a crash at any moment leaves
//!   each object either wholly stored or not at all, and a second run gives the same tables as one clean run.
//! - An event's id and time are unique. The first one is kept, by the time of delivery in the names of objects, then in the order
//!   of objects, then of records; the same event from anywhere else changes nothing and is counted as duplicate. An id that comes
//!   with another time is another event.
//! - Nothing is dropped for its shape. What cannot be read as an event is kept in `rejected` with its place and reason.
//!   For every object and every run, `events_read = events_inserted + events_duplicate + events_rejected`.
//! - A damaged object gives what it has before the damage, and is marked failed with the reason. One that broke off on its way here
//!   gives nothing, and is read again from its beginning. Neither stops the run.
//! - Memory is bounded, whatever is read: see `scan` for one object; a few are read ahead, each in parts of about a MiB.

use std::{
    collections::HashMap,
    io,
    ops::RangeInclusive,
    path::PathBuf,
    sync::{Arc, atomic::AtomicU64},
    time::Instant,
};

use serde::Serialize;
use sqlx::{PgPool, Postgres, pool::PoolConnection};
use tokio::sync::{Semaphore, mpsc};

use self::{gather::Watch, read::Reader, source::Object, write::Writer};
use crate::{clock::Clock, disk::Disk, integrity::name::log_file, store};

pub mod client;
pub mod decode;
pub mod enrich;
pub mod envelope;
mod gather;
mod group;
pub mod identity;
pub mod inflate;
pub mod json;
pub mod mark;
pub mod moment;
mod read;
pub mod record;
mod resource;
pub mod scan;
pub mod source;
mod value;
mod write;

/// URIs that are looked up in one statement.
const LOOK_UP: usize = 5_000;

/// What `trailmap ingest` reads.
#[derive(Clone, Debug)]
pub enum Input {
    /// A file, or a folder with all files below it.
    Path(PathBuf),
    Stdin,
}

/// What an ingest run did: the object that `--format json` prints.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Objects read to their end in this run.
    pub objects: u64,
    pub objects_failed: u64,
    /// Objects that an earlier run had read already.
    pub objects_skipped: u64,
    pub events_read: u64,
    pub events_inserted: u64,
    pub events_duplicate: u64,
    pub events_rejected: u64,
    pub bytes_uncompressed: u64,
    pub seconds: f64,
}

/// After so many new events Postgres is not left to notice by itself that its statistics are old.
const MANY_EVENTS: u64 = 10_000;

/// Told as objects go through; drawn as a progress bar on a terminal.
pub trait Progress: Send + Sync {
    /// Compressed bytes that the run will read, known before it starts (0 for standard input).
    fn total_bytes(&self, _bytes: u64) {}
    /// Compressed bytes and events that were read since the last call.
    fn advanced(&self, _bytes: u64, _events: u64) {}
    /// An object failed; `reason` names what and where.
    fn failed(&self, _uri: &str, _reason: &str) {}
}

/// No progress shown.
pub struct Silent;
impl Progress for Silent {}

/// Why an object is marked failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    pub reason: String,
    /// Set where the object was not reached or broke off: another try may go well. Else its content is damaged.
    pub trouble: Option<io::ErrorKind>,
}

/// What became of a batch of objects. Those that are not in `failed` are stored, now or before.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    pub summary: Summary,
    pub failed: HashMap<String, Failed>,
    /// From the oldest event that was read to the newest, in microseconds since 1970.
    pub times: Option<RangeInclusive<i64>>,
}

/// What was stored and is not settled yet.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    pub events: u64,
    /// As in a batch.
    pub times: Option<RangeInclusive<i64>>,
}

impl Stored {
    pub fn add(&mut self, events: u64, times: Option<RangeInclusive<i64>>) {
        self.events += events;
        self.times = span(self.times.take(), times);
    }
}

/// From the earlier beginning to the later end.
fn span(a: Option<RangeInclusive<i64>>, b: Option<RangeInclusive<i64>>) -> Option<RangeInclusive<i64>> {
    a.into_iter().chain(b).reduce(|a, b| *a.start().min(b.start())..=*a.end().max(b.end()))
}

/// A connection that goes back into the pool when its work is done. Dropped before, within a COPY perhaps, it would answer the next
/// statement with what the last one left.
struct Lent {
    connection: PoolConnection<Postgres>,
    done: bool,
}

impl Drop for Lent {
    fn drop(&mut self) {
        if !self.done {
            self.connection.close_on_drop();
        }
    }
}

/// Reads all inputs into the database. Errors: only what stops the whole run (database gone, its disk full); a bad object is counted
/// and told.
pub async fn run(
    pool: &PgPool,
    geoip: &enrich::GeoIp,
    disk: &Disk,
    inputs: Vec<Input>,
    progress: &dyn Progress,
) -> anyhow::Result<Summary> {
    let began = Instant::now();
    let (objects, unreadable) = source::list(&inputs, Clock::System.now());
    for error in &unreadable {
        progress.failed(&error.uri, &error.reason);
    }
    let known = store::known::Known::default();
    let Batch { mut summary, times, .. } = batch(pool, geoip, disk, objects, ahead(), progress, &known).await?;
    summary.objects_failed += unreadable.len() as u64;
    settle(pool, &Stored { events: summary.events_inserted, times }).await?;
    Ok(Summary { seconds: began.elapsed().as_secs_f64(), ..summary })
}

/// Stores objects, `ahead` of them being read at a time. Each URI once: of several the last. `known` need not be written again.
/// Errors: as of `run`; what was stored until then stays. Dropping it is safe at any moment.
pub async fn batch(
    pool: &PgPool,
    geoip: &enrich::GeoIp,
    disk: &Disk,
    objects: Vec<Object>,
    ahead: usize,
    progress: &dyn Progress,
    known: &store::known::Known,
) -> anyhow::Result<Batch> {
    let objects = in_time(each_once(objects));
    let listed = objects.len();
    let objects = not_done(pool, objects).await?;
    let compressed = Arc::new(AtomicU64::new(0));
    progress.total_bytes(objects.iter().map(|object| object.bytes).sum());
    let skipped = (listed - objects.len()) as u64;
    if objects.is_empty() {
        return Ok(Batch { summary: Summary { objects_skipped: skipped, ..Summary::default() }, ..Batch::default() });
    }
    let mut lent = Lent { connection: pool.acquire().await?, done: false };
    let connection = &mut *lent.connection;
    let (dimensions, months) = known.recall(connection, Clock::System.now().0 * 1000).await?;
    let watch = Watch::new(progress, &compressed);
    let mut writer = Writer::new(disk, &watch, dimensions.clone(), months);
    writer.summary.objects_skipped = skipped;
    let mut objects: Vec<_> = (0..).zip(objects).collect();
    while !objects.is_empty() {
        let reader = Reader { geoip: geoip.clone(), dimensions: dimensions.clone(), compressed: compressed.clone() };
        let (sender, readings) = mpsc::channel(ahead);
        let (hand_on, works) = mpsc::channel(1);
        let idle = Semaphore::new(1);
        let stored =
            async { tokio::try_join!(watch.gather(readings, hand_on, &idle), writer.run(connection, works, &idle)) };
        let ((), stored) = tokio::join!(reader.run(objects, sender), stored);
        stored?;
        objects = std::mem::take(&mut writer.again);
    }
    lent.done = true;
    let Writer { summary, failed, .. } = writer;
    Ok(Batch { summary, failed, times: watch.times() })
}

/// After events were stored: rollups are folded, and Postgres learns what there is.
pub async fn settle(pool: &PgPool, stored: &Stored) -> sqlx::Result<()> {
    if let Some(times) = &stored.times
        && stored.events > 0
    {
        store::rollup::fold(pool, times).await?;
        store::change::fold(pool).await?;
    }
    if stored.events >= MANY_EVENTS {
        store::summarize(pool).await?;
        store::analyze(pool, stored.events).await?;
    }
    Ok(())
}

/// Objects that are read at a time, ahead of the writer.
fn ahead() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 8)
}

fn each_once(objects: Vec<Object>) -> Vec<Object> {
    let last: HashMap<_, _> = (0..).zip(&objects).map(|(number, object)| (object.uri.clone(), number)).collect();
    let numbered = (0..).zip(objects).filter(|(number, object): &(usize, Object)| last[&object.uri] == *number);
    numbered.map(|(_, object)| object).collect()
}

/// By when CloudTrail delivered them, as their names tell; before them, in their order, those whose names do not. Events of one
/// time are then stored together: in the same pages of the indexes, and counted in the same rows of the rollups.
fn in_time(mut objects: Vec<Object>) -> Vec<Object> {
    objects.sort_by_cached_key(|object| log_file(&object.uri).and_then(|name| name.time));
    objects
}

async fn not_done(pool: &PgPool, objects: Vec<Object>) -> sqlx::Result<Vec<Object>> {
    let mut done = HashMap::new();
    for some in objects.chunks(LOOK_UP) {
        let uris: Vec<_> = some.iter().map(|object| object.uri.as_str()).collect();
        done.extend(store::object::done(pool, &uris).await?);
    }
    Ok(objects.into_iter().filter(|object| done.get(&object.uri) != Some(&object.version)).collect())
}
