//! Number tiles: value, change against the window before, and a sparkline.

use super::{
    canvas::{Anchor, Canvas, Rect, Type, n},
    format::{self, Change, Direction},
    paint::Paint,
    sparkline, text,
};
use crate::{
    field::Kind,
    filter::Ast,
    panel::{Group, Level, Measure, Panel},
    series::{Cell, Series},
};

/// One number: a measure, or the first measure of one group.
pub struct Tile {
    /// As in data: the measure's key, or the group's value.
    pub id: String,
    pub label: String,
    pub level: Option<Level>,
    pub measure: Measure,
    pub now: Cell,
    pub previous: Cell,
    /// Over time, from the detail `timeline`; empty without one.
    pub points: Vec<f64>,
    /// What a click adds.
    pub filter: Option<Ast>,
}

/// The tiles of a panel: every measure, or every group; every class, also where nothing happened: zero is an answer.
pub fn tiles(panel: &Panel, series: &Series) -> Vec<Tile> {
    let Some(group) = panel.by.first().copied() else {
        let row = series.table.rows.first().map(Vec::as_slice).unwrap_or_default();
        let tile = |measure: &Measure| {
            let label = measure.label().into_owned();
            Tile { id: measure.key().into_owned(), label, ..numbers(*measure, series, row, None) }
        };
        return panel.measures.iter().map(tile).collect();
    };
    let table = &series.table;
    let mut values: Vec<Cell> = table.rows.iter().map(|row| table.cell(row, group.key()).clone()).collect();
    if group == Group::Class {
        let classes: Vec<Cell> = panel.classes.iter().map(|class| Cell::Text(class.id.clone())).collect();
        values.retain(|value| !classes.contains(value));
        values.splice(0..0, classes);
    }
    let tile = |value: &Cell| {
        let row = table.rows.iter().find(|row| table.cell(row, group.key()) == value);
        let row = row.map(Vec::as_slice).unwrap_or_default();
        Tile {
            id: value.text().unwrap_or_default().to_owned(),
            label: panel.group_name(group, value),
            level: value.text().and_then(|id| panel.class(id)?.level).filter(|_| group == Group::Class),
            filter: panel.term(group, value),
            ..numbers(panel.main(), series, row, Some((group, value)))
        }
    };
    values.iter().map(tile).collect()
}

fn numbers(measure: Measure, series: &Series, row: &[Cell], of: Option<(Group, &Cell)>) -> Tile {
    let key = measure.key();
    let none = || if measure.adds_up() { Cell::Int(0) } else { Cell::Null };
    let or_none = |cell: &Cell| if cell.is_null() && series.previous.is_some() { none() } else { cell.clone() };
    let now = series.table.cell(row, &key);
    Tile {
        id: String::new(),
        label: String::new(),
        level: None,
        measure,
        now: if now.is_null() { none() } else { now.clone() },
        previous: or_none(series.table.cell(row, &format!("{key}_previous"))),
        points: points(&key, series, of),
        filter: None,
    }
}

const TILE_AT_LEAST: f64 = 150.0;
const TILE_HEIGHT: f64 = 92.0;
const GAP: f64 = 24.0;

fn columns(count: usize, width: f64) -> usize {
    let fitting = ((width + GAP) / (TILE_AT_LEAST + GAP)).floor().max(1.0) as usize;
    let count = count.max(1);
    // Even rows: six tiles as three and three rather than four and two.
    count.div_ceil(count.div_ceil(fitting))
}

pub(crate) fn height(panel: &Panel, series: &Series, width: f64) -> f64 {
    let count = tiles(panel, series).len();
    count.div_ceil(columns(count, width)) as f64 * TILE_HEIGHT
}

pub(crate) fn draw(canvas: &mut Canvas<'_>, body: Rect, panel: &Panel, series: &Series) {
    let tiles = tiles(panel, series);
    let columns = columns(tiles.len(), body.w);
    let rows = tiles.len().div_ceil(columns).max(1);
    let width = (body.w + GAP) / columns as f64 - GAP;
    let height = (body.h / rows as f64).min(TILE_HEIGHT * 1.3);
    for (at, one) in tiles.iter().enumerate() {
        let (row, column) = (at / columns, at % columns);
        let place = Rect::new(body.x + column as f64 * (width + GAP), body.y + row as f64 * height, width, height);
        if column > 0 {
            let x = n((place.x - GAP / 2.0).round() + 0.5);
            let line = canvas.paint(Paint::Grid);
            canvas.raw(&format!("<path d=\"M{x} {}v{}\" stroke=\"{line}\"/>", n(place.y + 4.0), n(height - 16.0)));
        }
        tile(canvas, place, one);
    }
}

fn tile(canvas: &mut Canvas<'_>, place: Rect, tile: &Tile) {
    let value = shown(tile.measure, &tile.now);
    let label = match tile.level {
        Some(level) => format!("{}: {}", level.label(), tile.label),
        None => tile.label.clone(),
    };
    canvas.link(tile.filter.clone(), "tile", &title(tile), |canvas| {
        canvas.text_fit(place.x, place.y + 14.0, &label, place.w, Type::LABEL.paint(Paint::Muted));
        canvas.text_fit(place.x, place.y + 42.0, &value, place.w, Type::LABEL.size(24.0).bold());
    });
    if let Some(change) = change(tile.measure, &tile.now, &tile.previous) {
        draw_change(canvas, place, &label, tile.measure, &change, text::width_bold(&value, 24.0) + 8.0);
    }
    let line = Rect::new(place.x, place.y + 52.0, place.w, place.h - 52.0 - 12.0);
    if line.h >= 10.0 && tile.points.len() > 1 {
        sparkline::draw(canvas, line, &tile.points);
    }
}

/// Beside the value, or above it at the right where a narrow tile has no room there.
fn draw_change(canvas: &mut Canvas<'_>, place: Rect, label: &str, measure: Measure, change: &Change, after_value: f64) {
    let set = Type::LABEL.paint(tone(measure, change.direction));
    let width = text::width(&change.text, set.size);
    if after_value + width <= place.w {
        canvas.text(place.x + after_value, place.y + 41.0, &change.text, set);
    } else if text::width(label, set.size) + width + 8.0 <= place.w {
        canvas.text(place.right(), place.y + 14.0, &change.text, set.anchor(Anchor::End));
    }
}

fn shown(measure: Measure, cell: &Cell) -> String {
    match cell {
        Cell::Int(value) if *value >= 10_000_000 && measure.kind() == Kind::Integer => format::short(*value as f64),
        cell => format::cell(&measure.key(), cell),
    }
}

fn title(tile: &Tile) -> String {
    let key = tile.measure.key();
    let now = format!("{}: {}", tile.label, format::cell(&key, &tile.now));
    match &tile.previous {
        Cell::Null => now,
        previous => format!("{now}; in the window before: {}", format::cell(&key, previous)),
    }
}

/// The tile's change against the window before: of counts in percent, of shares in points.
pub fn change(measure: Measure, now: &Cell, previous: &Cell) -> Option<Change> {
    let (now, previous) = (now.number()?, previous.number()?);
    if matches!(measure, Measure::ErrorRate | Measure::Share) {
        format::change_points(now, previous)
    } else {
        format::change(now, previous)
    }
}

/// More events are neither good nor bad; more failures are bad.
fn tone(measure: Measure, direction: Direction) -> Paint {
    match (measure, direction) {
        (Measure::ErrorRate | Measure::Failures, Direction::Up) => Paint::Failure,
        (Measure::ErrorRate | Measure::Failures, Direction::Down) => Paint::Success,
        _ => Paint::Muted,
    }
}

/// A measure over time, of one group or of all, from the detail `timeline`: sparse rows, zero where there is none.
fn points(key: &str, series: &Series, of: Option<(Group, &Cell)>) -> Vec<f64> {
    let Some(table) = series.detail("timeline") else { return Vec::new() };
    let is_of = |row: &[Cell]| of.is_none_or(|(group, value)| table.cell(row, group.key()) == value);
    if of.is_some_and(|(group, _)| table.column(group.key()).is_none()) {
        return Vec::new();
    }
    super::stack::column(table, key, series.window, series.bucket_ms, is_of)
}
