//! `trailmap verify`: whether log files are those that CloudTrail delivered.

use std::{fs, io::Read, path::PathBuf, process::ExitCode, sync::Arc};

use anyhow::Context;
use serde_json::{Value, json};

use crate::{
    config::{OutputFormat, Verify},
    integrity::{
        self, Request,
        finding::{Found, Severity},
        folder::Folder,
        report::{Count, Report, Trail},
        signature::PublicKeys,
    },
};

/// Exit status when nothing is wrong, and not all could be checked.
const NOT_ALL_CHECKED: u8 = 3;
/// A list of public keys is of some kilobytes.
const MOST_LIST: u64 = 16 << 20;

pub async fn run(settings: &Verify) -> anyhow::Result<ExitCode> {
    if let (Some(from), Some(to)) = (settings.from, settings.to) {
        anyhow::ensure!(from <= to, "--from is after --to");
    }
    let files = Arc::new(Folder::open(&settings.path)?);
    let keys = keys(&settings.public_keys)?;
    let request = Request { prefix: String::new(), keys, from: settings.from, to: settings.to };
    let report = integrity::verify(files, &request).await.with_context(|| settings.path.display().to_string())?;
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

fn keys(paths: &[PathBuf]) -> anyhow::Result<Option<PublicKeys>> {
    let mut keys = PublicKeys::default();
    let given: Vec<_> = paths.iter().filter(|path| !path.as_os_str().is_empty()).collect();
    for path in &given {
        let mut list = Vec::new();
        let read = fs::File::open(path).and_then(|file| file.take(MOST_LIST).read_to_end(&mut list));
        read.map_err(anyhow::Error::from)
            .and_then(|_| keys.add_list(&list))
            .with_context(|| path.display().to_string())?;
    }
    Ok((!given.is_empty()).then_some(keys))
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
