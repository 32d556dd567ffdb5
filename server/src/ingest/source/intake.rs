//! What a source hands its objects to: bounded batches into the database, and the source's row beside them.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sqlx::PgPool;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::Object;
use crate::{
    disk::Disk,
    ingest::{self, Batch, Progress, Stored, enrich::GeoIp},
    store::{self, known::Known},
};

/// Objects of one batch, at most; so many are in memory as names, a few as contents.
pub const MOST_OBJECTS: usize = 1_000;
/// Objects that are read at a time: each waits for an answer from far away most of its time.
const AHEAD: usize = 16;
/// Batches of all sources together that are stored at a time: what bounds memory.
const AT_A_TIME: usize = 2;

/// One source's way into the database.
#[derive(Clone)]
pub struct Intake {
    /// The source's name.
    pub name: Arc<str>,
    pub pool: PgPool,
    /// Set when the program ends: then no new work is begun.
    pub stop: CancellationToken,
    geoip: GeoIp,
    pub disk: Disk,
    turns: Arc<Semaphore>,
    /// Something was read since the last look.
    worked: Arc<AtomicBool>,
    known: Known,
    /// What all sources stored since the last look.
    stored: Arc<Mutex<Stored>>,
}

impl Intake {
    pub fn new(pool: PgPool, geoip: GeoIp) -> Intake {
        Intake {
            name: "".into(),
            pool,
            stop: CancellationToken::new(),
            geoip,
            disk: Disk::default(),
            turns: Arc::new(Semaphore::new(AT_A_TIME)),
            worked: Arc::default(),
            known: Known::default(),
            stored: Arc::default(),
        }
    }

    /// The same, for a database on this disk.
    pub fn on(self, disk: Disk) -> Intake {
        Intake { disk, ..self }
    }

    /// The same for another source; they share memory and connections.
    pub fn named(&self, name: &str) -> Intake {
        Intake { name: name.into(), worked: Arc::default(), ..self.clone() }
    }

    /// The same source with turns of its own, for what cannot wait for those of others.
    pub fn apart(&self) -> Intake {
        Intake { turns: Arc::new(Semaphore::new(1)), ..self.clone() }
    }

    pub fn stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Waits; false when the program ends meanwhile.
    pub async fn pause(&self, time: Duration) -> bool {
        tokio::select! {
            () = self.stop.cancelled() => false,
            () = tokio::time::sleep(time) => true,
        }
    }

    /// Waits while reading is paused; false when the program ends meanwhile.
    pub async fn room(&self) -> bool {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => false,
            () = self.disk.wait() => true,
        }
    }

    /// Whether anything was read since this was asked last.
    pub fn worked(&self) -> bool {
        self.worked.swap(false, Ordering::Relaxed)
    }

    pub fn stored(&self) -> MutexGuard<'_, Stored> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores a batch. When it returns, each object that is not in `failed` is committed. Errors: the database's, or that reading is
    /// paused.
    pub async fn take(&self, mut objects: Vec<Object>) -> anyhow::Result<Batch> {
        if objects.is_empty() {
            return Ok(Batch::default());
        }
        let last = objects.last().map(|object| object.uri.clone());
        objects.iter_mut().for_each(|object| object.source = Some(self.name.clone()));
        let _turn = self.turns.acquire().await?;
        let told = Told { source: &self.name };
        let batch = ingest::batch(&self.pool, &self.geoip, &self.disk, objects, AHEAD, &told, &self.known).await?;
        self.stored().add(batch.summary.events_inserted, batch.times.clone());
        let summary = &batch.summary;
        if summary.objects + summary.objects_failed > 0 {
            self.worked.store(true, Ordering::Relaxed);
            tracing::debug!(source = %self.name, objects = summary.objects, new = summary.events_inserted, "stored");
            store::source::advance(&self.pool, &self.name, &batch, last.as_deref()).await?;
        }
        Ok(batch)
    }
}

struct Told<'a> {
    source: &'a str,
}

impl Progress for Told<'_> {
    fn failed(&self, uri: &str, reason: &str) {
        tracing::warn!(source = self.source, uri, reason, "an object could not be read to its end");
    }
}
