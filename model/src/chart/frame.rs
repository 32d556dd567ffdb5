//! What surrounds the picture: in a page nothing, in a file the background, title, window, filter and our name.

use super::{
    Target, Theme,
    canvas::{Anchor, Canvas, Rect, Type},
    escape::escape,
    format,
    paint::Paint,
};
use crate::{panel::Panel, series::Series};

/// Of a file's picture, around its content.
const PADDING: f64 = 20.0;
const TITLE: f64 = 44.0;
const FILTER: f64 = 18.0;
const FOOT: f64 = 18.0;

/// The attribute of a picture that stands alone.
pub(crate) const FONTS: &str =
    " font-family=\"Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif\"";

pub(crate) struct Frame {
    width: f64,
    height: f64,
    pub body: Rect,
    file: bool,
}

impl Frame {
    pub fn new(series: &Series, target: Target<'_>) -> Frame {
        let (width, height) = (f64::from(target.size.width).max(40.0), f64::from(target.size.height).max(30.0));
        let file = target.link.is_none();
        let body = if file {
            let head = TITLE + if series.filter.is_empty() { 0.0 } else { FILTER };
            let (x, y) = (PADDING.min(width / 20.0), PADDING + head);
            Rect::new(x, y, width - 2.0 * x, height - y - FOOT - PADDING / 2.0)
        } else {
            Rect::new(0.0, 0.0, width, height)
        };
        Frame { width, height, body, file }
    }

    /// With a body of at least so many pixels, or of just so many where its height is that of its rows.
    pub fn fitted(mut self, needed: f64, exactly: bool) -> Frame {
        let least = if self.file { needed.max(60.0) } else { needed };
        let missing = (least - self.body.h).ceil();
        if exactly || missing > 0.0 {
            self.body.h += missing;
            self.height += missing;
        }
        self
    }

    pub fn draw(&self, canvas: &mut Canvas<'_>, panel: &Panel, series: &Series) {
        if !self.file {
            return;
        }
        canvas.rect(Rect::new(0.0, 0.0, self.width, self.height), Paint::Surface, 0.0);
        let (x, most) = (self.body.x, self.body.w);
        let muted = Type::LABEL.paint(Paint::Muted);
        canvas.text_fit(x, PADDING + 11.0, &panel.title, most, Type::LABEL.size(16.0).bold());
        let (from, to) = (format::minute(series.window.from), format::minute(series.window.to));
        canvas.text_fit(x, PADDING + 29.0, &format!("{from} to {to} UTC"), most, muted);
        if !series.filter.is_empty() {
            canvas.text_fit(x, PADDING + 47.0, &format!("Filter: {}", series.filter), most, muted);
        }
        let foot = Type::TICK.anchor(Anchor::End);
        canvas.text(self.body.right(), self.height - 9.0, "Trailmap", foot);
    }

    /// The root element around `inner`. Links must stay reachable inside, so a page's chart is a group and not an image.
    pub fn wrap(&self, panel: &Panel, series: &Series, target: Target<'_>, inner: String) -> String {
        let role = if self.file { "role=\"img\"" } else { "class=\"chart\" role=\"group\"" };
        let font = match (target.theme, self.file) {
            (Theme::Page, false) => "",
            _ => FONTS,
        };
        let (width, height) = (self.width.round(), self.height.round());
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" {role} aria-label=\"{}\" data-from=\"{}\" data-to=\"{}\"{} \
             font-size=\"12\"{font} font-variant=\"tabular-nums\" fill=\"{}\">{inner}</svg>",
            escape(&label(panel, series)),
            series.window.from.0,
            series.window.to.0,
            plot_of(&inner),
            Paint::Ink.text(target.theme),
        )
    }
}

fn label(panel: &Panel, series: &Series) -> String {
    let span = format!("{} to {} UTC", format::minute(series.window.from), format::minute(series.window.to));
    match series.table.total {
        0 => format!("{}, {span}", panel.title),
        total => format!("{}, {span}, {} events", panel.title, format::count(total)),
    }
}

/// The place of the plot, repeated on the root for the page's script: ` data-plot="x y w h"`.
fn plot_of(inner: &str) -> String {
    let found = inner.split_once(" data-plot=\"").and_then(|(_, rest)| rest.split_once('"'));
    found.map(|(plot, _)| format!(" data-plot=\"{plot}\"")).unwrap_or_default()
}
