//! What a panel groups events by: a field, or the first of the panel's own classes that an event is in.

use serde::{Deserialize, Serialize};

use crate::field::{Field, Kind};

/// A column that tells groups apart. Its name in a file is the field's key, or `class`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Group {
    Field(Field),
    /// The first class of the panel whose filter matches; null where none does.
    Class,
}

impl Group {
    pub fn key(self) -> &'static str {
        match self {
            Group::Field(field) => field.key(),
            Group::Class => "class",
        }
    }

    pub fn from_key(key: &str) -> Option<Group> {
        if key == Group::Class.key() { Some(Group::Class) } else { Field::from_key(key).map(Group::Field) }
    }

    pub fn label(self) -> &'static str {
        match self {
            Group::Field(field) => field.label(),
            Group::Class => "Class",
        }
    }

    pub fn kind(self) -> Kind {
        match self {
            Group::Field(field) => field.kind(),
            Group::Class => Kind::Text,
        }
    }

    pub fn field(self) -> Option<Field> {
        match self {
            Group::Field(field) => Some(field),
            Group::Class => None,
        }
    }
}

impl From<Field> for Group {
    fn from(field: Field) -> Group {
        Group::Field(field)
    }
}

impl TryFrom<String> for Group {
    type Error = String;

    fn try_from(key: String) -> Result<Group, String> {
        Group::from_key(&key).ok_or_else(|| format!("there is no field `{key}` to group by"))
    }
}

impl From<Group> for String {
    fn from(group: Group) -> String {
        group.key().to_owned()
    }
}

/// How grave the events of a class are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Critical,
    High,
    Medium,
    Low,
}

impl Level {
    pub fn key(self) -> &'static str {
        match self {
            Level::Critical => "critical",
            Level::High => "high",
            Level::Medium => "medium",
            Level::Low => "low",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Level::Critical => "Critical",
            Level::High => "High",
            Level::Medium => "Medium",
            Level::Low => "Low",
        }
    }
}

/// Events that belong together for this panel: a family of actions, a severity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// Unique in the panel; the value in JSON and CSV: `security-groups`.
    pub id: String,
    pub label: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Which events are in it, as far as no class before has them. A click on the class adds it.
    pub filter: String,
}
