//! What has a page of its own: an actor, an address, a resource, an access key, an account. The page is a dashboard whose
//! panels are asked about that one thing.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::{
    field::Field,
    filter::{self, Ast, Pattern, Term},
    series::Cell,
};

/// What the paths of these pages begin with.
pub const PATH: &str = "/entity/";

/// What kind of thing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Actor,
    SourceIp,
    Resource,
    AccessKey,
    Account,
}

impl Kind {
    pub const ALL: [Kind; 5] = [Kind::Actor, Kind::SourceIp, Kind::Resource, Kind::AccessKey, Kind::Account];

    /// As in the address: the key of the field that it is a value of.
    pub fn key(self) -> &'static str {
        self.field().key()
    }

    pub fn from_key(key: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.key() == key)
    }

    pub fn field(self) -> Field {
        match self {
            Kind::Actor => Field::Actor,
            Kind::SourceIp => Field::SourceIp,
            Kind::Resource => Field::Resource,
            Kind::AccessKey => Field::AccessKey,
            Kind::Account => Field::Account,
        }
    }

    pub fn label(self) -> &'static str {
        self.field().label()
    }

    /// The dashboard that shows it.
    pub fn dashboard(self) -> &'static str {
        match self {
            Kind::Actor => "entity-actor",
            Kind::SourceIp => "entity-source-ip",
            Kind::Resource => "entity-resource",
            Kind::AccessKey => "entity-access-key",
            Kind::Account => "entity-account",
        }
    }
}

/// One thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    pub kind: Kind,
    pub value: String,
}

/// What stands as it is in a path: the value is one segment of it.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b':').remove(b'@');

impl Entity {
    /// The thing that a field's value is; most values have no page.
    pub fn of(field: Field, cell: &Cell) -> Option<Entity> {
        let kind = match field {
            Field::Actor | Field::Origin => Kind::Actor,
            Field::SourceIp => Kind::SourceIp,
            Field::Resource => Kind::Resource,
            Field::AccessKey | Field::IssuedAccessKey => Kind::AccessKey,
            Field::Account | Field::IdentityAccount => Kind::Account,
            _ => return None,
        };
        let value = cell.text().filter(|text| !text.is_empty())?.to_owned();
        Some(Entity { kind, value })
    }

    /// `/entity/actor/alice`.
    pub fn path(&self) -> String {
        let value = utf8_percent_encode(&self.value, PLAIN).to_string();
        // What follows the last dot of an address is the form that is asked for, unless the dot is written so.
        let value = match value.strip_suffix(".json") {
            Some(name) => format!("{name}%2Ejson"),
            None => value,
        };
        format!("{PATH}{}/{value}", self.kind.key())
    }

    /// The thing that the path of a page names.
    pub fn from_path(path: &str) -> Option<Entity> {
        let (kind, value) = path.strip_prefix(PATH)?.split_once('/')?;
        if value.contains('/') { None } else { Entity::from_segments(kind, value) }
    }

    /// The thing that a path's two segments name; an address in its one spelling.
    pub fn from_segments(kind: &str, value: &str) -> Option<Entity> {
        let value = percent_decode_str(value).decode_utf8().ok()?;
        Entity::new(Kind::from_key(kind)?, &value)
    }

    /// Nothing where the value can be none of its kind.
    pub fn new(kind: Kind, value: &str) -> Option<Entity> {
        let value = match kind {
            Kind::SourceIp => value.parse::<std::net::IpAddr>().ok()?.to_string(),
            _ => value.to_owned(),
        };
        (!value.is_empty()).then_some(Entity { kind, value })
    }

    /// The events that the page is about. An actor's are also those that it began and a role did, a key's also the one that
    /// issued it.
    pub fn filter(&self) -> Ast {
        let is = |field| Ast::equals(field, &Cell::Text(self.value.clone()));
        match self.kind {
            Kind::Actor => Ast::any_of([is(Field::Actor), is(Field::Origin)]),
            Kind::AccessKey => Ast::any_of([is(Field::AccessKey), is(Field::IssuedAccessKey), is(Field::Resource)]),
            kind => is(kind.field()),
        }
    }

    /// The thing that a filter as `within` makes it is about, and the reader's part of it.
    pub fn of_filter(kind: Kind, filter: &str) -> Option<(Entity, String)> {
        let mut terms = filter::parse(filter).ok()?.terms().into_iter();
        let own = terms.next()?;
        let leaf = match &own {
            Ast::Or(parts) => parts.first()?,
            leaf => leaf,
        };
        let Ast::Term(Term { pattern: Pattern::Exactly(value), .. }) = leaf else { return None };
        let entity = Entity::new(kind, value).filter(|entity| entity.filter() == own)?;
        Some((entity, filter::print(&Ast::all_of(terms))))
    }

    /// The reader's filter within the thing's; what cannot be read stays as it is, to be told.
    pub fn within(&self, filter: &str) -> String {
        match filter::parse(filter) {
            Ok(reader) => filter::print(&self.filter().and(reader)),
            Err(_) => filter.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_one_segment_and_comes_back() {
        for value in ["alice", "a/b?c#d%2F", "arn:aws:s3:::b/x.json", "ü 日本", "<script>", "x.json.json"] {
            let entity = Entity { kind: Kind::Resource, value: value.to_owned() };
            let path = entity.path();
            let segments: Vec<_> = path.split('/').collect();
            assert_eq!(segments.len(), 4, "{path}");
            assert!(!path.ends_with(".json"), "{path}");
            assert_eq!(Entity::from_path(&path), Some(entity), "{path}");
        }
        for path in [
            "/entity/actor",
            "/entity/actor/",
            "/entity/actor/a/b",
            "/entity/land/DE",
            "/d/actor/a",
            "/entity/actor/%ff",
        ] {
            assert_eq!(Entity::from_path(path), None, "{path}");
        }
    }

    #[test]
    fn kinds_have_fields_dashboards_and_filters() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_key(kind.key()), Some(kind));
            assert!(crate::dashboard::dashboard(kind.dashboard()).is_some(), "{}", kind.dashboard());
        }
        let of = |kind, value: &str| Entity::new(kind, value).map(|entity| filter::print(&entity.filter()));
        assert_eq!(of(Kind::Actor, "al ice").as_deref(), Some("actor:\"al ice\" or origin:\"al ice\""));
        assert_eq!(of(Kind::SourceIp, "2001:DB8:0::1").as_deref(), Some("source_ip:2001:db8::1"));
        assert_eq!(of(Kind::SourceIp, "AWS Internal"), None);
        assert_eq!(of(Kind::Account, ""), None);
        let alice = Entity { kind: Kind::Actor, value: "alice".into() };
        assert_eq!(alice.within("country:DE or city:x"), "(actor:alice or origin:alice) and (country:DE or city:x)");
        assert_eq!(alice.within("(("), "((");
        let whose = |filter: &str| Entity::of_filter(Kind::Actor, filter);
        for filter in ["", "country:DE or city:x", "not actor:bob", "actor:alice", "outcome:failure and country:DE"] {
            assert_eq!(whose(&alice.within(filter)), Some((alice.clone(), filter.to_owned())), "{filter}");
        }
        for filter in
            ["", "((", "actor:alice", "actor:alice or origin:bob", "country:DE and (actor:alice or origin:alice)"]
        {
            assert_eq!(whose(filter), None, "{filter}");
        }
        for kind in Kind::ALL {
            let entity = Entity::new(kind, "192.0.2.7").unwrap();
            assert_eq!(Entity::of_filter(kind, &entity.within("country:DE")), Some((entity, "country:DE".to_owned())));
        }
        assert_eq!(Entity::of(Field::EventName, &Cell::Text("x".into())), None);
        assert_eq!(Entity::of(Field::Origin, &Cell::Text("alice".into())), Some(alice));
        assert_eq!(Entity::of(Field::Actor, &Cell::Null), None);
    }
}
