//! A folder of this machine that is looked at again and again. A file that still grows is left alone until it stands still.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::Context;

use super::{
    Object, Unreadable, file,
    intake::{Intake, MOST_OBJECTS},
    runner::Round,
};
use crate::{config::source, ingest::source::runner::Left};

/// What could not be opened is tried again so often.
const AGAIN: Duration = Duration::from_secs(60);

pub struct Folder {
    settings: source::Folder,
    /// Each file's version at the last look, and whether it was read in that version.
    seen: HashMap<String, (String, bool)>,
    /// Files that could not be opened.
    troubled: Vec<String>,
    tried: Instant,
}

impl Folder {
    pub fn new(settings: source::Folder) -> Folder {
        Folder { settings, seen: HashMap::new(), troubled: Vec::new(), tried: Instant::now() }
    }

    /// Reads what has not changed since the look before. Errors: the folder's or the database's.
    pub async fn round(&mut self, intake: &Intake) -> anyhow::Result<Round> {
        let (objects, unreadable) = self.look().await?;
        let mut ready = self.still(objects);
        let mut complaint = unreadable.first().map(|error| format!("{}: {}", error.uri, error.reason));
        while !ready.is_empty() && !intake.stopping() {
            let some: Vec<_> = ready.drain(..ready.len().min(MOST_OBJECTS)).collect();
            let uris: Vec<_> = some.iter().map(|object| object.uri.clone()).collect();
            let batch = intake.take(some).await?;
            for uri in uris {
                if let Some((_, read)) = self.seen.get_mut(&uri) {
                    *read = true;
                }
                if let Some(failed) = batch.failed.get(&uri).filter(|failed| failed.trouble.is_some()) {
                    complaint.get_or_insert_with(|| format!("{uri}: {}", failed.reason));
                    self.troubled.push(uri);
                }
            }
        }
        Ok(Round { pause: self.settings.poll, complaint, left: Left::default() })
    }

    /// A file of the folder as it is now.
    pub fn object(&self, uri: &str) -> Result<Object, String> {
        let path = uri.strip_prefix("file://").map(Path::new).filter(|path| path.starts_with(&self.settings.path));
        let path = path.ok_or_else(|| format!("{uri} is not in the folder {}", self.settings.path.display()))?;
        file::file(path).map_err(|error| format!("{}: {}", error.uri, error.reason))
    }

    async fn look(&mut self) -> anyhow::Result<(Vec<Object>, Vec<Unreadable>)> {
        let path: PathBuf = self.settings.path.clone();
        let _entries =
            tokio::fs::read_dir(&path).await.with_context(|| format!("folder {} cannot be read", path.display()))?;
        let looked = tokio::task::spawn_blocking(move || {
            let (mut objects, mut unreadable) = (Vec::new(), Vec::new());
            file::walk(&path, &mut |found| match found {
                Ok(object) => objects.push(object),
                Err(error) => unreadable.push(error),
            });
            (objects, unreadable)
        });
        Ok(looked.await?)
    }

    /// Those that are as they were, and not read yet.
    fn still(&mut self, objects: Vec<Object>) -> Vec<Object> {
        if self.tried.elapsed() >= AGAIN {
            self.tried = Instant::now();
            for uri in std::mem::take(&mut self.troubled) {
                self.seen.remove(&uri);
            }
        }
        let before = std::mem::take(&mut self.seen);
        let mut ready = Vec::new();
        for object in objects {
            let same = before.get(&object.uri).filter(|(version, _)| *version == object.version);
            self.seen.insert(object.uri.clone(), (object.version.clone(), same.is_some_and(|(_, read)| *read)));
            if matches!(same, Some((_, false))) {
                ready.push(object);
            }
        }
        ready
    }
}
