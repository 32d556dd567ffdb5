//! Answers of panels, kept for readers who ask the same while nothing new is stored. Who asks for one that is on its way waits
//! for it.

use std::{future::Future, sync::Arc};

use model::{
    filter,
    panel::Panel,
    series::{Cell, Series, Table},
    time::{Range, Timestamp},
};
use quick_cache::{Weighter, sync::Cache};
use sqlx::PgPool;

use super::{plan::Plan, session::Trouble};

/// Roughly, in memory.
const MOST_BYTES: u64 = 64 << 20;
const USUAL_BYTES: u64 = 8 << 10;

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Postgres' own word for what is stored at this moment: it changes with every transaction that writes.
    snapshot: String,
    panel: String,
    /// The page's, which the answer tells, and the panel's with it.
    filters: [String; 2],
    window_ms: (i64, i64),
}

impl Key {
    /// Errors: no database.
    pub async fn of(pool: &PgPool, panel: &Panel, plan: &Plan<'_>) -> Result<Key, Trouble> {
        let snapshot = sqlx::query_scalar("select pg_current_snapshot()::text").fetch_one(pool).await?;
        let panel = serde_json::to_string(panel).map_err(|error| sqlx::Error::Encode(error.into()))?;
        let filters = [plan.filter.clone(), filter::print(&plan.main.filter)];
        Ok(Key { snapshot, panel, filters, window_ms: (plan.window.from.0, plan.window.to.0) })
    }
}

#[derive(Clone)]
struct Bytes;

impl Weighter<Key, Arc<Series>> for Bytes {
    fn weight(&self, key: &Key, series: &Arc<Series>) -> u64 {
        let tables = [&series.table].into_iter().chain(series.details.iter().map(|detail| &detail.table));
        let bytes = key.panel.len()
            + key.filters.iter().map(String::len).sum::<usize>()
            + key.snapshot.len()
            + size_of::<Series>();
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
    cache: Cache<Key, Arc<Series>, Bytes>,
}

impl Default for Answers {
    fn default() -> Answers {
        Answers { cache: Cache::with_weighter((MOST_BYTES / USUAL_BYTES) as usize, MOST_BYTES, Bytes) }
    }
}

impl Answers {
    /// Trouble is not kept.
    pub async fn get(
        &self,
        key: &Key,
        series: impl Future<Output = Result<Series, Trouble>>,
    ) -> Result<Arc<Series>, Trouble> {
        self.cache.get_or_insert_async(key, async { series.await.map(Arc::new) }).await
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

    fn key(snapshot: &str) -> Key {
        Key { snapshot: snapshot.to_owned(), panel: String::new(), filters: Default::default(), window_ms: (0, 1) }
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
        let ask = async |snapshot: &str| {
            let answer = async {
                tokio::task::yield_now().await;
                let total = asked.fetch_add(1, Ordering::Relaxed);
                Ok(series(total))
            };
            answers.get(&key(snapshot), answer).await.unwrap().table.total
        };
        assert_eq!(tokio::join!(ask("1"), ask("1"), ask("1")), (0, 0, 0));
        assert_eq!(ask("1").await, 0);
        assert_eq!(ask("2").await, 1, "something was stored");
    }

    #[tokio::test]
    async fn trouble_is_not_kept() {
        let answers = Answers::default();
        assert!(answers.get(&key("1"), async { Err(Trouble::Busy) }).await.is_err());
        assert!(answers.get(&key("1"), async { Ok(series(0)) }).await.is_ok());
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
