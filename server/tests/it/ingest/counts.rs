//! Real logs, where they are at hand: every event of every folder arrives.

use std::path::Path;

use super::fixture::ingest;
use crate::support;

/// Events that are readable and their distinct ids; rejected records; failed objects.
#[derive(Debug, PartialEq)]
struct Expected(i64, i64, u64, u64);

async fn count(folder: &Path) -> Expected {
    let pool = support::database().await;
    let summary = ingest(&pool, folder).await;
    let stored: i64 = sqlx::query_scalar("select count(*) from event").fetch_one(&pool).await.unwrap();
    let events = summary.events_read - summary.events_rejected;
    Expected(events as i64, stored, summary.events_rejected, summary.objects_failed)
}

#[tokio::test]
async fn every_folder_has_its_events() {
    let Some(data) = support::shared_data() else { return };
    // Beside the events: texts (licence, source) that are no JSON count as failed, expected signals and placeholders as rejected.
    let folders = [
        ("invictus-attack-simulation", Expected(1448, 1448, 0, 2)),
        ("traildiscover", Expected(159, 158, 0, 2)),
        // Its large file is no valid JSON: brackets too many and too few around its 840 events.
        ("opensearch-catalog", Expected(841, 841, 3, 2)),
        ("coralogix", Expected(20, 20, 0, 2)),
        // One id comes twice with different times: two events.
        ("flaws-cloud-excerpt", Expected(185, 185, 0, 2)),
        ("trailscraper", Expected(7, 3, 0, 2)),
        ("lookup-events-shape", Expected(6, 6, 0, 2)),
        ("otrf-ec2-proxy-s3-exfiltration", Expected(103, 103, 0, 2)),
        ("otrf-s3-honeybucket", Expected(157, 157, 0, 3)),
        // And here.
        ("aws-docs-examples", Expected(17, 15, 0, 2)),
        ("otel-contrib", Expected(1, 1, 0, 2)),
        ("console-sessions-trimmed", Expected(3349, 3307, 16, 2)),
        // One event has no time at all.
        ("cloud-custodian-eventbridge", Expected(12, 11, 1, 2)),
        // Placeholders; one has no time, and one takes it from its envelope. The control message's sample is rejected.
        ("streamalert-shapes", Expected(2, 2, 2, 2)),
    ];
    let mut wrong = Vec::new();
    for (name, expected) in folders {
        let got = count(&data.join("cloudtrail").join(name)).await;
        if got != expected {
            wrong.push(format!("{name}: {got:?}, expected {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
