//! The filter's conditions, each of which can be negated or taken away.

use leptos::prelude::*;
use model::{
    chart::visible,
    filter::{self, Ast},
    view::View,
};

use super::icon;
use crate::state::{terms, use_state, with_terms};

#[component]
pub fn Pills() -> impl IntoView {
    let state = use_state();
    move || {
        let view = state.view.get();
        let all = terms(&view);
        (!all.is_empty()).then(|| {
            let pills = (0..all.len()).map(|at| pill(&view, &all, at).into_any()).collect_view();
            let none = state.href(&View { filter: String::new(), ..view });
            let clear = (all.len() > 1).then(|| view! { <li><a class="clear" href=none>"Clear all"</a></li> });
            view! { <ul class="pills" aria-label="Filters">{pills}{clear}</ul> }
        })
    }
}

fn pill(view: &View, all: &[Ast], at: usize) -> impl IntoView + use<> {
    let state = use_state();
    let term = &all[at];
    let is_not = matches!(term, Ast::Not(_));
    let text = visible(&filter::print(term)).into_owned();
    let mut negated = all.to_vec();
    negated[at] = term.clone().negated();
    let mut removed = all.to_vec();
    removed.remove(at);
    view! {
        <li class="pill" class:not=is_not data-pill="">
            <bdi class="pill-text" title=text.clone()>{text.clone()}</bdi>
            <a
                data-action="negate"
                href=state.href(&with_terms(view, negated))
                title=if is_not { "Filter for it" } else { "Filter it out" }
                aria-label=format!("Negate {text}")
            >
                {icon::negate()}
            </a>
            <a
                data-action="remove"
                href=state.href(&with_terms(view, removed))
                title="Remove"
                aria-label=format!("Remove {text}")
            >
                {icon::cross()}
            </a>
        </li>
    }
}
