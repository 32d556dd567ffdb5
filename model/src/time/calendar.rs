//! Moving and rounding of moments, in UTC.

use ::time::{Date, Month, OffsetDateTime};

use super::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Timestamp, Unit};

/// The date and time of a moment; `None` outside of the years -9999 to 9999.
pub(super) fn date_time(at: Timestamp) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.0) * 1_000_000).ok()
}

/// The moment in whole milliseconds, rounded down.
pub(super) fn timestamp(at: OffsetDateTime) -> Timestamp {
    Timestamp(at.unix_timestamp_nanos().div_euclid(1_000_000) as i64)
}

/// `count` units later. A day that the month does not have becomes its last.
pub(super) fn moved(at: Timestamp, count: i64, unit: Unit) -> Option<Timestamp> {
    let fixed = |unit_ms: i64| at.0.checked_add(count.checked_mul(unit_ms)?).map(Timestamp);
    match unit {
        Unit::Second => fixed(SECOND_MS),
        Unit::Minute => fixed(MINUTE_MS),
        Unit::Hour => fixed(HOUR_MS),
        Unit::Day => fixed(DAY_MS),
        Unit::Week => fixed(7 * DAY_MS),
        Unit::Month => months_later(at, count),
        Unit::Year => months_later(at, count.checked_mul(12)?),
    }
}

fn months_later(at: Timestamp, count: i64) -> Option<Timestamp> {
    let at = date_time(at)?;
    let months = (i64::from(at.year()) * 12 + i64::from(u8::from(at.month())) - 1).checked_add(count)?;
    let year = i32::try_from(months.div_euclid(12)).ok()?;
    let month = Month::try_from(months.rem_euclid(12) as u8 + 1).ok()?;
    let day = at.day().min(month.length(year));
    Some(timestamp(at.replace_date(Date::from_calendar_date(year, month, day).ok()?)))
}

/// The start of the unit that the moment lies in.
pub(super) fn start(at: Timestamp, unit: Unit) -> Option<Timestamp> {
    let floor = |unit_ms: i64| Some(Timestamp(at.0.checked_sub(at.0.rem_euclid(unit_ms))?));
    let midnight = |date: Date| timestamp(date.midnight().assume_utc());
    let date = date_time(at)?.date();
    match unit {
        Unit::Second => floor(SECOND_MS),
        Unit::Minute => floor(MINUTE_MS),
        Unit::Hour => floor(HOUR_MS),
        Unit::Day => floor(DAY_MS),
        Unit::Week => {
            let days = i64::from(date.weekday().number_days_from_monday());
            moved(midnight(date), -days, Unit::Day)
        }
        Unit::Month => date.replace_day(1).ok().map(midnight),
        Unit::Year => Date::from_ordinal_date(date.year(), 1).ok().map(midnight),
    }
}
