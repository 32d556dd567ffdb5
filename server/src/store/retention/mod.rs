//! Retention: events that are older than they are to be kept are deleted, with their texts, their counts, and what no other event
//! shares with them.
//!
//! - A month in which nothing is to be kept goes as a whole: its partitions are dropped, at once and with their disk space.
//! - Of other months, and of what has no month, expired events are deleted some at a time. Their segments are written anew without
//!   their texts; what they added to the rollups is counted again. Vacuum frees the space, and a month that has much of it is
//!   written anew.
//! - Rows that events share (names, sessions, addresses, …) go when no event refers to them any more.
//!
//! Each step is a transaction that leaves all consistent, so that a run may end at any moment: the next one goes on. Readers wait
//! half a second at most, while a partition is dropped. Writers wait for nothing but that, and while shared rows are deleted.

use std::{fmt, time::Duration};

use sqlx::{PgConnection, PgPool};
use time::{Date, OffsetDateTime};

use self::{cutoff::Cutoffs, delete::Deleted, plan::Plan, whole::Whole};
use super::{
    change,
    month::{self, Month},
};
use crate::config::retention::Retention;

mod compact;
pub mod cutoff;
mod delete;
pub mod plan;
mod proof;
mod shared;
mod state;
mod unread;
mod whole;

pub use state::{Last, last, next};

/// What a run did.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What was found to be expired.
    pub plan: Plan,
    pub months: Vec<Gone>,
    /// What is expired and could not go now, with the reason.
    pub left: Vec<(Month, String)>,
    pub shared_rows: u64,
    pub credentials: u64,
    /// Records that were no events, and messages, that had been kept aside.
    pub rejected: u64,
    pub poison_messages: u64,
    /// With what is known of the log files that they name.
    pub digests: u64,
    /// Of all tables.
    pub bytes_before: i64,
    pub bytes_after: i64,
}

/// What went of a month.
#[derive(Clone, Debug, PartialEq)]
pub struct Gone {
    pub month: Month,
    pub way: Way,
    pub events: u64,
    /// On disk, of the month's events and texts.
    pub bytes_before: i64,
    pub bytes_after: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The month's partitions are dropped.
    Drop,
    /// Rows are deleted.
    Delete,
}

impl Report {
    pub fn events(&self) -> u64 {
        self.months.iter().map(|gone| gone.events).sum()
    }
}

/// As a column of the table that people read.
impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Way::Drop => "dropped as whole partition",
            Way::Delete => "deleted within the month",
        })
    }
}

/// Somebody else is at it.
#[derive(Debug, thiserror::Error)]
#[error("another run of retention is at work on this database")]
pub struct Busy;

/// The name that a run locks, so that there is one at a time.
const LOCK: &str = "select pg_try_advisory_lock(hashtextextended('trailmap retention', 0))";
const UNLOCK: &str = "select pg_advisory_unlock(hashtextextended('trailmap retention', 0))";
/// Transactions that meet others' are tried so often.
const ATTEMPTS: u32 = 8;
/// Between two transactions for which writers wait: they read again what they had read before, and store it.
const BREATH: Duration = Duration::from_secs(1);
/// How long a transaction waits for others that count events or store them.
const PATIENCE: &str = "set local lock_timeout = '10s'";

/// What would go today. Changes nothing.
pub async fn plan(pool: &PgPool, retention: &Retention, today: Date) -> sqlx::Result<Plan> {
    plan::plan(&mut *pool.acquire().await?, retention, today).await
}

/// Deletes what is expired today. Errors: `Busy`, or the database's; what went until then stays gone, and the next run goes on.
/// Dropping it is safe at any moment.
pub async fn run(pool: &PgPool, retention: &Retention, today: Date) -> anyhow::Result<Report> {
    let mut connection = pool.acquire().await?;
    // A run that is broken off leaves neither its lock nor half a COPY behind.
    connection.close_on_drop();
    let free: bool = sqlx::query_scalar(LOCK).fetch_one(&mut *connection).await?;
    anyhow::ensure!(free, Busy);
    let done = all(&mut connection, retention, today).await;
    let done = done.map_err(|error| explained(&error).unwrap_or(error.into()));
    let told = match &done {
        Ok(report) => state::end(&mut connection, report).await,
        Err(error) => state::fail(&mut connection, &format!("{error:#}")).await,
    };
    let free = sqlx::query(UNLOCK).execute(&mut *connection).await;
    let report = done?;
    told?;
    free?;
    Ok(report)
}

/// What the database means, where it is for people to act upon.
fn explained(error: &sqlx::Error) -> Option<anyhow::Error> {
    let why = match error.as_database_error()?.code()?.as_ref() {
        "53100" => {
            "the disk of the database is full. Make room on it: whatever was deleted stays so, and the next run goes on"
        }
        "25006" => "the database takes no changes: it is a standby, or set to be read-only. Nothing more was deleted",
        "55P03" | "40P01" => "others store or count events for longer than it waits. The next run goes on",
        "42501" => "the database's user may not change these tables. Nothing more was deleted",
        _ => return None,
    };
    Some(anyhow::anyhow!("retention stopped: {why} ({error})"))
}

async fn all(connection: &mut PgConnection, retention: &Retention, today: Date) -> sqlx::Result<Report> {
    state::begin(connection).await?;
    month::drop_copies(connection).await?;
    let bytes_before = state::bytes(connection).await?;
    let report = Report {
        plan: plan::plan(connection, retention, today).await?,
        months: Vec::new(),
        left: Vec::new(),
        shared_rows: 0,
        credentials: 0,
        rejected: 0,
        poison_messages: 0,
        digests: 0,
        bytes_before,
        bytes_after: bytes_before,
    };
    Run { connection, report }.run(retention, today).await
}

struct Run<'a> {
    connection: &'a mut PgConnection,
    report: Report,
}

impl Run<'_> {
    async fn run(mut self, retention: &Retention, today: Date) -> sqlx::Result<Report> {
        let cutoffs = Cutoffs::read(self.connection, retention, today).await?;
        let months = self.report.plan.months();
        // Whole months first: they need no room, and make some.
        for (at, month) in months.iter().filter(|month| month.way == Way::Drop).enumerate() {
            if at > 0 {
                tokio::time::sleep(BREATH).await;
            }
            self.drop_whole(month.month, &cutoffs).await?;
        }
        for month in months.iter().filter(|month| month.way == Way::Delete) {
            self.delete_within(month.month, &cutoffs).await?;
        }
        if state::has_loose_ends(self.connection).await? {
            let removed = shared::remove(self.connection, &cutoffs).await?;
            (self.report.shared_rows, self.report.credentials) = (removed.rows, removed.credentials);
            change::forget_hours(self.connection).await?;
        }
        let unread = unread::remove(self.connection, retention, today).await?;
        (self.report.rejected, self.report.poison_messages) = unread;
        // As long as any of its events is there, each is marked as verified or not.
        if self.report.left.is_empty() {
            self.report.digests = proof::remove(self.connection, retention, today).await?;
        }
        state::vacuum(self.connection, &self.report).await?;
        self.compact(today).await?;
        self.report.bytes_after = state::bytes(self.connection).await?;
        Ok(self.report)
    }

    async fn drop_whole(&mut self, month: Month, cutoffs: &Cutoffs) -> sqlx::Result<()> {
        let bytes_before = month::bytes(self.connection, month).await?;
        let reason = match whole::remove(self.connection, month, cutoffs).await? {
            Whole::Gone(events) => {
                tracing::info!(%month, events, bytes = bytes_before, "retention: a month was dropped");
                self.report.months.push(Gone { month, way: Way::Drop, events, bytes_before, bytes_after: 0 });
                return Ok(());
            }
            // Something came in meanwhile that is to be kept.
            Whole::Mixed => return self.delete_within(month, cutoffs).await,
            Whole::InUse => "somebody reads or writes it for longer than others may be kept waiting",
        };
        tracing::warn!(%month, reason, "retention: a month could not be dropped now");
        self.report.left.push((month, reason.to_owned()));
        Ok(())
    }

    async fn delete_within(&mut self, month: Month, cutoffs: &Cutoffs) -> sqlx::Result<()> {
        /// Texts that are written anew need room until the old ones are vacuumed.
        const VACUUM_EVERY: u32 = 8;
        delete::prepare(self.connection).await?;
        let bytes_before = month::bytes(self.connection, month).await?;
        let (mut events, mut pieces, mut from) = (0, 0, month.start());
        loop {
            let Deleted { events: some, last } = self.piece(month, from, cutoffs).await?;
            events += some;
            let Some(last) = last else { break };
            from = last;
            pieces += 1;
            if pieces % VACUUM_EVERY == 0 {
                month::vacuum(self.connection, month).await?;
            }
        }
        if pieces > 0 {
            month::vacuum(self.connection, month).await?;
        }
        let bytes_after = month::bytes(self.connection, month).await?;
        tracing::info!(%month, events, bytes_before, bytes_after, "retention: events of a month were deleted");
        self.report.months.push(Gone { month, way: Way::Delete, events, bytes_before, bytes_after });
        Ok(())
    }

    /// Gives back what vacuum cannot. The last thing, since it needs room for a while.
    async fn compact(&mut self, today: Date) -> sqlx::Result<()> {
        let this = Month::from(today.midnight().assume_utc());
        for month in compact::roomy(self.connection, this).await? {
            let done = match compact::compact(self.connection, month).await {
                Err(error) if meets_others(&error) => false,
                done => done?,
            };
            let bytes = month::bytes(self.connection, month).await?;
            tracing::info!(%month, done, bytes, "retention: a month was written anew");
            if let Some(gone) = self.report.months.iter_mut().find(|gone| gone.month == month) {
                gone.bytes_after = bytes;
            }
        }
        Ok(())
    }

    async fn piece(&mut self, month: Month, from: OffsetDateTime, cutoffs: &Cutoffs) -> sqlx::Result<Deleted> {
        let mut attempt = 1;
        loop {
            match delete::some(self.connection, month, from, cutoffs).await {
                Err(error) if attempt < ATTEMPTS && meets_others(&error) => {
                    tracing::info!(%month, %error, attempt, "retention: trying again");
                    tokio::time::sleep(Duration::from_millis(200 * u64::from(attempt))).await;
                    attempt += 1;
                }
                done => return done,
            }
        }
    }
}

/// Deadlock, serialization failure, a lock that was not to be had in time.
fn meets_others(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    matches!(code.as_deref(), Some("40P01" | "40001" | "55P03"))
}
