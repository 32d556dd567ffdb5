//! How numbers, times and cells are written for people: in charts, tiles and tables alike.

use time::{Month, OffsetDateTime};

use crate::{field::Field, series::Cell, time::Timestamp};

/// `1 event`, `1,234,567 events`.
pub fn events(value: i64) -> String {
    format!("{} {}", count(value), if value == 1 { "event" } else { "events" })
}

/// `1234567` -> `1,234,567`.
pub fn count(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if value < 0 {
        out.push('-');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Three digits and a letter: `999`, `1.2k`, `12.3k`, `123k`, `1.2M`, up to `9.2E` (10^18).
pub fn short(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let mut scaled = value.abs();
    let mut unit = 0;
    const UNITS: [&str; 7] = ["", "k", "M", "G", "T", "P", "E"];
    // 999.95 would be written as "1000": such values already belong to the next unit.
    while scaled >= 999.5 && unit + 1 < UNITS.len() {
        scaled /= 1000.0;
        unit += 1;
    }
    if scaled >= 1000.0 {
        return format!("{value:.0e}");
    }
    let sign = if value < 0.0 { "-" } else { "" };
    let number = if scaled >= 99.95 { format!("{scaled:.0}") } else { trimmed(scaled, 1) };
    format!("{sign}{number}{}", UNITS[unit])
}

/// A share of one: `0.0123` -> `1.2 %`; what is above zero is never written as zero.
pub fn percent(share: f64) -> String {
    match share * 100.0 {
        value if !value.is_finite() => "–".to_owned(),
        value if value > 0.0 && value < 0.05 => "<0.1 %".to_owned(),
        value if (99.95..100.0).contains(&value) => "99.9 %".to_owned(),
        value => format!("{} %", trimmed(value, 1)),
    }
}

fn trimmed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Against the window before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub direction: Direction,
    /// `▲ 12 %`, `▼ 3.4 %`, `▲ 0.5 pp`, `▲ new`, `no change`.
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Up,
    Down,
    Same,
}

impl Direction {
    fn of(difference: f64) -> Direction {
        match difference {
            d if d > 0.0 => Direction::Up,
            d if d < 0.0 => Direction::Down,
            _ => Direction::Same,
        }
    }

    fn arrow(self) -> &'static str {
        match self {
            Direction::Up => "▲",
            Direction::Down => "▼",
            Direction::Same => "",
        }
    }
}

/// Relative change of a count; `None` where either is no number.
pub fn change(now: f64, previous: f64) -> Option<Change> {
    if !now.is_finite() || !previous.is_finite() {
        return None;
    }
    let direction = Direction::of(now - previous);
    let text = match direction {
        Direction::Same => "no change".to_owned(),
        _ if previous == 0.0 => format!("{} new", direction.arrow()),
        _ => {
            let ratio = (now / previous - 1.0).abs();
            let size = if ratio >= 10.0 { format!("{}×", short(now / previous)) } else { percent(ratio) };
            format!("{} {size}", direction.arrow())
        }
    };
    Some(Change { direction, text })
}

/// Change of a share in percentage points; `None` where either is no number.
pub fn change_points(now: f64, previous: f64) -> Option<Change> {
    if !now.is_finite() || !previous.is_finite() {
        return None;
    }
    let points = trimmed(((now - previous) * 100.0).abs(), 1);
    if points == "0" {
        return Some(Change { direction: Direction::Same, text: "no change".to_owned() });
    }
    let direction = Direction::of(now - previous);
    Some(Change { direction, text: format!("{} {points} pp", direction.arrow()) })
}

/// A cell under the column `key` (a field's or a measure's) as a table shows it. A missing value is a dash.
pub fn cell(key: &str, cell: &Cell) -> String {
    let share = key.starts_with("error_rate") || key == "share";
    match cell {
        Cell::Null if key == "change" => "new".to_owned(),
        Cell::Null => "–".to_owned(),
        Cell::Float(value) if key == "change" => {
            change(1.0 + value, 1.0).map_or_else(String::new, |change| change.text)
        }
        Cell::Int(day) if key == Field::Weekday.key() => weekday(*day).unwrap_or_default().to_owned(),
        Cell::Int(hour) if key == Field::Hour.key() => format!("{hour:02}:00"),
        Cell::Text(text) if key == Field::Country.key() => {
            crate::country::name(text).map_or_else(|| text.clone(), str::to_owned)
        }
        Cell::Text(text) => text.clone(),
        Cell::Int(value) if share => percent(*value as f64),
        Cell::Int(value) if identifier(key) => value.to_string(),
        Cell::Int(value) => count(*value),
        Cell::Float(value) if share => percent(*value),
        Cell::Float(value) if value.is_finite() => trimmed(*value, 3),
        Cell::Float(_) => "–".to_owned(),
        Cell::Bool(value) => if *value { "yes" } else { "no" }.to_owned(),
        // When something was first and last seen is read in minutes; events follow each other in seconds.
        Cell::Time(at) if key.ends_with("_seen") => minute(*at),
        Cell::Time(at) => time(*at),
        Cell::List(texts) => texts.join("; "),
    }
}

/// `Mon` for 1.
pub fn weekday(day: i64) -> Option<&'static str> {
    const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    NAMES.get(usize::try_from(day).ok()?.checked_sub(1)?).copied()
}

/// Whether the numbers under `key` are names rather than amounts.
fn identifier(key: &str) -> bool {
    key == Field::AsNumber.key()
}

/// The name of a group, as in a legend: a missing value has one, too.
pub fn group(field: Field, value: &Cell) -> String {
    match (field, value) {
        (Field::Country, Cell::Null) => "Unknown place".to_owned(),
        (_, Cell::Null) => "(none)".to_owned(),
        (_, Cell::Text(text)) if text.is_empty() => "(empty)".to_owned(),
        (Field::ReadOnly, Cell::Bool(read)) => if *read { "Reads" } else { "Writes" }.to_owned(),
        (Field::Outcome, Cell::Text(text)) if text == "success" => "Success".to_owned(),
        (Field::Outcome, Cell::Text(text)) if text == "failure" => "Failure".to_owned(),
        _ => cell(field.key(), value),
    }
}

/// `2026-11-24 23:04:29`, UTC.
pub fn time(at: Timestamp) -> String {
    let at = utc(at);
    format!("{} {:02}:{:02}:{:02}", date_of(at), at.hour(), at.minute(), at.second())
}

/// `2026-11-24 23:04`, UTC.
pub fn minute(at: Timestamp) -> String {
    let at = utc(at);
    format!("{} {:02}:{:02}", date_of(at), at.hour(), at.minute())
}

fn date_of(at: OffsetDateTime) -> String {
    format!("{:04}-{:02}-{:02}", at.year(), u8::from(at.month()), at.day())
}

/// The half-open span as short as it can be understood: `24 Nov 14:00–15:00 UTC`, `24 Nov 2026`.
pub fn span(from: Timestamp, to: Timestamp) -> String {
    let (start, end) = (utc(from), utc(to));
    let day = |at: OffsetDateTime| format!("{} {}", at.day(), month(at));
    let midnight = |at: OffsetDateTime| at.time() == time::Time::MIDNIGHT;
    let whole_days = midnight(start) && midnight(end);
    if whole_days && to.0 - from.0 == DAY_MS {
        return format!("{} {}", day(start), start.year());
    }
    if whole_days && to.0 > from.0 {
        let last = utc(Timestamp(to.0 - 1));
        return format!("{} – {} {}", day(start), day(last), last.year());
    }
    let clock = |at: OffsetDateTime| match at.second() {
        0 => format!("{:02}:{:02}", at.hour(), at.minute()),
        second => format!("{:02}:{:02}:{second:02}", at.hour(), at.minute()),
    };
    let same_day = start.date() == end.date() || to.0 - from.0 < DAY_MS && midnight(end);
    let dash = if same_day { "–".to_owned() } else { format!(" – {} ", day(end)) };
    format!("{} {}{dash}{} UTC", day(start), clock(start), clock(end))
}

const DAY_MS: i64 = 86_400_000;

/// `Nov`.
pub(crate) fn month(at: OffsetDateTime) -> &'static str {
    match at.month() {
        Month::January => "Jan",
        Month::February => "Feb",
        Month::March => "Mar",
        Month::April => "Apr",
        Month::May => "May",
        Month::June => "Jun",
        Month::July => "Jul",
        Month::August => "Aug",
        Month::September => "Sep",
        Month::October => "Oct",
        Month::November => "Nov",
        Month::December => "Dec",
    }
}

/// The calendar's view of a time; what lies outside of the years 1970 to 9999 is moved to their edge.
pub(crate) fn utc(at: Timestamp) -> OffsetDateTime {
    const LAST_MS: i64 = 253_402_300_799_999;
    let ms = at.0.clamp(0, LAST_MS);
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        assert_eq!(
            [0, 999, 1_234, -1_234_567, i64::MAX].map(count),
            ["0", "999", "1,234", "-1,234,567", "9,223,372,036,854,775,807"]
        );
    }

    #[test]
    fn short_numbers() {
        assert_eq!(
            [0.0, 7.0, 999.0, 1_000.0, 1_234.0, 12_345.0, 99_960.0, 999_600.0, 3e6, 9.3e18, -1_500.0].map(short),
            ["0", "7", "999", "1k", "1.2k", "12.3k", "100k", "1M", "3M", "9.3E", "-1.5k"]
        );
        assert_eq!(short(0.26), "0.3");
        assert_eq!(short(f64::NAN), "–");
        assert_eq!(short(1.5e300), "2e300");
    }

    #[test]
    fn shares() {
        assert_eq!(
            [0.0, 0.0001, 0.0123, 0.5, 0.9999, 1.0].map(percent),
            ["0 %", "<0.1 %", "1.2 %", "50 %", "99.9 %", "100 %"]
        );
    }

    #[test]
    fn changes() {
        let text = |now, previous| change(now, previous).map(|change| change.text).unwrap_or_default();
        assert_eq!(text(112.0, 100.0), "▲ 12 %");
        assert_eq!(text(75.0, 100.0), "▼ 25 %");
        assert_eq!(text(5.0, 0.0), "▲ new");
        assert_eq!(text(0.0, 0.0), "no change");
        assert_eq!(text(4_000.0, 100.0), "▲ 40×");
        assert_eq!(text(f64::NAN, 1.0), "");
        assert_eq!(change_points(0.034, 0.029).expect("present").text, "▲ 0.5 pp");
        assert_eq!(change_points(0.03, 0.03).expect("present").direction, Direction::Same);
    }

    #[test]
    fn cells() {
        assert_eq!(cell("error_rate", &Cell::Float(0.012)), "1.2 %");
        assert_eq!(cell("events", &Cell::Int(1234)), "1,234");
        assert_eq!(cell("as_number", &Cell::Int(16509)), "16509");
        assert_eq!(cell("event_time", &Cell::Time(Timestamp(1_795_561_469_000))), "2026-11-24 23:04:29");
        assert_eq!(cell("actor", &Cell::Null), "–");
        assert_eq!(cell("change", &Cell::Float(-0.25)), "▼ 25 %");
        assert_eq!(cell("change", &Cell::Null), "new");
        assert_eq!([1, 7, 8].map(|day| cell("weekday", &Cell::Int(day))), ["Mon", "Sun", ""]);
        assert_eq!(cell("hour", &Cell::Int(4)), "04:00");
        assert_eq!(group(Field::ReadOnly, &Cell::Bool(false)), "Writes");
    }

    #[test]
    fn spans() {
        let at = |hours: i64| Timestamp(1_795_478_400_000 + hours * 3_600_000);
        assert_eq!(span(at(14), at(15)), "24 Nov 14:00–15:00 UTC");
        assert_eq!(span(at(23), at(24)), "24 Nov 23:00–00:00 UTC");
        assert_eq!(span(at(0), at(24)), "24 Nov 2026");
        assert_eq!(span(at(0), at(48)), "24 Nov – 25 Nov 2026");
        assert_eq!(span(at(14), at(38)), "24 Nov 14:00 – 25 Nov 14:00 UTC");
    }
}
