//! Horizontal bars, the largest first: label, bar, amount and share in even columns.

use super::{
    canvas::{Anchor, Canvas, Rect, Type},
    format,
    paint::Paint,
    text,
};
use crate::{field::Kind, filter::Ast, panel::Measure};

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

/// What the bars of a list have in common.
#[derive(Clone, Copy)]
pub(crate) struct List<'a> {
    pub measure: Measure,
    /// What shares are of; `None`: there are none.
    pub total: Option<f64>,
    /// For each bar, whether it is a part of the one before that is none.
    pub inner: &'a [bool],
}

/// As many as fit, of events; the rest is counted in the last line. `total` is what shares are of.
pub(crate) fn draw(canvas: &mut Canvas<'_>, body: Rect, bars: &[Bar], total: f64) {
    draw_list(canvas, body, bars, List { measure: Measure::Events, total: Some(total), inner: &[] });
}

/// As many as fit; the rest is counted in the last line.
pub(crate) fn draw_list(canvas: &mut Canvas<'_>, body: Rect, bars: &[Bar], list: List<'_>) {
    let places = (body.h / ROW).floor().max(0.0) as usize;
    let shown = if bars.len() > places { places.saturating_sub(1) } else { bars.len() };
    // Shares are never above the whole, also where the total does not count what the rows count.
    let total = list.total.map_or(0.0, |total| total.max(bars.iter().map(Bar::amount).fold(0.0, f64::max)));
    let columns = Columns::new(body, &bars[..shown], total, list);
    canvas.open_group("bars");
    for (at, bar) in bars.iter().take(shown).enumerate() {
        let row = Rect::new(body.x, body.y + at as f64 * ROW, body.w, ROW);
        columns.draw(canvas, row, bar, list.inner.get(at).copied());
    }
    if shown < bars.len() && places > 0 {
        let is_inner = |at: usize| list.inner.get(at).copied().unwrap_or(false);
        let rest: f64 = (shown..bars.len()).filter(|at| !is_inner(*at)).map(|at| bars[at].amount()).sum();
        let label = match list.measure.adds_up() && rest > 0.0 {
            true => format!("{} more: {}", bars.len() - shown, format::short(rest)),
            false => format!("{} more", bars.len() - shown),
        };
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
    measure: Measure,
}

/// How far a part stands in.
const INDENT: f64 = 14.0;

impl Columns {
    fn new(body: Rect, bars: &[Bar], total: f64, list: List<'_>) -> Columns {
        let measure = list.measure;
        let size = Type::LABEL.size;
        let widest = |texts: &mut dyn Iterator<Item = String>| {
            texts.map(|text| text::width(&text, size)).fold(0.0, f64::max).ceil()
        };
        let exact = body.w >= 360.0;
        let value_width = widest(&mut bars.iter().map(|bar| value(measure, bar, exact))).max(24.0);
        let share_width = if body.w >= 260.0 && total > 0.0 {
            widest(&mut bars.iter().map(|bar| format::percent(bar.amount() / total))) + GAP
        } else {
            0.0
        };
        let indent = if list.inner.contains(&true) { INDENT } else { 0.0 };
        let label_width =
            widest(&mut bars.iter().map(|bar| bar.label.clone())) * if indent > 0.0 { text::BOLD } else { 1.0 };
        let label_width = (label_width + indent).min(body.w * 0.42).max(30.0);
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
            measure,
        }
    }

    /// `inner`: whether it is a part; `None` where the list has no parts.
    fn draw(&self, canvas: &mut Canvas<'_>, row: Rect, bar: &Bar, inner: Option<bool>) {
        canvas.link(bar.filter.clone(), "row", &bar.title, |canvas| {
            canvas.hit(Rect::new(row.x - 4.0, row.y, row.w + 8.0, row.h));
            let baseline = row.y + 15.5;
            let indent = if inner == Some(true) { INDENT } else { 0.0 };
            let label = if inner == Some(false) { Type::LABEL.bold() } else { Type::LABEL };
            canvas.text_fit(row.x + indent, baseline, &bar.label, self.label_width + 1.0 - indent, label);
            self.pieces(canvas, row, bar, indent > 0.0);
            let set = Type::LABEL.anchor(Anchor::End);
            canvas.text(self.value, baseline, &value(self.measure, bar, self.exact), set);
            if let Some(x) = self.share {
                canvas.text(x, baseline, &format::percent(bar.amount() / self.total), set.paint(Paint::Muted));
            }
        });
    }

    fn pieces(&self, canvas: &mut Canvas<'_>, row: Rect, bar: &Bar, inner: bool) {
        let thick = if inner { THICK - 4.0 } else { THICK };
        let place = |x: f64, width: f64| Rect::new(x, row.y + (ROW - thick) / 2.0, width, thick);
        if self.bar_width < 12.0 {
            return;
        }
        canvas.rect(place(self.bar, self.bar_width), Paint::Track, 2.0);
        let most = if self.measure.kind() == Kind::Float { self.most.max(1e-9) } else { self.most.max(1.0) };
        let mut x = self.bar;
        for (amount, paint) in bar.pieces.iter().filter(|(amount, _)| *amount > 0.0) {
            let width = (amount / most * self.bar_width).max(2.0).min(self.bar + self.bar_width - x);
            canvas.swatch(place(x, width), *paint, 2.0);
            x += width;
        }
    }
}

fn value(measure: Measure, bar: &Bar, exact: bool) -> String {
    if measure.kind() == Kind::Float {
        return measure.amount(bar.amount());
    }
    if exact && bar.amount() < 1e7 { format::count(bar.amount() as i64) } else { format::short(bar.amount()) }
}
