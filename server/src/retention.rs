//! Retention while `trailmap serve` runs: shortly after the start, and then each day when one more day has expired.

use std::time::Duration;

use sqlx::PgPool;
use time::OffsetDateTime;
use tokio::task::JoinHandle;

use crate::{
    clock::Clock,
    config::retention::Retention,
    store::{
        instant,
        retention::{self, Report},
    },
};

/// After the start: so long.
const FIRST: Duration = Duration::from_secs(10);
/// After midnight UTC, which is when a day expires.
const AFTER_MIDNIGHT: Duration = Duration::from_secs(600);
/// When it failed, or something was in use.
const AGAIN: Duration = Duration::from_secs(600);

/// Keeps at it until it is stopped.
pub struct Keeper {
    pool: PgPool,
    task: JoinHandle<()>,
}

impl Keeper {
    pub fn start(pool: PgPool, retention: Retention) -> Keeper {
        let task = tokio::spawn(keep(pool.clone(), retention));
        Keeper { pool, task }
    }

    /// What is not done is given up; the next run goes on.
    pub async fn stop(self) {
        self.task.abort();
        let _ = self.task.await;
        let said = tokio::time::timeout(Duration::from_secs(2), retention::next(&self.pool, None)).await;
        if !matches!(said, Ok(Ok(()))) {
            tracing::warn!("the database does not answer: the next run of retention is not taken back");
        }
    }
}

async fn keep(pool: PgPool, retention: Retention) {
    if !retention.deletes() {
        // Nobody waits for what an earlier file said.
        let _ = retention::next(&pool, None).await;
        return;
    }
    let mut pause = FIRST;
    loop {
        let at = now() + pause;
        if let Err(error) = retention::next(&pool, Some(at)).await {
            tracing::warn!(%error, "the next run of retention could not be noted");
        }
        tokio::time::sleep(pause).await;
        pause = match retention::run(&pool, &retention, now().date()).await {
            Ok(report) => {
                tell(&report);
                if report.left.is_empty() { until_a_day_expires(now()) } else { AGAIN }
            }
            Err(error) => {
                let reason = format!("{error:#}");
                tracing::error!(reason, again_in_s = AGAIN.as_secs(), "retention fails");
                AGAIN
            }
        };
    }
}

fn tell(report: &Report) {
    tracing::info!(
        events = report.events(),
        months = report.months.len(),
        left = report.left.len(),
        shared_rows = report.shared_rows,
        credentials = report.credentials,
        rejected = report.rejected,
        poison_messages = report.poison_messages,
        digests = report.digests,
        bytes_before = report.bytes_before,
        bytes_after = report.bytes_after,
        "retention is done"
    );
}

fn now() -> OffsetDateTime {
    instant(Clock::System.now())
}

fn until_a_day_expires(now: OffsetDateTime) -> Duration {
    let midnight = now.date().midnight().assume_utc() + time::Duration::DAY;
    Duration::try_from(midnight - now).unwrap_or_default() + AFTER_MIDNIGHT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_run_is_after_midnight() {
        let now = time::macros::datetime!(2026-11-30 23:59:50 UTC);
        assert_eq!(until_a_day_expires(now), Duration::from_secs(610));
        let now = time::macros::datetime!(2026-12-01 00:00:00 UTC);
        assert_eq!(until_a_day_expires(now), Duration::from_secs(86_400 + 600));
    }
}
