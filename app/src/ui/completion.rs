//! Completion of the filter while it is typed: fields, operators, and values that events of the range have.
//! The list follows the ARIA pattern of a combobox; without scripts the input is a plain one.

use std::time::Duration;

use leptos::{ev::KeyboardEvent, html::Input, prelude::*, task::spawn_local};
use model::{
    chart::format,
    filter::complete::{self, Place, Suggestion, Wanted},
    view::View,
};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement};

use crate::{api, state::State};

/// The id of the list.
pub const LIST: &str = "q-list";
/// Values are asked for once the reader pauses.
const PAUSE: Duration = Duration::from_millis(150);

/// What is suggested now, and where it would go.
#[derive(Clone, Copy)]
pub struct Completion {
    state: State,
    input: NodeRef<Input>,
    place: StoredValue<Option<Place>>,
    items: RwSignal<Vec<Suggestion>>,
    /// The item that Enter takes.
    active: RwSignal<Option<usize>>,
    /// Counts what was typed: an answer to an earlier question is dropped.
    turn: StoredValue<u32>,
}

impl Completion {
    pub fn new(state: State, input: NodeRef<Input>) -> Completion {
        Completion {
            state,
            input,
            place: StoredValue::new(None),
            items: RwSignal::new(Vec::new()),
            active: RwSignal::new(None),
            turn: StoredValue::new(0),
        }
    }

    pub fn is_open(self) -> bool {
        self.items.with(|items| !items.is_empty())
    }

    /// The id of the active item.
    pub fn active_id(self) -> Option<String> {
        self.active.get().map(option_id)
    }

    /// Finds what can stand at the cursor.
    pub fn suggest(self) {
        let Some(input) = self.input.get_untracked() else { return };
        self.turn.update_value(|turn| *turn += 1);
        let place = complete::place(&input.value(), cursor(&input));
        let Some(place) = place else { return self.close() };
        self.show(complete::suggestions(&place));
        self.place.set_value(Some(place.clone()));
        if matches!(place.wanted, Wanted::Value(_)) {
            let turn = self.turn.get_value();
            set_timeout(move || self.ask(place, turn), PAUSE);
        }
    }

    /// Asks for the values that events have.
    fn ask(self, place: Place, turn: u32) {
        let Some(target) = place.target().filter(|_| self.is_turn(turn)) else { return };
        let view = self.state.view.get_untracked();
        let view = View { filter: place.rest, switches: Default::default(), refresh_s: None, ..view };
        spawn_local(async move {
            // A list of suggestions that fails is none.
            let values = api::values_get(target, place.typed, view.to_query()).await.unwrap_or_default();
            if self.is_turn(turn) {
                let item = |value: api::ValueCount| {
                    let events = if value.events == 1 { "event" } else { "events" };
                    complete::of_value(&value.text, format!("{} {events}", format::count(value.events)))
                };
                self.show(values.into_iter().map(item).collect());
            }
        });
    }

    fn is_turn(self, turn: u32) -> bool {
        self.turn.try_get_value() == Some(turn)
    }

    fn show(self, items: Vec<Suggestion>) {
        self.active.set(None);
        self.items.set(items);
    }

    pub fn close(self) {
        self.turn.update_value(|turn| *turn += 1);
        self.show(Vec::new());
    }

    /// Up and Down choose, Enter and Tab take what is chosen, Escape closes.
    pub fn on_key(self, event: &KeyboardEvent) {
        let taken = match event.key().as_str() {
            "ArrowDown" if !self.is_open() => {
                self.suggest();
                true
            }
            "ArrowDown" => self.step(1),
            "ArrowUp" if self.is_open() => self.step(-1),
            "Enter" | "Tab" => self.active.get_untracked().is_some_and(|at| self.accept(at)),
            "Escape" if self.is_open() => {
                self.close();
                true
            }
            _ => false,
        };
        if taken {
            event.prevent_default();
            event.stop_propagation();
        }
    }

    /// To the next item or the one before; beyond the last stands the input, then the first.
    fn step(self, by: isize) -> bool {
        let count = self.items.with_untracked(Vec::len) as isize;
        let at = self.active.get_untracked().map_or(if by > 0 { -1 } else { count }, |at| at as isize) + by;
        let active = (0..count).contains(&at).then_some(at as usize);
        self.active.set(active);
        if let Some(at) = active {
            reveal(at);
        }
        true
    }

    /// Writes an item into the input, and suggests what follows.
    fn accept(self, at: usize) -> bool {
        let (Some(input), Some(place)) = (self.input.get_untracked(), self.place.get_value()) else { return false };
        let Some(item) = self.items.with_untracked(|items| items.get(at).cloned()) else { return false };
        let (text, cursor) = complete::accepted(&input.value(), &place, &item);
        let cursor = text.chars().take(cursor).map(char::len_utf16).sum::<usize>() as u32;
        input.set_value(&text);
        // The input is one that has a cursor.
        let _ = input.set_selection_range(cursor, cursor);
        self.suggest();
        true
    }
}

/// The list below the input.
pub fn list(completion: Completion) -> AnyView {
    let option = move |(at, item): (usize, Suggestion)| {
        view! {
            <li
                id=option_id(at)
                role="option"
                aria-selected=move || (completion.active.get() == Some(at)).to_string()
                // The input keeps the focus.
                on:mousedown=move |event| event.prevent_default()
                on:click=move |_| {
                    completion.accept(at);
                }
            >
                <span class="completion-label">{item.label}</span>
                <span class="completion-help">{item.help}</span>
            </li>
        }
        .into_any()
    };
    let options = move || completion.items.get().into_iter().enumerate().map(option).collect::<Vec<_>>();
    view! {
        <ul id=LIST class="completion" role="listbox" aria-label="Suggestions" hidden=move || !completion.is_open()>
            {options}
        </ul>
    }
    .into_any()
}

fn option_id(at: usize) -> String {
    format!("q-option-{at}")
}

/// The place of the cursor in characters; browsers count UTF-16 units.
fn cursor(input: &HtmlInputElement) -> usize {
    let text = input.value();
    let units = input.selection_start().ok().flatten().map_or(usize::MAX, |units| units as usize);
    let mut seen = 0;
    text.chars().take_while(|c| (seen < units).then(|| seen += c.len_utf16()).is_some()).count()
}

/// Scrolls the list, and nothing else, until the item is seen.
fn reveal(at: usize) {
    let element = |id: &str| document().get_element_by_id(id)?.dyn_into::<HtmlElement>().ok();
    let (Some(list), Some(item)) = (element(LIST), element(&option_id(at))) else { return };
    let (top, bottom) = (item.offset_top(), item.offset_top() + item.offset_height());
    if top < list.scroll_top() {
        list.set_scroll_top(top);
    } else if bottom > list.scroll_top() + list.client_height() {
        list.set_scroll_top(bottom - list.client_height());
    }
}
