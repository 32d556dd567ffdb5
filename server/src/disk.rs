//! The disk of the database: how much room it has, and whether reading is paused until it has more.
//!
//! Postgres ends when its write-ahead log finds no room. So nothing more is stored while the disk of the private Postgres has less than
//! a reserve: that is for Postgres itself, for its log, for vacuum and for retention. The disk of a Postgres elsewhere is not to be
//! seen from here: reading is paused once Postgres says that it is full, and goes on when it takes some MB again.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use model::time::Timestamp;
use nix::sys::statvfs::statvfs;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{clock::Clock, store};

/// The reserve where none is set: a twentieth of the disk, within these bounds. Several groups of objects may be on their way at
/// a time, each with up to some 40 MB of rows and log.
const LEAST_RESERVE: u64 = 128 << 20;
const MOST_RESERVE: u64 = 1 << 30;
/// How often the disk is measured while sources run.
const LOOK: Duration = Duration::from_secs(1);
/// How often a database that said that it is full is asked whether it still is.
const ASK: Duration = Duration::from_secs(5);

/// The disk of one database. Clones are the same one; the default is a disk of which nothing is known.
#[derive(Clone, Debug, Default)]
pub struct Disk(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// The folder of the database, and the reserve that was set.
    place: Option<(PathBuf, Option<u64>)>,
    state: watch::Sender<State>,
}

#[derive(Debug, Default)]
struct State {
    /// As it was measured.
    short: Option<String>,
    /// As the database said.
    told: Option<String>,
    since: Option<Timestamp>,
}

/// In bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    pub free: u64,
    pub reserve: u64,
}

/// Nothing is stored for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    pub since: Timestamp,
    /// `the disk has 120 MB left, less than the reserve of 134 MB`.
    pub reason: String,
}

/// Something was not stored, because reading is paused. It has to come again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Full(String);

impl Disk {
    /// The disk that holds `folder`; the reserve as set, or chosen by the disk's size.
    pub fn of(folder: PathBuf, reserve: Option<u64>) -> Disk {
        Disk(Arc::new(Inner { place: Some((folder, reserve)), state: watch::Sender::default() }))
    }

    /// None where it is not to be seen.
    pub fn room(&self) -> Option<Room> {
        let (folder, reserve) = self.0.place.as_ref()?;
        let (free, total) = measure(folder)?;
        Some(Room { free, reserve: reserve.unwrap_or_else(|| default_reserve(total)) })
    }

    /// Measures the disk. Errors: nothing is to be stored for now.
    pub fn look(&self) -> Result<(), Full> {
        if let Some(room) = self.room() {
            self.change(|state| state.short = room.shortage(state.short.is_some()));
        }
        self.0.state.borrow().reason().map_or(Ok(()), |reason| Err(Full(reason.to_owned())))
    }

    /// Measures the disk, and tells whether reading is paused.
    pub fn pause(&self) -> Option<Pause> {
        self.look().err().map(|Full(reason)| Pause {
            since: self.0.state.borrow().since.unwrap_or_else(|| Clock::System.now()),
            reason,
        })
    }

    /// Whether this error means that nothing can be stored for now. When the database says so, reading is paused from now on.
    pub fn is_full(&self, error: &anyhow::Error) -> bool {
        if error.is::<Full>() {
            return true;
        }
        let said = error.downcast_ref().filter(|error| store::is_full(error));
        if let Some(said) = said {
            // Its words are for the log alone: they have names of files.
            tracing::warn!(error = %said, "the database says that its disk is full");
            self.change(|state| state.told = Some("the disk of the database is full".to_owned()));
        }
        said.is_some()
    }

    /// Waits until reading goes on.
    pub async fn wait(&self) {
        // It cannot fail: we have the sender ourselves.
        let _ = self.0.state.subscribe().wait_for(|state| state.reason().is_none()).await;
    }

    /// Looks at the disk until `stop`, so that reading goes on by itself.
    pub async fn watch(self, pool: PgPool, stop: CancellationToken) {
        let looking = async {
            let mut asked = Instant::now();
            loop {
                tokio::time::sleep(LOOK).await;
                let _ = self.look();
                if self.0.state.borrow().told.is_some() && asked.elapsed() >= ASK {
                    // A database that does not answer is no better than a full one.
                    if store::has_room(&pool).await.is_ok_and(|has_room| has_room) {
                        self.change(|state| state.told = None);
                    }
                    asked = Instant::now();
                }
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = looking => {}
        }
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        self.0.state.send_if_modified(|state| {
            let before = state.reason().map(str::to_owned);
            change(state);
            match (before, state.reason()) {
                (None, Some(reason)) => {
                    tracing::error!(reason, "ingest is paused");
                    state.since = Some(Clock::System.now());
                    true
                }
                (Some(_), None) => {
                    tracing::info!("there is room on the disk again: ingest goes on");
                    state.since = None;
                    true
                }
                _ => false,
            }
        });
    }
}

impl State {
    fn reason(&self) -> Option<&str> {
        self.short.as_deref().or(self.told.as_deref())
    }
}

impl Room {
    /// Once it is paused it needs somewhat more than the reserve to go on: not to stop again at once.
    fn shortage(&self, paused: bool) -> Option<String> {
        let Room { free, reserve } = *self;
        let enough = reserve.saturating_add(reserve / 8);
        match free {
            free if free < reserve => {
                Some(format!("the disk has {} left, less than the reserve of {}", size(free), size(reserve)))
            }
            free if paused && free < enough => {
                Some(format!("the disk has {} left, and reading goes on at {}", size(free), size(enough)))
            }
            _ => None,
        }
    }
}

fn default_reserve(total: u64) -> u64 {
    (total / 20).clamp(LEAST_RESERVE, MOST_RESERVE)
}

/// Bytes that are free for whoever is not root, and all of the disk's. A local disk answers at once.
pub fn measure(folder: &std::path::Path) -> Option<(u64, u64)> {
    let found = statvfs(folder).ok()?;
    let block = found.fragment_size();
    Some((found.blocks_available().saturating_mul(block), found.blocks().saturating_mul(block)))
}

/// `120 MB`, `1.1 GB`.
fn size(bytes: u64) -> String {
    match bytes {
        ..1_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_reserve_is_a_twentieth_within_bounds() {
        let reserves = [300 << 20, 10 << 30, 500 << 30].map(default_reserve);
        assert_eq!(reserves, [128 << 20, 512 << 20, 1 << 30]);
    }

    #[test]
    fn a_pause_ends_somewhat_above_the_reserve() {
        let shortage = |free: u64, paused| Room { free: free * 1_000_000, reserve: 400_000_000 }.shortage(paused);
        assert_eq!(shortage(400, false), None);
        let told = "the disk has 399 MB left, less than the reserve of 400 MB";
        assert_eq!(shortage(399, false).as_deref(), Some(told));
        assert_eq!(shortage(449, true).as_deref(), Some("the disk has 449 MB left, and reading goes on at 450 MB"));
        assert_eq!(shortage(450, true), None);
        assert_eq!(size(12_340_000_000), "12.3 GB");
    }

    #[tokio::test]
    async fn who_waits_goes_on_when_there_is_room() {
        let (folder, nothing) = (std::env::temp_dir(), Disk::default());
        assert_eq!((nothing.room(), nothing.look(), nothing.pause()), (None, Ok(()), None));
        nothing.wait().await;
        let never = Disk::of(folder.clone(), Some(0));
        assert!(never.look().is_ok() && never.room().unwrap().free > 0);
        let always = Disk::of(folder, Some(u64::MAX));
        assert!(always.pause().unwrap().reason.contains("less than the reserve"));
        let waits = tokio::time::timeout(Duration::from_millis(50), always.wait()).await;
        assert!(waits.is_err());
        always.change(|state| state.short = None);
        always.wait().await;
    }
}
