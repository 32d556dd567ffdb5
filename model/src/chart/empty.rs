//! What stands where there is nothing to draw: calm, and with the time at which there was something.

use super::{
    canvas::{Anchor, Canvas, Rect, Type},
    format,
    paint::Paint,
};
use crate::{
    panel::{Mark, Panel},
    series::{Cell, Series},
};

/// Whether the panel's picture would show nothing. Figures always say something: zero is an answer.
pub(crate) fn is_empty(panel: &Panel, series: &Series) -> bool {
    let table = &series.table;
    let counted = table.column(&panel.main().key());
    match panel.mark {
        Mark::Figures => panel.by.is_empty() && table.rows.is_empty(),
        Mark::Text => false,
        Mark::Table | Mark::List | Mark::Line => table.rows.is_empty(),
        _ => !table.rows.iter().any(|row| match counted.and_then(|at| row.get(at)) {
            Some(Cell::Int(events)) => *events > 0,
            Some(Cell::Float(events)) => *events > 0.0,
            _ => false,
        }),
    }
}

pub(crate) fn draw(canvas: &mut Canvas<'_>, body: Rect, series: &Series) {
    let inside = |at| at >= series.window.from && at < series.window.to;
    let second = match series.last_event {
        // It is in the range, but the filter or the panel does not count it.
        Some(at) if inside(at) => format!("The last event of any kind was {} UTC.", format::minute(at)),
        Some(at) => format!("The last event was {} UTC.", format::minute(at)),
        None => "There are no events yet.".to_owned(),
    };
    let (x, y) = (body.x + body.w / 2.0, body.y + body.h / 2.0);
    let set = Type::LABEL.anchor(Anchor::Middle).paint(Paint::Muted);
    canvas.text_fit(x, y - 5.0, "No events in this range.", body.w, set.paint(Paint::Ink).size(13.0));
    canvas.text_fit(x, y + 14.0, &second, body.w, set);
}
