//! The pass over the events: a row for each group and each combination of values that a measure tells apart.

use std::sync::Arc;

use model::{field::Field, panel::Group, time::Window};
use sqlx::{Postgres, QueryBuilder, postgres::types::PgInterval};

use super::{
    Source, has_list,
    known::Known,
    name::{each, inner, push_value, shown_name},
    narrow::{self, Tables},
    push_list,
};
use crate::query::{
    measure::{self, Part},
    plan::Ask,
    reach::Visible,
};

/// `partial as (…)`
pub fn push(sql: &mut QueryBuilder<Postgres>, ask: &Ask<'_>) {
    let mut aggregates = vec!["events"];
    for part in ask.measures.iter().filter_map(|measure| measure::part(*measure)) {
        if let Part::Aggregate(name) = part
            && !aggregates.contains(&name)
        {
            aggregates.push(name);
        }
    }
    sql.push("partial as (");
    Pass { ask, window: ask.window, bucket_ms: ask.bucket_ms, values: values(ask), aggregates }.push(sql);
    sql.push("\n)");
}

/// What `partial` tells apart besides the groups.
pub fn values(ask: &Ask<'_>) -> Vec<Field> {
    let mut values = Vec::new();
    for part in ask.measures.iter().filter_map(|measure| measure::part(*measure)) {
        if let Part::Value(field) = part
            && !ask.by.contains(&Group::Field(field))
            && !values.contains(&field)
        {
            values.push(field);
        }
    }
    values
}

/// `before as (…)`: the events of the window before, by group.
pub fn push_before(sql: &mut QueryBuilder<Postgres>, ask: &Ask<'_>) {
    sql.push(",\nbefore as (");
    let (values, aggregates) = (Vec::new(), vec!["events"]);
    Pass { ask, window: ask.previous, bucket_ms: None, values, aggregates }.push(sql);
    sql.push("\n)");
}

/// A statement of one number: how many events match.
pub fn push_count(sql: &mut QueryBuilder<Postgres>, window: Window, filter: &Visible, known: &Arc<Known>) {
    match narrow::tables_of(filter.all()) {
        Some(tables) => {
            sql.push("select ").push(narrow::summed("events"));
            narrow::Scan { tables: &tables, filter, window, bucket_ms: None, measures: &[], known }.push(sql, "\n");
        }
        None => {
            sql.push("select count(*)");
            Source::new(window, filter).knowing(known).push(sql, "\n");
        }
    }
}

struct Pass<'a> {
    ask: &'a Ask<'a>,
    window: Window,
    bucket_ms: Option<i64>,
    /// Besides the groups.
    values: Vec<Field>,
    /// By name: see `measure::Part`.
    aggregates: Vec<&'static str>,
}

impl Pass<'_> {
    fn push(&self, sql: &mut QueryBuilder<Postgres>) {
        let tables = narrow::tables(self.ask);
        let taken_apart = has_list(self.ask);
        sql.push("\n  select ");
        let keys = match taken_apart {
            true => self.push_names(sql),
            false => self.push_keys(sql, tables.as_ref()),
        };
        let mut aggregates: Vec<_> = self.aggregates.iter().map(|name| aggregate(name, tables.is_some())).collect();
        if taken_apart {
            let events = if tables.is_some() { "sum(summed.events)" } else { "count(*)" };
            aggregates.push(format!("{events} filter (where is_first) as whole"));
        }
        push_list(sql, aggregates);
        if taken_apart {
            sql.push("\n  from (\n    select ");
            self.push_keys(sql, tables.as_ref());
            // Once for each event, whatever it has: by this one it counts among all.
            sql.push("unnest(array[true]) as is_first");
            for column in self.counted(tables.is_some()) {
                sql.push(", ").push(column);
            }
            self.push_from(sql, tables.as_ref(), "\n    ");
            sql.push("\n  ) as summed");
        } else {
            self.push_from(sql, tables.as_ref(), "\n  ");
        }
        if !keys.is_empty() {
            sql.push("\n  group by ");
            push_list(sql, keys);
        }
    }

    fn push_from(&self, sql: &mut QueryBuilder<Postgres>, tables: Option<&Tables>, indent: &str) {
        let Pass { ask, window, bucket_ms, .. } = *self;
        match tables {
            Some(tables) => {
                let Ask { filter, measures, known, .. } = ask;
                narrow::Scan { tables, filter, window, bucket_ms, measures, known }.push(sql, indent);
            }
            None => super::source(ask, window).push(sql, indent),
        }
    }

    /// What rows are told apart by, each followed by a comma, and the names of it.
    fn push_keys(&self, sql: &mut QueryBuilder<Postgres>, tables: Option<&Tables>) -> Vec<&'static str> {
        let mut keys = Vec::new();
        if let Some(width_ms) = self.bucket_ms {
            match tables {
                Some(_) => drop(sql.push("bucket")),
                None => push_bucket(sql, width_ms, "event_time"),
            }
            sql.push(", ");
            keys.push("bucket");
        }
        for group in self.ask.by {
            match (group, each(*group)) {
                (Group::Field(field), Some(each)) => drop(sql.push(format_args!("{each} as {}", field.key()))),
                (Group::Field(field), None) if tables.is_some() => drop(sql.push(field.key())),
                _ => push_value(sql, *group, self.ask),
            }
            sql.push(", ");
            keys.push(inner(*group));
        }
        for field in &self.values {
            sql.push(if tables.is_some() { field.key().to_owned() } else { shown_name(*field) }).push(", ");
            keys.push(field.key());
        }
        keys
    }

    /// The same by their names alone.
    fn push_names(&self, sql: &mut QueryBuilder<Postgres>) -> Vec<&'static str> {
        let bucket = self.bucket_ms.map(|_| "bucket");
        let groups = self.ask.by.iter().map(|group| inner(*group));
        let keys: Vec<_> =
            bucket.into_iter().chain(groups).chain(self.values.iter().map(|field| field.key())).collect();
        for key in &keys {
            sql.push(key).push(", ");
        }
        keys
    }

    /// The columns that the aggregates read, but for those that rows are told apart by.
    fn counted(&self, narrow: bool) -> Vec<&'static str> {
        let mut columns = Vec::new();
        if narrow {
            columns.push("summed.events");
        }
        for name in &self.aggregates {
            match (*name, narrow) {
                ("failures", _) if self.tells(Field::Outcome) => {}
                ("failures", _) => columns.push("outcome"),
                ("first_seen", true) => columns.push("summed.first_seen"),
                ("last_seen", true) => columns.push("summed.last_seen"),
                ("first_seen" | "last_seen", false) if !columns.contains(&"event_time") => columns.push("event_time"),
                _ => {}
            }
        }
        columns
    }

    fn tells(&self, field: Field) -> bool {
        self.values.contains(&field) || self.ask.by.contains(&Group::Field(field))
    }
}

/// Over events, or over rows that stand for several.
fn aggregate(name: &str, narrow: bool) -> String {
    let expression = match narrow {
        true => narrow::summed(name),
        false => measure::aggregate(name),
    };
    format!("{expression} as {name}")
}

pub fn push_bucket(sql: &mut QueryBuilder<Postgres>, width_ms: i64, time: &str) {
    let width = PgInterval { months: 0, days: 0, microseconds: width_ms * 1000 };
    sql.push("date_bin(").push_bind(width).push(format_args!(", {time}, 'epoch') as bucket"));
}
