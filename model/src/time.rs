//! Ranges, windows and time buckets. `now` is always a parameter.
//!
//! A range is written `24h`, `7d`, `2w`, `3mo`, `15m` (the last so much), or as two edges; an edge is RFC 3339
//! or relative to now with Kibana's date math: `now`, `now-7d`, `now-7d/d`, `now/w`.
//! Units are `s`, `m` (minutes), `h`, `d`, `w` (weeks start on Monday), `mo` or Kibana's `M` (months) and `y`.

mod calendar;
mod label;
mod text;

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

/// Half-open, absolute: `from <= event_time < to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    pub from: Timestamp,
    pub to: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// What the reader chose. In files and on the wire it is text: `7d`, or `from..to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Range {
    Last { count: u32, unit: Unit },
    Between { from: Edge, to: Edge },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Edge {
    At(Timestamp),
    /// `now` plus `count` units (negative: before), rounded down (as `from`) or up (as `to`) to `round`.
    Now {
        count: i32,
        unit: Unit,
        round: Option<Unit>,
    },
}

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Round widths of a time bucket, in milliseconds; beyond the last, multiples of it.
const WIDTHS_MS: [i64; 19] = [
    SECOND_MS,
    5 * SECOND_MS,
    10 * SECOND_MS,
    15 * SECOND_MS,
    30 * SECOND_MS,
    MINUTE_MS,
    5 * MINUTE_MS,
    10 * MINUTE_MS,
    15 * MINUTE_MS,
    30 * MINUTE_MS,
    HOUR_MS,
    2 * HOUR_MS,
    3 * HOUR_MS,
    6 * HOUR_MS,
    12 * HOUR_MS,
    DAY_MS,
    2 * DAY_MS,
    7 * DAY_MS,
    30 * DAY_MS,
];

impl Edge {
    /// This very moment.
    pub const NOW: Edge = Edge::Now { count: 0, unit: Unit::Second, round: None };

    /// The moment meant; `up` rounds to the end of the unit. `None` outside of the years 1970 to 9999.
    fn resolve(self, now: Timestamp, up: bool) -> Option<Timestamp> {
        let at = match self {
            Edge::At(at) => at,
            Edge::Now { count, unit, round } => {
                let moved = calendar::moved(now, count.into(), unit)?;
                match round {
                    None => moved,
                    Some(unit) => {
                        let start = calendar::start(moved, unit)?;
                        if up { calendar::moved(start, 1, unit)? } else { start }
                    }
                }
            }
        };
        (Timestamp(0)..=Timestamp::MAX).contains(&at).then_some(at)
    }
}

impl Range {
    /// The range of a dashboard's address that names none.
    pub const DEFAULT: Range = Range::Last { count: 24, unit: Unit::Hour };

    /// From where to where: the last so much reaches to now.
    pub fn edges(self) -> (Edge, Edge) {
        match self {
            Range::Between { from, to } => (from, to),
            Range::Last { count, unit } => {
                let count = i32::try_from(count).map_or(i32::MIN, |count| -count);
                (Edge::Now { count, unit, round: None }, Edge::NOW)
            }
        }
    }

    /// The absolute window at `now`.
    ///
    /// Errors: `from` not before `to`, outside of the years 1970 to 9999.
    pub fn window(self, now: Timestamp) -> Result<Window, Error> {
        let (from, to) = self.edges();
        let last = matches!(self, Range::Last { .. });
        let outside = |parameter| {
            let parameter = if last { "range" } else { parameter };
            Error::invalid(parameter, "This reaches outside of the years 1970 to 9999.")
        };
        let window = Window {
            from: from.resolve(now, false).ok_or_else(|| outside("from"))?,
            to: to.resolve(now, true).ok_or_else(|| outside("to"))?,
        };
        if window.from < window.to { Ok(window) } else { Err(text::not_before()) }
    }
}

impl Window {
    /// The window of equal length that ends where this begins.
    pub fn previous(self) -> Window {
        let length = self.to.0 - self.from.0;
        Window { from: Timestamp(self.from.0 - length), to: self.from }
    }

    /// Width of a bucket in milliseconds, from a list of round widths (1 s … 30 d), so that there are at most `most`,
    /// however the buckets lie. It depends on the window's length alone: a chart that refreshes keeps its width.
    /// Windows that need more than 30 d take a multiple of it.
    pub fn bucket_ms(self, most: u32) -> i64 {
        let length = (self.to.0 - self.from.0).max(1) as u64;
        // A bucket that the window's start cuts in two is one more.
        let most = u64::from(most.max(2)) - 1;
        let enough = |width: &i64| length.div_ceil(*width as u64) <= most;
        WIDTHS_MS.into_iter().find(enough).unwrap_or_else(|| {
            let widest = 30 * DAY_MS;
            length.div_ceil(most).div_ceil(widest as u64) as i64 * widest
        })
    }
}

#[cfg(test)]
pub(crate) mod tests;
