//! What a verification found, by trail.

use model::time::Timestamp;
use serde::Serialize;

use super::{
    chain::{Judged, Link, Trust},
    finding::{Finding, Found, Severity},
};

/// A digest is delivered in the hour after that which it covers.
const LATE_MS: i64 = 2 * 3_600_000;

#[derive(Clone, Debug, Default)]
pub struct Report {
    pub trails: Vec<Trail>,
    /// About files of no single trail.
    pub found: Vec<Found>,
}

/// The digests of a trail in one region of one account, and their log files.
#[derive(Clone, Debug)]
pub struct Trail {
    pub account: String,
    pub region: String,
    pub trail: String,
    /// The times that the digests cover which nothing is wrong with.
    pub covered: Option<(Timestamp, Timestamp)>,
    pub digests: Count,
    pub backfill_digests: Count,
    /// Those that digests name which nothing is wrong with.
    pub log_files: Count,
    pub found: Vec<Found>,
}

/// `total = valid + unchecked + failed`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    pub total: u64,
    pub valid: u64,
    /// What could not be checked, or only against a digest that could not be.
    pub unchecked: u64,
    pub failed: u64,
}

impl Count {
    fn extend(&mut self, other: Count) {
        self.total += other.total;
        self.valid += other.valid;
        self.unchecked += other.unchecked;
        self.failed += other.failed;
    }

    pub fn add(&mut self, trust: Trust) {
        self.total += 1;
        *match trust {
            Trust::Valid => &mut self.valid,
            Trust::Unchecked => &mut self.unchecked,
            Trust::Failed => &mut self.failed,
        } += 1;
    }
}

impl Trail {
    /// Adds what another part of the same trail has. What is told by both parts is told once.
    pub fn add(&mut self, other: Trail) {
        self.covered = match (self.covered, other.covered) {
            (Some((from, to)), Some((start, end))) => Some((from.min(start), to.max(end))),
            (one, other) => one.or(other),
        };
        self.digests.extend(other.digests);
        self.backfill_digests.extend(other.backfill_digests);
        self.log_files.extend(other.log_files);
        let new = |found: &Found| found.finding != Finding::DigestMissing || !self.found.contains(found);
        let found: Vec<_> = other.found.into_iter().filter(new).collect();
        self.found.extend(found);
    }

    pub fn new(account: String, region: String, trail: String) -> Trail {
        let (digests, backfill_digests, log_files) = Default::default();
        Trail { account, region, trail, covered: None, digests, backfill_digests, log_files, found: Vec::new() }
    }

    /// Counts a digest and the times that it covers, unless it is there as a witness only.
    pub fn count(&mut self, judged: &Judged) {
        let Link { witness, backfill, .. } = judged.link;
        if witness {
            return;
        }
        if backfill { &mut self.backfill_digests } else { &mut self.digests }.add(judged.trust);
        if let Some(digest) = judged.reliable() {
            let (from, to) = self.covered.unwrap_or((digest.start, digest.end));
            self.covered = Some((from.min(digest.start), to.max(digest.end)));
        }
    }
}

impl Report {
    /// Tells of trails whose digests end before what was asked for or, where nothing was, before those of others: the newest
    /// may have been deleted, and no digest tells.
    pub fn tell_of_ends(&mut self, asked: Option<Timestamp>) {
        let newest = self.trails.iter().filter_map(|trail| Some(trail.covered?.1)).max();
        let Some(until) = asked.or(newest) else { return };
        for trail in &mut self.trails {
            let Some((_, at)) = trail.covered.filter(|(_, at)| at.0.saturating_add(LATE_MS) < until.0) else {
                continue;
            };
            let finding = if asked.is_some() { Finding::DigestsEnd { at } } else { Finding::DigestsEndEarly { at } };
            trail.found.push(Found { key: String::new(), finding });
        }
    }

    pub fn all_found(&self) -> impl Iterator<Item = &Found> {
        self.trails.iter().flat_map(|trail| &trail.found).chain(&self.found)
    }

    /// The gravest of all that was found. A digest that is not checked counts also without a finding of its own.
    pub fn severity(&self) -> Severity {
        let found = self.all_found().map(|found| found.finding.severity()).max().unwrap_or(Severity::Notice);
        let unchecked = self.trails.iter().any(|trail| trail.digests.unchecked + trail.backfill_digests.unchecked > 0);
        if unchecked { found.max(Severity::Unchecked) } else { found }
    }
}
