//! Objects on their way into the database, many small ones at a time, and the statements of their transaction.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use sqlx::{Connection, PgConnection};

use super::{
    decode::Outcome,
    read::{Part, Reading},
    source::Object,
};
use crate::store::{credential, dimension, event, known, object, rejected};

/// A group of small objects is committed when it has so many records, bytes or objects, or is so old.
const GROUP_RECORDS: u64 = 20_000;
pub const GROUP_BYTES: usize = 8 << 20;
const GROUP_OBJECTS: usize = 500;
const GROUP_AGE: Duration = Duration::from_millis(500);

/// An object whose records are all here or stored.
pub struct Whole {
    pub number: i64,
    pub object: Object,
    pub outcome: Outcome,
    /// Records handed over, read or rejected.
    pub records: u64,
    pub rejected: u64,
}

#[derive(Default)]
pub struct Group {
    pub objects: Vec<Whole>,
    pub parts: Vec<Part>,
    /// Of all parts.
    pub new: dimension::New,
    bytes: usize,
    records: u64,
    since: Option<Instant>,
}

impl Group {
    pub fn add(&mut self, reading: Reading, outcome: Outcome, parts: Vec<Part>) {
        let Reading { number, object, .. } = reading;
        let mut whole = Whole { number, object, outcome, records: 0, rejected: 0 };
        whole.count(&parts);
        self.since.get_or_insert_with(Instant::now);
        self.objects.push(whole);
        for mut part in parts {
            self.bytes += part.bytes();
            self.records += part.records();
            self.new.append(std::mem::take(&mut part.new));
            self.parts.push(part);
        }
    }

    /// It takes no more.
    pub fn is_full(&self) -> bool {
        self.records >= GROUP_RECORDS || self.bytes >= GROUP_BYTES || self.objects.len() >= GROUP_OBJECTS
    }

    /// It is to be stored now.
    pub fn is_due(&self) -> bool {
        self.is_full() || self.since.is_some_and(|since| since.elapsed() >= GROUP_AGE)
    }
}

/// Events that were new, by object id, while a transaction runs.
pub type Inserted = HashMap<i64, u64>;

impl Whole {
    pub fn count(&mut self, parts: &[Part]) {
        self.records += parts.iter().map(Part::records).sum::<u64>();
        self.rejected += parts.iter().map(|part| part.rejected.len() as u64).sum::<u64>();
    }

    pub fn finish(&self, object_id: i64, inserted: &Inserted) -> object::Finish {
        let unkept = self.outcome.rejected_unkept;
        object::Finish {
            object_id,
            error: self.outcome.error.clone(),
            kind: self.outcome.kind.to_owned(),
            events_read: self.records + unkept,
            events_inserted: inserted.get(&object_id).copied().unwrap_or_default(),
            events_rejected: self.rejected + unkept,
            bytes_uncompressed: self.outcome.bytes_uncompressed,
            sha256: self.outcome.sha256,
        }
    }
}

/// Ids by the numbers of objects, what was new, and the generation in which that was so.
pub type Stored = (HashMap<i64, i64>, Inserted, i64);

/// What the parts take for stored was deleted since they were read: their objects are to be read again.
#[derive(Debug, thiserror::Error)]
#[error("what was known to be stored has been deleted meanwhile")]
pub struct Outdated {
    /// The generation that began with it.
    pub generation: i64,
}

/// Begins the writing of parts in a transaction. Errors: the database's, or `Outdated`.
pub async fn hold(connection: &mut PgConnection, parts: &[Part]) -> anyhow::Result<i64> {
    let generation = known::hold(connection).await?;
    match parts.iter().all(|part| part.generation == generation) {
        true => Ok(generation),
        false => Err(Outdated { generation }.into()),
    }
}

/// Stores a group in a transaction. Errors: as of `hold`.
pub async fn store(connection: &mut PgConnection, group: &Group) -> anyhow::Result<Stored> {
    let mut transaction = connection.begin().await?;
    let generation = hold(&mut transaction, &group.parts).await?;
    let ids = claim(&mut transaction, &group.objects).await?;
    let mut inserted = Inserted::default();
    store_parts(&mut transaction, &ids, &group.parts, &group.new, &mut inserted).await?;
    finish(&mut transaction, &group.objects, &ids, &inserted).await?;
    transaction.commit().await?;
    Ok((ids, inserted, generation))
}

/// Ids by the numbers of those objects that are ours to store.
pub async fn claim(connection: &mut PgConnection, objects: &[Whole]) -> sqlx::Result<HashMap<i64, i64>> {
    let uris: Vec<_> = objects.iter().map(|whole| whole.object.uri.as_str()).collect();
    let versions: Vec<_> = objects.iter().map(|whole| whole.object.version.as_str()).collect();
    let sources: Vec<_> = objects.iter().map(|whole| whole.object.source.as_deref()).collect();
    let claimed = object::claim(connection, &uris, &versions, &sources).await?;
    let ids: Vec<_> = claimed.iter().map(|(_, id)| *id).collect();
    rejected::clear(connection, &ids).await?;
    Ok(claimed.into_iter().map(|(at, id)| (objects[at as usize - 1].number, id)).collect())
}

/// Those of the parts' records whose objects have an id.
pub async fn store_parts(
    connection: &mut PgConnection,
    ids: &HashMap<i64, i64>,
    parts: &[Part],
    new: &dimension::New,
    inserted: &mut Inserted,
) -> sqlx::Result<()> {
    if new.bytes > 0 {
        new.insert(connection).await?;
    }
    let of_parts = parts.iter().flat_map(|part| &part.rows);
    let events: Vec<_> = of_parts.filter_map(|row| ids.get(&row.object).map(|id| (*id, row))).collect();
    for (id, count) in event::insert(connection, &events).await? {
        *inserted.entry(id).or_default() += count;
    }
    let of_parts = parts.iter().flat_map(|part| &part.rejected);
    let rows: Vec<_> = of_parts
        .filter_map(|row| ids.get(&row.object_id).map(|id| rejected::New { object_id: *id, ..row.clone() }))
        .collect();
    rejected::insert(connection, &rows).await
}

pub async fn finish(
    connection: &mut PgConnection,
    objects: &[Whole],
    ids: &HashMap<i64, i64>,
    inserted: &Inserted,
) -> sqlx::Result<()> {
    let ours = objects.iter().filter_map(|whole| ids.get(&whole.number).map(|id| whole.finish(*id, inserted)));
    object::finish(connection, &ours.collect::<Vec<_>>()).await?;
    if !inserted.is_empty() {
        event::tell(connection).await?;
    }
    credential::settle(connection).await
}
