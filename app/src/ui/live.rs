//! Forms that are sent without loading the page: the answer takes the place of what is shown, the focus stays where the
//! reader is, and panels are dragged. Without scripts the same buttons send the same form.

use std::{cell::Cell, time::Duration};

use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, FormData, HtmlElement, HtmlFormElement, PointerEvent, SubmitEvent, UrlSearchParams};

use super::browser;
use crate::api::{self, Served};

/// How long after the last key the preview is asked for.
const PAUSE: Duration = Duration::from_millis(400);
/// Columns of the grid, and by how many pixels a height grows.
const COLUMNS: f64 = 12.0;
const STEP: i32 = 20;
const NARROWEST: i32 = 2;

thread_local! {
    /// Counts what is sent: an answer that another one has overtaken is dropped.
    static SENT: Cell<u32> = const { Cell::new(0) };
    /// Whether the editor's form holds what is not saved.
    static UNSAVED: Cell<bool> = const { Cell::new(false) };
    static DRAG: Cell<Option<Drag>> = const { Cell::new(None) };
}

/// What the pointer has hold of.
#[derive(Clone, Copy)]
struct Drag {
    resizes: bool,
    x: i32,
    y: i32,
    columns: i32,
    height: i32,
    /// Pixels of a column.
    column: f64,
}

/// The form of a dashboard's editor.
const EDITOR: &str = "form[action*='/edit']";

/// Whether something would be lost by leaving the page.
pub fn is_unsaved() -> bool {
    UNSAVED.get() && find(EDITOR).is_some()
}

/// Another page is shown.
pub fn fresh() {
    UNSAVED.set(false);
}

/// Sends a form by the button that was pressed.
pub fn submit(event: &SubmitEvent) {
    let form = browser::target(event).and_then(|form| form.dyn_into::<HtmlFormElement>().ok());
    let Some(form) = form.filter(|form| form.has_attribute("data-live")) else { return };
    event.prevent_default();
    let button = event.submitter().and_then(|button| button.get_attribute("value")).unwrap_or_default();
    send(&form, &button, false);
}

/// Shows a panel while it is described.
pub fn input(event: &Event) {
    let Some(field) = browser::target(event) else { return };
    UNSAVED.set(true);
    let Some(form) = field.closest("form[data-live=preview]").ok().flatten() else { return };
    let Ok(form) = form.dyn_into::<HtmlFormElement>() else { return };
    // Another kind of panel has other fields.
    let part = !field.matches("select").unwrap_or(false);
    let now = SENT.get() + 1;
    SENT.set(now);
    set_timeout(
        move || {
            if SENT.get() == now {
                send(&form, "preview", part);
            }
        },
        PAUSE,
    );
}

/// `part`: only the preview is shown anew, not what the reader is typing in.
fn send(form: &HtmlFormElement, button: &str, part: bool) {
    let Ok(data) = FormData::new_with_form(form) else { return };
    UNSAVED.set(true);
    let _ = data.append_with_str("do", button);
    let Ok(text) = UrlSearchParams::new_with_str_sequence_sequence(&data) else { return };
    let text = String::from(text.to_string());
    let address = form.get_attribute("action").unwrap_or_default();
    let now = SENT.get() + 1;
    SENT.set(now);
    spawn_local(async move {
        let answer = api::served_send(address, text).await;
        if SENT.get() == now {
            match answer {
                Ok(page) => show(page, part),
                Err(error) => say(&error.0.message),
            }
        }
    });
}

fn show(page: Served, part: bool) {
    if let Some(to) = page.go {
        fresh();
        let _ = window().location().set_href(&to);
        return;
    }
    let Some(main) = find("main") else { return };
    if part {
        let whole = document().create_element("div");
        let preview = whole.ok().and_then(|whole| {
            whole.set_inner_html(&page.html);
            whole.query_selector("#preview").ok().flatten()
        });
        if let (Some(new), Some(old)) = (preview, find("#preview")) {
            old.set_inner_html(&new.inner_html());
        }
        return;
    }
    let name = document().active_element().filter(|element| element.matches("select").unwrap_or(false));
    let name = name.and_then(|element| element.get_attribute("name")).map(|name| format!("main [name={name}]"));
    main.set_inner_html(&page.html);
    say(&page.said);
    let focus = name.as_deref().and_then(find).or_else(|| find("main [autofocus]"));
    if let Some(element) = focus.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
    }
    if page.status != 200
        && let Some(mistake) = find("main [data-role=refused]")
    {
        mistake.scroll_into_view();
    }
}

fn find(selector: &str) -> Option<Element> {
    document().query_selector(selector).ok().flatten()
}

/// Reads out.
fn say(text: &str) {
    if let Some(status) = find("[data-role=said]") {
        status.set_text_content(Some(text));
    }
}

fn number(tile: &Element, name: &str) -> i32 {
    tile.get_attribute(name).and_then(|text| text.parse().ok()).unwrap_or_default()
}

pub fn down(event: &PointerEvent) {
    let Some(handle) = browser::target(event).filter(|_| event.button() == 0) else { return };
    let Some(handle) = handle.closest("[data-drag], [data-resize]").ok().flatten() else { return };
    let Some(tile) = handle.closest("[data-tile]").ok().flatten() else { return };
    let grid = tile.parent_element().map_or(0.0, |grid| grid.get_bounding_client_rect().width());
    event.prevent_default();
    let _ = handle.set_pointer_capture(event.pointer_id());
    let _ = tile.class_list().add_1("dragged");
    DRAG.set(Some(Drag {
        resizes: handle.has_attribute("data-resize"),
        x: event.client_x(),
        y: event.client_y(),
        columns: number(&tile, "data-columns"),
        height: number(&tile, "data-height"),
        column: grid / COLUMNS,
    }));
}

pub fn moved(event: &PointerEvent) {
    let (Some(drag), Some(tile)) = (DRAG.get(), find("[data-tile].dragged")) else { return };
    if event.buttons() == 0 {
        // Let go outside of the page.
        return up();
    }
    if drag.resizes {
        size(&tile, drag, event);
    } else {
        place(&tile, event);
    }
}

/// The tile's classes say its size, as on the dashboard. Heights are drawn by half.
fn size(tile: &Element, drag: Drag, event: &PointerEvent) {
    let wider = (f64::from(event.client_x() - drag.x) / drag.column).round() as i32;
    let higher = (event.client_y() - drag.y) * 2 / STEP * STEP;
    let (columns, height) =
        ((drag.columns + wider).clamp(NARROWEST, 12), (drag.height + higher).clamp(60, 1000) / 4 * 4);
    tile.set_class_name(&format!("panel c-{columns} h-{height} dragged"));
    let _ = tile.set_attribute("data-columns", &columns.to_string());
    let _ = tile.set_attribute("data-height", &height.to_string());
    if let Ok(Some(label)) = tile.query_selector("[data-role=size]") {
        label.set_text_content(Some(&format!("{columns} × {height}")));
    }
}

/// Before or behind the tile that the pointer is over.
fn place(tile: &Element, event: &PointerEvent) {
    let under = document().element_from_point(event.client_x() as f32, event.client_y() as f32);
    let Some(other) = under.and_then(|under| under.closest("[data-tile]").ok().flatten()) else { return };
    if other != *tile {
        let area = other.get_bounding_client_rect();
        let behind = f64::from(event.client_x()) > area.left() + area.width() / 2.0;
        let _ = if behind { other.after_with_node_1(tile) } else { other.before_with_node_1(tile) };
    }
}

pub fn up() {
    let (Some(_), Some(tile)) = (DRAG.take(), find("[data-tile].dragged")) else { return };
    let _ = tile.class_list().remove_1("dragged");
    let mut at = 0;
    let mut before = tile.previous_element_sibling();
    while let Some(other) = before {
        at += 1;
        before = other.previous_element_sibling();
    }
    if let Some(form) = tile.closest("form").ok().flatten().and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) {
        let id = tile.get_attribute("data-tile").unwrap_or_default();
        let (columns, height) = (number(&tile, "data-columns"), number(&tile, "data-height"));
        send(&form, &format!("place:{id}:{at}:{columns}:{height}"), false);
    }
}
