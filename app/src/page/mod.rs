//! One file a route.

use leptos::prelude::*;

use crate::{api::Found, state::use_state, status, ui::top_bar::TopBar};

pub mod dashboard;
pub mod discover;
pub mod entity;
pub mod event;
pub mod inspect;
pub mod not_found;
pub mod panel;
pub mod served;

/// A page of the dashboard that the address names, or one that says why it cannot be shown.
fn of_dashboard(shown: impl Fn(Found) -> AnyView + Copy + Send + Sync + 'static) -> AnyView {
    let state = use_state();
    if !state.errors.get_untracked().is_empty() {
        status::page(400);
    }
    // What the page before showed is not to be seen, nor asked for, on this one.
    let arrived = Memo::new(move |arrived: Option<&bool>| arrived == Some(&true) || !state.is_asking());
    let page = move || match state.dashboard.get().filter(|_| arrived.get()) {
        Some(Ok(found)) => shown(found),
        Some(Err(error)) => not_found::failed(&error.0),
        None => waiting(),
    };
    page.into_any()
}

/// In the browser, until what the page shows is there.
fn waiting() -> AnyView {
    view! { <TopBar controls=true>""</TopBar> <main id="main" tabindex="-1" aria-busy="true"></main> }.into_any()
}
