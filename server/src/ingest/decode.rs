//! An object's bytes to records: synchronous, streaming, with bounded memory.

use std::{io, ops::ControlFlow};

use super::{
    envelope::{self, Found},
    inflate::{Allowance, Inflate},
    record::Record,
    scan::{Piece, Scanner},
};

/// So many unreadable records of one object are kept; the ones after are counted, and the object is told to be failed.
pub const MOST_REJECTED: u64 = 10_000;

/// A record or a reason, with its place in the object.
#[derive(Debug)]
pub struct Item {
    /// The how-manieth of the object, from 0.
    pub ordinal: u64,
    /// Where it begins in the uncompressed object; of what was text in an envelope, where the envelope begins.
    pub byte_offset: u64,
    pub content: Result<Box<Record>, Rejected>,
}

/// What could not be read as an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Rejected {
    pub reason: String,
    pub text: String,
}

/// How an object ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// `events`, `digest`, `other` (a file of CloudTrail's without events) or `empty`.
    pub kind: &'static str,
    /// Why the object is not readable to its end.
    pub error: Option<String>,
    /// Set where it is for the way to the object, not for its content: it was not there, or broke off.
    pub trouble: Option<io::ErrorKind>,
    /// Unreadable records that were counted and not handed out.
    pub rejected_unkept: u64,
    pub bytes_uncompressed: u64,
    /// Of all that was read, where it was asked for and the object was read to its end.
    pub sha256: Option<[u8; 32]>,
}

impl Outcome {
    /// The same where none of what was read counts.
    pub fn without_records(self) -> Outcome {
        Outcome { rejected_unkept: 0, ..self }
    }
}

/// Reads an object to its end, or to the damage; everything before is handed to `out`, which may break off.
pub fn decode(mut input: Inflate, out: &mut dyn FnMut(Item) -> ControlFlow<()>) -> Outcome {
    let mut scanner = Scanner::default();
    let (flow, allowance) = (ControlFlow::Continue(()), Allowance::default());
    let mut reader = Reader { out, flow, allowance, ordinal: 0, rejected: 0, digest: false, other: false };
    let mut chunk = Vec::new();
    let mut error = None;
    while reader.flow.is_continue() {
        if let Err(damage) = next(&mut input, &mut chunk) {
            error = Some(damage.to_string());
            break;
        }
        if chunk.is_empty() {
            break;
        }
        if scanner.offset() == 0 && chunk.len() >= 2 && (chunk[0] == 0) != (chunk[1] == 0) {
            error = Some("not JSON at byte 0 (UTF-16 is not read)".to_owned());
            break;
        }
        reader.allowance.grow(input.compressed());
        if let Err(not_json) = scanner.push(&chunk, &mut |piece| reader.piece(&piece)) {
            error = Some(not_json.to_string());
            break;
        }
    }
    // After damage, the end in the middle is its consequence and no second reason.
    let end = scanner.finish(&mut |piece| reader.piece(&piece)).err().map(|end| end.to_string());
    let rejected_unkept = reader.rejected.saturating_sub(MOST_REJECTED);
    let flood = (rejected_unkept > 0)
        .then(|| format!("{} records cannot be read; only the first {MOST_REJECTED} are kept", reader.rejected));
    let error = error.or(end).or(flood);
    Outcome {
        kind: reader.kind(input.inflated()),
        sha256: input.sha256().filter(|_| error.is_none() && reader.flow.is_continue()),
        error,
        trouble: None,
        rejected_unkept,
        bytes_uncompressed: input.inflated(),
    }
}

/// The next bytes. A pipe may give a single one at first, which does not tell what it is of.
fn next(input: &mut Inflate, chunk: &mut Vec<u8>) -> io::Result<()> {
    let begins = input.inflated() == 0;
    input.chunk(chunk)?;
    if begins && let [first] = chunk[..] {
        input.chunk(chunk)?;
        chunk.insert(0, first);
    }
    Ok(())
}

struct Reader<'a> {
    out: &'a mut dyn FnMut(Item) -> ControlFlow<()>,
    flow: ControlFlow<()>,
    allowance: Allowance,
    ordinal: u64,
    rejected: u64,
    digest: bool,
    other: bool,
}

impl Reader<'_> {
    fn piece(&mut self, piece: &Piece<'_>) {
        let Reader { out, flow, ordinal: next, rejected, digest, other, allowance } = self;
        envelope::open(piece, allowance, &mut |found| {
            let content = match found {
                Found::Digest => return *digest = true,
                Found::Other => return *other = true,
                Found::Event(record) => Ok(record),
                Found::Rejected { reason, text, .. } => Err(Rejected { reason, text }),
            };
            let ordinal = *next;
            *next += 1;
            *rejected += u64::from(content.is_err());
            if flow.is_continue() && (content.is_ok() || *rejected <= MOST_REJECTED) {
                *flow = out(Item { ordinal, byte_offset: piece.offset, content });
            }
        });
    }

    fn kind(&self, bytes: u64) -> &'static str {
        match self {
            _ if self.ordinal > 0 => "events",
            Reader { digest: true, .. } => "digest",
            Reader { other: true, .. } => "other",
            _ if bytes == 0 => "empty",
            _ => "events",
        }
    }
}
