//! Locks that end with the process that holds them: whose turn it is, and who uses the cluster.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

/// Making and starting a cluster may take this long on a slow disk.
const PATIENCE: Duration = Duration::from_secs(180);

fn open(home: &Path, name: &str) -> anyhow::Result<File> {
    let path = home.join(name);
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    file.with_context(|| path.display().to_string())
}

/// Held while the cluster is made, started or stopped: one process at a time.
pub struct Turn(#[expect(dead_code, reason = "the lock lasts as long as the file is open")] File);

impl Turn {
    pub fn take(home: &Path) -> anyhow::Result<Turn> {
        let file = open(home, "postgres.turn")?;
        let until = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Turn(file)),
                Err(TryLockError::WouldBlock) if Instant::now() < until => thread::sleep(Duration::from_millis(20)),
                Err(TryLockError::WouldBlock) => bail!(
                    "another trailmap has been starting or stopping the private Postgres in {} for {} s",
                    home.display(),
                    PATIENCE.as_secs()
                ),
                Err(TryLockError::Error(error)) => return Err(error).context("locking"),
            }
        }
    }
}

/// Held, shared with other processes, for as long as the cluster is used. Changed only by who has the turn.
pub struct Usage(File);

impl Usage {
    /// Not shared yet.
    pub fn new(home: &Path) -> anyhow::Result<Usage> {
        Ok(Usage(open(home, "postgres.users")?))
    }

    pub fn share(&mut self) -> anyhow::Result<()> {
        self.0.unlock()?;
        self.0.lock_shared().context("locking")
    }

    /// Whether no other process uses the cluster; our own share is given up by asking.
    pub fn is_alone(&mut self) -> anyhow::Result<bool> {
        self.0.unlock()?;
        match self.0.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error).context("locking"),
        }
    }
}
