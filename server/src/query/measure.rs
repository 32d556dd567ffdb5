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
    /// An aggregate, by its name in `partial`.
    Aggregate(&'static str),
}

/// The aggregate over events.
pub fn aggregate(name: &str) -> &'static str {
    match name {
        "failures" => "count(*) filter (where outcome = 'failure')",
        "first_seen" => "min(event_time)",
        "last_seen" => "max(event_time)",
        _ => "count(*)",
    }
}

/// What `measure` needs in `partial`.
pub fn part(measure: Measure) -> Option<Part> {
    match measure {
        Measure::Events | Measure::Share | Measure::Change => None,
        Measure::Failures | Measure::Successes | Measure::ErrorRate => Some(Part::Aggregate("failures")),
        Measure::FirstSeen => Some(Part::Aggregate("first_seen")),
        Measure::LastSeen => Some(Part::Aggregate("last_seen")),
        Measure::ErrorMessage => Some(Part::Value(Field::ErrorMessage)),
        Measure::MostFrequent(field) | Measure::Distinct(field) => Some(Part::Value(field)),
        Measure::Actors | Measure::SourceIps | Measure::Countries | Measure::Accounts | Measure::AwsRegions => {
            measure.distinct().map(Part::Value)
        }
    }
}

/// How a group's measure follows from its rows of `partial`.
pub enum Sum {
    Expression(&'static str),
    /// How many values there are.
    Distinct(Field),
    /// The value with the most events, the first in order among equals.
    MostFrequent(Field),
    /// Its part of the events of all groups.
    Share,
    /// Against its events in the window before.
    Change,
}

pub fn sum(measure: Measure) -> Sum {
    match measure {
        Measure::Events => Sum::Expression("coalesce(sum(events), 0)::bigint"),
        Measure::Failures => Sum::Expression("coalesce(sum(failures), 0)::bigint"),
        Measure::Successes => Sum::Expression("coalesce(sum(events - failures), 0)::bigint"),
        Measure::ErrorRate => Sum::Expression("(sum(failures) / nullif(sum(events), 0))::double precision"),
        Measure::Share => Sum::Share,
        Measure::Change => Sum::Change,
        Measure::Actors => Sum::Distinct(Field::Actor),
        Measure::SourceIps => Sum::Distinct(Field::SourceIp),
        Measure::Countries => Sum::Distinct(Field::Country),
        Measure::Accounts => Sum::Distinct(Field::Account),
        Measure::AwsRegions => Sum::Distinct(Field::AwsRegion),
        Measure::Distinct(field) => Sum::Distinct(field),
        Measure::FirstSeen => Sum::Expression("min(first_seen)"),
        Measure::LastSeen => Sum::Expression("max(last_seen)"),
        Measure::ErrorMessage => Sum::MostFrequent(Field::ErrorMessage),
        Measure::MostFrequent(field) => Sum::MostFrequent(field),
    }
}
