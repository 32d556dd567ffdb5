//! A dashboard: its panels on a grid.

use leptos::prelude::*;
use model::dashboard::Tile;

use super::of_dashboard;
use crate::{
    api::{Found, Source, Who},
    state::use_state,
    ui::{
        controls::controls,
        footer::Footer,
        frame::{self, Frame},
        icon,
        quiet::quiet,
        title::title,
        top_bar::TopBar,
    },
};

/// `/`, `/audit` and `/d/:dashboard`
#[component]
pub fn Dashboard() -> AnyView {
    of_dashboard(shown)
}

fn shown(found: Found) -> AnyView {
    let state = use_state();
    let (dashboard, own) = (found.dashboard, found.source == Source::Own);
    let id = dashboard.id;
    // Own ones are changed; of the others, the list of dashboards makes copies.
    let path = format!("/d/{id}/edit");
    let edit = (own && state.who.with_value(Who::edits)).then(|| {
        view! { <a class="control small" data-action="edit" href=move || state.view.get().href(&path)>"Edit"</a> }
    });
    let file = StoredValue::new(format!("/d/{id}"));
    let picture = move |kind: &'static str, label: &'static str| {
        let href = move || file.with_value(|file| state.view.get().href(&format!("{file}.{kind}")));
        view! { <a data-export=kind rel="external" download="" href=href>{label}</a> }
    };
    let leaves = state.who.with_value(|who| !who.open) && !state.is_audit();
    let share = leaves.then(|| {
        let href = move || file.with_value(|file| frame::share(&state.view.get().href(file)));
        view! { <a data-action="share" href=href>"Share…"</a> }
    });
    let report = (leaves && state.who.with_value(Who::edits)).then(|| {
        let href = move || file.with_value(|file| frame::report(&state.view.get().href(file)));
        view! { <a data-action="report" href=href>"Report…"</a> }
    });
    let take = view! {
        <details class="popover crumb-menu" data-role="take">
            <summary class="control square quiet" aria-label="Dashboard as a file">{icon::dots()}</summary>
            <div class="popover-body menu">
                {picture("pdf", "PDF")} {picture("png", "PNG")} {picture("json", "JSON")} {share} {report}
            </div>
        </details>
    };
    let empty =
        dashboard.tiles.is_empty().then(|| view! { <p class="message">"This dashboard has no panels yet."</p> });
    let framed = |tile: Tile| view! { <Frame dashboard=id.clone() tile/> }.into_any();
    view! {
        {title(&dashboard.title)}
        <TopBar controls=true>
            <h1 class="crumb" title=dashboard.description>{dashboard.title.clone()}</h1>
            {take}
            {edit}
        </TopBar>
        <main id="main" tabindex="-1">
            {quiet()}
            {(!dashboard.controls.is_empty()).then(|| controls(&dashboard.controls))}
            {empty}
            <div class="grid">{dashboard.tiles.into_iter().map(framed).collect_view()}</div>
        </main>
        <Footer/>
    }
    .into_any()
}
