//! A table as a picture: header and rows, numbers to the right, text cut to its column.

use super::{
    canvas::{Anchor, Canvas, Rect, Type, n},
    format,
    paint::Paint,
    stack::amount,
    text,
};
use crate::{
    field::{Field, Kind},
    panel::{Group, Panel},
    series::{Cell, Column, Series, Table},
};

const ROW: f64 = 24.0;
const HEADER: f64 = 26.0;
const GAP: f64 = 16.0;
/// Text is not cut to less than this, nor to less than its heading.
const NARROWEST: f64 = 84.0;
const WIDEST: f64 = 240.0;

pub(crate) fn height(series: &Series) -> f64 {
    HEADER + series.table.rows.len() as f64 * ROW + 2.0
}

pub(crate) fn draw(canvas: &mut Canvas<'_>, body: Rect, panel: &Panel, series: &Series) {
    let table = &series.table;
    let bar = table.column(&panel.main().key()).filter(|_| !panel.measures.is_empty());
    let most = bar.map_or(0.0, |at| table.rows.iter().map(|row| amount(&row[at])).fold(0.0, f64::max));
    let places = ((body.h - HEADER) / ROW).floor().max(0.0) as usize;
    let shown = if table.rows.len() > places { places.saturating_sub(1) } else { table.rows.len() };
    let columns = columns(panel, table, shown, body.w);
    for column in &columns {
        column.text(canvas, body.x, body.y + 15.0, &column.head.label, Type::TICK.paint(Paint::Muted).bold());
    }
    rule(canvas, body, body.y + HEADER - 2.0, Paint::Axis);
    for (at, row) in table.rows.iter().take(shown).enumerate() {
        let y = body.y + HEADER + at as f64 * ROW;
        for column in &columns {
            if bar == Some(column.at) && most > 0.0 {
                let share = amount(&row[column.at]) / most;
                let width = (column.width + GAP / 2.0) * share;
                let right = body.x + column.x + column.width + 3.0;
                canvas.rect(Rect::new(right - width, y + 3.0, width, ROW - 7.0), Paint::Track, 2.0);
            }
            cell(canvas, body, y, panel, column, &row[column.at]);
        }
        rule(canvas, body, y + ROW - 1.0, Paint::Grid);
    }
    if shown < table.rows.len() && places > 0 {
        let y = body.y + HEADER + shown as f64 * ROW + 16.0;
        canvas.text(body.x, y, &format!("{} more rows", table.rows.len() - shown), Type::LABEL.paint(Paint::Muted));
    }
}

fn rule(canvas: &mut Canvas<'_>, body: Rect, y: f64, paint: Paint) {
    let y = n(y.round() + 0.5);
    let line = canvas.paint(paint);
    canvas.raw(&format!("<path d=\"M{} {y}h{}\" stroke=\"{line}\"/>", n(body.x), n(body.w)));
}

/// A column that is shown.
struct Shown<'a> {
    /// Its place in the rows.
    at: usize,
    head: &'a Column,
    x: f64,
    width: f64,
}

impl Shown<'_> {
    fn number(&self) -> bool {
        matches!(self.head.kind, Kind::Integer | Kind::Float) && self.head.key != Field::AsNumber.key()
    }

    fn text(&self, canvas: &mut Canvas<'_>, left: f64, y: f64, text: &str, set: Type) {
        let (x, set) =
            if self.number() { (left + self.x + self.width, set.anchor(Anchor::End)) } else { (left + self.x, set) };
        canvas.text_fit(x, y, text, self.width + 1.0, set);
    }
}

fn cell(canvas: &mut Canvas<'_>, body: Rect, y: f64, panel: &Panel, column: &Shown<'_>, value: &Cell) {
    let group = Group::from_key(&column.head.key);
    let text = text_of(panel, column.head, value);
    let filter = group
        .filter(|group| !matches!(group, Group::Field(Field::EventTime | Field::EventId)))
        .and_then(|group| panel.term(group, value));
    let failure = column.head.key == Field::Outcome.key() && value.text() == Some("failure");
    let paint = match value {
        Cell::Null => Paint::Muted,
        _ if failure => Paint::Failure,
        _ => Paint::Ink,
    };
    let draw = |canvas: &mut Canvas<'_>| column.text(canvas, body.x, y + 16.0, &text, Type::LABEL.paint(paint));
    let name = format!("{}: {text}", column.head.label);
    canvas.link(filter, "cell", &name, draw);
}

fn text_of(panel: &Panel, head: &Column, value: &Cell) -> String {
    if head.key == Group::Class.key() { panel.class_text(value) } else { format::cell(&head.key, value) }
}

/// Each as wide as its content wants; where that is too much, text gives way first, then the last columns.
fn columns<'a>(panel: &Panel, table: &'a Table, shown: usize, width: f64) -> Vec<Shown<'a>> {
    let mut columns: Vec<Shown<'_>> = table
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.key != Field::EventId.key())
        .map(|(at, head)| Shown { at, head, x: 0.0, width: natural(panel, table, at, head, shown).min(width) })
        .collect();
    let gaps = |count: usize| count.saturating_sub(1) as f64 * GAP;
    let least = |column: &Shown<'_>| {
        if fixed(column) { column.width } else { column.width.min(NARROWEST.max(heading(column.head))) }
    };
    while columns.len() > 1 && columns.iter().map(least).sum::<f64>() + gaps(columns.len()) > width {
        columns.pop();
    }
    let wanted: f64 = columns.iter().map(|column| column.width).sum();
    let free = width - gaps(columns.len()) - wanted;
    // What is missing is taken from text, the more the wider it is; what is left over is spread between all.
    let spare: f64 = columns.iter().map(|column| column.width - least(column)).sum();
    let share = free.max(0.0) / columns.len() as f64;
    let mut x = 0.0;
    for column in &mut columns {
        if free < 0.0 && spare > 0.0 {
            column.width += free * (column.width - least(column)) / spare;
        }
        column.x = if column.number() { x + share } else { x };
        x += column.width + share + GAP;
    }
    columns
}

/// Whether cutting the text would take its meaning.
fn fixed(column: &Shown<'_>) -> bool {
    column.number() || matches!(column.head.kind, Kind::Time | Kind::Address | Kind::Bool)
}

fn heading(head: &Column) -> f64 {
    text::width_bold(&head.label, Type::TICK.size)
}

fn natural(panel: &Panel, table: &Table, at: usize, head: &Column, shown: usize) -> f64 {
    table
        .rows
        .iter()
        .take(shown)
        .filter_map(|row| row.get(at))
        .map(|cell| text::width(&text_of(panel, head, cell), Type::LABEL.size))
        .fold(heading(head), f64::max)
        .ceil()
        .min(WIDEST)
}
