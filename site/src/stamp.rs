//! Whether the last build still holds: a hash over everything that it was made from.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use walkdir::WalkDir;

/// What the browser half is made from, below the workspace.
const INPUTS: &[&str] = &["app", "model", "style", "public", "site/src", ".cargo", "Cargo.toml", "Cargo.lock"];

/// A hash over the inputs' names and contents, the profile and the compiler.
pub fn of(workspace: &Path, wasm_profile: &str) -> Result<String> {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    part(wasm_profile.as_bytes());
    part(&compiler()?);
    for variable in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"] {
        part(std::env::var_os(variable).unwrap_or_default().as_encoded_bytes());
    }
    for input in INPUTS.iter().map(|name| workspace.join(name)).filter(|path| path.exists()) {
        for file in files(&input)? {
            part(file.as_os_str().as_encoded_bytes());
            part(&fs::read(&file).with_context(|| file.display().to_string())?);
        }
    }
    Ok(crate::output::hex(&hash.finalize()))
}

/// Whether `site` was built from the inputs that `stamp` stands for, and still lies there.
pub fn is_current(site: &Path, stamp: &str) -> bool {
    site.join("manifest.json").is_file() && fs::read_to_string(path(site)).is_ok_and(|last| last == stamp)
}

/// Beside the site's folder: the server embeds all that lies in it.
pub fn path(site: &Path) -> PathBuf {
    site.with_extension("stamp")
}

/// The files at or below `path`, sorted.
pub fn files(path: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in WalkDir::new(path).sort_by_file_name() {
        let entry = entry?;
        if entry.file_type().is_file() {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

fn compiler() -> Result<Vec<u8>> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    Ok(Command::new(rustc).arg("-vV").output().context("rustc cannot be started")?.stdout)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_input_counts() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("style")).unwrap();
        let css = folder.path().join("style/main.css");
        fs::write(&css, "a{}").unwrap();
        let first = of(folder.path(), "wasm").unwrap();
        assert_eq!(first, of(folder.path(), "wasm").unwrap());
        assert_ne!(first, of(folder.path(), "dev").unwrap());
        fs::write(&css, "b{}").unwrap();
        assert_ne!(first, of(folder.path(), "wasm").unwrap());
        fs::write(&css, "a{}").unwrap();
        fs::rename(&css, folder.path().join("style/other.css")).unwrap();
        assert_ne!(first, of(folder.path(), "wasm").unwrap());
    }

    #[test]
    fn current_needs_both_stamp_and_folder() {
        let folder = tempfile::tempdir().unwrap();
        let site = folder.path().join("site");
        fs::write(path(&site), "x").unwrap();
        assert!(!is_current(&site, "x"));
        fs::create_dir(&site).unwrap();
        fs::write(site.join("manifest.json"), "{}").unwrap();
        assert!(is_current(&site, "x"));
        assert!(!is_current(&site, "y"));
    }
}
