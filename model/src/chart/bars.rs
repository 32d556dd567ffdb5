//! Horizontal bars, the largest first: label, bar, amount and share in even columns.

use super::{
    canvas::{Anchor, Canvas, Rect, Type},
    format,
    paint::Paint,
    text,
};
use crate::filter::Ast;

pub(crate) struct Bar {
    pub label: String,
    /// Tooltip and accessible name: the whole.
    pub title: String,
    /// From the left: amount and colour.
    pub pieces: Vec<(f64, Paint)>,
    pub filter: Option<Ast>,
}

impl Bar {
    pub fn amount(&self) -> f64 {
        self.pieces.iter().map(|(amount, _)| amount).sum()
    }
}

pub(crate) const ROW: f64 = 23.0;
const GAP: f64 = 10.0;
const THICK: f64 = 10.0;

/// As many as fit; the rest is counted in the last line. `total` is what shares are of.
pub(crate) fn draw(canvas: &mut Canvas<'_>, body: Rect, bars: &[Bar], total: f64) {
    let places = (body.h / ROW).floor().max(0.0) as usize;
    let shown = if bars.len() > places { places.saturating_sub(1) } else { bars.len() };
    // Shares are never above the whole, also where the total does not count what the rows count.
    let total = total.max(bars.iter().map(Bar::amount).fold(0.0, f64::max));
    let columns = Columns::new(body, &bars[..shown], total);
    canvas.open_group("bars");
    for (at, bar) in bars.iter().take(shown).enumerate() {
        let row = Rect::new(body.x, body.y + at as f64 * ROW, body.w, ROW);
        columns.draw(canvas, row, bar);
    }
    if shown < bars.len() && places > 0 {
        let rest: f64 = bars.iter().skip(shown).map(Bar::amount).sum();
        let label = format!("{} more: {}", bars.len() - shown, format::short(rest));
        canvas.text(body.x, body.y + shown as f64 * ROW + 15.5, &label, Type::LABEL.paint(Paint::Muted));
    }
    canvas.close_group();
}

/// Where the columns of a list of bars stand.
struct Columns {
    label_width: f64,
    bar: f64,
    bar_width: f64,
    value: f64,
    share: Option<f64>,
    most: f64,
    total: f64,
    exact: bool,
}

impl Columns {
    fn new(body: Rect, bars: &[Bar], total: f64) -> Columns {
        let size = Type::LABEL.size;
        let widest = |texts: &mut dyn Iterator<Item = String>| {
            texts.map(|text| text::width(&text, size)).fold(0.0, f64::max).ceil()
        };
        let exact = body.w >= 360.0;
        let value_width = widest(&mut bars.iter().map(|bar| value(bar, exact))).max(24.0);
        let share_width = if body.w >= 260.0 && total > 0.0 {
            widest(&mut bars.iter().map(|bar| format::percent(bar.amount() / total))) + GAP
        } else {
            0.0
        };
        let label_width = widest(&mut bars.iter().map(|bar| bar.label.clone())).min(body.w * 0.42).max(30.0);
        let value = body.right() - share_width;
        let bar = body.x + label_width + GAP;
        Columns {
            label_width,
            bar,
            bar_width: (value - value_width - GAP - bar).max(0.0),
            value,
            share: (share_width > 0.0).then_some(body.right()),
            most: bars.iter().map(Bar::amount).fold(0.0, f64::max),
            total,
            exact,
        }
    }

    fn draw(&self, canvas: &mut Canvas<'_>, row: Rect, bar: &Bar) {
        canvas.link(bar.filter.clone(), "row", &bar.title, |canvas| {
            canvas.hit(Rect::new(row.x - 4.0, row.y, row.w + 8.0, row.h));
            let baseline = row.y + 15.5;
            canvas.text_fit(row.x, baseline, &bar.label, self.label_width + 1.0, Type::LABEL);
            self.pieces(canvas, row, bar);
            let set = Type::LABEL.anchor(Anchor::End);
            canvas.text(self.value, baseline, &value(bar, self.exact), set);
            if let Some(x) = self.share {
                canvas.text(x, baseline, &format::percent(bar.amount() / self.total), set.paint(Paint::Muted));
            }
        });
    }

    fn pieces(&self, canvas: &mut Canvas<'_>, row: Rect, bar: &Bar) {
        let place = |x: f64, width: f64| Rect::new(x, row.y + (ROW - THICK) / 2.0, width, THICK);
        if self.bar_width < 12.0 {
            return;
        }
        canvas.rect(place(self.bar, self.bar_width), Paint::Track, 2.0);
        let mut x = self.bar;
        for (amount, paint) in bar.pieces.iter().filter(|(amount, _)| *amount > 0.0) {
            let width = (amount / self.most.max(1.0) * self.bar_width).max(2.0).min(self.bar + self.bar_width - x);
            canvas.swatch(place(x, width), *paint, 2.0);
            x += width;
        }
    }
}

fn value(bar: &Bar, exact: bool) -> String {
    if exact && bar.amount() < 1e7 { format::count(bar.amount() as i64) } else { format::short(bar.amount()) }
}
