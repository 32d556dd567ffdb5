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

/// What a part that the server rendered holds between `datetime` and the end of each of its times.
const STAMP: &str = "<time datetime=\"";
const END: &str = "</time>";

/// The HTML of such a part with its times in the reader's zone, and the zone's name; the server writes them in UTC.
pub fn zoned(html: &str, local: bool) -> String {
    match local {
        true => rewritten(html, &|time| format!("{} {}", text(time, true), name(true))),
        false => html.to_owned(),
    }
}

/// What is no time of ours stays as it is. Text of events cannot be one: its `<` is escaped.
fn rewritten(html: &str, write: &dyn Fn(Timestamp) -> String) -> String {
    let mut parts = html.split(STAMP);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out += STAMP;
        let stamp = part.split('"').next().and_then(Timestamp::parse);
        match (stamp, part.find('>'), part.find(END)) {
            (Some(time), Some(tag), Some(end)) if tag < end => {
                out += &part[..=tag];
                out += &write(time);
                out += &part[end..];
            }
            _ => out += part,
        }
    }
    out
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_a_part_are_written_anew_and_nothing_else() {
        let write = |time: Timestamp| format!("[{}]", time.0);
        let check = |html: &str, expected: &str| assert_eq!(rewritten(html, &write), expected);
        check("a &lt;time", "a &lt;time");
        check(
            "<p><time datetime=\"1970-01-01T00:00:01Z\" title=\"x\">1970-01-01 00:00:01 UTC</time> é</p>",
            "<p><time datetime=\"1970-01-01T00:00:01Z\" title=\"x\">[1000]</time> é</p>",
        );
        check(
            "<time datetime=\"1970-01-01T00:00:02Z\">a</time><time datetime=\"1970-01-01T00:00:03Z\">b</time>",
            "<time datetime=\"1970-01-01T00:00:02Z\">[2000]</time><time datetime=\"1970-01-01T00:00:03Z\">[3000]</time>",
        );
        for broken in ["<time datetime=\"soon\">a</time>", "<time datetime=\"1970-01-01T00:00:02Z", "<time datetime=\""]
        {
            check(broken, broken);
        }
        assert_eq!(
            zoned("<time datetime=\"1970-01-01T00:00:02Z\">a</time>", false),
            "<time datetime=\"1970-01-01T00:00:02Z\">a</time>"
        );
    }
}
