//! Answers of panels, kept for readers who ask the same while no events are stored. Who asks for one that is on its way waits
//! for it, also where it turns out to be none.

use std::{
    convert::Infallible,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use model::{
    access::Accounts,
    filter,
    panel::Panel,
    series::{Cell, Series, Table},
    time::{Range, Timestamp},
};
use quick_cache::{Weighter, sync::Cache};

use super::{plan::Plan, session::Trouble};

/// Roughly, in memory.
const MOST_BYTES: u64 = 64 << 20;
const USUAL_BYTES: u64 = 8 << 10;
/// While events are stored all the time, answers are of what was stored this long ago at most.
pub const PACE: Duration = Duration::from_secs(1);
/// So many changes are told at once before that: whoever stores something now and then sees it immediately.
const AT_ONCE: u32 = 5;

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// How often events had been stored or changed: see `store::change`.
    changes: i64,
    /// Of whom it tells. The filter has them, too, but the newest event and what a panel's own filter says do not follow from it.
    accounts: Accounts,
    panel: String,
    /// The page's, which the answer tells, and the panel's with it.
    filters: [String; 2],
    window_ms: (i64, i64),
}

impl Key {
    pub fn new(changes: i64, panel: &Panel, plan: &Plan<'_>, accounts: &Accounts) -> Result<Key, Trouble> {
        let panel = serde_json::to_string(panel).map_err(|error| sqlx::Error::Encode(error.into()))?;
        let filters = [plan.filter.clone(), filter::print(plan.main.filter.all())];
        let window_ms = (plan.window.from.0, plan.window.to.0);
        Ok(Key { changes, accounts: accounts.clone(), panel, filters, window_ms })
    }
}

/// Which number of changes answers are asked for.
struct Shown {
    changes: i64,
    /// How many new ones may be shown right now.
    left: u32,
    /// When `left` grew the last time.
    grew: Instant,
}

impl Shown {
    fn at(&mut self, changes: i64, now: Instant) -> i64 {
        let grown = now.saturating_duration_since(self.grew).as_millis() / PACE.as_millis();
        if grown > 0 {
            self.left = AT_ONCE.min(self.left.saturating_add(u32::try_from(grown).unwrap_or(u32::MAX)));
            self.grew = now;
        }
        if changes != self.changes && self.left > 0 {
            (self.changes, self.left) = (changes, self.left - 1);
        }
        self.changes
    }
}

/// What waits for an answer gets.
type Answer = Result<Arc<Series>, Arc<Trouble>>;

#[derive(Clone)]
struct Bytes;

impl Weighter<Key, Answer> for Bytes {
    fn weight(&self, key: &Key, answer: &Answer) -> u64 {
        let Ok(series) = answer else { return 1 };
        let tables = [&series.table].into_iter().chain(series.details.iter().map(|detail| &detail.table));
        let bytes = key.panel.len() + key.filters.iter().map(String::len).sum::<usize>() + size_of::<Series>();
        (bytes + tables.map(bytes_of).sum::<usize>()) as u64
    }
}

fn bytes_of(table: &Table) -> usize {
    let text = |cell: &Cell| match cell {
        Cell::Text(text) => text.len(),
        Cell::List(texts) => texts.iter().map(|text| text.len() + size_of::<String>()).sum(),
        _ => 0,
    };
    table.rows.iter().flatten().map(|cell| size_of::<Cell>() + text(cell)).sum()
}

pub struct Answers {
    cache: Cache<Key, Answer, Bytes>,
    shown: Mutex<Shown>,
}

impl Default for Answers {
    fn default() -> Answers {
        Answers {
            cache: Cache::with_weighter((MOST_BYTES / USUAL_BYTES) as usize, MOST_BYTES, Bytes),
            shown: Mutex::new(Shown { changes: 0, left: AT_ONCE, grew: Instant::now() }),
        }
    }
}

impl Answers {
    /// The number of changes whose answers are shown while the store is at `changes`: that, or what it was at most `PACE` ago
    /// where it grows all the time, so that many readers share an answer.
    pub fn shown(&self, changes: i64) -> i64 {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).at(changes, Instant::now())
    }

    /// Trouble is not kept, but all who wait hear of it: one after the other they would wait for the same again.
    pub async fn get(&self, key: &Key, series: impl Future<Output = Result<Series, Trouble>>) -> Answer {
        let never: Result<Answer, Infallible> =
            self.cache.get_or_insert_async(key, async { Ok(series.await.map(Arc::new).map_err(Arc::new)) }).await;
        let Ok(answer) = never;
        if answer.is_err() {
            self.cache.remove_if(key, Result::is_err);
        }
        answer
    }
}

/// The moment that "now" is for a panel: a little later, so that readers who ask within some seconds (of a day: 10 s) see
/// the same window, and nothing that is stored is left out.
pub fn shared_moment(now: Timestamp, range: Range) -> Timestamp {
    const STEPS: i64 = 8640;
    let Ok(window) = range.window(now) else { return now };
    let step_ms = ((window.to.0 - window.from.0) / STEPS).clamp(1_000, 60_000);
    Timestamp((now.0 + step_ms - 1).div_euclid(step_ms) * step_ms)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use model::{series::PanelName, time::Window};

    use super::*;

    fn key(changes: i64) -> Key {
        let (accounts, panel, filters) = (Accounts::All, String::new(), Default::default());
        Key { changes, accounts, panel, filters, window_ms: (0, 1) }
    }

    fn series(total: i64) -> Series {
        let now = Timestamp(0);
        Series {
            panel: PanelName { id: String::new(), title: String::new() },
            window: Window { from: now, to: now },
            previous: None,
            filter: String::new(),
            bucket_ms: None,
            table: Table { total, ..Table::default() },
            details: Vec::new(),
            last_event: None,
            took_ms: 0,
        }
    }

    #[tokio::test]
    async fn who_asks_the_same_is_answered_once() {
        let (answers, asked) = (Answers::default(), AtomicI64::new(0));
        let ask = async |changes: i64| {
            let answer = async {
                tokio::task::yield_now().await;
                let total = asked.fetch_add(1, Ordering::Relaxed);
                Ok(series(total))
            };
            answers.get(&key(changes), answer).await.unwrap().table.total
        };
        assert_eq!(tokio::join!(ask(1), ask(1), ask(1)), (0, 0, 0));
        assert_eq!(ask(1).await, 0);
        assert_eq!(ask(2).await, 1, "something was stored");
    }

    #[tokio::test]
    async fn trouble_is_not_kept() {
        let answers = Answers::default();
        assert!(answers.get(&key(1), async { Err(Trouble::Busy) }).await.is_err());
        assert!(answers.get(&key(1), async { Ok(series(0)) }).await.is_ok());
    }

    #[tokio::test]
    async fn who_waits_for_trouble_does_not_wait_for_it_again() {
        let (answers, asked) = (Answers::default(), AtomicI64::new(0));
        let ask = async || {
            let answer = async {
                tokio::task::yield_now().await;
                asked.fetch_add(1, Ordering::Relaxed);
                Err(Trouble::Busy)
            };
            answers.get(&key(1), answer).await.is_err()
        };
        assert_eq!(tokio::join!(ask(), ask(), ask()), (true, true, true));
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        assert!(ask().await);
        assert_eq!(asked.load(Ordering::Relaxed), 2, "it is not kept");
    }

    #[test]
    fn a_stream_of_changes_is_shown_by_the_second() {
        let begin = Instant::now();
        let mut shown = Shown { changes: 0, left: AT_ONCE, grew: begin };
        let mut at = |changes, ms| shown.at(changes, begin + Duration::from_millis(ms));
        assert_eq!([1, 2, 3, 4, 5, 6, 7].map(|changes| at(changes, changes as u64)), [1, 2, 3, 4, 5, 5, 5]);
        assert_eq!([at(8, 999), at(9, 1000), at(10, 1001), at(11, 1999), at(12, 2000)], [5, 9, 9, 9, 12]);
        assert_eq!([at(13, 9000), at(14, 9001), at(15, 9002)], [13, 14, 15], "a pause has passed");
    }

    #[test]
    fn moments_are_shared_and_leave_nothing_out() {
        let day = Range::DEFAULT;
        let at = |now| shared_moment(Timestamp(now), day).0;
        assert_eq!(
            (at(1_700_000_000_000), at(1_700_000_000_001), at(1_700_000_010_000)),
            (1_700_000_000_000, 1_700_000_010_000, 1_700_000_010_000)
        );
    }
}
