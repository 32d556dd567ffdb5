//! Discover: from panels to events.

use leptos::prelude::*;
use leptos_meta::Title;
use model::discover;

use crate::{
    state::use_state,
    status,
    ui::{events::Events, field_list::FieldList, footer::Footer, frame::Frame, top_bar::TopBar},
};

/// `/discover`
#[component]
pub fn Discover() -> impl IntoView {
    if !use_state().errors.get_untracked().is_empty() {
        status::page(400);
    }
    let dashboard = discover::dashboard();
    let frames = dashboard
        .tiles
        .iter()
        .map(|tile| view! { <Frame dashboard=dashboard.id.clone() tile=tile.clone()/> }.into_any());
    view! {
        <Title text="Discover · Trailmap"/>
        <TopBar controls=true><h1 class="crumb" title=dashboard.description.clone()>"Discover"</h1></TopBar>
        <main id="main" tabindex="-1" class="discover">
            <div class="grid">{frames.collect_view()}</div>
            <div class="discover-body">
                <FieldList/>
                <Events/>
            </div>
        </main>
        <Footer/>
    }
}
