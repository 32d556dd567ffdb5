//! What concerns the whole page in the browser: links, popovers, the mark that scripts run. Nothing here runs on the
//! server.

use std::cell::{Cell, RefCell};

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDialogElement, HtmlElement, KeyboardEvent, MouseEvent};

use super::{live, tip};

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
    tip::listen();
    window_event_listener(ev::keydown, |event| on_key(&event));
    window_event_listener_untyped("beforeunload", |event| {
        if live::is_unsaved() {
            event.prevent_default();
        }
    });
    // Escape gives the screen back without a word to the page.
    window_event_listener_untyped("fullscreenchange", |_| {
        if document().fullscreen_element().is_none() {
            click(".top.kiosk [data-action=leave-kiosk]");
        }
    });
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
        // The form's own way out says what it does.
        let discards = !live::is_unsaved() || link.closest("form").is_ok_and(|form| form.is_some());
        if discards || window().confirm_with_message("Leave without saving?").unwrap_or(true) {
            go(&href);
        }
    }
}

/// The element that an event happened on.
pub fn target(event: &web_sys::Event) -> Option<Element> {
    event.target().and_then(|target| target.dyn_into().ok())
}

/// Closes open popovers, but the one that `inside` lies in, unless it is a link that was followed there.
fn close_popovers(inside: Option<&Element>) {
    let followed =
        inside.and_then(|element| element.closest("a[href]:not([data-stay]), [data-close]").ok().flatten()).is_some();
    for popover in open_popovers() {
        if followed || !inside.is_some_and(|element| popover.contains(Some(element))) {
            let _ = popover.remove_attribute("open");
        }
    }
    if followed && let Some(menu) = find("[popover]:popover-open").and_then(|menu| menu.dyn_into::<HtmlElement>().ok())
    {
        let _ = menu.hide_popover();
    }
}

fn open_popovers() -> Vec<Element> {
    let Ok(list) = document().query_selector_all("details.popover[open]") else { return Vec::new() };
    (0..list.length()).filter_map(|at| list.item(at)?.dyn_into().ok()).collect()
}

/// What the keyboard does on every page. Keys that write, or that the browser or the system means, are left alone.
fn on_key(event: &KeyboardEvent) {
    let focused = document().active_element();
    let is = |selectors| focused.as_ref().is_some_and(|element| element.matches(selectors).unwrap_or(false));
    let key = event.key();
    let after_g = GOING.replace(false);
    if event.ctrl_key() || event.meta_key() || event.alt_key() || event.default_prevented() {
        return;
    }
    if key == "Escape" {
        escape();
        return;
    }
    let writes = is("input, textarea, select, [contenteditable]");
    let in_dialog = find("dialog[open]").is_some();
    if key == " " && is("a[role=switch]") {
        event.prevent_default();
        click("a[role=switch]:focus");
    } else if !writes && !in_dialog && shortcut(&key, after_g) {
        event.prevent_default();
    }
}

thread_local! {
    /// Whether the last key was `g`.
    static GOING: Cell<bool> = const { Cell::new(false) };
}

/// Whether the key means something here.
fn shortcut(key: &str, after_g: bool) -> bool {
    match key {
        // Letters alone go into the selector.
        _ if after_g && key.len() == 1 && key.as_bytes()[0].is_ascii_lowercase() => {
            click(&format!("#nav a[data-go={key}]"));
        }
        "/" => focus(find("input[name=q]")),
        "t" => {
            click("details[data-role=time]:not([open]) > summary");
            focus(find("details[data-role=time] > summary"));
        }
        "r" => click("[data-action=refresh]"),
        "f" => {
            let kiosk = find(".top.kiosk").is_some();
            click(if kiosk { "[data-action=leave-kiosk]" } else { "[data-action=kiosk]" });
        }
        "g" => GOING.set(true),
        "?" => show_help(),
        _ => return false,
    }
    true
}

/// Closes popovers and gives the focus back; where none is open, shows the bars again.
fn escape() {
    let open = open_popovers();
    if open.is_empty() && find("dialog[open]").is_none() {
        click(".top.kiosk [data-action=leave-kiosk]");
    }
    for popover in open {
        let _ = popover.remove_attribute("open");
        focus(popover.query_selector("summary").ok().flatten());
    }
}

fn find(selectors: &str) -> Option<Element> {
    document().query_selector(selectors).ok().flatten()
}

fn click(selectors: &str) {
    if let Some(element) = find(selectors).and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        element.click();
    }
}

/// Opens the list of shortcuts.
pub fn show_help() {
    if let Some(dialog) =
        find("dialog#help:not([open])").and_then(|element| element.dyn_into::<HtmlDialogElement>().ok())
    {
        let _ = dialog.show_modal();
    }
}

/// Takes the whole screen, or gives it back. Browsers that cannot leave it at that.
pub fn fill_screen(fill: bool) {
    let filled = document().fullscreen_element().is_some();
    match document().document_element().filter(|_| document().fullscreen_enabled()) {
        Some(html) if fill && !filled => drop(html.request_fullscreen()),
        _ if !fill && filled => document().exit_fullscreen(),
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
