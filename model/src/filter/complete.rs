//! What can stand at the cursor of a filter that is being typed.
//!
//! The text need not be a filter yet: it is read as far as the cursor, by the parser's own rules for names, words and
//! quotes.

use super::{
    Ast, Comparison, Target,
    lex::{Cursor, is_name},
    name, parse, print, print_value,
};
use crate::field::{Field, Kind};

/// The place of the cursor.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The characters that a suggestion replaces.
    pub start: usize,
    pub end: usize,
    /// What of them stands before the cursor, without quotes and escapes.
    pub typed: String,
    pub wanted: Wanted,
    /// What holds whatever stands here: the conditions before it, as a filter.
    pub rest: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// A field's name begins.
    Name,
    /// `:` or the sign of a range, behind a field's name.
    Operator(Target),
    /// A value of this target.
    Value(Target),
    /// `and`, `or`.
    Joint,
}

/// One thing that can stand there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// What is written in the place.
    pub text: String,
    /// What the reader sees.
    pub label: String,
    pub help: String,
}

/// The place at the cursor, which stands before character `cursor`; `None` where nothing can be suggested.
pub fn place(text: &str, cursor: usize) -> Option<Place> {
    let before: String = text.chars().take(cursor).collect();
    let mut reader = Reader { cursor: Cursor::new(&before), open: Vec::new(), term: 0, in_term: false };
    let (start, wanted) = reader.find()?;
    let written = reader.cursor.slice(start, before.chars().count());
    let quoted = written.starts_with('"');
    Some(Place {
        end: end(text, before.chars().count(), quoted, &wanted),
        typed: if quoted { unquoted(&written) } else { written },
        rest: rest(&reader.cursor.slice(0, reader.term), &reader.open),
        start,
        wanted,
    })
}

/// What can stand in the place, the likeliest first. Values come from the events: see `of_value`.
pub fn suggestions(place: &Place) -> Vec<Suggestion> {
    match &place.wanted {
        Wanted::Name => names(&place.typed.to_ascii_lowercase()),
        Wanted::Operator(target) => operators(target),
        Wanted::Value(_) => Vec::new(),
        Wanted::Joint => {
            let typed = place.typed.to_ascii_lowercase();
            [("and", "both must hold"), ("or", "one of both must hold")]
                .into_iter()
                .filter(|(word, _)| word.starts_with(&typed))
                .map(|(word, help)| suggestion(format!("{word} "), word, help))
                .collect()
        }
    }
}

/// A value, as found in events, as a suggestion.
pub fn of_value(text: &str, help: String) -> Suggestion {
    Suggestion { text: format!("{} ", print_value(text)), label: text.to_owned(), help }
}

/// The text with the suggestion in its place, and the cursor behind it, in characters.
pub fn accepted(text: &str, place: &Place, suggestion: &Suggestion) -> (String, usize) {
    let before: String = text.chars().take(place.start).collect();
    let after: String = text.chars().skip(place.end).collect();
    // One space is enough between two words.
    let after = if suggestion.text.ends_with(' ') { after.trim_start() } else { &after };
    let cursor = place.start + suggestion.text.chars().count();
    (before + &suggestion.text + after, cursor)
}

fn suggestion(text: impl Into<String>, label: &str, help: &str) -> Suggestion {
    Suggestion { text: text.into(), label: label.to_owned(), help: help.to_owned() }
}

/// Fields first whose key begins so, then those that have it elsewhere; then CloudTrail's own names, and `not`.
fn names(typed: &str) -> Vec<Suggestion> {
    let rank = |name: &str, label: &str| {
        let (name, label) = (name.to_ascii_lowercase(), label.to_ascii_lowercase());
        let word_begins = name.split('_').any(|word| word.starts_with(typed)) || label.starts_with(typed);
        match () {
            () if name.starts_with(typed) => Some(0),
            () if word_begins => Some(1),
            () if name.contains(typed) || label.contains(typed) => Some(2),
            () => None,
        }
    };
    let of_field = |field: &Field| {
        let rank = rank(field.key(), field.label())
            .or_else(|| field.paths().iter().any(|path| path.to_ascii_lowercase().starts_with(typed)).then_some(1))?;
        let help = format!("{} · {}", field.label(), field.help());
        Some((rank, suggestion(format!("{}:", field.key()), field.key(), &help)))
    };
    // A name that is a field is suggested as one, and of a name that holds more, what it holds.
    let of_top = |top: &&str| {
        if typed.is_empty() || Field::from_path(top).is_some() {
            return None;
        }
        let rank = rank(top, "").filter(|rank| *rank == 0)?;
        Some((rank, suggestion(format!("{top}."), &format!("{top}.…"), "A path into the event")))
    };
    let mut found: Vec<_> = Field::ALL.iter().filter_map(of_field).chain(name::TOP.iter().filter_map(of_top)).collect();
    found.sort_by_key(|(rank, _)| *rank);
    let not = "not".starts_with(typed).then(|| suggestion("not ", "not", "what follows must not hold"));
    found.into_iter().map(|(_, suggestion)| suggestion).chain(not).collect()
}

fn operators(target: &Target) -> Vec<Suggestion> {
    let ordered = !matches!(target, Target::Field(field) if matches!(field.kind(), Kind::Bool | Kind::Text));
    let ranges = Comparison::ALL.into_iter().filter(|_| ordered).map(|comparison| {
        let help = match comparison {
            Comparison::AtLeast => "at least",
            Comparison::AtMost => "at most",
            Comparison::Greater => "greater than",
            Comparison::Less => "less than",
        };
        suggestion(format!("{} ", comparison.sign()), comparison.sign(), help)
    });
    let is = [(":", "is, or is one of (a or b)"), (":* ", "has any value")];
    is.into_iter().map(|(text, help)| suggestion(text, text.trim(), help)).chain(ranges).collect()
}

/// Reads what stands before the cursor.
struct Reader {
    cursor: Cursor,
    /// The parentheses that are open; of a list of values, with their target.
    open: Vec<Option<Target>>,
    /// Where the term that is being read begins, with its nots and its field.
    term: usize,
    /// Whether `not` or a field's name of it has been read.
    in_term: bool,
}

impl Reader {
    /// Where the place begins and what is wanted there.
    fn find(&mut self) -> Option<(usize, Wanted)> {
        loop {
            let found = match self.open.last().cloned().flatten() {
                None => self.term(),
                Some(target) => self.value(target),
            };
            match found {
                Step::Here(start, wanted) => return Some((start, wanted)),
                Step::Nowhere => return None,
                Step::Inside => continue,
                Step::Whole => {}
            }
            match self.joint() {
                Step::Here(start, wanted) => return Some((start, wanted)),
                Step::Nowhere => return None,
                Step::Inside | Step::Whole => {}
            }
        }
    }

    fn at_end(&self) -> bool {
        self.cursor.peek().is_none()
    }

    /// The beginning of a term, or of what is in parentheses or behind a `not`.
    fn term(&mut self) -> Step {
        self.cursor.skip_space();
        let start = self.cursor.at;
        if !self.in_term {
            self.term = start;
        }
        if self.cursor.eat('(') {
            self.open.push(None);
            self.in_term = false;
            return Step::Inside;
        }
        if self.eat_whole_keyword("not") {
            self.in_term = true;
            return Step::Inside;
        }
        let segments = match self.cursor.name() {
            Err(_) => return Step::Nowhere,
            Ok(Some(segments)) => segments,
            Ok(None) if self.at_end() => return Step::Here(start, Wanted::Name),
            Ok(None) => return self.word(start),
        };
        if self.at_end() {
            return Step::Here(start, Wanted::Name);
        }
        let end = self.cursor.at;
        let target = name::target(segments, start, end).ok();
        let colon = self.cursor.eat(':');
        if colon || self.cursor.eat_comparison().is_some() {
            let Some(target) = target else { return Step::Nowhere };
            self.cursor.skip_space();
            self.in_term = true;
            if colon && self.cursor.eat('(') {
                self.open.push(Some(target));
                return Step::Inside;
            }
            return self.value(target);
        }
        match target {
            // eat() has gone past the spaces.
            Some(target) if self.at_end() => Step::Here(self.cursor.at, Wanted::Operator(target)),
            _ => {
                self.cursor.at = start;
                self.word(start)
            }
        }
    }

    /// A value of `target`, or the beginning of what is in parentheses or behind a `not`.
    fn value(&mut self, target: Target) -> Step {
        self.cursor.skip_space();
        let start = self.cursor.at;
        let listed = matches!(self.open.last(), Some(Some(_)));
        if listed && self.cursor.eat('(') {
            self.open.push(Some(target));
            return Step::Inside;
        }
        if listed && self.eat_whole_keyword("not") {
            return Step::Inside;
        }
        match self.cursor.peek() {
            None => Step::Here(start, Wanted::Value(target)),
            Some('"') => match self.cursor.quoted() {
                // A quote that is still open.
                Err(_) => Step::Here(start, Wanted::Value(target)),
                Ok(_) if self.at_end() => Step::Nowhere,
                Ok(_) => Step::Whole,
            },
            Some(_) => {
                self.cursor.at = self.cursor.word_end();
                match () {
                    () if self.at_end() => Step::Here(start, Wanted::Value(target)),
                    () if self.cursor.at == start => Step::Nowhere,
                    () => Step::Whole,
                }
            }
        }
    }

    /// A value without a field.
    fn word(&mut self, start: usize) -> Step {
        if self.cursor.peek() == Some('"') {
            return match self.cursor.quoted() {
                Ok(_) if !self.at_end() => Step::Whole,
                _ => Step::Nowhere,
            };
        }
        self.cursor.at = self.cursor.word_end();
        if self.at_end() || self.cursor.at == start { Step::Nowhere } else { Step::Whole }
    }

    /// What follows a whole term.
    fn joint(&mut self) -> Step {
        self.in_term = matches!(self.open.last(), Some(Some(_)));
        let mut end = self.cursor.at;
        while self.cursor.eat(')') {
            if self.open.pop().is_none() {
                return Step::Nowhere;
            }
            end = self.cursor.at;
            self.in_term = matches!(self.open.last(), Some(Some(_)));
        }
        let start = self.cursor.at;
        if ["and", "or"].into_iter().any(|word| self.eat_whole_keyword(word)) {
            return Step::Inside;
        }
        self.cursor.at = self.cursor.word_end();
        if self.at_end() && start > end { Step::Here(start, Wanted::Joint) } else { Step::Nowhere }
    }

    /// Goes past a keyword that is not still being typed.
    fn eat_whole_keyword(&mut self, keyword: &str) -> bool {
        let start = self.cursor.at;
        if self.cursor.eat_keyword(keyword) && !self.at_end() {
            return true;
        }
        self.cursor.at = start;
        self.cursor.skip_space();
        false
    }
}

enum Step {
    /// The cursor is in the place that begins here.
    Here(usize, Wanted),
    /// Nothing can be suggested.
    Nowhere,
    /// A term or a value is next.
    Inside,
    /// A whole term was read.
    Whole,
}

/// The end of what the cursor stands in: what is already written behind it is replaced, too.
fn end(text: &str, cursor: usize, quoted: bool, wanted: &Wanted) -> usize {
    let after: Vec<char> = text.chars().skip(cursor).collect();
    let length = match wanted {
        _ if quoted => 0,
        Wanted::Operator(_) => 0,
        Wanted::Name => {
            let name = after.iter().take_while(|c| is_name(**c) || **c == '.').count();
            // The suggestion brings its own colon.
            name + usize::from(after.get(name) == Some(&':'))
        }
        Wanted::Value(_) | Wanted::Joint => Cursor::new(&after.iter().collect::<String>()).word_end(),
    };
    cursor + length
}

/// The text of a quote that is still open.
fn unquoted(written: &str) -> String {
    let closed = format!("{written}\"");
    Cursor::new(&closed).quoted().unwrap_or_else(|_| written[1..].to_owned())
}

/// The top-level conditions of what stands before the term, which hold whatever the term becomes.
fn rest(before: &str, open: &[Option<Target>]) -> String {
    let closing = open.iter().filter(|target| target.is_none()).count();
    let Ok(ast) = parse(&format!("{before} *{}", ")".repeat(closing))) else { return String::new() };
    print(&Ast::all_of(ast.terms().into_iter().filter(|part| !has_hole(part))))
}

/// Whether the term's place, a star, is in it.
fn has_hole(ast: &Ast) -> bool {
    match ast {
        Ast::All => true,
        Ast::Term(_) => false,
        Ast::Not(inner) => has_hole(inner),
        Ast::And(parts) | Ast::Or(parts) => parts.iter().any(has_hole),
    }
}
