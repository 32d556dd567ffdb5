//! A panel alone: large, with its data below and ways to take it along.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use model::{
    dashboard::{Dashboard, Tile},
    entity::{Entity, Kind},
    time::Range,
    view::View,
};

use super::{not_found::not_found, of_dashboard};
use crate::{
    state::use_state,
    ui::{
        footer::Footer,
        frame::{Frame, links},
        title::title,
        top_bar::TopBar,
    },
};

/// `/d/:dashboard/:panel`
#[component]
pub fn PanelAlone() -> AnyView {
    of_panel(shown)
}

/// A page of the panel that the address names.
pub(super) fn of_panel(shown: fn(Dashboard, Tile) -> AnyView) -> AnyView {
    let params = use_params_map();
    let state = use_state();
    // Together with its dashboard, when that is another one.
    let panel = Memo::new(move |last: Option<&String>| {
        let named = params.with(|params| params.get("panel").unwrap_or_default());
        last.filter(|_| state.is_asking()).cloned().unwrap_or(named)
    });
    of_dashboard(move |found| (move || with_tile(found.dashboard.clone(), &panel.get(), shown)).into_any())
}

fn with_tile(of: Dashboard, panel: &str, shown: fn(Dashboard, Tile) -> AnyView) -> AnyView {
    match of.tile(panel).cloned() {
        Some(tile) => shown(of, tile),
        None => not_found(format!("There is no panel “{panel}” on the dashboard “{}”.", of.title)),
    }
}

fn shown(of: Dashboard, tile: Tile) -> AnyView {
    let state = use_state();
    let path = format!("/d/{}/{}", of.id, tile.panel.id);
    let up = up(of.id.clone());
    let panel = StoredValue::new(tile.panel.clone());
    view! {
        {title(&tile.panel.title)}
        <TopBar controls=true range=tile.panel.range.unwrap_or(Range::DEFAULT)>
            <a class="crumb up" href=move || up(&state.view.get())>{of.title.clone()}</a>
        </TopBar>
        <main id="main" tabindex="-1" class="alone">
            <div class="page-head">
                <div>
                    <h1>{tile.panel.title.clone()}</h1>
                    <p>{tile.panel.description.clone()}</p>
                </div>
                <nav class="page-actions" aria-label="Take it along">{links(panel, path, false)}</nav>
            </div>
            <Frame dashboard=of.id.clone() tile=tile alone=true/>
        </main>
        <Footer/>
    }
    .into_any()
}

/// The address of the panel's dashboard. One about a thing is the thing's page, whose filter is the reader's part.
fn up(dashboard: String) -> impl Fn(&View) -> String {
    let kind = Kind::ALL.into_iter().find(|kind| kind.dashboard() == dashboard);
    move |view| match kind.map(|kind| Entity::of_filter(kind, &view.filter)) {
        None => view.href(&format!("/d/{dashboard}")),
        Some(Some((entity, filter))) => View { filter, ..view.clone() }.href(&entity.path()),
        // Of no thing in particular.
        Some(None) => view.href("/"),
    }
}
