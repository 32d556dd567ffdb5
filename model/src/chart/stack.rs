//! Rows (time, group, events) as groups over time: zero where there was no row, colours and order decided.

use super::paint::Paint;
use crate::{
    field::{Field, Kind},
    filter::Ast,
    order::sort_by,
    panel::{Group, Measure, Panel},
    series::{Cell, Series, Table},
    time::{Timestamp, Window},
};

/// More than any screen shows; a wider bucket is taken beyond.
const MOST_BUCKETS: i64 = 1_000;

/// One group.
pub(crate) struct Layer {
    pub label: String,
    pub paint: Paint,
    /// What a click adds; nothing for `other`.
    pub filter: Option<Ast>,
    /// One for each bucket.
    pub values: Vec<f64>,
    pub total: f64,
}

impl Layer {
    pub fn highest(&self) -> f64 {
        self.values.iter().copied().filter(|value| value.is_finite()).fold(0.0, f64::max)
    }
}

/// From the bottom up; lines are not stacked.
pub(crate) struct Stack {
    /// What is drawn.
    pub measure: Measure,
    pub stacked: bool,
    pub window: Window,
    pub buckets: Vec<Window>,
    /// Start of the first bucket, at or before the window's, and the width of each, in milliseconds.
    pub first_ms: i64,
    pub width_ms: i64,
    pub layers: Vec<Layer>,
}

impl Stack {
    /// The height of the stack in bucket `at`, of the layers under `level`.
    pub fn below(&self, level: usize, at: usize) -> f64 {
        self.layers.iter().take(level).map(|layer| layer.values[at]).sum()
    }

    pub fn highest(&self) -> f64 {
        if !self.stacked {
            return self.layers.iter().map(Layer::highest).fold(0.0, f64::max);
        }
        (0..self.buckets.len()).map(|at| self.below(self.layers.len(), at)).fold(0.0, f64::max)
    }
}

/// `ranked` are groups whose colours are given by their place elsewhere in the picture.
pub(crate) fn stack(panel: &Panel, table: &Table, window: Window, bucket_ms: Option<i64>, ranked: &[Cell]) -> Stack {
    let buckets = Buckets::new(window, bucket_ms);
    let by = panel.by.first().copied();
    let main = panel.main().key();
    let mut groups: Vec<(Cell, Layer)> = Vec::new();
    for row in &table.rows {
        let Cell::Time(at) = table.cell(row, Field::EventTime.key()) else { continue };
        let Some(bucket) = buckets.index(*at) else { continue };
        let value = amount(table.cell(row, &main));
        let cell = by.map_or(&Cell::Null, |group| table.cell(row, group.key()));
        let at = groups.iter().position(|(known, _)| known == cell).unwrap_or_else(|| {
            groups.push((cell.clone(), layer(panel, by, cell, buckets.count)));
            groups.len() - 1
        });
        groups[at].1.values[bucket] += value;
        groups[at].1.total += value;
    }
    sort_by(&mut groups, |(_, a), (_, b)| order(a).cmp(&order(b)).then(b.total.total_cmp(&a.total)));
    colour(&mut groups, ranked);
    let layers = groups.into_iter().map(|(_, layer)| layer).collect();
    Stack {
        measure: panel.main(),
        stacked: true,
        window,
        buckets: buckets.windows(),
        first_ms: buckets.first,
        width_ms: buckets.width_ms,
        layers,
    }
}

/// Lines: a group each, or a measure each where there are no groups.
pub(crate) fn lines(panel: &Panel, series: &Series) -> Stack {
    if !panel.by.is_empty() && panel.main().adds_up() {
        let stack = stack(panel, &series.table, series.window, series.bucket_ms, &[]);
        return Stack { stacked: false, ..stack };
    }
    let buckets = Buckets::new(series.window, series.bucket_ms);
    let by = panel.by.first().copied();
    let measures: Vec<_> = panel.measures.iter().copied().filter(|measure| measure.is_number()).collect();
    let mut layers: Vec<(Cell, Layer)> = Vec::new();
    if by.is_none() {
        layers.extend(measures.iter().map(|measure| {
            let named = Panel { measures: vec![*measure], ..panel.clone() };
            (Cell::Null, layer(&named, None, &Cell::Null, buckets.count))
        }));
    }
    let without = |measure: Measure| if measure.kind() == Kind::Float { f64::NAN } else { 0.0 };
    for ((_, layer), measure) in layers.iter_mut().zip(&measures) {
        layer.values.fill(without(*measure));
    }
    for row in &series.table.rows {
        let Cell::Time(at) = series.table.cell(row, Field::EventTime.key()) else { continue };
        let Some(bucket) = buckets.index(*at) else { continue };
        let value = |measure: Measure| match series.table.cell(row, &measure.key()) {
            Cell::Null => without(measure),
            cell => amount(cell),
        };
        match by {
            None => {
                for ((_, layer), measure) in layers.iter_mut().zip(&measures) {
                    layer.values[bucket] = value(*measure);
                }
            }
            Some(group) => {
                let cell = series.table.cell(row, group.key());
                let at = layers.iter().position(|(known, _)| known == cell).unwrap_or_else(|| {
                    let mut layer = layer(panel, by, cell, buckets.count);
                    layer.values.fill(without(panel.main()));
                    layers.push((cell.clone(), layer));
                    layers.len() - 1
                });
                layers[at].1.values[bucket] = value(panel.main());
            }
        }
    }
    for (_, layer) in &mut layers {
        layer.total =
            if measures.iter().all(|measure| measure.adds_up()) { layer.values.iter().sum() } else { layer.highest() };
    }
    colour(&mut layers, &[]);
    let layers = layers.into_iter().map(|(_, layer)| layer).collect();
    Stack {
        measure: panel.main(),
        stacked: false,
        window: series.window,
        buckets: buckets.windows(),
        first_ms: buckets.first,
        width_ms: buckets.width_ms,
        layers,
    }
}

/// Counts as amounts to draw: never negative, never NaN.
pub(crate) fn amount(cell: &Cell) -> f64 {
    cell.number().filter(|value| value.is_finite()).unwrap_or(0.0).max(0.0)
}

fn layer(panel: &Panel, by: Option<Group>, cell: &Cell, buckets: usize) -> Layer {
    let rest = cell.is_rest();
    let paint = match (by, cell.text()) {
        (Some(Group::Field(Field::Outcome)), Some("success")) => Paint::Success,
        (Some(Group::Field(Field::Outcome)), Some("failure")) => Paint::Failure,
        _ if rest => Paint::Other,
        _ => Paint::Series(0),
    };
    Layer {
        label: match by {
            Some(_) if rest => "Other".to_owned(),
            Some(group) => panel.group_name(group, cell),
            None => panel.main().label().into_owned(),
        },
        paint,
        filter: by.filter(|_| !rest).and_then(|group| panel.term(group, cell)),
        values: vec![0.0; buckets],
        total: 0.0,
    }
}

/// Failures lie on all others, so that they are seen; the rest beyond the top lies under them, over the groups.
fn order(layer: &Layer) -> u8 {
    match layer.paint {
        Paint::Failure => 2,
        Paint::Other => 1,
        _ => 0,
    }
}

fn colour(groups: &mut [(Cell, Layer)], ranked: &[Cell]) {
    let mut next = ranked.len() as u8;
    for (cell, layer) in groups.iter_mut().filter(|(_, layer)| layer.paint == Paint::Series(0)) {
        let at = ranked.iter().position(|known| known == cell).map(|at| at as u8);
        layer.paint = Paint::Series(at.unwrap_or(next));
        next = if at.is_none() { next.wrapping_add(1) } else { next };
    }
}

struct Buckets {
    window: Window,
    width_ms: i64,
    /// Start of the first bucket: at or before the window's.
    first: i64,
    count: usize,
}

impl Buckets {
    fn new(window: Window, bucket_ms: Option<i64>) -> Buckets {
        let length = window.to.0.saturating_sub(window.from.0).max(1);
        let given = bucket_ms.filter(|width| *width > 0).unwrap_or(length / 60 + 1);
        // A multiple of the given width: its rows fall whole into one of ours.
        let width_ms = given.saturating_mul(length / given / MOST_BUCKETS + 1);
        let first = window.from.0.div_euclid(width_ms).saturating_mul(width_ms);
        let span = window.from.0.saturating_add(length).saturating_sub(first);
        let count = (span + width_ms - 1).div_euclid(width_ms).clamp(1, MOST_BUCKETS + 2) as usize;
        Buckets { window, width_ms, first, count }
    }

    fn index(&self, at: Timestamp) -> Option<usize> {
        let index = at.0.saturating_sub(self.first).div_euclid(self.width_ms);
        usize::try_from(index).ok().filter(|index| *index < self.count)
    }

    /// Cut to the window.
    fn windows(&self) -> Vec<Window> {
        (0..self.count as i64)
            .map(|at| {
                let from = self.first.saturating_add(at.saturating_mul(self.width_ms));
                Window {
                    from: Timestamp(from.max(self.window.from.0)),
                    to: Timestamp(from.saturating_add(self.width_ms).min(self.window.to.0)),
                }
            })
            .collect()
    }
}

/// One column over time, for a sparkline: the last row of a bucket stands.
pub(crate) fn column(
    table: &Table,
    key: &str,
    window: Window,
    bucket_ms: Option<i64>,
    counts: impl Fn(&[Cell]) -> bool,
) -> Vec<f64> {
    let buckets = Buckets::new(window, bucket_ms);
    let mut values = vec![0.0; buckets.count];
    for row in &table.rows {
        let Cell::Time(at) = table.cell(row, Field::EventTime.key()) else { continue };
        if let Some(bucket) = buckets.index(*at).filter(|_| counts(row)) {
            values[bucket] = amount(table.cell(row, key));
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{field::Kind, series::Column};

    fn table(rows: &[(i64, &str, i64)]) -> Table {
        let column = |key: &str, kind| Column { key: key.to_owned(), kind, label: key.to_owned() };
        Table {
            columns: vec![
                column("event_time", Kind::Time),
                column("event_name", Kind::Text),
                column("events", Kind::Integer),
            ],
            rows: rows
                .iter()
                .map(|(at, name, events)| {
                    vec![Cell::Time(Timestamp(*at)), Cell::Text((*name).to_owned()), Cell::Int(*events)]
                })
                .collect(),
            total: 0,
            truncated: false,
        }
    }

    fn panel() -> Panel {
        crate::dashboard::dashboard("overview").and_then(|of| of.tile("events-by-name")).expect("present").panel.clone()
    }

    fn check(rows: &[(i64, &str, i64)], expected: &str) {
        let window = Window { from: Timestamp(1_500), to: Timestamp(5_000) };
        let stack = stack(&panel(), &table(rows), window, Some(1_000), &[]);
        let layers: Vec<_> = stack
            .layers
            .iter()
            .map(|layer| format!("{} {:?} {:?} {}", layer.label, layer.paint, layer.values, layer.filter.is_some()))
            .collect();
        assert_eq!(layers.join("\n"), expected);
        assert_eq!(stack.buckets.first().map(|bucket| bucket.from.0), Some(1_500));
        assert_eq!(stack.buckets.last().map(|bucket| bucket.to.0), Some(5_000));
    }

    #[test]
    fn sparse_rows_are_filled_and_other_is_no_group() {
        check(
            &[(1_000, "other", 90), (1_000, "a", 1), (3_000, "a", 2), (4_000, "b", 7), (9_000, "b", 1)],
            "b Series(0) [0.0, 0.0, 0.0, 7.0] true\na Series(1) [1.0, 0.0, 2.0, 0.0] true\n\
             Other Other [90.0, 0.0, 0.0, 0.0] false",
        );
    }

    #[test]
    fn narrow_buckets_are_joined() {
        let window = Window { from: Timestamp(0), to: Timestamp(86_400_000) };
        let stack = stack(&panel(), &table(&[(86_399_000, "a", 3)]), window, Some(1_000), &[]);
        assert!(stack.buckets.len() <= MOST_BUCKETS as usize);
        assert_eq!(stack.layers[0].values.last(), Some(&3.0));
    }
}
