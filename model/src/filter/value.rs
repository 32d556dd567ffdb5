//! Values: the one spelling that a field's kind has, and cells as text.

use std::{borrow::Cow, net::IpAddr};

use ipnet::IpNet;

use super::{Pattern, Target};
use crate::{
    field::{Field, Kind},
    series::Cell,
    time::Timestamp,
};

/// The pattern with its value in the one spelling of the target's kind; else what is wrong with it.
pub(super) fn checked(target: &Target, pattern: Pattern) -> Result<Pattern, String> {
    match (target, pattern) {
        (Target::Field(field), Pattern::Exactly(text)) => {
            canonical(field.kind(), &text).map(Pattern::Exactly).ok_or_else(|| expected(*field))
        }
        (Target::Field(field), Pattern::Wildcard(pieces)) => match field.kind() {
            Kind::Text | Kind::Address | Kind::List => Ok(Pattern::Wildcard(pieces)),
            _ => Err(expected(*field)),
        },
        (_, pattern) => Ok(pattern),
    }
}

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

fn expected(field: Field) -> String {
    let what = match field.kind() {
        Kind::Text | Kind::List => "a text",
        Kind::Bool => "true or false",
        Kind::Integer => "a whole number, for example 16509",
        Kind::Float => "a number, for example 52.5",
        Kind::Time => "a time, for example \"2026-11-24T23:04:29Z\"",
        Kind::Address => "an address, for example 198.51.100.7, 198.51.100.0/24 or 198.51.100.*",
    };
    let key = field.key();
    format!("{key} takes {what}; {key}:* means any.")
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
