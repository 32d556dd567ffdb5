//! A bucket, verified some days of one account and region at a time: memory holds those days alone.

use std::{collections::BTreeMap, sync::Arc};

use model::time::Timestamp;
use time::Date;

use super::{
    Request,
    files::{Entry, Files},
    finding::{Finding, Found},
    keys::Keys,
    ledger::Ledger,
    place::Place,
    report::Report,
    room::{self, Span, Verified, Verifier},
};
use crate::{
    ingest::source::{
        aws::Failure,
        listing::layout::{self, Leaf},
        s3::Bucket,
    },
    store::instant,
};

const DIGESTS: &str = "CloudTrail-Digest";
const LOGS: &str = "CloudTrail";
const DAYS_AT_A_TIME: usize = 7;
/// A log file's digest may be that of the hour after.
const HOUR_MS: i64 = 3_600_000;
/// Before all that was ever delivered.
pub const EVER: Timestamp = Timestamp(i64::MIN);

/// The folders of digests of an account and region, below a prefix of digests, of log files or of both.
pub async fn leaves(bucket: &Bucket, prefix: &str) -> Result<Vec<Leaf>, Failure> {
    let mut leaves = layout::leaves_of(bucket, &of_digests(prefix), &[DIGESTS]).await?;
    leaves.retain(|leaf| leaf.dated);
    Ok(leaves)
}

/// A prefix of log files as that of their digests, which may not go deeper than a region.
fn of_digests(prefix: &str) -> String {
    let mut parts: Vec<_> = prefix.split('/').collect();
    let Some(at) = parts.iter().position(|part| [DIGESTS, LOGS].contains(part)) else { return prefix.to_owned() };
    parts[at] = DIGESTS;
    if parts.len() > at + 2 {
        parts.truncate(at + 2);
        parts.push("");
    }
    parts.join("/")
}

/// The folder of log files beside one of digests.
pub fn log_files(leaf: &Leaf) -> Leaf {
    let (before, after) = leaf.prefix.rsplit_once(DIGESTS).unwrap_or((&leaf.prefix, ""));
    Leaf { prefix: format!("{before}{LOGS}{after}"), dated: leaf.dated }
}

/// The keys of a leaf on some days.
pub async fn list(bucket: &Bucket, leaf: &Leaf, days: &[Date]) -> anyhow::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for day in days {
        entries.extend(Files::list(bucket, &layout::day(leaf, *day)).await?);
    }
    Ok(entries)
}

/// What is verified, against what, and where it is written down.
pub struct Days<'a> {
    pub bucket: &'a Arc<Bucket>,
    pub keys: &'a Keys,
    pub ledger: &'a dyn Ledger,
    pub span: Span,
}

/// What came of each folder of log files; and what lies among digests and is none.
#[derive(Default)]
pub struct Outcome {
    pub rooms: BTreeMap<String, Verified>,
    pub aliens: Vec<String>,
}

impl Days<'_> {
    /// Verifies those of the `digests` that are asked for, and log files of the `days` of the leaf.
    pub async fn verify(
        &self,
        leaf: &Leaf,
        days: &[Date],
        digests: Vec<Entry>,
        asked: impl Fn(&str) -> bool,
    ) -> anyhow::Result<Outcome> {
        let mut entries = digests;
        entries.extend(list(self.bucket, &log_files(leaf), days).await?);
        let (rooms, aliens) = room::sort(entries, &Place::Bucket, asked);
        let files: Arc<dyn Files> = self.bucket.clone();
        let verifier = Verifier { files, place: Place::Bucket, keys: self.keys, ledger: self.ledger, span: self.span };
        let mut outcome = Outcome { aliens, ..Outcome::default() };
        for (folder, room) in rooms {
            let verified = verifier.room(&folder, room).await?;
            outcome.rooms.insert(folder, verified);
        }
        Ok(outcome)
    }
}

/// Verifies what lies in a bucket, within the time that was asked for. Errors: keys cannot be listed; the ledger's.
pub async fn verify(bucket: Bucket, request: &Request, ledger: &dyn Ledger) -> anyhow::Result<Report> {
    let bucket = Arc::new(bucket);
    let leaves = leaves(&bucket, &request.prefix).await?;
    anyhow::ensure!(!leaves.is_empty(), "there are no digests of CloudTrail");
    let mut report = super::report(request);
    for leaf in leaves {
        let mut whole = Outcome::default();
        let days = asked_days(&bucket, &leaf, request).await?;
        for (at, some) in days.chunks(DAYS_AT_A_TIME).enumerate().rev() {
            let is_last = (at + 1) * DAYS_AT_A_TIME >= days.len();
            let complete_from = if at == 0 { request.from } else { Some(EVER) };
            let span = Span { from: request.from, to: request.to, complete_from, goes_on: is_last };
            let mut near: Vec<_> = some.first().and_then(|day| day.previous_day()).into_iter().collect();
            near.extend(some);
            near.extend(some.last().and_then(|day| day.next_day()));
            let digests = list(&bucket, &leaf, &near).await?;
            let folders: Vec<_> = some.iter().map(|day| layout::day(&leaf, *day)).collect();
            let asked = |key: &str| folders.iter().any(|folder| key.starts_with(folder));
            let days = Days { bucket: &bucket, keys: &request.keys, ledger, span };
            whole.add(days.verify(&leaf, some, digests, asked).await?);
        }
        whole.tell(&mut report);
    }
    report.tell_of_ends(request.to);
    Ok(report)
}

/// The days that have digests or log files, and are asked for.
async fn asked_days(bucket: &Bucket, leaf: &Leaf, request: &Request) -> Result<Vec<Date>, Failure> {
    let first = request.from.map(|from| instant(from).date());
    let last = request.to.map_or(Date::MAX, |to| instant(Timestamp(to.0.saturating_add(HOUR_MS))).date());
    let mut days = layout::days(bucket, leaf, first).await?;
    days.extend(layout::days(bucket, &log_files(leaf), first).await?);
    let mut days: Vec<_> = days.into_iter().map(|(day, _)| day).filter(|day| *day <= last).collect();
    days.sort_unstable();
    days.dedup();
    Ok(days)
}

impl Outcome {
    fn add(&mut self, other: Outcome) {
        self.aliens.extend(other.aliens);
        for (folder, verified) in other.rooms {
            let room = self.rooms.entry(folder).or_default();
            for (key, trail) in verified.trails {
                match room.trails.remove(&key) {
                    Some(mut whole) => {
                        whole.add(trail);
                        room.trails.insert(key, whole);
                    }
                    None => drop(room.trails.insert(key, trail)),
                }
            }
            verified.found.into_iter().for_each(|found| add_found(&mut room.found, found));
        }
    }

    fn tell(self, report: &mut Report) {
        report.found.extend(self.aliens.into_iter().map(super::alien));
        for room in self.rooms.into_values() {
            report.trails.extend(room.trails.into_values());
            report.found.extend(room.found);
        }
    }
}

/// Log files that are not covered are told in one sentence.
fn add_found(all: &mut Vec<Found>, found: Found) {
    if let Finding::LogFilesUncovered { count: more, from: start, to: end } = found.finding
        && let Some(Finding::LogFilesUncovered { count, from, to }) = all
            .iter_mut()
            .map(|found| &mut found.finding)
            .find(|finding| matches!(finding, Finding::LogFilesUncovered { .. }))
    {
        *count += more;
        *from = [*from, start].into_iter().flatten().min();
        *to = [*to, end].into_iter().flatten().max();
        return;
    }
    all.push(found);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_of_log_files_are_those_of_digests() {
        for (prefix, digests) in [
            ("", ""),
            ("AWSLogs/", "AWSLogs/"),
            ("AWSLogs/1/CloudTrail/", "AWSLogs/1/CloudTrail-Digest/"),
            ("AWSLogs/1/CloudTrail-Digest/eu-west-1/", "AWSLogs/1/CloudTrail-Digest/eu-west-1/"),
            ("a/AWSLogs/1/CloudTrail/eu-west-1/2026/01/", "a/AWSLogs/1/CloudTrail-Digest/eu-west-1/"),
        ] {
            assert_eq!(of_digests(prefix), digests, "{prefix}");
        }
        let leaf = Leaf { prefix: "AWSLogs/1/CloudTrail-Digest/eu-west-1/".into(), dated: true };
        assert_eq!(log_files(&leaf).prefix, "AWSLogs/1/CloudTrail/eu-west-1/");
    }
}
