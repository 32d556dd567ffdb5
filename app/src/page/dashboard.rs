//! A dashboard: its panels on a grid.

use leptos::prelude::*;
use leptos_meta::Title;
use model::dashboard::{self, Tile};

use super::of_dashboard;
use crate::ui::{footer::Footer, frame::Frame, top_bar::TopBar};

/// `/` and `/d/:dashboard`
#[component]
pub fn Dashboard() -> AnyView {
    of_dashboard(|found| shown(found.dashboard))
}

fn shown(dashboard: dashboard::Dashboard) -> AnyView {
    let id = dashboard.id;
    let frame = |tile: Tile| view! { <Frame dashboard=id.clone() tile/> }.into_any();
    view! {
        <Title text=format!("{} · Trailmap", dashboard.title)/>
        <TopBar controls=true><h1 class="crumb" title=dashboard.description>{dashboard.title.clone()}</h1></TopBar>
        <main id="main" tabindex="-1">
            <div class="grid">{dashboard.tiles.into_iter().map(frame).collect_view()}</div>
        </main>
        <Footer/>
    }
    .into_any()
}
