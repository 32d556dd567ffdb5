//! Of what is known of a window, what a statement shows: its groups, and of each how many values there are and which is the most frequent.

use std::{cmp::Ordering, collections::hash_map::Entry, net::IpAddr};

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::{NULL, NULL_KEY, Rows, Sum, Tally, add, fields, length, prefix, push_key};

/// How much of a window's rows a statement needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    pub shown: Shown,
    /// Whether each group is one row: with how many values it has of each kind, and of those that measures show the most frequent one.
    pub one_row: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// All groups, each as one row.
    All,
    /// These groups alone.
    Top(Top),
    /// Over time: these groups, and all others as one, which a further key tells, `other`.
    Others(Top),
}

/// The first groups by what an aggregate of them is, the largest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Top {
    pub limit: usize,
    /// Its name.
    pub by: &'static str,
    /// Whether groups with as many events are in the order of their texts.
    pub by_text: bool,
}

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
    /// Which these are of some groups with what they are ranked by.
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

impl Tally {
    /// Of two sums, what a statement needs, and how many events groups have that are left out.
    pub fn cut(&self, rows: &Rows, more: &Rows, cut: Cut) -> (Rows, i64) {
        let (shown, rest) = match cut.shown {
            Shown::All => return (self.one_row([rows, more], false), 0),
            Shown::Top(top) => self.top(rows, more, top),
            Shown::Others(top) => (self.others(rows, more, top), 0),
        };
        (if cut.one_row { self.one_row([&shown], cut.is_labelled()) } else { shown }, rest)
    }

    /// The rows of the top groups, and how many events all others have.
    pub(super) fn top(&self, rows: &Rows, more: &Rows, top: Top) -> (Rows, i64) {
        let (width, group) = (self.aggregates.len(), |key| prefix(key, self.groups));
        let weight = |numbers: &[i64]| {
            self.aggregates.iter().position(|name| *name == "whole").map_or(numbers[0], |at| numbers[at])
        };
        let rank =
            self.aggregates.iter().position(|name| *name == top.by).expect("groups are ranked by what they have");
        let mut beside: HashMap<&[u8], i64> = HashMap::new();
        for (key, numbers) in more.rows(width) {
            let more = numbers[rank];
            beside.entry(group(key)).and_modify(|sum| add(top.by, sum, more)).or_insert(more);
        }
        let mut groups: Vec<(&[u8], i64)> = Vec::new();
        for (key, numbers) in rows.rows(width) {
            match groups.last_mut() {
                Some((last, sum)) if *last == group(key) => add(top.by, sum, numbers[rank]),
                _ => {
                    let mut sum = numbers[rank];
                    beside.remove(group(key)).into_iter().for_each(|more| add(top.by, &mut sum, more));
                    groups.push((group(key), sum));
                }
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
    pub(super) fn others(&self, rows: &Rows, more: &Rows, top: Top) -> Rows {
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
        let (mut sum, mut labelled) = (Sum::new(self), Vec::new());
        for (key, numbers) in all() {
            let own = group(key);
            let is_other = own != valueless && !shown.contains(own);
            labelled.clear();
            push_key(Some(IS_OTHER[usize::from(is_other)]), &mut labelled);
            labelled.extend_from_slice(bucket(key));
            labelled.extend_from_slice(if is_other { &valueless } else { own });
            labelled.extend_from_slice(&key[prefix(key, self.groups).len()..]);
            sum.add(&labelled, numbers.iter().copied());
        }
        sum.rows()
    }

    /// Each group as one row: after the aggregates, how many values it has of each kind.
    fn one_row<'a>(&self, all: impl IntoIterator<Item = &'a Rows>, is_labelled: bool) -> Rows {
        let groups = self.groups + usize::from(is_labelled);
        let kinds = self.groups..self.keys.len();
        /// Of a group: its numbers, and by kind its values with their events.
        type Group<'a> = (Vec<i64>, Vec<HashMap<&'a [u8], i64>>);
        let mut by_group: HashMap<&[u8], Group<'_>> = HashMap::new();
        for (key, numbers) in all.into_iter().flat_map(|rows| rows.rows(self.aggregates.len())) {
            let group = prefix(key, groups);
            let values = match by_group.entry(group) {
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
        for (group, (sum, values)) in by_group {
            let mut key = group.to_vec();
            for (at, values) in kinds.clone().zip(&values) {
                let shown = if self.distinct.contains(&at) { None } else { most_frequent(values, self.keys[at].1) };
                key.extend_from_slice(shown.unwrap_or(&NULL_KEY));
            }
            cut.push(&key, sum.into_iter().chain(values.iter().map(|values| values.len() as i64)));
        }
        cut
    }
}

/// The value with the most events, the first in Postgres' order among equals.
pub(super) fn most_frequent<'a>(values: &HashMap<&'a [u8], i64>, kind: &str) -> Option<&'a [u8]> {
    let address = |value: &[u8]| -> Option<IpAddr> { str::from_utf8(value).ok()?.parse().ok() };
    let order = |a: &[u8], b: &[u8]| {
        let (a, b) = (&a[size_of::<u32>()..], &b[size_of::<u32>()..]);
        if kind == "inet" { address(a).cmp(&address(b)) } else { a.cmp(b) }
    };
    let frequent = |a: &(&&[u8], &i64), b: &(&&[u8], &i64)| a.1.cmp(b.1).then_with(|| order(b.0, a.0));
    values.iter().max_by(frequent).map(|(value, _)| *value)
}

/// In the order of Postgres' texts: by their bytes, nulls last.
fn by_text(a: &[u8], b: &[u8]) -> Ordering {
    let texts = |key| fields(key).into_iter().map(|field| (length(field) == NULL, field[size_of::<u32>()..].to_vec()));
    texts(a).cmp(texts(b))
}
