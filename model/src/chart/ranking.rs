//! Groups as horizontal bars: alone, within those of another group, or under their course over time.

use super::{
    bars::{self, Bar, List},
    canvas::{Canvas, Rect},
    format,
    over_time::{self, Shape},
    paint::Paint,
    stack::{amount, stack},
};
use crate::{
    filter::Ast,
    panel::{Group, Measure, Panel},
    series::{Cell, Series, Table},
};

/// Groups that have colours of their own when the list stands under a chart over time.
const COLOURED: usize = 5;

pub(crate) fn height(panel: &Panel, series: &Series) -> f64 {
    let parts = if is_nested(panel) { outer(panel, &series.table).len() } else { 0 };
    (series.table.rows.len() + parts) as f64 * bars::ROW
}

pub(crate) fn draw(canvas: &mut Canvas<'_>, body: Rect, panel: &Panel, series: &Series) {
    if is_nested(panel) {
        return draw_nested(canvas, body, panel, series);
    }
    let bars = bars_of(panel, &series.table, |_| Paint::Series(0));
    bars::draw_list(canvas, body, &bars, list(panel, series, &[]));
}

fn list<'a>(panel: &Panel, series: &Series, inner: &'a [bool]) -> List<'a> {
    let measure = panel.main();
    List { measure, total: (measure == Measure::Events).then_some(series.table.total as f64), inner }
}

/// The share of the height that the chart over time takes, and what parts it from the list.
const CHART_SHARE: f64 = 0.4;
const GAP: f64 = 12.0;

pub(crate) fn height_over_time(panel: &Panel, series: &Series) -> f64 {
    (height(panel, series) + GAP) / (1.0 - CHART_SHARE) + 1.0
}

pub(crate) fn draw_over_time(canvas: &mut Canvas<'_>, body: Rect, panel: &Panel, series: &Series) {
    let coloured: Vec<Cell> = match panel.by.first() {
        Some(group) => {
            let rows = series.table.rows.iter().take(COLOURED);
            rows.map(|row| series.table.cell(row, group.key()).clone()).collect()
        }
        None => Vec::new(),
    };
    let (chart, list) = body.split_top(body.h * CHART_SHARE, GAP);
    let detail = panel.details.iter().find(|detail| detail.id == "timeline");
    if let (Some(detail), Some(timeline)) = (detail, series.detail("timeline")) {
        let stack = stack(&panel.of_detail(detail), timeline, series.window, series.bucket_ms, &coloured);
        over_time::plot(canvas, chart, &stack, Shape::Area);
    }
    let bars =
        bars_of(panel, &series.table, |at| if at < coloured.len() { Paint::Series(at as u8) } else { Paint::Other });
    bars::draw_list(canvas, list, &bars, self::list(panel, series, &[]));
}

/// Two groups, so many of the second for each of the first.
fn is_nested(panel: &Panel) -> bool {
    panel.by.len() == 2 && panel.inner_limit.is_some()
}

/// The first group's values with their amounts, in the order of the rows.
fn outer(panel: &Panel, table: &Table) -> Vec<(Cell, f64)> {
    let Some(first) = panel.by.first() else { return Vec::new() };
    let mut all: Vec<(Cell, f64)> = Vec::new();
    for row in &table.rows {
        let cell = table.cell(row, first.key());
        if !all.iter().any(|(known, _)| known == cell) {
            all.push((cell.clone(), amount(table.cell(row, GROUP_EVENTS))));
        }
    }
    all
}

/// The column with the events of the first group as a whole, beside those of its parts.
pub const GROUP_EVENTS: &str = "group_events";

fn draw_nested(canvas: &mut Canvas<'_>, body: Rect, panel: &Panel, series: &Series) {
    let [first, second] = [panel.by[0], panel.by[1]];
    let table = &series.table;
    let (mut bars, mut inner) = (Vec::new(), Vec::new());
    for (value, events) in outer(panel, table) {
        let label = panel.group_name(first, &value);
        bars.push(Bar {
            title: format!("{label}: {} events", format::count(events as i64)),
            label,
            pieces: vec![(events, Paint::Series(0))],
            filter: panel.term(first, &value),
        });
        inner.push(false);
        for row in table.rows.iter().filter(|row| *table.cell(row, first.key()) == value) {
            bars.push(bar(
                panel,
                table,
                row,
                panel.group_name(second, table.cell(row, second.key())),
                Paint::Series(6),
            ));
            inner.push(true);
        }
    }
    bars::draw_list(canvas, body, &bars, list(panel, series, &inner));
}

fn bars_of(panel: &Panel, table: &Table, paint: impl Fn(usize) -> Paint) -> Vec<Bar> {
    let rows = table.rows.iter().enumerate();
    rows.map(|(at, row)| bar(panel, table, row, label(panel, table, row), paint(at))).collect()
}

fn bar(panel: &Panel, table: &Table, row: &[Cell], label: String, paint: Paint) -> Bar {
    Bar {
        title: title(panel, table, row, &self::label(panel, table, row)),
        label,
        pieces: vec![(amount(table.cell(row, &panel.main().key())), paint)],
        filter: filter(panel, table, row),
    }
}

/// The row's groups: `s3.amazonaws.com · GetObject`.
pub(crate) fn label(panel: &Panel, table: &Table, row: &[Cell]) -> String {
    let name = |group: &Group| panel.group_name(*group, table.cell(row, group.key()));
    panel.by.iter().map(name).collect::<Vec<_>>().join(" · ")
}

/// What a click on the row adds.
pub(crate) fn filter(panel: &Panel, table: &Table, row: &[Cell]) -> Option<Ast> {
    let terms: Option<Vec<_>> = panel.by.iter().map(|group| panel.term(*group, table.cell(row, group.key()))).collect();
    terms.filter(|terms| !terms.is_empty()).map(Ast::all_of)
}

/// The row in words, with all of its measures: tooltip and accessible name.
pub(crate) fn title(panel: &Panel, table: &Table, row: &[Cell], label: &str) -> String {
    let measures = panel.measures.iter().filter(|measure| !table.cell(row, &measure.key()).is_null());
    let values: Vec<_> = measures
        .map(|measure| {
            let key = measure.key();
            format!("{} {}", measure.label().to_ascii_lowercase(), format::cell(&key, table.cell(row, &key)))
        })
        .collect();
    format!("{label}: {}", values.join(", "))
}
