//! The conditions of the filter, each of which can be pinned, negated or taken away; before them those that are pinned,
//! which stay on other pages; after them what is marked on charts.

use leptos::prelude::*;
use model::{
    chart::visible,
    filter::{self, Ast},
    view::View,
};

use super::icon;
use crate::state::{State, joined, terms, use_state};

#[component]
pub fn Pills() -> impl IntoView {
    let state = use_state();
    move || {
        let view = state.view.get();
        let (pinned, own) = (terms(&view.pinned), terms(&view.filter));
        let mut pills: Vec<AnyView> = Vec::new();
        pills.extend((0..pinned.len()).map(|at| pinned_pill(state, &view, &pinned, at)));
        pills.extend((0..own.len()).map(|at| own_pill(state, &view, &own, at)));
        pills.extend((0..view.annotate.len()).map(|at| annotation_pill(state, &view, at)));
        (!pills.is_empty()).then(|| {
            let none = state.href(&View { filter: String::new(), ..view });
            let clear = (own.len() > 1).then(|| view! { <li><a class="clear" href=none>"Clear all"</a></li> });
            view! { <ul class="pills" aria-label="Filters">{pills}{clear}</ul> }
        })
    }
}

fn own_pill(state: State, view: &View, all: &[Ast], at: usize) -> AnyView {
    let term = &all[at];
    let is_not = matches!(term, Ast::Not(_));
    let with = |terms| View { filter: joined(terms), ..view.clone() };
    let (rest, negated) = (without(all, at), negated(all, at));
    let mut pinned = terms(&view.pinned);
    pinned.push(term.clone());
    let mut marked = with(rest.clone());
    marked.annotate.push(filter::print(term));
    let actions = [
        ("pin", "Pin: keep it on other pages", View { pinned: joined(pinned), ..with(rest.clone()) }),
        ("mark", "Mark its events on time charts", marked),
        ("negate", if is_not { "Filter for it" } else { "Filter it out" }, with(negated)),
        ("remove", "Remove", with(rest)),
    ];
    pill(state, if is_not { "pill not" } else { "pill" }, &filter::print(term), &actions)
}

fn pinned_pill(state: State, view: &View, all: &[Ast], at: usize) -> AnyView {
    let term = &all[at];
    let is_not = matches!(term, Ast::Not(_));
    let with = |terms| View { pinned: joined(terms), ..view.clone() };
    let (rest, negated) = (without(all, at), negated(all, at));
    let unpinned = with(rest.clone());
    let mut own = terms(&view.filter);
    own.insert(0, term.clone());
    let actions = [
        ("unpin", "Unpin: keep it on this page only", View { filter: joined(own), ..unpinned }),
        ("negate", if is_not { "Filter for it" } else { "Filter it out" }, with(negated)),
        ("remove", "Remove", with(rest)),
    ];
    pill(state, if is_not { "pill pinned not" } else { "pill pinned" }, &filter::print(term), &actions)
}

fn annotation_pill(state: State, view: &View, at: usize) -> AnyView {
    let text = &view.annotate[at];
    let mut removed = view.clone();
    removed.annotate.remove(at);
    pill(state, "pill annotation", text, &[("remove", "No longer mark it on time charts", removed)])
}

fn without(all: &[Ast], at: usize) -> Vec<Ast> {
    let mut rest = all.to_vec();
    rest.remove(at);
    rest
}

fn negated(all: &[Ast], at: usize) -> Vec<Ast> {
    let mut negated = all.to_vec();
    negated[at] = all[at].clone().negated();
    negated
}

/// The text of a condition, and links to what becomes of the view.
fn pill(state: State, class: &'static str, text: &str, actions: &[(&'static str, &'static str, View)]) -> AnyView {
    let text = visible(text).into_owned();
    let marks = !state.is_audit();
    let shown = actions.iter().filter(|(action, ..)| marks || *action != "mark");
    let links = shown.map(|(action, title, view)| {
        let icon = match *action {
            "pin" | "unpin" => icon::pin(),
            "mark" => icon::flag(),
            "negate" => icon::negate(),
            _ => icon::cross(),
        };
        let label = format!("{title}: {text}");
        // What is marked on charts is looked for by the browser.
        let class = (*action == "mark").then_some("needs-scripts");
        view! { <a class=class data-action=*action href=state.href(view) title=*title aria-label=label>{icon}</a> }
            .into_any()
    });
    let links = links.collect_view();
    let is_annotation = class == "pill annotation";
    view! {
        <li class=class data-pill="">
            {is_annotation.then(icon::flag)}
            <bdi class="pill-text" title=text.clone()>{text.clone()}</bdi>
            {links}
        </li>
    }
    .into_any()
}
