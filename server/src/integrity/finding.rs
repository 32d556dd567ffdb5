//! What was found about a file, each as a plain sentence.

use std::fmt;

use model::time::Timestamp;

use super::signature::ALGORITHM;

/// A finding and the key that it is about; empty when it is about all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub key: String,
    pub finding: Finding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// How things are.
    Notice,
    /// It may be right; that could not be told.
    Unchecked,
    /// It is not as CloudTrail delivered it.
    Failure,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    DigestDamaged { reason: String },
    DigestMissing,
    DigestModified,
    DigestMoved { from: String },
    PreviousDiffers { previous: String },
    PublicKeyMissing { fingerprint: String },
    SignatureAlgorithm { algorithm: String },
    SignatureInvalid,
    LogFileDamaged { reason: String },
    LogFileMissing,
    LogFileModified,
    LogFileUnexpected,

    DigestAlien,
    DigestsEnd { at: Timestamp },
    FileUnreadable { reason: String },
    LogFileElsewhere { bucket: String },
    LogFilesUncovered { count: u64, from: Option<Timestamp>, to: Option<Timestamp> },
    PreviousElsewhere { bucket: String, key: String },
    PublicKeysRefused { region: String, reason: String },
    PublicKeysUnknown,
    SignatureUnknown,

    ChainCut { previous: String },
    ChainStart,
    DigestsEndEarly { at: Timestamp },
    Gap { from: Timestamp, to: Timestamp },
    LogFilesRecent { count: u64 },
}

impl Finding {
    pub fn severity(&self) -> Severity {
        match self {
            Finding::DigestDamaged { .. }
            | Finding::DigestMissing
            | Finding::DigestModified
            | Finding::DigestMoved { .. }
            | Finding::PreviousDiffers { .. }
            | Finding::PublicKeyMissing { .. }
            | Finding::SignatureAlgorithm { .. }
            | Finding::SignatureInvalid
            | Finding::LogFileDamaged { .. }
            | Finding::LogFileMissing
            | Finding::LogFileModified
            | Finding::LogFileUnexpected => Severity::Failure,
            Finding::DigestAlien
            | Finding::DigestsEnd { .. }
            | Finding::FileUnreadable { .. }
            | Finding::LogFileElsewhere { .. }
            | Finding::LogFilesUncovered { .. }
            | Finding::PreviousElsewhere { .. }
            | Finding::PublicKeysRefused { .. }
            | Finding::PublicKeysUnknown
            | Finding::SignatureUnknown => Severity::Unchecked,
            Finding::ChainCut { .. }
            | Finding::ChainStart
            | Finding::DigestsEndEarly { .. }
            | Finding::Gap { .. }
            | Finding::LogFilesRecent { .. } => Severity::Notice,
        }
    }

    /// The word that scripts tell findings apart by.
    pub fn name(&self) -> &'static str {
        match self {
            Finding::DigestDamaged { .. } => "digest_damaged",
            Finding::DigestMissing => "digest_missing",
            Finding::DigestModified => "digest_modified",
            Finding::DigestMoved { .. } => "digest_moved",
            Finding::PreviousDiffers { .. } => "previous_differs",
            Finding::PublicKeyMissing { .. } => "public_key_missing",
            Finding::SignatureAlgorithm { .. } => "signature_algorithm",
            Finding::SignatureInvalid => "signature_invalid",
            Finding::LogFileDamaged { .. } => "log_file_damaged",
            Finding::LogFileMissing => "log_file_missing",
            Finding::LogFileModified => "log_file_modified",
            Finding::LogFileUnexpected => "log_file_unexpected",
            Finding::DigestAlien => "digest_alien",
            Finding::DigestsEnd { .. } => "digests_end",
            Finding::FileUnreadable { .. } => "file_unreadable",
            Finding::LogFileElsewhere { .. } => "log_file_elsewhere",
            Finding::LogFilesUncovered { .. } => "log_files_uncovered",
            Finding::PreviousElsewhere { .. } => "previous_elsewhere",
            Finding::PublicKeysRefused { .. } => "public_keys_refused",
            Finding::PublicKeysUnknown => "public_keys_unknown",
            Finding::SignatureUnknown => "signature_unknown",
            Finding::ChainCut { .. } => "chain_cut",
            Finding::ChainStart => "chain_start",
            Finding::DigestsEndEarly { .. } => "digests_end_early",
            Finding::Gap { .. } => "gap",
            Finding::LogFilesRecent { .. } => "log_files_recent",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::DigestDamaged { reason } => write!(out, "the digest cannot be read: {reason}"),
            Finding::DigestMissing => write!(out, "the digest is missing: the one after it names it"),
            Finding::DigestModified => {
                write!(out, "the digest was modified: the one after it has another hash or signature of it")
            }
            Finding::DigestMoved { from } => write!(out, "the digest was moved here from {from}"),
            Finding::PreviousDiffers { previous } => {
                write!(out, "its hash or signature of the digest before is wrong: {previous} is valid")
            }
            Finding::PublicKeyMissing { fingerprint } => {
                write!(out, "the public key {fingerprint}, which the digest says to be signed with, is not in the list")
            }
            Finding::SignatureAlgorithm { algorithm } => {
                write!(out, "the digest says to be signed with {algorithm}, and CloudTrail signs with {ALGORITHM}")
            }
            Finding::SignatureInvalid => {
                write!(out, "the signature does not hold: the digest was modified, or signed by somebody else")
            }
            Finding::LogFileDamaged { reason } => write!(out, "the log file was modified: {reason}"),
            Finding::LogFileMissing => write!(out, "the log file is missing: its digest names it"),
            Finding::LogFileModified => write!(out, "the log file was modified: its digest has another hash of it"),
            Finding::LogFileUnexpected => write!(
                out,
                "the log file is in no digest, though the digests of its time are here: CloudTrail did not deliver it, \
                 unless a trail without validation delivers to the same place"
            ),
            Finding::DigestAlien => write!(out, "a file among the digests that is not named as one"),
            Finding::DigestsEnd { at } => {
                write!(out, "the digests end at {}, before the time that was asked for", at.rfc3339())
            }
            Finding::FileUnreadable { reason } => write!(out, "the file cannot be read: {reason}"),
            Finding::LogFileElsewhere { bucket } => write!(out, "the log file is in another bucket, {bucket}"),
            Finding::LogFilesUncovered { count, from, to } => {
                let log_files = if *count == 1 { "log file is" } else { "log files are" };
                write!(out, "{count} {log_files} of times that no digest covers, or only one that is wrong")?;
                match from.zip(*to) {
                    Some((from, to)) => write!(out, ": from {} to {}", from.rfc3339(), to.rfc3339()),
                    None => Ok(()),
                }
            }
            Finding::PreviousElsewhere { bucket, key } => {
                write!(out, "the digest before is in another bucket: {bucket}/{key}")
            }
            Finding::PublicKeysRefused { region, reason } => {
                write!(out, "signatures are not checked: the public keys of {region} cannot be had: {reason}")
            }
            Finding::PublicKeysUnknown => {
                write!(out, "signatures are not checked: there is no list of public keys (--public-keys)")
            }
            Finding::SignatureUnknown => write!(
                out,
                "the digest's signature is not known (S3 metadata): neither is it beside the digest, nor is there a digest \
                 after it that has it"
            ),
            Finding::ChainCut { previous } => {
                write!(out, "the oldest digest here; the one before is not here: {previous}")
            }
            Finding::ChainStart => write!(out, "the chain starts with this digest"),
            Finding::DigestsEndEarly { at } => {
                write!(out, "the digests end at {}; those of other trails go on", at.rfc3339())
            }
            Finding::Gap { from, to } => {
                let (from, to) = (from.rfc3339(), to.rfc3339());
                write!(out, "no digests from {from} to {to}: logging or validation was switched off")
            }
            Finding::LogFilesRecent { count } => {
                let log_files = if *count == 1 { "log file waits" } else { "log files wait" };
                write!(out, "{count} new {log_files} for the digest of their hour")
            }
        }
    }
}
