//! Slices of a whole: a ring with the shares on it, the whole in its middle, names and amounts beside.

use std::f64::consts::TAU;

use super::{
    canvas::{Anchor, Canvas, Rect, Type, n},
    format,
    legend::{self, Entry, Legend},
    paint::Paint,
    ranking,
    stack::amount,
};
use crate::{
    filter::Ast,
    panel::{Measure, Panel},
    series::Series,
};

struct Slice {
    label: String,
    title: String,
    amount: f64,
    paint: Paint,
    filter: Option<Ast>,
}

/// Under this width the legend stands under the ring.
const NARROW: f64 = 420.0;
const GAP: f64 = 20.0;
/// The ring's thickness, of its radius.
const THICK: f64 = 0.4;
/// A slice of less than this share has its share in the legend alone.
const LABELLED: f64 = 0.06;

pub(crate) fn draw(canvas: &mut Canvas<'_>, body: Rect, panel: &Panel, series: &Series) {
    let slices = slices(panel, series);
    let whole: f64 = slices.iter().map(|slice| slice.amount).sum();
    if whole <= 0.0 {
        return;
    }
    let entries = entries(&slices, whole);
    let (ring, legend, at) = if body.w < NARROW {
        let legend = Legend::column(entries, body.w, body.h * 0.45);
        let (ring, below) = body.split_top(body.h - legend.height() - 10.0, 10.0);
        (ring, legend, (below.x, below.y))
    } else {
        let side = body.h.min(body.w * 0.45);
        let width = (body.w - side - GAP).min(legend::WIDEST_COLUMN);
        let legend = Legend::column(entries, width, body.h);
        // Ring and legend stand together in the middle.
        let x = body.x + ((body.w - side - GAP - width) / 2.0).max(0.0);
        let y = body.y + (body.h - legend.height()) / 2.0;
        (Rect::new(x, body.y, side, body.h), legend, (x + side + GAP, y))
    };
    draw_ring(canvas, ring, panel.main(), &slices, whole);
    legend.draw(canvas, at.0, at.1);
}

/// The rows, and of counted events what lies beyond the last.
fn slices(panel: &Panel, series: &Series) -> Vec<Slice> {
    let table = &series.table;
    let main = panel.main();
    let mut next = 0;
    let mut slices: Vec<Slice> = Vec::new();
    for row in &table.rows {
        let label = ranking::label(panel, table, row);
        let failure = panel.by.first().is_some_and(|group| group.key() == "outcome")
            && panel.by.first().is_some_and(|group| table.cell(row, group.key()).text() == Some("failure"));
        let paint = if failure { Paint::Failure } else { Paint::Series(next) };
        next += u8::from(!failure);
        slices.push(Slice {
            title: ranking::title(panel, table, row, &label),
            label,
            amount: amount(table.cell(row, &main.key())),
            paint,
            filter: ranking::filter(panel, table, row),
        });
    }
    let known: f64 = slices.iter().map(|slice| slice.amount).sum();
    let rest = table.total as f64 - known;
    if table.truncated && main == Measure::Events && rest > 0.0 {
        let title = format!("Other: events {}", format::count(rest as i64));
        slices.push(Slice { label: "Other".to_owned(), title, amount: rest, paint: Paint::Other, filter: None });
    }
    slices
}

fn entries(slices: &[Slice], whole: f64) -> Vec<Entry> {
    let entry = |slice: &Slice| Entry {
        paint: slice.paint,
        label: slice.label.clone(),
        value: format!("{} · {}", format::short(slice.amount), format::percent(slice.amount / whole)),
        title: slice.title.clone(),
        filter: slice.filter.clone(),
        line: None,
    };
    slices.iter().map(entry).collect()
}

fn draw_ring(canvas: &mut Canvas<'_>, place: Rect, measure: Measure, slices: &[Slice], whole: f64) {
    let radius = (place.w.min(place.h) / 2.0 - 2.0).max(8.0);
    let (x, y) = (place.x + place.w / 2.0, place.y + place.h / 2.0);
    let mut start = 0.0;
    canvas.open_group("donut");
    for slice in slices.iter().filter(|slice| slice.amount > 0.0) {
        let share = slice.amount / whole;
        canvas.link_untabbed(slice.filter.clone(), "mark", &slice.title, |canvas| {
            let d = arc(x, y, radius, start, share);
            let edge = canvas.paint(Paint::Surface);
            let fills = [Some(canvas.paint(slice.paint)), (slice.paint == Paint::Failure).then(|| canvas.hatch())];
            for fill in fills.into_iter().flatten() {
                canvas.raw(&format!(
                    "<path d=\"{d}\" fill=\"{fill}\" stroke=\"{edge}\" stroke-width=\"1.5\" stroke-linejoin=\"round\"/>"
                ));
            }
        });
        start += share;
    }
    canvas.close_group();
    shares(canvas, (x, y, radius), slices, whole);
    let size = (radius * 0.28).clamp(11.0, 24.0);
    let set = Type::LABEL.anchor(Anchor::Middle);
    canvas.text_fit(x, y + size * 0.2, &format::short(whole), radius * 1.1, set.size(size).bold());
    if radius > 44.0 {
        canvas.text_fit(
            x,
            y + size * 0.2 + 15.0,
            &measure.label().to_ascii_lowercase(),
            radius * 1.1,
            set.paint(Paint::Muted).size(11.0),
        );
    }
}

/// The shares on the slices that have room for them, in the surface's colour on the slice's.
fn shares(canvas: &mut Canvas<'_>, (x, y, radius): (f64, f64, f64), slices: &[Slice], whole: f64) {
    if radius * THICK < 26.0 {
        return;
    }
    let middle = radius * (1.0 - THICK / 2.0);
    let mut start = 0.0;
    canvas.raw("<g pointer-events=\"none\">");
    for slice in slices {
        let share = slice.amount / whole;
        let angle = (start + share / 2.0) * TAU;
        start += share;
        if share >= LABELLED {
            let set = Type::LABEL.size(11.0).anchor(Anchor::Middle).paint(Paint::Surface).bold();
            let label = format!("{:.0}%", share * 100.0);
            canvas.text(x + middle * angle.sin(), y - middle * angle.cos() + 4.0, &label, set);
        }
    }
    canvas.close_group();
}

/// A piece of the ring from `start`, a share of the turn, clockwise from the top. A whole turn is two halves: an arc that
/// ends where it begins is none.
fn arc(x: f64, y: f64, radius: f64, start: f64, share: f64) -> String {
    if share > 0.9999 {
        return format!("{}{}", arc(x, y, radius, start, 0.5), arc(x, y, radius, start + 0.5, 0.5));
    }
    let inner = radius * (1.0 - THICK);
    let at = |radius: f64, turn: f64| {
        let angle = turn * TAU;
        format!("{} {}", n(x + radius * angle.sin()), n(y - radius * angle.cos()))
    };
    let large = u8::from(share > 0.5);
    format!(
        "M{}A{r} {r} 0 {large} 1 {}L{}A{i} {i} 0 {large} 0 {}z",
        at(radius, start),
        at(radius, start + share),
        at(inner, start + share),
        at(inner, start),
        r = n(radius),
        i = n(inner),
    )
}
