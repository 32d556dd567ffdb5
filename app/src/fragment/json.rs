//! Lays raw JSON out over lines, touching nothing but the space between its parts: numbers, order and duplicates stay
//! as they were delivered, and text that is no JSON comes through unharmed.

use std::{iter::Peekable, str::Chars};

/// A value that is neither object nor list, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The line, from 0, of the text that is laid out.
    pub line: usize,
    /// The keys that lead to it; lists on the way do not count, as in filters.
    pub path: Vec<String>,
    /// The text that a filter compares it by.
    pub value: String,
}

/// With two spaces a level, and the values in it that can be filtered by: all but nulls.
pub fn laid_out(raw: &str) -> (String, Vec<Leaf>) {
    let mut layout = Layout { out: String::with_capacity(raw.len() * 2), ..Layout::default() };
    let mut chars = raw.chars().peekable();
    while let Some(char) = chars.next() {
        layout.take(char, &mut chars);
    }
    layout.end_word();
    (layout.out, layout.leaves)
}

/// A hostile event may be thousands of levels deep: beyond this, lines are no longer moved in, and nothing is a leaf.
const DEEPEST: usize = 40;

#[derive(Default)]
struct Layout {
    out: String,
    line: usize,
    depth: usize,
    /// The key of each object and `None` for each list around, as deep as leaves are told.
    around: Vec<Option<String>>,
    /// Whether a key has been read whose value follows.
    after_key: bool,
    /// Where in `out` a number, `true`, `false` or `null` begins.
    word: Option<usize>,
    leaves: Vec<Leaf>,
}

impl Layout {
    fn take(&mut self, char: char, chars: &mut Peekable<Chars<'_>>) {
        let in_word = !(matches!(char, '"' | '{' | '[' | '}' | ']' | ',' | ':') || char.is_ascii_whitespace());
        if !in_word {
            self.end_word();
        }
        match char {
            '"' => self.string(chars),
            '{' | '[' => self.open(char, chars),
            '}' | ']' => {
                self.depth = self.depth.saturating_sub(1);
                self.around.truncate(self.depth);
                self.break_line();
                self.out.push(char);
            }
            ',' => {
                self.after_key = false;
                self.out.push(',');
                self.break_line();
            }
            ':' => {
                self.after_key = true;
                self.out.push_str(": ");
            }
            _ if !in_word => {}
            _ => {
                self.word.get_or_insert(self.out.len());
                self.out.push(char);
            }
        }
    }

    fn open(&mut self, open: char, chars: &mut Peekable<Chars<'_>>) {
        self.out.push(open);
        while chars.next_if(char::is_ascii_whitespace).is_some() {}
        if let Some(close) = chars.next_if(|next| matches!(next, '}' | ']')) {
            self.out.push(close);
            return;
        }
        self.depth += 1;
        if self.depth <= DEEPEST {
            self.around.resize(self.depth, None);
            self.around[self.depth - 1] = (open == '{').then(String::new);
        }
        self.after_key = false;
        self.break_line();
    }

    fn break_line(&mut self) {
        self.out.push('\n');
        self.line += 1;
        for _ in 0..self.depth.min(DEEPEST) {
            self.out.push_str("  ");
        }
    }

    fn string(&mut self, chars: &mut Peekable<Chars<'_>>) {
        let (from, line) = (self.out.len(), self.line);
        self.out.push('"');
        while let Some(char) = chars.next() {
            self.push_inside(char);
            match char {
                '\\' => {
                    if let Some(escaped) = chars.next() {
                        self.push_inside(escaped);
                    }
                }
                '"' => break,
                _ => {}
            }
        }
        let Ok(text) = serde_json::from_str::<String>(&self.out[from..]) else { return };
        match self.around.last_mut() {
            Some(Some(key)) if !self.after_key && self.depth <= DEEPEST => *key = text,
            _ => self.leaf(line, text),
        }
    }

    fn push_inside(&mut self, char: char) {
        self.line += usize::from(char == '\n');
        self.out.push(char);
    }

    fn end_word(&mut self) {
        let Some(from) = self.word.take() else { return };
        let word = &self.out[from..];
        if word != "null" && serde_json::from_str::<serde::de::IgnoredAny>(word).is_ok() {
            self.leaf(self.line, word.to_owned());
        }
    }

    fn leaf(&mut self, line: usize, value: String) {
        if (1..=DEEPEST).contains(&self.depth) {
            let path = self.around.iter().flatten().cloned().collect();
            self.leaves.push(Leaf { line, path, value });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pretty(raw: &str) -> String {
        laid_out(raw).0
    }

    #[test]
    fn lays_out_nested_json() {
        let text = pretty(r#"{"a":[1,{"b":"x, {y} \" z"}],"e":{},"f":[ ],"n":1.50}"#);
        let want = "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x, {y} \\\" z\"\n    }\n  ],\n  \"e\": {},\n  \"f\": [],\n  \"n\": 1.50\n}";
        assert_eq!(text, want);
    }

    #[test]
    fn only_space_changes() {
        for raw in ["{\"a\" : 1,", "not json", "{]}", "\"open", "", "[[[[", "{\"a\":\"\\"] {
            let bare = |text: &str| text.split_ascii_whitespace().collect::<String>();
            assert_eq!(bare(&pretty(raw)), bare(raw), "{raw}");
        }
    }

    /// Path, value and the line that it stands on, for each leaf.
    fn leaves(raw: &str) -> Vec<String> {
        let (text, leaves) = laid_out(raw);
        let lines: Vec<_> = text.lines().collect();
        let leaf = |leaf: Leaf| format!("{} = {} @ {}", leaf.path.join("."), leaf.value, lines[leaf.line].trim());
        leaves.into_iter().map(leaf).collect()
    }

    #[test]
    fn leaves_have_paths_that_filters_take() {
        assert_eq!(
            leaves(r#"{"a":{"b":[{"c":1.10},{"c":"x"},null,"y"],"d":true},"e":"\u0041\n","f":null,"g":{}, "h":-1}"#),
            [
                r#"a.b.c = 1.10 @ "c": 1.10"#,
                r#"a.b.c = x @ "c": "x""#,
                r#"a.b = y @ "y""#,
                r#"a.d = true @ "d": true"#,
                "e = A\n @ \"e\": \"\\u0041\\n\",",
                r#"h = -1 @ "h": -1"#,
            ]
        );
    }

    #[test]
    fn hostile_text_has_lines_and_no_panic() {
        for raw in ["", "1", "\"a\"", "{\"a\"", "}}}{\"a\":1", "{\"a\":1 2}", "{\"a\n\":\"b\nc\"}", "[1,,2", "{:1}"] {
            leaves(raw);
        }
        let deep = "{\"a\":".repeat(3000) + "1";
        assert_eq!(laid_out(&deep).1, []);
    }
}
