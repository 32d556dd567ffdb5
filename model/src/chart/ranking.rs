//! Groups as horizontal bars, alone or under their course over time.

use super::{
    bars::{self, Bar},
    canvas::{Canvas, Rect},
    format,
    over_time::{self, Shape},
    paint::Paint,
    stack::{amount, stack},
};
use crate::{
    field::Field,
    filter::Ast,
    panel::Panel,
    series::{Cell, Series, Table},
};

/// Groups that have colours of their own when the list stands under a chart over time.
const COLOURED: usize = 5;

pub(crate) fn height(series: &Series) -> f64 {
    series.table.rows.len() as f64 * bars::ROW
}

pub(crate) fn draw(canvas: &mut Canvas<'_>, body: Rect, panel: &Panel, series: &Series) {
    let bars = bars_of(panel, &series.table, |_| Paint::Series(0));
    bars::draw(canvas, body, &bars, series.table.total as f64);
}

/// The share of the height that the chart over time takes, and what parts it from the list.
const CHART_SHARE: f64 = 0.4;
const GAP: f64 = 12.0;

pub(crate) fn height_over_time(series: &Series) -> f64 {
    (height(series) + GAP) / (1.0 - CHART_SHARE) + 1.0
}

pub(crate) fn draw_over_time(canvas: &mut Canvas<'_>, body: Rect, panel: &Panel, series: &Series) {
    let coloured: Vec<Cell> = match panel.by.first() {
        Some(field) => {
            let rows = series.table.rows.iter().take(COLOURED);
            rows.map(|row| series.table.cell(row, field.key()).clone()).collect()
        }
        None => Vec::new(),
    };
    let (chart, list) = body.split_top(body.h * CHART_SHARE, GAP);
    if let Some(timeline) = series.detail("timeline") {
        let by = panel.details.iter().find(|detail| detail.id == "timeline").and_then(|detail| detail.by.first());
        let by = by.or(panel.by.first()).copied();
        let stack = stack(timeline, by, series.window, series.bucket_ms, &coloured);
        over_time::plot(canvas, chart, &stack, Shape::Area);
    }
    let bars =
        bars_of(panel, &series.table, |at| if at < coloured.len() { Paint::Series(at as u8) } else { Paint::Other });
    bars::draw(canvas, list, &bars, series.table.total as f64);
}

fn bars_of(panel: &Panel, table: &Table, paint: impl Fn(usize) -> Paint) -> Vec<Bar> {
    let rows = table.rows.iter().enumerate();
    rows.map(|(at, row)| {
        let label = label(&panel.by, table, row);
        let events = amount(table.cell(row, "events"));
        Bar {
            title: title(panel, table, row, &label),
            label,
            pieces: vec![(events, paint(at))],
            filter: filter(&panel.by, table, row),
        }
    })
    .collect()
}

/// The row's groups: `s3.amazonaws.com · GetObject`.
pub(crate) fn label(by: &[Field], table: &Table, row: &[Cell]) -> String {
    let names: Vec<_> = by.iter().map(|field| format::group(*field, table.cell(row, field.key()))).collect();
    names.join(" · ")
}

/// What a click on the row adds.
pub(crate) fn filter(by: &[Field], table: &Table, row: &[Cell]) -> Option<Ast> {
    let terms = by.iter().map(|field| Ast::equals(*field, table.cell(row, field.key())));
    terms.reduce(Ast::and)
}

fn title(panel: &Panel, table: &Table, row: &[Cell], label: &str) -> String {
    let measures = panel.measures.iter().filter(|measure| !table.cell(row, measure.key()).is_null());
    let values: Vec<_> = measures
        .map(|measure| {
            let value = format::cell(measure.key(), table.cell(row, measure.key()));
            format!("{} {value}", measure.label().to_lowercase())
        })
        .collect();
    format!("{label}: {}", values.join(", "))
}
