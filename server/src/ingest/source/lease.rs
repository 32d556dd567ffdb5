//! One server at a time reads a source, however many use the database: who holds the source's lock.
//!
//! The locks are Postgres' advisory ones, of one session for all sources of this program. They end with the session, so that a server that is killed
//! leaves its sources to the next one. Nothing is stored twice when two read the same; it would only be read twice, and AWS asked twice as often.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use sqlx::{Connection, PgConnection, PgPool};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::intake::Intake;
use crate::store::source::{Lock, give_back, take, touch};

/// How often locks that another server has are tried again, and the session is looked after.
const LOOK: Duration = Duration::from_secs(2);
/// A session that does not answer for so long is lost.
const PATIENCE: Duration = Duration::from_secs(30);

/// Which locks are held, by the sources' names.
type Held = BTreeMap<Arc<str>, bool>;

/// The locks of this program's sources.
pub struct Leases {
    held: watch::Receiver<Held>,
    /// Set when the locks are to be given back.
    end: CancellationToken,
    task: AbortOnDropHandle<()>,
}

/// The lock of one source.
#[derive(Clone)]
pub struct Lease {
    name: Arc<str>,
    held: watch::Receiver<Held>,
}

impl Leases {
    /// Takes them as they become free, until the end.
    pub fn take(pool: PgPool, wanted: Vec<(Arc<str>, Lock)>) -> Leases {
        let (sender, held) = watch::channel(wanted.iter().map(|(name, _)| (name.clone(), false)).collect());
        let end = CancellationToken::new();
        let task = tokio::spawn(keep(pool, wanted, sender, end.clone()));
        Leases { held, end, task: AbortOnDropHandle::new(task) }
    }

    pub fn of(&self, name: &str) -> Lease {
        Lease { name: name.into(), held: self.held.clone() }
    }

    /// Gives them back. Postgres does it where it does not answer in time, when it notices that the session is gone.
    pub async fn give_back(self) {
        self.end.cancel();
        let _ = tokio::time::timeout(LOOK, self.task).await;
    }
}

impl Lease {
    /// Does `work` while the lock is held, and breaks it off where it is lost, which must be safe at any moment. Ends with the work, or with the
    /// program.
    pub async fn alone<F: Future<Output = ()>>(mut self, intake: &Intake, work: impl Fn() -> F) {
        let name = self.name.clone();
        let is_held = |held: &Held| held.get(&name).copied().unwrap_or_default();
        loop {
            tokio::select! {
                held = self.held.wait_for(is_held) => if held.is_err() { return },
                () = intake.stop.cancelled() => return,
            }
            tokio::select! {
                () = work() => return,
                lost = self.held.wait_for(|held| !is_held(held)) => if lost.is_err() { return },
            }
            tracing::warn!(source = %self.name, "the source's lock is lost with its session: it waits for its turn");
        }
    }
}

async fn keep(pool: PgPool, wanted: Vec<(Arc<str>, Lock)>, held: watch::Sender<Held>, end: CancellationToken) {
    while !end.is_cancelled() {
        if let Err(error) = hold(&pool, &wanted, &held, &end).await {
            tracing::warn!(error = format!("{error:#}"), "the sources' locks cannot be held for now");
        }
        held.send_modify(|held| held.values_mut().for_each(|held| *held = false));
        pause(&end).await;
    }
}

/// Holds what can be had, in a session of its own. Errors: the session is lost, and all locks with it.
async fn hold(
    pool: &PgPool,
    wanted: &[(Arc<str>, Lock)],
    held: &watch::Sender<Held>,
    end: &CancellationToken,
) -> anyhow::Result<()> {
    let options = pool.connect_options();
    let mut session = tokio::time::timeout(PATIENCE, PgConnection::connect_with(&options)).await??;
    let mut told = false;
    while !end.is_cancelled() {
        tokio::time::timeout(PATIENCE, touch(&mut session)).await??;
        for (name, lock) in wanted {
            if held.borrow().get(name).copied().unwrap_or_default() {
                continue;
            }
            if tokio::time::timeout(PATIENCE, take(&mut session, name, *lock)).await?? {
                held.send_modify(|held| held.extend([(name.clone(), true)]));
            } else if !told {
                tracing::info!(source = %name, "another server reads this source: it waits for its turn");
            }
        }
        told = true;
        pause(end).await;
    }
    // Not by closing alone: Postgres ends a session some time after it was asked to.
    give_back(&mut session).await?;
    session.close().await?;
    Ok(())
}

async fn pause(end: &CancellationToken) {
    let _ = tokio::time::timeout(LOOK, end.cancelled()).await;
}
