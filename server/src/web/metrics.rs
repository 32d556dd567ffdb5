//! `/metrics`: what Prometheus collects, in the OpenMetrics format. All counters of ingest come from the database, so that
//! every server on it tells the same, and a restart loses nothing.

use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

use app::api::{Backend, Ingest, IngestSource, SourceState};
use axum::{
    extract::{Extension, Request, State},
    http::header,
    middleware::Next,
    response::{IntoResponse, Response},
};
use model::error::{Error, Kind};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use super::{
    NO_STORE,
    error::{self, Format},
    process,
};
use crate::disk::Disk;

/// Seconds.
const BUCKETS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

type Requests = Family<RequestLabels, Histogram>;

/// What is counted while the server runs.
#[derive(Clone, Debug)]
pub struct Metrics {
    requests: Requests,
    started: SystemTime,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    /// The first segment of the path, of those that there are.
    route: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SourceLabels {
    source: String,
    r#type: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    source: String,
    r#type: String,
    result: &'static str,
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics { requests: Family::new_with_constructor(|| Histogram::new(BUCKETS)), started: SystemTime::now() }
    }
}

/// Measures the time until an answer begins.
pub async fn measure(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let (method, route) = (method(request.method().as_str()), route(request.uri().path()));
    let began = Instant::now();
    let response = next.run(request).await;
    let labels = RequestLabels { method, route, status: response.status().as_u16() };
    metrics.requests.get_or_create(&labels).observe(began.elapsed().as_secs_f64());
    response
}

/// Whoever asks names them: only what there is becomes a label.
fn method(method: &str) -> &'static str {
    const KNOWN: [&str; 3] = ["GET", "HEAD", "POST"];
    KNOWN.into_iter().find(|known| *known == method).unwrap_or("other")
}

fn route(path: &str) -> &'static str {
    const KNOWN: [&str; 12] = [
        "api",
        "d",
        "dashboards",
        "discover",
        "entity",
        "event",
        "healthz",
        "ingest",
        "live",
        "metrics",
        "pkg",
        "readyz",
    ];
    let first = path.trim_start_matches('/').split(['/', '.']).next().unwrap_or_default();
    match first {
        "" => "/",
        first => KNOWN.into_iter().find(|known| *known == first).unwrap_or("other"),
    }
}

/// Errors: the reader sees some accounts alone, and these numbers are of all.
pub async fn answer(
    State((metrics, disk)): State<(Metrics, Disk)>,
    Extension(backend): Extension<Arc<dyn Backend>>,
) -> Response {
    if backend.who().accounts != "*" {
        let error = Error::new(Kind::Forbidden, "These numbers are of all accounts, of which you see only some.");
        return error::response(&error, Format::Text);
    }
    let mut registry = Registry::default();
    registry.register("http_request_duration_seconds", "Time until an answer began", metrics.requests.clone());
    process::register(&mut registry, metrics.started);
    let (ingest, about) = tokio::join!(backend.ingest(), backend.about());
    gauge(&mut registry, "trailmap_database_up", "Whether the database answers", i64::from(ingest.is_ok()));
    of_disk(&mut registry, &disk);
    if let Ok(ingest) = &ingest {
        register(&mut registry, ingest);
    }
    if let Ok(about) = about {
        gauge(&mut registry, "trailmap_events", "Events stored, as estimated", about.events_estimate);
    }
    let mut text = String::new();
    match encode(&mut text, &registry) {
        Ok(()) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind), NO_STORE], text).into_response()
        }
        Err(_) => axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: i64) {
    let gauge: Gauge = Gauge::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}

/// Also told while the database does not answer.
fn of_disk(registry: &mut Registry, disk: &Disk) {
    let paused = i64::from(disk.pause().is_some());
    gauge(registry, "trailmap_ingest_paused", "Whether nothing is read until the database has room", paused);
    let Some(room) = disk.room() else { return };
    let bytes = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
    gauge(registry, "trailmap_disk_free_bytes", "Free on the disk of the private Postgres", bytes(room.free));
    gauge(registry, "trailmap_disk_reserve_bytes", "With less, ingest is paused", bytes(room.reserve));
}

fn register(registry: &mut Registry, ingest: &Ingest) {
    gauge(registry, "trailmap_failed_objects", "Objects that could not be read", ingest.failed.total);
    gauge(registry, "trailmap_poison_messages", "Messages kept aside", ingest.poison.total);
    gauge(registry, "trailmap_rejected_records", "Records kept aside", ingest.rejected.total);
    let quiet = ingest.places.iter().filter(|place| place.quiet).count();
    gauge(registry, "trailmap_quiet_places", "Accounts and regions that fell silent", quiet as i64);
    let integrity = "Digests and log files that are not as CloudTrail delivered them";
    gauge(registry, "trailmap_integrity_failures", integrity, ingest.integrity.failed);
    let now_ms = ingest.at.0;
    let seconds = |at: Option<model::time::Timestamp>| at.map(|at| at.0.div_euclid(1_000));
    by_source(registry, ingest, "up", "Whether the source runs without an error", |source| {
        Some(i64::from(matches!(source.state, SourceState::Running | SourceState::Waiting)))
    });
    by_source(registry, ingest, "lag_seconds", "Now less the time of the newest event", |source| {
        source.newest_event.map(|newest| (now_ms - newest.0).max(0) / 1_000)
    });
    by_source(registry, ingest, "last_success_timestamp_seconds", "When it last went through", |source| {
        seconds(source.last_success_at)
    });
    by_source(registry, ingest, "last_error_timestamp_seconds", "When it last failed", |source| {
        seconds(source.last_error_at)
    });
    by_source(registry, ingest, "backlog_messages", "Messages that wait in its queue", |source| source.backlog);
    by_source(registry, ingest, "backfill_left", "Pieces of older time to be read", |source| {
        Some(source.backfill.map_or(0, |backfill| backfill.left))
    });
    let events = |source: &IngestSource| {
        let counts = &source.counts;
        vec![
            ("inserted", counts.events_inserted),
            ("duplicate", counts.events_duplicate),
            ("rejected", counts.events_rejected),
        ]
    };
    by_result(registry, ingest, "events", "Events that were read", events);
    let objects =
        |source: &IngestSource| vec![("done", source.counts.objects), ("failed", source.counts.objects_failed)];
    by_result(registry, ingest, "objects", "Objects that were read", objects);
    by_result(registry, ingest, "messages", "Messages that were dealt with", |source| vec![("done", source.messages)]);
}

fn by_source(
    registry: &mut Registry,
    ingest: &Ingest,
    name: &str,
    help: &str,
    value: impl Fn(&IngestSource) -> Option<i64>,
) {
    let family = Family::<SourceLabels, Gauge>::default();
    for source in &ingest.sources {
        if let Some(value) = value(source) {
            let labels = SourceLabels { source: source.name.clone(), r#type: source.kind.clone() };
            family.get_or_create(&labels).set(value);
        }
    }
    registry.register(format!("trailmap_source_{name}"), help, family);
}

fn by_result(
    registry: &mut Registry,
    ingest: &Ingest,
    name: &str,
    help: &str,
    values: impl Fn(&IngestSource) -> Vec<(&'static str, i64)>,
) {
    let family = Family::<ResultLabels, Counter>::default();
    for source in &ingest.sources {
        for (result, value) in values(source) {
            let labels = ResultLabels { source: source.name.clone(), r#type: source.kind.clone(), result };
            family.get_or_create(&labels).inc_by(value.max(0) as u64);
        }
    }
    registry.register(format!("trailmap_source_{name}"), help, family);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_few_whatever_is_asked_for() {
        assert_eq!(
            ["/", "/d/x/y.csv", "/discover.ndjson", "/evil-123", "//x"].map(route),
            ["/", "d", "discover", "other", "other"]
        );
        assert_eq!(["GET", "BREW"].map(method), ["GET", "other"]);
    }
}
