//! What is not there.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{state::use_state, status, ui::top_bar::TopBar};

#[component]
pub fn NotFound() -> impl IntoView {
    not_found("There is no such page.".to_owned())
}

/// A page that says what is missing, with status 404.
pub fn not_found(message: String) -> AnyView {
    status::page(404);
    let state = use_state();
    view! {
        <Title text="Not found · Trailmap"/>
        <TopBar><span class="crumb">"Not found"</span></TopBar>
        <main id="main" tabindex="-1">
            <div class="message page" data-role="error">
                <h1>"Not found"</h1>
                <p>{message}</p>
                <p><a href=move || state.view.get().href("/")>"Go to Overview"</a></p>
            </div>
        </main>
    }
    .into_any()
}
