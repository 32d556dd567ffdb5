//! Moments, edges and ranges to text and back.

use std::fmt;

use ::time::{Date, Month};

use super::{Edge, MINUTE_MS, Range, Timestamp, Unit, calendar};
use crate::error::Error;

impl Timestamp {
    /// The last moment of the year 9999.
    pub const MAX: Timestamp = Timestamp(253_402_300_799_999);
    /// The first moment of the year 0.
    const MIN: Timestamp = Timestamp(-62_167_219_200_000);

    /// RFC 3339, any offset. What is finer than a millisecond is cut off; a leap second is the end of the one before.
    pub fn parse(text: &str) -> Option<Timestamp> {
        // By hand: the parser of `time` knows of all formats, and is 3 kB of what the browser loads.
        let is = |at: usize, sign: u8| text.as_bytes().get(at) == Some(&sign);
        if !(is(4, b'-') && is(7, b'-') && is(13, b':') && is(16, b':')) {
            return None;
        }
        let two = |at: usize| number(text.get(at..at + 2)?)?.try_into().ok();
        let year = number(text.get(..4)?)?;
        let date = Date::from_calendar_date(year.into(), Month::try_from(two(5)?).ok()?, two(8)?).ok()?;
        let (fraction, offset) = fraction(text.get(19..)?)?;
        let (second, ms) = if two(17)? == 60 { (59, 999) } else { (two(17)?, fraction) };
        let local = date.with_hms_milli(two(11)?, two(14)?, second, ms).ok()?.assume_utc();
        Some(Timestamp(calendar::timestamp(local).0 - offset_minutes(offset)? * MINUTE_MS))
    }

    /// RFC 3339 in UTC: `2026-11-24T23:04:29Z`, with `.mmm` only when there are milliseconds.
    /// Moments outside of the years 0 to 9999, which RFC 3339 cannot write, become the nearest inside.
    pub fn rfc3339(self) -> String {
        let at = calendar::date_time(self.clamp(Timestamp::MIN, Timestamp::MAX)).expect("within the years 0 to 9999");
        let (date, (hour, minute, second)) = (at.date(), at.to_hms());
        let fraction = match at.millisecond() {
            0 => String::new(),
            ms => format!(".{ms:03}"),
        };
        format!("{date}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
    }
}

/// Digits alone: no sign.
fn number(digits: &str) -> Option<u16> {
    if digits.bytes().all(|digit| digit.is_ascii_digit()) { digits.parse().ok() } else { None }
}

/// What follows the seconds: milliseconds, none where none are written, and the offset's text.
fn fraction(text: &str) -> Option<(u16, &str)> {
    let Some(text) = text.strip_prefix('.') else { return Some((0, text)) };
    let (digits, offset) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let ms = if digits.is_empty() { None } else { number(&format!("{digits:0<3.3}")) };
    Some((ms?, offset))
}

/// `Z`, `+02:00`: by how much the time is ahead of UTC.
fn offset_minutes(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = match text.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let (hours, minutes) = text[1..].split_once(':').filter(|_| text.len() == 6 && text.as_bytes()[3] == b':')?;
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours < 24 && minutes < 60).then(|| sign * i64::from(hours * 60 + minutes))
}

impl Unit {
    const ALL: [Unit; 7] = [Unit::Second, Unit::Minute, Unit::Hour, Unit::Day, Unit::Week, Unit::Month, Unit::Year];

    /// As in `7d`.
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Unit::Second => "s",
            Unit::Minute => "m",
            Unit::Hour => "h",
            Unit::Day => "d",
            Unit::Week => "w",
            Unit::Month => "mo",
            Unit::Year => "y",
        }
    }

    /// In milliseconds, where it is always as long.
    pub fn fixed_ms(self) -> Option<i64> {
        match self {
            Unit::Second => Some(1_000),
            Unit::Minute => Some(60_000),
            Unit::Hour => Some(3_600_000),
            Unit::Day => Some(86_400_000),
            Unit::Week => Some(7 * 86_400_000),
            Unit::Month | Unit::Year => None,
        }
    }

    fn parse(text: &str) -> Option<Unit> {
        // Kibana's spelling of a month; `m` are minutes.
        if text == "M" {
            return Some(Unit::Month);
        }
        Unit::ALL.into_iter().find(|unit| unit.suffix() == text)
    }
}

/// `7d` -> (7, Day). Digits only: a sign is the caller's.
fn amount(text: &str) -> Option<(u32, Unit)> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    Some((text[..digits].parse().ok()?, Unit::parse(&text[digits..])?))
}

impl Edge {
    /// RFC 3339 or date math. Errors name `parameter`.
    pub fn parse(text: &str, parameter: &str) -> Result<Edge, Error> {
        let invalid = |message: &str| Error::invalid(parameter, message).at(0, text.chars().count());
        if let Some(math) = text.strip_prefix("now") {
            return Edge::parse_math(math).ok_or_else(|| {
                invalid("After now comes so much before or after it, then a rounding: now-7d, now-7d/d, now/w.")
            });
        }
        match Timestamp::parse(text) {
            None => {
                Err(invalid("Expected a time such as 2026-11-24T00:00:00Z, or one relative to now such as now-7d/d."))
            }
            Some(at) if at < Timestamp(0) => Err(invalid("Times begin with the year 1970.")),
            Some(at) if at > Timestamp::MAX => Err(invalid("Times end with the year 9999.")),
            Some(at) => Ok(Edge::At(at)),
        }
    }

    /// What follows `now`: `-7d/d`.
    fn parse_math(text: &str) -> Option<Edge> {
        let (moved, round) = match text.split_once('/') {
            Some((moved, unit)) => (moved, Some(Unit::parse(unit)?)),
            None => (text, None),
        };
        if moved.is_empty() {
            return Some(Edge::Now { count: 0, unit: Unit::Second, round });
        }
        let sign = match moved.as_bytes()[0] {
            b'-' => -1,
            b'+' => 1,
            _ => return None,
        };
        let (count, unit) = amount(&moved[1..])?;
        let count = i32::try_from(sign * i64::from(count)).ok()?;
        Some(Edge::Now { count, unit, round })
    }
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, unit, round) = match *self {
            Edge::At(at) => return f.write_str(&at.rfc3339()),
            Edge::Now { count, unit, round } => (count, unit, round),
        };
        f.write_str("now")?;
        if count != 0 || unit != Unit::Second {
            write!(f, "{count:+}{}", unit.suffix())?;
        }
        match round {
            Some(unit) => write!(f, "/{}", unit.suffix()),
            None => Ok(()),
        }
    }
}

pub(super) fn not_before() -> Error {
    Error::invalid("from", "The range ends before it begins: from must lie before to.")
}

impl Range {
    /// `24h`, `7d`, …
    pub fn parse(text: &str) -> Result<Range, Error> {
        match amount(text) {
            Some((count, unit)) if count > 0 => Ok(Range::Last { count, unit }),
            _ => Err(Error::invalid(
                "range",
                "Expected a number and a unit (s, m, h, d, w, mo, y), for example 24h, 7d or 3mo.",
            )
            .at(0, text.chars().count())),
        }
    }

    /// `from` and `to` of an address.
    pub fn between(from: &str, to: &str) -> Result<Range, Error> {
        let (from, to) = (Edge::parse(from, "from")?, Edge::parse(to, "to")?);
        match (from, to) {
            (Edge::At(start), Edge::At(end)) if start >= end => Err(not_before()),
            _ => Ok(Range::Between { from, to }),
        }
    }
}

impl TryFrom<String> for Range {
    type Error = Error;

    fn try_from(text: String) -> Result<Range, Error> {
        match text.split_once("..") {
            Some((from, to)) => Range::between(from, to),
            None => Range::parse(&text),
        }
    }
}

/// The text of files and of the wire: `7d`, `now-7d/d..now`.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Range::Last { count, unit } => write!(f, "{count}{}", unit.suffix()),
            Range::Between { from, to } => write!(f, "{from}..{to}"),
        }
    }
}

impl From<Range> for String {
    fn from(range: Range) -> String {
        range.to_string()
    }
}
