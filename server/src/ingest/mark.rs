//! Marks: byte sequences that surely begin a record, for finding the way back after broken JSON.

const KEY: &[u8] = b"\"eventVersion\"";

/// Matches marks in a stream of bytes: `{` right after a line break, and `{"eventVersion"` with white space after the bracket.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Marks {
    line_begins: bool,
    /// Bytes since an open bracket after which only white space and a beginning of `KEY` came.
    since: Option<usize>,
    matched: usize,
}

/// A mark that just ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// How many bytes before the last one it begins.
    pub back: usize,
    /// It is a bracket at the beginning of a line.
    pub line: bool,
}

impl Marks {
    /// Takes a byte; tells the mark that ends with it.
    pub fn push(&mut self, byte: u8) -> Option<Mark> {
        let line_begins = std::mem::replace(&mut self.line_begins, byte == b'\n');
        if byte == b'{' {
            (self.since, self.matched) = (Some(0), 0);
            return line_begins.then_some(Mark { back: 0, line: true });
        }
        let since = self.since.as_mut()?;
        *since += 1;
        if KEY[self.matched] == byte {
            self.matched += 1;
        } else if self.matched > 0 || !byte.is_ascii_whitespace() {
            self.since = None;
            return None;
        }
        let back = *since;
        if self.matched < KEY.len() {
            return None;
        }
        self.since = None;
        Some(Mark { back, line: false })
    }
}

/// Where the first mark begins, counted from `bytes`' beginning; without one, the matcher after all of them.
pub fn first_mark(bytes: &[u8]) -> Result<(usize, Mark), Marks> {
    let mut marks = Marks::default();
    for (at, byte) in bytes.iter().enumerate() {
        if let Some(mark) = marks.push(*byte) {
            return Ok((at - mark.back, mark));
        }
    }
    Err(marks)
}
