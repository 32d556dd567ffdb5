//! Times as CloudTrail writes them: in events to the second, in the names of files to the minute.

use time::{Date, OffsetDateTime, Weekday};

pub const SECOND: i64 = 1000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// The date and time of milliseconds since 1970.
pub fn civil(milliseconds: i64) -> OffsetDateTime {
    // Settings are bounded to the years that this type has.
    OffsetDateTime::from_unix_timestamp(milliseconds.div_euclid(SECOND)).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// `2026-11-24T23:04:29Z`
pub fn rfc3339(milliseconds: i64) -> String {
    let (date, time) = (civil(milliseconds).date(), civil(milliseconds).time());
    format!("{}T{:02}:{:02}:{:02}Z", day(date, '-'), time.hour(), time.minute(), time.second())
}

/// `20261124T2304Z`
pub fn stamp(milliseconds: i64) -> String {
    let at = civil(milliseconds);
    format!("{:04}{:02}{:02}T{:02}{:02}Z", at.year(), u8::from(at.month()), at.day(), at.hour(), at.minute())
}

/// Year, month and day, joined.
pub fn day(date: Date, joint: char) -> String {
    format!("{:04}{joint}{:02}{joint}{:02}", date.year(), u8::from(date.month()), date.day())
}

/// Hour (0 to 23) and whether it is Saturday or Sunday, where clocks are `utc_offset` hours ahead of UTC.
pub fn local(milliseconds: i64, utc_offset: i64) -> (usize, bool) {
    let there = civil(milliseconds + utc_offset * HOUR);
    (usize::from(there.hour()), matches!(there.weekday(), Weekday::Saturday | Weekday::Sunday))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_as_cloudtrail_does() {
        let at = 1_795_561_469_000;
        assert_eq!(rfc3339(at), "2026-11-24T23:04:29Z");
        assert_eq!(stamp(at), "20261124T2304Z");
        assert_eq!(local(at, 2), (1, false));
    }
}
