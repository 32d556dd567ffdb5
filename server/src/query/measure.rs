//! What each measure needs of the events, and how it is summed up from there.
//!
//! Counting has two steps: `partial` counts events by group and by every value that a measure tells apart (one pass,
//! by hashing), then the groups are summed up from these few rows. Distinct counts stay exact, and sorting, which
//! `count(distinct …)` needs, is done over thousands of rows and not over all events.

use model::{field::Field, panel::Measure};

/// A column of `partial` beside the groups and the count of events.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A value to tell apart.
    Value(Field),
    /// An aggregate, named as in `partial`.
    Aggregate(&'static str, &'static str),
}

const FAILURES: Part = Part::Aggregate("failures", "count(*) filter (where outcome = 'failure')");

/// What `measure` needs in `partial`.
pub fn part(measure: Measure) -> Option<Part> {
    match measure {
        Measure::Events => None,
        Measure::Failures | Measure::Successes | Measure::ErrorRate => Some(FAILURES),
        Measure::Actors => Some(Part::Value(Field::Actor)),
        Measure::SourceIps => Some(Part::Value(Field::SourceIp)),
        Measure::Countries => Some(Part::Value(Field::Country)),
        Measure::Accounts => Some(Part::Value(Field::Account)),
        Measure::AwsRegions => Some(Part::Value(Field::AwsRegion)),
        Measure::FirstSeen => Some(Part::Aggregate("first_seen", "min(event_time)")),
        Measure::LastSeen => Some(Part::Aggregate("last_seen", "max(event_time)")),
        Measure::ErrorMessage => Some(Part::Value(Field::ErrorMessage)),
    }
}

/// How a group's measure follows from its rows of `partial`.
pub enum Sum {
    Expression(&'static str),
    /// The value with the most events, the first in order among equals.
    MostFrequent(Field),
}

pub fn sum(measure: Measure) -> Sum {
    match measure {
        Measure::Events => Sum::Expression("coalesce(sum(events), 0)::bigint"),
        Measure::Failures => Sum::Expression("coalesce(sum(failures), 0)::bigint"),
        Measure::Successes => Sum::Expression("coalesce(sum(events - failures), 0)::bigint"),
        Measure::ErrorRate => Sum::Expression("(sum(failures) / nullif(sum(events), 0))::double precision"),
        Measure::Actors => Sum::Expression("count(distinct actor)"),
        Measure::SourceIps => Sum::Expression("count(distinct source_ip)"),
        Measure::Countries => Sum::Expression("count(distinct country)"),
        Measure::Accounts => Sum::Expression("count(distinct account)"),
        Measure::AwsRegions => Sum::Expression("count(distinct aws_region)"),
        Measure::FirstSeen => Sum::Expression("min(first_seen)"),
        Measure::LastSeen => Sum::Expression("max(last_seen)"),
        Measure::ErrorMessage => Sum::MostFrequent(Field::ErrorMessage),
    }
}
