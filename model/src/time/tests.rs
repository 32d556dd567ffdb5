use ::time::{OffsetDateTime, format_description::well_known::Rfc3339};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap_or_else(|| panic!("{text}"))
}

/// The window, label and text of a range on a Wednesday afternoon.
fn check(range: Result<Range, Error>, expected: Expect) {
    let now = at("2026-11-25T15:04:05.678Z");
    let text = match range {
        Err(error) => format!("{error} {:?}\n", error.span.map(|span| (span.start, span.end))),
        Ok(range) => {
            let window = match range.window(now) {
                Ok(window) => format!("{} {}", window.from.rfc3339(), window.to.rfc3339()),
                Err(error) => error.to_string(),
            };
            format!("{range}\n{}\n{window}\n", range.label())
        }
    };
    expected.assert_eq(&text);
}

#[test]
fn the_last_so_much() {
    check(
        Range::parse("24h"),
        expect![[r#"
        24h
        Last 24 hours
        2026-11-24T15:04:05.678Z 2026-11-25T15:04:05.678Z
    "#]],
    );
    check(
        Range::parse("1d"),
        expect![[r#"
        1d
        Last day
        2026-11-24T15:04:05.678Z 2026-11-25T15:04:05.678Z
    "#]],
    );
    check(
        Range::parse("3M"),
        expect![[r#"
        3mo
        Last 3 months
        2026-08-25T15:04:05.678Z 2026-11-25T15:04:05.678Z
    "#]],
    );
    check(
        Range::parse("3mo"),
        expect![[r#"
        3mo
        Last 3 months
        2026-08-25T15:04:05.678Z 2026-11-25T15:04:05.678Z
    "#]],
    );
    check(
        Range::parse("15m"),
        expect![[r#"
        15m
        Last 15 minutes
        2026-11-25T14:49:05.678Z 2026-11-25T15:04:05.678Z
    "#]],
    );
    check(
        Range::parse("2w"),
        expect![[r#"
        2w
        Last 2 weeks
        2026-11-11T15:04:05.678Z 2026-11-25T15:04:05.678Z
    "#]],
    );
    check(
        Range::parse("1y"),
        expect![[r#"
        1y
        Last year
        2025-11-25T15:04:05.678Z 2026-11-25T15:04:05.678Z
    "#]],
    );
    check(
        Range::parse("90s"),
        expect![[r#"
        90s
        Last 90 seconds
        2026-11-25T15:02:35.678Z 2026-11-25T15:04:05.678Z
    "#]],
    );
}

#[test]
fn bad_ranges_are_told() {
    check(
        Range::parse(""),
        expect![[r#"
        range, column 1: Expected a number and a unit (s, m, h, d, w, mo, y), for example 24h, 7d or 3mo. Some((0, 0))
    "#]],
    );
    check(
        Range::parse("7"),
        expect![[r#"
        range, column 1: Expected a number and a unit (s, m, h, d, w, mo, y), for example 24h, 7d or 3mo. Some((0, 1))
    "#]],
    );
    check(
        Range::parse("0d"),
        expect![[r#"
        range, column 1: Expected a number and a unit (s, m, h, d, w, mo, y), for example 24h, 7d or 3mo. Some((0, 2))
    "#]],
    );
    check(
        Range::parse("-1d"),
        expect![[r#"
        range, column 1: Expected a number and a unit (s, m, h, d, w, mo, y), for example 24h, 7d or 3mo. Some((0, 3))
    "#]],
    );
    check(
        Range::parse("7 d"),
        expect![[r#"
        range, column 1: Expected a number and a unit (s, m, h, d, w, mo, y), for example 24h, 7d or 3mo. Some((0, 3))
    "#]],
    );
    check(
        Range::parse("7д"),
        expect![[r#"
        range, column 1: Expected a number and a unit (s, m, h, d, w, mo, y), for example 24h, 7d or 3mo. Some((0, 2))
    "#]],
    );
    check(
        Range::parse("99999999999d"),
        expect![[r#"
        range, column 1: Expected a number and a unit (s, m, h, d, w, mo, y), for example 24h, 7d or 3mo. Some((0, 12))
    "#]],
    );
    check(
        Range::parse("4000000000y"),
        expect![[r#"
        4000000000y
        Last 4000000000 years
        range: This reaches outside of the years 1970 to 9999.
    "#]],
    );
    check(
        Range::parse("60y"),
        expect![[r#"
        60y
        Last 60 years
        range: This reaches outside of the years 1970 to 9999.
    "#]],
    );
}

#[test]
fn edges_round_down_as_from_and_up_as_to() {
    check(
        Range::between("now-7d", "now"),
        expect![[r#"
        now-7d..now
        7 days ago to now
        2026-11-18T15:04:05.678Z 2026-11-25T15:04:05.678Z
    "#]],
    );
    check(
        Range::between("now-7d/d", "now/d"),
        expect![[r#"
        now-7d/d..now/d
        The start of the day 7 days ago to the end of this day
        2026-11-18T00:00:00Z 2026-11-26T00:00:00Z
    "#]],
    );
    check(
        Range::between("now/d", "now/d"),
        expect![[r#"
        now/d..now/d
        Today
        2026-11-25T00:00:00Z 2026-11-26T00:00:00Z
    "#]],
    );
    check(
        Range::between("now-1d/d", "now-1d/d"),
        expect![[r#"
        now-1d/d..now-1d/d
        Yesterday
        2026-11-24T00:00:00Z 2026-11-25T00:00:00Z
    "#]],
    );
    check(
        Range::between("now/w", "now/w"),
        expect![[r#"
        now/w..now/w
        This week
        2026-11-23T00:00:00Z 2026-11-30T00:00:00Z
    "#]],
    );
    check(
        Range::between("now-1w/w", "now-1w/w"),
        expect![[r#"
        now-1w/w..now-1w/w
        Previous week
        2026-11-16T00:00:00Z 2026-11-23T00:00:00Z
    "#]],
    );
    check(
        Range::between("now/M", "now/M"),
        expect![[r#"
        now/mo..now/mo
        This month
        2026-11-01T00:00:00Z 2026-12-01T00:00:00Z
    "#]],
    );
    check(
        Range::between("now-1M/M", "now/mo"),
        expect![[r#"
        now-1mo/mo..now/mo
        The start of the month 1 month ago to the end of this month
        2026-10-01T00:00:00Z 2026-12-01T00:00:00Z
    "#]],
    );
    check(
        Range::between("now/y", "now/y"),
        expect![[r#"
        now/y..now/y
        This year
        2026-01-01T00:00:00Z 2027-01-01T00:00:00Z
    "#]],
    );
    check(
        Range::between("now/h", "now+1h/h"),
        expect![[r#"
        now/h..now+1h/h
        The start of this hour to the end of the hour 1 hour from now
        2026-11-25T15:00:00Z 2026-11-25T17:00:00Z
    "#]],
    );
    check(
        Range::between("now-30m/m", "now+5s/s"),
        expect![[r#"
        now-30m/m..now+5s/s
        The start of the minute 30 minutes ago to the end of the second 5 seconds from now
        2026-11-25T14:34:00Z 2026-11-25T15:04:11Z
    "#]],
    );
}

#[test]
fn edges_are_absolute_too() {
    check(
        Range::between("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"),
        expect![[r#"
        2026-11-01T00:00:00Z..2026-11-02T00:00:00Z
        2026-11-01 00:00 to 2026-11-02 00:00 UTC
        2026-11-01T00:00:00Z 2026-11-02T00:00:00Z
    "#]],
    );
    check(
        Range::between("2026-11-01T02:00:00+02:00", "2026-11-01T00:00:00.5Z"),
        expect![[r#"
        2026-11-01T00:00:00Z..2026-11-01T00:00:00.500Z
        2026-11-01 00:00 to 2026-11-01 00:00:00.500 UTC
        2026-11-01T00:00:00Z 2026-11-01T00:00:00.500Z
    "#]],
    );
    check(
        Range::between("2026-11-01T00:00:00Z", "now"),
        expect![[r#"
        2026-11-01T00:00:00Z..now
        2026-11-01 00:00 UTC to now
        2026-11-01T00:00:00Z 2026-11-25T15:04:05.678Z
    "#]],
    );
}

#[test]
fn bad_edges_are_told() {
    check(
        Range::between("yesterday", "now"),
        expect![[r#"
        from, column 1: Expected a time such as 2026-11-24T00:00:00Z, or one relative to now such as now-7d/d. Some((0, 9))
    "#]],
    );
    check(
        Range::between("now", "now-7x"),
        expect![[r#"
        to, column 1: After now comes so much before or after it, then a rounding: now-7d, now-7d/d, now/w. Some((0, 6))
    "#]],
    );
    check(
        Range::between("now7d", "now"),
        expect![[r#"
        from, column 1: After now comes so much before or after it, then a rounding: now-7d, now-7d/d, now/w. Some((0, 5))
    "#]],
    );
    check(
        Range::between("now-7d/", "now"),
        expect![[r#"
        from, column 1: After now comes so much before or after it, then a rounding: now-7d, now-7d/d, now/w. Some((0, 7))
    "#]],
    );
    check(
        Range::between("now/d-7d", "now"),
        expect![[r#"
        from, column 1: After now comes so much before or after it, then a rounding: now-7d, now-7d/d, now/w. Some((0, 8))
    "#]],
    );
    check(
        Range::between("now-99999999999d", "now"),
        expect![[r#"
        from, column 1: After now comes so much before or after it, then a rounding: now-7d, now-7d/d, now/w. Some((0, 16))
    "#]],
    );
    check(
        Range::between("now-100y", "now"),
        expect![[r#"
        now-100y..now
        100 years ago to now
        from: This reaches outside of the years 1970 to 9999.
    "#]],
    );
    check(
        Range::between("now", "now+9000y"),
        expect![[r#"
        now..now+9000y
        Now to 9000 years from now
        to: This reaches outside of the years 1970 to 9999.
    "#]],
    );
    check(
        Range::between("now", "now-1h"),
        expect![[r#"
        now..now-1h
        Now to 1 hour ago
        from: The range ends before it begins: from must lie before to.
    "#]],
    );
    check(
        Range::between("2026-11-02T00:00:00Z", "2026-11-02T00:00:00Z"),
        expect![[r#"
        from: The range ends before it begins: from must lie before to. None
    "#]],
    );
    check(
        Range::between("1969-12-31T23:59:59Z", "now"),
        expect![[r#"
        from, column 1: Times begin with the year 1970. Some((0, 20))
    "#]],
    );
    check(
        Range::between("2026-11-31T00:00:00Z", "now"),
        expect![[r#"
        from, column 1: Expected a time such as 2026-11-24T00:00:00Z, or one relative to now such as now-7d/d. Some((0, 20))
    "#]],
    );
}

#[test]
fn a_month_before_its_31st_is_its_last_day() {
    let back = |text: &str, count| calendar::moved(at(text), count, Unit::Month).map(Timestamp::rfc3339);
    assert_eq!(back("2026-03-31T10:00:00Z", -1).as_deref(), Some("2026-02-28T10:00:00Z"));
    assert_eq!(back("2024-03-31T10:00:00Z", -1).as_deref(), Some("2024-02-29T10:00:00Z"));
    assert_eq!(back("2026-01-31T10:00:00Z", -13).as_deref(), Some("2024-12-31T10:00:00Z"));
}

#[test]
fn weeks_start_on_monday() {
    for (day, monday) in [("2026-11-23", "2026-11-23"), ("2026-11-29", "2026-11-23"), ("2026-11-30", "2026-11-30")] {
        let start = calendar::start(at(&format!("{day}T12:00:00Z")), Unit::Week);
        assert_eq!(start, Some(at(&format!("{monday}T00:00:00Z"))), "{day}");
    }
}

#[test]
fn buckets_have_round_widths() {
    let width = |length: i64, most| Window { from: Timestamp(0), to: Timestamp(length) }.bucket_ms(most);
    assert_eq!(width(DAY_MS, 60), 30 * MINUTE_MS);
    assert_eq!(width(7 * DAY_MS, 60), 3 * HOUR_MS);
    assert_eq!(width(30 * DAY_MS, 61), 12 * HOUR_MS);
    assert_eq!(width(HOUR_MS, 100), MINUTE_MS);
    assert_eq!(width(1, 60), SECOND_MS);
    assert_eq!(width(365 * DAY_MS, 60), 7 * DAY_MS);
}

#[test]
fn the_previous_window_is_as_long() {
    let window = Window { from: at("2026-11-02T00:00:00Z"), to: at("2026-11-03T00:00:00Z") };
    assert_eq!(window.previous(), Window { from: at("2026-11-01T00:00:00Z"), to: window.from });
}

pub(crate) fn any_unit() -> impl Strategy<Value = Unit> {
    prop::sample::select(vec![Unit::Second, Unit::Minute, Unit::Hour, Unit::Day, Unit::Week, Unit::Month, Unit::Year])
}

fn any_now() -> impl Strategy<Value = Edge> {
    (any::<i32>(), any_unit(), prop::option::of(any_unit())).prop_map(|(count, unit, round)| Edge::Now {
        count,
        unit,
        round,
    })
}

/// Any range that can be written.
pub(crate) fn any_range() -> impl Strategy<Value = Range> {
    let moment = 0..=Timestamp::MAX.0;
    prop_oneof![
        (1..=u32::MAX, any_unit()).prop_map(|(count, unit)| Range::Last { count, unit }),
        (any_now(), any_now()).prop_map(|(from, to)| Range::Between { from, to }),
        (moment.clone(), any_now()).prop_map(|(at, to)| Range::Between { from: Edge::At(Timestamp(at)), to }),
        (moment.clone(), moment).prop_filter_map("from before to", |(from, to)| {
            (from < to).then_some(Range::Between { from: Edge::At(Timestamp(from)), to: Edge::At(Timestamp(to)) })
        }),
    ]
}

/// Times as RFC 3339 has them, and some that are not quite so. A leap second is `a_leap_second`'s.
fn any_time() -> impl Strategy<Value = String> {
    let fraction = prop_oneof![Just(String::new()), "\\.[0-9]{0,11}"];
    let offset = prop_oneof!["[Zz]", "[-+][0-2][0-9]:[0-6][0-9]", "[-+ ][0-9]{0,3}:?[0-9]{0,3}Z?"];
    let date = (0..=9999, 0..=13, 0..=32).prop_map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}"));
    let time = (0..=24, 0..=60, 0..60).prop_map(|(hour, minute, second)| format!("{hour:02}:{minute:02}:{second:02}"));
    let whole = (date, "[Tt x]", time, fraction, offset)
        .prop_map(|(date, joint, time, fraction, offset)| format!("{date}{joint}{time}{fraction}{offset}"));
    prop_oneof![9 => whole, 1 => "[-+0-9:T.Z]{0,26}|\\PC{0,24}"]
}

#[test]
fn a_leap_second() {
    let at = |text| Timestamp::parse(text).map(Timestamp::rfc3339);
    assert_eq!(at("2016-12-31T23:59:60Z").as_deref(), Some("2016-12-31T23:59:59.999Z"));
    assert_eq!(at("2016-12-31T23:59:61Z"), None);
}

proptest! {
    #[test]
    fn a_timestamp_is_the_same_after_its_text(ms in 0..=Timestamp::MAX.0) {
        prop_assert_eq!(Timestamp::parse(&Timestamp(ms).rfc3339()), Some(Timestamp(ms)));
    }

    #[test]
    fn times_are_read_as_the_time_crate_reads_them(text in any_time()) {
        let theirs = OffsetDateTime::parse(&text, &Rfc3339).ok().map(calendar::timestamp);
        prop_assert_eq!(Timestamp::parse(&text), theirs, "{}", text);
    }

    #[test]
    fn any_timestamp_has_a_text(ms in any::<i64>()) {
        prop_assert!(Timestamp(ms).rfc3339().ends_with('Z'));
    }

    #[test]
    fn a_range_is_the_same_after_its_text(range in any_range()) {
        prop_assert_eq!(Range::try_from(String::from(range)).ok(), Some(range));
    }

    #[test]
    fn no_text_and_no_moment_panics(text in "\\PC*|now[-+/0-9smhdwMy]{0,8}|[0-9]{0,12}[smhdwMy]", now in any::<i64>()) {
        for range in [Range::parse(&text), Range::between(&text, "now"), Range::between("now-1d", &text)].into_iter().flatten() {
            let _ = range.window(Timestamp(now));
            let _ = range.label();
        }
    }

    #[test]
    fn a_window_has_at_most_so_many_buckets(from in 0..1_000_000_000_000_i64, length in 1..=Timestamp::MAX.0, most in 2..500_u32) {
        let window = Window { from: Timestamp(from), to: Timestamp(from + length) };
        let width = window.bucket_ms(most);
        let touched = (window.to.0 - 1).div_euclid(width) - window.from.0.div_euclid(width) + 1;
        prop_assert!(touched <= i64::from(most), "{touched} buckets of {width}");
    }
}
