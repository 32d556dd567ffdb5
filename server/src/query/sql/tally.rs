//! What a pass counts, as rows that are kept: read for whole hours and days, summed up, and put into a statement again.

use std::{
    borrow::Cow,
    cmp::Ordering,
    collections::{HashMap, HashSet, hash_map::Entry},
    net::IpAddr,
    sync::Arc,
};

use model::time::Window;
use sqlx::{Postgres, QueryBuilder, Row, postgres::PgRow};
use time::OffsetDateTime;

use super::push_list;

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

impl Cut {
    /// Groups that are shown.
    pub fn limit(self) -> usize {
        match self.shown {
            Shown::Top(top) | Shown::Others(top) => top.limit,
            Shown::All => 0,
        }
    }

    /// Whether the rows tell which of them are of the groups beyond the top.
    pub fn is_labelled(self) -> bool {
        matches!(self.shown, Shown::Others(_))
    }
}

impl Top {
    /// Which these are of some groups with their events.
    fn of(self, mut groups: Vec<(&[u8], i64)>) -> HashSet<&[u8]> {
        if self.limit == 0 {
            return HashSet::new();
        }
        if groups.len() > self.limit {
            let order = |(a, of_a): &(&[u8], i64), (b, of_b): &(&[u8], i64)| {
                of_b.cmp(of_a).then_with(|| if self.by_text { by_text(a, b) } else { Ordering::Equal })
            };
            let (_, last, _) = groups.select_nth_unstable_by(self.limit - 1, order);
            let last = *last;
            groups.retain(|other| order(other, &last) != Ordering::Greater);
        }
        groups.into_iter().map(|(group, _)| group).collect()
    }
}

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

/// How much of a window's rows a statement needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    pub shown: Shown,
    /// Whether each group is one row: with how many values it has of each kind, and of those that measures show the most frequent one.
    pub one_row: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    All,
    /// These groups alone.
    Top(Top),
    /// Over time: these groups, and all others as one, which a further key tells, `other`.
    Others(Top),
}

/// The first groups by their events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Top {
    pub limit: usize,
    /// Whether groups with as many events are in the order of their texts.
    pub by_text: bool,
}

impl Tally {
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
            sum.add(key.to_vec(), numbers.iter().copied());
        }
        sum.rows()
    }

    /// Of two sums, what a statement needs, and how many events groups have that are left out.
    pub fn cut(&self, rows: &Rows, more: &Rows, cut: Cut) -> (Rows, i64) {
        let (shown, rest) = match cut.shown {
            Shown::All => (self.sum([rows, more]), 0),
            Shown::Top(top) => self.top(rows, more, top),
            Shown::Others(top) => (self.others(rows, more, top), 0),
        };
        (if cut.one_row { self.one_row(&shown, cut.is_labelled()) } else { shown }, rest)
    }

    /// The rows of the top groups, and how many events all others have.
    fn top(&self, rows: &Rows, more: &Rows, top: Top) -> (Rows, i64) {
        let (width, group) = (self.aggregates.len(), |key| prefix(key, self.groups));
        let weight = |numbers: &[i64]| {
            self.aggregates.iter().position(|name| *name == "whole").map_or(numbers[0], |at| numbers[at])
        };
        let mut beside: HashMap<&[u8], i64> = HashMap::new();
        for (key, numbers) in more.rows(width) {
            *beside.entry(group(key)).or_default() += numbers[0];
        }
        let mut groups: Vec<(&[u8], i64)> = Vec::new();
        for (key, numbers) in rows.rows(width) {
            match groups.last_mut() {
                Some((last, events)) if *last == group(key) => *events += numbers[0],
                _ => groups.push((group(key), numbers[0] + beside.remove(group(key)).unwrap_or_default())),
            }
        }
        groups.extend(beside);
        let shown = top.of(groups);
        let (mut cut, mut rest) = (Rows::default(), 0);
        for (key, numbers) in rows.rows(width).chain(more.rows(width)) {
            if shown.contains(group(key)) {
                cut.push(key, numbers.iter().copied());
            } else {
                rest += weight(numbers);
            }
        }
        (cut, rest)
    }

    /// The rows of the top groups over time, and those of all others as one group's, with `other` as their first key. A group
    /// without any value stands alone.
    fn others(&self, rows: &Rows, more: &Rows, top: Top) -> Rows {
        const IS_OTHER: [&str; 2] = ["false", "true"];
        let width = self.aggregates.len();
        let all = || rows.rows(width).chain(more.rows(width));
        let bucket = |key| prefix(key, 1);
        let group = |key| &prefix(key, self.groups)[bucket(key).len()..];
        let valueless = NULL_KEY.repeat(self.groups - 1);
        let mut groups: HashMap<&[u8], i64> = HashMap::new();
        for (key, numbers) in all() {
            *groups.entry(group(key)).or_default() += numbers[0];
        }
        groups.remove(&valueless[..]);
        let shown = top.of(groups.into_iter().collect());
        let mut sum = Sum::new(self);
        for (key, numbers) in all() {
            let own = group(key);
            let is_other = own != valueless && !shown.contains(own);
            let mut labelled = Vec::with_capacity(key.len() + 9);
            push_key(Some(IS_OTHER[usize::from(is_other)]), &mut labelled);
            labelled.extend_from_slice(bucket(key));
            labelled.extend_from_slice(if is_other { &valueless } else { own });
            labelled.extend_from_slice(&key[prefix(key, self.groups).len()..]);
            sum.add(labelled, numbers.iter().copied());
        }
        sum.rows()
    }

    /// Each group as one row: after the aggregates, how many values it has of each kind.
    fn one_row(&self, rows: &Rows, is_labelled: bool) -> Rows {
        let groups = self.groups + usize::from(is_labelled);
        let kinds = self.groups..self.keys.len();
        /// Of a group: its numbers, and by kind its values with their events.
        type Group<'a> = (Vec<i64>, Vec<HashMap<&'a [u8], i64>>);
        let mut all: HashMap<&[u8], Group<'_>> = HashMap::new();
        for (key, numbers) in rows.rows(self.aggregates.len()) {
            let group = prefix(key, groups);
            let values = match all.entry(group) {
                Entry::Vacant(vacant) => &mut vacant.insert((numbers.to_vec(), vec![HashMap::new(); kinds.len()])).1,
                Entry::Occupied(group) => {
                    let (sum, values) = group.into_mut();
                    self.add(sum, numbers.iter().copied());
                    values
                }
            };
            let mut rest = &key[group.len()..];
            for values in values {
                let (value, after) = rest.split_at(prefix(rest, 1).len());
                if value != NULL_KEY {
                    *values.entry(value).or_default() += numbers[0];
                }
                rest = after;
            }
        }
        let mut cut = Rows::default();
        for (group, (sum, values)) in all {
            let mut key = group.to_vec();
            for (at, values) in kinds.clone().zip(&values) {
                let shown = if self.distinct.contains(&at) { None } else { most_frequent(values, self.keys[at].1) };
                key.extend_from_slice(shown.unwrap_or(&NULL_KEY));
            }
            cut.push(&key, sum.into_iter().chain(values.iter().map(|values| values.len() as i64)));
        }
        cut
    }

    fn add(&self, sum: &mut [i64], more: impl Iterator<Item = i64>) {
        for ((name, sum), more) in self.aggregates.iter().zip(sum).zip(more) {
            *sum = match *name {
                "first_seen" => (*sum).min(more),
                "last_seen" => (*sum).max(more),
                _ => *sum + more,
            };
        }
    }
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
        sum.unfold(key, &numbers);
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

    fn add(&mut self, key: Vec<u8>, numbers: impl Iterator<Item = i64>) {
        match self.by_key.entry(key) {
            Entry::Vacant(vacant) => drop(vacant.insert(numbers.collect())),
            Entry::Occupied(mut sum) => self.tally.add(sum.get_mut(), numbers),
        }
    }

    /// Adds a row without telling apart which distinct values came together: all else, and beside it a row of no events for each value. A
    /// few values of each of five fields are few rows, all their combinations are many.
    fn unfold(&mut self, key: Vec<u8>, numbers: &[i64]) {
        let Tally { keys, groups, distinct, aggregates, .. } = self.tally;
        if distinct.is_empty() || keys.len() - groups < 2 {
            return self.add(key, numbers.iter().copied());
        }
        let fields = fields(&key);
        let keeping = |keep: &dyn Fn(usize) -> bool| {
            let mut key = Vec::with_capacity(key.len());
            fields.iter().enumerate().for_each(|(at, field)| key.extend(if keep(at) { field } else { &NULL_KEY[..] }));
            key
        };
        self.add(keeping(&|at| !distinct.contains(&at)), numbers.iter().copied());
        for value in distinct.iter().filter(|at| *fields[**at] != NULL_KEY) {
            let nothing = aggregates.iter().zip(numbers);
            let nothing = nothing.map(|(name, number)| if name.ends_with("_seen") { *number } else { 0 });
            self.add(keeping(&|at| at < *groups || at == *value), nothing);
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

/// In the order of Postgres' texts: by their bytes, nulls last.
fn by_text(a: &[u8], b: &[u8]) -> Ordering {
    let texts = |key| fields(key).into_iter().map(|field| (length(field) == NULL, field[size_of::<u32>()..].to_vec()));
    texts(a).cmp(texts(b))
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

/// The value with the most events, the first in Postgres' order among equals.
fn most_frequent<'a>(values: &HashMap<&'a [u8], i64>, kind: &str) -> Option<&'a [u8]> {
    let address = |value: &[u8]| -> Option<IpAddr> { str::from_utf8(value).ok()?.parse().ok() };
    let order = |a: &[u8], b: &[u8]| {
        let (a, b) = (&a[size_of::<u32>()..], &b[size_of::<u32>()..]);
        if kind == "inet" { address(a).cmp(&address(b)) } else { a.cmp(b) }
    };
    let frequent = |a: &(&&[u8], &i64), b: &(&&[u8], &i64)| a.1.cmp(b.1).then_with(|| order(b.0, a.0));
    values.iter().max_by(frequent).map(|(value, _)| *value)
}

fn moment(microseconds: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH.saturating_add(time::Duration::microseconds(microseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(groups: usize, distinct: &[usize], aggregates: &[&'static str]) -> Tally {
        Tally {
            keys: ["actor", "country", "session"].map(|name| (name, "text")).to_vec(),
            groups,
            distinct: distinct.to_vec(),
            aggregates: aggregates.to_vec(),
            bucket_ms: None,
            filters: Vec::new(),
        }
    }

    fn rows<const N: usize>(all: &[([&str; 3], [i64; N])]) -> Rows {
        let mut rows = Rows::default();
        for (keys, numbers) in all {
            let mut key = Vec::new();
            keys.iter().for_each(|text| push_key((*text != "-").then_some(*text), &mut key));
            rows.push(&key, *numbers);
        }
        rows
    }

    fn shown(tally: &Tally, rows: &Rows) -> Vec<String> {
        let columns = rows.columns(3);
        let line = |at: usize| {
            let keys: Vec<_> = columns.iter().map(|column| column[at].as_deref().unwrap_or("-")).collect();
            let width = tally.aggregates.len();
            format!("{} {:?}", keys.join(" "), &rows.numbers[at * width..(at + 1) * width])
        };
        let mut lines: Vec<_> = (0..rows.len()).map(line).collect();
        lines.sort();
        lines
    }

    #[test]
    fn rows_of_a_key_are_summed_up() {
        let tally = tally(1, &[], &["events", "first_seen", "last_seen"]);
        let one = rows(&[(["änn", "-", "s"], [2, 10, 20]), (["", "CH", "s"], [1, 5, 5])]);
        let other = rows(&[(["änn", "-", "s"], [3, 9, 15])]);
        let sum = tally.sum([&one, &other, &Rows::default()]);
        assert_eq!(shown(&tally, &sum), [" CH s [1, 5, 5]", "änn - s [5, 9, 20]"]);
    }

    #[test]
    fn values_that_are_only_counted_need_no_combinations() {
        let tally = tally(1, &[1, 2], &["events", "last_seen"]);
        let all = rows(&[
            (["ann", "CH", "s"], [2, 10]),
            (["ann", "CH", "t"], [1, 11]),
            (["ann", "DE", "t"], [4, 9]),
            (["bob", "-", "t"], [5, 5]),
        ]);
        let expected = [
            "ann - - [7, 11]",
            "ann - s [0, 10]",
            "ann - t [0, 11]",
            "ann CH - [0, 11]",
            "ann DE - [0, 9]",
            "bob - - [5, 5]",
            "bob - t [0, 5]",
        ];
        let unfold = |rows: &Rows| {
            let mut sum = Sum::new(&tally);
            rows.rows(2).for_each(|(key, numbers)| sum.unfold(key.to_vec(), numbers));
            sum.rows()
        };
        let unfolded = unfold(&all);
        assert_eq!(shown(&tally, &unfolded), expected);
        assert_eq!(shown(&tally, &unfold(&unfolded)), expected);
    }

    #[test]
    fn the_top_groups_are_cut_out() {
        let tally = tally(1, &[], &["events"]);
        let sum = |all: &[([&str; 3], [i64; 1])]| tally.sum([&rows(all)]);
        let kept = sum(&[
            (["ann", "-", "s"], [2]),
            (["ann", "-", "t"], [2]),
            (["bob", "-", "s"], [3]),
            (["cat", "-", "s"], [1]),
            (["-", "-", "s"], [3]),
        ]);
        let more = sum(&[(["cat", "-", "s"], [4]), (["dan", "-", "s"], [3])]);
        let cut = |limit, by_text| {
            let (rows, rest) = tally.top(&kept, &more, Top { limit, by_text });
            (shown(&tally, &rows), rest)
        };
        let lines = |all: &[&str]| all.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        assert_eq!(cut(2, true), (lines(&["ann - s [2]", "ann - t [2]", "cat - s [1]", "cat - s [4]"]), 9));
        let (three, rest) = cut(3, true);
        assert_eq!((three.len(), rest), (5, 6), "bob before dan, and nulls last: {three:?}");
        assert!(three.contains(&"bob - s [3]".to_owned()));
        assert_eq!(cut(3, false).1, 0, "all that have as many");
        assert_eq!(cut(9, true).1, 0);
    }

    #[test]
    fn over_time_the_others_are_one_group() {
        // The first key is the bucket.
        let tally = tally(2, &[], &["events"]);
        let sum = |all: &[([&str; 3], [i64; 1])]| tally.sum([&rows(all)]);
        let kept = sum(&[
            (["1", "ann", "s"], [2]),
            (["1", "bob", "s"], [3]),
            (["1", "cat", "s"], [1]),
            (["1", "-", "s"], [1]),
            (["2", "cat", "s"], [1]),
            (["2", "cat", "t"], [1]),
        ]);
        let more = sum(&[(["2", "dan", "s"], [2]), (["2", "bob", "s"], [1])]);
        let others = |limit| {
            let all = tally.others(&kept, &more, Top { limit, by_text: true });
            let columns = all.columns(4);
            let line = |at: usize| {
                let keys: Vec<_> = columns.iter().map(|column| column[at].as_deref().unwrap_or("-")).collect();
                format!("{} {}", keys.join(" "), all.numbers[at])
            };
            let mut lines: Vec<_> = (0..all.len()).map(line).collect();
            lines.sort();
            lines
        };
        let expected =
            ["false 1 - s 1", "false 1 bob s 3", "false 2 bob s 1", "true 1 - s 3", "true 2 - s 3", "true 2 - t 1"];
        assert_eq!(others(1), expected);
        assert_eq!(others(2).len(), 8, "cat before ann and dan: {:?}", others(2));
        assert!(others(2).contains(&"false 2 cat t 1".to_owned()));
        assert!(others(9).iter().all(|line| line.starts_with("false")));
        assert!(others(0).iter().all(|line| line.starts_with("true") || line.starts_with("false 1 - s")));
    }

    #[test]
    fn a_group_is_one_row() {
        let tally = tally(1, &[2], &["events", "last_seen"]);
        let unfold = |all: &[([&str; 3], [i64; 2])]| {
            let mut sum = Sum::new(&tally);
            rows(all).rows(2).for_each(|(key, numbers)| sum.unfold(key.to_vec(), numbers));
            sum.rows()
        };
        let kept = unfold(&[
            (["ann", "CH", "s"], [2, 10]),
            (["ann", "DE", "t"], [3, 11]),
            (["bob", "-", "-"], [1, 12]),
            (["cat", "IT", "s"], [1, 1]),
            (["cat", "FR", "s"], [1, 1]),
        ]);
        let more = unfold(&[(["ann", "CH", "t"], [1, 30]), (["ann", "CH", "u"], [1, 20])]);
        let (cut, rest) = tally.cut(&kept, &more, Cut { shown: Shown::All, one_row: true });
        let columns = cut.columns(3);
        let line = |at: usize| {
            let keys: Vec<_> = columns.iter().map(|column| column[at].as_deref().unwrap_or("-")).collect();
            format!("{} {:?}", keys.join(" "), &cut.numbers[at * 4..at * 4 + 4])
        };
        let mut lines: Vec<_> = (0..cut.len()).map(line).collect();
        lines.sort();
        // Events, last_seen, then how many countries and sessions.
        assert_eq!(lines, ["ann CH - [7, 30, 2, 3]", "bob - - [1, 12, 0, 0]", "cat FR - [2, 1, 2, 1]"]);
        assert_eq!(rest, 0);
    }

    #[test]
    fn of_addresses_the_first_is_not_the_first_text() {
        let field = |text| {
            let mut key = Vec::new();
            push_key(Some(text), &mut key);
            key
        };
        let all = ["203.0.113.7", "9.0.0.1", "2001:db8::1"].map(field);
        let values = all.iter().map(|value| (value.as_slice(), 1)).collect();
        assert_eq!(most_frequent(&values, "inet"), Some(&*all[1]));
        assert_eq!(most_frequent(&values, "text"), Some(&*all[2]));
        assert_eq!(most_frequent(&HashMap::new(), "text"), None);
    }
}
