//! Whether an event matches: the language's meaning without a database.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{Ast, Pattern, Target, Term, value};
use crate::{field::Kind, series::Cell};

/// Whether an event, given by `value`, matches. Missing values match nothing but `not`.
pub fn eval(ast: &Ast, value: &dyn Fn(&Target) -> Cell) -> bool {
    eval_values(ast, &|target| match value(target) {
        Cell::Null => Vec::new(),
        cell => vec![cell],
    })
}

/// `eval` where a target may have several values, as a path through a list has: one that matches is enough.
/// `Cell::Null` is something that is there but equals nothing: an object. See `path_values`.
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
    let kind = match term.target {
        Target::Field(field) => field.kind(),
        Target::Path(_) => Kind::Text,
    };
    if let Cell::List(texts) = cell {
        return texts.iter().any(|text| matches(term, &Cell::Text(text.clone())));
    }
    match (&term.pattern, value::text(cell)) {
        (Pattern::Exists, _) => true,
        (_, None) => false,
        (Pattern::Exactly(expected), Some(text)) if kind == Kind::Address => address(expected, &text),
        (Pattern::Exactly(expected), Some(text)) => *expected == text,
        (Pattern::Wildcard(pieces), Some(text)) => {
            matches!(kind, Kind::Text | Kind::Address | Kind::List) && wildcard(pieces, &text)
        }
    }
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
