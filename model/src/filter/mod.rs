//! The filter language: KQL's habits over CloudTrail's fields. `parse` and `print` are inverse.
//!
//! ```text
//! filter  = [ or ]                                  the empty filter matches everything
//! or      = and { "or" and }
//! and     = not { "and" not }
//! not     = "not" not | "(" or ")" | term | "*"
//! term    = name ":" ( value | "(" values ")" )     event_name:(GetObject or PutObject)
//!         | name range value                        requestParameters.maxKeys >= 1000
//!         | value                                   "0.0.0.0/0"
//! range   = ">=" | "<=" | ">" | "<"
//! values  = as `or`, with values in the place of terms
//! name    = key | path                              event_name, eventName, requestParameters.bucketName
//! path    = segment { "." segment }
//! segment = { letter | digit | "_" | "@" | "-" } | quoted
//! value   = word | quoted
//! word    = { any character but space ( ) " | "*" | escape }
//! quoted  = '"' { any character but " | escape } '"'
//! escape  = "\" ( '"' | "\" | "*" | "(" | ")" | ":" | "<" | ">" | "=" | " " | "n" | "r" | "t" | "u" 4 hexadecimal digits )
//! ```
//!
//! Spaces may stand around each of these. `and`, `or` and `not` are read in any case; as a value they need quotes.
//! In a value without a field `:`, `<`, `>` and `=` need quotes, or a backslash, too.
//!
//! - A `*` in a word stands for any text; in quotes, or after a backslash, it is a star. `field:*` means that there is
//!   a value.
//! - Values compare by every character, capital or small. An address field also takes a network: `source_ip:10.0.0.0/8`.
//! - A range compares numbers as numbers, times as times, addresses as addresses and texts byte by byte. A value at a
//!   path compares as a number with a value that is written as one, whether the event has it as a number or as a text.
//! - A value without a field is looked for in the event's whole text, names and signs included, as it was delivered but
//!   with the escapes of its strings resolved: see `event_text`. A to Z match in either case there.
//! - A missing value matches nothing, so `not field:x` also matches events without `field`.
//! - A name is a field's key, CloudTrail's own name of a field, or any other path into the event. A path goes through
//!   lists: it matches when one of their elements does. What it finds compares by its text (`true`, `443`); an object
//!   is there, but equals nothing. The first segment is checked against CloudTrail's own names, unless it is quoted.

pub mod complete;
pub mod control;
mod eval;
mod lex;
mod name;
mod parse;
mod path;
mod print;
mod text;
mod value;

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Span},
    field::Field,
    series::Cell,
};

pub use self::{
    eval::{eval, eval_values},
    parse::{parse, target},
    path::path_values,
    print::{print, print_target, print_value},
    text::event_text,
    value::{NUMBER, number},
};

/// Longest text of a filter, in bytes.
pub const MAX_BYTES: usize = 8 * 1024;
/// Deepest nesting of parentheses and `not`.
pub const MAX_DEPTH: usize = 64;
/// Most segments of a path: deeper than any event.
pub const MAX_SEGMENTS: usize = 16;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ast {
    /// Matches everything: the empty filter.
    All,
    Term(Term),
    Not(Box<Ast>),
    And(Vec<Ast>),
    Or(Vec<Ast>),
}

/// `field: value`, `field >= value`, or `value` alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    pub target: Target,
    pub pattern: Pattern,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    Field(Field),
    /// Any other path into the event: `requestParameters.bucketName`.
    Path(Vec<String>),
    /// The event's whole text, in which a pattern may stand anywhere: a value without a field.
    Event,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pattern {
    /// `field: *`: there is a value.
    Exists,
    /// The value, for typed fields in its one spelling (`true`, `443`, `2026-11-24T23:04:29Z`, `2001:db8::1`);
    /// for an address also a network, `10.0.0.0/8`.
    Exactly(String),
    /// Text with `*`: the pieces between the stars, in order; at least two, an empty piece at an end means "anything".
    Wildcard(Vec<String>),
    /// `field >= value`; the value as in `Exactly`, but no network.
    Range(Comparison, String),
}

/// How a range's value lies to its bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparison {
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Comparison {
    /// Longer signs before those that they begin with.
    pub const ALL: [Comparison; 4] = [Comparison::AtLeast, Comparison::AtMost, Comparison::Greater, Comparison::Less];

    /// As it is written, in filters and in SQL alike.
    pub fn sign(self) -> &'static str {
        match self {
            Comparison::Less => "<",
            Comparison::AtMost => "<=",
            Comparison::Greater => ">",
            Comparison::AtLeast => ">=",
        }
    }

    /// Whether a value that lies so to the bound is in the range.
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Comparison::Less => ordering.is_lt(),
            Comparison::AtMost => ordering.is_le(),
            Comparison::Greater => ordering.is_gt(),
            Comparison::AtLeast => ordering.is_ge(),
        }
    }
}

impl Ast {
    /// `key: value` for a click on `cell`; a null cell gives `not key: *`.
    pub fn equals(field: Field, cell: &Cell) -> Ast {
        let term = |pattern| Ast::Term(Term { target: Target::Field(field), pattern });
        if let Cell::List(texts) = cell {
            return Ast::all_of(texts.iter().map(|text| Ast::equals(field, &Cell::Text(text.clone()))));
        }
        match value::text(cell) {
            Some(text) => {
                term(Pattern::Exactly(value::canonical(field.kind(), &text).unwrap_or_else(|| text.into_owned())))
            }
            None => term(Pattern::Exists).negated(),
        }
    }

    /// All of them together, flattened, without `All`.
    pub fn all_of(parts: impl IntoIterator<Item = Ast>) -> Ast {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Ast::All => {}
                Ast::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Ast::All,
            1 => flat.remove(0),
            _ => Ast::And(flat),
        }
    }

    /// At least one of them, flattened; of none, nothing.
    pub fn any_of(parts: impl IntoIterator<Item = Ast>) -> Ast {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Ast::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Ast::All.negated(),
            1 => flat.remove(0),
            _ => Ast::Or(flat),
        }
    }

    /// Both, flattened, without `All`.
    pub fn and(self, other: Ast) -> Ast {
        Ast::all_of([self, other])
    }

    /// The top-level conditions that hold together: the pills.
    pub fn terms(&self) -> Vec<Ast> {
        match self {
            Ast::All => Vec::new(),
            Ast::And(parts) => parts.clone(),
            other => vec![other.clone()],
        }
    }

    /// Whether some condition is upon this field.
    pub fn mentions(&self, field: Field) -> bool {
        match self {
            Ast::All => false,
            Ast::Term(term) => term.target == Target::Field(field),
            Ast::Not(inner) => inner.mentions(field),
            Ast::And(parts) | Ast::Or(parts) => parts.iter().any(|part| part.mentions(field)),
        }
    }

    /// `not x` for `x`, and `x` for `not x`.
    #[must_use]
    pub fn negated(self) -> Ast {
        match self {
            Ast::Not(inner) => *inner,
            other => Ast::Not(Box::new(other)),
        }
    }
}

/// The text with `^^^` below the place of a mistake, for a terminal. Control characters show as spaces.
pub fn caret(text: &str, span: Span) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let (start, end) = (span.start as usize, span.end as usize);
    format!("{line}\n{}{}", " ".repeat(start), "^".repeat(end.saturating_sub(start).max(1)))
}

/// A mistake in the filter's text, at characters `start..end`.
fn mistake(message: impl Into<String>, start: usize, end: usize) -> Error {
    Error::invalid("q", message).at(start, end)
}

#[cfg(test)]
mod tests;
