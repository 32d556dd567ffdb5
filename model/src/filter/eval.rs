//! Whether an event matches: the language's meaning without a database.

use std::{cmp::Ordering, net::IpAddr, str::FromStr};

use ipnet::IpNet;

use super::{
    Ast, Pattern, Target, Term,
    value::{self, number},
};
use crate::{field::Kind, series::Cell, time::Timestamp};

/// Whether an event, given by `value`, matches. Missing values match nothing but `not`.
pub fn eval(ast: &Ast, value: &dyn Fn(&Target) -> Cell) -> bool {
    eval_values(ast, &|target| match value(target) {
        Cell::Null => Vec::new(),
        cell => vec![cell],
    })
}

/// `eval` where a target may have several values, as a path through a list has: one that matches is enough.
/// `Cell::Null` is something that is there but equals nothing: an object. See `path_values`. The value of
/// `Target::Event` is the event's `event_text`.
pub fn eval_values(ast: &Ast, values: &dyn Fn(&Target) -> Vec<Cell>) -> bool {
    match ast {
        Ast::All => true,
        Ast::Term(term) => values(&term.target).iter().any(|cell| matches(term, cell)),
        Ast::Not(inner) => !eval_values(inner, values),
        Ast::And(parts) => parts.iter().all(|part| eval_values(part, values)),
        Ast::Or(parts) => parts.iter().any(|part| eval_values(part, values)),
    }
}

fn matches(term: &Term, cell: &Cell) -> bool {
    if let Cell::List(texts) = cell {
        return texts.iter().any(|text| matches(term, &Cell::Text(text.clone())));
    }
    let text = value::text(cell);
    match (&term.target, &term.pattern, text) {
        (_, Pattern::Exists, _) => true,
        (_, _, None) => false,
        (Target::Event, pattern, Some(text)) => found(pattern, &text),
        (Target::Field(field), pattern, Some(text)) => holds(field.kind(), pattern, &text),
        (Target::Path(_), Pattern::Range(comparison, bound), Some(text)) => {
            let ordering = match number(bound) {
                Some(bound) => number(&text).and_then(|value| value.partial_cmp(&bound)),
                None => Some((*text).cmp(bound)),
            };
            is_storable(bound) && ordering.is_some_and(|ordering| comparison.holds(ordering))
        }
        (Target::Path(_), pattern, Some(text)) => holds(Kind::Text, pattern, &text),
    }
}

/// Whether the event's text has the pattern somewhere, A to Z in either case.
fn found(pattern: &Pattern, text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    match pattern {
        Pattern::Exactly(part) => text.contains(&part.to_ascii_lowercase()),
        Pattern::Wildcard(pieces) => {
            let mut rest = text.as_str();
            pieces.iter().all(|piece| {
                let piece = piece.to_ascii_lowercase();
                let at = rest.find(&piece);
                rest = at.map_or("", |at| &rest[at + piece.len()..]);
                at.is_some()
            })
        }
        Pattern::Exists | Pattern::Range(..) => false,
    }
}

/// Whether a value of this kind matches; `text` is its one spelling.
fn holds(kind: Kind, pattern: &Pattern, text: &str) -> bool {
    match pattern {
        Pattern::Exists => true,
        Pattern::Exactly(expected) if kind == Kind::Address => address(expected, text),
        Pattern::Exactly(expected) => expected == text,
        Pattern::Wildcard(pieces) => matches!(kind, Kind::Text | Kind::Address | Kind::List) && wildcard(pieces, text),
        Pattern::Range(comparison, bound) => {
            ordering(kind, text, bound).is_some_and(|ordering| comparison.holds(ordering))
        }
    }
}

/// How a value lies to a bound; `None` where they cannot be compared.
fn ordering(kind: Kind, text: &str, bound: &str) -> Option<Ordering> {
    fn parsed<T: FromStr + PartialOrd>(text: &str, bound: &str) -> Option<Ordering> {
        text.parse::<T>().ok()?.partial_cmp(&bound.parse::<T>().ok()?)
    }
    match kind {
        Kind::Text | Kind::List => is_storable(bound).then(|| text.cmp(bound)),
        Kind::Integer => parsed::<i64>(text, bound),
        Kind::Float => parsed::<f64>(text, bound),
        Kind::Time => Some(Timestamp::parse(text)?.cmp(&Timestamp::parse(bound)?)),
        Kind::Address => parsed::<IpAddr>(text, bound),
        Kind::Bool => None,
    }
}

/// Postgres stores no NUL, and refuses it in a bind: a text with one is nothing's equal and no range's bound.
fn is_storable(text: &str) -> bool {
    !text.contains('\0')
}

/// Whether `text` is the expected address, or lies in the expected network.
fn address(expected: &str, text: &str) -> bool {
    let Ok(address) = text.parse::<IpAddr>() else { return false };
    match expected.parse::<IpAddr>() {
        Ok(expected) => expected == address,
        Err(_) => expected.parse::<IpNet>().is_ok_and(|network| network.contains(&address)),
    }
}

/// Whether `text` is the pieces in order, with anything between them. Taking the leftmost place of each piece is enough.
fn wildcard(pieces: &[String], text: &str) -> bool {
    let [first, middle @ .., last] = pieces else { return false };
    let Some(rest) = text.strip_prefix(first.as_str()) else { return false };
    let Some(mut rest) = rest.strip_suffix(last.as_str()) else { return false };
    for piece in middle {
        match rest.find(piece.as_str()) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    true
}
