//! One file a route.

use leptos::prelude::*;

use crate::{api::Found, state::use_state, status};

pub mod dashboard;
pub mod discover;
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
    let page = move || match state.dashboard.get() {
        Some(Ok(found)) => shown(found),
        Some(Err(error)) => not_found::failed(&error.0),
        // In the browser, until it is there.
        None => view! { <main id="main" aria-busy="true"></main> }.into_any(),
    };
    page.into_any()
}
