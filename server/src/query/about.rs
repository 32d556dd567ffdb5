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
    let (estimate, last): (f32, _) = sqlx::query_as(
        "select (select reltuples from pg_class where oid = 'stored_event'::regclass), (select max(event_time) from stored_event)",
    )
    .fetch_one(pool)
    .await?;
    // -1 until the table is first analysed.
    if estimate < COUNTED_BELOW {
        return Ok((sqlx::query_scalar("select count(*) from stored_event").fetch_one(pool).await?, last));
    }
    Ok((estimate as i64, last))
}
