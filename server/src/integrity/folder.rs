//! A folder as `aws s3 sync` makes it, with the signatures of digests in files beside them.

use std::{
    fs,
    io::{ErrorKind, Read},
    path::{Component, Path, PathBuf},
};

use anyhow::Context;
use async_trait::async_trait;
use walkdir::WalkDir;

use super::files::{Entry, File, Files, Signature};
use crate::ingest::source::file;

/// The file beside a digest that has its signature: `aws s3 sync` leaves the metadata of objects behind.
pub const SIDECAR: &str = ".signature";
/// A signature of 8192 bits has 2048 digits.
const MOST_SIDECAR: u64 = 4 << 10;

pub struct Folder(PathBuf);

impl Folder {
    /// Errors: there is no such folder.
    pub fn open(path: &Path) -> anyhow::Result<Folder> {
        let there = fs::metadata(path).with_context(|| path.display().to_string())?;
        anyhow::ensure!(there.is_dir(), "{}: not a folder", path.display());
        Ok(Folder(path.to_owned()))
    }

    /// A key leads to a file below the folder or nowhere, whatever it is made of.
    fn path(&self, key: &str) -> Option<PathBuf> {
        let inside = Path::new(key).components().all(|part| matches!(part, Component::Normal(_)));
        (inside && !key.is_empty() && !key.contains('\0')).then(|| self.0.join(key))
    }

    fn walk(root: &Path, prefix: &str) -> anyhow::Result<Vec<Entry>> {
        let visible =
            |entry: &walkdir::DirEntry| entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".");
        let mut keys = Vec::new();
        for entry in WalkDir::new(root).follow_links(true).into_iter().filter_entry(visible) {
            let entry = entry?;
            // A name that is no UTF-8 is none that CloudTrail gave.
            if let Some(key) = entry.path().strip_prefix(root)?.to_str()
                && !entry.file_type().is_dir()
                && key.starts_with(prefix)
            {
                keys.push(Entry { key: key.to_owned(), version: String::new() });
            }
        }
        Ok(keys)
    }
}

#[async_trait]
impl Files for Folder {
    fn bucket(&self) -> Option<&str> {
        None
    }

    async fn list(&self, prefix: &str) -> anyhow::Result<Vec<Entry>> {
        let (root, prefix) = (self.0.clone(), prefix.to_owned());
        tokio::task::spawn_blocking(move || Folder::walk(&root, &prefix)).await?
    }

    fn uri(&self, key: &str) -> String {
        file::uri(&self.0.join(key))
    }

    async fn read(&self, key: &str) -> anyhow::Result<Option<File>> {
        let Some(path) = self.path(key) else { return Ok(None) };
        tokio::task::spawn_blocking(move || read(&path)).await?
    }
}

fn read(path: &Path) -> anyhow::Result<Option<File>> {
    let absent = |kind| matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename);
    match fs::metadata(path) {
        Err(error) if absent(error.kind()) => return Ok(None),
        Err(error) => return Err(error.into()),
        // A pipe would be waited for without end.
        Ok(there) => anyhow::ensure!(there.is_file(), "not a file"),
    }
    let mut sidecar = path.as_os_str().to_owned();
    sidecar.push(SIDECAR);
    let signature = match fs::metadata(&sidecar) {
        Ok(there) if there.is_file() => Some(signature(fs::File::open(&sidecar)?)?),
        _ => None,
    };
    Ok(Some(File { content: Box::new(fs::File::open(path)?), signature }))
}

/// The signature in hexadecimal, and after a blank its algorithm, if it was noted.
fn signature(sidecar: impl Read) -> anyhow::Result<Signature> {
    let mut bytes = Vec::new();
    sidecar.take(MOST_SIDECAR).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let mut words = text.split_whitespace();
    let hex = words.next().unwrap_or_default().to_owned();
    Ok(Signature { hex, algorithm: words.next().map(str::to_owned) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stay_within_the_folder() {
        let folder = Folder(PathBuf::from("/copy"));
        assert_eq!(folder.path("AWSLogs/1/a.json.gz"), Some(PathBuf::from("/copy/AWSLogs/1/a.json.gz")));
        for key in ["", "/etc/passwd", "../a", "a/../../b", "./a", "a\0b"] {
            assert_eq!(folder.path(key), None, "{key:?}");
        }
    }

    #[test]
    fn sidecars_have_a_signature_and_perhaps_its_algorithm() {
        let read = |text: &str| signature(text.as_bytes()).unwrap();
        assert_eq!(read("ab12\n"), Signature { hex: "ab12".into(), algorithm: None });
        assert_eq!(read("ab12\tSHA256withRSA\n").algorithm.as_deref(), Some("SHA256withRSA"));
        assert_eq!(read("").hex, "");
    }
}
