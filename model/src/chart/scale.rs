//! Round ticks for amounts and for time.

use time::{Date, Month};

use super::format::{month, utc};
use crate::time::{Timestamp, Window};

/// From zero in equal round steps to at or above `max`, with about `wanted` steps. Whole numbers only: they are counts.
pub(crate) fn amounts(max: f64, wanted: u32) -> Vec<f64> {
    steps(if max.is_finite() { max.max(1.0) } else { 1.0 }, wanted, 1.0)
}

/// As `amounts`, of shares and ratios, which are no whole numbers.
pub(crate) fn shares(max: f64, wanted: u32) -> Vec<f64> {
    steps(if max.is_finite() && max > 0.001 { max } else { 0.001 }, wanted, 0.0)
}

fn steps(max: f64, wanted: u32, least: f64) -> Vec<f64> {
    let rough = max / f64::from(wanted.max(1));
    let power = power_of_ten(rough);
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= rough * 0.999);
    let step = step.unwrap_or(rough).max(least);
    let steps = (max / step - 1e-9).ceil().clamp(1.0, 50.0) as u32;
    (0..=steps).map(|at| f64::from(at) * step).collect()
}

/// The power of ten at or below an amount above zero.
pub(crate) fn power_of_ten(amount: f64) -> f64 {
    let mut power = 1.0;
    while power > amount {
        power /= 10.0;
    }
    while power * 10.0 <= amount {
        power *= 10.0;
    }
    power
}

/// A mark on the axis of time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    pub at: Timestamp,
    pub label: String,
    /// The day or year, where it begins and at the first tick.
    pub context: Option<String>,
}

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Monday, 5 January 1970: weeks begin on Mondays.
const FIRST_MONDAY: i64 = 4 * DAY;

const STEPS: [i64; 21] = [
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
];

/// At most `most` ticks on UTC's round times.
pub(crate) fn times(window: Window, most: u32) -> Vec<Tick> {
    let length = (window.to.0.saturating_sub(window.from.0)).max(1);
    let least = length / i64::from(most.max(1)) + 1;
    match STEPS.into_iter().find(|step| *step >= least) {
        Some(step) if step < DAY => clocks(window, step),
        Some(step) => days(window, step),
        None => months(window, least),
    }
}

fn aligned(window: Window, step: i64) -> impl Iterator<Item = Timestamp> {
    let origin = if step % (7 * DAY) == 0 { FIRST_MONDAY } else { 0 };
    let first = (window.from.0 - origin).div_euclid(step) * step + origin;
    (0..)
        .map(move |at| Timestamp(first + at * step))
        .skip_while(move |at| *at < window.from)
        .take_while(move |at| *at < window.to)
}

fn clocks(window: Window, step: i64) -> Vec<Tick> {
    let mut day = None;
    aligned(window, step)
        .map(|at| {
            let calendar = utc(at);
            let (hour, minute, second) = calendar.to_hms();
            let label = match step {
                step if step < MINUTE => format!("{hour:02}:{minute:02}:{second:02}"),
                _ => format!("{hour:02}:{minute:02}"),
            };
            let context = (day.replace(calendar.date()) != Some(calendar.date())).then(|| day_of(calendar.date()));
            Tick { at, label, context }
        })
        .collect()
}

fn days(window: Window, step: i64) -> Vec<Tick> {
    let mut year = None;
    aligned(window, step)
        .map(|at| {
            let date = utc(at).date();
            let context = (year.replace(date.year()) != Some(date.year())).then(|| date.year().to_string());
            Tick { at, label: day_of(date), context }
        })
        .collect()
}

fn months(window: Window, least: i64) -> Vec<Tick> {
    // Months are 28 to 31 days: the shortest decides whether so many fit. Whole years are even enough.
    let length = |months: i64| if months < 12 { months * 28 * DAY } else { months / 12 * 365 * DAY };
    let step = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1_200, 2_400, 6_000, 12_000]
        .into_iter()
        .find(|months| length(*months) >= least)
        .unwrap_or(12_000);
    let first = utc(window.from);
    let mut at = (i64::from(first.year()) * 12 + i64::from(u8::from(first.month())) - 1).div_euclid(step) * step;
    let mut year = None;
    let mut ticks = Vec::new();
    while let Some(start) = month_start(at).filter(|start| *start < window.to) {
        if start >= window.from {
            let calendar = utc(start);
            let context = (step < 12 && year.replace(calendar.year()) != Some(calendar.year()))
                .then(|| calendar.year().to_string());
            let label = if step < 12 { month(calendar).to_owned() } else { calendar.year().to_string() };
            ticks.push(Tick { at: start, label, context });
        }
        at += step;
    }
    ticks
}

/// Of the month counted from the year 0.
fn month_start(months: i64) -> Option<Timestamp> {
    let year = i32::try_from(months.div_euclid(12)).ok()?;
    let month = Month::try_from(u8::try_from(months.rem_euclid(12) + 1).ok()?).ok()?;
    let date = Date::from_calendar_date(year, month, 1).ok()?;
    Some(Timestamp(date.midnight().assume_utc().unix_timestamp() * 1_000))
}

fn day_of(date: Date) -> String {
    format!("{} {}", date.day(), month(date.midnight().assume_utc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_round_and_cover_the_most() {
        assert_eq!(amounts(0.0, 4), [0.0, 1.0]);
        assert_eq!(amounts(3.0, 4), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(amounts(87.0, 4), [0.0, 50.0, 100.0]);
        assert_eq!(shares(0.04, 4), [0.0, 0.01, 0.02, 0.03, 0.04]);
        assert_eq!(shares(f64::NAN, 1), [0.0, 0.001]);
        assert_eq!(amounts(1_234.0, 5), [0.0, 500.0, 1_000.0, 1_500.0]);
        for max in [7.0, 99.0, 100.0, 101.0, 9.3e18, f64::INFINITY] {
            let ticks = amounts(max, 5);
            assert!(ticks.last().copied().expect("present") >= max.min(1e300) || !max.is_finite());
            assert!((2..=12).contains(&ticks.len()), "{max}: {ticks:?}");
        }
    }

    fn check(from: i64, to: i64, most: u32, expected: &str) {
        let window = Window { from: Timestamp(from), to: Timestamp(to) };
        let text: Vec<_> = times(window, most)
            .into_iter()
            .map(|tick| match tick.context {
                Some(context) => format!("{} ({context})", tick.label),
                None => tick.label,
            })
            .collect();
        assert_eq!(text.join(" | "), expected);
    }

    const NOON: i64 = 1_795_478_400_000 + 12 * HOUR;

    #[test]
    fn times_fit_the_windows_scale() {
        check(NOON - DAY, NOON, 5, "12:00 (23 Nov) | 18:00 | 00:00 (24 Nov) | 06:00");
        check(NOON, NOON + MINUTE, 4, "12:00:00 (24 Nov) | 12:00:30");
        check(NOON - 10 * DAY, NOON, 6, "15 Nov (2026) | 17 Nov | 19 Nov | 21 Nov | 23 Nov");
        check(NOON - 60 * DAY, NOON, 6, "28 Sep (2026) | 12 Oct | 26 Oct | 9 Nov | 23 Nov");
        check(NOON - 300 * DAY, NOON + 60 * DAY, 7, "Mar (2026) | May | Jul | Sep | Nov | Jan (2027)");
        check(0, NOON, 6, "1970 | 1980 | 1990 | 2000 | 2010 | 2020");
    }

    #[test]
    fn never_more_than_wanted() {
        for length in [1, 1_000, 77_777, HOUR, DAY * 3, DAY * 31, DAY * 366, DAY * 366 * 8_000] {
            let window = Window { from: Timestamp(NOON - 12_345), to: Timestamp(NOON + length) };
            assert!(times(window, 7).len() <= 8, "{length}");
        }
    }
}
