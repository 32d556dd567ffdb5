//! Cuts a stream of JSON into records without ever holding more than one of them.
//!
//! A push parser over bytes. It finds the records inside of CloudTrail's envelopes: top-level documents one after the other
//! (with or without line breaks), elements of arrays, and elements of the arrays that are called `Records`, `Events`, `events`,
//! `logEvents` and `records` in an object. Whatever else an object holds is left to `super::envelope`.
//!
//! Grammar is checked only as far as it takes to find where a record ends; what stands inside is for the JSON parser to judge.
//! After a mistake the scanner is *lost*: it goes on counting brackets and looks for a *mark* that surely begins a record: `{` at
//! the beginning of a line, or `{"eventVersion"` (inside of a string its quotes would be escaped). A mark between the record's
//! beginning and the mistake is honoured too: those bytes are read again, up to a budget, so that time stays linear.
//!
//! Memory: one record of at most `MOST_RECORD` bytes for each of at most `MOST_FRAMES` envelopes around it.

use super::value::{Step, Value};

/// A longer record is not read as an event; its first `KEPT_TEXT` bytes are kept.
pub const MOST_RECORD: usize = 4 << 20;
/// Bytes of a record's text that are kept when it cannot be read.
pub const KEPT_TEXT: usize = 1 << 20;
/// A record nested deeper is not read as an event.
pub const MOST_DEPTH: u32 = 120;
/// Envelopes in envelopes; deeper ones are plain records.
pub(super) const MOST_FRAMES: usize = 8;
/// Bytes that may be read again on top of as many as were read once.
const REREAD_BUDGET: u64 = 64 << 20;

/// One record as it stands in the stream.
#[derive(Debug, PartialEq)]
pub struct Piece<'a> {
    /// Where it begins, in bytes of the stream.
    pub offset: u64,
    /// Its bytes; of a record that is too large, the first `KEPT_TEXT`.
    pub bytes: &'a [u8],
    /// Why it cannot be a record, with the place.
    pub problem: Option<String>,
    /// It has a key `digestStartTime`: a digest file, whatever its size.
    pub digest: bool,
}

/// Why the stream as a whole is not readable to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    #[error("not JSON at byte {0}")]
    NotJson(u64),
    #[error("the JSON ends in the middle, at byte {0}")]
    Ends(u64),
    #[error("the JSON is broken at byte {0}: the end of an array is missing")]
    Unclosed(u64),
}

enum Frame {
    Array,
    /// An object whose array is being read; the value goes on after it.
    Object(Value),
}

/// The scanner: feed it bytes in chunks of any size, then finish.
#[derive(Default)]
pub struct Scanner {
    /// Bytes of the stream that were taken.
    offset: u64,
    frames: Vec<Frame>,
    value: Option<Value>,
    /// A document was seen: what follows may be damaged, but it was JSON.
    begun: bool,
    unclosed: Option<u64>,
    reread: u64,
}

impl Scanner {
    /// Takes the next bytes and hands every record that ends in them to `sink`. Errors: the stream is not JSON.
    pub fn push(&mut self, chunk: &[u8], sink: &mut dyn FnMut(Piece<'_>)) -> Result<(), ScanError> {
        let mut backlog: Vec<(Vec<u8>, usize)> = Vec::new();
        let mut at = 0;
        loop {
            let (used, again) = match backlog.last() {
                Some((bytes, from)) => self.step(&bytes[*from..], sink)?,
                None if at < chunk.len() => self.step(&chunk[at..], sink)?,
                None => return Ok(()),
            };
            self.offset += used as u64;
            match backlog.last_mut() {
                Some((_, from)) => *from += used,
                None => at += used,
            }
            if !again.is_empty() {
                self.offset = self.offset.saturating_sub(again.len() as u64);
                self.reread += again.len() as u64;
                backlog.push((again, 0));
            }
            while backlog.last().is_some_and(|(bytes, from)| *from >= bytes.len()) {
                backlog.pop();
            }
        }
    }

    /// Bytes taken so far.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The stream is over. Hands out what was begun. Errors: it ended in the middle of something.
    pub fn finish(&mut self, sink: &mut dyn FnMut(Piece<'_>)) -> Result<(), ScanError> {
        let mut ends = !self.frames.is_empty();
        if let Some(mut value) = self.value.take() {
            ends |= !value.garbage;
            value
                .problem
                .get_or_insert_with(|| format!("the JSON ends in the middle of this record, at byte {}", self.offset));
            emit(value, sink);
        }
        self.frames.clear();
        match self.unclosed {
            _ if ends => Err(ScanError::Ends(self.offset)),
            Some(at) => Err(ScanError::Unclosed(at)),
            None => Ok(()),
        }
    }

    /// One step on `input` (not empty): how many bytes were used, and which are to be read again before the rest.
    fn step(&mut self, input: &[u8], sink: &mut dyn FnMut(Piece<'_>)) -> Result<(usize, Vec<u8>), ScanError> {
        let may_reread = self.reread < self.offset + REREAD_BUDGET;
        let Some(value) = &mut self.value else { return self.between(input).map(|used| (used, Vec::new())) };
        match value.read(input, self.frames.len(), may_reread) {
            Step::Hungry => Ok((input.len(), Vec::new())),
            Step::Done(used) => {
                self.value.take().into_iter().for_each(|value| emit(value, sink));
                Ok((used, Vec::new()))
            }
            Step::Enter(used) => {
                self.frames.extend(self.value.take().map(Frame::Object));
                self.frames.push(Frame::Array);
                Ok((used, Vec::new()))
            }
            Step::Mark { used, again, line } => {
                if let Some(mut value) = self.value.take() {
                    let kept = value.bytes.trim_ascii_end();
                    let kept = kept.strip_suffix(b",").unwrap_or(kept).len();
                    value.bytes.truncate(kept);
                    emit(value, sink);
                }
                // A new line begins a new document, where the broken one was an object.
                if line && matches!(self.frames.first(), Some(Frame::Object(_))) {
                    self.unclosed.get_or_insert(self.offset + used as u64);
                    self.frames.clear();
                }
                Ok((used, again))
            }
        }
    }

    /// Between records: white space, separators, the beginning of a record or the end of an envelope.
    fn between(&mut self, input: &[u8]) -> Result<usize, ScanError> {
        let skipped = input.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | 0x1e));
        let Some(skipped) = skipped else { return Ok(input.len()) };
        let offset = self.offset + skipped as u64;
        let byte = input[skipped];
        let in_array = matches!(self.frames.last(), Some(Frame::Array));
        match byte {
            b'[' if self.frames.len() < MOST_FRAMES => {
                self.frames.push(Frame::Array);
                self.begun = true;
                return Ok(skipped + 1);
            }
            b'{' | b'[' => self.value = Some(Value::new(offset)),
            b']' if in_array => {
                self.close_array(offset, &input[skipped..=skipped]);
                return Ok(skipped + 1);
            }
            // The array's end was swallowed by a broken record: the object around it ends here.
            b'}' if in_array && matches!(self.frames.iter().rev().nth(1), Some(Frame::Object(_))) => {
                self.unclosed.get_or_insert(offset);
                self.close_array(offset, b"");
                return Ok(skipped);
            }
            _ if in_array => self.value = Some(Value::new(offset)),
            _ if self.begun => {
                let mut value = Value::new(offset);
                value.garbage = true;
                value.lose(0, byte, "a JSON object", false);
                self.value = Some(value);
            }
            // A byte order mark.
            0xef | 0xbb | 0xbf if offset < 3 => return Ok(skipped + 1),
            _ => return Err(ScanError::NotJson(offset)),
        }
        self.begun = true;
        Ok(skipped)
    }

    /// The array ends at `offset`, with its bracket if it has one; the object around it goes on.
    fn close_array(&mut self, offset: u64, bracket: &[u8]) {
        self.frames.pop();
        if matches!(self.frames.last(), Some(Frame::Object(_)))
            && let Some(Frame::Object(mut value)) = self.frames.pop()
        {
            // What was taken out of it counts for its length: offsets in messages are of the stream.
            value.length = offset - value.offset;
            value.keep(bracket);
            value.marks_from = value.bytes.len();
            self.value = Some(value);
        }
    }
}

fn emit(value: Value, sink: &mut dyn FnMut(Piece<'_>)) {
    let mut problem = value.problem;
    if value.shell && !value.event_keys && problem.is_none() {
        return;
    }
    if value.overflow {
        problem = Some(format!("larger than {} MiB ({} bytes)", MOST_RECORD >> 20, value.length));
    }
    let bytes = if problem.is_some() { &value.bytes[..value.bytes.len().min(KEPT_TEXT)] } else { &value.bytes[..] };
    sink(Piece { offset: value.offset, bytes, problem, digest: value.digest });
}
