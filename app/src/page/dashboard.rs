//! A dashboard: its panels on a grid.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use model::dashboard::{self, Tile};

use super::not_found::not_found;
use crate::{
    state::use_state,
    status,
    ui::{footer::Footer, frame::Frame, top_bar::TopBar},
};

/// The dashboard that is shown where an address names none.
pub const FIRST: &str = "overview";

/// `/`
#[component]
pub fn Home() -> impl IntoView {
    shown(FIRST)
}

/// `/d/:dashboard`
#[component]
pub fn Dashboard() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("dashboard").unwrap_or_default()));
    move || shown(&id.get())
}

fn shown(id: &str) -> AnyView {
    let Some(dashboard) = dashboard::dashboard(id) else {
        return not_found(format!("There is no dashboard “{id}”.")).into_any();
    };
    if !use_state().errors.get_untracked().is_empty() {
        status::page(400);
    }
    let frame = |tile: &Tile| view! { <Frame dashboard=dashboard.id.clone() tile=tile.clone()/> }.into_any();
    view! {
        <Title text=format!("{} · Trailmap", dashboard.title)/>
        <TopBar controls=true><h1 class="crumb" title=dashboard.description.clone()>{dashboard.title.clone()}</h1></TopBar>
        <main id="main" tabindex="-1">
            <div class="grid">{dashboard.tiles.iter().map(frame).collect_view()}</div>
        </main>
        <Footer/>
    }
    .into_any()
}
