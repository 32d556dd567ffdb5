//! Events: staged by binary COPY, then inserted where they are not stored yet, with their texts in segments.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
};

use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use super::{
    change,
    copy::{Copy, Rows},
    credential,
    dimension::{self, Dimensions, Ids},
    key::Key,
    month::Month,
    rollup,
    segment::{self, Kept, Segment},
};
use crate::ingest::{enrich::Place, record::Record};

/// An event on its way into the database.
#[derive(Debug)]
pub struct Row {
    pub object: i64,
    key: Key,
    /// Microseconds since 1970.
    time: i64,
    ids: Ids,
    request_id: Option<String>,
    other_id: Option<String>,
    raw: String,
    raw_json: Option<String>,
    issued: Option<Box<Issued>>,
}

/// A session's key, and what the event that issued it tells of the origin.
#[derive(Debug)]
struct Issued {
    issued_access_key: String,
    access_key: Option<String>,
    identity_type: Option<String>,
    own_origin: Option<String>,
    source_identity: Option<String>,
}

impl Row {
    /// What the event shares with others goes to `new`, unless it is known to be stored.
    pub fn new(object: i64, record: Record, dimensions: &Dimensions, new: &mut dimension::New) -> Row {
        let ids = dimensions.ids(&record, new);
        let own_key = Key::parse(&record.event_id);
        let key = own_key.unwrap_or_else(|| Key::of(&record.event_id));
        let issued = record.issued_access_key.map(|issued_access_key| {
            Box::new(Issued {
                issued_access_key,
                access_key: record.access_key,
                identity_type: record.identity_type,
                own_origin: record.own_origin,
                source_identity: record.source_identity,
            })
        });
        Row {
            object,
            key,
            time: record.event_time.0,
            ids,
            request_id: record.request_id,
            other_id: own_key.is_none().then_some(record.event_id),
            raw: record.raw,
            raw_json: record.raw_json,
            issued,
        }
    }

    /// Microseconds since 1970.
    pub fn time(&self) -> i64 {
        self.time
    }

    /// Roughly, in memory.
    pub fn bytes(&self) -> usize {
        size_of::<Row>() + self.raw.len() + self.raw_json.as_ref().map_or(0, String::len) + 64
    }

    pub fn month(&self) -> Month {
        Month::of(self.time)
    }

    fn kept(&self, object_id: i64) -> Kept<'_> {
        Kept { object_id, time: self.time, raw: &self.raw, raw_json: self.raw_json.as_deref() }
    }

    fn encode(&self, rows: &mut Rows, segment_id: i64, ordinal: usize) {
        let text = |rows: &mut Rows, text: &Option<String>| rows.option(text.as_deref(), Rows::text);
        rows.begin(7 + self.ids.len() as u16 + 4);
        rows.timestamptz(self.time);
        rows.uuid(self.key.0);
        rows.int8(segment_id);
        rows.int2(ordinal as i16);
        self.ids.iter().for_each(|id| rows.int8(*id));
        text(rows, &self.request_id);
        text(rows, &self.other_id);
        let issued = self.issued.as_deref();
        rows.option(issued.map(|issued| issued.issued_access_key.as_str()), Rows::text);
        let of = |get: fn(&Issued) -> &Option<String>| issued.and_then(|issued| get(issued).as_deref());
        rows.option(of(|issued| &issued.access_key), Rows::text);
        rows.option(of(|issued| &issued.identity_type), Rows::text);
        rows.option(of(|issued| &issued.own_origin), Rows::text);
        rows.option(of(|issued| &issued.source_identity), Rows::text);
    }
}

/// The columns of `stored_event`, in the order in which a row is encoded.
fn columns() -> String {
    let ids = dimension::TABLES.map(|table| format!("{table}_id")).join(", ");
    format!("event_time, event_key, segment_id, ordinal, {ids}, request_id, other_id, issued_access_key")
}

/// What is staged besides, for `credential`.
const STAGED: &str = "access_key, identity_type, own_origin, source_identity";

/// Makes the connection's own staging table. It empties itself at the end of each transaction. Blooms of the BRIN index are
/// compressed by the connection's setting, again with each page of events.
pub async fn prepare(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("set default_toast_compression = 'lz4'").execute(&mut *connection).await?;
    let sql = format!(
        "create temp table if not exists event_staging on commit delete rows as
         select * from (select {} from stored_event) as event, (select {STAGED} from identity, session) as caller limit 0",
        columns()
    );
    sqlx::query(AssertSqlSafe(sql)).execute(&mut *connection).await?;
    Ok(())
}

/// Inserts events, each with the id of its object; those that are stored already change nothing. Returns how many were new,
/// by object id. What the events refer to must be stored. Must run in a transaction.
pub async fn insert(connection: &mut PgConnection, events: &[(i64, &Row)]) -> sqlx::Result<HashMap<i64, u64>> {
    let mut inserted = HashMap::new();
    if events.is_empty() {
        return Ok(inserted);
    }
    let chunks = chunks(events);
    let ids = segment::reserve(connection, chunks.len()).await?;
    let statement = format!("copy event_staging ({}, {STAGED}) from stdin (format binary)", columns());
    let mut copy = Copy::begin(connection, &statement).await?;
    for (id, events) in ids.iter().zip(&chunks) {
        for (at, (_, row)) in events.iter().enumerate() {
            row.encode(&mut copy.rows, *id, at + 1);
        }
        copy.advance().await?;
    }
    copy.end().await?;
    // Segments are made ready while Postgres is busy.
    let (places, mut segments) = tokio::join!(insert_staged(connection), segments(&ids, &chunks));
    let by_id: HashMap<i64, usize> = ids.iter().enumerate().map(|(at, id)| (*id, at)).collect();
    let mut kept: Vec<_> = chunks.iter().map(|chunk| vec![false; chunk.len()]).collect();
    for (segment_id, ordinal) in places? {
        let (at, within) = (by_id[&segment_id], ordinal as usize - 1);
        kept[at][within] = true;
        *inserted.entry(chunks[at][within].0).or_default() += 1;
    }
    segments.iter_mut().zip(&kept).for_each(|(segment, kept)| segment.keep(kept));
    segment::insert(connection, &segments).await?;
    sqlx::query("truncate event_staging").execute(connection).await?;
    Ok(inserted)
}

/// One for each chunk, as if all of its events were new.
async fn segments<'a>(ids: &[i64], chunks: &[Vec<(i64, &'a Row)>]) -> Vec<Segment<'a>> {
    let mut segments = Vec::with_capacity(chunks.len());
    for (id, chunk) in ids.iter().zip(chunks) {
        segments.push(Segment::new(*id, chunk.iter().map(|(object_id, row)| Some(row.kept(*object_id))).collect()));
        tokio::task::yield_now().await;
    }
    segments
}

/// The events of each segment: of one month, and in the order of delivery.
fn chunks<'a>(events: &[(i64, &'a Row)]) -> Vec<Vec<(i64, &'a Row)>> {
    let mut months: BTreeMap<Month, Vec<Vec<(i64, &Row)>>> = BTreeMap::new();
    for event in events {
        let chunks = months.entry(event.1.month()).or_default();
        match chunks.last_mut() {
            Some(chunk) if chunk.len() < segment::EVENTS => chunk.push(*event),
            _ => chunks.push(vec![*event]),
        }
    }
    months.into_values().flatten().collect()
}

/// In the order of staging, which for events of one time is the order of delivery: the first event of an id and time is the one that is kept, in
/// every run. Returns segment and ordinal of what was inserted.
async fn insert_staged(connection: &mut PgConnection) -> sqlx::Result<Vec<(i64, i16)>> {
    let sql = format!(
        "with inserted as (
            insert into stored_event ({0})
            select {0} from event_staging
            on conflict (event_time, event_key) do nothing
            returning *
         ),
         {1},
         {2},
         {3}
         select coalesce(array_agg(segment_id), '{{}}'), coalesce(array_agg(ordinal), '{{}}') from inserted",
        columns(),
        credential::INSERT,
        change::INSERT,
        rollup::inserts()
    );
    let (segments, ordinals): (Vec<i64>, Vec<i16>) = sqlx::query_as(AssertSqlSafe(sql)).fetch_one(connection).await?;
    Ok(segments.into_iter().zip(ordinals).collect())
}

/// The channel on which Postgres tells that events were stored.
pub const STORED: &str = "trailmap_stored";

/// Tells those who listen, once the transaction is committed.
pub async fn tell(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("select pg_notify($1, '')").bind(STORED).execute(connection).await?;
    Ok(())
}

/// Ids that came with several times: some, if there are any.
pub async fn ids_of_several(pool: &PgPool) -> sqlx::Result<Vec<String>> {
    const SOME: i64 = 1000;
    let sql = "select min(coalesce(other_id, event_key::text)) from stored_event group by event_key having count(*) > 1 limit $1";
    sqlx::query_scalar(sql).bind(SOME).fetch_all(pool).await
}

/// The next distinct source addresses, in order.
pub async fn source_ips(pool: &PgPool, after: Option<IpAddr>, limit: i64) -> anyhow::Result<Vec<IpAddr>> {
    // Steps from address to address through the index, instead of reading every event.
    let texts: Vec<String> = sqlx::query_scalar(
        "with recursive step as (
            (select source_ip from address where source_ip > coalesce($1::inet, '0.0.0.0/0') order by source_ip limit 1)
            union all
            select (select source_ip from address where source_ip > step.source_ip order by source_ip limit 1)
            from step where step.source_ip is not null
         )
         select host(source_ip) from step where source_ip is not null limit $2",
    )
    .bind(after.map(|address| address.to_string()))
    .bind(limit)
    .fetch_all(pool)
    .await?;
    Ok(texts.iter().map(|text| text.parse()).collect::<Result<_, _>>()?)
}

/// Sets the places of these addresses; returns of how many they were not so before.
pub async fn update_places(pool: &PgPool, places: &[(IpAddr, Place)]) -> sqlx::Result<u64> {
    fn column<'a, T>(places: &'a [(IpAddr, Place)], value: impl Fn(&'a Place) -> T) -> Vec<T> {
        places.iter().map(|(_, place)| value(place)).collect()
    }
    let done = sqlx::query(
        "update address set country = p.country, city = p.city, latitude = p.latitude, longitude = p.longitude,
                time_zone = p.time_zone, as_number = p.as_number, as_organisation = p.as_organisation
         from unnest($1::text[], $2::text[], $3::text[], $4::float8[], $5::float8[], $6::text[], $7::bigint[], $8::text[])
            as p (ip, country, city, latitude, longitude, time_zone, as_number, as_organisation)
         where address.source_ip = p.ip::inet
           and (address.country, address.city, address.latitude, address.longitude, address.time_zone,
                address.as_number, address.as_organisation)
               is distinct from
               (p.country, p.city, p.latitude, p.longitude, p.time_zone, p.as_number, p.as_organisation)",
    )
    .bind(places.iter().map(|(address, _)| address.to_string()).collect::<Vec<_>>())
    .bind(column(places, |place| place.country.as_deref()))
    .bind(column(places, |place| place.city.as_deref()))
    .bind(column(places, |place| place.latitude))
    .bind(column(places, |place| place.longitude))
    .bind(column(places, |place| place.time_zone.as_deref()))
    .bind(column(places, |place| place.as_number))
    .bind(column(places, |place| place.as_organisation.as_deref()))
    .execute(pool)
    .await?;
    Ok(done.rows_affected())
}
