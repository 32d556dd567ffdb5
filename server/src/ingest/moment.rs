//! Times as logs write them.

use serde_json::value::RawValue;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::json;

/// Microseconds since 1970-01-01T00:00:00Z, within the years 1970 to 9999; the precision of Postgres.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub i64);

/// 10000-01-01T00:00:00Z in microseconds.
const END: i64 = 253_402_300_800_000_000;

impl Moment {
    /// RFC 3339; a space for the `T`, an offset without colon or none at all (then UTC); or a number since 1970.
    pub fn of(value: Option<&RawValue>) -> Option<Moment> {
        Moment::parse(&json::text(value)?)
    }

    pub fn parse(text: &str) -> Option<Moment> {
        let text = text.trim();
        if text.len() > 40 || !text.is_ascii() {
            return None;
        }
        let micros =
            if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') { number(text) } else { written(text) };
        micros.filter(|micros| (0..END).contains(micros)).map(Moment)
    }
}

/// Seconds, milliseconds or microseconds: told apart by their size, which fits the years 1973 to 5138.
fn number(text: &str) -> Option<i64> {
    let number: f64 = text.parse().ok()?;
    let factor = match number {
        _ if number < 1e11 => 1e6,
        _ if number < 1e14 => 1e3,
        _ => 1.0,
    };
    (number.is_finite()).then_some((number * factor).round() as i64)
}

fn written(text: &str) -> Option<i64> {
    let at = OffsetDateTime::parse(text, &Rfc3339).or_else(|_| OffsetDateTime::parse(&normal(text), &Rfc3339)).ok()?;
    i64::try_from(at.unix_timestamp_nanos().div_euclid(1000)).ok()
}

/// Near misses of RFC 3339 made right.
fn normal(text: &str) -> String {
    let mut text = text.replacen(' ', "T", 1).replace([' ', 't'], "T").replace('z', "Z").replace("TT", "T");
    let Some(at) = text.find('T') else { return text + "T00:00:00Z" };
    match text[at..].find(['+', '-']).map(|sign| at + sign) {
        Some(sign) if text.len() == sign + 5 => text.insert(sign + 3, ':'),
        Some(sign) if text.len() == sign + 3 => text.push_str(":00"),
        None if !text.ends_with('Z') => text.push('Z'),
        _ => {}
    }
    text
}
