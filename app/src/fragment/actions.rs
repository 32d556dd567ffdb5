//! What can be done with one value of an event: filter for it, filter it out, ask that there is one, copy it.

use leptos::prelude::*;
use model::filter::Ast;

use super::Place;

/// Small marks beside a value. `exists`: the condition that there is any value; `copied`: its text.
/// The signs are drawn by the style sheet, so that text that is selected and copied holds none of them.
pub fn actions(place: &Place, term: &Ast, more: Option<(Ast, String)>, label: &str) -> AnyView {
    let link = |action: &'static str, what: &str, term: &Ast| {
        let name = format!("{what}: {label}");
        view! { <a data-action=action href=place.and(term) title=what.to_owned() aria-label=name></a> }.into_any()
    };
    let out = link("out", "Filter out this value", &term.clone().negated());
    let more = more.map(|(exists, copied)| {
        let name = format!("Copy: {label}");
        view! {
            {link("exists", "Filter for events with a value", &exists)}
            <button
                type="button"
                class="needs-scripts"
                data-action="copy"
                data-copy=copied
                title="Copy this value"
                aria-label=name
            ></button>
        }
    });
    view! { <span class="actions">{link("for", "Filter for this value", term)}{out}{more}</span> }.into_any()
}
