//! The keyboard shortcuts, told in a dialog. The keys themselves are in `browser`.

use leptos::prelude::*;

use super::{browser, icon, nav};
use crate::state::{State, use_state};

/// Text of our own alone: titles are those of built-in dashboards.
fn keys(state: State) -> String {
    let page = |(_, name, letter): (String, String, Option<&str>)| Some((format!("g {}", letter?), name));
    let here =
        [("/", "Filter"), ("t", "Time range"), ("r", "Refresh"), ("f", "Full screen, and back"), ("?", "This help")]
            .map(|(key, what)| (key.to_owned(), what.to_owned()));
    let rows = |rows: Vec<(String, String)>| -> String {
        let row = |(keys, what): (String, String)| {
            let keys: String = keys.split(' ').map(|key| format!("<kbd>{key}</kbd>")).collect();
            format!("<div><dt>{keys}</dt><dd>{what}</dd></div>")
        };
        format!("<dl>{}</dl>", rows.into_iter().map(row).collect::<String>())
    };
    let here = rows(here.into());
    let pages = rows(nav::places(state).into_iter().filter_map(page).collect());
    format!("{here}{pages}")
}

/// The button and the dialog that it opens; with scripts only, as the keys work with scripts only.
#[component]
pub fn Help() -> AnyView {
    view! {
        <button
            type="button"
            class="control square needs-scripts"
            data-action="help"
            title="Keyboard shortcuts (?)"
            aria-label="Keyboard shortcuts"
            on:click=|_| browser::show_help()
        >
            {icon::keyboard()}
        </button>
        <dialog id="help" class="dialog" aria-labelledby="help-title">
            <div class="dialog-head">
                <h2 id="help-title">"Keyboard shortcuts"</h2>
                <form method="dialog">
                    <button class="control square quiet" aria-label="Close">{icon::cross()}</button>
                </form>
            </div>
            <div class="keys" inner_html=keys(use_state())></div>
        </dialog>
    }
    .into_any()
}
