//! When a report is sent: an hour and a minute in a time zone, on some days. Which moments that are, `server::report` knows.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// On which days, or every hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    Hour,
    Day,
    /// On these days of the week: 1 is Monday. Never none, in order.
    Week(Vec<u8>),
    /// On this day; on the last where a month has no such day.
    Month(u8),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    pub every: Every,
    /// Without meaning every hour.
    pub hour: u8,
    pub minute: u8,
    /// By IANA's name: `Europe/Berlin`, `UTC`.
    pub zone: String,
}

pub const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

impl Default for Schedule {
    fn default() -> Schedule {
        Schedule { every: Every::Week(vec![1, 2, 3, 4, 5]), hour: 8, minute: 0, zone: "UTC".to_owned() }
    }
}

impl Schedule {
    /// The time as it is typed: `08:00`.
    pub fn time(&self) -> String {
        format!("{:02}:{:02}", self.hour, self.minute)
    }

    /// `every`: `hour`, `day`, `week` or `month`; `time`: `08:00`; `days`: 1 is Monday; `day`: of the month.
    pub fn parse(every: &str, time: &str, days: &[&str], day: &str, zone: &str) -> Result<Schedule, Error> {
        let wrong_time = || Error::invalid("time", "Write the time as 08:00.");
        let (hour, minute) = time.trim().split_once(':').ok_or_else(wrong_time)?;
        let part = |text: &str, most: u8| text.parse().ok().filter(|part| *part <= most).ok_or_else(wrong_time);
        let (hour, minute) = (part(hour, 23)?, part(minute, 59)?);
        let every = match every {
            "hour" => Every::Hour,
            "day" => Every::Day,
            "week" => {
                let day = |day: &&str| day.parse().ok().filter(|day| (1..=7).contains(day));
                let mut days: Vec<u8> = days.iter().filter_map(day).collect();
                days.sort_unstable();
                days.dedup();
                if days.is_empty() {
                    return Err(Error::invalid("days", "Choose on which days of the week it is sent."));
                }
                Every::Week(days)
            }
            "month" => {
                let day = day.trim().parse().ok().filter(|day| (1..=31).contains(day));
                Every::Month(day.ok_or_else(|| Error::invalid("day", "A day of the month is from 1 to 31."))?)
            }
            _ => return Err(Error::invalid("every", "Choose how often it is sent.")),
        };
        Ok(Schedule { every, hour, minute, zone: zone.trim().to_owned() })
    }
}

/// `Weekdays at 08:00, Europe/Berlin`.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Schedule { every, minute, zone, .. } = self;
        let time = self.time();
        match every {
            Every::Hour => write!(f, "Every hour at :{minute:02}"),
            Every::Day => write!(f, "Every day at {time}, {zone}"),
            Every::Week(days) => write!(f, "{} at {time}, {zone}", named(days)),
            Every::Month(31) => write!(f, "On the last day of the month at {time}, {zone}"),
            Every::Month(day) => write!(f, "On day {day} of the month at {time}, {zone}"),
        }
    }
}

fn named(days: &[u8]) -> String {
    match days {
        [1, 2, 3, 4, 5] => "Weekdays".to_owned(),
        [6, 7] => "Weekends".to_owned(),
        [1, 2, 3, 4, 5, 6, 7] => "Every day".to_owned(),
        days => {
            let name = |day: &u8| WEEKDAYS.get(usize::from(day.saturating_sub(1))).copied();
            let names: Vec<_> = days.iter().filter_map(name).collect();
            match names.as_slice() {
                [one] => format!("Every {one}"),
                names => names.iter().map(|name| &name[..3]).collect::<Vec<_>>().join(", "),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_schedule_is_told_as_people_tell_it() {
        let check = |every: &str, days: &[&str], day: &str, told: &str| {
            assert_eq!(Schedule::parse(every, "08:05", days, day, "Europe/Berlin").unwrap().to_string(), told);
        };
        check("hour", &[], "", "Every hour at :05");
        check("day", &[], "", "Every day at 08:05, Europe/Berlin");
        check("week", &["5", "1", "3", "4", "2", "1"], "", "Weekdays at 08:05, Europe/Berlin");
        check("week", &["1"], "", "Every Monday at 08:05, Europe/Berlin");
        check("week", &["7", "3"], "", "Wed, Sun at 08:05, Europe/Berlin");
        check("month", &[], "1", "On day 1 of the month at 08:05, Europe/Berlin");
        check("month", &[], "31", "On the last day of the month at 08:05, Europe/Berlin");
        let schedule = Schedule::default();
        assert_eq!(serde_json::from_str::<Schedule>(&serde_json::to_string(&schedule).unwrap()).unwrap(), schedule);
    }

    #[test]
    fn what_is_no_schedule_is_told() {
        for (every, time, days, day, parameter) in [
            ("", "08:00", &[][..], "", "every"),
            ("day", "8", &[], "", "time"),
            ("day", "24:00", &[], "", "time"),
            ("day", "08:60", &[], "", "time"),
            ("week", "08:00", &[], "", "days"),
            ("week", "08:00", &["0", "8", "x"], "", "days"),
            ("month", "08:00", &[], "0", "day"),
            ("month", "08:00", &[], "32", "day"),
        ] {
            let error = Schedule::parse(every, time, days, day, "UTC").unwrap_err();
            assert_eq!(error.parameter.as_deref(), Some(parameter), "{every} {time}");
        }
    }
}
