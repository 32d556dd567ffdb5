//! Inputs to objects: files, folders with all files below them, standard input.

use std::{collections::HashSet, io, path::Path, time::UNIX_EPOCH};

use model::time::Timestamp;
use walkdir::WalkDir;

use super::{Object, Place, Unreadable};
use crate::{ingest::Input, integrity::folder::SIDECAR as SIGNATURE};

/// All objects of the inputs in the order of their paths, each once. `now` names what comes from standard input.
pub fn list(inputs: &[Input], now: Timestamp) -> (Vec<Object>, Vec<Unreadable>) {
    let (mut objects, mut unreadable, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    for input in inputs {
        match input {
            // Every run's standard input is another content: it has a name of its own.
            Input::Stdin => objects.push(Object {
                uri: format!("stdin:{}", now.0),
                version: now.0.to_string(),
                bytes: 0,
                place: Place::Stdin,
                source: None,
            }),
            Input::Path(path) => walk(path, &mut |found| match found {
                Ok(object) => {
                    if seen.insert(object.uri.clone()) {
                        objects.push(object);
                    }
                }
                Err(error) => unreadable.push(error),
            }),
        }
    }
    (objects, unreadable)
}

/// All files below `root`, in the order of their names; hidden ones are left out.
pub fn walk(root: &Path, found: &mut dyn FnMut(Result<Object, Unreadable>)) {
    // Signatures of digests are put beside them for `trailmap verify`, by hand: no file of CloudTrail's has such a name.
    let visible = |entry: &walkdir::DirEntry| {
        let name = entry.file_name().as_encoded_bytes();
        entry.depth() == 0 || !(name.starts_with(b".") || name.ends_with(SIGNATURE.as_bytes()))
    };
    for entry in WalkDir::new(root).follow_links(true).sort_by_file_name().into_iter().filter_entry(visible) {
        match entry {
            Ok(entry) if entry.file_type().is_dir() => {}
            Ok(entry) => found(file(entry.path())),
            Err(error) => {
                let uri = uri(error.path().unwrap_or(root));
                found(Err(Unreadable { uri, reason: error.to_string() }));
            }
        }
    }
}

/// A file as it is now.
pub fn file(path: &Path) -> Result<Object, Unreadable> {
    let unreadable = |error: io::Error| Unreadable { uri: uri(path), reason: error.to_string() };
    let data = path.metadata().map_err(unreadable)?;
    let modified = data.modified().map_err(unreadable)?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(Object {
        uri: uri(path),
        version: format!("{}-{}", data.len(), modified.as_nanos()),
        bytes: data.len(),
        place: Place::File(path.to_owned()),
        source: None,
    })
}

/// `file://` and the absolute path; bytes that are no UTF-8 as `%XX`.
pub fn uri(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut uri = "file://".to_owned();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        uri.push_str(chunk.valid());
        uri.extend(chunk.invalid().iter().map(|byte| format!("%{byte:02X}")));
    }
    uri
}
