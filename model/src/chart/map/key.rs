//! The map's key: the steps of shading with their ranges, and what the other marks mean.

use super::{data::Data, layer::disc, shade::Shades};
use crate::chart::{
    canvas::{Canvas, Rect, Type, n},
    format,
    paint::Paint,
    text,
};

#[derive(Clone, Copy, PartialEq)]
enum Symbol {
    Swatch(Paint),
    Bubble,
    FailureRing,
    Region,
    Flow,
    None,
}

pub(crate) struct Key {
    shades: Vec<(Symbol, String)>,
    marks: Vec<(Symbol, String)>,
}

const ROW: f64 = 16.0;
const SYMBOL: f64 = 18.0;
const GAP: f64 = 14.0;
/// The band of steps with its labels, and the widest that a step is.
const BAND: f64 = 30.0;
const STEP_AT_MOST: f64 = 66.0;

impl Key {
    pub fn new(shades: &Shades, data: &Data) -> Key {
        let mut marks = Vec::new();
        if !data.cities.is_empty() {
            marks.push((Symbol::Bubble, "City".to_owned()));
            if data.cities.iter().any(|city| city.counts.failures > 0.0) {
                marks.push((Symbol::FailureRing, "Share of failures".to_owned()));
            }
        }
        if !data.flows.is_empty() {
            marks.push((Symbol::Region, "AWS region".to_owned()));
            marks.push((Symbol::Flow, "Country to region".to_owned()));
        }
        Key { marks, ..Key::shades_only(shades, data) }.with_nowhere(data)
    }

    pub fn shades_only(shades: &Shades, data: &Data) -> Key {
        let swatch = |(paint, label)| (Symbol::Swatch(paint), label);
        let steps = if data.places.is_empty() { Vec::new() } else { shades.legend() };
        Key { shades: steps.into_iter().map(swatch).collect(), marks: Vec::new() }
    }

    fn with_nowhere(mut self, data: &Data) -> Key {
        if data.nowhere > 0.0 {
            self.marks.push((Symbol::None, format!("Unknown place: {}", format::short(data.nowhere))));
        }
        self
    }

    pub fn column_height(&self) -> f64 {
        (self.shades.len() + self.marks.len() + 1) as f64 * ROW + 8.0
    }

    /// One under the other, with a heading.
    pub fn draw_column(&self, canvas: &mut Canvas<'_>, x: f64, y: f64) {
        canvas.open_group("key");
        let set = Type::TICK.paint(Paint::Ink).bold();
        canvas.text(x, y + 11.0, "Events by country", set);
        let mut y = y + ROW;
        for (symbol, label) in &self.shades {
            item(canvas, x, y, *symbol, label);
            y += ROW;
        }
        y += 6.0;
        for (symbol, label) in &self.marks {
            item(canvas, x, y, *symbol, label);
            y += ROW;
        }
        canvas.close_group();
    }

    /// The marks in lines, each filled.
    fn lines(&self, width: f64) -> Vec<Vec<(f64, Symbol, &str)>> {
        let mut lines: Vec<Vec<(f64, Symbol, &str)>> = Vec::new();
        let mut x = f64::INFINITY;
        for (symbol, label) in &self.marks {
            let needed = SYMBOL + text::width(label, Type::TICK.size);
            if x + needed > width {
                lines.push(Vec::new());
                x = 0.0;
            }
            if let Some(line) = lines.last_mut() {
                line.push((x, *symbol, label));
            }
            x += needed + GAP;
        }
        lines
    }

    fn band_height(&self) -> f64 {
        if self.shades.is_empty() { 0.0 } else { BAND }
    }

    pub fn flow_height(&self, width: f64) -> f64 {
        self.band_height() + self.lines(width).len() as f64 * ROW
    }

    /// The steps as one band with their ranges under it, then the marks in lines.
    pub fn draw_flow(&self, canvas: &mut Canvas<'_>, place: Rect) {
        canvas.open_group("key");
        let step = (place.w / self.shades.len().max(1) as f64).min(STEP_AT_MOST);
        for (at, (symbol, label)) in self.shades.iter().enumerate() {
            let x = place.x + at as f64 * step;
            if let Symbol::Swatch(paint) = symbol {
                canvas.rect(Rect::new(x, place.y, step - 1.0, 8.0), *paint, 1.0);
            }
            canvas.text_fit(x, place.y + 20.0, label, step - 2.0, Type::TICK);
        }
        let top = place.y + self.band_height();
        for (row, line) in self.lines(place.w).into_iter().enumerate() {
            for (x, symbol, label) in line {
                item(canvas, place.x + x, top + row as f64 * ROW, symbol, label);
            }
        }
        canvas.close_group();
    }
}

fn item(canvas: &mut Canvas<'_>, x: f64, y: f64, symbol: Symbol, label: &str) {
    let (middle_x, middle_y) = (x + 6.0, y + 7.0);
    match symbol {
        Symbol::Swatch(paint) => canvas.rect(Rect::new(x, y + 2.0, 12.0, 10.0), paint, 2.0),
        Symbol::Bubble | Symbol::FailureRing => {
            canvas.raw("<g stroke-linecap=\"round\">");
            if symbol == Symbol::FailureRing {
                disc(canvas, (middle_x, middle_y), 11.0, Paint::Failure);
            }
            disc(canvas, (middle_x, middle_y), if symbol == Symbol::Bubble { 10.0 } else { 6.0 }, Paint::Bubble);
            canvas.close_group();
        }
        Symbol::Region => {
            let (x, y, stroke) = (n(middle_x), n(middle_y - 4.5), canvas.paint(Paint::Region));
            canvas.raw(&format!(
                "<path d=\"M{x} {y}l4.5 4.5-4.5 4.5-4.5-4.5z\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"1.8\"/>"
            ));
        }
        Symbol::Flow => {
            let stroke = canvas.paint(Paint::Flow);
            canvas.raw(&format!(
                "<path d=\"M{} {}q6-7 12 0\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"1.6\"/>",
                n(x),
                n(middle_y + 3.0)
            ));
        }
        Symbol::None => {}
    }
    canvas.text(x + SYMBOL, y + 11.0, label, Type::TICK);
}
