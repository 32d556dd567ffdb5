//! The times that digests cover, and what that says about a log file that none of them names.

use model::time::Timestamp;

const HOUR_MS: i64 = 3_600_000;
/// Hours that follow one upon the other may leave so much between them.
const SLACK_MS: i64 = 60_000;

/// What a log file that is in no digest is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// The digests of its time, and of the hour after, are there and know nothing of it.
    Unexpected,
    /// The digest of its hour is not delivered yet.
    Recent,
    /// No digest covers its time.
    Uncovered,
}

/// Spans without holes, in the order of time.
#[derive(Debug, Default)]
pub struct Coverage {
    spans: Vec<(Timestamp, Timestamp)>,
    /// The next digest may not be delivered yet.
    goes_on: bool,
}

impl Coverage {
    /// Of the hours of single digests; `goes_on` where the newest that there are are among them.
    pub fn new(mut hours: Vec<(Timestamp, Timestamp)>, goes_on: bool) -> Coverage {
        hours.sort_unstable();
        let mut spans: Vec<(Timestamp, Timestamp)> = Vec::new();
        for (start, end) in hours {
            match spans.last_mut() {
                Some(last) if start.0 <= last.1.0.saturating_add(SLACK_MS) => last.1 = last.1.max(end),
                _ => spans.push((start, end)),
            }
        }
        Coverage { spans, goes_on }
    }

    /// Of a log file that was delivered at about `time`. Its name is minutes early at times, and a digest may be slow to
    /// name it: hence the hour after.
    pub fn absence(&self, time: Timestamp) -> Absence {
        let at = self.spans.partition_point(|(start, _)| *start <= time);
        let Some((_, end)) = at.checked_sub(1).map(|at| self.spans[at]) else { return Absence::Uncovered };
        let newest = self.goes_on && at == self.spans.len();
        match time.0 - end.0 {
            after if after <= -HOUR_MS => Absence::Unexpected,
            after if newest && after <= 2 * HOUR_MS => Absence::Recent,
            _ => Absence::Uncovered,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_no_digest() {
        let hour = |from: i64| (Timestamp(from * HOUR_MS), Timestamp((from + 1) * HOUR_MS));
        // From 10 to 13, and from 20 to 22.
        let hours = vec![hour(21), hour(10), hour(12), hour(11), hour(20)];
        let coverage = Coverage::new(hours.clone(), true);
        let absence = |hour: i64| coverage.absence(Timestamp(hour * HOUR_MS));
        assert_eq!(absence(9), Absence::Uncovered);
        assert_eq!(absence(10), Absence::Unexpected);
        assert_eq!(absence(12), Absence::Unexpected);
        // Before the gap it may be one of those that were not taken any more.
        assert_eq!([absence(13), absence(15), absence(19)], [Absence::Uncovered; 3]);
        assert_eq!(absence(20), Absence::Unexpected);
        assert_eq!([absence(22), absence(24)], [Absence::Recent; 2]);
        assert_eq!(absence(25), Absence::Uncovered);
        assert_eq!(Coverage::new(hours, false).absence(Timestamp(22 * HOUR_MS)), Absence::Uncovered);
        assert_eq!(Coverage::default().absence(Timestamp(0)), Absence::Uncovered);
    }
}
