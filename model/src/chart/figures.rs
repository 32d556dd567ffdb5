//! Number tiles: value, change against the window before, and a sparkline.

use super::{
    canvas::{Anchor, Canvas, Rect, Type, n},
    format::{self, Change, Direction},
    paint::Paint,
    sparkline, text,
};
use crate::{
    panel::{Measure, Panel},
    series::{Cell, Series},
};

const TILE_AT_LEAST: f64 = 150.0;
const TILE_HEIGHT: f64 = 92.0;
const GAP: f64 = 24.0;

fn columns(panel: &Panel, width: f64) -> usize {
    let fitting = ((width + GAP) / (TILE_AT_LEAST + GAP)).floor().max(1.0) as usize;
    let count = panel.measures.len().max(1);
    // Even rows: six tiles as three and three rather than four and two.
    count.div_ceil(count.div_ceil(fitting))
}

pub(crate) fn height(panel: &Panel, width: f64) -> f64 {
    panel.measures.len().div_ceil(columns(panel, width)) as f64 * TILE_HEIGHT
}

pub(crate) fn draw(canvas: &mut Canvas<'_>, body: Rect, panel: &Panel, series: &Series) {
    let columns = columns(panel, body.w);
    let rows = panel.measures.len().div_ceil(columns).max(1);
    let width = (body.w + GAP) / columns as f64 - GAP;
    let height = (body.h / rows as f64).min(TILE_HEIGHT * 1.3);
    for (at, measure) in panel.measures.iter().enumerate() {
        let (row, column) = (at / columns, at % columns);
        let place = Rect::new(body.x + column as f64 * (width + GAP), body.y + row as f64 * height, width, height);
        if column > 0 {
            let x = n((place.x - GAP / 2.0).round() + 0.5);
            let line = canvas.paint(Paint::Grid);
            canvas.raw(&format!("<path d=\"M{x} {}v{}\" stroke=\"{line}\"/>", n(place.y + 4.0), n(height - 16.0)));
        }
        tile(canvas, place, *measure, series);
    }
}

fn tile(canvas: &mut Canvas<'_>, place: Rect, measure: Measure, series: &Series) {
    let row = series.table.rows.first().map(Vec::as_slice).unwrap_or_default();
    let now = series.table.cell(row, measure.key());
    let previous = series.table.cell(row, &format!("{}_previous", measure.key()));
    let value = shown(measure, now);
    canvas.raw("<g>");
    canvas.title(&title(measure, now, previous));
    canvas.text_fit(place.x, place.y + 14.0, measure.label(), place.w, Type::LABEL.paint(Paint::Muted));
    canvas.text_fit(place.x, place.y + 42.0, &value, place.w, Type::LABEL.size(24.0).bold());
    if let Some(change) = change(measure, now, previous) {
        draw_change(canvas, place, measure, &change, text::width_bold(&value, 24.0) + 8.0);
    }
    let line = Rect::new(place.x, place.y + 52.0, place.w, place.h - 52.0 - 12.0);
    let points = points(measure, series);
    if line.h >= 10.0 && points.len() > 1 {
        sparkline::draw(canvas, line, &points);
    }
    canvas.close_group();
}

/// Beside the value, or above it at the right where a narrow tile has no room there.
fn draw_change(canvas: &mut Canvas<'_>, place: Rect, measure: Measure, change: &Change, after_value: f64) {
    let set = Type::LABEL.paint(tone(measure, change.direction));
    let width = text::width(&change.text, set.size);
    if after_value + width <= place.w {
        canvas.text(place.x + after_value, place.y + 41.0, &change.text, set);
    } else if text::width(measure.label(), set.size) + width + 8.0 <= place.w {
        canvas.text(place.right(), place.y + 14.0, &change.text, set.anchor(Anchor::End));
    }
}

fn shown(measure: Measure, cell: &Cell) -> String {
    match cell {
        Cell::Int(value) if *value >= 10_000_000 && measure != Measure::ErrorRate => format::short(*value as f64),
        cell => format::cell(measure.key(), cell),
    }
}

fn title(measure: Measure, now: &Cell, previous: &Cell) -> String {
    let now = format::cell(measure.key(), now);
    match previous {
        Cell::Null => format!("{}: {now}", measure.label()),
        previous => {
            format!("{}: {now}; in the window before: {}", measure.label(), format::cell(measure.key(), previous))
        }
    }
}

/// The tile's change against the window before: of counts in percent, of shares in points.
pub fn change(measure: Measure, now: &Cell, previous: &Cell) -> Option<Change> {
    let (now, previous) = (now.number()?, previous.number()?);
    if measure == Measure::ErrorRate { format::change_points(now, previous) } else { format::change(now, previous) }
}

/// More events are neither good nor bad; more failures are bad.
fn tone(measure: Measure, direction: Direction) -> Paint {
    match (measure, direction) {
        (Measure::ErrorRate | Measure::Failures, Direction::Up) => Paint::Failure,
        (Measure::ErrorRate | Measure::Failures, Direction::Down) => Paint::Success,
        _ => Paint::Muted,
    }
}

/// The measure over time, from the detail `timeline`: sparse rows, zero where there is none.
pub fn points(measure: Measure, series: &Series) -> Vec<f64> {
    let Some(table) = series.detail("timeline") else { return Vec::new() };
    super::stack::column(table, measure.key(), series.window, series.bucket_ms)
}
