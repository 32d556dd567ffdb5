//! One JSON value that is being read byte by byte: where it ends, and what to do when it is broken.

use std::borrow::Cow;

use memchr::memchr3;

use super::{
    mark::{Mark, Marks, first_mark},
    scan::{KEPT_TEXT, MOST_DEPTH, MOST_FRAMES, MOST_RECORD},
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Key,
    KeyOrEnd,
    Colon,
    Value,
    ValueOrEnd,
    After,
    Scalar,
    Text {
        key: bool,
    },
    Escape {
        key: bool,
    },
    /// After a mistake: brackets are counted, marks are looked for.
    Lost {
        text: bool,
        escape: bool,
    },
}

/// What happened at a byte of a value.
pub enum Step {
    /// All bytes were taken.
    Hungry,
    /// The value ends before this many bytes.
    Done(usize),
    /// A transparent array begins; its bracket was the last of this many bytes.
    Enter(usize),
    /// Lost, and a mark was found, with which `again` begins: it is read again, then what follows after `used`.
    Mark { used: usize, again: Vec<u8>, line: bool },
}

/// A value that is being read, and where in its grammar we are.
pub struct Value {
    pub offset: u64,
    /// All bytes read of it, kept or not.
    pub length: u64,
    pub bytes: Vec<u8>,
    pub overflow: bool,
    depth: u32,
    /// Which of the open brackets are objects, innermost in the lowest bit.
    objects: u128,
    state: State,
    pub problem: Option<String>,
    /// Stands between documents: only a mark ends it.
    pub garbage: bool,
    /// Letters or digits were seen in the garbage: it is text, and a bracket in it begins no record.
    words: bool,
    marks: Option<Marks>,
    /// Marks before this many of the kept bytes are of no use.
    pub marks_from: usize,
    key_start: usize,
    transparent_key: bool,
    pub event_keys: bool,
    pub digest: bool,
    /// Elements were taken out of it: without event keys nothing remains that is worth telling.
    pub shell: bool,
}

impl Value {
    /// A value whose first byte is at `offset`.
    pub fn new(offset: u64) -> Value {
        Value {
            offset,
            length: 0,
            bytes: Vec::new(),
            overflow: false,
            depth: 0,
            objects: 0,
            state: State::Value,
            problem: None,
            garbage: false,
            words: false,
            marks: None,
            marks_from: 1,
            key_start: 0,
            transparent_key: false,
            event_keys: false,
            digest: false,
            shell: false,
        }
    }

    pub fn keep(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        if self.overflow {
            return;
        }
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() > MOST_RECORD {
            self.overflow = true;
            self.bytes.truncate(KEPT_TEXT);
            self.bytes.shrink_to_fit();
        }
    }

    /// Reads on in `input`; `frames` says how many envelopes are around.
    pub fn read(&mut self, input: &[u8], frames: usize, may_reread: bool) -> Step {
        let mut i = 0;
        let mut from = 0;
        while i < input.len() {
            let byte = input[i];
            match self.state {
                State::Text { key } => {
                    let Some(n) = memchr3(b'"', b'\\', b'\n', &input[i..]) else { break };
                    i += n;
                    match input[i] {
                        b'"' => {
                            if key {
                                self.end_key(&input[from..i]);
                            }
                            self.state = if key { State::Colon } else { State::After };
                            if self.depth == 0 {
                                self.keep(&input[from..=i]);
                                return Step::Done(i + 1);
                            }
                        }
                        b'\\' => self.state = State::Escape { key },
                        _ => {
                            self.keep(&input[from..i]);
                            from = i;
                            if let Some(step) = self.lose(i, byte, "a line break inside of a string", may_reread) {
                                return step;
                            }
                            continue;
                        }
                    }
                    i += 1;
                }
                State::Escape { key } => {
                    self.state = State::Text { key };
                    i += 1;
                }
                State::Lost { text: false, .. } if self.ends_before(byte) => {
                    self.keep(&input[from..i]);
                    return Step::Done(i);
                }
                State::Lost { .. } => {
                    if let Some(ends) = self.read_lost(byte) {
                        i += 1;
                        self.keep(&input[from..i]);
                        return match ends {
                            LostEnd::Closed => Step::Done(i),
                            LostEnd::Mark(mark) => self.go_to_mark(i, mark),
                        };
                    }
                    i += 1;
                }
                State::Scalar if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.') => i += 1,
                State::Scalar if self.depth == 0 => {
                    self.keep(&input[from..i]);
                    return Step::Done(i);
                }
                State::Scalar => self.state = State::After,
                _ if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') => i += 1,
                State::Key | State::KeyOrEnd if byte == b'"' => {
                    self.key_start = self.bytes.len() + i - from + 1;
                    self.state = State::Text { key: true };
                    i += 1;
                }
                State::Colon if byte == b':' => {
                    self.state = State::Value;
                    i += 1;
                }
                State::Value | State::ValueOrEnd if byte == b'[' && self.enters(frames) => {
                    i += 1;
                    self.keep(&input[from..i]);
                    self.shell = true;
                    self.state = State::After;
                    return Step::Enter(i);
                }
                State::Value | State::ValueOrEnd if matches!(byte, b'{' | b'[') => {
                    self.open(byte == b'{');
                    i += 1;
                }
                State::Value | State::ValueOrEnd if byte == b'"' => {
                    self.state = State::Text { key: false };
                    i += 1;
                }
                State::Value | State::ValueOrEnd if byte.is_ascii_alphanumeric() || byte == b'-' => {
                    self.state = State::Scalar;
                    i += 1;
                }
                State::After if byte == b',' => {
                    self.state = if self.objects & 1 == 1 { State::Key } else { State::Value };
                    i += 1;
                }
                State::After | State::KeyOrEnd | State::ValueOrEnd if self.closes(byte) => {
                    i += 1;
                    self.depth -= 1;
                    self.objects >>= 1;
                    self.state = State::After;
                    if self.depth == 0 {
                        self.keep(&input[from..i]);
                        return Step::Done(i);
                    }
                }
                state => {
                    self.keep(&input[from..i]);
                    from = i;
                    if let Some(step) = self.lose(i, byte, state.expected(), may_reread) {
                        return step;
                    }
                }
            }
        }
        self.keep(&input[from..]);
        Step::Hungry
    }

    fn closes(&self, byte: u8) -> bool {
        byte == if self.objects & 1 == 1 { b'}' } else { b']' }
    }

    fn enters(&self, frames: usize) -> bool {
        self.depth == 1
            && self.objects & 1 == 1
            && self.transparent_key
            && !self.event_keys
            && !self.overflow
            && frames + 2 <= MOST_FRAMES
    }

    fn open(&mut self, object: bool) {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            self.problem = Some(format!("nested deeper than {MOST_DEPTH}"));
            self.state = State::Lost { text: false, escape: false };
            return;
        }
        self.objects = self.objects << 1 | u128::from(object);
        self.state = if object { State::KeyOrEnd } else { State::ValueOrEnd };
    }

    /// The key before the closing quote: its bytes are kept ones and then `tail`.
    fn end_key(&mut self, tail: &[u8]) {
        if self.depth != 1 || self.overflow {
            return;
        }
        let kept = self.bytes.get(self.key_start..).unwrap_or_default();
        let tail = tail.get(self.key_start.saturating_sub(self.bytes.len())..).unwrap_or_default();
        // Hardly ever is a key cut.
        let key = if kept.is_empty() { Cow::Borrowed(tail) } else { Cow::Owned([kept, tail].concat()) };
        // Arrays under these keys have records for elements.
        self.transparent_key = matches!(&*key, b"Records" | b"Events" | b"events" | b"logEvents" | b"records");
        // Only an event has one of these: an array in such an object is the event's own.
        self.event_keys |= matches!(
            &*key,
            b"eventVersion" | b"eventID" | b"eventId" | b"eventName" | b"eventSource" | b"eventTime" | b"eventType"
        );
        self.digest |= &*key == b"digestStartTime";
    }

    /// Goes into the lost state at a byte that is not yet taken; finds a mark that was passed already.
    pub fn lose(&mut self, used: usize, byte: u8, expected: &str, may_reread: bool) -> Option<Step> {
        let at = self.offset + self.length;
        let found =
            if byte.is_ascii_graphic() { format!("\"{}\"", byte as char) } else { format!("byte 0x{byte:02x}") };
        let reason = if expected.starts_with("a line") {
            format!("{expected} at byte {at}")
        } else {
            format!("expected {expected} at byte {at}, found {found}")
        };
        self.problem.get_or_insert(reason);
        self.state = State::Lost { text: false, escape: false };
        if self.overflow || !may_reread {
            self.marks = Some(Marks::default());
            return None;
        }
        let from = self.marks_from.min(self.bytes.len());
        match first_mark(&self.bytes[from..]) {
            Ok((at, mark)) => {
                let again = self.bytes.split_off(from + at);
                Some(Step::Mark { used, again, line: mark.line })
            }
            Err(marks) => {
                self.marks = Some(marks);
                None
            }
        }
    }

    /// Outside of all brackets, a lost element ends where the next one may begin.
    fn ends_before(&self, byte: u8) -> bool {
        let begins = if self.garbage { byte == b'{' && !self.words } else { matches!(byte, b',' | b']' | b'{' | b'[') };
        self.depth == 0 && begins
    }

    fn read_lost(&mut self, byte: u8) -> Option<LostEnd> {
        if let Some(mark) = self.marks.as_mut().and_then(|marks| marks.push(byte)) {
            return Some(LostEnd::Mark(mark));
        }
        self.words |= byte.is_ascii_alphanumeric();
        let State::Lost { text, escape } = &mut self.state else { return None };
        if *text {
            match byte {
                _ if *escape => *escape = false,
                b'\\' => *escape = true,
                // A string ends with its line: so brackets count again after an unclosed one.
                b'"' | b'\n' => *text = false,
                _ => {}
            }
            return None;
        }
        match byte {
            b'"' => *text = true,
            b'{' | b'[' => self.depth = self.depth.saturating_add(1),
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 && !self.garbage {
                    return Some(LostEnd::Closed);
                }
            }
            _ => {}
        }
        None
    }

    /// Ends at a mark that was just read to its end, with the `used`th byte of the input.
    fn go_to_mark(&mut self, used: usize, mark: Mark) -> Step {
        let length = mark.back + 1;
        let again = if self.overflow {
            // The bytes are gone, and but for white space a mark is always the same.
            if mark.line { b"{".to_vec() } else { b"{\"eventVersion\"".to_vec() }
        } else {
            self.bytes.split_off(self.bytes.len().saturating_sub(length))
        };
        Step::Mark { used, again, line: mark.line }
    }
}

enum LostEnd {
    Closed,
    Mark(Mark),
}

impl State {
    fn expected(self) -> &'static str {
        match self {
            State::Key => "a key",
            State::KeyOrEnd => "a key or \"}\"",
            State::Colon => "\":\"",
            State::Value => "a value",
            State::ValueOrEnd => "a value or \"]\"",
            _ => "\",\" or the closing bracket",
        }
    }
}
