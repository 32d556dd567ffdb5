//! What writers know to be stored, so that they need not write it again: ids of what events share, months that have their partitions.
//! It is kept from batch to batch, and forgotten when Postgres was started anew (after a failover it may have less than was
//! committed) or somebody deletes some of it.

use std::sync::{Arc, Mutex, PoisonError};

use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;

use super::{dimension::Dimensions, month::Months};

/// Kept by who writes again and again. Clones share it.
#[derive(Clone, Default)]
pub struct Known(Arc<Mutex<Option<Kept>>>);

struct Kept {
    instance: Instance,
    dimensions: Dimensions,
    months: Months,
}

/// Tells one database from another, and before from after.
#[derive(Clone, Debug, PartialEq, FromRow)]
struct Instance {
    hash_key: Vec<u8>,
    generation: i64,
    started_at: OffsetDateTime,
}

impl Known {
    /// What still holds, with partitions for this month and the next; `now` in microseconds since 1970. Not in a transaction.
    pub async fn recall(&self, connection: &mut PgConnection, now: i64) -> sqlx::Result<(Dimensions, Months)> {
        let instance: Instance = sqlx::query_as(
            "select uuid_send(hash_key) as hash_key, generation, pg_postmaster_start_time() as started_at from instance",
        )
        .fetch_one(&mut *connection)
        .await?;
        let (dimensions, mut months) = self.still(instance)?;
        months.begin(connection, now).await?;
        Ok((dimensions, months))
    }

    fn still(&self, instance: Instance) -> sqlx::Result<(Dimensions, Months)> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kept.as_ref().filter(|kept| kept.instance == instance) {
            return Ok((kept.dimensions.clone(), kept.months.clone()));
        }
        let dimensions = Dimensions::new(&instance.hash_key, instance.generation)?;
        let months = Months::default();
        *kept = Some(Kept { instance, dimensions: dimensions.clone(), months: months.clone() });
        Ok((dimensions, months))
    }
}

/// A name for all that writers may know, to lock it by.
const LOCK: &str = "hashtextextended('trailmap known', 0)";

/// First in a writer's transaction: until it ends, nobody deletes what may be known. Returns the generation; what is known from an
/// older one is to be forgotten.
pub async fn hold(connection: &mut PgConnection) -> sqlx::Result<i64> {
    // Two statements: the second one sees what was committed while the first one waited.
    let lock = format!("select pg_advisory_xact_lock_shared({LOCK})");
    sqlx::query(sqlx::AssertSqlSafe(lock)).execute(&mut *connection).await?;
    sqlx::query_scalar("select generation from instance").fetch_one(connection).await
}

/// First in the transaction of who deletes rows that events share, or a month's partitions: waits until writers have ended their
/// transactions, keeps the next ones waiting until this one ends, and makes all of them forget what they know.
pub async fn forget(connection: &mut PgConnection) -> sqlx::Result<()> {
    let lock = format!("select pg_advisory_xact_lock({LOCK})");
    sqlx::query(sqlx::AssertSqlSafe(lock)).execute(&mut *connection).await?;
    sqlx::query("update instance set generation = generation + 1").execute(connection).await?;
    Ok(())
}
