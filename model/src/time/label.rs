//! Ranges in a person's words.

use super::{Edge, Range, Timestamp, Unit};

impl Unit {
    fn word(self) -> &'static str {
        match self {
            Unit::Second => "second",
            Unit::Minute => "minute",
            Unit::Hour => "hour",
            Unit::Day => "day",
            Unit::Week => "week",
            Unit::Month => "month",
            Unit::Year => "year",
        }
    }
}

/// `7 days`, `1 hour`.
fn counted(count: u64, unit: Unit) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {}{plural}", unit.word())
}

/// `2026-11-01 00:00`, with seconds where there are some.
fn moment(at: Timestamp) -> String {
    let text = at.rfc3339();
    let (date, time) = (&text[..10], text[11..].trim_end_matches('Z'));
    format!("{date} {}", time.strip_suffix(":00").unwrap_or(time))
}

/// `now`, `7 days ago`, `the start of the day 7 days ago`.
fn edge(edge: Edge, up: bool) -> String {
    let (count, unit, round) = match edge {
        Edge::At(at) => return moment(at) + " UTC",
        Edge::Now { count, unit, round } => (count, unit, round),
    };
    let offset = counted(count.unsigned_abs().into(), unit);
    let side = if up { "end" } else { "start" };
    match (round, count) {
        (None, 0) => "now".to_owned(),
        (None, ..0) => format!("{offset} ago"),
        (None, 1..) => format!("{offset} from now"),
        (Some(round), 0) => format!("the {side} of this {}", round.word()),
        (Some(round), ..0) => format!("the {side} of the {} {offset} ago", round.word()),
        (Some(round), 1..) => format!("the {side} of the {} {offset} from now", round.word()),
    }
}

/// `Today`, `Yesterday`, `This week`, `Last month`: both edges round the same moment to the same unit.
fn whole(from: Edge, to: Edge) -> Option<String> {
    let Edge::Now { count, unit, round: Some(round) } = from else { return None };
    if from != to || (count != 0 && unit != round) {
        return None;
    }
    match (count, round) {
        (0, Unit::Day) => Some("Today".to_owned()),
        (-1, Unit::Day) => Some("Yesterday".to_owned()),
        (0, _) => Some(format!("This {}", round.word())),
        (-1, _) => Some(format!("Previous {}", round.word())),
        _ => None,
    }
}

fn capital(mut text: String) -> String {
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

impl Range {
    /// As a person reads it: "Last 24 hours", "2026-11-01 00:00 to 2026-11-02 00:00 UTC".
    pub fn label(self) -> String {
        let (from, to) = match self {
            Range::Last { count: 1, unit } => return format!("Last {}", unit.word()),
            Range::Last { count, unit } => return format!("Last {}", counted(count.into(), unit)),
            Range::Between { from, to } => (from, to),
        };
        match (from, to) {
            (Edge::At(from), Edge::At(to)) => format!("{} to {} UTC", moment(from), moment(to)),
            _ => whole(from, to).unwrap_or_else(|| capital(format!("{} to {}", edge(from, false), edge(to, true)))),
        }
    }
}

impl super::Window {
    /// As a person reads it: "2026-11-01 00:00 to 2026-11-02 00:00 UTC".
    pub fn label(self) -> String {
        format!("{} to {} UTC", moment(self.from), moment(self.to))
    }
}
