//! The legend under a chart: swatch, label and amount in even columns; each entry links as its marks do.

use super::{
    canvas::{Anchor, Canvas, Rect, Type, n},
    paint::Paint,
    text,
};
use crate::filter::Ast;

pub(crate) struct Entry {
    pub paint: Paint,
    pub label: String,
    /// The amount, short.
    pub value: String,
    /// The whole: tooltip and accessible name.
    pub title: String,
    pub filter: Option<Ast>,
    /// Of a line: the how-manieth, for its dashes.
    pub line: Option<usize>,
}

pub(crate) struct Legend {
    entries: Vec<Entry>,
    /// Each as wide as its widest entry.
    columns: Vec<f64>,
    rows: usize,
}

const ROW: f64 = 18.0;
/// Of a legend beside its chart.
pub(crate) const WIDEST_COLUMN: f64 = 330.0;
const SWATCH: f64 = 10.0;
const GAP: f64 = 6.0;
const COLUMN_GAP: f64 = 22.0;
/// Labels are cut to the next of these where that saves a row.
const LABEL_AT_MOST: [f64; 3] = [200.0, 165.0, 130.0];

impl Legend {
    /// As many columns as fit into `width`, as many rows as fit into `most_height`.
    pub fn new(entries: Vec<Entry>, width: f64, most_height: f64) -> Legend {
        let fits = |columns: &Vec<f64>| columns.iter().sum::<f64>() + COLUMN_GAP * (columns.len() - 1) as f64 <= width;
        let rows = |columns: &Vec<f64>| entries.len().div_ceil(columns.len());
        let columns = LABEL_AT_MOST
            .into_iter()
            .filter_map(|most| {
                let widths: Vec<f64> = entries.iter().map(|entry| natural(entry, most)).collect();
                (1..=entries.len()).rev().map(|count| widest(&widths, count)).find(fits)
            })
            .min_by_key(rows);
        let columns = match columns {
            Some(columns) if columns.len() > 1 || entries.len() < 2 || width < 280.0 => columns,
            // On a narrow screen two shortened columns are better than one.
            _ if entries.len() > 1 && width >= 280.0 => vec![(width - COLUMN_GAP) / 2.0; 2],
            _ => vec![width],
        };
        let rows = rows(&columns).min((most_height / ROW).floor().max(0.0) as usize);
        Legend { entries, columns, rows }
    }

    /// One entry under the other.
    pub fn column(entries: Vec<Entry>, width: f64, most_height: f64) -> Legend {
        let widest = entries.iter().map(|entry| natural(entry, LABEL_AT_MOST[0])).fold(0.0, f64::max);
        let rows = entries.len().min((most_height / ROW).floor().max(0.0) as usize);
        Legend { entries, columns: vec![widest.min(width)], rows }
    }

    pub fn height(&self) -> f64 {
        self.rows as f64 * ROW
    }

    pub fn draw(&self, canvas: &mut Canvas<'_>, x: f64, y: f64) {
        let places = self.rows * self.columns.len();
        let hidden = if self.entries.len() > places { self.entries.len() + 1 - places.max(1) } else { 0 };
        canvas.open_group("legend");
        let shown = self.entries.len() - hidden;
        for (at, entry) in self.entries.iter().take(shown.min(places)).enumerate() {
            self.entry(canvas, self.cell(x, y, at), entry);
        }
        if hidden > 0 && places > 0 {
            let cell = self.cell(x, y, shown);
            let label = format!("{hidden} more");
            canvas.text(cell.x + SWATCH + GAP, cell.y + 13.0, &label, Type::LABEL.paint(Paint::Muted));
        }
        canvas.close_group();
    }

    /// Entries run along the rows, so that the first ones stand together.
    fn cell(&self, x: f64, y: f64, at: usize) -> Rect {
        let (row, column) = (at / self.columns.len(), at % self.columns.len());
        let before: f64 = self.columns.iter().take(column).map(|width| width + COLUMN_GAP).sum();
        Rect::new(x + before, y + row as f64 * ROW, self.columns[column], ROW)
    }

    fn entry(&self, canvas: &mut Canvas<'_>, cell: Rect, entry: &Entry) {
        canvas.link(entry.filter.clone(), "entry", &entry.title, |canvas| {
            canvas.hit(cell);
            match entry.line {
                Some(dashes) => {
                    let d = format!("M{} {}h{}", n(cell.x - 3.0), n(cell.y + 9.0), n(SWATCH + 5.0));
                    canvas.line(&d, entry.paint, dashes);
                }
                None => canvas.swatch(Rect::new(cell.x, cell.y + 4.0, SWATCH, SWATCH), entry.paint, 2.0),
            }
            let value = Type::LABEL.paint(Paint::Muted).anchor(Anchor::End);
            let label_x = cell.x + SWATCH + GAP;
            let label_most = cell.w - SWATCH - 3.0 * GAP - text::width(&entry.value, value.size) + 1.0;
            canvas.text_fit(label_x, cell.y + 13.0, &entry.label, label_most.max(20.0), Type::LABEL);
            canvas.text(cell.right(), cell.y + 13.0, &entry.value, value);
        });
    }
}

fn natural(entry: &Entry, label_at_most: f64) -> f64 {
    let size = Type::LABEL.size;
    let label = text::width(&entry.label, size).min(label_at_most);
    SWATCH + 3.0 * GAP + label + text::width(&entry.value, size)
}

/// The widths of `count` columns, entries running along the rows.
fn widest(widths: &[f64], count: usize) -> Vec<f64> {
    (0..count).map(|column| widths.iter().skip(column).step_by(count).copied().fold(0.0, f64::max)).collect()
}
