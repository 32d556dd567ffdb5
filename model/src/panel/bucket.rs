//! The width of a time bucket, and the order of rows.

use serde::{Deserialize, Serialize};

use crate::time::{Range, Unit, Window};

/// Also by time, in buckets of a width that fits the window (`auto`) or of a given one (`1h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Bucket {
    Auto,
    Every { count: u32, unit: Unit },
}

/// Buckets of a time chart at most: enough for a shape, few enough for the page.
const MOST: u32 = 60;
/// Buckets of a given width at most; a longer window gets wider ones.
const MOST_GIVEN: i64 = 500;

impl Bucket {
    /// In milliseconds, for this window: the given width unless that makes too many buckets.
    pub fn width_ms(self, window: Window) -> i64 {
        let length = window.to.0.saturating_sub(window.from.0);
        match self.given_ms() {
            Some(given) if length / given < MOST_GIVEN => given,
            _ => window.bucket_ms(MOST),
        }
    }

    fn given_ms(self) -> Option<i64> {
        let Bucket::Every { count, unit } = self else { return None };
        unit.fixed_ms().map(|unit_ms| unit_ms.saturating_mul(count.into()))
    }
}

impl TryFrom<String> for Bucket {
    type Error = String;

    fn try_from(text: String) -> Result<Bucket, String> {
        if text == "auto" {
            return Ok(Bucket::Auto);
        }
        match Range::parse(&text) {
            Ok(Range::Last { count, unit }) if unit.fixed_ms().is_some() => Ok(Bucket::Every { count, unit }),
            _ => Err(format!("a bucket is `auto`, or a width such as 5m, 1h or 1d, and not `{text}`")),
        }
    }
}

impl From<Bucket> for String {
    fn from(bucket: Bucket) -> String {
        match bucket {
            Bucket::Auto => "auto".to_owned(),
            Bucket::Every { count, unit } => Range::Last { count, unit }.to_string(),
        }
    }
}

/// By which column rows are sorted. Without one: by the first measure, the largest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// The key of one of the panel's own measures or groups.
    pub by: String,
    /// The smallest first; classes in the order of the panel.
    #[serde(default)]
    pub ascending: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn a_given_width_is_kept_until_there_are_too_many() {
        let hours = |count: i64| Window { from: Timestamp(0), to: Timestamp(count * 3_600_000) };
        let bucket = |text: &str| Bucket::try_from(text.to_owned());
        assert_eq!(bucket("5m").expect("valid").width_ms(hours(24)), 300_000);
        assert_eq!(bucket("1h").expect("valid").width_ms(hours(24 * 7)), 3_600_000);
        assert_eq!(bucket("1h").expect("valid").width_ms(hours(24 * 365)), hours(24 * 365).bucket_ms(60));
        assert_eq!(bucket("auto").expect("valid").width_ms(hours(24)), 1_800_000);
        for wrong in ["", "1mo", "0h", "hour", "2026-01-01T00:00:00Z"] {
            assert!(bucket(wrong).is_err(), "{wrong}");
        }
        assert_eq!(String::from(bucket("2w").expect("valid")), "2w");
    }
}
