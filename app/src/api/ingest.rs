//! How ingest goes: the sources, what could not be read, and who has fallen silent.

use async_trait::async_trait;
use leptos::{prelude::*, server_fn::codec::GetUrl};
use model::{error::Error, time::Timestamp};
use serde::{Serialize, Serializer};

use super::{ApiError, IntegrityReport};
use crate::wire;

/// All that the page about ingest shows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ingest {
    #[serde(serialize_with = "rfc3339")]
    pub at: Timestamp,
    pub sources: Vec<Source>,
    /// What runs of `trailmap ingest` have read; none where there were none.
    pub by_hand: Option<ByHand>,
    pub failed: Listed<FailedObject>,
    pub poison: Listed<PoisonMessage>,
    pub rejected: Listed<Rejected>,
    pub places: Vec<Place>,
    pub quiet_after: QuietAfter,
    pub integrity: IntegrityReport,
    pub disk: DiskRoom,
    /// The last run of retention; none where there never was one.
    pub retention: Option<RetentionRun>,
}

/// What a run of retention did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RetentionRun {
    #[serde(serialize_with = "rfc3339")]
    pub started_at: Timestamp,
    /// None: it runs, or was broken off.
    #[serde(serialize_with = "rfc3339_or_null")]
    pub finished_at: Option<Timestamp>,
    #[serde(serialize_with = "rfc3339_or_null")]
    pub next_at: Option<Timestamp>,
    /// What went wrong, or was left for the next run.
    pub error: Option<String>,
    pub events: i64,
    /// That were dropped as a whole.
    pub months: i32,
    /// On disk, of all tables.
    pub bytes_before: Option<i64>,
    pub bytes_after: Option<i64>,
}

/// The disk of the database, where it is to be seen, and why nothing is read for now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DiskRoom {
    pub free_bytes: Option<i64>,
    /// With less, reading is paused.
    pub reserve_bytes: Option<i64>,
    pub paused: Option<String>,
}

/// The first few of many, and how many there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed<T> {
    pub total: i64,
    pub first: Vec<T>,
}

/// A source of the configuration file, now or in the past.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Source {
    pub name: String,
    /// As in the file: `s3`, `sqs`, `lookup-events`, `push`, `folder`.
    #[serde(rename = "type")]
    pub kind: String,
    pub state: SourceState,
    pub last_error: Option<String>,
    #[serde(serialize_with = "rfc3339_or_null")]
    pub last_error_at: Option<Timestamp>,
    #[serde(serialize_with = "rfc3339_or_null")]
    pub last_success_at: Option<Timestamp>,
    /// The URI of the object that was read last.
    pub last_object: Option<String>,
    #[serde(serialize_with = "rfc3339_or_null")]
    pub newest_event: Option<Timestamp>,
    pub counts: Counts,
    /// Messages of its queue that were dealt with.
    pub messages: i64,
    /// Messages that wait in its queue.
    pub backlog: Option<i64>,
    pub backfill: Option<Backfill>,
    /// New events a minute, over the last five.
    pub events_per_minute: f64,
    /// New events in each of the last 24 hours, the oldest first.
    pub events_by_hour: Vec<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceState {
    Running,
    Waiting,
    /// The database has no room: it goes on by itself when it has.
    Paused,
    Error,
    Stopped,
}

/// Sums since the source was first started. `events_read` is the sum of the three after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub objects: i64,
    pub objects_failed: i64,
    pub events_read: i64,
    pub events_inserted: i64,
    pub events_duplicate: i64,
    pub events_rejected: i64,
}

/// How far the reading of older time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Backfill {
    /// Pieces: a day's keys of an account and region, or six hours of a region.
    pub left: i64,
    pub total: i64,
    #[serde(serialize_with = "rfc3339")]
    pub since: Timestamp,
    /// As fast as until now; none where there is nothing to tell it from.
    pub seconds_left: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ByHand {
    pub counts: Counts,
    pub last_object: String,
    #[serde(serialize_with = "rfc3339")]
    pub last_at: Timestamp,
}

/// An object that could not be read to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailedObject {
    pub uri: String,
    pub source: Option<String>,
    pub error: String,
    #[serde(serialize_with = "rfc3339")]
    pub at: Timestamp,
    /// Its source can read it again.
    pub repeatable: bool,
    /// Somebody asked for that.
    pub retry: bool,
}

/// A message that was kept when it left its queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PoisonMessage {
    pub message_id: String,
    pub source: String,
    pub reason: String,
    pub receives: i32,
    #[serde(serialize_with = "rfc3339")]
    pub at: Timestamp,
    pub retry: bool,
}

/// Records that are no events, of one object and for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rejected {
    pub uri: String,
    pub source: Option<String>,
    pub reason: String,
    pub records: i64,
    pub repeatable: bool,
    #[serde(serialize_with = "rfc3339")]
    pub at: Timestamp,
    /// Of the first of them, under which its text is found.
    pub rejected_id: i64,
}

/// An account and region from which events come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    pub account: Option<String>,
    pub region: Option<String>,
    #[serde(serialize_with = "rfc3339")]
    pub last_event: Timestamp,
    /// In the last 14 days.
    pub events: i64,
    /// Longer without events than it ever was in the last 14 days.
    pub quiet: bool,
}

/// When a place is quiet: without events for so many hours, and for so many times as long as it ever was in the last 14 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct QuietAfter {
    pub hours: u32,
    pub times: u32,
}

/// Those that fell silent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quiet {
    pub at: Timestamp,
    pub places: Vec<Place>,
}

/// What is to be tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Retry {
    /// All objects that failed.
    Failed,
    /// The object of this URI.
    Object(String),
    /// All messages that were kept aside.
    Messages,
    /// The message of this id.
    Message(String),
}

/// What the server offers of ingest.
#[async_trait]
pub trait Ingests: Send + Sync + 'static {
    async fn ingest(&self) -> Result<Ingest, Error>;

    /// Asks the sources to try again; returns how many objects or messages that concerns.
    async fn retry(&self, what: &Retry) -> Result<u64, Error>;

    /// The text of a record that was kept aside. Errors: there is none of this id.
    async fn rejected_text(&self, rejected_id: i64) -> Result<String, Error>;

    /// Accounts and regions that fell silent while sources run; a minute old at most.
    async fn quiet(&self) -> Result<Quiet, Error>;
}

pub fn rfc3339<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.rfc3339())
}

pub fn rfc3339_or_null<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    at.map(Timestamp::rfc3339).serialize(serializer)
}

/// Who fell silent, as HTML; empty where nobody did.
#[server(prefix = "/api", endpoint = "quiet", input = GetUrl, output = wire::Answer)]
pub async fn quiet_html() -> Result<String, ApiError> {
    super::backend()?.quiet().await.map(crate::fragment::quiet::html).map_err(super::fail)
}
