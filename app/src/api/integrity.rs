//! Log file integrity: what CloudTrail's digests say about an event's log file, and about all of them.

use model::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::ingest::{Listed, rfc3339, rfc3339_or_null};

/// What CloudTrail's digests say about the object that an event came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Integrity {
    /// It is what CloudTrail delivered: this digest, by its URI, has its hash, and is signed.
    Verified {
        digest: String,
    },
    NotCovered,
    Unchecked {
        reason: String,
    },
    Failed {
        reason: String,
    },
}

impl Integrity {
    /// The word that scripts tell them apart by.
    pub fn name(&self) -> &'static str {
        match self {
            Integrity::Verified { .. } => "verified",
            Integrity::NotCovered => "not_covered",
            Integrity::Unchecked { .. } => "unchecked",
            Integrity::Failed { .. } => "failed",
        }
    }
}

/// What verifying has come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IntegrityReport {
    pub sources: Vec<IntegritySource>,
    /// Of the last 90 days, those with something wrong first.
    pub trails: Vec<IntegrityTrail>,
    /// The newest first.
    pub problems: Listed<IntegrityProblem>,
    /// How many of all problems are failures.
    pub failed: i64,
}

/// How it goes for a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IntegritySource {
    pub source: String,
    pub last_error: Option<String>,
    #[serde(serialize_with = "rfc3339_or_null")]
    pub last_error_at: Option<Timestamp>,
    #[serde(serialize_with = "rfc3339_or_null")]
    pub last_success_at: Option<Timestamp>,
    /// Days of an account and region that are still to be verified.
    pub days_left: i64,
}

/// The digests of a trail in one region of one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IntegrityTrail {
    /// `None`: recorded by `trailmap verify`.
    pub source: Option<String>,
    pub account: String,
    pub region: String,
    pub trail: String,
    /// The end of the newest hour whose digest is valid.
    #[serde(serialize_with = "rfc3339_or_null")]
    pub verified_to: Option<Timestamp>,
    pub digests: Checked,
    pub log_files: Checked,
}

/// How many there are, and how many of them are wrong or could not be checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Checked {
    pub total: i64,
    pub failed: i64,
    pub unchecked: i64,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IntegrityProblem {
    /// `failed`, `unchecked`, or `gap`: a stretch without digests.
    pub severity: String,
    /// A word for scripts: `log_file_modified`, `digest_missing`, ….
    pub finding: String,
    /// Of the digest or log file.
    pub uri: String,
    pub reason: String,
    /// The hour that it is about, or when it was found.
    #[serde(serialize_with = "rfc3339")]
    pub at: Timestamp,
    pub account: Option<String>,
    pub region: Option<String>,
    pub trail: Option<String>,
}
