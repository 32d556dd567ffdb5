//! The writer: takes what was gathered in order and stores each group in one transaction.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use sqlx::{Connection, PgConnection};
use tokio::sync::{Semaphore, mpsc};

use super::{
    Failed, Summary,
    decode::Outcome,
    gather::{Watch, Work},
    group::{Group, Inserted, Outdated, Stored, Whole, claim, finish, hold, store, store_parts},
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

/// One run's writer.
pub struct Writer<'a> {
    disk: &'a Disk,
    watch: &'a Watch<'a>,
    dimensions: Dimensions,
    months: Months,
    pub summary: Summary,
    /// Objects that failed, by URI.
    pub failed: HashMap<String, Failed>,
    /// Large objects that the database gave up; they have to be read again.
    pub again: Vec<(i64, Object)>,
    attempts: HashMap<i64, u32>,
}

impl<'a> Writer<'a> {
    pub fn new(disk: &'a Disk, watch: &'a Watch<'a>, dimensions: Dimensions, months: Months) -> Writer<'a> {
        let (summary, failed, again, attempts) = Default::default();
        Writer { disk, watch, dimensions, months, summary, failed, again, attempts }
    }

    /// Stores everything that comes; tells `idle` after each. Errors: the database is gone, has no room, or refuses what it must not.
    pub async fn run(
        &mut self,
        connection: &mut PgConnection,
        mut works: mpsc::Receiver<Work>,
        idle: &Semaphore,
    ) -> anyhow::Result<()> {
        event::prepare(connection).await?;
        while let Some(work) = works.recv().await {
            match work {
                Work::Group(group) => self.store_group(connection, group).await?,
                Work::Large(reading, parts) => self.store_large(connection, reading, parts).await?,
            }
            idle.add_permits(1);
        }
        Ok(())
    }

    /// Stores the group in one transaction, again and again while the database gives it up.
    async fn store_group(&mut self, connection: &mut PgConnection, mut group: Group) -> anyhow::Result<()> {
        self.disk.look()?;
        // Much of it was stored with the group before, while this one was gathered.
        self.dimensions.leave_out_known(&mut group.new);
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
                let mut group = Group::default();
                group.add(reading, outcome.without_records(), Vec::new());
                self.store_group(connection, group).await
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
            let end = if bytes >= PIECE_BYTES { None } else { Some(self.watch.next(reading).await?) };
            match end {
                Some(Message::Part(part)) => parts.push(*part),
                None => {
                    self.disk.look()?;
                    store_piece(connection, &ids, &mut parts, whole, &mut inserted).await?;
                }
                Some(Message::End(outcome)) if reading.broke_off(&outcome) => return Err(BrokeOff(outcome).into()),
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
                self.watch.progress.failed(&whole.object.uri, reason);
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
