//! Completion of the filter while it is typed: a combobox (ARIA) whose options the server writes, since it alone knows
//! what events have. Without scripts the input is a plain one.

use std::time::Duration;

use leptos::{
    ev::KeyboardEvent,
    html::{Input, Ul},
    prelude::*,
    task::spawn_local,
};
use model::view::View;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, MouseEvent};

use super::browser;
use crate::{
    api,
    state::{State, dashboard_of},
};

/// The id of the list.
pub const LIST: &str = "q-list";
/// The server is asked once the reader pauses.
const PAUSE: Duration = Duration::from_millis(120);

#[derive(Clone, Copy)]
pub struct Completion {
    state: State,
    input: NodeRef<Input>,
    list: NodeRef<Ul>,
    is_open: RwSignal<bool>,
    /// The option that Enter takes.
    active: RwSignal<Option<u32>>,
    /// Counts what was typed: an answer to an earlier question is dropped.
    turn: StoredValue<u32>,
    /// The turn whose options are shown. Those of an earlier one are to be seen, until the answer is there, but not taken.
    shown: StoredValue<u32>,
    /// Whether the reader asked for the first option before it was there.
    wanted: StoredValue<bool>,
}

impl Completion {
    pub fn new(state: State, input: NodeRef<Input>) -> Completion {
        Completion {
            state,
            input,
            list: NodeRef::new(),
            is_open: RwSignal::new(false),
            active: RwSignal::new(None),
            turn: StoredValue::new(0),
            shown: StoredValue::new(0),
            wanted: StoredValue::new(false),
        }
    }

    pub fn is_open(self) -> bool {
        self.is_open.get()
    }

    /// The id of the active option.
    pub fn active_id(self) -> Option<String> {
        self.active.get().map(option_id)
    }

    /// Asks what can stand at the cursor, in a moment.
    pub fn suggest(self) {
        let turn = self.next_turn();
        self.activate(None);
        set_timeout(move || self.ask(turn), PAUSE);
    }

    fn next_turn(self) -> u32 {
        self.turn.update_value(|turn| *turn = turn.wrapping_add(1));
        self.wanted.set_value(false);
        self.turn.get_value()
    }

    fn is_turn(self, turn: u32) -> bool {
        self.turn.try_get_value() == Some(turn)
    }

    fn ask(self, turn: u32) {
        let Some(input) = self.input.try_get_untracked().flatten().filter(|_| self.is_turn(turn)) else { return };
        let text = input.value();
        let cursor = input.selection_start().ok().flatten().unwrap_or(u32::MAX);
        let View { range, ref pinned, .. } = self.state.view.get_untracked();
        let query = View { range, pinned: pinned.clone(), ..View::default() }.to_query();
        let dashboard = self.state.path.with_untracked(|path| dashboard_of(path)).unwrap_or_default();
        spawn_local(async move {
            // Suggestions that cannot be had are none.
            let html = api::completion_html(text, cursor, query, dashboard).await.unwrap_or_default();
            if self.is_turn(turn) {
                self.show(&html);
            }
        });
    }

    /// The options, whose text is escaped where the server renders them.
    fn show(self, html: &str) {
        let Some(list) = self.list.get_untracked() else { return };
        list.set_inner_html(html);
        self.active.set(None);
        self.is_open.set(!html.is_empty());
        self.shown.set_value(self.turn.get_value());
        if self.wanted.try_update_value(std::mem::take) == Some(true) {
            self.activate(Some(0));
        }
    }

    pub fn close(self) {
        self.next_turn();
        if self.is_open.get_untracked() {
            self.show("");
        }
    }

    /// Up and Down choose, Enter and Tab take what is chosen, Escape closes.
    pub fn on_key(self, event: &KeyboardEvent) {
        let is_open = self.is_open.get_untracked();
        let active = self.active.get_untracked();
        match event.key().as_str() {
            "ArrowDown" if !is_open => self.suggest(),
            "ArrowDown" | "ArrowUp" if !self.is_turn(self.shown.get_value()) => self.wanted.set_value(true),
            "ArrowDown" => self.activate(active.map_or(Some(0), |at| at.checked_add(1))),
            "ArrowUp" if is_open => self.activate(active.map_or(self.last(), |at| at.checked_sub(1))),
            "Enter" | "Tab" => match active.and_then(option) {
                Some(item) => self.accept(&item),
                None => return,
            },
            "Escape" if is_open => self.close(),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    }

    fn last(self) -> Option<u32> {
        self.list.get_untracked()?.child_element_count().checked_sub(1)
    }

    /// Beyond the last option and before the first stands the input.
    fn activate(self, at: Option<u32>) {
        if let Some(last) = self.active.get_untracked().and_then(option) {
            select(&last, "false");
        }
        let item = at.and_then(option);
        self.active.set(at.filter(|_| item.is_some()));
        if let (Some(item), Some(list)) = (item, self.list.get_untracked()) {
            select(&item, "true");
            reveal(&list, &item);
        }
    }

    /// Writes the filter with this option into the input, and suggests what follows.
    fn accept(self, item: &Element) {
        let is_current = self.is_turn(self.shown.get_value());
        let Some(input) = self.input.get_untracked().filter(|_| is_current) else { return };
        input.set_value(&item.get_attribute("data-text").unwrap_or_default());
        if let Some(cursor) = item.get_attribute("data-cursor").and_then(|text| text.parse().ok()) {
            // The input is one that has a cursor.
            let _ = input.set_selection_range(cursor, cursor);
        }
        self.show("");
        self.suggest();
    }

    fn on_click(self, event: &MouseEvent) {
        if let Some(item) = browser::target(event).and_then(|target| target.closest("[role=option]").ok().flatten()) {
            self.accept(&item);
        }
    }
}

/// The list below the input.
pub fn list(completion: Completion) -> AnyView {
    view! {
        <ul
            id=LIST
            class="completion"
            role="listbox"
            aria-label="Suggestions"
            hidden=move || !completion.is_open()
            node_ref=completion.list
            // The input keeps the focus.
            on:mousedown=move |event| event.prevent_default()
            on:click=move |event| completion.on_click(&event)
        ></ul>
    }
    .into_any()
}

fn option_id(at: u32) -> String {
    format!("q-option-{at}")
}

fn option(at: u32) -> Option<Element> {
    document().get_element_by_id(&option_id(at))
}

fn select(item: &Element, is_selected: &str) {
    // The name is a valid one.
    let _ = item.set_attribute("aria-selected", is_selected);
}

/// Scrolls the list, and nothing else, until the option is seen.
fn reveal(list: &HtmlElement, item: &Element) {
    let Some(item) = item.dyn_ref::<HtmlElement>() else { return };
    let (top, bottom) = (item.offset_top(), item.offset_top() + item.offset_height());
    if top < list.scroll_top() {
        list.set_scroll_top(top);
    } else if bottom > list.scroll_top() + list.client_height() {
        list.set_scroll_top(bottom - list.client_height());
    }
}
