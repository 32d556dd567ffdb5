//! The pass over the events: a row for each group and each combination of values that a measure tells apart.

use std::sync::Arc;

use model::{
    field::{Field, Kind},
    filter,
    panel::{Group, Measure},
    time::Window,
};
use sqlx::{Postgres, QueryBuilder, postgres::types::PgInterval};

use super::{
    Source, has_list,
    known::Known,
    name::{each, inner, push_value, shown_name},
    narrow::{self, Tables},
    push_list,
    tally::{Counted, Cut, Shown, Tally, Top},
};
use crate::query::{
    measure::{self, Part, Sum},
    plan::Ask,
    reach::Visible,
};

/// When a row's bucket, and its hour or day, begins.
pub const BUCKET: &str = "bucket";
pub const SPAN: &str = "span";

/// `partial as (…)`
pub fn push(sql: &mut QueryBuilder<Postgres>, ask: &Ask<'_>) {
    sql.push("partial as (");
    Pass::main(ask).push_known(sql);
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

/// How many events the groups have that `partial` leaves out, since they are not shown.
pub fn rest(ask: &Ask<'_>) -> i64 {
    Pass::main(ask).known().map_or(0, |counted| counted.rest)
}

/// Whether `partial` tells which groups are beyond the top, as `other`.
pub fn is_labelled(ask: &Ask<'_>) -> bool {
    Pass::main(ask).known().is_some_and(Counted::is_labelled)
}

/// Whether `partial` has one row for each group; see `tally::values_of`.
pub fn is_one_row(ask: &Ask<'_>) -> bool {
    Pass::main(ask).known().is_some_and(Counted::is_one_row)
}

/// `before as (…)`: the events of the window before, by group.
pub fn push_before(sql: &mut QueryBuilder<Postgres>, ask: &Ask<'_>) {
    sql.push(",\nbefore as (");
    Pass::before(ask).push_known(sql);
    sql.push("\n)");
}

/// The windows whose events a statement reads: what is known of the others is in it.
pub fn read(ask: &Ask<'_>) -> Vec<Window> {
    let before = ask.measures.contains(&Measure::Change).then(|| Pass::before(ask));
    let left = |pass: Pass<'_>| pass.known().map_or_else(|| vec![pass.window], |counted| counted.left.clone());
    [Pass::main(ask)].into_iter().chain(before).flat_map(left).collect()
}

/// What the statements of an ask count, with those of the window before.
pub fn passes<'a>(ask: &'a Ask<'a>) -> Vec<Pass<'a>> {
    let main = Pass::main(ask);
    let beside = ask.beside.then(|| Pass { window: ask.previous, ..main.clone() });
    let before = ask.measures.contains(&Measure::Change).then(|| Pass::before(ask));
    [main].into_iter().chain(beside).chain(before).collect()
}

/// A statement of one number: how many events match.
pub fn push_count(sql: &mut QueryBuilder<Postgres>, window: Window, filter: &Visible, known: &Arc<Known>) {
    match narrow::tables_of(filter.all()) {
        Some(tables) => {
            sql.push("select ").push(narrow::summed("events"));
            let (bucket_ms, span_ms, measures) = (None, None, &[] as &[Measure]);
            narrow::Scan { tables: &tables, filter, window, bucket_ms, span_ms, measures, known }.push(sql, "\n");
        }
        None => {
            sql.push("select count(*)");
            Source::new(window, filter).knowing(known).push(sql, "\n");
        }
    }
}

/// One pass over the events of a window.
#[derive(Clone)]
pub struct Pass<'a> {
    ask: &'a Ask<'a>,
    pub window: Window,
    pub bucket_ms: Option<i64>,
    /// Also by the hour or day of this length, as `span`.
    span_ms: Option<i64>,
    /// Besides the groups.
    values: Vec<Field>,
    /// By name: see `measure::Part`.
    aggregates: Vec<&'static str>,
}

impl<'a> Pass<'a> {
    fn main(ask: &'a Ask<'a>) -> Pass<'a> {
        let mut aggregates = vec!["events"];
        for part in ask.measures.iter().filter_map(|measure| measure::part(*measure)) {
            if let Part::Aggregate(name) = part
                && !aggregates.contains(&name)
            {
                aggregates.push(name);
            }
        }
        let (window, bucket_ms) = (ask.window, ask.bucket_ms);
        Pass { ask, window, bucket_ms, span_ms: None, values: values(ask), aggregates }
    }

    fn before(ask: &'a Ask<'a>) -> Pass<'a> {
        let (values, aggregates) = (Vec::new(), vec!["events"]);
        Pass { ask, window: ask.previous, bucket_ms: None, span_ms: None, values, aggregates }
    }

    /// What is counted, but for the window.
    pub fn tally(&self) -> Tally {
        let Ask { by, classes, filter, .. } = self.ask;
        let classes: &[_] = if by.contains(&Group::Class) { classes } else { &[] };
        let filters = || [filter.all()].into_iter().chain(classes.iter().map(|(_, filter)| filter));
        let origin = Field::Origin;
        let of_origin = self.tells(origin) || filters().any(|filter| filter.mentions(origin));
        let bucket = self.bucket_ms.map(|_| (BUCKET, "timestamptz"));
        let of_group = |group: &Group| (inner(*group), if each(*group).is_some() { "text" } else { sql_type(*group) });
        let of_value = |field: &Field| (field.key(), sql_type(Group::Field(*field)));
        let groups: Vec<_> = bucket.into_iter().chain(by.iter().map(of_group)).collect();
        let places = (groups.len()..).zip(&self.values);
        let distinct = places.filter(|(_, field)| self.is_counted(**field)).map(|(at, _)| at).collect();
        let whole = has_list(self.ask).then_some("whole");
        let aggregates = self.aggregates.iter().copied().chain(whole).collect();
        let filters = filters().map(filter::print).collect();
        let (bucket_ms, of_groups) = (self.bucket_ms, groups.len());
        let keys = groups.into_iter().chain(self.values.iter().map(of_value)).collect();
        Tally { keys, groups: of_groups, distinct, aggregates, bucket_ms, filters, of_origin }
    }

    /// Whether measures ask nothing of a value but how many there are.
    fn is_counted(&self, field: Field) -> bool {
        let uses = |measure: &&Measure| measure::part(**measure).is_some_and(|part| part == Part::Value(field));
        self.ask.measures.iter().filter(uses).all(|measure| matches!(measure::sum(*measure), Sum::Distinct(_)))
    }

    /// How much of the rows the statement needs, if it is not all.
    pub fn cut(&self) -> Option<Cut> {
        let shown = self.shown()?;
        let in_order = |field: &Field| matches!(field.kind(), Kind::Text | Kind::Address);
        let tells_itself = |field: &Field| field.kind() != Kind::List && (self.is_counted(*field) || in_order(field));
        let one_row = !self.values.is_empty() && self.values.iter().all(tells_itself);
        (one_row || shown != Shown::All).then_some(Cut { shown, one_row })
    }

    /// `None`: where groups are put together in the statement.
    fn shown(&self) -> Option<Shown> {
        let Ask { by, measures, order, inner, beside, limit, .. } = self.ask;
        let by_text = by
            .iter()
            .all(|group| matches!(group, Group::Field(field) if matches!(field.kind(), Kind::Text | Kind::List)));
        if self.bucket_ms.is_some() && !by.is_empty() {
            return by_text.then_some(Shown::Others(Top { limit: *limit as usize, by: "events", by_text }));
        }
        let main = match order {
            None => measures.first().map(|measure| measure.key()),
            Some(order) => (!order.ascending).then(|| order.by.as_str().into()),
        };
        let is_ranking = !by.is_empty() && inner.is_none() && !beside && self.window == self.ask.window;
        let rank = self.aggregates.iter().find(|name| is_ranking && main.as_deref() == Some(**name));
        // One more is asked for, to know whether there are more.
        let top = |by| Shown::Top(Top { limit: *limit as usize + 1, by, by_text });
        Some(rank.map_or(Shown::All, |by| top(by)))
    }

    /// A statement for `tally::Reading`: the rows of each hour or day in a window of such. Of more rows than `most` one more is told.
    pub fn spans(&self, tally: &Tally, window: Window, length_ms: i64, most: usize) -> QueryBuilder<Postgres> {
        let mut sql = QueryBuilder::new("select span");
        tally.push_columns(&mut sql);
        sql.push("\nfrom (");
        Pass { window, span_ms: Some(length_ms), ..self.clone() }.push(&mut sql);
        sql.push("\n  limit ").push_bind(most as i64 + 1).push("\n) as counted");
        sql
    }

    /// The pass, but for what is known of its whole hours and days.
    fn push_known(&self, sql: &mut QueryBuilder<Postgres>) {
        match self.known() {
            None => self.push(sql),
            Some(counted) => self.push_merged(sql, counted),
        }
    }

    fn known(&self) -> Option<&'a Counted> {
        let mut of_window = self.ask.counted.iter().filter(|counted| counted.window == self.window).peekable();
        of_window.peek()?;
        let (tally, cut) = (self.tally(), self.cut());
        of_window.find(|counted| *counted.tally == tally && counted.cut.is_none_or(|own| Some(own) == cut))
    }

    fn push_merged(&self, sql: &mut QueryBuilder<Postgres>, counted: &Counted) {
        sql.push("\n  select ");
        let mut keys = self.push_names(sql);
        if counted.is_labelled() {
            sql.push("other, ");
            keys.push("other");
        }
        push_list(sql, counted.aggregates().iter().map(|name| merged(name)));
        sql.push("\n  from (");
        for window in &counted.left {
            Pass { window: *window, ..self.clone() }.push(sql);
            sql.push("\n  union all");
        }
        counted.push(sql);
        sql.push("\n  ) as parts");
        if !keys.is_empty() {
            sql.push("\n  group by ");
            push_list(sql, keys);
        }
    }

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
        let Pass { ask, window, bucket_ms, span_ms, .. } = *self;
        match tables {
            Some(tables) => {
                let Ask { filter, measures, known, .. } = ask;
                narrow::Scan { tables, filter, window, bucket_ms, span_ms, measures, known }.push(sql, indent);
            }
            None => super::source(ask, window).push(sql, indent),
        }
    }

    /// What rows are told apart by, each followed by a comma, and the names of it.
    fn push_keys(&self, sql: &mut QueryBuilder<Postgres>, tables: Option<&Tables>) -> Vec<&'static str> {
        let mut keys = Vec::new();
        for (width_ms, name) in [(self.span_ms, SPAN), (self.bucket_ms, BUCKET)] {
            let Some(width_ms) = width_ms else { continue };
            match tables {
                Some(_) => drop(sql.push(name)),
                None => push_bucket(sql, width_ms, "event_time", name),
            }
            sql.push(", ");
            keys.push(name);
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
        let span = self.span_ms.map(|_| SPAN);
        let bucket = self.bucket_ms.map(|_| BUCKET);
        let groups = self.ask.by.iter().map(|group| inner(*group));
        let keys: Vec<_> =
            span.into_iter().chain(bucket).chain(groups).chain(self.values.iter().map(|field| field.key())).collect();
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

/// An aggregate of parts that were counted apart.
fn merged(name: &str) -> String {
    match name {
        "first_seen" => "min(first_seen) as first_seen".to_owned(),
        "last_seen" => "max(last_seen) as last_seen".to_owned(),
        name => format!("coalesce(sum({name}), 0)::bigint as {name}"),
    }
}

/// A group's type in Postgres.
fn sql_type(group: Group) -> &'static str {
    match group {
        Group::Class => "integer",
        Group::Field(field) => match field.kind() {
            Kind::Text => "text",
            Kind::List => "text[]",
            Kind::Bool => "boolean",
            Kind::Integer => "bigint",
            Kind::Float => "double precision",
            Kind::Time => "timestamptz",
            Kind::Address => "inet",
        },
    }
}

pub fn push_bucket(sql: &mut QueryBuilder<Postgres>, width_ms: i64, time: &str, name: &str) {
    let width = PgInterval { months: 0, days: 0, microseconds: width_ms * 1000 };
    sql.push("date_bin(").push_bind(width).push(format_args!(", {time}, 'epoch') as {name}"));
}
