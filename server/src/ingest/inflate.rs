//! The bytes of an object: inflated when they are gzip, counted, and bounded.

use std::{
    cell::Cell,
    io::{self, BufRead, BufReader, Read},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};

/// A compressed object may inflate to so many bytes.
pub const MOST_INFLATED: u64 = 4 << 30;
/// Beyond `RATIO_FROM` inflated bytes, an object may have inflated to so many times its size.
pub const MOST_RATIO: u64 = 200;
const RATIO_FROM: u64 = 64 << 20;
/// Gzip in gzip, as a compressed stream of compressed records.
const MOST_LAYERS: u32 = 2;
const BUFFER: usize = 128 << 10;
/// Small: of what a damaged stream gave up to the damage, the decoder keeps back at most one buffer.
const INFLATE_BUFFER: usize = 8 << 10;

/// An object's content as a stream. Errors of `read` say what is damaged and at which byte.
pub struct Inflate {
    inner: Box<dyn BufRead + Send>,
    /// Bytes taken from the object itself.
    compressed: Arc<AtomicU64>,
    inflated: u64,
    ratio_from: u64,
    gzip: bool,
    /// Met while looking for gzip; told by the first `chunk`.
    early: Option<io::Error>,
    /// Of the inflated bytes so far, where it is asked for.
    hash: Option<Sha256>,
}

impl Inflate {
    /// `compressed` counts the bytes that are taken from `source`.
    pub fn new(source: impl Read + Send + 'static, compressed: Arc<AtomicU64>) -> Inflate {
        let counted = Counted { inner: BufReader::with_capacity(BUFFER, source), count: compressed.clone() };
        let mut inner: Box<dyn BufRead + Send> = Box::new(counted);
        let (mut layers, mut early) = (0, None);
        while layers < MOST_LAYERS {
            match is_gzip(&mut *inner) {
                Ok(true) => inner = Box::new(BufReader::with_capacity(INFLATE_BUFFER, MultiGzDecoder::new(inner))),
                Ok(false) => break,
                Err(error) => {
                    early = Some(error);
                    break;
                }
            }
            layers += 1;
        }
        Inflate { inner, compressed, inflated: 0, ratio_from: RATIO_FROM, gzip: layers > 0, early, hash: None }
    }

    /// Of what is one of many in an object: the ratio counts from so many inflated bytes on.
    pub fn of_many(source: impl Read + Send + 'static, ratio_from: u64) -> Inflate {
        Inflate { ratio_from, ..Inflate::new(source, Arc::default()) }
    }

    /// Keeps the hash of what it inflates to, or does not.
    pub fn hashed(self, yes: bool) -> Inflate {
        Inflate { hash: yes.then(Sha256::new), ..self }
    }

    /// SHA-256 of the inflated bytes so far; `None` where it is not kept.
    pub fn sha256(&self) -> Option<[u8; 32]> {
        self.hash.clone().map(|hash| hash.finalize().into())
    }

    /// The next bytes; empty at the end. They are taken: the next call gives the ones after.
    pub fn chunk(&mut self, buffer: &mut Vec<u8>) -> io::Result<()> {
        buffer.clear();
        let filled = match self.early.take() {
            Some(error) => Err(error),
            None => self.inner.fill_buf().map(|bytes| buffer.extend_from_slice(bytes)),
        };
        filled.map_err(|error| self.explain(&error))?;
        self.inner.consume(buffer.len());
        self.inflated += buffer.len() as u64;
        if let Some(hash) = &mut self.hash {
            hash.update(&*buffer);
        }
        self.within_bounds()
    }

    /// Bytes taken from the object itself so far.
    pub fn compressed(&self) -> u64 {
        self.compressed.load(Ordering::Relaxed)
    }

    /// Uncompressed bytes so far.
    pub fn inflated(&self) -> u64 {
        self.inflated
    }

    fn within_bounds(&self) -> io::Result<()> {
        let compressed = self.compressed.load(Ordering::Relaxed);
        if self.gzip && self.inflated > MOST_INFLATED {
            return Err(io::Error::other(format!("inflates to more than {} GiB", MOST_INFLATED >> 30)));
        }
        if self.gzip && self.inflated > self.ratio_from && self.inflated / MOST_RATIO > compressed {
            let message =
                format!("{compressed} bytes inflate to more than {} bytes: a compression bomb", self.inflated);
            return Err(io::Error::other(message));
        }
        Ok(())
    }

    fn explain(&self, error: &io::Error) -> io::Error {
        let compressed = self.compressed.load(Ordering::Relaxed);
        let what = match error.kind() {
            _ if !self.gzip => format!("cannot be read at byte {compressed}: {error}"),
            io::ErrorKind::UnexpectedEof => {
                format!("gzip ends early: after {compressed} bytes, which inflate to {} bytes", self.inflated)
            }
            _ => format!("gzip is damaged before byte {compressed} (byte {} inflated): {error}", self.inflated),
        };
        io::Error::new(error.kind(), what)
    }
}

/// What is compressed within an object may inflate to so much, all of it together, as the object itself may: small bombs in a small bomb make a
/// large one.
#[derive(Debug, Default)]
pub struct Allowance {
    taken: Cell<u64>,
    /// Bytes of the object that were read.
    object: Cell<u64>,
}

impl Allowance {
    /// So many bytes of the object were read by now.
    pub fn grow(&self, object: u64) {
        self.object.set(object);
    }

    /// Errors: it is too much.
    pub fn take(&self, bytes: usize) -> io::Result<()> {
        let (taken, object) = (self.taken.get() + bytes as u64, self.object.get());
        self.taken.set(taken);
        if taken > MOST_INFLATED || taken > RATIO_FROM && taken / MOST_RATIO > object {
            let message =
                format!("what is compressed in {object} bytes inflates to more than {taken} bytes: a compression bomb");
            return Err(io::Error::other(message));
        }
        Ok(())
    }
}

fn is_gzip(reader: &mut dyn BufRead) -> io::Result<bool> {
    // A pipe may give a single byte at first; no JSON begins with this one.
    Ok(reader.fill_buf()?.first() == Some(&0x1f))
}

struct Counted<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.count.fetch_add(amount as u64, Ordering::Relaxed);
        self.inner.consume(amount);
    }
}
