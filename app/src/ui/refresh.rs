//! Loading again: now, or every so often while the page is looked at.

use std::time::Duration;

use leptos::prelude::*;
use model::view::View;

use super::icon;
use crate::state::use_state;

const EVERY: [(u32, &str); 5] = [(0, "Off"), (10, "10 s"), (30, "30 s"), (60, "1 min"), (300, "5 min")];

#[component]
pub fn Refresh() -> AnyView {
    let state = use_state();
    let seconds = Memo::new(move |_| state.view.get().refresh_s.unwrap_or(0));
    let reload = move || state.tick.update(|tick| *tick += 1);
    Effect::new(move |_| {
        let seconds = seconds.get();
        if seconds > 0 {
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
    let label = move || label(seconds.get());
    let option = move |(every, text): (u32, &'static str)| {
        let href = move || state.href(&View { refresh_s: (every > 0).then_some(every), ..state.view.get() });
        let current = move || (seconds.get() == every).then_some("true");
        view! { <a data-refresh=every.to_string() href=href aria-current=current>{text}</a> }.into_any()
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
                <div class="popover-body menu">{EVERY.into_iter().map(option).collect_view()}</div>
            </details>
        </div>
    }
    .into_any()
}

fn label(seconds: u32) -> String {
    match EVERY.iter().find(|(every, _)| *every == seconds) {
        Some((_, text)) => (*text).to_owned(),
        None => format!("{seconds} s"),
    }
}
