//! Events: staged by binary COPY, then inserted where their id is not there yet.

use std::{collections::HashMap, net::IpAddr};

use sqlx::{AssertSqlSafe, PgConnection, PgPool, Row};

use super::{
    copy::{self, Rows},
    credential,
};
use crate::ingest::{enrich::Place, record::Record};

/// The columns of `event` but `object_id`, in the order in which `encode` writes them.
const COLUMNS: [&str; 41] = [
    "event_id",
    "event_time",
    "event_name",
    "event_source",
    "event_type",
    "event_category",
    "read_only",
    "outcome",
    "error_code",
    "error_message",
    "aws_region",
    "account",
    "actor",
    "session",
    "identity_type",
    "actor_arn",
    "identity_account",
    "access_key",
    "invoked_by",
    "source_address",
    "source_ip",
    "country",
    "city",
    "latitude",
    "longitude",
    "time_zone",
    "as_number",
    "as_organisation",
    "user_agent",
    "client",
    "mfa_used",
    "request_id",
    "resource",
    "own_origin",
    "source_identity",
    "issued_access_key",
    "cross_account",
    "console",
    "tls_version",
    "vpc_endpoint",
    "raw",
];

/// Where a record stands: the number of its object in this run, its number in the object, its first byte there.
#[derive(Clone, Copy, Debug)]
pub struct Position {
    pub object: i64,
    pub ordinal: u64,
    pub byte_offset: u64,
}

/// What became of staged events, by object id.
#[derive(Debug, Default)]
pub struct Merged {
    pub inserted: HashMap<i64, u64>,
    /// Events whose id is stored already with another time.
    pub conflicts: Vec<super::rejected::New>,
}

/// Writes a record as a row of the staging table.
pub fn encode(rows: &mut Rows, at: Position, record: &Record) {
    rows.begin(COLUMNS.len() as u16 + 4);
    rows.int8(at.object);
    rows.int8(at.ordinal as i64);
    rows.int8(at.byte_offset as i64);
    rows.text(&record.event_id);
    rows.timestamptz(record.event_time.0);
    let text = |rows: &mut Rows, text: &Option<String>| rows.option(text.as_deref(), Rows::text);
    text(rows, &record.event_name);
    text(rows, &record.event_source);
    text(rows, &record.event_type);
    text(rows, &record.event_category);
    rows.option(record.read_only, Rows::bool);
    rows.text(if record.failed { "failure" } else { "success" });
    text(rows, &record.error_code);
    text(rows, &record.error_message);
    text(rows, &record.aws_region);
    text(rows, &record.account);
    text(rows, &record.actor);
    text(rows, &record.session);
    text(rows, &record.identity_type);
    text(rows, &record.actor_arn);
    text(rows, &record.identity_account);
    text(rows, &record.access_key);
    text(rows, &record.invoked_by);
    text(rows, &record.source_address);
    rows.option(record.source_ip, Rows::inet);
    text(rows, &record.place.country);
    text(rows, &record.place.city);
    rows.option(record.place.latitude, Rows::float8);
    rows.option(record.place.longitude, Rows::float8);
    text(rows, &record.place.time_zone);
    rows.option(record.place.as_number, Rows::int8);
    text(rows, &record.place.as_organisation);
    text(rows, &record.user_agent);
    rows.option(record.client, Rows::text);
    rows.option(record.mfa_used, Rows::bool);
    text(rows, &record.request_id);
    rows.option((!record.resource.is_empty()).then_some(record.resource.as_slice()), Rows::texts);
    text(rows, &record.own_origin);
    text(rows, &record.source_identity);
    text(rows, &record.issued_access_key);
    rows.option(record.cross_account, Rows::bool);
    rows.bool(record.console);
    text(rows, &record.tls_version);
    text(rows, &record.vpc_endpoint);
    rows.text(&record.raw);
    text(rows, &record.raw_json);
}

fn columns() -> String {
    COLUMNS.join(", ") + ", raw_json"
}

/// Makes the connection's own staging table. It empties itself at the end of each transaction.
pub async fn prepare(connection: &mut PgConnection) -> sqlx::Result<()> {
    let sql = format!(
        "create temp table if not exists event_staging on commit delete rows as
         select 0::bigint as object_number, 0::bigint as ordinal, 0::bigint as byte_offset, {} from stored_event limit 0",
        columns()
    );
    sqlx::query(AssertSqlSafe(sql)).execute(&mut *connection).await?;
    // As in `event`: so a long text is compressed once and taken over as it is.
    sqlx::query("alter table event_staging alter column raw set compression lz4").execute(&mut *connection).await?;
    sqlx::query("alter table event_staging alter column raw_json set compression lz4").execute(connection).await?;
    Ok(())
}

/// Inserts the rows' events; those whose id is stored already change nothing. `ids` are those of the objects with the
/// numbers from `first` on; rows of an object without one are passed over. Must run in a transaction.
pub async fn insert<'a>(
    connection: &mut PgConnection,
    rows: impl Iterator<Item = &'a Rows>,
    first: i64,
    ids: &[Option<i64>],
) -> sqlx::Result<Merged> {
    let statement =
        format!("copy event_staging (object_number, ordinal, byte_offset, {}) from stdin (format binary)", columns());
    let staged = copy::copy(connection, &statement, rows).await?;
    if staged == 0 {
        return Ok(Merged::default());
    }
    let inserted = insert_staged(connection, first, ids).await?;
    let conflicts = match inserted.values().sum::<u64>() {
        all if all == staged => Vec::new(),
        _ => conflicts(connection, first, ids).await?,
    };
    sqlx::query("truncate event_staging").execute(connection).await?;
    Ok(Merged { inserted, conflicts })
}

/// In the order of staging, which is the order of delivery: the first event of an id is the one that is kept, in every run.
async fn insert_staged(
    connection: &mut PgConnection,
    first: i64,
    ids: &[Option<i64>],
) -> sqlx::Result<HashMap<i64, u64>> {
    let sql = format!(
        "with inserted as (
            insert into stored_event (object_id, {0})
            select ($2::bigint[])[(object_number - $1)::int + 1], {0} from event_staging
            where ($2::bigint[])[(object_number - $1)::int + 1] is not null
            on conflict (event_id) do nothing
            returning object_id, {1}
         ),
         {2}
         select object_id, count(*) from inserted group by object_id",
        columns(),
        credential::RETURNING,
        credential::INSERT
    );
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(first).bind(ids).fetch_all(connection).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get::<i64, _>(1)? as u64))).collect()
}

async fn conflicts(
    connection: &mut PgConnection,
    first: i64,
    ids: &[Option<i64>],
) -> sqlx::Result<Vec<super::rejected::New>> {
    // `offset 0` makes it a look-up for each staged row, whatever the planner thinks of a table that it never analysed.
    let rows = sqlx::query(
        "select ($2::bigint[])[(object_number - $1)::int + 1], ordinal, byte_offset, left(raw, 1048576)
         from event_staging as staged
         cross join lateral (select event_time from stored_event where event_id = staged.event_id offset 0) as stored
         where ($2::bigint[])[(object_number - $1)::int + 1] is not null and stored.event_time <> staged.event_time",
    )
    .bind(first)
    .bind(ids)
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(super::rejected::New {
                object_id: row.try_get(0)?,
                ordinal: row.try_get::<i64, _>(1)? as u64,
                byte_offset: row.try_get::<i64, _>(2)? as u64,
                reason: "event id already stored with another time".to_owned(),
                text: row.try_get(3)?,
            })
        })
        .collect()
}

/// The next distinct source addresses of stored events, in order.
pub async fn source_ips(pool: &PgPool, after: Option<IpAddr>, limit: i64) -> anyhow::Result<Vec<IpAddr>> {
    // Steps from address to address through the index, instead of reading every event.
    let texts: Vec<String> = sqlx::query_scalar(
        "with recursive address as (
            (select source_ip from stored_event where source_ip > coalesce($1::inet, '0.0.0.0/0') order by source_ip limit 1)
            union all
            select (select source_ip from stored_event where source_ip > address.source_ip order by source_ip limit 1)
            from address where address.source_ip is not null
         )
         select host(source_ip) from address where source_ip is not null limit $2",
    )
    .bind(after.map(|address| address.to_string()))
    .bind(limit)
    .fetch_all(pool)
    .await?;
    Ok(texts.iter().map(|text| text.parse()).collect::<Result<_, _>>()?)
}

/// Sets the places of all events from these addresses; returns how many rows were not so before.
pub async fn update_places(pool: &PgPool, places: &[(IpAddr, Place)]) -> sqlx::Result<u64> {
    fn column<'a, T>(places: &'a [(IpAddr, Place)], value: impl Fn(&'a Place) -> T) -> Vec<T> {
        places.iter().map(|(_, place)| value(place)).collect()
    }
    let done = sqlx::query(
        "update stored_event as event set country = p.country, city = p.city, latitude = p.latitude, longitude = p.longitude,
                time_zone = p.time_zone, as_number = p.as_number, as_organisation = p.as_organisation
         from unnest($1::text[], $2::text[], $3::text[], $4::float8[], $5::float8[], $6::text[], $7::bigint[], $8::text[])
            as p (address, country, city, latitude, longitude, time_zone, as_number, as_organisation)
         where event.source_ip = p.address::inet
           and (event.country, event.city, event.latitude, event.longitude, event.time_zone, event.as_number,
                event.as_organisation)
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
