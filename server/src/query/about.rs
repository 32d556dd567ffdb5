//! What every page's frame shows.

use std::time::{Duration, Instant};

use app::api::About;
use model::{access::Accounts, error::Error, filter::Ast};
use quick_cache::sync::Cache;
use sqlx::{PgPool, Postgres, QueryBuilder};
use time::OffsetDateTime;

use super::{reach::Reach, read, session};
use crate::ingest::enrich::GeoIp;

/// Below this, events are counted; above, the planner's estimate is near enough and costs nothing.
const COUNTED_BELOW: f32 = 20_000.0;
/// How long the events of some accounts stay counted: the planner estimates no such number, and every page asks.
const KEPT: Duration = Duration::from_secs(60);
/// So many counts are kept, each for other accounts.
const MOST_KEPT: usize = 1_000;

/// How many events there are of some accounts, as it was a moment ago.
pub struct Kept(Cache<Accounts, (Instant, i64)>);

impl Default for Kept {
    fn default() -> Kept {
        Kept(Cache::new(MOST_KEPT))
    }
}

/// The program's version, how many events there are, the newest, and whom the licences ask to name.
pub async fn read(reach: &Reach, kept: &Kept, geoip: &GeoIp) -> Result<About, Error> {
    let stored = match reach.everything() {
        Ok(pool) => stored(pool).await,
        Err(_) => visible(reach, kept).await,
    };
    let (events_estimate, last_event) = stored.map_err(|error| {
        tracing::warn!(%error, "about failed");
        session::database(&error)
    })?;
    Ok(About {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        events_estimate,
        last_event: last_event.map(read::timestamp),
        attributions: geoip.attributions(),
    })
}

async fn stored(pool: &PgPool) -> Result<(i64, Option<OffsetDateTime>), sqlx::Error> {
    let (estimate, last): (Option<f32>, _) = sqlx::query_as(
        "select (select sum(reltuples) from pg_inherits join pg_class on pg_class.oid = inhrelid
                 where inhparent = 'stored_event'::regclass and reltuples > 0),
                (select max(event_time) from stored_event)",
    )
    .fetch_one(pool)
    .await?;
    // Nothing is known of a partition until it is first analysed.
    match estimate {
        Some(estimate) if estimate >= COUNTED_BELOW => Ok((estimate as i64, last)),
        _ => Ok((sqlx::query_scalar("select count(*) from stored_event").fetch_one(pool).await?, last)),
    }
}

/// The same of some accounts.
async fn visible(reach: &Reach, kept: &Kept) -> Result<(i64, Option<OffsetDateTime>), sqlx::Error> {
    let mut transaction = reach.begin(session::BEGIN).await?;
    let last = newest(reach).build_query_scalar().fetch_one(&mut *transaction).await?;
    let events = match kept.0.get(reach.accounts()) {
        Some((at, events)) if at.elapsed() < KEPT => events,
        _ => {
            let events = count(reach).build_query_scalar().fetch_one(&mut *transaction).await?;
            kept.0.insert(reach.accounts().clone(), (Instant::now(), events));
            events
        }
    };
    transaction.commit().await?;
    Ok((events, last))
}

/// How many events some accounts have: days are the fewest rows that tell.
fn count(reach: &Reach) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new("select coalesce(sum(events), 0)::bigint from access_day where true");
    push_accounts(reach, &mut sql);
    sql
}

/// The newest of all events that a reader may see: of some accounts, first of the last day, in which there nearly always is one.
/// Postgres takes a time between two others for one in a narrow range, and uses the index.
pub fn newest(reach: &Reach) -> QueryBuilder<Postgres> {
    if reach.is_audit() {
        return QueryBuilder::new("select max(entry_time) from access.audit");
    }
    if !reach.is_limited() {
        return QueryBuilder::new("select max(event_time) from stored_event");
    }
    let mut sql = QueryBuilder::new(
        "with newest as materialized (select max(event_time) as at from stored_event) \
         select coalesce((select max(last_seen) from access_hour where start_time >= \
         (select date_trunc('hour', at, 'UTC') - interval '1 day' from newest) and start_time <= (select at from newest)",
    );
    push_accounts(reach, &mut sql);
    sql.push("), (select max(last_seen) from access_day where true");
    push_accounts(reach, &mut sql);
    sql.push("))");
    sql
}

/// That a row is of an account that is shown; no row is read where there is no such account.
fn push_accounts(reach: &Reach, sql: &mut QueryBuilder<Postgres>) {
    let visible = reach.visible(Ast::All);
    sql.push(" and scope_id = any(array(select scope_id from scope where true");
    visible.push_scope(sql);
    sql.push(")) and exists (select from scope where true");
    visible.push_scope(sql);
    sql.push(")");
}
