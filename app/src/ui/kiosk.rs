//! The panels alone, for a screen on the wall: what is shown then in place of the bars, and the way in and out.

use leptos::prelude::*;
use model::{time::Range, view::View};

use super::{browser, icon};
use crate::state::use_state;

/// The way in: a link, which with scripts also fills the screen.
#[component]
pub fn KioskLink() -> AnyView {
    let state = use_state();
    let href = move || state.href(&View { kiosk: true, ..state.view.get() });
    view! {
        <a
            class="control square"
            data-action="kiosk"
            href=href
            title="Full screen (f)"
            aria-label="Full screen"
            on:click=|_| browser::fill_screen(true)
        >
            {icon::expand()}
        </a>
    }
    .into_any()
}

/// Range and way out.
#[component]
pub fn KioskBar(range: Range) -> AnyView {
    let state = use_state();
    let label = move || state.view.get().range.unwrap_or(range).label();
    let href = move || state.href(&View { kiosk: false, ..state.view.get() });
    view! {
        <div class="kiosk-bar">
            <span class="kiosk-range">{label}</span>
            <a
                class="control square quiet"
                data-action="leave-kiosk"
                href=href
                title="Show the bars again (f)"
                aria-label="Leave full screen"
                on:click=|_| browser::fill_screen(false)
            >
                {icon::cross()}
            </a>
        </div>
    }
    .into_any()
}
