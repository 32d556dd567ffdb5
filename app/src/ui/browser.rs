//! What concerns the whole page in the browser: links, popovers, the mark that scripts run. Nothing here runs on the
//! server.

use std::cell::RefCell;

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent, MouseEvent};

type Navigate = Box<dyn Fn(&str, bool)>;

thread_local! {
    static NAVIGATE: RefCell<Option<Navigate>> = const { RefCell::new(None) };
}

/// Whether this is the browser's half, not the server's.
pub const fn runs() -> bool {
    cfg!(target_arch = "wasm32")
}

/// Starts listening; `navigate(href, scroll)` is the router's.
pub fn listen(navigate: impl Fn(&str, bool) + 'static) {
    NAVIGATE.with(|cell| cell.replace(Some(Box::new(navigate))));
    // On the body, so that links are seen before the router's own listener on the window.
    if let Some(body) = document().body() {
        let _ = body.dataset().set("hydrated", "");
        on_body(&body, "click", |event: MouseEvent| {
            follow(&event);
            copy_what_is_named(&event);
            close_popovers(event.target().and_then(|target| target.dyn_into().ok()).as_ref());
        });
    }
    window_event_listener(ev::keydown, |event| on_key(&event));
}

fn on_body(body: &HtmlElement, name: &str, run: impl Fn(MouseEvent) + 'static) {
    let closure = wasm_bindgen::closure::Closure::<dyn Fn(MouseEvent)>::new(run);
    let _ = body.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
    // As long as the page.
    closure.forget();
}

/// Follows an address of ours without loading the page, keeping the scroll position where the path stays.
pub fn go(href: &str) {
    let path = href.split(['?', '#']).next().unwrap_or_default();
    let stays = window().location().pathname().is_ok_and(|here| here == path);
    NAVIGATE.with_borrow(|navigate| {
        if let Some(navigate) = navigate {
            // With a place on the page named, it is that place that is looked for.
            navigate(href, !stays || href.contains('#'));
        }
    });
}

/// The router follows HTML links, but jumps to the top, and knows nothing of links inside of an SVG.
fn follow(event: &MouseEvent) {
    let modified = event.meta_key() || event.alt_key() || event.ctrl_key() || event.shift_key();
    if event.default_prevented() || event.button() != 0 || modified {
        return;
    }
    let Some(link) = target(event).and_then(|element| element.closest("a[href]").ok().flatten()) else { return };
    let leaves = ["download", "target", "rel"].iter().any(|name| link.has_attribute(name));
    if let Some(href) = link.get_attribute("href").filter(|href| href.starts_with('/') && !leaves) {
        event.prevent_default();
        go(&href);
    }
}

/// The element that an event happened on.
pub fn target(event: &web_sys::Event) -> Option<Element> {
    event.target().and_then(|target| target.dyn_into().ok())
}

/// Closes open popovers, but the one that `inside` lies in, unless it is a link that was followed there.
fn close_popovers(inside: Option<&Element>) {
    let followed = inside.and_then(|element| element.closest("a[href], [data-close]").ok().flatten()).is_some();
    for popover in open_popovers() {
        if followed || !inside.is_some_and(|element| popover.contains(Some(element))) {
            let _ = popover.remove_attribute("open");
        }
    }
}

fn open_popovers() -> Vec<Element> {
    let Ok(list) = document().query_selector_all("details.popover[open]") else { return Vec::new() };
    (0..list.length()).filter_map(|at| list.item(at)?.dyn_into().ok()).collect()
}

/// Escape closes popovers and gives the focus back; the space bar moves a switch as it does a button; `/` goes to the
/// filter.
fn on_key(event: &KeyboardEvent) {
    let focused = document().active_element();
    match event.key().as_str() {
        "Escape" => {
            for popover in open_popovers() {
                let _ = popover.remove_attribute("open");
                focus(popover.query_selector("summary").ok().flatten());
            }
        }
        " " => {
            if let Some(element) = focused.filter(|element| element.matches("a[role=switch]").unwrap_or(false)) {
                event.prevent_default();
                if let Some(element) = element.dyn_ref::<HtmlElement>() {
                    element.click();
                }
            }
        }
        "/" if focused.is_none_or(|element| !element.matches("input, textarea, select").unwrap_or(false)) => {
            event.prevent_default();
            focus(document().query_selector("input[name=q]").ok().flatten());
        }
        _ => {}
    }
}

fn focus(element: Option<Element>) {
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// Copies an address of ours, made absolute.
pub fn copy(path: &str) {
    let origin = window().location().origin().unwrap_or_default();
    copy_text(&format!("{origin}{path}"));
}

/// Copies the text that what was clicked on names.
fn copy_what_is_named(event: &MouseEvent) {
    let button = target(event).and_then(|element| element.closest("[data-copy]").ok().flatten());
    if let Some(text) = button.and_then(|button| button.get_attribute("data-copy")) {
        copy_text(&text);
    }
}

/// Brings the element of this id into sight, once it is there.
pub fn show(id: &'static str) {
    request_animation_frame(move || {
        if let Some(element) = document().get_element_by_id(id) {
            element.scroll_into_view();
        }
    });
}

pub fn copy_text(text: &str) {
    let _ = window().navigator().clipboard().write_text(text);
}

/// Closes every popover.
pub fn close_all() {
    for popover in open_popovers() {
        let _ = popover.remove_attribute("open");
    }
}
