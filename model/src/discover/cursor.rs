//! A place in a list of events, as text that others keep and hand back.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::{error::Error, time::Timestamp};

/// Between two rows, next to the event that it names. It outlives what is added to the list meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The moment that "now" was when the list began: a range that ends now stays the same from page to page.
    pub now: Timestamp,
    /// Microseconds since 1970: as fine as events are stored.
    pub time_us: i64,
    /// Empty: at the moment itself, before all events of it.
    pub event_id: String,
    /// What the list is sorted by, where that is not the time; `None` also where the event has no value.
    pub value: Option<String>,
}

/// What stands as it is: all else is escaped, the comma between the parts among it.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b':');

impl Cursor {
    /// A place in the order of time where no event needs to be.
    pub fn at(now: Timestamp, moment: Timestamp) -> Cursor {
        Cursor { now, time_us: moment.0 * 1000, event_id: String::new(), value: None }
    }

    pub fn is_moment(&self) -> bool {
        self.event_id.is_empty()
    }

    /// Reads `Display`'s text. Errors name `parameter`.
    pub fn parse(parameter: &str, text: &str) -> Result<Cursor, Error> {
        read(text).ok_or_else(|| {
            Error::invalid(parameter, "This is no place in a list. Take it from an answer, as it stands there.")
        })
    }
}

fn read(text: &str) -> Option<Cursor> {
    let mut parts = text.split(',');
    let now = Timestamp(parts.next()?.parse().ok()?);
    let time_us: i64 = parts.next()?.parse().ok()?;
    let event_id = decoded(parts.next()?)?;
    let value = match parts.next() {
        Some(value) => Some(decoded(value)?),
        None => None,
    };
    let in_time = (Timestamp(0)..=Timestamp::MAX).contains(&now) && time_us.abs() <= Timestamp::MAX.0 * 1000;
    (parts.next().is_none() && in_time).then_some(Cursor { now, time_us, event_id, value })
}

/// No id and no value holds a NUL.
fn decoded(text: &str) -> Option<String> {
    let decoded = percent_decode_str(text).decode_utf8().ok()?.into_owned();
    (!decoded.contains('\0')).then_some(decoded)
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{},{}", self.now.0, self.time_us, utf8_percent_encode(&self.event_id, ENCODED))?;
        match &self.value {
            Some(value) => write!(f, ",{}", utf8_percent_encode(value, ENCODED)),
            None => Ok(()),
        }
    }
}
