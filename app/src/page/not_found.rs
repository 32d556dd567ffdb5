//! What is not there, or cannot be shown now.

use leptos::prelude::*;
use leptos_meta::Title;
use model::error::{Error, Kind};

use crate::{state::use_state, status, ui::top_bar::TopBar};

#[component]
pub fn NotFound() -> impl IntoView {
    not_found("There is no such page.".to_owned())
}

/// A page that says what is missing, with status 404.
pub fn not_found(message: String) -> AnyView {
    failed(&Error::not_found(message))
}

/// A page that says why there is nothing else on it, with the error's status.
pub fn failed(error: &Error) -> AnyView {
    status::page(error.status());
    let state = use_state();
    let title = match error.kind {
        Kind::NotFound => "Not found",
        _ => "This page cannot be shown",
    };
    view! {
        <Title text=format!("{title} · Trailmap")/>
        <TopBar><span class="crumb">{title}</span></TopBar>
        <main id="main" tabindex="-1">
            <div class="message page" data-role="error">
                <h1>{title}</h1>
                <p>{error.message.clone()}</p>
                <p><a href=move || state.view.get().href("/")>"Go to Overview"</a></p>
            </div>
        </main>
    }
    .into_any()
}
