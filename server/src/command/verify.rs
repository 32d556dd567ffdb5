//! `trailmap verify`: whether log files are those that CloudTrail delivered.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use anyhow::Context;
use serde_json::{Value, json};

use super::database::Database;
use crate::{
    config::{Global, OutputFormat, Verify, file, source},
    ingest::source::{aws, s3},
    integrity::{
        self, Request, day,
        finding::{Found, Severity},
        folder::Folder,
        keys::Keys,
        ledger::{Ledger, Nowhere},
        report::{Count, Report, Trail},
    },
    store::integrity::Book,
};

/// Exit status when nothing is wrong, and not all could be checked.
const NOT_ALL_CHECKED: u8 = 3;
/// Database connections: one writes.
const CONNECTIONS: u32 = 2;

pub async fn run(global: &Global, settings: &Verify) -> anyhow::Result<ExitCode> {
    if let (Some(from), Some(to)) = (settings.from, settings.to) {
        anyhow::ensure!(from <= to, "--from is after --to");
    }
    let what = what(settings)?;
    let report = if settings.record {
        let database = Database::open(global, CONNECTIONS).await?;
        let work = async |pool: &sqlx::PgPool| {
            let book = Book { pool: pool.clone(), source: settings.source.clone() };
            report(settings, &what, &book).await
        };
        database.with(work).await?
    } else {
        report(settings, &what, &Nowhere).await?
    };
    super::print(&match settings.format {
        OutputFormat::Text => text(&report),
        OutputFormat::Json => format!("{:#}\n", object(&report)),
    })?;
    Ok(match report.severity() {
        Severity::Notice => ExitCode::SUCCESS,
        Severity::Unchecked => ExitCode::from(NOT_ALL_CHECKED),
        Severity::Failure => ExitCode::FAILURE,
    })
}

/// What is verified.
enum What {
    Folder(PathBuf),
    Bucket { aws: source::Aws, bucket: String, prefix: String, public_keys: Vec<PathBuf> },
}

fn what(settings: &Verify) -> anyhow::Result<What> {
    if let (Some(config), Some(name)) = (&settings.config, &settings.source) {
        let found = file::read(config)?.sources.into_iter().find(|source| source.name == *name);
        let found = found.with_context(|| format!("{}: there is no source {name:?}", config.display()))?;
        let source::Verify { aws, bucket, prefix, public_keys, .. } =
            found.verify.with_context(|| format!("source {name:?} has no bucket that is to be verified"))?;
        return Ok(What::Bucket { aws, bucket, prefix, public_keys });
    }
    let path = settings.path.as_deref().context("no PATH is given")?;
    let Some(rest) = path.to_str().and_then(|path| path.strip_prefix("s3://")) else {
        return Ok(What::Folder(path.to_owned()));
    };
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    anyhow::ensure!(!bucket.is_empty(), "{}: names no bucket", path.display());
    let given = settings.aws.clone();
    let aws = source::Aws {
        region: given.region,
        profile: given.profile,
        role_arn: given.role_arn,
        external_id: given.external_id,
        endpoint_url: given.endpoint_url,
        fips: given.fips,
    };
    Ok(What::Bucket { aws, bucket: bucket.to_owned(), prefix: prefix.to_owned(), public_keys: Vec::new() })
}

async fn report(settings: &Verify, what: &What, ledger: &dyn Ledger) -> anyhow::Result<Report> {
    let given = Keys::read(&settings.public_keys)?;
    let request = Request { prefix: String::new(), keys: Keys::None, from: settings.from, to: settings.to };
    match what {
        What::Folder(path) => {
            let request = Request { keys: given.unwrap_or_default(), ..request };
            let files = Arc::new(Folder::open(path)?);
            integrity::verify(files, &request, ledger).await.with_context(|| path.display().to_string())
        }
        What::Bucket { aws, bucket, prefix, public_keys } => {
            let given = given.map_or_else(|| Keys::read(public_keys), |given| Ok(Some(given)))?;
            let config = aws::config(aws).await;
            let bucket = s3::Bucket { client: s3::client(&config), name: bucket.clone() };
            let keys = given.unwrap_or_else(|| Keys::asked(config));
            let request = Request { keys, prefix: prefix.clone(), ..request };
            let place = format!("s3://{}/{prefix}", bucket.name);
            day::verify(bucket, &request, ledger).await.context(place)
        }
    }
}

fn text(report: &Report) -> String {
    let mut out = String::new();
    for trail in &report.trails {
        out.push_str(&heading(trail));
        out.extend(trail.found.iter().map(line));
    }
    if !report.found.is_empty() && !report.trails.is_empty() {
        out.push_str("All trails\n");
    }
    out.extend(report.found.iter().map(line));
    let count = |severity| report.all_found().filter(|found| found.finding.severity() == severity).count();
    let end = match (report.severity(), count(Severity::Failure)) {
        (Severity::Notice, _) => "All of it is as CloudTrail delivered it.".to_owned(),
        (Severity::Unchecked, _) => "Nothing is wrong in what could be checked; not all of it could be.".to_owned(),
        (Severity::Failure, 1) => "Something is not as CloudTrail delivered it: 1 failure.".to_owned(),
        (Severity::Failure, failures) => format!("Something is not as CloudTrail delivered it: {failures} failures."),
    };
    out + &end + "\n"
}

fn heading(trail: &Trail) -> String {
    let name = super::printable(&format!("{} {} {}", trail.account, trail.region, trail.trail));
    let covered = match trail.covered {
        Some((from, to)) => format!("{} to {}", from.rfc3339(), to.rfc3339()),
        None => "no hour".to_owned(),
    };
    let mut counts = vec![("digests", trail.digests)];
    if trail.backfill_digests.total > 0 {
        counts.push(("backfill digests", trail.backfill_digests));
    }
    counts.push(("log files", trail.log_files));
    let counts: Vec<_> = counts.into_iter().map(|(what, count)| valid(what, count)).collect();
    format!("{name}: {covered}\n  {}\n", counts.join("; "))
}

fn valid(what: &str, Count { total, valid, unchecked, failed }: Count) -> String {
    let mut text = format!("{valid} of {total} {what} valid");
    for (count, how) in [(failed, "failed"), (unchecked, "not checked")] {
        if count > 0 {
            text.push_str(&format!(", {count} {how}"));
        }
    }
    text
}

/// Keys come from outside.
fn line(Found { key, finding }: &Found) -> String {
    let severity = match finding.severity() {
        Severity::Notice => "note",
        Severity::Unchecked => "NOT CHECKED",
        Severity::Failure => "FAILURE",
    };
    let about = if key.is_empty() { String::new() } else { format!("{key}: ") };
    super::printable(&format!("  {severity}: {about}{finding}")) + "\n"
}

fn object(report: &Report) -> Value {
    let found = |found: &[Found]| found.iter().map(entry).collect::<Vec<_>>();
    let trails = report.trails.iter().map(|trail| {
        json!({
            "account": trail.account,
            "region": trail.region,
            "trail": trail.trail,
            "from": trail.covered.map(|(from, _)| from.rfc3339()),
            "to": trail.covered.map(|(_, to)| to.rfc3339()),
            "digests": trail.digests,
            "backfill_digests": trail.backfill_digests,
            "log_files": trail.log_files,
            "findings": found(&trail.found),
        })
    });
    json!({
        "result": word(report.severity(), "verified"),
        "trails": trails.collect::<Vec<_>>(),
        "findings": found(&report.found),
    })
}

fn entry(Found { key, finding }: &Found) -> Value {
    json!({
        "severity": word(finding.severity(), "notice"),
        "finding": finding.name(),
        "key": key,
        "message": finding.to_string(),
    })
}

fn word(severity: Severity, well: &'static str) -> &'static str {
    match severity {
        Severity::Notice => well,
        Severity::Unchecked => "unchecked",
        Severity::Failure => "failure",
    }
}
