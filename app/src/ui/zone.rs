//! UTC or the browser's own time: the button, the choice that is kept, and how a time is written.

use leptos::prelude::*;
use model::time::Timestamp;
use wasm_bindgen::JsValue;

use crate::state::use_state;

const KEY: &str = "zone";

/// Whether the reader chose local time before, in this browser.
pub fn stored() -> bool {
    let storage = window().local_storage().ok().flatten();
    storage.and_then(|storage| storage.get_item(KEY).ok().flatten()).as_deref() == Some("local")
}

fn store(local: bool) {
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = storage.set_item(KEY, if local { "local" } else { "utc" });
    }
}

/// Milliseconds by which the browser's clock is ahead of UTC at that time. In the browser only.
pub fn offset_ms(time: Timestamp) -> i64 {
    let date = js_sys::Date::new(&JsValue::from_f64(time.0 as f64));
    -(date.get_timezone_offset() as i64) * 60_000
}

/// `2026-11-24 14:03:29`, in UTC or in the browser's time.
pub fn text(time: Timestamp, local: bool) -> String {
    let shift = if local { offset_ms(time) } else { 0 };
    let full = Timestamp(time.0 + shift).rfc3339();
    full.get(..19).unwrap_or(&full).replace('T', " ")
}

/// How long before `now`, roughly: `3 h ago`.
pub fn ago(time: Timestamp, now: Timestamp) -> String {
    let seconds = (now.0 - time.0).max(0) / 1000;
    match seconds {
        0..60 => format!("{seconds} s ago"),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..172_800 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

/// A time, written again when the reader changes the zone. `now`: the end of a range that ends now.
#[component]
pub fn Time(time: Timestamp, #[prop(optional_no_strip)] now: Option<Timestamp>) -> impl IntoView {
    let state = use_state();
    let full = time.rfc3339();
    let title = match now {
        Some(now) => format!("{full}, {}", ago(time, now)),
        None => full.clone(),
    };
    view! { <time datetime=full title=title>{move || text(time, state.local.get())}</time> }
}

/// The name of the zone in use.
pub fn name(local: bool) -> &'static str {
    if local { "Local" } else { "UTC" }
}

/// The button between UTC and local time; with scripts only.
#[component]
pub fn ZoneToggle() -> AnyView {
    let state = use_state();
    let toggle = move |_| {
        let local = !state.local.get_untracked();
        store(local);
        state.local.set(local);
    };
    view! {
        <button
            type="button"
            class="control needs-scripts zone"
            data-action="zone"
            title="Show times in UTC or in local time"
            aria-pressed=move || state.local.get().to_string()
            on:click=toggle
        >
            {move || name(state.local.get())}
        </button>
    }
    .into_any()
}
