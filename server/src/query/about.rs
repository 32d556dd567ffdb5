//! What every page's frame shows.

use app::api::About;
use model::error::Error;
use sqlx::PgPool;
use time::OffsetDateTime;

use super::{read, session};
use crate::ingest::enrich::GeoIp;

/// Below this, events are counted; above, the planner's estimate is near enough and costs nothing.
const COUNTED_BELOW: f32 = 20_000.0;

/// The program's version, how many events there are, the newest, and whom the licences ask to name.
pub async fn read(pool: &PgPool, geoip: &GeoIp) -> Result<About, Error> {
    let (events_estimate, last_event) = stored(pool).await.map_err(|error| {
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
