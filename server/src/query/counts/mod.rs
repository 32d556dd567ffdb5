//! Counts of whole hours and days, kept in memory for who asks for a window with some of them: the days of a month do not change when
//! its window moves on, or when events of today are stored.
//!
//! They are kept under what is counted (`Tally`) and the number of changes of their hours, which a snapshot tells together with their
//! events: what is kept is what the snapshot would count.

use std::sync::{Arc, Mutex, PoisonError};

use foldhash::HashMap;
use quick_cache::{
    DefaultHashBuilder, OptionsBuilder, Weighter,
    sync::{Cache, DefaultLifecycle},
};

use self::span::{Cover, DAY_MS, HOUR_MS};
use super::sql::{Counted, Pass, Rows, Tally};
use crate::store::change::Changes;

pub mod span;

/// Roughly, in memory: of spans, and of the same summed up.
const MOST_BYTES: u64 = 48 << 20;
const MOST_SUM_BYTES: u64 = 64 << 20;
const USUAL_BYTES: u64 = 4 << 10;
/// Rows at most of a window's spans as they are counted, and of one answer. Where more are told apart there is little to sum up, and
/// events are counted each time.
pub const MOST_ROWS: usize = 400_000;
pub const MOST_ASKED: usize = 80_000;

/// Hours and days that may have changed since they were asked for: where there are more, as while months are read, they are counted
/// again only once they have come to rest.
const MOST_RESTLESS: usize = 8;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    tally: Arc<Tally>,
    /// Milliseconds since 1970.
    from: i64,
    to: i64,
}

#[derive(Clone)]
struct Kept {
    changes: i64,
    /// `None`: of that many changes it was only asked for.
    rows: Option<Arc<Rows>>,
}

#[derive(Clone)]
struct Bytes;

impl Weighter<Key, Kept> for Bytes {
    fn weight(&self, _: &Key, kept: &Kept) -> u64 {
        // The key is shared, but for its place.
        (kept.rows.as_ref().map_or(0, |rows| rows.bytes()) + 160) as u64
    }
}

/// What is kept.
pub struct Counts {
    spans: Cache<Key, Kept, Bytes>,
    sums: Cache<Key, Kept, Bytes>,
    /// What tells too many rows apart, by the length of the window in milliseconds.
    wide: Cache<(Arc<Tally>, i64), ()>,
    /// Of fewer rows, the groups that are not shown are not left out.
    pub few: usize,
    /// The changes of each hour when there were so many in all.
    changes: Mutex<(i64, Arc<Changes>)>,
}

impl Default for Counts {
    fn default() -> Counts {
        Counts::cutting(200)
    }
}

impl Counts {
    /// Leaves out groups that are not shown where there are more rows than `few`.
    pub fn cutting(few: usize) -> Counts {
        let cache = |bytes: u64| {
            // In one shard and with much room for what is new, since some sums take a third of it.
            let options = OptionsBuilder::new()
                .shards(1)
                .estimated_items_capacity((bytes / USUAL_BYTES) as usize)
                .weight_capacity(bytes)
                .hot_allocation(0.5)
                .build()
                .expect("both capacities are set");
            Cache::with_options(options, Bytes, DefaultHashBuilder::default(), DefaultLifecycle::default())
        };
        Counts {
            spans: cache(MOST_BYTES),
            sums: cache(MOST_SUM_BYTES),
            wide: Cache::new(1_000),
            few,
            changes: Mutex::default(),
        }
    }
}

/// Spans of one pass that are not kept.
pub struct Missing {
    pub days: Vec<i64>,
    pub hours: Vec<i64>,
}

/// What one pass counts of its window, on the way from memory into a statement.
pub struct Count {
    cover: Cover,
    /// The whole of its spans.
    key: Key,
    changes: Arc<Changes>,
    found: Vec<Arc<Rows>>,
}

/// What there is of a count.
pub enum Found {
    Sum(Counted),
    Some(Count, Missing),
}

impl Count {
    pub fn tally(&self) -> &Arc<Tally> {
        &self.key.tally
    }
}

impl Key {
    /// As in `Counts::wide`.
    fn wide(&self) -> (Arc<Tally>, i64) {
        (self.tally.clone(), self.to - self.from)
    }
}

impl Counts {
    /// The changes of each hour, if there were so many in all when they were read.
    pub fn changes(&self, all: i64) -> Option<Arc<Changes>> {
        let known = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        (known.0 == all).then(|| known.1.clone())
    }

    pub fn set_changes(&self, all: i64, changes: Arc<Changes>) {
        *self.changes.lock().unwrap_or_else(PoisonError::into_inner) = (all, changes);
    }

    /// `None`: there is no whole hour in the window, too much would have to be kept, or it would not last.
    pub fn find(&self, pass: &Pass<'_>, changes: &Arc<Changes>) -> Option<Found> {
        let cover = Cover::of(pass.window, pass.bucket_ms);
        let (from, to) = cover.whole()?;
        let tally = Arc::new(pass.tally());
        let key = Key { tally: tally.clone(), from, to };
        if self.wide.get(&key.wide()).is_some() {
            return None;
        }
        let of_all = tally.changes(changes, from, to);
        let kept = self.sums.get(&key).filter(|kept| kept.changes == of_all);
        if let Some(rows) = kept.and_then(|kept| kept.rows) {
            let (window, left) = (pass.window, cover.left);
            return Some(Found::Sum(Counted { tally, window, left, rows, cut: None, rest: 0 }));
        }
        let (mut found, mut restless) = (Vec::new(), Vec::new());
        let mut missing = |spans: &[i64], length_ms: i64| {
            let mut missing = Vec::new();
            for from in spans {
                let key = Key { tally: tally.clone(), from: *from, to: from + length_ms };
                let of_span = tally.changes(changes, key.from, key.to);
                match self.spans.get(&key) {
                    Some(Kept { changes, rows: Some(rows) }) if changes == of_span => found.push(rows),
                    Some(Kept { changes, .. }) if changes != of_span => {
                        missing.push(*from);
                        restless.push((key, of_span));
                    }
                    _ => missing.push(*from),
                }
            }
            missing
        };
        let missing = Missing { days: missing(&cover.days, DAY_MS), hours: missing(&cover.hours, HOUR_MS) };
        if restless.len() > MOST_RESTLESS {
            restless.into_iter().for_each(|(key, changes)| self.spans.insert(key, Kept { changes, rows: None }));
            return None;
        }
        Some(Found::Some(Count { cover, key, changes: changes.clone(), found }, missing))
    }

    /// Keeps what was counted of spans that were missing.
    pub fn keep(&self, count: &mut Count, missing: &[i64], length_ms: i64, mut counted: HashMap<i64, Rows>) {
        for from in missing {
            // Without a row there are no events.
            let rows = Arc::new(counted.remove(from).unwrap_or_default());
            let key = Key { tally: count.key.tally.clone(), from: *from, to: from + length_ms };
            let changes = key.tally.changes(&count.changes, key.from, key.to);
            self.spans.insert(key, Kept { changes, rows: Some(rows.clone()) });
            count.found.push(rows);
        }
    }

    /// Remembers that there are too many rows.
    pub fn give_up(&self, count: Count) {
        self.wide.insert(count.key.wide(), ());
    }

    /// All spans together.
    pub fn sum(&self, count: Count, pass: &Pass<'_>) -> Counted {
        let Count { cover, key, changes, found } = count;
        let tally = key.tally.clone();
        let rows = Arc::new(tally.sum(found.iter().map(|rows| &**rows)));
        let changes = tally.changes(&changes, key.from, key.to);
        self.sums.insert(key, Kept { changes, rows: Some(rows.clone()) });
        Counted { tally, window: pass.window, left: cover.left, rows, cut: None, rest: 0 }
    }
}
