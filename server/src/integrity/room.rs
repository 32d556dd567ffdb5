//! One region's folders of an account: its trails' digests, and the log files that they share.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use futures::{StreamExt, stream};
use model::time::Timestamp;

use super::{
    AT_A_TIME, Request,
    chain::{self, Judged, Link, Trust, Yardstick},
    coverage::{Absence, Coverage},
    digest::LogFile,
    files::Files,
    finding::{Finding, Found},
    inflate::{self, Problem},
    name::{self, DigestName},
    place::Place,
    report::{Report, Trail},
};
use crate::ingest::inflate::MOST_INFLATED;

/// Log files are delivered at last in the hour after: its digest names them.
const HOUR_MS: i64 = 3_600_000;

/// Trails that deliver to the same folders share their log files: no name tells of which they are.
#[derive(Default)]
pub struct Room {
    /// By account, trail and home region.
    trails: BTreeMap<(String, String, String), Vec<Listed>>,
    /// With the time of its delivery, as its name tells it.
    log_files: Vec<(String, Option<Timestamp>)>,
}

/// A digest that was listed.
struct Listed {
    path: String,
    key: String,
    name: DigestName,
}

impl Room {
    pub fn has_digests(&self) -> bool {
        !self.trails.is_empty()
    }
}

/// By the folder of log files; and what lies among digests and is none.
pub fn sort(paths: Vec<String>, place: &Place) -> (BTreeMap<String, Room>, Vec<String>) {
    let (mut rooms, mut aliens) = (BTreeMap::<_, Room>::new(), Vec::new());
    for path in paths {
        // What lies outside of the bucket's folder was moved there, perhaps.
        let key = place.key(&path).unwrap_or_else(|| path.clone());
        if let Some(name) = name::digest(&key) {
            let room = rooms.entry(format!("{}/CloudTrail/{}", name.folder, name.region)).or_default();
            let trail = (name.account.clone(), name.trail.clone(), name.home_region.clone());
            room.trails.entry(trail).or_default().push(Listed { path, key, name });
        } else if let Some(name) = name::log_file(&key) {
            let room = rooms.entry(format!("{}/CloudTrail/{}", name.folder, name.region)).or_default();
            room.log_files.push((key, name.time));
        } else if name::is_among_digests(&key) && !key.ends_with('/') && !key.ends_with(super::folder::SIDECAR) {
            aliens.push(key);
        }
    }
    aliens.sort();
    (rooms, aliens)
}

pub struct Verifier<'a> {
    pub files: Arc<dyn Files>,
    pub place: Place,
    pub request: &'a Request,
}

/// What the trails of a room say about its log files.
#[derive(Default)]
struct Said {
    hours: Vec<(Timestamp, Timestamp)>,
    log_files: HashSet<String>,
}

impl Said {
    /// Backfill digests are of hours that have a digest: they name log files, and cover nothing.
    fn listen(&mut self, judged: Vec<Judged>) {
        for digest in judged.iter().filter(|judged| !judged.link.backfill).filter_map(Judged::reliable) {
            self.hours.push((digest.start, digest.end));
        }
        let reliable = judged.into_iter().filter(|judged| judged.trust != Trust::Failed);
        let digests = reliable.filter_map(|judged| judged.link.digest.ok());
        self.log_files.extend(digests.flat_map(|digest| digest.log_files).map(|log_file| log_file.key));
    }
}

impl Verifier<'_> {
    /// Verifies what lies in a room; `folder` is that of its log files.
    pub async fn room(&self, folder: &str, room: Room, report: &mut Report) {
        let mut said = Said::default();
        for ((account, trail, _), digests) in room.trails {
            let region = digests[0].name.region.clone();
            let (judged, found) = self.chain(digests).await;
            let mut trail = Trail { found, ..Trail::new(account, region, trail) };
            judged.iter().for_each(|judged| trail.count(judged));
            self.log_files(&judged, &mut trail).await;
            said.listen(judged);
            if trail.digests.total + trail.backfill_digests.total > 0 || !trail.found.is_empty() {
                report.trails.push(trail);
            }
        }
        report.found.extend(self.unnamed(folder, room.log_files, &said));
    }

    /// Reads the digests that are asked for, and judges them.
    async fn chain(&self, digests: Vec<Listed>) -> (Vec<Judged>, Vec<Found>) {
        let Request { keys, from, to, .. } = self.request;
        let to = to.map(|to| Timestamp(to.0.saturating_add(HOUR_MS)));
        let asked = chosen(digests, *from, to);
        let loaded = asked.into_iter().map(async |(Listed { path, key, name }, witness)| {
            let (digest, signature) = super::load(&self.files, &path).await;
            Link { key, time: name.time, backfill: name.backfill, digest, signature, witness }
        });
        let links = stream::iter(loaded).buffered(AT_A_TIME).collect().await;
        chain::judge(links, Yardstick { keys: keys.as_ref(), bucket: self.files.bucket(), from: *from, to })
    }

    /// Checks the log files of the digests that are asked for and not wrong.
    async fn log_files(&self, judged: &[Judged], trail: &mut Trail) {
        let asked = judged.iter().filter(|judged| !judged.link.witness);
        let named = asked.flat_map(|judged| {
            let log_files = judged.reliable().map(|digest| &digest.log_files[..]).unwrap_or_default();
            log_files.iter().map(|log_file| (judged.trust, log_file))
        });
        let checks = named.map(async |(trust, log_file)| (trust, log_file, self.log_file(log_file).await));
        let mut checks = stream::iter(checks).buffered(AT_A_TIME);
        while let Some((trust, log_file, checked)) = checks.next().await {
            let outcome = match &checked {
                Ok(()) => trust,
                Err(Finding::FileUnreadable { .. } | Finding::LogFileElsewhere { .. }) => Trust::Unchecked,
                Err(_) => Trust::Failed,
            };
            trail.log_files.add(outcome);
            trail.found.extend(checked.err().map(|finding| Found { key: log_file.key.clone(), finding }));
        }
    }

    /// Holds a log file's content against the hash that its digest has of it.
    async fn log_file(&self, log_file: &LogFile) -> Result<(), Finding> {
        if self.files.bucket().is_some_and(|bucket| bucket != log_file.bucket) {
            return Err(Finding::LogFileElsewhere { bucket: log_file.bucket.clone() });
        }
        let unreadable = |reason: String| Finding::FileUnreadable { reason };
        let path = self.place.path(&log_file.key).ok_or(Finding::LogFileMissing)?;
        let file = self.files.read(&path).await.map_err(|error| unreadable(format!("{error:#}")))?;
        let content = file.ok_or(Finding::LogFileMissing)?.content;
        let hash = tokio::task::spawn_blocking(move || inflate::hash(content, MOST_INFLATED)).await;
        match hash.map_err(|error| unreadable(error.to_string()))? {
            Ok(hash) if hash.eq_ignore_ascii_case(&log_file.hash) => Ok(()),
            Ok(_) => Err(Finding::LogFileModified),
            Err(Problem::Damaged(reason)) => Err(Finding::LogFileDamaged { reason }),
            Err(Problem::Unreadable(reason)) => Err(unreadable(reason)),
        }
    }

    /// What is found about the log files that no digest names.
    fn unnamed(&self, folder: &str, mut log_files: Vec<(String, Option<Timestamp>)>, said: &Said) -> Vec<Found> {
        let coverage = Coverage::new(said.hours.clone());
        let Request { from, to, .. } = self.request;
        log_files.sort();
        let (mut found, mut recent, mut uncovered) = (Vec::new(), 0, Vec::new());
        for (key, time) in log_files.into_iter().filter(|(key, _)| !said.log_files.contains(key)) {
            if time.is_some_and(|time| from.is_some_and(|from| time < from) || to.is_some_and(|to| time > to)) {
                continue;
            }
            // Without a time in its name it is none of CloudTrail's log files, and would be read as one.
            let absence = time.map_or(Absence::Unexpected, |time| coverage.absence(time));
            match absence {
                Absence::Unexpected => found.push(Found { key, finding: Finding::LogFileUnexpected }),
                Absence::Recent => recent += 1,
                Absence::Uncovered => uncovered.push(time),
            }
        }
        let mut counted = |count, finding| {
            if count > 0 {
                found.push(Found { key: folder.to_owned(), finding });
            }
        };
        let (count, times) = (uncovered.len() as u64, || uncovered.iter().flatten().copied());
        counted(count, Finding::LogFilesUncovered { count, from: times().min(), to: times().max() });
        counted(recent, Finding::LogFilesRecent { count: recent });
        found
    }
}

/// Digests of the range, and of each kind the first after it, as witness of the last one's signature.
fn chosen(mut digests: Vec<Listed>, from: Option<Timestamp>, to: Option<Timestamp>) -> Vec<(Listed, bool)> {
    digests.sort_by_key(|digest| digest.name.time);
    let mut witnessed = [false; 2];
    let ask = |Listed { name, .. }: &Listed| {
        if from.is_some_and(|from| name.time < from) {
            return None;
        }
        let late = to.is_some_and(|to| name.time > to);
        let first = late && !std::mem::replace(&mut witnessed[usize::from(name.backfill)], true);
        (!late || first).then_some(late)
    };
    let asks: Vec<_> = digests.iter().map(ask).collect();
    digests.into_iter().zip(asks).filter_map(|(digest, witness)| Some((digest, witness?))).collect()
}
