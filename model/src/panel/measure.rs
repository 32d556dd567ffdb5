//! What is counted over the events of a group. A measure's key is its name in a panel's file, in JSON and in SQL.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{
    chart::format,
    field::{Field, Kind},
    series::Cell,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Measure {
    Events,
    Failures,
    Successes,
    /// Failures as a share of events, 0 to 1; null without events.
    ErrorRate,
    /// The group's events as a share of all that the panel counts in the window, 0 to 1.
    Share,
    /// The group's events against the window of equal length before, as a ratio: 0.5 is half as many again. Null where
    /// there were none.
    Change,
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
    /// `distinct_session`: the exact number of values of any field; nulls are not counted.
    Distinct(Field),
    /// `most_frequent_session`: the value of any field that most of the group's events have.
    MostFrequent(Field),
}

const DISTINCT: &str = "distinct_";
const MOST_FREQUENT: &str = "most_frequent_";

impl Measure {
    /// Those that need no field.
    pub const PLAIN: [Measure; 14] = [
        Measure::Events,
        Measure::Failures,
        Measure::Successes,
        Measure::ErrorRate,
        Measure::Share,
        Measure::Change,
        Measure::Actors,
        Measure::SourceIps,
        Measure::Countries,
        Measure::Accounts,
        Measure::AwsRegions,
        Measure::FirstSeen,
        Measure::LastSeen,
        Measure::ErrorMessage,
    ];

    pub fn key(self) -> Cow<'static, str> {
        let key = match self {
            Measure::Events => "events",
            Measure::Failures => "failures",
            Measure::Successes => "successes",
            Measure::ErrorRate => "error_rate",
            Measure::Share => "share",
            Measure::Change => "change",
            Measure::Actors => "actors",
            Measure::SourceIps => "source_ips",
            Measure::Countries => "countries",
            Measure::Accounts => "accounts",
            Measure::AwsRegions => "aws_regions",
            Measure::FirstSeen => "first_seen",
            Measure::LastSeen => "last_seen",
            Measure::ErrorMessage => "error_message",
            Measure::Distinct(field) => return Cow::Owned([DISTINCT, field.key()].concat()),
            Measure::MostFrequent(field) => return Cow::Owned([MOST_FREQUENT, field.key()].concat()),
        };
        Cow::Borrowed(key)
    }

    pub fn from_key(key: &str) -> Option<Measure> {
        if let Some(field) = key.strip_prefix(DISTINCT) {
            return Field::from_key(field).map(Measure::Distinct);
        }
        if let Some(field) = key.strip_prefix(MOST_FREQUENT) {
            return Field::from_key(field).map(Measure::MostFrequent);
        }
        Measure::PLAIN.into_iter().find(|measure| measure.key() == key)
    }

    /// As a person reads it in a table's head.
    pub fn label(self) -> Cow<'static, str> {
        let label = match self {
            Measure::Events => "Events",
            Measure::Failures => "Failures",
            Measure::Successes => "Successes",
            Measure::ErrorRate => "Error rate",
            Measure::Share => "Share",
            Measure::Change => "Change",
            Measure::Actors => "Actors",
            Measure::SourceIps => "Source IPs",
            Measure::Countries => "Countries",
            Measure::Accounts => "Accounts",
            Measure::AwsRegions => "AWS regions",
            Measure::FirstSeen => "First seen",
            Measure::LastSeen => "Last seen",
            Measure::ErrorMessage => "Most frequent message",
            Measure::Distinct(field) => return Cow::Owned(plural(field.label())),
            Measure::MostFrequent(field) => return Cow::Owned(["Usual ", &lower_first(field.label())].concat()),
        };
        Cow::Borrowed(label)
    }

    pub fn kind(self) -> Kind {
        match self {
            Measure::ErrorRate | Measure::Share | Measure::Change => Kind::Float,
            Measure::FirstSeen | Measure::LastSeen => Kind::Time,
            Measure::ErrorMessage => Kind::Text,
            Measure::MostFrequent(field) => field.kind(),
            _ => Kind::Integer,
        }
    }

    /// A value of it, whole, as charts write it.
    pub fn amount(self, value: f64) -> String {
        let cell = if self.kind() == Kind::Float { Cell::Float(value) } else { Cell::Int(value as i64) };
        format::cell(&self.key(), &cell)
    }

    /// Whether it is a number that charts can draw.
    pub fn is_number(self) -> bool {
        match self {
            Measure::MostFrequent(_) => false,
            measure => matches!(measure.kind(), Kind::Integer | Kind::Float),
        }
    }

    /// Whether the groups' amounts add up to the whole's: what may be stacked or shown as slices.
    pub fn adds_up(self) -> bool {
        matches!(self, Measure::Events | Measure::Failures | Measure::Successes)
    }

    /// The field whose values it counts.
    pub fn distinct(self) -> Option<Field> {
        match self {
            Measure::Actors => Some(Field::Actor),
            Measure::SourceIps => Some(Field::SourceIp),
            Measure::Countries => Some(Field::Country),
            Measure::Accounts => Some(Field::Account),
            Measure::AwsRegions => Some(Field::AwsRegion),
            Measure::Distinct(field) => Some(field),
            _ => None,
        }
    }
}

/// `Country` -> `Countries`, `Source address` -> `Source addresses`.
fn plural(label: &str) -> String {
    match label.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => [stem, "ies"].concat(),
        _ if label.ends_with('s') => [label, "es"].concat(),
        _ => [label, "s"].concat(),
    }
}

/// `Actor ARN` -> `actor ARN`; `AWS region` stays.
fn lower_first(label: &str) -> String {
    let mut chars = label.chars();
    match (chars.next(), label.chars().nth(1)) {
        (Some(first), Some(second)) if second.is_ascii_lowercase() => {
            [first.to_ascii_lowercase().to_string().as_str(), chars.as_str()].concat()
        }
        _ => label.to_owned(),
    }
}

impl TryFrom<String> for Measure {
    type Error = String;

    fn try_from(key: String) -> Result<Measure, String> {
        Measure::from_key(&key).ok_or_else(|| {
            let known: Vec<_> = Measure::PLAIN.iter().map(|measure| measure.key()).collect();
            let known = known.join(", ");
            format!("there is no measure `{key}`; there are {known}, distinct_<field>, most_frequent_<field>")
        })
    }
}

impl From<Measure> for String {
    fn from(measure: Measure) -> String {
        measure.key().into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_back() {
        let of_fields = Field::ALL.iter().flat_map(|field| [Measure::Distinct(*field), Measure::MostFrequent(*field)]);
        for measure in Measure::PLAIN.into_iter().chain(of_fields) {
            assert_eq!(Measure::from_key(&measure.key()), Some(measure));
        }
        assert_eq!(Measure::from_key("distinct_land"), None);
    }

    #[test]
    fn labels_are_words() {
        let label = |key| Measure::from_key(key).expect(key).label().into_owned();
        assert_eq!(label("distinct_country"), "Countries");
        assert_eq!(label("distinct_source_address"), "Source addresses");
        assert_eq!(label("distinct_access_key"), "Access keys");
        assert_eq!(label("most_frequent_actor_arn"), "Usual actor ARN");
    }
}
