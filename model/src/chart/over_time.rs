//! Stacked areas, stacked bars and lines over time: Plotters draws grid, axis and marks; labels, links and titles lie
//! over them.

use plotters::{
    chart::{ChartBuilder, ChartContext},
    coord::Shift,
    coord::{
        cartesian::Cartesian2d,
        ranged1d::{DefaultFormatting, KeyPointHint, Ranged},
    },
    drawing::{DrawingArea, IntoDrawingArea},
    element::{PathElement, Polygon, Rectangle},
    prelude::SVGBackend,
    style::{Color, ShapeStyle, TRANSPARENT},
};

use super::{
    canvas::{Anchor, Canvas, Rect, Type, n},
    escape::escape,
    format,
    legend::{Entry, Legend},
    paint::{Paint, themed},
    scale::{self, Tick},
    stack::{Layer, Stack},
    text,
};
use crate::{
    field::Kind,
    panel::Measure,
    time::{Timestamp, Window},
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Shape {
    Area,
    Bars,
    Line,
}

/// Plotters counts in whole pixels: it draws ten times as large, and the group is scaled down.
const FINE: f64 = 10.0;
const X_AXIS: f64 = 19.0;
const X_CONTEXT: f64 = 13.0;
/// What the labels of amounts take at most, to the left of plot and legend.
const Y_AXIS: f64 = 42.0;
/// Space that a label of the time axis takes, with what parts it from the next.
const X_LABEL: f64 = 66.0;

pub(crate) fn draw(canvas: &mut Canvas<'_>, body: Rect, stack: &Stack, shape: Shape) {
    let legend = Legend::new(entries(stack), body.w - Y_AXIS, if body.h < 150.0 { 0.0 } else { body.h * 0.36 });
    let legend_height = if legend.height() > 0.0 { legend.height() + 8.0 } else { 0.0 };
    let chart = Rect::new(body.x, body.y, body.w, body.h - legend_height);
    let plot = plot(canvas, chart, stack, shape);
    // Wider amounts move the plot, but the legend has no more room.
    legend.draw(canvas, plot.x.min(body.x + Y_AXIS), chart.bottom() + 8.0);
}

/// The chart without legend. Gives the place of the plot.
pub(crate) fn plot(canvas: &mut Canvas<'_>, area: Rect, stack: &Stack, shape: Shape) -> Rect {
    let with_context = area.h >= 110.0;
    let x_axis = if with_context { X_AXIS + X_CONTEXT } else { X_AXIS };
    let height = (area.h - x_axis - 7.0).max(10.0);
    let most = ((height / 38.0).round() as u32).clamp(2, 6);
    let amounts = match stack.measure.kind() {
        Kind::Float => scale::shares(stack.highest(), most),
        _ => scale::amounts(stack.highest(), most),
    };
    let labels: Vec<String> = amounts.iter().map(|amount| axis_label(stack.measure, *amount)).collect();
    let widest = labels.iter().map(|label| text::width(label, Type::TICK.size)).fold(0.0, f64::max).ceil();
    // Amounts that nobody can read leave room for the plot.
    let y_axis = (widest + 8.0).min(area.w / 2.0);
    let plot = Rect::new(area.x + y_axis, area.y + 7.0, area.w - y_axis, height);

    let frame = Frame { plot, window: stack.window, top: amounts.last().copied().unwrap_or(1.0) };
    canvas.raw(&format!(
        "<g class=\"plot\" data-plot=\"{} {} {} {}\" data-from=\"{}\" data-to=\"{}\" data-buckets=\"{} {}\">",
        n(plot.x),
        n(plot.y),
        n(plot.w),
        n(plot.h),
        stack.window.from.0,
        stack.window.to.0,
        stack.first_ms,
        stack.width_ms
    ));
    let drawn = plotted(&frame, stack, shape, &amounts);
    canvas.raw(&format!("<g transform=\"scale({})\">{}</g>", 1.0 / FINE, themed(&drawn, canvas.theme())));
    match shape {
        Shape::Line => lines(canvas, &frame, stack),
        Shape::Area | Shape::Bars => marks(canvas, &frame, stack, shape),
    }
    canvas.close_group();

    for (amount, label) in amounts.iter().zip(&labels) {
        canvas.text(plot.x - 6.0, frame.y(*amount) + 4.0, label, Type::TICK.anchor(Anchor::End));
    }
    time_labels(canvas, &frame, area, with_context);
    plot
}

fn axis_label(measure: Measure, amount: f64) -> String {
    if measure.kind() == Kind::Float { measure.amount(amount) } else { format::short(amount) }
}

/// From data to pixels. Plotters is given the same place, so both agree.
struct Frame {
    plot: Rect,
    window: Window,
    top: f64,
}

impl Frame {
    fn x(&self, at: Timestamp) -> f64 {
        let length = (self.window.to.0.saturating_sub(self.window.from.0)).max(1) as f64;
        self.plot.x + (at.0.saturating_sub(self.window.from.0)) as f64 / length * self.plot.w
    }

    fn y(&self, amount: f64) -> f64 {
        self.plot.bottom() - (amount / self.top).clamp(0.0, 1.0) * self.plot.h
    }

    /// Between the buckets there is air where there is room for it. On whole pixels: edges stay sharp.
    fn bar(&self, bucket: Window) -> (f64, f64) {
        let (left, right) = (self.x(bucket.from).round(), self.x(bucket.to).round());
        let gap = match right - left {
            width if width >= 12.0 => 2.0,
            width if width >= 3.0 => 1.0,
            _ => 0.0,
        };
        (left, (right - gap).max(left + 0.5))
    }
}

/// An axis whose ticks are given.
struct Axis {
    from: f64,
    to: f64,
    ticks: Vec<f64>,
}

impl Ranged for Axis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let share = (value - self.from) / (self.to - self.from);
        (f64::from(limit.0) + share * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> std::ops::Range<f64> {
        self.from..self.to
    }
}

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Axis, Axis>>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

/// Grid, axis and marks, ten times as large, in stand-in colours.
fn plotted(frame: &Frame, stack: &Stack, shape: Shape, amounts: &[f64]) -> String {
    let mut svg = String::new();
    let size = ((frame.plot.right() * FINE) as u32 + 20, (frame.plot.bottom() * FINE) as u32 + 20);
    // The SVG backend writes to a string, which cannot fail; and half a chart is better than none.
    let _ = draw_with_plotters(SVGBackend::with_string(&mut svg, size), frame, stack, shape, amounts);
    let inner = svg.split_once('>').map_or("", |(_, rest)| rest);
    let inner = inner.rsplit_once("</svg>").map_or(inner, |(inner, _)| inner);
    inner.replace(" opacity=\"1\"", "").replace(" stroke=\"none\"", "").replace('\n', "")
}

fn draw_with_plotters(backend: SVGBackend<'_>, frame: &Frame, stack: &Stack, shape: Shape, amounts: &[f64]) -> Drawn {
    let plot = frame.plot;
    let root = backend.into_drawing_area();
    let area = root.clone().shrink((fine(plot.x), fine(plot.y)), (fine(plot.w), fine(plot.h)));
    let x = Axis {
        from: stack.window.from.0 as f64,
        to: stack.window.to.0.max(stack.window.from.0 + 1) as f64,
        ticks: Vec::new(),
    };
    let y = Axis { from: 0.0, to: frame.top, ticks: amounts.iter().copied().skip(1).collect() };
    let mut chart: Chart<'_, '_> = ChartBuilder::on(&area).build_cartesian_2d(x, y)?;
    let line = |paint: Paint, width: f64| ShapeStyle::from(paint.stand_in()).stroke_width(fine(width) as u32);
    chart
        .configure_mesh()
        .disable_x_mesh()
        .disable_axes()
        .bold_line_style(line(Paint::Grid, 1.0))
        .light_line_style(TRANSPARENT)
        .draw()?;
    match shape {
        Shape::Area => areas(&mut chart, stack)?,
        Shape::Bars => bars(&root, frame, stack)?,
        // Plotters knows no dashes in SVG: `lines` draws them.
        Shape::Line => {}
    }
    let base = [(fine(plot.x), fine(plot.bottom())), (fine(plot.right()), fine(plot.bottom()))];
    root.draw(&PathElement::new(base.to_vec(), line(Paint::Axis, 1.0)))?;
    root.present()?;
    Ok(())
}

/// The corners of a layer's upper edge: the middle of each bucket, and level out to the window's ends.
fn edge(stack: &Stack, level: usize) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = stack
        .buckets
        .iter()
        .enumerate()
        .map(|(at, bucket)| ((bucket.from.0 as f64 + bucket.to.0 as f64) / 2.0, stack.below(level, at)))
        .collect();
    if let (Some(&(_, first)), Some(&(_, last))) = (points.first(), points.last()) {
        points.insert(0, (stack.window.from.0 as f64, first));
        points.push((stack.window.to.0 as f64, last));
    }
    points
}

fn areas(chart: &mut Chart<'_, '_>, stack: &Stack) -> Drawn {
    for (level, layer) in stack.layers.iter().enumerate() {
        let upper = edge(stack, level + 1);
        let outline: Vec<_> = upper.iter().copied().chain(edge(stack, level).into_iter().rev()).collect();
        let colour = layer.paint.stand_in();
        chart.draw_series(std::iter::once(Polygon::new(outline, colour.mix(0.55))))?;
        let line = ShapeStyle::from(colour).stroke_width((1.5 * FINE) as u32);
        chart.draw_series(std::iter::once(PathElement::new(upper, line)))?;
    }
    Ok(())
}

fn bars(root: &DrawingArea<SVGBackend<'_>, Shift>, frame: &Frame, stack: &Stack) -> Drawn {
    for (level, layer) in stack.layers.iter().enumerate() {
        for (at, bucket) in stack.buckets.iter().enumerate().filter(|(at, _)| layer.values[*at] > 0.0) {
            let piece = bar_piece(frame, stack, level, at, *bucket);
            let corners = [(piece.x, piece.y), (piece.right(), piece.bottom())].map(|(x, y)| (fine(x), fine(y)));
            root.draw(&Rectangle::new(corners, layer.paint.stand_in().filled()))?;
        }
    }
    Ok(())
}

/// One failure among a thousand events is still seen: its piece is at least this high.
const LEAST_FAILURE: f64 = 2.0;

fn bar_piece(frame: &Frame, stack: &Stack, level: usize, at: usize, bucket: Window) -> Rect {
    let (left, right) = frame.bar(bucket);
    let bottom = frame.y(stack.below(level, at));
    let top = frame.y(stack.below(level + 1, at));
    let least = if stack.layers[level].paint == Paint::Failure { LEAST_FAILURE } else { 0.0 };
    let height = (bottom - top).max(least);
    Rect::new(left, bottom - height, right - left, height)
}

fn fine(value: f64) -> i32 {
    (value * FINE).round() as i32
}

/// Beyond so many pieces a layer of a file is one mark.
const MOST_PIECES: usize = 2_000;

/// What to point at, layer by layer: each layer is one link. In a file each piece has its own tooltip; a page shows all
/// values of a time at once, from the numbers that are written here.
fn marks(canvas: &mut Canvas<'_>, frame: &Frame, stack: &Stack, shape: Shape) {
    canvas.raw("<g fill=\"transparent\">");
    for (level, layer) in stack.layers.iter().enumerate().filter(|(_, layer)| layer.total > 0.0) {
        let hatch = if layer.paint == Paint::Failure { canvas.hatch() } else { String::new() };
        canvas.link_untabbed(layer.filter.clone(), "mark", &whole(stack.measure, layer), |canvas| {
            if !hatch.is_empty() {
                canvas.raw(&format!("<g fill=\"{hatch}\" class=\"mark\">"));
            }
            if canvas.is_file() {
                pieces(canvas, frame, stack, shape, level);
            } else {
                whole_layer(canvas, frame, stack, shape, level);
            }
            if !hatch.is_empty() {
                canvas.close_group();
            }
        });
    }
    canvas.close_group();
}

fn outline(frame: &Frame, stack: &Stack, shape: Shape, level: usize, at: usize) -> String {
    match shape {
        Shape::Bars => rectangle(bar_piece(frame, stack, level, at, stack.buckets[at])),
        Shape::Area | Shape::Line => band(frame, stack, level, at, stack.buckets[at]),
    }
}

fn pieces(canvas: &mut Canvas<'_>, frame: &Frame, stack: &Stack, shape: Shape, level: usize) {
    let titled = stack.layers.len() * stack.buckets.len() <= MOST_PIECES;
    let layer = &stack.layers[level];
    for (at, bucket) in stack.buckets.iter().enumerate().filter(|(at, _)| layer.values[*at] > 0.0) {
        canvas.raw(&format!("<path d=\"{}\">", outline(frame, stack, shape, level, at)));
        if titled {
            piece_title(canvas, stack.measure, layer, layer.values[at], *bucket);
        }
        canvas.raw("</path>");
    }
}

fn whole_layer(canvas: &mut Canvas<'_>, frame: &Frame, stack: &Stack, shape: Shape, level: usize) {
    let full = (0..stack.buckets.len()).filter(|at| stack.layers[level].values[*at] > 0.0);
    let d: String = full.map(|at| outline(frame, stack, shape, level, at)).collect();
    canvas.raw(&format!("<path d=\"{d}\"{}/>", values(canvas, stack, level)));
}

/// What a page's tooltip reads: label, colour and the values by bucket, those that are no plain numbers as text.
fn values(canvas: &Canvas<'_>, stack: &Stack, level: usize) -> String {
    let layer = &stack.layers[level];
    let text = |value: &f64| match stack.measure.kind() {
        _ if !value.is_finite() => String::new(),
        Kind::Float => stack.measure.amount(*value),
        _ => value.to_string(),
    };
    let values: Vec<String> = layer.values.iter().map(text).collect();
    format!(
        " data-label=\"{}\" data-paint=\"{}\" data-values=\"{}\"",
        escape(&layer.label),
        canvas.paint(layer.paint),
        escape(&values.join(";"))
    )
}

fn piece_title(canvas: &mut Canvas<'_>, measure: Measure, layer: &Layer, value: f64, bucket: Window) {
    let amount = format!("{}: {}", layer.label, measure.amount(value));
    canvas.title_lines(&[&amount, &format::span(bucket.from, bucket.to)]);
}

fn whole(measure: Measure, layer: &Layer) -> String {
    let amount = measure.amount(layer.total);
    match measure {
        Measure::Events if layer.total == 1.0 => format!("{}: {amount} event", layer.label),
        measure if measure.adds_up() => format!("{}: {amount} {}", layer.label, measure.label().to_ascii_lowercase()),
        _ => format!("{}: at most {amount}", layer.label),
    }
}

/// Lines, told apart by their dashes as well as by colour; over them, the places to point at.
fn lines(canvas: &mut Canvas<'_>, frame: &Frame, stack: &Stack) {
    let file = canvas.is_file();
    let pieces = stack.layers.len() * stack.buckets.len() <= MOST_PIECES;
    for (level, layer) in stack.layers.iter().enumerate().rev() {
        let points = stack.buckets.iter().map(|bucket| (frame.x(bucket.from) + frame.x(bucket.to)) / 2.0);
        let points: Vec<(f64, f64)> = points.zip(layer.values.iter().copied()).collect();
        canvas.link_untabbed(layer.filter.clone(), "line", &whole(stack.measure, layer), |canvas| {
            canvas.line(&path(frame, &points), layer.paint, level);
            if !file {
                canvas.raw(&format!("<g{}></g>", values(canvas, stack, level)));
            }
            for (at, (x, value)) in points.iter().enumerate().filter(|(_, (_, value))| value.is_finite()) {
                let alone =
                    |other: Option<usize>| other.and_then(|at| points.get(at)).is_none_or(|other| other.1.is_nan());
                let (x, y) = (n(*x), n(frame.y(*value)));
                if alone(at.checked_sub(1)) && alone(Some(at + 1)) {
                    let colour = canvas.paint(layer.paint);
                    canvas.raw(&format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"2\" fill=\"{colour}\"/>"));
                }
                if pieces {
                    canvas.raw(&format!("<circle class=\"point\" cx=\"{x}\" cy=\"{y}\" r=\"6\" fill=\"transparent\">"));
                    if file {
                        piece_title(canvas, stack.measure, layer, *value, stack.buckets[at]);
                    }
                    canvas.raw("</circle>");
                }
            }
        });
    }
}

/// Through the values that there are: a bucket without one is a gap.
fn path(frame: &Frame, points: &[(f64, f64)]) -> String {
    let mut d = String::new();
    let mut command = 'M';
    for (x, value) in points {
        if value.is_finite() {
            d.push_str(&format!("{command}{} {}", n(*x), n(frame.y(*value))));
            command = 'L';
        } else {
            command = 'M';
        }
    }
    d
}

fn rectangle(rect: Rect) -> String {
    format!("M{} {}h{}v{}h-{}z", n(rect.x), n(rect.y), n(rect.w), n(rect.h), n(rect.w))
}

/// The part of an area that lies over one bucket: through its middle, half way to its neighbours at the edges.
fn band(frame: &Frame, stack: &Stack, level: usize, at: usize, bucket: Window) -> String {
    let last = stack.buckets.len() - 1;
    let heights = |level: usize| {
        let middle = stack.below(level, at);
        let left = if at == 0 { middle } else { (middle + stack.below(level, at - 1)) / 2.0 };
        let right = if at == last { middle } else { (middle + stack.below(level, at + 1)) / 2.0 };
        [left, middle, right].map(|height| n(frame.y(height)))
    };
    let (from, to) = (frame.x(bucket.from), frame.x(bucket.to));
    let [left, middle, right] = [from, (from + to) / 2.0, to].map(n);
    let ([a, b, c], [d, e, f]) = (heights(level + 1), heights(level));
    format!("M{left} {a}L{middle} {b} {right} {c} {right} {f} {middle} {e} {left} {d}z")
}

fn entries(stack: &Stack) -> Vec<Entry> {
    // The layer with most events is at the bottom and comes first; failures and the rest come last.
    stack
        .layers
        .iter()
        .enumerate()
        .map(|(level, layer)| Entry {
            paint: layer.paint,
            label: layer.label.clone(),
            value: match stack.measure.kind() {
                Kind::Float => stack.measure.amount(layer.total),
                _ => format::short(layer.total),
            },
            line: (!stack.stacked).then_some(level),
            title: whole(stack.measure, layer),
            filter: layer.filter.clone(),
        })
        .collect()
}

fn time_labels(canvas: &mut Canvas<'_>, frame: &Frame, area: Rect, with_context: bool) {
    let plot = frame.plot;
    let ticks = scale::times(frame.window, ((plot.w / X_LABEL) as u32).max(1));
    let mut context_end = f64::NEG_INFINITY;
    for Tick { at, label, context } in ticks {
        let x = frame.x(at);
        canvas.raw(&format!(
            "<path d=\"M{} {}v4\" stroke=\"{}\"/>",
            n(x.round() + 0.5),
            n(plot.bottom()),
            canvas.paint(Paint::Axis)
        ));
        let set = Type::TICK.anchor(Anchor::Middle);
        let inside = |text: &str| {
            let half = text::width(text, set.size) / 2.0;
            x.clamp(area.x + half, (area.right() - half).max(area.x + half))
        };
        canvas.text(inside(&label), plot.bottom() + 16.0, &label, set);
        let Some(context) = context.filter(|_| with_context) else { continue };
        let half = text::width(&context, set.size) / 2.0;
        if inside(&context) - half > context_end {
            canvas.text(inside(&context), plot.bottom() + 16.0 + X_CONTEXT, &context, set.paint(Paint::Ink));
            context_end = inside(&context) + half + 6.0;
        }
    }
}
