//! Gathers objects into groups while the group before is stored.

use std::{
    ops::RangeInclusive,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Semaphore, SemaphorePermit, mpsc};

use super::{
    Progress,
    group::{GROUP_BYTES, Group},
    read::{Message, Part, Reading},
    span,
};

/// How often progress is told while nothing else happens.
const TICK: Duration = Duration::from_millis(100);

/// What is stored in one transaction.
pub enum Work {
    Group(Group),
    /// An object that does not fit in a group, with the parts that have come of it.
    Large(Reading, Vec<Part>),
}

/// Takes what readers hand on, and tells how far they are.
pub struct Watch<'a> {
    pub progress: &'a dyn Progress,
    /// Bytes that were read, by all readers.
    compressed: &'a AtomicU64,
    told: AtomicU64,
    times: Mutex<Option<RangeInclusive<i64>>>,
}

impl<'a> Watch<'a> {
    pub fn new(progress: &'a dyn Progress, compressed: &'a AtomicU64) -> Watch<'a> {
        Watch { progress, compressed, told: AtomicU64::default(), times: Mutex::default() }
    }

    /// Of all events that came, in microseconds since 1970.
    pub fn times(self) -> Option<RangeInclusive<i64>> {
        self.times.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn tick(&self, events: u64) {
        let now = self.compressed.load(Ordering::Relaxed);
        let bytes = now.saturating_sub(self.told.fetch_max(now, Ordering::Relaxed));
        if bytes > 0 || events > 0 {
            self.progress.advanced(bytes, events);
        }
    }

    /// The next message of an object. Errors: its reader died.
    pub async fn next(&self, reading: &mut Reading) -> anyhow::Result<Message> {
        loop {
            match tokio::time::timeout(TICK, reading.messages.recv()).await {
                Ok(Some(message)) => {
                    let part = if let Message::Part(part) = &message { Some(part) } else { None };
                    self.tick(part.map_or(0, |part| part.records()));
                    let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
                    *times = span(times.take(), part.and_then(|part| part.times()));
                    return Ok(message);
                }
                Ok(None) => anyhow::bail!("the reader of {} died", reading.object.uri),
                Err(_) => self.tick(0),
            }
        }
    }

    /// Hands on everything that comes, in order: a group when it is due and the writer has none, until then it grows. So there are
    /// never more than two. Ends with the readers. Errors: as of `next`.
    pub async fn gather(
        &self,
        mut readings: mpsc::Receiver<Reading>,
        works: mpsc::Sender<Work>,
        idle: &Semaphore,
    ) -> anyhow::Result<()> {
        let mut group = Group::default();
        // Nobody takes it where the writer has failed, which tells why.
        let give = async |turn: SemaphorePermit<'_>, work: Work| {
            turn.forget();
            let _ = works.send(work).await;
        };
        loop {
            let reading = tokio::select! {
                turn = idle.acquire(), if group.is_due() => {
                    give(turn?, Work::Group(std::mem::take(&mut group))).await;
                    continue;
                }
                reading = readings.recv(), if !group.is_full() => reading,
                () = tokio::time::sleep(TICK) => {
                    self.tick(0);
                    continue;
                }
            };
            let Some(reading) = reading else { break };
            if let Some(large) = self.object(reading, &mut group).await? {
                if !group.objects.is_empty() {
                    give(idle.acquire().await?, Work::Group(std::mem::take(&mut group))).await;
                }
                give(idle.acquire().await?, large).await;
            }
        }
        if !group.objects.is_empty() {
            give(idle.acquire().await?, Work::Group(group)).await;
        }
        Ok(())
    }

    /// Takes one object into the group; one that is too large comes back.
    async fn object(&self, mut reading: Reading, group: &mut Group) -> anyhow::Result<Option<Work>> {
        let mut parts = Vec::new();
        let mut bytes = 0;
        loop {
            match self.next(&mut reading).await? {
                Message::Part(part) => {
                    bytes += part.bytes();
                    parts.push(*part);
                    if bytes > GROUP_BYTES {
                        return Ok(Some(Work::Large(reading, parts)));
                    }
                }
                Message::End(outcome) if reading.broke_off(&outcome) => {
                    group.add(reading, outcome.without_records(), Vec::new());
                    return Ok(None);
                }
                Message::End(outcome) => {
                    group.add(reading, outcome, parts);
                    return Ok(None);
                }
            }
        }
    }
}
