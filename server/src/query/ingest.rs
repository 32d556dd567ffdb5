//! How ingest goes, from what it writes down about itself.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use app::api::{
    Backfill, ByHand, Checked, Counts, DiskRoom, FailedObject, Ingest, IngestSource as Source, Ingests,
    IntegrityProblem, IntegrityReport, IntegritySource, IntegrityTrail, Listed, Place, PoisonMessage, Quiet,
    QuietAfter, Rejected, RetentionRun, Retry, SourceState,
};
use async_trait::async_trait;
use model::{access::Role, error::Error, time::Timestamp};
use sqlx::{PgPool, Row, postgres::PgRow};
use time::OffsetDateTime;
use tokio::sync::Mutex;

use super::{Query, read::timestamp, session};
use crate::{config::quiet::Quiet as Silence, disk::Disk, store};

/// Rows of each list.
const SHOWN: i64 = 20;
/// Over so many minutes a rate is taken.
const MINUTES: i64 = 5;
const HOURS: usize = 24;
/// How long the places are kept that page after page asks for.
const KEPT: Duration = Duration::from_secs(60);
/// What is usual for a place is known from so many days.
const USUAL_DAYS: i64 = 14;
/// Trails are told of with their digests of so many days.
const VERIFIED_DAYS: i64 = 90;

/// What is known of log file integrity, when it was asked, and how long that took. Counting the digests of many accounts over weeks
/// takes a while: so an answer holds for some times as long as it took, and whoever asks all the time, as Prometheus does, costs
/// little.
pub type KeptIntegrity = Arc<Mutex<Option<(Instant, Duration, IntegrityReport)>>>;
const HELD: u32 = 20;

/// The quiet places as they were a moment ago.
pub type KeptQuiet = Arc<Mutex<Option<(Instant, Quiet)>>>;

#[async_trait]
impl Ingests for Query {
    async fn ingest(&self) -> Result<Ingest, Error> {
        let ingest = read(self, self.reach.everything()?, self.clock.now()).await.map_err(|error| failed(&error))?;
        Ok(on(&self.disk, ingest))
    }

    async fn retry(&self, what: &Retry) -> Result<u64, Error> {
        self.need(Role::Editor)?;
        self.reach.everything()?;
        let pool = self.reach.writer();
        let marked = match what {
            Retry::Failed => store::object::mark(pool, None).await,
            Retry::Object(uri) => store::object::mark(pool, Some(std::slice::from_ref(uri))).await,
            Retry::Messages => store::poison_message::mark(pool, None).await,
            Retry::Message(id) => store::poison_message::mark(pool, Some(std::slice::from_ref(id))).await,
        };
        let marked = marked.map_err(|error| failed(&error))?;
        self.did("retry", &format!("{what:?}"), "").await;
        Ok(marked)
    }

    async fn rejected_text(&self, rejected_id: i64) -> Result<String, Error> {
        let pool = self.reach.everything()?;
        let text = sqlx::query_scalar("select text from rejected where rejected_id = $1").bind(rejected_id);
        let text = text.fetch_optional(pool).await.map_err(|error| failed(&error))?;
        text.ok_or_else(|| Error::not_found("Nothing was kept aside under this number."))
    }

    async fn quiet(&self) -> Result<Quiet, Error> {
        let mut quiet = self.quiet_places().await?;
        quiet.places.retain(|place| self.reach.accounts().allows(place.account.as_deref()));
        Ok(quiet)
    }
}

impl Query {
    /// Of all accounts, kept for all readers.
    async fn quiet_places(&self) -> Result<Quiet, Error> {
        let mut kept = self.quiet.lock().await;
        if let Some((at, quiet)) = &*kept
            && at.elapsed() < KEPT
        {
            return Ok(quiet.clone());
        }
        let at = self.clock.now();
        let places = quiet(self.reach.beside_events(), at, &self.silence).await.map_err(|error| failed(&error))?;
        let quiet = Quiet { at, places };
        *kept = Some((Instant::now(), quiet.clone()));
        Ok(quiet)
    }
}

fn failed(error: &sqlx::Error) -> Error {
    tracing::warn!(%error, "what is known of ingest cannot be read");
    session::database(error)
}

async fn read(query: &Query, pool: &PgPool, at: Timestamp) -> sqlx::Result<Ingest> {
    let silence = &*query.silence;
    Ok(Ingest {
        at,
        sources: sources(pool, at).await?,
        by_hand: by_hand(pool).await?,
        failed: failed_objects(pool).await?,
        poison: poison(pool).await?,
        rejected: rejected(pool).await?,
        places: places(pool, at, silence).await?,
        quiet_after: QuietAfter { hours: silence.hours, times: silence.times },
        integrity: kept_integrity(&query.integrity, pool, at).await?,
        disk: DiskRoom::default(),
        retention: retention(pool).await?,
    })
}

/// With what is known of the disk. It is not in the database, which is not written to while it has no room.
fn on(disk: &Disk, mut ingest: Ingest) -> Ingest {
    let bytes = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
    let room = disk.room();
    ingest.disk.free_bytes = room.map(|room| bytes(room.free));
    ingest.disk.reserve_bytes = room.map(|room| bytes(room.reserve));
    let Some(pause) = disk.pause() else { return ingest };
    for source in ingest.sources.iter_mut().filter(|source| source.state != SourceState::Stopped) {
        source.state = SourceState::Paused;
        source.last_error = Some(format!("Paused: {}", pause.reason));
        source.last_error_at = Some(pause.since);
    }
    ingest.disk.paused = Some(pause.reason);
    ingest
}

async fn sources(pool: &PgPool, at: Timestamp) -> sqlx::Result<Vec<Source>> {
    let mut hours = by_hour(pool, at).await?;
    let rates: HashMap<String, i64> = sqlx::query_as(
        "select source, sum(events_inserted)::bigint from object
         where finished_at > now() - make_interval(mins => $1) and source is not null group by source",
    )
    .bind(MINUTES as i32)
    .fetch_all(pool)
    .await?
    .into_iter()
    .collect();
    let sources = store::source::list(pool).await?.into_iter().map(|source| {
        let backfill = source.backfill_left.zip(source.backfill_total).zip(source.backfill_since);
        Source {
            kind: source.kind,
            state: state(&source.state),
            last_error: source.last_error,
            last_error_at: source.last_error_at.map(timestamp),
            last_success_at: source.last_success_at.map(timestamp),
            last_object: source.last_object,
            newest_event: source.newest_event_time.map(timestamp),
            counts: Counts {
                objects: source.objects,
                objects_failed: source.objects_failed,
                events_read: source.events_read,
                events_inserted: source.events_inserted,
                events_duplicate: source.events_duplicate,
                events_rejected: source.events_rejected,
            },
            messages: source.messages,
            backlog: source.backlog,
            backfill: backfill
                .filter(|((left, _), _)| *left > 0)
                .map(|((left, total), since)| backfilled(left, total, timestamp(since), at)),
            events_per_minute: rates.get(&source.name).copied().unwrap_or_default() as f64 / MINUTES as f64,
            events_by_hour: hours.remove(&source.name).unwrap_or_else(|| vec![0; HOURS]),
            name: source.name,
        }
    });
    Ok(sources.collect())
}

fn state(state: &str) -> SourceState {
    match state {
        "running" => SourceState::Running,
        "waiting" => SourceState::Waiting,
        "error" => SourceState::Error,
        _ => SourceState::Stopped,
    }
}

/// As fast as until now.
fn backfilled(left: i64, total: i64, since: Timestamp, at: Timestamp) -> Backfill {
    let (done, seconds) = (total - left, (at.0 - since.0) / 1_000);
    let seconds_left = (done > 0 && seconds > 0).then(|| (left as f64 * seconds as f64 / done as f64).ceil() as i64);
    Backfill { left, total, since, seconds_left }
}

/// New events of each source in the last hours, the oldest first.
async fn by_hour(pool: &PgPool, at: Timestamp) -> sqlx::Result<HashMap<String, Vec<i64>>> {
    let rows: Vec<(String, i32, i64)> = sqlx::query_as(
        "select source, floor(extract(epoch from to_timestamp($1) - finished_at) / 3600)::int as ago, sum(events_inserted)::bigint
         from object
         where source is not null and finished_at > to_timestamp($1) - make_interval(hours => $2)
         group by 1, 2",
    )
    .bind(at.0 as f64 / 1e3)
    .bind(HOURS as i32)
    .fetch_all(pool)
    .await?;
    let mut hours: HashMap<String, Vec<i64>> = HashMap::new();
    for (source, ago, events) in rows {
        let ago = usize::try_from(ago).unwrap_or_default().min(HOURS - 1);
        hours.entry(source).or_insert_with(|| vec![0; HOURS])[HOURS - 1 - ago] += events;
    }
    Ok(hours)
}

async fn by_hand(pool: &PgPool) -> sqlx::Result<Option<ByHand>> {
    let row = sqlx::query(
        "select count(*), count(*) filter (where state = 'failed'), sum(events_read)::bigint, sum(events_inserted)::bigint,
                sum(events_duplicate)::bigint, sum(events_rejected)::bigint, max(finished_at),
                (select uri from object where source is null order by finished_at desc, object_id desc limit 1)
         from object where source is null having count(*) > 0",
    )
    .fetch_optional(pool)
    .await?;
    let by_hand = |row: PgRow| {
        let (objects, objects_failed) = (row.try_get::<i64, _>(0)?, row.try_get(1)?);
        let counts = Counts {
            objects: objects - objects_failed,
            objects_failed,
            events_read: row.try_get(2)?,
            events_inserted: row.try_get(3)?,
            events_duplicate: row.try_get(4)?,
            events_rejected: row.try_get(5)?,
        };
        Ok(ByHand { counts, last_at: at(&row, 6)?, last_object: row.try_get(7)? })
    };
    row.map(by_hand).transpose()
}

fn at(row: &PgRow, column: usize) -> sqlx::Result<Timestamp> {
    row.try_get::<OffsetDateTime, _>(column).map(timestamp)
}

/// A list whose rows hold the whole count in their first column.
fn listed<T>(rows: Vec<PgRow>, item: impl Fn(&PgRow) -> sqlx::Result<T>) -> sqlx::Result<Listed<T>> {
    let total = rows.first().map_or(Ok(0), |row| row.try_get(0))?;
    Ok(Listed { total, first: rows.iter().map(item).collect::<sqlx::Result<_>>()? })
}

/// What was pushed cannot be read again: its sender was told, and it is told here for a day. Else nothing would ever clear it.
const TOLD: &str = "state = 'failed' and not (uri like 'push://%' and finished_at < now() - interval '1 day')";

/// What a source can read a second time.
const REPEATABLE: &str = "source is not null and uri ~ '^(s3|file)://' as repeatable";

async fn failed_objects(pool: &PgPool) -> sqlx::Result<Listed<FailedObject>> {
    let sql = format!(
        "select count(*) over (), uri, source, coalesce(error, ''), finished_at, retry, {REPEATABLE}
         from object where {TOLD} order by finished_at desc, object_id desc limit $1"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(SHOWN).fetch_all(pool).await?;
    listed(rows, |row| {
        Ok(FailedObject {
            uri: row.try_get(1)?,
            source: row.try_get(2)?,
            error: row.try_get(3)?,
            at: at(row, 4)?,
            retry: row.try_get(5)?,
            repeatable: row.try_get(6)?,
        })
    })
}

async fn poison(pool: &PgPool) -> sqlx::Result<Listed<PoisonMessage>> {
    let rows = sqlx::query(
        "select count(*) over (), message_id, source, reason, receives, kept_at, retry
         from poison_message order by poison_message_id desc limit $1",
    )
    .bind(SHOWN)
    .fetch_all(pool)
    .await?;
    listed(rows, |row| {
        Ok(PoisonMessage {
            message_id: row.try_get(1)?,
            source: row.try_get(2)?,
            reason: row.try_get(3)?,
            receives: row.try_get(4)?,
            at: at(row, 5)?,
            retry: row.try_get(6)?,
        })
    })
}

async fn rejected(pool: &PgPool) -> sqlx::Result<Listed<Rejected>> {
    let sql = format!(
        "select (sum(count(*)) over ())::bigint, uri, source, reason, count(*), {REPEATABLE}, finished_at, min(rejected_id)
         from rejected join object using (object_id)
         group by object_id, uri, source, reason, finished_at
         order by object_id desc, min(ordinal) limit $1"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(SHOWN).fetch_all(pool).await?;
    listed(rows, |row| {
        Ok(Rejected {
            uri: row.try_get(1)?,
            source: row.try_get(2)?,
            reason: row.try_get(3)?,
            records: row.try_get(4)?,
            repeatable: row.try_get(5)?,
            at: at(row, 6)?,
            rejected_id: row.try_get(7)?,
        })
    })
}

/// Accounts and regions of the last days. Quiet is one that is longer without events than usual; one that was seen in a single hour
/// has no usual.
async fn places(pool: &PgPool, now: Timestamp, silence: &Silence) -> sqlx::Result<Vec<Place>> {
    let rows = sqlx::query(
        "with hour as (
            select account, aws_region, start_time, sum(events)::bigint as events, max(last_seen) as last_seen,
                   start_time - lag(start_time) over (partition by account, aws_region order by start_time) as pause
            from access_hour join scope using (scope_id)
            where start_time >= to_timestamp($1) - make_interval(days => $2) and start_time <= to_timestamp($1)
            group by account, aws_region, start_time
         )
         select account, aws_region, max(last_seen), sum(events)::bigint,
                max(pause) is not null
                and to_timestamp($1) - max(last_seen) > greatest(make_interval(hours => $3), $4 * max(pause))
                and coalesce(account, '') <> all($5)
         from hour
         group by account, aws_region
         order by account, aws_region",
    )
    .bind(now.0 as f64 / 1e3)
    .bind(USUAL_DAYS as i32)
    .bind(silence.hours as i32)
    .bind(f64::from(silence.times))
    .bind(&silence.ignore)
    .fetch_all(pool)
    .await?;
    let place = |row: &PgRow| {
        Ok(Place {
            account: row.try_get(0)?,
            region: row.try_get(1)?,
            last_event: at(row, 2)?,
            events: row.try_get(3)?,
            quiet: row.try_get(4)?,
        })
    };
    rows.iter().map(place).collect()
}

async fn kept_integrity(kept: &KeptIntegrity, pool: &PgPool, at: Timestamp) -> sqlx::Result<IntegrityReport> {
    let mut kept = kept.lock().await;
    if let Some((asked, took, report)) = &*kept
        && asked.elapsed() < *took * HELD
    {
        return Ok(report.clone());
    }
    let asked = Instant::now();
    let report = integrity(pool, at).await?;
    *kept = Some((asked, asked.elapsed(), report.clone()));
    Ok(report)
}

async fn integrity(pool: &PgPool, at: Timestamp) -> sqlx::Result<IntegrityReport> {
    let since = store::instant(Timestamp(at.0 - VERIFIED_DAYS * 86_400_000));
    let report = store::integrity::report(pool, since, SHOWN).await?;
    let source = |source: store::integrity::Verification| IntegritySource {
        source: source.source,
        last_error: source.last_error,
        last_error_at: source.last_error_at.map(timestamp),
        last_success_at: source.last_success_at.map(timestamp),
        days_left: source.days_left,
    };
    let checked = |total, failed, unchecked| Checked { total, failed, unchecked };
    let trail = |trail: store::integrity::Trail| IntegrityTrail {
        source: trail.source,
        account: trail.account,
        region: trail.aws_region,
        trail: trail.trail,
        verified_to: trail.verified_to.map(timestamp),
        digests: checked(trail.digests, trail.digests_failed, trail.digests_unchecked),
        log_files: checked(trail.log_files, trail.log_files_failed, trail.log_files_unchecked),
    };
    let problem = |problem: store::integrity::Problem| IntegrityProblem {
        severity: problem.severity,
        finding: problem.finding,
        uri: problem.uri,
        reason: problem.reason,
        at: timestamp(problem.at),
        account: problem.account,
        region: problem.aws_region,
        trail: problem.trail,
    };
    let mut trails: Vec<_> = report.trails.into_iter().map(trail).collect();
    let fine = |checked: &Checked| (checked.failed == 0, checked.unchecked == 0);
    trails.sort_by_key(|trail| (fine(&trail.log_files).min(fine(&trail.digests)), trail.account.clone()));
    Ok(IntegrityReport {
        sources: report.sources.into_iter().map(source).collect(),
        trails,
        failed: report.problems_failed,
        problems: Listed { total: report.problems_total, first: report.problems.into_iter().map(problem).collect() },
    })
}

async fn retention(pool: &PgPool) -> sqlx::Result<Option<RetentionRun>> {
    let run = |last: store::retention::Last| RetentionRun {
        started_at: timestamp(last.started_at),
        finished_at: last.finished_at.map(timestamp),
        next_at: last.next_at.map(timestamp),
        error: last.error,
        events: last.events,
        months: last.months,
        bytes_before: last.bytes_before,
        bytes_after: last.bytes_after,
    };
    Ok(store::retention::last(pool).await?.map(run))
}

async fn quiet(pool: &PgPool, now: Timestamp, silence: &Silence) -> sqlx::Result<Vec<Place>> {
    let running = "select exists (select from source where state <> 'stopped')";
    if !sqlx::query_scalar::<_, bool>(running).fetch_one(pool).await? {
        return Ok(Vec::new());
    }
    let places = places(pool, now, silence).await?;
    Ok(places.into_iter().filter(|place| place.quiet).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_as_fast_as_until_now() {
        let minute = |minutes: i64| Timestamp(minutes * 60_000);
        assert_eq!(backfilled(75, 100, minute(0), minute(10)).seconds_left, Some(1_800));
        assert_eq!(backfilled(100, 100, minute(0), minute(10)).seconds_left, None);
        assert_eq!(backfilled(75, 100, minute(10), minute(10)).seconds_left, None);
    }
}
