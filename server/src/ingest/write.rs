//! The writer: takes decoded objects in order and stores each in one transaction, small ones many at a time.

use std::{
    collections::{BTreeSet, HashMap},
    ops::RangeInclusive,
    time::{Duration, Instant},
};

use sqlx::{Connection, PgConnection};
use tokio::sync::mpsc;

use super::{
    Failed, Progress, Summary,
    decode::Outcome,
    group::{GROUP_BYTES, Group, Inserted, Outdated, Stored, Whole, claim, finish, hold, store, store_parts},
    read::{Message, Part, Reading},
    source::Object,
};
use crate::{
    disk::Disk,
    store::{
        dimension::{self, Dimensions},
        event::{self, Row},
        month::{Month, Months},
    },
};

/// An object larger than a group goes to the database in pieces of this size, all in one transaction.
const PIECE_BYTES: usize = 4 << 20;
/// A group that the database gave up (deadlock, conflict with another run) is tried so many times.
const ATTEMPTS: u32 = 8;
/// How often progress is told while nothing else happens.
const TICK: Duration = Duration::from_millis(100);

/// One run's writer.
pub struct Writer<'a> {
    disk: &'a Disk,
    progress: &'a dyn Progress,
    advanced: Box<dyn FnMut() -> u64 + Send + 'a>,
    dimensions: Dimensions,
    months: Months,
    pub summary: Summary,
    /// Objects that failed, by URI.
    pub failed: HashMap<String, Failed>,
    /// Of all events that came, in microseconds since 1970.
    pub times: Option<RangeInclusive<i64>>,
    /// Large objects that the database gave up; they have to be read again.
    pub again: Vec<(i64, Object)>,
    attempts: HashMap<i64, u32>,
    group: Group,
}

impl<'a> Writer<'a> {
    /// `advanced` tells the compressed bytes that were read since its last call.
    pub fn new(
        disk: &'a Disk,
        progress: &'a dyn Progress,
        advanced: Box<dyn FnMut() -> u64 + Send + 'a>,
        dimensions: Dimensions,
        months: Months,
    ) -> Writer<'a> {
        let (summary, failed, times, again, attempts, group) = Default::default();
        Writer { disk, progress, advanced, dimensions, months, summary, failed, times, again, attempts, group }
    }

    /// Stores everything that comes. Errors: the database is gone, has no room, or refuses what it must not.
    pub async fn run(
        &mut self,
        connection: &mut PgConnection,
        mut readings: mpsc::Receiver<Reading>,
    ) -> anyhow::Result<()> {
        event::prepare(connection).await?;
        loop {
            let reading = match tokio::time::timeout(TICK, readings.recv()).await {
                Ok(Some(reading)) => reading,
                Ok(None) => break,
                Err(_) => {
                    self.tick(0);
                    if self.group.is_full() {
                        self.store_group(connection).await?;
                    }
                    continue;
                }
            };
            self.object(connection, reading).await?;
            if self.group.is_full() {
                self.store_group(connection).await?;
            }
        }
        self.store_group(connection).await
    }

    fn tick(&mut self, events: u64) {
        let bytes = (self.advanced)();
        if bytes > 0 || events > 0 {
            self.progress.advanced(bytes, events);
        }
    }

    async fn next(&mut self, reading: &mut Reading) -> anyhow::Result<Message> {
        loop {
            match tokio::time::timeout(TICK, reading.messages.recv()).await {
                Ok(Some(message)) => {
                    let part = if let Message::Part(part) = &message { Some(part) } else { None };
                    self.tick(part.map_or(0, |part| part.records()));
                    self.times = super::span(self.times.take(), part.and_then(|part| part.times()));
                    return Ok(message);
                }
                Ok(None) => anyhow::bail!("the reader of {} died", reading.object.uri),
                Err(_) => self.tick(0),
            }
        }
    }

    /// Takes one object into the group; one that is too large is stored at once.
    async fn object(&mut self, connection: &mut PgConnection, mut reading: Reading) -> anyhow::Result<()> {
        let mut parts = Vec::new();
        let mut bytes = 0;
        loop {
            match self.next(&mut reading).await? {
                Message::Part(part) => {
                    bytes += part.bytes();
                    parts.push(*part);
                    if bytes > GROUP_BYTES {
                        self.store_group(connection).await?;
                        return self.store_large(connection, reading, parts).await;
                    }
                }
                Message::End(outcome) if broke_off(&reading, &outcome) => {
                    self.add(reading, outcome.without_records(), Vec::new());
                    return Ok(());
                }
                Message::End(outcome) => {
                    self.add(reading, outcome, parts);
                    return Ok(());
                }
            }
        }
    }

    fn add(&mut self, reading: Reading, outcome: Outcome, parts: Vec<Part>) {
        let Reading { number, object, .. } = reading;
        let mut whole = Whole { number, object, outcome, records: 0, rejected: 0 };
        whole.count(&parts);
        self.group.since.get_or_insert_with(Instant::now);
        self.group.objects.push(whole);
        parts.into_iter().for_each(|part| self.group.push(part));
    }

    /// Stores the group in one transaction, again and again while the database gives it up.
    async fn store_group(&mut self, connection: &mut PgConnection) -> anyhow::Result<()> {
        let group = std::mem::take(&mut self.group);
        if group.objects.is_empty() {
            return Ok(());
        }
        self.disk.look()?;
        self.months.make(connection, months(&group.parts)).await?;
        let mut attempt = 1;
        let (ids, inserted, generation) = loop {
            match store(connection, &group).await {
                Ok(stored) => break stored,
                Err(error) if error.is::<Outdated>() => {
                    let mut objects = group.objects.into_iter();
                    return objects.try_for_each(|whole| self.read_again(whole.number, whole.object, &error));
                }
                Err(error) if attempt < ATTEMPTS && is_transient(&error) => {
                    tracing::info!(%error, attempt, "the database gave up a group of objects; trying again");
                    wait(attempt).await;
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        };
        self.dimensions.remember(&group.new, generation);
        for whole in &group.objects {
            self.tell(whole, &ids, &inserted);
        }
        Ok(())
    }

    /// Stores an object that does not fit in memory: piece by piece, in one transaction.
    async fn store_large(
        &mut self,
        connection: &mut PgConnection,
        mut reading: Reading,
        parts: Vec<Part>,
    ) -> anyhow::Result<()> {
        self.disk.look()?;
        self.months.make(connection, months(&parts)).await?;
        let Err(error) = self.try_store_large(connection, &mut reading, parts).await else { return Ok(()) };
        match error.downcast::<BrokeOff>() {
            Ok(BrokeOff(outcome)) => {
                self.add(reading, outcome.without_records(), Vec::new());
                Ok(())
            }
            Err(error) if error.is::<Outdated>() || is_transient(&error) => {
                wait(1 + self.attempts.get(&reading.number).copied().unwrap_or_default()).await;
                self.read_again(reading.number, reading.object, &error)
            }
            Err(error) => Err(error),
        }
    }

    /// Has an object read another time, after what others have done meanwhile. Errors: that, when it cannot be or was too often.
    fn read_again(&mut self, number: i64, object: Object, error: &anyhow::Error) -> anyhow::Result<()> {
        if let Some(Outdated { generation }) = error.downcast_ref() {
            self.dimensions.forget(*generation);
            self.months.forget();
        }
        let attempt = self.attempts.entry(number).or_default();
        *attempt += 1;
        anyhow::ensure!(*attempt < ATTEMPTS && object.is_repeatable(), "{}: {error}", object.uri);
        tracing::info!(%error, uri = object.uri, "an object is read again");
        self.again.push((number, object));
        Ok(())
    }

    async fn try_store_large(
        &mut self,
        connection: &mut PgConnection,
        reading: &mut Reading,
        parts: Vec<Part>,
    ) -> anyhow::Result<()> {
        let mut whole = Whole {
            number: reading.number,
            object: reading.object.clone(),
            outcome: Outcome::default(),
            records: 0,
            rejected: 0,
        };
        let mut transaction = connection.begin().await?;
        let (ids, inserted, _) = self.store_pieces(&mut transaction, reading, parts, &mut whole).await?;
        transaction.commit().await?;
        self.tell(&whole, &ids, &inserted);
        Ok(())
    }

    async fn store_pieces(
        &mut self,
        connection: &mut PgConnection,
        reading: &mut Reading,
        mut parts: Vec<Part>,
        whole: &mut Whole,
    ) -> anyhow::Result<Stored> {
        let generation = hold(connection, &parts).await?;
        let ids = claim(connection, std::slice::from_ref(whole)).await?;
        let mut inserted = Inserted::default();
        loop {
            let bytes = parts.iter().map(Part::bytes).sum::<usize>();
            let end = if bytes >= PIECE_BYTES { None } else { Some(self.next(reading).await?) };
            match end {
                Some(Message::Part(part)) => parts.push(*part),
                None => {
                    self.disk.look()?;
                    store_piece(connection, &ids, &mut parts, whole, &mut inserted).await?;
                }
                Some(Message::End(outcome)) if broke_off(reading, &outcome) => return Err(BrokeOff(outcome).into()),
                Some(Message::End(outcome)) => {
                    whole.outcome = outcome;
                    break;
                }
            }
        }
        store_piece(connection, &ids, &mut parts, whole, &mut inserted).await?;
        finish(connection, std::slice::from_ref(whole), &ids, &inserted).await?;
        Ok((ids, inserted, generation))
    }

    /// Adds a stored object to the summary.
    fn tell(&mut self, whole: &Whole, ids: &HashMap<i64, i64>, inserted: &Inserted) {
        let summary = &mut self.summary;
        let Some(id) = ids.get(&whole.number) else {
            summary.objects_skipped += 1;
            return;
        };
        let finish = whole.finish(*id, inserted);
        match &finish.error {
            Some(reason) => {
                summary.objects_failed += 1;
                let failed = Failed { reason: reason.clone(), trouble: whole.outcome.trouble };
                self.failed.insert(whole.object.uri.clone(), failed);
                self.progress.failed(&whole.object.uri, reason);
            }
            None => summary.objects += 1,
        }
        summary.events_read += finish.events_read;
        summary.events_inserted += finish.events_inserted;
        summary.events_rejected += finish.events_rejected;
        summary.events_duplicate += finish.events_read - finish.events_inserted - finish.events_rejected;
        summary.bytes_uncompressed += finish.bytes_uncompressed;
    }
}

/// A large object that was not read to its end, for a reason that is not its own.
#[derive(Debug, thiserror::Error)]
#[error("broke off")]
struct BrokeOff(Outcome);

/// Such an object is read again from its beginning: until then nothing of it is stored.
fn broke_off(reading: &Reading, outcome: &Outcome) -> bool {
    outcome.trouble.is_some() && reading.object.is_repeatable()
}

fn months(parts: &[Part]) -> BTreeSet<Month> {
    parts.iter().flat_map(|part| &part.rows).map(Row::month).collect()
}

/// Stores the parts and lets them go.
async fn store_piece(
    connection: &mut PgConnection,
    ids: &HashMap<i64, i64>,
    parts: &mut Vec<Part>,
    whole: &mut Whole,
    inserted: &mut Inserted,
) -> sqlx::Result<()> {
    let mut new = dimension::New::default();
    parts.iter_mut().for_each(|part| new.append(std::mem::take(&mut part.new)));
    store_parts(connection, ids, parts, &new, inserted).await?;
    whole.count(parts);
    parts.clear();
    Ok(())
}

/// Deadlock, serialization failure, or a unique key that another run took: the same again will do.
fn is_transient(error: &anyhow::Error) -> bool {
    let error: Option<&sqlx::Error> = error.downcast_ref();
    let code = error.and_then(|error| error.as_database_error()).and_then(|error| error.code());
    // The last: the event's month got a partition meanwhile.
    matches!(code.as_deref(), Some("40P01" | "40001" | "23505" | "23514"))
}

/// Longer each time, and not the same in two runs that met.
async fn wait(attempt: u32) {
    let most = 20u64 << attempt.min(7);
    tokio::time::sleep(Duration::from_millis(rand::random_range(most / 2..=most))).await;
}
