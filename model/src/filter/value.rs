//! Values: the one spelling that a field's kind has, and cells as text.

use std::{borrow::Cow, net::IpAddr};

use ipnet::IpNet;

use super::{Comparison, Pattern, Target};
use crate::{
    country::COUNTRIES,
    field::{Field, Kind},
    series::Cell,
    time::Timestamp,
};

/// The pattern with its value in the one spelling of the target's kind; else what is wrong with it.
pub(super) fn checked(target: &Target, pattern: Pattern) -> Result<Pattern, String> {
    match (target, pattern) {
        (Target::Event, Pattern::Exactly(text)) if text.is_empty() => Err("There is nothing to look for.".to_owned()),
        // Anywhere in the text: stars at the ends say nothing.
        (Target::Event, Pattern::Wildcard(mut pieces)) => {
            pieces.retain(|piece| !piece.is_empty());
            Ok(if pieces.len() == 1 { Pattern::Exactly(pieces.remove(0)) } else { Pattern::Wildcard(pieces) })
        }
        (Target::Field(field), Pattern::Exactly(text)) => match canonical(field.kind(), &text) {
            Some(value) => known(*field, &value).map(|()| Pattern::Exactly(value)),
            None => Err(expected(*field, &text)),
        },
        (Target::Field(field), Pattern::Wildcard(pieces)) => match field.kind() {
            Kind::Text | Kind::Address | Kind::List => Ok(Pattern::Wildcard(pieces)),
            _ => Err(expected(*field, "")),
        },
        (Target::Field(field), Pattern::Range(comparison, text)) => {
            bound(*field, &text).map(|bound| Pattern::Range(comparison, bound))
        }
        (_, pattern) => Ok(pattern),
    }
}

/// A range's bound in its one spelling. A day begins at midnight, UTC.
fn bound(field: Field, text: &str) -> Result<String, String> {
    let key = field.key();
    let value = match field.kind() {
        Kind::Bool => return Err(format!("{key} is true or false and has no ranges: write {key}:true.")),
        Kind::Address => text.parse::<IpAddr>().ok().map(|address| address.to_string()),
        kind @ Kind::Time => canonical(kind, text).or_else(|| canonical(kind, &format!("{text}T00:00:00Z"))),
        kind => canonical(kind, text),
    };
    value.ok_or_else(|| match field.kind() {
        Kind::Time => format!("{key} takes a time, for example {key} >= 2026-11-24 or {key} < 2026-11-24T23:04:29Z."),
        Kind::Address => format!("A range of {key} takes an address, for example {key} >= 198.51.100.7."),
        _ => expected(field, text),
    })
}

/// Fields whose values are known: another one is a mistake that no event can match.
fn known(field: Field, value: &str) -> Result<(), String> {
    match field {
        Field::Outcome if !["success", "failure"].contains(&value) => {
            let near = if value.to_ascii_lowercase().starts_with(['s', 'o']) { "success" } else { "failure" };
            Err(format!("outcome is success or failure. Did you mean {near}?"))
        }
        Field::Country if !(value.len() == 2 && value.bytes().all(|b| b.is_ascii_uppercase())) => {
            let near = country(value).map_or(String::new(), |code| format!(" Did you mean {code}?"));
            Err(format!("country takes a code of two capital letters, for example DE.{near}"))
        }
        _ => Ok(()),
    }
}

/// The code that someone means who writes a country's name, or its code in small letters.
fn country(text: &str) -> Option<&'static str> {
    let is_meant = |(code, name): &&(&str, &str)| code.eq_ignore_ascii_case(text) || name.eq_ignore_ascii_case(text);
    COUNTRIES.iter().find(is_meant).map(|(code, _)| *code)
}

/// The number that a value at a path is written as; it need not be a number in JSON. `NUMBER` says the same to Postgres:
/// neither finds one where a 64-bit float would not do.
pub fn number(text: &str) -> Option<f64> {
    fn digits(bytes: &mut &[u8], most: usize) -> bool {
        let count = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
        *bytes = &bytes[count..];
        (1..=most).contains(&count)
    }
    let mut rest = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let mut is_number = digits(&mut rest, 200);
    if let [b'.', after @ ..] = rest {
        rest = after;
        is_number &= digits(&mut rest, 200);
    }
    if let [b'e' | b'E', after @ ..] = rest {
        rest = if let [b'+' | b'-', after @ ..] = after { after } else { after };
        is_number &= digits(&mut rest, 2);
    }
    if is_number && rest.is_empty() { text.parse().ok() } else { None }
}

/// A number as Postgres' regular expression: see `number`.
pub const NUMBER: &str = r"^-?[0-9]{1,200}(\.[0-9]{1,200})?([eE][+-]?[0-9]{1,2})?$";

/// The value's one spelling; `None` where it is none of this kind.
pub(super) fn canonical(kind: Kind, text: &str) -> Option<String> {
    match kind {
        Kind::Text | Kind::List => Some(text.to_owned()),
        Kind::Bool => text.parse::<bool>().ok().map(|value| value.to_string()),
        Kind::Integer => text.parse::<i64>().ok().map(|value| value.to_string()),
        Kind::Float => text.parse::<f64>().ok().filter(|value| value.is_finite()).map(float),
        Kind::Time => Timestamp::parse(text).filter(|at| *at <= Timestamp::MAX && at.0 >= 0).map(Timestamp::rfc3339),
        Kind::Address => match text.parse::<IpAddr>() {
            Ok(address) => Some(address.to_string()),
            Err(_) => text.parse::<IpNet>().ok().map(network),
        },
    }
}

/// A network without host bits; a network of one address is that address.
fn network(network: IpNet) -> String {
    if network.prefix_len() == network.max_prefix_len() {
        return network.addr().to_string();
    }
    network.trunc().to_string()
}

/// A number's shortest text; minus zero is zero.
fn float(value: f64) -> String {
    (value + 0.0).to_string()
}

fn expected(field: Field, text: &str) -> String {
    let key = field.key();
    if let Some(comparison) = Comparison::ALL.into_iter().find(|comparison| text.starts_with(comparison.sign())) {
        let sign = comparison.sign();
        return format!("A range has no colon: write {key} {sign} {}.", &text[sign.len()..]);
    }
    let what = match field.kind() {
        Kind::Text | Kind::List => "a text",
        Kind::Bool => return format!("{key} takes true or false; {key}:* means any.{}", truth(text)),
        Kind::Integer => "a whole number, for example 16509",
        Kind::Float => "a number, for example 52.5",
        Kind::Time => "a time, for example \"2026-11-24T23:04:29Z\"",
        Kind::Address => "an address, for example 198.51.100.7, 198.51.100.0/24 or 198.51.100.*",
    };
    format!("{key} takes {what}; {key}:* means any.")
}

/// What someone means who says it in other words.
fn truth(text: &str) -> &'static str {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "y" | "1" => " Did you mean true?",
        "false" | "no" | "n" | "0" => " Did you mean false?",
        _ => "",
    }
}

/// A cell's value as a filter writes it; `None` without a value.
pub(super) fn text(cell: &Cell) -> Option<Cow<'_, str>> {
    match cell {
        Cell::Null => None,
        Cell::Text(value) => Some(Cow::Borrowed(value)),
        Cell::Int(value) => Some(Cow::Owned(value.to_string())),
        Cell::Float(value) => Some(Cow::Owned(float(*value))),
        Cell::Bool(value) => Some(Cow::Borrowed(if *value { "true" } else { "false" })),
        Cell::Time(value) => Some(Cow::Owned(value.rfc3339())),
        // As one text; whoever compares takes it apart first.
        Cell::List(texts) => Some(Cow::Owned(texts.join("; "))),
    }
}
