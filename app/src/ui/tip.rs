//! What is under the pointer, in words of ours: on a time chart all values at that time, on every time chart of the page
//! at once; on any other mark its title. Works on the SVG as it stands, whoever drew it.

use std::cell::{Cell, RefCell};

use leptos::prelude::*;
use model::{chart::format, time::Timestamp};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, HtmlElement, KeyboardEvent, PointerEvent};

use super::browser::target;

/// A chart with a time axis on the page, and what its pixels mean.
struct Chart {
    plot: Element,
    from: i64,
    to: i64,
    /// Of the plot, in the window's pixels.
    left: f64,
    top: f64,
    width: f64,
    height: f64,
    /// By how much its times are ahead of UTC.
    shift: i64,
    first: i64,
    bucket: i64,
}

thread_local! {
    /// The time that is pointed at, in UTC.
    static AT: Cell<Option<i64>> = const { Cell::new(None) };
    /// The crosshairs and tooltips that are shown.
    static SHOWN: RefCell<Vec<Element>> = const { RefCell::new(Vec::new()) };
}

/// Starts listening, once for the page.
pub fn listen() {
    on("pointermove", |event: PointerEvent| moved(&event));
    on("pointerdown", |event: PointerEvent| moved(&event));
    on("scroll", |_: web_sys::Event| hide());
    on("keydown", |event: KeyboardEvent| key(&event));
    on("focusout", |_: web_sys::Event| hide());
    on("pointerout", |event: PointerEvent| {
        if event.related_target().is_none() {
            hide();
        }
    });
}

/// On the document, before anybody else: what scrolls inside of it does not bubble.
fn on<E: wasm_bindgen::convert::FromWasmAbi + 'static>(name: &str, run: impl Fn(E) + 'static) {
    let closure = Closure::<dyn Fn(E)>::new(run);
    let _ = document().add_event_listener_with_callback_and_bool(name, closure.as_ref().unchecked_ref(), true);
    // As long as the page.
    closure.forget();
}

fn moved(event: &PointerEvent) {
    let Some(element) = target(event) else { return hide() };
    let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
    let svg = element.closest("svg.chart").ok().flatten();
    let is_in_plot = |chart: &Chart| chart.is_in_plot(x, y) && !element.matches(".annotation *").unwrap_or(false);
    let chart = svg.as_ref().and_then(Chart::of).filter(is_in_plot);
    match (chart, svg) {
        (Some(chart), _) => {
            silence(&element);
            let at = chart.time(x);
            let is_shown = AT.get().is_some_and(|shown| chart.index(shown + chart.shift) == chart.index(at));
            if !is_shown {
                show_all(at - chart.shift);
            }
        }
        (None, Some(_)) => match silence(&element) {
            Some(text) => show_title(&text, x, y),
            None => hide(),
        },
        _ => hide(),
    }
}

/// The arrow keys move over the time chart that has the focus, bucket by bucket.
fn key(event: &KeyboardEvent) {
    let step = match event.key().as_str() {
        "ArrowLeft" => -1,
        "ArrowRight" => 1,
        "Escape" => return hide(),
        _ => return,
    };
    let focused = document().active_element().filter(|element| element.matches(".picture-svg").unwrap_or(false));
    let svg = focused.and_then(|element| element.query_selector("svg.chart").ok().flatten());
    if let Some(chart) = svg.as_ref().and_then(Chart::of) {
        event.prevent_default();
        let middle = (chart.from + chart.to) / 2;
        let at = AT.get().map_or(middle, |at| at + chart.shift + step * chart.bucket);
        show_all(at.clamp(chart.from, chart.to - 1) - chart.shift);
    }
}

impl Chart {
    fn of(svg: &Element) -> Option<Chart> {
        let plot = svg.query_selector("[data-buckets]").ok().flatten()?;
        let place = numbers(&plot, "data-plot");
        let buckets = numbers(&plot, "data-buckets");
        let (&[x, y, width, height], &[first, bucket]) = (place.as_slice(), buckets.as_slice()) else { return None };
        let number = |name: &str| numbers(&plot, name).first().map(|value| *value as i64);
        let rect = svg.get_bounding_client_rect();
        let scale = rect.width() / numbers(svg, "width").first()?;
        let picture = svg.closest(".picture").ok().flatten();
        let shift = picture.and_then(|picture| numbers(&picture, "data-shift").first().copied());
        Some(Chart {
            from: number("data-from")?,
            to: number("data-to")?,
            plot,
            left: rect.left() + x * scale,
            top: rect.top() + y * scale,
            width: width * scale,
            height: height * scale,
            shift: shift.unwrap_or(0.0) as i64,
            first: first as i64,
            bucket: (bucket as i64).max(1),
        })
    }

    fn is_in_plot(&self, x: f64, y: f64) -> bool {
        (self.left..=self.left + self.width).contains(&x) && (self.top..=self.top + self.height).contains(&y)
    }

    fn time(&self, x: f64) -> i64 {
        let share = ((x - self.left) / self.width.max(1.0)).clamp(0.0, 1.0);
        (self.from + (share * (self.to - self.from) as f64) as i64).min(self.to - 1)
    }

    /// Of the bucket.
    fn index(&self, at: i64) -> i64 {
        (at - self.first).div_euclid(self.bucket)
    }

    fn x(&self, at: i64) -> f64 {
        self.left + (at - self.from) as f64 / ((self.to - self.from) as f64).max(1.0) * self.width
    }
}

fn numbers(element: &Element, name: &str) -> Vec<f64> {
    let text = element.get_attribute(name).unwrap_or_default();
    text.split(' ').filter_map(|part| part.parse().ok()).collect()
}

/// The crosshair and the values at a time (UTC), on every time chart that has it in its window.
fn show_all(at: i64) {
    hide();
    AT.set(Some(at));
    let Ok(charts) = document().query_selector_all("svg.chart") else { return };
    for index in 0..charts.length() {
        let svg = charts.item(index).and_then(|node| node.dyn_into::<Element>().ok());
        let Some(chart) = svg.as_ref().and_then(Chart::of) else { continue };
        let at = at + chart.shift;
        if (chart.from..chart.to).contains(&at) {
            show_on(&chart, at);
        }
    }
}

fn show_on(chart: &Chart, at: i64) {
    let view_height = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(0.0);
    if chart.top > view_height || chart.top + chart.height < 0.0 {
        return;
    }
    let index = chart.index(at);
    let from = chart.first + index * chart.bucket;
    let (left, right) = (chart.x(from.max(chart.from)), chart.x((from + chart.bucket).min(chart.to)));
    if let Some(line) = element("crosshair") {
        let px = |name: &str, value: f64| drop(line.style().set_property(name, &format!("{value:.1}px")));
        px("left", (left + right) / 2.0);
        px("top", chart.top);
        px("height", chart.height);
    }
    if let Some(tip) = element("tip") {
        let (from, to) = (Timestamp(from.max(chart.from)), Timestamp((from + chart.bucket).min(chart.to)));
        line(&tip, "tip-head", None, &format::span(from, to), "");
        let Ok(layers) = chart.plot.query_selector_all("[data-values]") else { return };
        let layers = (0..layers.length()).rev().filter_map(|at| layers.item(at)?.dyn_into::<Element>().ok());
        let mut none = true;
        for layer in layers {
            let values = layer.get_attribute("data-values").unwrap_or_default();
            let value = values.split(';').nth(index as usize).unwrap_or_default();
            if !["", "0"].contains(&value) {
                none = false;
                let label = layer.get_attribute("data-label").unwrap_or_default();
                // Plain numbers are counts; others come as they read.
                let value = value.parse().map_or_else(|_| value.to_owned(), amount);
                line(&tip, "tip-line", layer.get_attribute("data-paint"), &label, &value);
            }
        }
        if none {
            line(&tip, "tip-line", None, "Nothing", "");
        }
        place(&tip, (left + right) / 2.0, chart.top + 8.0);
    }
}

fn amount(value: f64) -> String {
    if value.fract() == 0.0 { format::count(value as i64) } else { format::short(value) }
}

/// The text of the nearest title, with titles made names: the browser would show them a second time.
fn silence(element: &Element) -> Option<String> {
    let mut found = None;
    let mut next = Some(element.clone());
    while let Some(element) = next.filter(|element| element.tag_name() != "svg") {
        let children = element.children();
        let first = children.item(0).filter(|child| child.tag_name() == "title");
        if let Some(title) = first {
            let _ = element.set_attribute("aria-label", &title.text_content().unwrap_or_default());
            title.remove();
        }
        found = found.or_else(|| element.get_attribute("aria-label"));
        next = element.parent_element();
    }
    found
}

fn show_title(text: &str, x: f64, y: f64) {
    hide();
    if let Some(tip) = element("tip") {
        for (at, part) in text.lines().enumerate() {
            line(&tip, if at == 0 { "tip-head" } else { "tip-line" }, None, part, "");
        }
        place(&tip, x, y + 14.0);
    }
}

fn element(class: &str) -> Option<HtmlElement> {
    let element = document().create_element("div").ok()?;
    element.set_class_name(class);
    document().body()?.append_child(&element).ok()?;
    SHOWN.with_borrow_mut(|shown| shown.push(element.clone()));
    element.dyn_into().ok()
}

/// A line of a tooltip. Text is text: nothing of an event becomes markup.
fn line(tip: &HtmlElement, class: &str, paint: Option<String>, label: &str, value: &str) {
    let add = |parent: &Element, name: &str, text: &str| {
        let element = document().create_element(name).ok()?;
        element.set_text_content(Some(text));
        parent.append_child(&element).ok()?;
        element.dyn_into::<HtmlElement>().ok()
    };
    let Some(row) = add(tip, "p", "") else { return };
    row.set_class_name(class);
    if let Some(swatch) = paint.and_then(|paint| Some((add(&row, "i", "")?, paint))) {
        let _ = swatch.0.style().set_property("background-color", &swatch.1);
        if swatch.1.contains("failure") {
            swatch.0.set_class_name("hatched");
        }
    }
    add(&row, "bdi", label);
    if !value.is_empty() {
        add(&row, "b", value);
    }
}

/// Beside the point, within the window.
fn place(tip: &HtmlElement, x: f64, y: f64) {
    const AWAY: f64 = 12.0;
    let size = |value: Result<wasm_bindgen::JsValue, _>| value.ok().and_then(|value| value.as_f64()).unwrap_or(0.0);
    let (view_width, view_height) = (size(window().inner_width()), size(window().inner_height()));
    let (width, height) = (f64::from(tip.offset_width()), f64::from(tip.offset_height()));
    let left = if x + AWAY + width > view_width { x - AWAY - width } else { x + AWAY };
    let top = y.min(view_height - height - 4.0).max(4.0);
    let _ = tip.style().set_property("left", &format!("{:.0}px", left.max(4.0)));
    let _ = tip.style().set_property("top", &format!("{top:.0}px"));
}

fn hide() {
    AT.set(None);
    SHOWN.with_borrow_mut(|shown| shown.drain(..).for_each(|element| element.remove()));
}
