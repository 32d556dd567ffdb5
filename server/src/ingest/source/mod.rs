//! Where objects come from: files and standard input, S3, and what `trailmap serve --config` reads from all the time.
//!
//! A source hands on objects in batches of bounded size (`intake`), and learns of each whether it is stored. Only then does it
//! tell anyone outside (deletes a message, moves a checkpoint). So whatever happens, an object comes again rather than not at all,
//! and what comes again changes nothing.

use std::{
    fs::File,
    io::{self, Read},
    path::PathBuf,
    sync::Arc,
};

use bytes::{Buf, Bytes};

pub mod aws;
pub mod check;
pub mod file;
pub mod folder;
pub mod intake;
pub mod lease;
pub mod listing;
pub mod lookup;
pub mod notification;
pub mod push;
pub mod queue;
mod retry;
pub mod runner;
pub mod s3;

pub use file::list;

/// Something to read, and what identifies it.
#[derive(Clone, Debug)]
pub struct Object {
    pub uri: String,
    /// Tells one content of the URI from another.
    pub version: String,
    /// Compressed size in bytes, 0 when not known.
    pub bytes: u64,
    pub place: Place,
    /// The name of the source that it comes from; none for a run of `trailmap ingest`.
    pub source: Option<Arc<str>>,
}

#[derive(Clone, Debug)]
pub enum Place {
    File(PathBuf),
    Stdin,
    S3(Arc<s3::Key>),
    /// Already here.
    Memory(Bytes),
}

/// A path that cannot be listed, and why.
pub struct Unreadable {
    pub uri: String,
    pub reason: String,
}

impl Object {
    /// Whether it can be read a second time.
    pub fn is_repeatable(&self) -> bool {
        !matches!(self.place, Place::Stdin)
    }

    /// Opens it for reading; standard input only once. Called on a thread that may block.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        match &self.place {
            Place::File(path) => Ok(Box::new(File::open(path)?)),
            Place::Stdin => Ok(Box::new(io::stdin())),
            Place::S3(key) => key.open(),
            Place::Memory(bytes) => Ok(Box::new(bytes.clone().reader())),
        }
    }
}
