//! What many events have in common, stored once: see the migration. Ids follow from the content, so that an event can be
//! written without asking what is stored already.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, PoisonError, RwLock},
};

use serde::Serialize;
use siphasher::sip::SipHasher13;
use sqlx::{AssertSqlSafe, PgConnection};

use crate::ingest::record::Record;

/// Ids that are known to be stored; they are forgotten when there are more.
const MOST_KNOWN: usize = 2_000_000;

/// The tables, in the order in which their ids stand in an event.
pub const TABLES: [&str; 8] = ["action", "scope", "identity", "session", "address", "agent", "result", "target"];

/// An event's ids, in the order of `TABLES`.
pub type Ids = [i64; TABLES.len()];

#[derive(Serialize)]
struct Action<'a> {
    event_name: &'a Option<String>,
    event_source: &'a Option<String>,
    event_type: &'a Option<String>,
    event_category: &'a Option<String>,
    read_only: Option<bool>,
}

#[derive(Serialize)]
struct Scope<'a> {
    account: &'a Option<String>,
    aws_region: &'a Option<String>,
}

#[derive(Serialize)]
struct Identity<'a> {
    identity_type: &'a Option<String>,
    actor: &'a Option<String>,
    identity_account: &'a Option<String>,
    invoked_by: &'a Option<String>,
    own_origin: &'a Option<String>,
    mfa_used: Option<bool>,
    cross_account: Option<bool>,
}

#[derive(Serialize)]
struct Session<'a> {
    session: &'a Option<String>,
    actor_arn: &'a Option<String>,
    access_key: &'a Option<String>,
    source_identity: &'a Option<String>,
}

/// What tells one address from another; its place may change.
#[derive(Serialize)]
struct Caller<'a> {
    source_address: &'a Option<String>,
    vpc_endpoint: &'a Option<String>,
}

#[derive(Serialize)]
struct Address<'a> {
    #[serde(flatten)]
    caller: Caller<'a>,
    source_ip: Option<std::net::IpAddr>,
    country: &'a Option<String>,
    city: &'a Option<String>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    time_zone: &'a Option<String>,
    as_number: Option<i64>,
    as_organisation: &'a Option<String>,
}

#[derive(Serialize)]
struct Agent<'a> {
    user_agent: &'a Option<String>,
    client: Option<&'a str>,
    console: bool,
    tls_version: &'a Option<String>,
}

#[derive(Serialize)]
struct Outcome<'a> {
    outcome: &'a str,
    error_code: &'a Option<String>,
}

#[derive(Serialize)]
struct Target<'a> {
    resource: Option<&'a [String]>,
    error_message: &'a Option<String>,
}

/// Gives ids to contents, and remembers which are stored. Cheap to clone; clones share what is remembered.
#[derive(Clone)]
pub struct Dimensions {
    key: [u8; 16],
    known: Arc<RwLock<Stored>>,
}

/// Ids that are known to be stored since a generation began: see `super::known`.
struct Stored {
    generation: i64,
    ids: HashSet<i64>,
}

/// Rows of the dimensions that may not be stored yet: by table, then id, as JSON.
#[derive(Clone, Debug, Default)]
pub struct New {
    rows: [BTreeMap<i64, String>; TABLES.len()],
    pub bytes: usize,
}

impl Dimensions {
    /// Knows of nothing yet.
    pub fn new(hash_key: &[u8], generation: i64) -> sqlx::Result<Dimensions> {
        let key = hash_key.try_into();
        let key = key.map_err(|_| sqlx::Error::Protocol("instance.hash_key is no UUID".to_owned()))?;
        Ok(Dimensions { key, known: Arc::new(RwLock::new(Stored { generation, ids: HashSet::new() })) })
    }

    /// Of what is known.
    pub fn generation(&self) -> i64 {
        self.known.read().unwrap_or_else(PoisonError::into_inner).generation
    }

    /// What is known from an older generation is so no more.
    pub fn forget(&self, generation: i64) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.generation < generation {
            *known = Stored { generation, ids: HashSet::new() };
        }
    }

    /// The record's ids; what they stand for goes to `new` where it is not known to be stored.
    pub fn ids(&self, record: &Record, new: &mut New) -> Ids {
        let Record { place, .. } = record;
        let caller = || Caller { source_address: &record.source_address, vpc_endpoint: &record.vpc_endpoint };
        let mut row = RowOf { dimensions: self, new, text: Vec::with_capacity(1024) };
        [
            row.id(
                0,
                &Action {
                    event_name: &record.event_name,
                    event_source: &record.event_source,
                    event_type: &record.event_type,
                    event_category: &record.event_category,
                    read_only: record.read_only,
                },
            ),
            row.id(1, &Scope { account: &record.account, aws_region: &record.aws_region }),
            row.id(
                2,
                &Identity {
                    identity_type: &record.identity_type,
                    actor: &record.actor,
                    identity_account: &record.identity_account,
                    invoked_by: &record.invoked_by,
                    own_origin: &record.own_origin,
                    mfa_used: record.mfa_used,
                    cross_account: record.cross_account,
                },
            ),
            row.id(
                3,
                &Session {
                    session: &record.session,
                    actor_arn: &record.actor_arn,
                    access_key: &record.access_key,
                    source_identity: &record.source_identity,
                },
            ),
            row.id_by(
                4,
                &caller(),
                &Address {
                    caller: caller(),
                    source_ip: record.source_ip,
                    country: &place.country,
                    city: &place.city,
                    latitude: place.latitude,
                    longitude: place.longitude,
                    time_zone: &place.time_zone,
                    as_number: place.as_number,
                    as_organisation: &place.as_organisation,
                },
            ),
            row.id(
                5,
                &Agent {
                    user_agent: &record.user_agent,
                    client: record.client,
                    console: record.console,
                    tls_version: &record.tls_version,
                },
            ),
            row.id(
                6,
                &Outcome { outcome: if record.failed { "failure" } else { "success" }, error_code: &record.error_code },
            ),
            row.id(
                7,
                &Target {
                    resource: (!record.resource.is_empty()).then_some(&record.resource),
                    error_message: &record.error_message,
                },
            ),
        ]
    }

    /// That what is in `new` was committed, by a transaction that held this generation.
    pub fn remember(&self, new: &New, generation: i64) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.generation != generation {
            return;
        }
        if known.ids.len() > MOST_KNOWN {
            known.ids.clear();
        }
        known.ids.extend(new.rows.iter().flat_map(BTreeMap::keys));
    }

    /// Takes out of `new`, of the same generation, what is known by now.
    pub fn leave_out_known(&self, new: &mut New) {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        new.rows.iter_mut().for_each(|rows| rows.retain(|id, _| !known.ids.contains(id)));
    }

    fn id(&self, table: usize, content: &[u8]) -> i64 {
        let mut hasher = SipHasher13::new_with_key(&self.key);
        // The table is part of it, so that one set of known ids serves all.
        std::hash::Hasher::write_u8(&mut hasher, table as u8);
        std::hash::Hasher::write(&mut hasher, content);
        std::hash::Hasher::finish(&hasher) as i64
    }

    fn knows(&self, id: i64) -> bool {
        self.known.read().unwrap_or_else(PoisonError::into_inner).ids.contains(&id)
    }
}

struct RowOf<'a> {
    dimensions: &'a Dimensions,
    new: &'a mut New,
    /// What was written last, as JSON.
    text: Vec<u8>,
}

impl RowOf<'_> {
    fn id(&mut self, table: usize, content: &impl Serialize) -> i64 {
        let id = self.id_of(table, content);
        if self.is_new(table, id) {
            self.add(table, id);
        }
        id
    }

    fn id_by(&mut self, table: usize, key: &impl Serialize, content: &impl Serialize) -> i64 {
        let id = self.id_of(table, key);
        if self.is_new(table, id) {
            self.write(content);
            self.add(table, id);
        }
        id
    }

    fn id_of(&mut self, table: usize, key: &impl Serialize) -> i64 {
        self.write(key);
        self.dimensions.id(table, &self.text)
    }

    fn is_new(&self, table: usize, id: i64) -> bool {
        !self.new.rows[table].contains_key(&id) && !self.dimensions.knows(id)
    }

    /// Texts, numbers and lists of them: nothing that JSON could refuse.
    fn write(&mut self, content: &impl Serialize) {
        self.text.clear();
        serde_json::to_writer(&mut self.text, content).expect("plain values");
    }

    /// What was written last.
    fn add(&mut self, table: usize, id: i64) {
        let text = str::from_utf8(&self.text).expect("JSON is UTF-8").to_owned();
        self.new.bytes += text.len();
        self.new.rows[table].insert(id, text);
    }
}

impl New {
    pub fn append(&mut self, other: New) {
        for (own, other) in self.rows.iter_mut().zip(other.rows) {
            own.extend(other);
        }
        self.bytes += other.bytes;
    }

    /// Inserts what is not stored yet, in the order of ids, so that two runs wait for each other rather than lock each
    /// other. Errors: also two contents that share an id.
    pub async fn insert(&self, connection: &mut PgConnection) -> sqlx::Result<()> {
        for (table, rows) in TABLES.iter().zip(&self.rows).filter(|(_, rows)| !rows.is_empty()) {
            let mut text = String::from("[");
            for (at, (id, content)) in rows.iter().enumerate() {
                text.push_str(if at > 0 { ",{" } else { "{" });
                text.push_str(&format!("\"{table}_id\":{id},"));
                text.push_str(&content[1..]);
            }
            text.push(']');
            let same: bool =
                sqlx::query_scalar(AssertSqlSafe(statement(table))).bind(text).fetch_one(&mut *connection).await?;
            if !same {
                return Err(sqlx::Error::Protocol(format!("two contents of {table} share an id")));
            }
        }
        Ok(())
    }
}

/// Inserts the rows of a JSON array, and tells whether those that were stored already are the same. The place of an address is
/// what was found last.
fn statement(table: &str) -> String {
    let (conflict, same, changed) = match table {
        "address" => (
            "do update set country = excluded.country, city = excluded.city, latitude = excluded.latitude,
                longitude = excluded.longitude, time_zone = excluded.time_zone, as_number = excluded.as_number,
                as_organisation = excluded.as_organisation
             where excluded.country is not null
               and (stored.country, stored.city, stored.latitude, stored.longitude, stored.as_number)
                   is distinct from
                   (excluded.country, excluded.city, excluded.latitude, excluded.longitude, excluded.as_number)",
            "(new.source_address, new.vpc_endpoint) is not distinct from (stored.source_address, stored.vpc_endpoint)",
            // Of a row that was there already, `xmax` is the transaction that changed it.
            "returning stored.xmax::text <> '0' as was_there),
             changed as (insert into change (changes) select 1 from inserted having bool_or(was_there)",
        ),
        _ => ("do nothing", "new is not distinct from stored", ""),
    };
    format!(
        "with new as materialized (select * from json_populate_recordset(null::{table}, $1::json)),
         inserted as (insert into {table} as stored select * from new order by {table}_id on conflict ({table}_id) {conflict} {changed})
         select coalesce(bool_and({same}), true) from new join {table} as stored using ({table}_id)"
    )
}
