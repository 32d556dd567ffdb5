//! One file a route.

use leptos::prelude::*;
use model::error::Error;

use crate::{api::Found, state::use_state, status};

pub mod dashboard;
pub mod discover;
pub mod event;
pub mod not_found;
pub mod panel;

/// A page of the dashboard that the address names, or one that says why it cannot be shown.
fn of_dashboard(shown: impl Fn(Found) -> AnyView + Copy + Send + Sync + 'static) -> AnyView {
    let state = use_state();
    let content = move || {
        Suspend::new(async move {
            match state.dashboard.await {
                Some(Ok(found)) => {
                    if !state.errors.get_untracked().is_empty() {
                        status::page(400);
                    }
                    shown(found)
                }
                Some(Err(error)) => not_found::failed(&error.0),
                None => not_found::failed(&Error::not_found("There is no such dashboard.")),
            }
        })
    };
    view! { <Transition fallback=|| view! { <main id="main"></main> }>{content}</Transition> }.into_any()
}
