//! Where digests and log files are read from: the seam between what is verified and where it lies.

use std::io::Read;

use async_trait::async_trait;

/// A file's content, and what S3 keeps beside it.
pub struct File {
    /// As it is stored, gzip and all. It is read on a thread for blocking work.
    pub content: Box<dyn Read + Send>,
    /// Digests: how they are signed, where it is known.
    pub signature: Option<Signature>,
}

/// The metadata of a digest object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// `x-amz-meta-signature`: hexadecimal.
    pub hex: String,
    /// `x-amz-meta-signature-algorithm`, where it is known.
    pub algorithm: Option<String>,
}

/// A file that is there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub key: String,
    /// Tells one content of it from another, as ingest notes it; empty where that is not known.
    pub version: String,
}

/// The files of one bucket, or of a copy of it.
#[async_trait]
pub trait Files: Send + Sync {
    /// The bucket's name; `None` for a copy, which may be of a part of the bucket only: then keys are paths in the copy.
    fn bucket(&self) -> Option<&str>;

    /// Those whose keys begin with `prefix`, in any order.
    async fn list(&self, prefix: &str) -> anyhow::Result<Vec<Entry>>;

    /// What ingest calls an object of this key.
    fn uri(&self, key: &str) -> String;

    /// `None` where there is no such file. Keys may come from digests that anybody wrote. Errors: it is there, perhaps,
    /// and cannot be read.
    async fn read(&self, key: &str) -> anyhow::Result<Option<File>>;
}
