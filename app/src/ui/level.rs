//! How grave a class of events is, and the class itself: words first, colour beside.

use leptos::prelude::*;
use model::{
    panel::{Group, Level, Panel},
    series::Cell,
};

use crate::state::use_state;

/// `Critical`, in a frame that is the stronger the graver it is.
pub fn badge(level: Level) -> impl IntoView {
    view! { <span class=format!("level level-{}", level.key())>{level.label()}</span> }
}

/// A class as a link that adds its filter.
pub fn class(panel: &Panel, cell: &Cell) -> AnyView {
    let state = use_state();
    let name = panel.group_name(Group::Class, cell);
    let badge = cell.text().and_then(|id| panel.class(id)?.level).map(badge);
    match panel.term(Group::Class, cell) {
        Some(term) => view! { {badge}<a class="value" href=move || state.and(&term, None)>{name}</a> }.into_any(),
        None => view! { {badge}<span class="value">{name}</span> }.into_any(),
    }
}
