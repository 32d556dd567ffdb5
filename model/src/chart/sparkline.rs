//! A line without axes, for tiles.

use super::{
    Land, Size, Target, Theme,
    canvas::{Canvas, Rect, n},
    paint::Paint,
};

/// `<svg>` of a line over a faint area; values that are not finite count as zero. Decoration: hidden from screen readers.
pub fn sparkline(values: &[f64], size: Size, theme: Theme) -> String {
    let mut canvas = Canvas::new("", Target { size, theme, link: None, land: Land::Asset });
    draw(&mut canvas, Rect::new(0.0, 0.0, f64::from(size.width), f64::from(size.height)), values);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart sparkline\" width=\"{0}\" height=\"{1}\" \
         viewBox=\"0 0 {0} {1}\" aria-hidden=\"true\" focusable=\"false\">{2}</svg>",
        size.width,
        size.height,
        canvas.finish()
    )
}

/// The line's width and the dot at its end stay inside of the frame.
const INSET: f64 = 2.5;

pub(crate) fn draw(canvas: &mut Canvas<'_>, frame: Rect, values: &[f64]) {
    let finite = |value: f64| if value.is_finite() { value.max(0.0) } else { 0.0 };
    let most = values.iter().copied().map(finite).fold(0.0, f64::max);
    let usable = Rect::new(frame.x, frame.y + INSET, frame.w - INSET, frame.h - 2.0 * INSET);
    let step = usable.w / (values.len().max(2) - 1) as f64;
    let y = |value: f64| usable.bottom() - if most > 0.0 { finite(value) / most * usable.h } else { 0.0 };
    let mut points: Vec<(f64, f64)> =
        values.iter().enumerate().map(|(at, value)| (usable.x + at as f64 * step, y(*value))).collect();
    if let [only] = points[..] {
        points.push((usable.right(), only.1));
    }
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return };
    let corners: Vec<_> = points.iter().map(|(x, y)| format!("{} {}", n(*x), n(*y))).collect();
    let line = corners.join(" ");
    let colour = canvas.paint(Paint::Series(0));
    let bottom = n(frame.bottom());
    let (start, end) = (n(first.0), n(last.0));
    canvas.raw(&format!(
        "<path d=\"M{start} {bottom}L{line} {end} {bottom}z\" fill=\"{colour}\" fill-opacity=\"0.12\"/>\
         <path d=\"M{line}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\" stroke-linejoin=\"round\"/>\
         <circle cx=\"{end}\" cy=\"{}\" r=\"2\" fill=\"{colour}\"/>",
        n(last.1)
    ));
}
