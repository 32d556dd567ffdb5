//! Two groups crossed: a cell for each pair, shaded by its amount. The numbers stand in the cells; where they do not all
//! fit, the cells' sizes say it, so that colour is never alone.

use super::{
    canvas::{Anchor, Canvas, Rect, Type, n},
    format,
    paint::Paint,
    ranking,
    stack::amount,
    text,
};
use crate::{
    field::{Field, Kind},
    filter::Ast,
    order::sort_by,
    panel::{Group, Measure, Panel},
    series::{Cell, Series, Table},
};

/// The values of one group, in the order in which they are drawn.
struct Axis {
    group: Group,
    values: Vec<Cell>,
    names: Vec<String>,
}

impl Axis {
    /// Days and hours are all there, in their order; other values as the rows bring them, the largest first.
    fn new(panel: &Panel, group: Group, table: &Table, main: &str) -> Axis {
        let values = match group {
            Group::Field(Field::Weekday) => (1..=7).map(Cell::Int).collect(),
            Group::Field(Field::Hour) => (0..24).map(Cell::Int).collect(),
            Group::Class => in_order(panel, table),
            Group::Field(_) => by_amount(table, group, main),
        };
        let names = values.iter().map(|value| panel.group_name(group, value)).collect();
        Axis { group, values, names }
    }

    fn widest(&self) -> f64 {
        self.names.iter().map(|name| text::width(name, Type::LABEL.size)).fold(0.0, f64::max).ceil()
    }
}

fn in_order(panel: &Panel, table: &Table) -> Vec<Cell> {
    let present = |cell: &Cell| table.rows.iter().any(|row| table.cell(row, Group::Class.key()) == cell);
    let ids = panel.classes.iter().map(|class| Cell::Text(class.id.clone()));
    ids.chain([Cell::Null]).filter(present).collect()
}

fn by_amount(table: &Table, group: Group, main: &str) -> Vec<Cell> {
    let mut sums: Vec<(Cell, f64)> = Vec::new();
    for row in &table.rows {
        let (cell, amount) = (table.cell(row, group.key()), amount(table.cell(row, main)));
        match sums.iter_mut().find(|(known, _)| known == cell) {
            Some((_, sum)) => *sum += amount,
            None => sums.push((cell.clone(), amount)),
        }
    }
    sort_by(&mut sums, |a, b| b.1.total_cmp(&a.1));
    sums.into_iter().map(|(cell, _)| cell).collect()
}

const ROW_AT_MOST: f64 = 40.0;
const ROW_AT_LEAST: f64 = 17.0;
const GAP: f64 = 8.0;
/// Steps of shading that the figures on them stand out from, in ink up to the third and in the surface's colour beyond.
const LEVELS: [u8; 5] = [0, 1, 2, 4, 5];

/// Where everything stands.
struct Grid {
    place: Rect,
    column: f64,
    row: f64,
    labels: f64,
    /// Names of columns are turned where they do not fit.
    turned: bool,
}

pub(crate) fn height(panel: &Panel, series: &Series, width: f64) -> f64 {
    let Some((rows, columns)) = axes(panel, series) else { return 0.0 };
    let labels = (rows.widest() + GAP).min(width * 0.34);
    let wide = (width - labels) / columns.names.len().max(1) as f64;
    foot(&columns, columns.widest() > wide - 4.0) + rows.names.len() as f64 * 24.0
}

fn axes(panel: &Panel, series: &Series) -> Option<(Axis, Axis)> {
    let [first, second] = panel.by[..] else { return None };
    let main = panel.main().key();
    Some((Axis::new(panel, first, &series.table, &main), Axis::new(panel, second, &series.table, &main)))
}

/// The height of the columns' names.
fn foot(columns: &Axis, turned: bool) -> f64 {
    if turned { (columns.widest() * 0.72 + 14.0).min(92.0) } else { 20.0 }
}

impl Grid {
    fn new(body: Rect, rows: &Axis, columns: &Axis) -> Grid {
        let labels = (rows.widest() + GAP).min(body.w * 0.34);
        let column = (body.w - labels) / columns.names.len().max(1) as f64;
        // Hours are read without each being named.
        let turned = columns.widest() > column - 4.0 && columns.group != Group::Field(Field::Hour);
        let foot = foot(columns, turned);
        let fitting = (body.h - foot) / rows.names.len().max(1) as f64;
        let row = fitting.clamp(ROW_AT_LEAST.min(fitting.max(1.0)), ROW_AT_MOST);
        let place = Rect::new(body.x + labels, body.y, body.w - labels, row * rows.names.len() as f64);
        Grid { place, column, row, labels, turned }
    }

    fn cell(&self, row: usize, column: usize) -> Rect {
        let (x, y) = (self.place.x + column as f64 * self.column, self.place.y + row as f64 * self.row);
        Rect::new(x + 0.75, y + 0.75, self.column - 1.5, self.row - 1.5)
    }
}

pub(crate) fn draw(canvas: &mut Canvas<'_>, body: Rect, panel: &Panel, series: &Series) {
    let Some((rows, columns)) = axes(panel, series) else { return };
    let main = panel.main();
    let table = &series.table;
    let most = table.rows.iter().map(|row| amount(table.cell(row, &main.key()))).fold(0.0, f64::max);
    let grid = Grid::new(body, &rows, &columns);
    // Numbers in some cells and sizes in others would be two scales.
    let fits = |row: &Vec<Cell>| {
        let width = text::width(&written(main, amount(table.cell(row, &main.key()))), NUMBER);
        width + 1.0 <= grid.cell(0, 0).w && NUMBER + 3.0 <= grid.cell(0, 0).h
    };
    let numbers = table.rows.iter().all(fits);
    canvas.open_group("heat");
    let ground = canvas.paint(Paint::Track);
    for row in 0..rows.values.len() {
        for column in 0..columns.values.len() {
            canvas.rect_filled(grid.cell(row, column), &ground, 2.0);
        }
    }
    for row in &table.rows {
        let at = |axis: &Axis| axis.values.iter().position(|value| value == table.cell(row, axis.group.key()));
        let (Some(y), Some(x)) = (at(&rows), at(&columns)) else { continue };
        let value = amount(table.cell(row, &main.key()));
        if value <= 0.0 {
            continue;
        }
        let title = ranking::title(panel, table, row, &ranking::label(panel, table, row));
        let written = numbers.then(|| written(main, value));
        let mark = Mark { place: grid.cell(y, x), share: value / most, written };
        canvas.link(ranking::filter(panel, table, row), "cell", &title, |canvas| mark.draw(canvas));
    }
    canvas.close_group();
    names(canvas, body, &grid, panel, &rows, &columns);
}

/// One cell.
struct Mark {
    place: Rect,
    share: f64,
    written: Option<String>,
}

const NUMBER: f64 = 10.5;

fn written(measure: Measure, value: f64) -> String {
    if measure.kind() == Kind::Float { measure.amount(value) } else { format::short(value) }
}

impl Mark {
    fn draw(&self, canvas: &mut Canvas<'_>) {
        // Few cells have most of the events: shades are even on the root of the amount.
        let level = ((self.share.sqrt() * LEVELS.len() as f64).ceil() as usize).clamp(1, LEVELS.len()) - 1;
        let paint = Paint::Scale(LEVELS[level]);
        if let Some(written) = &self.written {
            canvas.rect(self.place, paint, 2.0);
            let set = Type::LABEL.size(NUMBER).anchor(Anchor::Middle);
            let set = set.paint(if level < 3 { Paint::Ink } else { Paint::Surface });
            let (x, y) = (self.place.x + self.place.w / 2.0, self.place.y + self.place.h / 2.0 + NUMBER * 0.36);
            return canvas.text(x, y, written, set);
        }
        let scale = self.share.sqrt().max(0.25);
        let (w, h) = (self.place.w * scale, self.place.h * scale);
        let inner = Rect::new(self.place.x + (self.place.w - w) / 2.0, self.place.y + (self.place.h - h) / 2.0, w, h);
        canvas.hit(self.place);
        canvas.rect(inner, paint, 1.0);
    }
}

/// Names of rows to the left, of columns below; each adds its own condition.
fn names(canvas: &mut Canvas<'_>, body: Rect, grid: &Grid, panel: &Panel, rows: &Axis, columns: &Axis) {
    let term = |axis: &Axis, at: usize| -> Option<Ast> { panel.term(axis.group, &axis.values[at]) };
    for (at, name) in rows.names.iter().enumerate() {
        let y = grid.place.y + (at as f64 + 0.5) * grid.row + 4.0;
        canvas.link(term(rows, at), "entry", name, |canvas| {
            canvas.text_fit(body.x, y, name, grid.labels - GAP, Type::LABEL);
        });
    }
    // Of hours, as many as fit.
    let step = match grid.turned {
        true => 1,
        false => ((columns.widest() + 6.0) / grid.column.max(1.0)).ceil().max(1.0) as usize,
    };
    for (at, name) in columns.names.iter().enumerate().step_by(step) {
        let (x, y) = (grid.place.x + (at as f64 + 0.5) * grid.column, grid.place.bottom());
        canvas.link(term(columns, at), "entry", name, |canvas| match grid.turned {
            false => canvas.text(x, y + 15.0, name, Type::TICK.anchor(Anchor::Middle)),
            true => {
                canvas.raw(&format!("<g transform=\"translate({} {}) rotate(-40)\">", n(x + 4.0), n(y + 12.0)));
                canvas.text_fit(0.0, 0.0, name, 120.0, Type::TICK.anchor(Anchor::End));
                canvas.close_group();
            }
        });
    }
}
