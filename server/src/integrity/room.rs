//! One region's folders of an account: its trails' digests, and the log files that they share.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use futures::{StreamExt, stream};
use model::time::Timestamp;

use super::{
    AT_A_TIME,
    chain::{self, Judged, Link, Trust, Yardstick},
    coverage::{Absence, Coverage},
    digest::LogFile,
    files::{Entry, Files},
    finding::{Finding, Found},
    inflate::{self, Problem},
    keys::Keys,
    ledger::{DigestResult, Ledger, LogFileResult},
    name::{self, DigestName},
    place::Place,
    report::Trail,
};
use crate::ingest::inflate::MOST_INFLATED;

/// Log files are delivered at last in the hour after: its digest names them.
const HOUR_MS: i64 = 3_600_000;
/// Digests before and after those that are asked for, of each kind, which are read as witnesses: of signatures and hashes, and
/// of log files at the ends of the range.
const WITNESSES: usize = 2;
/// Log files that are waited for together: what is held in memory of them.
const TOGETHER: usize = 256;

/// A trail: account, name, home region.
pub type TrailKey = (String, String, String);

/// Trails that deliver to the same folders share their log files: no name tells of which they are.
#[derive(Default)]
pub struct Room {
    trails: BTreeMap<TrailKey, Vec<Listed>>,
    log_files: Vec<Delivered>,
}

/// A digest that was listed.
struct Listed {
    path: String,
    key: String,
    name: DigestName,
    /// Not to be verified; a neighbour of those that are.
    neighbour: bool,
}

/// A log file that was listed, with the time of its delivery, as its name tells it.
struct Delivered {
    key: String,
    version: String,
    time: Option<Timestamp>,
}

impl Room {
    pub fn has_digests(&self) -> bool {
        self.trails.values().flatten().any(|listed| !listed.neighbour)
    }
}

/// By the folder of log files; and what lies among digests and is none. Digests of which `asked` is not true are neighbours.
pub fn sort(entries: Vec<Entry>, place: &Place, asked: impl Fn(&str) -> bool) -> (BTreeMap<String, Room>, Vec<String>) {
    let (mut rooms, mut aliens) = (BTreeMap::<_, Room>::new(), Vec::new());
    for Entry { key: path, version } in entries {
        // What lies outside of the bucket's folder was moved there, perhaps.
        let key = place.key(&path).unwrap_or_else(|| path.clone());
        if let Some(name) = name::digest(&key) {
            let room = rooms.entry(format!("{}/CloudTrail/{}", name.folder, name.region)).or_default();
            let trail = (name.account.clone(), name.trail.clone(), name.home_region.clone());
            let neighbour = !asked(&key);
            room.trails.entry(trail).or_default().push(Listed { path, key, name, neighbour });
        } else if let Some(name) = name::log_file(&key) {
            let room = rooms.entry(format!("{}/CloudTrail/{}", name.folder, name.region)).or_default();
            room.log_files.push(Delivered { key, version, time: name.time });
        } else if name::is_among_digests(&key)
            && asked(&key)
            && !key.ends_with('/')
            && !key.ends_with(super::folder::SIDECAR)
        {
            aliens.push(key);
        }
    }
    aliens.sort();
    (rooms, aliens)
}

/// What of a room is verified.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span {
    /// Log files that were delivered from here,
    pub from: Option<Timestamp>,
    /// to here, and the digests of their hours.
    pub to: Option<Timestamp>,
    /// From here on each digest that another one names must be there; `None`: the oldest may have expired.
    pub complete_from: Option<Timestamp>,
    /// The newest digests are among them.
    pub goes_on: bool,
}

pub struct Verifier<'a> {
    pub files: Arc<dyn Files>,
    pub place: Place,
    pub keys: &'a Keys,
    pub ledger: &'a dyn Ledger,
    pub span: Span,
}

/// What came of a room.
#[derive(Default)]
pub struct Verified {
    pub trails: BTreeMap<TrailKey, Trail>,
    /// About log files that no digest names.
    pub found: Vec<Found>,
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
    /// Verifies what lies in a room; `folder` is that of its log files. Errors: the ledger's.
    pub async fn room(&self, folder: &str, room: Room) -> anyhow::Result<Verified> {
        let (mut said, mut verified) = (Said::default(), Verified::default());
        let versions = room.log_files.iter().filter(|delivered| !delivered.version.is_empty());
        let versions: HashMap<&str, &str> = versions.map(|file| (file.key.as_str(), file.version.as_str())).collect();
        for (key, digests) in room.trails {
            let region = digests[0].name.region.clone();
            let (judged, found) = self.chain(&region, digests).await;
            let mut trail = Trail::new(key.0.clone(), region, key.1.clone());
            judged.iter().for_each(|judged| trail.count(judged));
            self.missing(&found).await?;
            for judged in judged.iter().filter(|judged| !judged.link.witness) {
                self.digest(judged, &found, &versions, &mut trail).await?;
            }
            trail.found.splice(0..0, found);
            said.listen(judged);
            if trail.digests.total + trail.backfill_digests.total > 0 || !trail.found.is_empty() {
                verified.trails.insert(key, trail);
            }
        }
        verified.found = self.unnamed(folder, room.log_files, &said);
        let unexpected = verified.found.iter().filter(|found| found.finding == Finding::LogFileUnexpected);
        let unexpected: Vec<_> = unexpected.map(|found| self.uri(&found.key)).collect();
        self.ledger.unexpected(&unexpected).await?;
        Ok(verified)
    }

    /// What ingest calls the file of a key.
    fn uri(&self, key: &str) -> String {
        self.files.uri(self.place.path(key).as_deref().unwrap_or(key))
    }

    /// Reads the digests that are asked for, and judges them.
    async fn chain(&self, region: &str, digests: Vec<Listed>) -> (Vec<Judged>, Vec<Found>) {
        let Span { from, to, complete_from, .. } = self.span;
        let to = to.map(|to| Timestamp(to.0.saturating_add(HOUR_MS)));
        let mut links = Vec::new();
        for some in chosen(digests, from, to).chunks(TOGETHER) {
            let loaded: Vec<_> = some.iter().map(|(listed, witness)| self.link(listed, *witness)).collect();
            links.extend(stream::iter(loaded).buffered(AT_A_TIME).collect::<Vec<_>>().await);
        }
        let (keys, refused) = match self.keys.of(region, &links).await {
            Ok(keys) => (keys, None),
            Err(failure) => (None, Some(failure.reason)),
        };
        let bucket = self.files.bucket();
        let (judged, mut found) =
            chain::judge(links, Yardstick { keys: keys.as_ref(), bucket, from: complete_from, to });
        if let Some(reason) = refused.filter(|_| judged.iter().any(|judged| !judged.link.witness)) {
            found.push(Found {
                key: String::new(),
                finding: Finding::PublicKeysRefused { region: region.to_owned(), reason },
            });
        }
        (judged, found)
    }

    async fn link(&self, listed: &Listed, witness: bool) -> Link {
        let Listed { path, key, name, .. } = listed;
        let (digest, signature) = super::load(&self.files, path).await;
        Link { key: key.clone(), time: name.time, backfill: name.backfill, digest, signature, witness }
    }

    /// Writes down the digests that others name and that are not there.
    async fn missing(&self, found: &[Found]) -> anyhow::Result<()> {
        for Found { key, finding } in found.iter().filter(|found| found.finding == Finding::DigestMissing) {
            let Some(name) = name::digest(key) else { continue };
            let (uri, trust, finding) = (self.uri(key), Trust::Failed, Some(finding));
            let log_files = Vec::new();
            self.ledger.digest(&DigestResult { uri, name: &name, digest: None, trust, finding, log_files }).await?;
        }
        Ok(())
    }

    /// Checks the log files of a digest, if it is not wrong, and writes down what came of it.
    async fn digest(
        &self,
        judged: &Judged,
        found: &[Found],
        versions: &HashMap<&str, &str>,
        trail: &mut Trail,
    ) -> anyhow::Result<()> {
        let named = judged.reliable().map(|digest| &digest.log_files[..]).unwrap_or_default();
        let mut log_files = Vec::new();
        for some in named.chunks(TOGETHER) {
            let files: Vec<_> = some.iter().map(|log_file| self.versioned(log_file, versions)).collect();
            let asked: Vec<_> = files.iter().filter(|(_, version)| !version.is_empty()).cloned().collect();
            let known: HashMap<_, _> = match asked.is_empty() {
                true => HashMap::new(),
                false => self.ledger.known(&asked).await?.into_iter().collect(),
            };
            let checks: Vec<_> = some
                .iter()
                .zip(files)
                .map(|(log_file, (uri, version))| {
                    let known = known.get(&uri).cloned();
                    self.checked(judged.trust, log_file, uri, version, known)
                })
                .collect();
            log_files.extend(stream::iter(checks).buffered(AT_A_TIME).collect::<Vec<_>>().await);
        }
        for (result, log_file) in log_files.iter().zip(named) {
            trail.log_files.add(result.trust);
            let finding = result.finding.clone();
            trail.found.extend(finding.map(|finding| Found { key: log_file.key.clone(), finding }));
        }
        let Some(name) = name::digest(&judged.link.key) else { return Ok(()) };
        let (uri, digest) = (self.uri(&judged.link.key), judged.link.digest.as_ref().ok());
        // That keys are not known is told once, of all of them.
        let refused = || found.iter().find(|found| found.key.is_empty()).map(|found| &found.finding);
        let finding = judged.gravest(found).or_else(|| refused().filter(|_| judged.trust == Trust::Unchecked));
        self.ledger.digest(&DigestResult { uri, name: &name, digest, trust: judged.trust, finding, log_files }).await
    }

    /// A log file's URI, and the version that was listed.
    fn versioned(&self, log_file: &LogFile, versions: &HashMap<&str, &str>) -> (String, String) {
        let version = match self.files.bucket() {
            Some(bucket) if bucket != log_file.bucket => None,
            _ => versions.get(log_file.key.as_str()).copied(),
        };
        (self.uri(&log_file.key), version.unwrap_or_default().to_owned())
    }

    /// `known` is the hash of the version that is there, where it was read before.
    async fn checked(
        &self,
        digest: Trust,
        log_file: &LogFile,
        uri: String,
        version: String,
        known: Option<String>,
    ) -> LogFileResult {
        let checked = match known {
            Some(hash) if hash.eq_ignore_ascii_case(&log_file.hash) => Ok(()),
            Some(_) => Err(Finding::LogFileModified),
            None => self.log_file(log_file).await,
        };
        let trust = match &checked {
            Ok(()) => digest,
            Err(Finding::FileUnreadable { .. } | Finding::LogFileElsewhere { .. }) => Trust::Unchecked,
            Err(_) => Trust::Failed,
        };
        LogFileResult { uri, hash: log_file.hash.clone(), version, trust, finding: checked.err() }
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
    fn unnamed(&self, folder: &str, mut log_files: Vec<Delivered>, said: &Said) -> Vec<Found> {
        let Span { from, to, goes_on, .. } = self.span;
        let coverage = Coverage::new(said.hours.clone(), goes_on);
        log_files.sort_by(|a, b| a.key.cmp(&b.key));
        let (mut found, mut recent, mut uncovered) = (Vec::new(), 0, Vec::new());
        for Delivered { key, time, .. } in log_files.into_iter().filter(|file| !said.log_files.contains(&file.key)) {
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

/// Digests of the range, and of each kind some before and after it, as witnesses.
fn chosen(mut digests: Vec<Listed>, from: Option<Timestamp>, to: Option<Timestamp>) -> Vec<(Listed, bool)> {
    digests.sort_by_key(|digest| digest.name.time);
    let asked = |Listed { name, neighbour, .. }: &Listed| {
        let early = from.is_some_and(|from| name.time < from);
        !neighbour && !early && to.is_none_or(|to| name.time <= to)
    };
    let (mut backfill, mut hourly) = (Vec::new(), Vec::new());
    for digest in digests {
        if digest.name.backfill { &mut backfill } else { &mut hourly }.push(digest);
    }
    let mut chosen = Vec::new();
    for kind in [hourly, backfill] {
        // Where none is left of those that were asked for, the one after them tells.
        let after = |digest: &Listed| to.is_some_and(|to| digest.name.time > to);
        let near = match (kind.iter().position(asked), kind.iter().rposition(asked), kind.iter().position(after)) {
            (Some(first), Some(last), _) => first.saturating_sub(WITNESSES)..=last + WITNESSES,
            (_, _, Some(after)) => after..=after,
            _ => continue,
        };
        let near = kind.into_iter().enumerate().filter(|(at, _)| near.contains(at));
        chosen.extend(near.map(|(_, digest)| digest).map(|digest| {
            let witness = !asked(&digest);
            (digest, witness)
        }));
    }
    chosen
}
