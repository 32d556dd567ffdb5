//! A panel as data: one engine turns it into page, SQL, JSON, CSV, SVG and link.

use serde::{Deserialize, Serialize};

use crate::{
    field::{Field, Kind},
    time::Range,
};

/// What is counted over the events of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    Events,
    Failures,
    Successes,
    /// Failures as a share of events, 0 to 1; null without events.
    ErrorRate,
    /// Exact distinct counts; nulls are not counted.
    Actors,
    SourceIps,
    Countries,
    Accounts,
    AwsRegions,
    FirstSeen,
    LastSeen,
    /// The most frequent error message.
    ErrorMessage,
}

impl Measure {
    pub fn key(self) -> &'static str {
        match self {
            Measure::Events => "events",
            Measure::Failures => "failures",
            Measure::Successes => "successes",
            Measure::ErrorRate => "error_rate",
            Measure::Actors => "actors",
            Measure::SourceIps => "source_ips",
            Measure::Countries => "countries",
            Measure::Accounts => "accounts",
            Measure::AwsRegions => "aws_regions",
            Measure::FirstSeen => "first_seen",
            Measure::LastSeen => "last_seen",
            Measure::ErrorMessage => "error_message",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Measure::Events => "Events",
            Measure::Failures => "Failures",
            Measure::Successes => "Successes",
            Measure::ErrorRate => "Error rate",
            Measure::Actors => "Actors",
            Measure::SourceIps => "Source IPs",
            Measure::Countries => "Countries",
            Measure::Accounts => "Accounts",
            Measure::AwsRegions => "AWS regions",
            Measure::FirstSeen => "First seen",
            Measure::LastSeen => "Last seen",
            Measure::ErrorMessage => "Most frequent message",
        }
    }

    pub fn kind(self) -> Kind {
        match self {
            Measure::ErrorRate => Kind::Float,
            Measure::FirstSeen | Measure::LastSeen => Kind::Time,
            Measure::ErrorMessage => Kind::Text,
            _ => Kind::Integer,
        }
    }
}

/// How a panel is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Number tiles with a sparkline, one a measure, each beside the previous window.
    Figures,
    /// World map: countries shaded, cities as bubbles, AWS regions marked.
    Map,
    /// Map beside horizontal bars.
    MapAndBars,
    /// Stacked area over time.
    Area,
    /// Stacked bars over time.
    Bars,
    /// Horizontal bars, the largest first.
    Ranking,
    /// Horizontal bars with a stacked area over time above.
    RankingOverTime,
    /// A table of groups.
    Table,
    /// Events, newest first.
    List,
}

/// A grouping; over time, groups beyond the top are summed as `other`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grouping {
    pub id: String,
    #[serde(default)]
    pub by: Vec<Field>,
    /// Also by time bucket.
    #[serde(default)]
    pub over_time: bool,
    /// Over time: how many groups stand alone, the rest is `other`. Else: how many rows.
    pub limit: u32,
    pub measures: Vec<Measure>,
    /// An additional filter of this grouping, for instance `country:*`.
    #[serde(default)]
    pub filter: String,
}

/// A filter that a reader switches on or off on the panel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// Unique in the dashboard's panel: `writes`, `sign-ins`.
    pub id: String,
    pub label: String,
    /// Applied while it is on.
    pub filter: String,
    #[serde(default)]
    pub on: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Panel {
    /// As in the address: `sign-ins-by-region`.
    pub id: String,
    pub title: String,
    /// One sentence: what is counted, and what is not.
    pub description: String,
    pub mark: Mark,
    /// For `List`: the columns. Else: the groups, in order.
    #[serde(default)]
    pub by: Vec<Field>,
    #[serde(default)]
    pub over_time: bool,
    /// Empty for `List`.
    #[serde(default)]
    pub measures: Vec<Measure>,
    #[serde(default)]
    pub filter: String,
    /// Rows at most; over time: groups that stand alone.
    pub limit: u32,
    /// The further tables that the drawing needs.
    #[serde(default)]
    pub details: Vec<Grouping>,
    #[serde(default)]
    pub switches: Vec<Switch>,
    /// The range of this panel unless the page sets one.
    #[serde(default)]
    pub range: Option<Range>,
}
