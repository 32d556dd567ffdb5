//! Dragging over a time chart sets the range.

use leptos::{html::Div, prelude::*};
use model::time::{Edge, Range, Timestamp};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, PointerEvent};

use crate::state::{State, use_state};

/// The plot under the pointer: what its pixels mean.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Plot {
    from: f64,
    to: f64,
    /// In the SVG's own pixels.
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

#[derive(Clone, Copy)]
struct Drag {
    plot: Plot,
    /// Horizontal place of the press and of the pointer, in the SVG's pixels.
    start: f64,
    end: f64,
    moved: bool,
}

/// Shorter than this is a click.
const THRESHOLD_PX: f64 = 5.0;

#[derive(Clone, Copy)]
pub struct Brush {
    node: NodeRef<Div>,
    drag: RwSignal<Option<Drag>>,
    bucket_ms: Option<i64>,
    shift_ms: Signal<i64>,
    state: State,
}

/// `shift_ms`: by how much the chart's times are ahead of UTC.
pub fn brush(node: NodeRef<Div>, bucket_ms: Option<i64>, shift_ms: impl Fn() -> i64 + Send + Sync + 'static) -> Brush {
    let shift_ms = Signal::derive(shift_ms);
    Brush { node, drag: RwSignal::new(None), bucket_ms, shift_ms, state: use_state() }
}

impl Brush {
    pub fn down(self, event: &PointerEvent) {
        if event.button() != 0 || event.pointer_type() == "touch" {
            return;
        }
        let Some((plot, x, y)) = self.place(event) else { return };
        let inside = (plot.x..=plot.x + plot.width).contains(&x) && (plot.y..=plot.y + plot.height).contains(&y);
        if inside {
            self.drag.set(Some(Drag { plot, start: x, end: x, moved: false }));
        }
    }

    pub fn moved(self, event: &PointerEvent) {
        let Some(mut drag) = self.drag.get_untracked() else { return };
        let Some((_, x, _)) = self.place(event) else { return };
        drag.end = x.clamp(drag.plot.x, drag.plot.x + drag.plot.width);
        if !drag.moved && (drag.end - drag.start).abs() > THRESHOLD_PX {
            drag.moved = true;
            // From here on it is no click on a mark.
            if let Some(node) = self.node.get_untracked() {
                let _ = node.set_pointer_capture(event.pointer_id());
            }
        }
        self.drag.set(Some(drag));
        self.draw(Some(&drag));
    }

    pub fn up(self, event: &PointerEvent) {
        self.moved(event);
        let drag = self.drag.get_untracked();
        self.cancel();
        if let Some(drag) = drag.filter(|drag| drag.moved) {
            let (from, to) = range(&drag, self.bucket_ms);
            let shift = self.shift_ms.get_untracked();
            let range = Range::Between { from: Edge::At(Timestamp(from - shift)), to: Edge::At(Timestamp(to - shift)) };
            self.state.go(&self.state.view.get_untracked().with_range(range));
        }
    }

    pub fn cancel(self) {
        self.drag.set(None);
        self.draw(None);
    }

    /// The plot of this chart and where the pointer is, in the SVG's pixels.
    fn place(self, event: &PointerEvent) -> Option<(Plot, f64, f64)> {
        let svg = self.svg()?;
        let plot = plot(&svg)?;
        let rect = svg.get_bounding_client_rect();
        let drawn: f64 = svg.get_attribute("width")?.parse().ok()?;
        let scale = drawn / rect.width();
        let x = (f64::from(event.client_x()) - rect.left()) * scale;
        let y = (f64::from(event.client_y()) - rect.top()) * scale;
        Some((plot, x, y))
    }

    fn svg(self) -> Option<Element> {
        self.node.get_untracked()?.query_selector("svg[data-plot]").ok().flatten()
    }

    /// The selection is an element of ours over the chart.
    fn draw(self, drag: Option<&Drag>) {
        let Some(node) = self.node.get_untracked() else { return };
        let old = node.query_selector(".brush").ok().flatten();
        let Some(drag) = drag.filter(|drag| drag.moved) else {
            old.inspect(Element::remove);
            return;
        };
        let element = old.or_else(|| {
            let element = document().create_element("div").ok()?;
            element.set_class_name("brush");
            node.append_child(&element).ok()?;
            Some(element)
        });
        if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
            let style = element.style();
            let px = |value: f64| format!("{value}px");
            let _ = style.set_property("left", &px(drag.start.min(drag.end)));
            let _ = style.set_property("width", &px((drag.end - drag.start).abs()));
            let _ = style.set_property("top", &px(drag.plot.y));
            let _ = style.set_property("height", &px(drag.plot.height));
        }
    }
}

fn plot(svg: &Element) -> Option<Plot> {
    let number = |name: &str| svg.get_attribute(name)?.parse::<f64>().ok();
    let plot = svg.get_attribute("data-plot")?;
    let mut parts = plot.split_whitespace().map_while(|part| part.parse::<f64>().ok());
    Some(Plot {
        from: number("data-from")?,
        to: number("data-to")?,
        x: parts.next()?,
        y: parts.next()?,
        width: parts.next()?,
        height: parts.next()?,
    })
}

/// From and to in milliseconds, widened to whole buckets, within the plot, at least a second.
fn range(drag: &Drag, bucket_ms: Option<i64>) -> (i64, i64) {
    let plot = &drag.plot;
    let time = |x: f64| plot.from + (x - plot.x) / plot.width * (plot.to - plot.from);
    let (a, b) = (time(drag.start.min(drag.end)), time(drag.start.max(drag.end)));
    let bucket = bucket_ms.unwrap_or(1000).max(1000);
    let from = ((a / bucket as f64).floor() as i64 * bucket).max(plot.from as i64);
    let to = ((b / bucket as f64).ceil() as i64 * bucket).min(plot.to as i64);
    (from, to.max(from + 1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLOT: Plot = Plot { from: 0.0, to: 100_000.0, x: 50.0, y: 0.0, width: 100.0, height: 10.0 };

    #[test]
    fn a_drag_covers_whole_buckets_either_way() {
        let drag = |start, end| Drag { plot: PLOT, start, end, moved: true };
        assert_eq!(range(&drag(61.0, 79.0), Some(10_000)), (10_000, 30_000));
        assert_eq!(range(&drag(79.0, 61.0), Some(10_000)), (10_000, 30_000));
        assert_eq!(range(&drag(50.0, 150.0), Some(30_000)), (0, 100_000));
        assert_eq!(range(&drag(50.0, 50.0), None), (0, 1000));
    }
}
