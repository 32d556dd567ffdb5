//! The filter's characters: names, values, quotes and escapes. Positions are characters.

use super::{Comparison, Pattern, mistake};
use crate::error::Error;

/// Reads a filter's text from left to right.
pub(super) struct Cursor {
    chars: Vec<char>,
    pub(super) at: usize,
}

/// A part of a path.
pub(super) struct Segment {
    pub(super) text: String,
    pub(super) quoted: bool,
}

/// Words of the language.
pub(super) const KEYWORDS: [&str; 3] = ["and", "or", "not"];

/// Whether `c` ends a word, if no backslash stands before it.
pub(super) fn is_delimiter(c: char) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')' | '"')
}

/// Whether `c` comes after a field's name: a value without a field has it in quotes.
pub(super) fn is_operator(c: char) -> bool {
    matches!(c, ':' | '<' | '>' | '=')
}

/// Whether a path's segment may have `c` without quotes.
pub(super) fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '@' | '-')
}

impl Cursor {
    pub(super) fn new(text: &str) -> Cursor {
        Cursor { chars: text.chars().collect(), at: 0 }
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    pub(super) fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// Goes past `c`, if it is next after spaces.
    pub(super) fn eat(&mut self, c: char) -> bool {
        self.skip_space();
        let there = self.peek() == Some(c);
        self.at += usize::from(there);
        there
    }

    /// Goes past the sign of a range, if it is next after spaces.
    pub(super) fn eat_comparison(&mut self) -> Option<Comparison> {
        self.skip_space();
        let found = Comparison::ALL.into_iter().find(|comparison| self.is_next(comparison.sign()))?;
        self.at += found.sign().len();
        Some(found)
    }

    /// Whether `text` is next.
    pub(super) fn is_next(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(at, c)| self.chars.get(self.at + at) == Some(&c))
    }

    /// The characters `start..end`.
    pub(super) fn slice(&self, start: usize, end: usize) -> String {
        self.chars[start..end].iter().collect()
    }

    /// The first sign in the word that begins here that would follow a field's name.
    pub(super) fn operator_in_word(&self) -> Option<char> {
        let mut chars = self.chars[self.at..self.word_end()].iter().copied();
        while let Some(c) = chars.next() {
            match c {
                '\\' => _ = chars.next(),
                c if is_operator(c) => return Some(c),
                _ => {}
            }
        }
        None
    }

    /// The end of the word that begins here.
    pub(super) fn word_end(&self) -> usize {
        let rest = &self.chars[self.at..];
        self.at + rest.iter().position(|c| is_delimiter(*c)).unwrap_or(rest.len())
    }

    /// Whether the word that begins here is `keyword`, in any case.
    fn is_keyword(&self, keyword: &str) -> bool {
        let word = &self.chars[self.at..self.word_end()];
        word.len() == keyword.len() && word.iter().zip(keyword.chars()).all(|(c, k)| c.eq_ignore_ascii_case(&k))
    }

    /// Goes past the keyword, if it is next after spaces.
    pub(super) fn eat_keyword(&mut self, keyword: &str) -> bool {
        self.skip_space();
        let there = self.is_keyword(keyword);
        self.at += if there { keyword.len() } else { 0 };
        there
    }

    /// The word of the language that is next.
    pub(super) fn keyword(&self) -> Option<&'static str> {
        KEYWORDS.into_iter().find(|keyword| self.is_keyword(keyword))
    }

    /// A name's segments; `None` where no name stands. The cursor is then where it was.
    pub(super) fn name(&mut self) -> Result<Option<Vec<Segment>>, Error> {
        let start = self.at;
        let mut segments = Vec::new();
        loop {
            let segment = if self.peek() == Some('"') {
                Segment { text: self.quoted()?, quoted: true }
            } else {
                let from = self.at;
                while self.peek().is_some_and(is_name) {
                    self.at += 1;
                }
                Segment { text: self.chars[from..self.at].iter().collect(), quoted: false }
            };
            if segment.text.is_empty() && !segment.quoted {
                self.at = start;
                return Ok(None);
            }
            segments.push(segment);
            if self.peek() != Some('.') {
                break;
            }
            self.at += 1;
        }
        Ok(Some(segments))
    }

    /// The end of the quoted text that begins here, or of the whole text.
    pub(super) fn quoted_end(&self) -> usize {
        let mut inner = Cursor { chars: self.chars[self.at..].to_vec(), at: 0 };
        match inner.quoted() {
            Ok(_) => self.at + inner.at,
            Err(_) => self.chars.len(),
        }
    }

    /// A text in quotes; the cursor is on the first of them.
    pub(super) fn quoted(&mut self) -> Result<String, Error> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            match self.next() {
                None => return Err(mistake("This quote is never closed.", start, start + 1)),
                Some('"') => return Ok(text),
                Some('\\') => text.push(self.escape()?),
                Some(c) => text.push(c),
            }
        }
    }

    /// A word as a pattern.
    pub(super) fn word(&mut self) -> Result<Pattern, Error> {
        let mut pieces = vec![String::new()];
        while let Some(c) = self.peek().filter(|c| !is_delimiter(*c)) {
            self.at += 1;
            if c == '*' {
                pieces.push(String::new());
                continue;
            }
            let c = if c == '\\' { self.escape()? } else { c };
            pieces.last_mut().expect("never empty").push(c);
        }
        Ok(pattern(pieces))
    }

    /// What the backslash just read means together with what follows.
    fn escape(&mut self) -> Result<char, Error> {
        let start = self.at - 1;
        match self.next() {
            Some('n') => return Ok('\n'),
            Some('r') => return Ok('\r'),
            Some('t') => return Ok('\t'),
            Some('u') => {
                let digits: String = self.chars[self.at..].iter().take(4).collect();
                let hexadecimal = digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_hexdigit());
                if let Some(c) = u32::from_str_radix(&digits, 16).ok().filter(|_| hexadecimal).and_then(char::from_u32)
                {
                    self.at += 4;
                    return Ok(c);
                }
            }
            Some(c @ ('"' | '\\' | '*' | '(' | ')' | ' ')) => return Ok(c),
            Some(c) if is_operator(c) => return Ok(c),
            _ => {}
        }
        let message = r#"A backslash stands before a sign of this language (such as * or "), before n, r, t, u0041 or another backslash: write \\ for one backslash."#;
        Err(mistake(message, start, self.at))
    }
}

/// The pieces between stars as a pattern: stars that follow each other are one.
pub(super) fn pattern(mut pieces: Vec<String>) -> Pattern {
    let last = pieces.len() - 1;
    let mut at = 0;
    pieces.retain(|piece| {
        at += 1;
        at == 1 || at == last + 1 || !piece.is_empty()
    });
    match pieces.len() {
        1 => Pattern::Exactly(pieces.remove(0)),
        2 if pieces.iter().all(String::is_empty) => Pattern::Exists,
        _ => Pattern::Wildcard(pieces),
    }
}
