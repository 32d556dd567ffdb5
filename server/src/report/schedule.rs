//! At which moments a schedule falls due.

use jiff::{ToSpan, civil::Date, tz::TimeZone};
use model::{
    error::Error,
    report::{Every, Schedule},
    time::Timestamp,
};

/// A month and a day longer than any schedule rests.
const DAYS: usize = 63;

/// The zone of this name. Errors: there is none.
pub fn zone(name: &str) -> Result<TimeZone, Error> {
    TimeZone::get(name)
        .map_err(|_| Error::invalid("zone", "There is no such time zone: write Europe/Berlin or UTC, for example."))
}

/// The zone's name as it is known.
pub fn zone_name(typed: &str) -> Result<String, Error> {
    Ok(zone(typed)?.iana_name().unwrap_or(typed).to_owned())
}

/// The names of all zones, by place.
pub fn zones() -> Vec<String> {
    let names = jiff::tz::db().available().map(|name| name.to_string());
    let mut names: Vec<_> = names.filter(|name| name == "UTC" || name.contains('/')).collect();
    names.retain(|name| {
        !["Etc/", "SystemV/", "posix/", "right/", "US/", "Mexico/"].iter().any(|set| name.starts_with(set))
    });
    names.sort_unstable();
    names.dedup();
    names
}

/// The first moment after `after`. Where clocks are set forward over it, it is as much later; where they are set back, it is the first
/// of the two.
pub fn next(schedule: &Schedule, after: Timestamp) -> Result<Timestamp, Error> {
    let zone = zone(&schedule.zone)?;
    let start = moment(after)?.to_zoned(zone.clone());
    if schedule.every == Every::Hour {
        let of_hour = start.with().minute(minute(schedule)).second(0).subsec_nanosecond(0).build().map_err(outside)?;
        let mut next = of_hour.timestamp();
        while timestamp(next) <= after {
            next = next.checked_add(1.hour()).map_err(outside)?;
        }
        return Ok(timestamp(next));
    }
    let mut date = start.date();
    for _ in 0..DAYS {
        if falls_on(&schedule.every, date) {
            let hour = i8::try_from(schedule.hour).unwrap_or(0);
            let local = date.at(hour, minute(schedule), 0, 0);
            let at = timestamp(local.to_zoned(zone.clone()).map_err(outside)?.timestamp());
            if at > after {
                return Ok(at);
            }
        }
        date = date.tomorrow().map_err(outside)?;
    }
    Err(Error::invalid("every", "This is never sent."))
}

/// The last moment up to `now` and after `after`, if there is one.
pub fn last(schedule: &Schedule, after: Timestamp, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    let mut found = None;
    let mut at = next(schedule, after)?;
    while at <= now {
        found = Some(at);
        at = next(schedule, at)?;
    }
    Ok(found)
}

fn falls_on(every: &Every, date: Date) -> bool {
    match every {
        Every::Hour | Every::Day => true,
        Every::Week(days) => days.iter().any(|day| i8::try_from(*day) == Ok(date.weekday().to_monday_one_offset())),
        Every::Month(day) => i8::try_from(*day).unwrap_or(1).min(date.days_in_month()) == date.day(),
    }
}

fn minute(schedule: &Schedule) -> i8 {
    i8::try_from(schedule.minute).unwrap_or(0)
}

fn moment(at: Timestamp) -> Result<jiff::Timestamp, Error> {
    jiff::Timestamp::from_millisecond(at.0).map_err(outside)
}

fn timestamp(at: jiff::Timestamp) -> Timestamp {
    Timestamp(at.as_millisecond())
}

fn outside(_: jiff::Error) -> Error {
    Error::invalid("time", "This time is out of reach.")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    /// The moments that follow `after`.
    fn check(every: Every, time: (u8, u8), zone: &str, after: &str, expected: &[&str]) {
        let schedule = Schedule { every, hour: time.0, minute: time.1, zone: zone.to_owned() };
        let mut after = at(after);
        for expected in expected {
            after = next(&schedule, after).unwrap();
            assert_eq!(after, at(expected), "{schedule}: {} instead of {expected}", after.rfc3339());
        }
    }

    #[test]
    fn days_are_those_of_the_zone() {
        check(Every::Day, (8, 0), "UTC", "2026-11-28T07:59:59.999Z", &["2026-11-28T08:00:00Z", "2026-11-29T08:00:00Z"]);
        check(Every::Day, (8, 0), "UTC", "2026-11-28T08:00:00Z", &["2026-11-29T08:00:00Z"]);
        // In Auckland it is tomorrow already.
        check(Every::Day, (8, 0), "Pacific/Auckland", "2026-11-28T20:00:00Z", &["2026-11-29T19:00:00Z"]);
        check(
            Every::Week(vec![1, 5]),
            (0, 30),
            "America/New_York",
            "2026-11-28T12:00:00Z",
            &["2026-11-30T05:30:00Z", "2026-12-04T05:30:00Z", "2026-12-07T05:30:00Z"],
        );
    }

    #[test]
    fn months_end_when_they_end() {
        check(
            Every::Month(31),
            (6, 0),
            "UTC",
            "2027-01-31T07:00:00Z",
            &["2027-02-28T06:00:00Z", "2027-03-31T06:00:00Z", "2027-04-30T06:00:00Z"],
        );
        check(Every::Month(1), (6, 0), "UTC", "2026-12-01T06:00:00Z", &["2027-01-01T06:00:00Z"]);
        check(Every::Month(29), (6, 0), "UTC", "2028-02-01T00:00:00Z", &["2028-02-29T06:00:00Z"]);
    }

    #[test]
    fn daylight_saving_neither_loses_a_day_nor_doubles_one() {
        // Berlin goes from +1 to +2 on 2027-03-28 at 02:00, and back on 2027-10-31 at 03:00.
        check(Every::Day, (8, 0), "Europe/Berlin", "2027-03-27T07:00:00Z", &["2027-03-28T06:00:00Z"]);
        check(
            Every::Day,
            (2, 30),
            "Europe/Berlin",
            "2027-03-27T12:00:00Z",
            &["2027-03-28T01:30:00Z", "2027-03-29T00:30:00Z"],
        );
        check(
            Every::Day,
            (2, 30),
            "Europe/Berlin",
            "2027-10-30T12:00:00Z",
            &["2027-10-31T00:30:00Z", "2027-11-01T01:30:00Z"],
        );
        check(
            Every::Hour,
            (0, 15),
            "Europe/Berlin",
            "2027-10-31T00:00:00Z",
            &["2027-10-31T00:15:00Z", "2027-10-31T01:15:00Z", "2027-10-31T02:15:00Z"],
        );
        check(
            Every::Hour,
            (0, 15),
            "Europe/Berlin",
            "2027-03-28T00:30:00Z",
            &["2027-03-28T01:15:00Z", "2027-03-28T02:15:00Z"],
        );
        // Half an hour beside the others.
        check(Every::Hour, (0, 15), "Asia/Kolkata", "2027-01-01T00:50:00Z", &["2027-01-01T01:45:00Z"]);
        // A day that Samoa left out.
        check(Every::Day, (8, 0), "Pacific/Apia", "2011-12-29T19:00:00Z", &["2011-12-30T18:00:00Z"]);
    }

    #[test]
    fn of_missed_moments_the_last_counts() {
        let schedule = Schedule { every: Every::Hour, hour: 0, minute: 0, zone: "UTC".to_owned() };
        let last = |after: &str, now: &str| last(&schedule, at(after), at(now)).unwrap();
        assert_eq!(last("2026-11-28T00:00:00Z", "2026-11-28T05:30:00Z"), Some(at("2026-11-28T05:00:00Z")));
        assert_eq!(last("2026-11-28T05:00:00Z", "2026-11-28T05:30:00Z"), None);
    }

    #[test]
    fn zones_are_known_by_name() {
        assert!(zone("Europe/Berlin").is_ok() && zone("europe/berlin").is_ok());
        for wrong in ["", "Mars/Olympus", "../etc/passwd", "/etc/localtime"] {
            assert!(zone(wrong).is_err(), "{wrong}");
        }
        let zones = zones();
        assert!(zones.len() > 300 && zones.contains(&"UTC".to_owned()) && zones.contains(&"Asia/Tokyo".to_owned()));
    }
}
