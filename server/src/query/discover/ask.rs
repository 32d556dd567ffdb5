//! An address of Discover, resolved: window, filter, columns, order, and the place as binds of the right type.

use std::{net::IpAddr, sync::Arc};

use model::{
    access::Accounts,
    discover::{Cursor, Discover, Place, Sort},
    error::Error,
    field::{Field, Kind},
    filter::{self, Target},
    series::Column,
    time::{Range, Timestamp, Window},
    view::View,
};
use time::OffsetDateTime;

use super::super::{reach::Visible, sql::Known};

/// Everything that the statements depend on.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The moment that "now" is for this list.
    pub now: Timestamp,
    pub window: Window,
    /// The reader's filter, printed.
    pub filter: String,
    /// That, and what the reader may see.
    pub condition: Visible,
    /// What the database said of its parts.
    pub known: Arc<Known>,
    pub columns: Vec<Target>,
    /// Whether each row ends with the event as it was delivered.
    pub raw: bool,
    /// Whether it tells what digests say about the event's log file.
    pub integrity: bool,
    pub sort: Sort,
    pub from: From,
    /// Rows at most; `None`: all.
    pub limit: Option<u32>,
}

/// Where the rows begin.
#[derive(Clone, Debug)]
pub enum From {
    First,
    After(Keyset),
    Before(Keyset),
    /// The event of this id in the middle.
    Around(String),
}

/// A cursor whose parts have their columns' types.
#[derive(Clone, Debug)]
pub struct Keyset {
    pub time: OffsetDateTime,
    pub event_id: String,
    /// What the list is sorted by, where it is not the time alone.
    pub value: Option<Value>,
}

/// A value to compare a column with.
#[derive(Clone, Debug)]
pub enum Value {
    Text(String),
    Bool(bool),
    Integer(i64),
    Float(f64),
    Address(String),
}

impl Ask {
    /// Errors: a range, filter or cursor that cannot be read; an order that there is not.
    pub fn new(view: &View, discover: &Discover, now: Timestamp, accounts: &Accounts) -> Result<Ask, Error> {
        let sort = discover.sort;
        if sort.field.kind() == Kind::List {
            let message = format!("{} can have several values: choose another field.", sort.field.key());
            return Err(Error::invalid("sort", message));
        }
        let (from, now) = match &discover.place {
            Place::First => (From::First, now),
            Place::After(cursor) => (From::After(Keyset::new("after", cursor, sort)?), cursor.now),
            Place::Before(cursor) => (From::Before(Keyset::new("before", cursor, sort)?), cursor.now),
            Place::Around(id) => (From::Around(id.clone()), now),
        };
        let condition = view.condition()?;
        let columns = match discover.columns.is_empty() {
            true => Field::ALL.iter().copied().map(Target::Field).collect(),
            false => discover.columns.clone(),
        };
        Ok(Ask {
            now,
            window: view.range.unwrap_or(Range::DEFAULT).window(now)?,
            filter: filter::print(&condition),
            condition: Visible::new(condition, accounts),
            known: Arc::default(),
            columns,
            raw: discover.raw,
            integrity: discover.integrity,
            sort,
            from,
            limit: discover.limit,
        })
    }

    /// The head of the answer.
    pub fn heads(&self) -> Vec<Column> {
        let mut heads: Vec<_> = self.columns.iter().map(head).collect();
        if self.integrity {
            let (key, label) = ("integrity".to_owned(), "Log file integrity".to_owned());
            heads.push(Column { key, kind: Kind::Text, label });
        }
        if self.raw {
            heads.push(Column { key: "raw".to_owned(), kind: Kind::Text, label: "Raw event".to_owned() });
        }
        heads
    }

    /// Whether the time alone is the order.
    pub fn by_time(&self) -> bool {
        self.sort.field == Field::EventTime
    }
}

fn head(column: &Target) -> Column {
    let kind = match column {
        Target::Field(field) => field.kind(),
        // Lists on the way and at the end of a path count as their elements.
        Target::Path(_) | Target::Event => Kind::List,
    };
    Column { key: model::discover::name(column), kind, label: model::discover::label(column) }
}

impl Keyset {
    /// Errors: a cursor of a list that was sorted by something else.
    pub fn new(parameter: &str, cursor: &Cursor, sort: Sort) -> Result<Keyset, Error> {
        let other =
            || Error::invalid(parameter, "This is a place in a list with another order. Begin at its first page.");
        let value = match &cursor.value {
            Some(_) if sort.field == Field::EventTime => return Err(other()),
            Some(text) => Some(Value::parse(sort.field.kind(), text).ok_or_else(other)?),
            None => None,
        };
        let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(cursor.time_us) * 1000).map_err(|_| other())?;
        Ok(Keyset { time, event_id: cursor.event_id.clone(), value })
    }
}

impl Value {
    /// `None` where the text is no value of this kind.
    fn parse(kind: Kind, text: &str) -> Option<Value> {
        match kind {
            Kind::Text => Some(Value::Text(text.to_owned())),
            Kind::Bool => text.parse().ok().map(Value::Bool),
            Kind::Integer => text.parse().ok().map(Value::Integer),
            Kind::Float => text.parse().ok().map(Value::Float),
            Kind::Address => text.parse::<IpAddr>().ok().map(|address| Value::Address(address.to_string())),
            // Several values have no order.
            Kind::Time | Kind::List => None,
        }
    }
}
