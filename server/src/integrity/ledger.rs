//! What is known of log files already, and where results are written down: the seam to the database.

use async_trait::async_trait;

use super::{chain::Trust, digest::Digest, finding::Finding, name::DigestName};

/// A digest, and what came of the log files that it names. URIs are ingest's.
pub struct DigestResult<'a> {
    pub uri: String,
    pub name: &'a DigestName,
    /// `None` where it is missing or cannot be read.
    pub digest: Option<&'a Digest>,
    pub trust: Trust,
    /// Why it is not valid.
    pub finding: Option<&'a Finding>,
    pub log_files: Vec<LogFileResult>,
}

pub struct LogFileResult {
    pub uri: String,
    /// SHA-256 that the digest has of it, in hexadecimal.
    pub hash: String,
    /// Of the content that was looked at; empty where it is not known.
    pub version: String,
    pub trust: Trust,
    /// Why it is not valid, where that is not for its digest.
    pub finding: Option<Finding>,
}

#[async_trait]
pub trait Ledger: Send + Sync {
    /// Of the given URIs and versions, those whose content was hashed before: the URIs with SHA-256 in hexadecimal.
    async fn known(&self, files: &[(String, String)]) -> anyhow::Result<Vec<(String, String)>>;

    async fn digest(&self, result: &DigestResult<'_>) -> anyhow::Result<()>;

    /// Log files that no digest names though one should.
    async fn unexpected(&self, uris: &[String]) -> anyhow::Result<()>;
}

/// Keeps nothing.
pub struct Nowhere;

#[async_trait]
impl Ledger for Nowhere {
    async fn known(&self, _files: &[(String, String)]) -> anyhow::Result<Vec<(String, String)>> {
        Ok(Vec::new())
    }

    async fn digest(&self, _result: &DigestResult<'_>) -> anyhow::Result<()> {
        Ok(())
    }

    async fn unexpected(&self, _uris: &[String]) -> anyhow::Result<()> {
        Ok(())
    }
}
