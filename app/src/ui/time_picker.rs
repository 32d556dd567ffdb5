//! The range: quick ones as links, any other by a form. Works without scripts.

use leptos::{html::Input, prelude::*};
use model::{error::Error, time::Range, view::View};

use super::{filter_bar::hidden, icon};
use crate::state::use_state;

pub const QUICK: [(&str, &str); 7] = [
    ("15m", "Last 15 minutes"),
    ("1h", "Last hour"),
    ("4h", "Last 4 hours"),
    ("24h", "Last 24 hours"),
    ("7d", "Last 7 days"),
    ("30d", "Last 30 days"),
    ("90d", "Last 90 days"),
];

/// `default`: the range while the address names none.
#[component]
pub fn TimePicker(default: Range) -> AnyView {
    let state = use_state();
    let range = move || state.view.get().range.unwrap_or(default);
    view! {
        <details class="popover" data-role="time">
            <summary class="control" aria-label=move || format!("Time range: {}", range().label())>
                {icon::clock()}
                <span>{move || range().label()}</span>
            </summary>
            <div class="popover-body time">
                <Recent default/>
                <ul class="quick">{QUICK.into_iter().map(|(text, label)| view! { <li>{quick(text, label, default)}</li> }.into_any()).collect_view()}</ul>
                <Absolute default/>
            </div>
        </details>
    }
    .into_any()
}

/// Ranges that were chosen in this browser before and are no quick ones. Known only once scripts run.
#[component]
fn Recent(default: Range) -> AnyView {
    let state = use_state();
    let recent = RwSignal::new(Vec::<Range>::new());
    Effect::new(move |_| recent.set(keep(state.view.get().range)));
    let entry = move |range: Range| {
        let current = move || (state.view.get().range.unwrap_or(default) == range).then_some("true");
        let href = move || state.href(&state.view.get().with_range(range));
        view! { <li><a href=href aria-current=current>{range.label()}</a></li> }.into_any()
    };
    let list = move || {
        let recent = recent.get();
        (!recent.is_empty()).then(|| {
            let entries = recent.into_iter().map(entry).collect_view();
            view! { <h3>"Recent"</h3> <ul class="quick">{entries}</ul> }.into_any()
        })
    };
    view! { <div class="recent" data-role="recent">{list}</div> }.into_any()
}

const KEY: &str = "ranges";
const RECENT: usize = 5;

/// What is stored, `range` before it.
fn keep(range: Option<Range>) -> Vec<Range> {
    let Ok(Some(storage)) = window().local_storage() else { return Vec::new() };
    let stored = storage.get_item(KEY).ok().flatten().unwrap_or_default();
    let recent = recent(&stored, range);
    let text: Vec<String> = recent.iter().map(Range::to_string).collect();
    let _ = storage.set_item(KEY, &text.join(" "));
    recent
}

/// Ranges from a text that anything may have written, `range` before them.
fn recent(stored: &str, range: Option<Range>) -> Vec<Range> {
    let is_quick = |range: &Range| QUICK.iter().any(|(text, _)| range.to_string() == *text);
    let stored = stored.split(' ').filter_map(|text| Range::try_from(text.to_owned()).ok());
    let mut recent = Vec::new();
    for range in range.into_iter().chain(stored).filter(|range| !is_quick(range)) {
        if !recent.contains(&range) && recent.len() < RECENT {
            recent.push(range);
        }
    }
    recent
}

fn quick(text: &'static str, label: &'static str, default: Range) -> impl IntoView {
    let state = use_state();
    let range = Range::parse(text).unwrap_or(Range::DEFAULT);
    let current = move || (state.view.get().range.unwrap_or(default) == range).then_some("true");
    let href = move || state.href(&state.view.get().with_range(range));
    view! { <a data-range=text href=href aria-current=current>{label}</a> }
}

#[component]
fn Absolute(default: Range) -> AnyView {
    let state = use_state();
    let (from, to) = (NodeRef::<Input>::new(), NodeRef::<Input>::new());
    let mistake = RwSignal::new(None::<Error>);
    let edges = move || edges(state.view.get().range.unwrap_or(default));
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let (Some(from), Some(to)) = (from.get_untracked(), to.get_untracked()) else { return };
        match Range::between(from.value().trim(), to.value().trim()) {
            Ok(range) => {
                mistake.set(None);
                super::browser::close_all();
                state.go(&state.view.get_untracked().with_range(range));
            }
            Err(error) => mistake.set(Some(error)),
        }
    };
    let hint = move || match mistake.get() {
        Some(error) => error.to_string(),
        None => "UTC, like 2026-11-24T08:00Z, or now-7d/d".to_owned(),
    };
    view! {
        <form class="absolute" method="get" action=move || state.path.get() on:submit=submit>
            {move || hidden(&View { range: None, ..state.view.get() })}
            <label>
                "From"
                <input name="from" autocomplete="off" spellcheck="false" required
                    value=move || edges().0 prop:value=move || edges().0 aria-describedby="range-hint" node_ref=from/>
            </label>
            <label>
                "To"
                <input name="to" autocomplete="off" spellcheck="false" required
                    value=move || edges().1 prop:value=move || edges().1 aria-describedby="range-hint" node_ref=to/>
            </label>
            <p class="hint" id="range-hint" class:wrong=move || mistake.get().is_some()>{hint}</p>
            <button type="submit" class="control primary">"Apply range"</button>
        </form>
    }
    .into_any()
}

/// The two edges as the form shows them.
fn edges(range: Range) -> (String, String) {
    let text = String::from(range);
    match text.split_once("..") {
        Some((from, to)) => (from.to_owned(), to.to_owned()),
        None => (format!("now-{text}"), "now".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recent_ranges_are_the_last_ones_each_once() {
        let text = |stored: &str, range: Option<&str>| {
            let range = range.map(|text| Range::try_from(text.to_owned()).expect(text));
            recent(stored, range).iter().map(Range::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(text("", None), "");
        assert_eq!(text("", Some("24h")), "", "quick ranges stand above");
        assert_eq!(text("3d 5d <b> 5d", Some("2w")), "2w 3d 5d");
        assert_eq!(text("3d 5d", Some("5d")), "5d 3d");
        assert_eq!(text("1d 2d 3d 4d 5d 6d", Some("now-7d/d..now")), "now-7d/d..now 1d 2d 3d 4d");
    }
}
