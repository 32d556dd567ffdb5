//! What a pass counts, as rows that are kept: read for whole hours and days, summed up, and put into a statement again.

use std::{borrow::Cow, sync::Arc};

use foldhash::{HashMap, HashMapExt};
use model::time::Window;
use sqlx::{Postgres, QueryBuilder, Row, postgres::PgRow};
use time::OffsetDateTime;

use super::push_list;
use crate::store::change::Changes;

mod cut;
#[cfg(test)]
mod tests;

pub use cut::{Cut, Shown, Top};

/// What is counted, whenever.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tally {
    /// What rows are told apart by: columns of `partial` and their types.
    pub keys: Vec<(&'static str, &'static str)>,
    /// How many of the keys, from the first, are groups: the others are values that measures look at.
    pub groups: usize,
    /// Keys of which measures ask nothing but how many there are.
    pub distinct: Vec<usize>,
    /// Of `partial`.
    pub aggregates: Vec<&'static str>,
    pub bucket_ms: Option<i64>,
    /// Upon the events, then of the classes; in the filter language.
    pub filters: Vec<String>,
    /// Whether it depends on who is behind a session, which is learnt from events of any hour.
    pub of_origin: bool,
}

/// Rows of a tally. Their keys are texts of Postgres: of each its length, or `NULL`, and then itself. Aggregates are numbers; moments
/// are microseconds since 1970.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rows {
    keys: Vec<u8>,
    /// Where each row's keys end.
    ends: Vec<u32>,
    numbers: Vec<i64>,
}

const NULL: u32 = u32::MAX;
const NULL_KEY: [u8; 4] = NULL.to_le_bytes();

impl Rows {
    /// In memory.
    pub fn bytes(&self) -> usize {
        self.keys.len() + self.ends.len() * size_of::<u32>() + self.numbers.len() * size_of::<i64>()
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    fn push(&mut self, keys: &[u8], numbers: impl IntoIterator<Item = i64>) {
        self.keys.extend_from_slice(keys);
        self.ends.push(self.keys.len() as u32);
        self.numbers.extend(numbers);
    }

    fn rows(&self, width: usize) -> impl Iterator<Item = (&[u8], &[i64])> {
        let ends = || self.ends.iter().map(|end| *end as usize);
        let keys = [0].into_iter().chain(ends()).zip(ends()).map(|(begin, end)| &self.keys[begin..end]);
        keys.zip(self.numbers.chunks_exact(width))
    }

    /// The keys by column.
    fn columns(&self, count: usize) -> Vec<Vec<Option<String>>> {
        let mut columns = vec![Vec::with_capacity(self.len()); count];
        let mut rest = self.keys.as_slice();
        for at in 0..self.len() * count {
            let (field, after) = rest.split_at(prefix(rest, 1).len());
            let text = &field[size_of::<u32>()..];
            columns[at % count].push((length(field) != NULL).then(|| String::from_utf8_lossy(text).into_owned()));
            rest = after;
        }
        columns
    }
}

fn push_key(key: Option<&str>, keys: &mut Vec<u8>) {
    let length = key.map_or(NULL, |text| text.len() as u32);
    keys.extend_from_slice(&length.to_le_bytes());
    keys.extend_from_slice(key.unwrap_or_default().as_bytes());
}

/// What is known of a window's whole hours and days.
#[derive(Clone, Debug)]
pub struct Counted {
    pub tally: Arc<Tally>,
    pub window: Window,
    /// The parts of the window that are left to be counted.
    pub left: Vec<Window>,
    pub rows: Arc<Rows>,
    /// If `rows` are of the whole window, and only what is shown of it: how they were chosen.
    pub cut: Option<Cut>,
    /// How many events groups have that are not shown.
    pub rest: i64,
}

impl Tally {
    /// A number that grows whenever what is counted from one moment to the other may change; milliseconds since 1970, of whole hours.
    pub fn changes(&self, changes: &Changes, from: i64, to: i64) -> i64 {
        if self.of_origin { changes.between(i64::MIN, i64::MAX) } else { changes.between(from, to) }
    }

    /// The columns that `Reading` reads, after `span`, from a table of rows.
    pub fn push_columns(&self, sql: &mut QueryBuilder<Postgres>) {
        for (key, _) in &self.keys {
            sql.push(format_args!(", {key}::text"));
        }
        for name in &self.aggregates {
            let number = match *name {
                "first_seen" | "last_seen" => format!("(extract(epoch from {name}) * 1000000)::bigint"),
                name => format!("coalesce({name}, 0)::bigint"),
            };
            sql.push(format_args!(", {number}"));
        }
    }

    /// The rows of the same key as one; those of a group follow each other.
    pub fn sum<'a>(&self, all: impl IntoIterator<Item = &'a Rows>) -> Rows {
        let mut sum = Sum::new(self);
        for (key, numbers) in all.into_iter().flat_map(|rows| rows.rows(self.aggregates.len())) {
            sum.add(key, numbers.iter().copied());
        }
        sum.rows()
    }

    fn add(&self, sum: &mut [i64], more: impl Iterator<Item = i64>) {
        for ((name, sum), more) in self.aggregates.iter().zip(sum).zip(more) {
            add(name, sum, more);
        }
    }
}

/// What an aggregate is of two parts.
fn add(name: &str, sum: &mut i64, more: i64) {
    *sum = match name {
        "first_seen" => (*sum).min(more),
        "last_seen" => (*sum).max(more),
        _ => *sum + more,
    };
}

/// Rows of hours or days, as a statement tells them one by one.
pub struct Reading<'a> {
    tally: &'a Tally,
    spans: HashMap<i64, Sum<'a>>,
    /// Rows that were read.
    pub count: usize,
}

impl<'a> Reading<'a> {
    pub fn new(tally: &'a Tally) -> Reading<'a> {
        Reading { tally, spans: HashMap::new(), count: 0 }
    }

    /// `span`, keys, aggregates.
    pub fn add(&mut self, row: &PgRow) -> sqlx::Result<()> {
        let span: OffsetDateTime = row.try_get(0)?;
        let keys = self.tally.keys.len();
        let mut key = Vec::with_capacity(64);
        for at in 1..=keys {
            push_key(row.try_get(at)?, &mut key);
        }
        let numbers = (0..self.tally.aggregates.len()).map(|at| row.try_get(1 + keys + at));
        let numbers: Vec<i64> = numbers.collect::<sqlx::Result<_>>()?;
        let sum = self.spans.entry(span.unix_timestamp() * 1000).or_insert_with(|| Sum::new(self.tally));
        sum.unfold(&key, &numbers);
        self.count += 1;
        Ok(())
    }

    /// By the millisecond since 1970 at which spans begin.
    pub fn spans(self) -> HashMap<i64, Rows> {
        self.spans.into_iter().map(|(span, sum)| (span, sum.rows())).collect()
    }
}

/// Rows by their keys.
struct Sum<'a> {
    tally: &'a Tally,
    by_key: HashMap<Vec<u8>, Vec<i64>>,
}

impl Sum<'_> {
    fn new(tally: &Tally) -> Sum<'_> {
        Sum { tally, by_key: HashMap::new() }
    }

    fn add(&mut self, key: &[u8], numbers: impl Iterator<Item = i64>) {
        match self.by_key.get_mut(key) {
            Some(sum) => self.tally.add(sum, numbers),
            None => drop(self.by_key.insert(key.to_vec(), numbers.collect())),
        }
    }

    /// Adds a row without telling apart which distinct values came together: all else, and beside it a row of no events for each value. A
    /// few values of each of five fields are few rows, all their combinations are many.
    fn unfold(&mut self, key: &[u8], numbers: &[i64]) {
        let Tally { keys, groups, distinct, aggregates, .. } = self.tally;
        if distinct.is_empty() || keys.len() - groups < 2 {
            return self.add(key, numbers.iter().copied());
        }
        let fields = fields(key);
        let keeping = |keep: &dyn Fn(usize) -> bool| {
            let mut key = Vec::with_capacity(key.len());
            fields.iter().enumerate().for_each(|(at, field)| key.extend(if keep(at) { field } else { &NULL_KEY[..] }));
            key
        };
        self.add(&keeping(&|at| !distinct.contains(&at)), numbers.iter().copied());
        for value in distinct.iter().filter(|at| *fields[**at] != NULL_KEY) {
            let nothing = aggregates.iter().zip(numbers);
            let nothing = nothing.map(|(name, number)| if name.ends_with("_seen") { *number } else { 0 });
            self.add(&keeping(&|at| at < *groups || at == *value), nothing);
        }
    }

    fn rows(self) -> Rows {
        let mut all: Vec<_> = self.by_key.into_iter().collect();
        all.sort_unstable();
        let mut rows = Rows::default();
        all.into_iter().for_each(|(key, numbers)| rows.push(&key, numbers));
        rows
    }
}

/// A key's fields, each with its length.
fn fields(key: &[u8]) -> Vec<&[u8]> {
    let mut fields = Vec::new();
    let mut rest = key;
    while !rest.is_empty() {
        let (field, after) = rest.split_at(prefix(rest, 1).len());
        fields.push(field);
        rest = after;
    }
    fields
}

/// The first fields of a key.
fn prefix(key: &[u8], count: usize) -> &[u8] {
    let mut end = 0;
    for _ in 0..count {
        end += match length(&key[end..]) {
            NULL => size_of::<u32>(),
            length => size_of::<u32>() + length as usize,
        };
    }
    &key[..end]
}

fn length(field: &[u8]) -> u32 {
    u32::from_le_bytes(*field.first_chunk().expect("a length before each field"))
}

impl Counted {
    /// `select … from …`: rows of `partial`.
    pub fn push(&self, sql: &mut QueryBuilder<Postgres>) {
        let other = self.is_labelled().then_some(&("other", "boolean"));
        let keys: Vec<_> = other.into_iter().chain(&self.tally.keys).collect();
        let aggregates = self.aggregates();
        sql.push("\n  select ");
        for (key, kind) in &keys {
            // As the columns that it stands beside, so that texts are in the order of their bytes.
            let collation = if kind.starts_with("text") { " collate \"C\"" } else { "" };
            sql.push(format_args!("{key}::{kind}{collation} as {key}, "));
        }
        push_list(sql, &aggregates);
        sql.push("\n  from unnest(");
        for column in self.rows.columns(keys.len()) {
            sql.push_bind(column).push(", ");
        }
        let width = aggregates.len();
        for (at, name) in aggregates.iter().enumerate() {
            sql.push(if at > 0 { ", " } else { "" });
            let numbers = self.rows.numbers.iter().skip(at).step_by(width).copied();
            match name.as_ref() {
                "first_seen" | "last_seen" => sql.push_bind(numbers.map(moment).collect::<Vec<_>>()),
                _ => sql.push_bind(numbers.collect::<Vec<_>>()),
            };
        }
        sql.push(") as counted (");
        push_list(sql, keys.iter().map(|(key, _)| Cow::from(*key)).chain(aggregates));
        sql.push(")");
    }

    pub fn is_labelled(&self) -> bool {
        self.cut.is_some_and(Cut::is_labelled)
    }

    pub fn is_one_row(&self) -> bool {
        self.cut.is_some_and(|cut| cut.one_row)
    }

    /// Of the rows' numbers: those of `partial`, and how many values there are.
    pub fn aggregates(&self) -> Vec<Cow<'static, str>> {
        let Tally { keys, groups, aggregates, .. } = &*self.tally;
        let values = if self.is_one_row() { &keys[*groups..] } else { &[] };
        aggregates.iter().copied().map(Cow::from).chain(values.iter().map(|(key, _)| values_of(key).into())).collect()
    }
}

/// What holds how many values of a field a group has, where each is one row.
pub fn values_of(key: &str) -> String {
    format!("{key}_values")
}

fn moment(microseconds: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH.saturating_add(time::Duration::microseconds(microseconds))
}
