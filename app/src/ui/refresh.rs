//! Loading again: now, every so often, or whenever events are stored, while the page is looked at.

use std::time::Duration;

use leptos::prelude::*;
use model::view::{Refresh, View};

use super::{arrival, icon};
use crate::state::use_state;

const CHOICES: [(Option<Refresh>, &str); 6] = [
    (None, "Off"),
    (Some(Refresh::Live), "Live"),
    (every(10), "10 s"),
    (every(30), "30 s"),
    (every(60), "1 min"),
    (every(300), "5 min"),
];

const fn every(seconds: u32) -> Option<Refresh> {
    Some(Refresh::Every { seconds })
}

#[component]
pub fn RefreshControl() -> AnyView {
    let state = use_state();
    let chosen = Memo::new(move |_| state.view.get().refresh);
    let reload = move || state.tick.update(|tick| *tick += 1);
    Effect::new(move |_| match chosen.get() {
        None => {}
        Some(Refresh::Live) => arrival::listen(reload),
        Some(Refresh::Every { seconds }) => {
            let tick = move || {
                if !document().hidden() {
                    reload();
                }
            };
            if let Ok(handle) = set_interval_with_handle(tick, Duration::from_secs(u64::from(seconds))) {
                on_cleanup(move || handle.clear());
            }
        }
    });
    let click = move |event: web_sys::MouseEvent| {
        event.prevent_default();
        reload();
    };
    let label = move || label(chosen.get());
    let option = move |(refresh, text): (Option<Refresh>, &'static str)| {
        let href = move || state.href(&View { refresh, ..state.view.get() });
        let current = move || (chosen.get() == refresh).then_some("true");
        let name = refresh.map_or_else(|| "off".to_owned(), |refresh| refresh.to_string());
        view! { <a data-refresh=name href=href aria-current=current>{text}</a> }.into_any()
    };
    view! {
        <div class="joined">
            <a
                class="control square"
                data-action="refresh"
                href=move || state.href(&state.view.get())
                title="Refresh"
                aria-label="Refresh"
                on:click=click
            >
                {icon::refresh()}
            </a>
            <details class="popover" data-role="refresh">
                <summary class="control" aria-label=move || format!("Auto refresh: {}", label())>{label}</summary>
                <div class="popover-body menu">{CHOICES.into_iter().map(option).collect_view()}</div>
            </details>
        </div>
    }
    .into_any()
}

fn label(chosen: Option<Refresh>) -> String {
    match CHOICES.iter().find(|(refresh, _)| *refresh == chosen) {
        Some((_, text)) => (*text).to_owned(),
        None => chosen.map(|refresh| refresh.to_string()).unwrap_or_default(),
    }
}
