//! One event on its own page.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use model::error::{Error, Kind};

use crate::{
    api,
    state::use_state,
    status,
    ui::{event, footer::Footer, load, message, top_bar::TopBar},
};

/// `/event/:id`
#[component]
pub fn EventAlone() -> impl IntoView {
    let state = use_state();
    let params = use_params_map();
    let asked = Memo::new(move |_| {
        let id = params.with(|params| params.get("id").unwrap_or_default());
        let address = state.view.get().href(&event::path(&id));
        (id, address)
    });
    let event = load::html(state, asked, |id, address| Box::pin(api::event_html(id, address)));
    view! {
        <Title text="Event · Trailmap"/>
        <TopBar><a class="crumb up" href=move || state.view.get().href("/")>"Overview"</a></TopBar>
        <main id="main" tabindex="-1" class="alone">{load::shown(event, missing)}</main>
        <Footer/>
    }
}

fn missing(error: &Error) -> AnyView {
    status::page(error.status());
    let title = if error.kind == Kind::NotFound { "No such event" } else { "This event cannot be shown" };
    view! { <h1>{title}</h1> {message::error(error)} }.into_any()
}
