//! Moving the world map: zoom by buttons, by the wheel with Ctrl, by a double click; pan by dragging.

use leptos::{html::Div, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{HtmlDivElement, MouseEvent, PointerEvent, SvgElement, WheelEvent};

use super::{browser, icon};

/// Where the map stands: what shows at `p` of its frame lies at `p / scale + (x, y)` of the drawing, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    scale: f64,
    x: f64,
    y: f64,
    /// The size of the frame.
    width: f64,
    height: f64,
    /// The pointer's last place while it drags.
    held: Option<(f64, f64)>,
    dragged: bool,
}

pub type Zoom = RwSignal<Place>;

const MOST: f64 = 12.0;
const STEP: f64 = 1.6;

pub fn zoom() -> Zoom {
    RwSignal::new(Place { scale: 1.0, x: 0.0, y: 0.0, width: 0.0, height: 0.0, held: None, dragged: false })
}

impl Place {
    /// Zooms by `factor`, keeping what is at (x, y) of the frame where it is.
    fn zoomed(self, factor: f64, x: f64, y: f64) -> Place {
        let scale = (self.scale * factor).clamp(1.0, MOST);
        let kept = 1.0 / self.scale - 1.0 / scale;
        Place { scale, x: self.x + x * kept, y: self.y + y * kept, ..self }.inside()
    }

    /// The map never leaves its frame.
    fn inside(self) -> Place {
        let rest = 1.0 - 1.0 / self.scale;
        Place { x: self.x.clamp(0.0, self.width * rest), y: self.y.clamp(0.0, self.height * rest), ..self }
    }
}

/// The buttons; with scripts only.
pub fn tools(zoom: Zoom, node: NodeRef<Div>) -> impl IntoView {
    let by = move |factor: f64| {
        fit(zoom, node);
        zoom.update(|place| *place = place.zoomed(factor, place.width / 2.0, place.height / 2.0));
    };
    let reset = move |_| zoom.update(|place| *place = Place { scale: 1.0, x: 0.0, y: 0.0, ..*place });
    let resting = move || zoom.get().scale == 1.0;
    view! {
        <div class="map-tools needs-scripts" role="group" aria-label="Map">
            <button type="button" class="control square" data-action="zoom-in" aria-label="Zoom in" on:click=move |_| by(STEP)>
                {icon::plus()}
            </button>
            <button
                type="button"
                class="control square"
                data-action="zoom-out"
                aria-label="Zoom out"
                disabled=resting
                on:click=move |_| by(1.0 / STEP)
            >
                {icon::minus()}
            </button>
            <button
                type="button"
                class="control square"
                data-action="zoom-reset"
                aria-label="Whole world"
                disabled=resting
                on:click=reset
            >
                {icon::home()}
            </button>
        </div>
    }
}

/// Moves the drawn map. After the frame, so that a drawing that is being replaced is there.
pub fn apply(element: HtmlDivElement, place: Place) {
    request_animation_frame(move || {
        let Some(view) = view(&element) else { return };
        let Some((width, height)) = size(&view) else { return };
        let (x, y, scale) = (place.x, place.y, place.scale);
        let shown = format!("{x:.2} {y:.2} {:.2} {:.2}", width / scale, height / scale);
        let _ = view.set_attribute("viewBox", &shown);
        // Marks that are to keep their size follow this.
        let _ = view.style().set_property("--map-zoom-inverse", &format!("{:.4}", 1.0 / scale));
    });
}

/// The map in the drawing.
fn view(element: &HtmlDivElement) -> Option<SvgElement> {
    element.query_selector("svg.map-view").ok().flatten()?.dyn_into().ok()
}

fn size(view: &SvgElement) -> Option<(f64, f64)> {
    let number = |name: &str| view.get_attribute(name)?.parse().ok();
    Some((number("width")?, number("height")?))
}

/// Notes the size of the map.
fn fit(zoom: Zoom, node: NodeRef<Div>) {
    if let Some((width, height)) = node.get_untracked().and_then(|node| size(&view(&node)?)) {
        zoom.update_untracked(|place| (place.width, place.height) = (width, height));
    }
}

/// The pointer on the map, in pixels of its frame.
fn at(zoom: Zoom, node: NodeRef<Div>, event: &MouseEvent) -> Option<(f64, f64)> {
    let view = browser::target(event)?.closest("svg.map-view").ok().flatten()?;
    fit(zoom, node);
    // The rectangle of an SVG inside of another is that of its content: measured is the outer one.
    let rect = view.parent_element()?.closest("svg").ok().flatten()?.get_bounding_client_rect();
    let inset = |name: &str| view.get_attribute(name).and_then(|text| text.parse().ok()).unwrap_or(0.0);
    let x = f64::from(event.client_x()) - rect.left() - inset("x");
    let y = f64::from(event.client_y()) - rect.top() - inset("y");
    Some((x, y))
}

pub fn down(zoom: Zoom, event: &PointerEvent) {
    let on_map = browser::target(event).is_some_and(|element| element.closest(".map-view").ok().flatten().is_some());
    let moves = zoom.get_untracked().scale > 1.0;
    if event.button() == 0 && on_map && moves {
        let held = Some((f64::from(event.client_x()), f64::from(event.client_y())));
        zoom.update_untracked(|place| (place.held, place.dragged) = (held, false));
    }
}

pub fn moved(zoom: Zoom, node: NodeRef<Div>, event: &PointerEvent) {
    let Some((x, y)) = zoom.get_untracked().held else { return };
    let (to_x, to_y) = (f64::from(event.client_x()), f64::from(event.client_y()));
    if !zoom.get_untracked().dragged {
        if (to_x - x).abs() + (to_y - y).abs() < 4.0 {
            return;
        }
        // From here on it is no click on a country.
        if let Some(node) = node.get_untracked() {
            let _ = node.set_pointer_capture(event.pointer_id());
        }
    }
    zoom.update(|place| {
        let held = Some((to_x, to_y));
        *place = Place {
            x: place.x - (to_x - x) / place.scale,
            y: place.y - (to_y - y) / place.scale,
            held,
            dragged: true,
            ..*place
        }
        .inside();
    });
}

pub fn up(zoom: Zoom) {
    zoom.update_untracked(|place| place.held = None);
}

pub fn wheel(zoom: Zoom, node: NodeRef<Div>, event: &WheelEvent) {
    // The bare wheel scrolls the page.
    if !event.ctrl_key() && !event.meta_key() {
        return;
    }
    if let Some((x, y)) = at(zoom, node, event) {
        event.prevent_default();
        let factor = (-event.delta_y() * 0.002).exp().clamp(0.5, 2.0);
        zoom.update(|place| *place = place.zoomed(factor, x, y));
    }
}

pub fn double(zoom: Zoom, node: NodeRef<Div>, event: &MouseEvent) {
    let on_link = browser::target(event).is_some_and(|element| element.closest("a, button").ok().flatten().is_some());
    if let Some((x, y)) = at(zoom, node, event).filter(|_| !on_link) {
        zoom.update(|place| *place = place.zoomed(STEP, x, y));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place { scale: 1.0, x: 0.0, y: 0.0, width: 900.0, height: 400.0, held: None, dragged: false }
    }

    #[test]
    fn zooming_keeps_the_point_under_the_pointer() {
        let place = place().zoomed(2.0, 300.0, 100.0);
        // What was at 300, 100 before is there still.
        assert_eq!((300.0 / place.scale + place.x, 100.0 / place.scale + place.y), (300.0, 100.0));
    }

    #[test]
    fn the_map_stays_in_its_frame() {
        assert_eq!(place().zoomed(0.5, 10.0, 10.0), place());
        let far = Place { x: 5000.0, y: -300.0, ..place().zoomed(2.0, 0.0, 0.0) }.inside();
        assert_eq!((far.x, far.y), (450.0, 0.0));
    }
}
