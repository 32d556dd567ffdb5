//! All about one actor, address, resource, access key or account: what is known of it, and its kind's panels.

use leptos::{context::Provider, prelude::*, task::spawn_local};
use leptos_meta::Title;
use model::{
    chart::visible,
    dashboard::{Dashboard, Tile},
    entity::Entity,
    error::{Error, Kind},
    time::Range,
};

use super::{not_found, of_dashboard, waiting};
use crate::{
    state::{Scope, State, use_state},
    ui::{entity, footer::Footer, frame::Frame, load, message, top_bar::TopBar},
};

/// `/entity/:kind/:value`
#[component]
pub fn EntityPage() -> AnyView {
    let state = use_state();
    learn(state);
    let missing = Memo::new(move |_| missing(state));
    if let (Some(error), None) = (missing.get_untracked(), state.entity.get_untracked()) {
        return not_found::failed(&error);
    }
    of_dashboard(move |found| {
        let page = move || match (missing.get(), state.entity.get()) {
            (Some(error), _) => not_found::failed(&error),
            (None, Some(entity)) if entity.kind.dashboard() == found.dashboard.id => {
                shown(state, entity, &found.dashboard)
            }
            _ => waiting(),
        };
        page.into_any()
    })
}

/// Asks what is known when another thing or range is named, and at a refresh; what came with the page is not asked for
/// again.
fn learn(state: State) {
    let address = Memo::new(move |_| state.entity.get().map(|of| entity::href(&state.view.get(), &of.path())));
    Effect::new(move |last: Option<()>| {
        state.tick.track();
        let (Some(address), Some(entity)) = (address.get(), state.entity.get_untracked()) else { return };
        let is_known = state.known.with_untracked(|known| known.as_ref().is_some_and(|(of, _)| *of == entity));
        if last.is_some() || !is_known {
            spawn_local(state.get_to_know(entity, address));
        }
    });
}

/// Why there is no page about what the address names: no event has it.
fn missing(state: State) -> Option<Error> {
    let Some(entity) = state.entity.get() else { return Some(Error::not_found("There is no such page.")) };
    state.known.with(|known| match known {
        Some((of, Err(error))) if *of == entity && error.0.kind == Kind::NotFound => Some(error.0.clone()),
        _ => None,
    })
}

fn shown(state: State, entity: Entity, of: &Dashboard) -> AnyView {
    let range = of.tiles.first().and_then(|tile| tile.panel.range).unwrap_or(Range::DEFAULT);
    let (name, kind) = (visible(&entity.value).into_owned(), entity.kind.label());
    let id = of.id.clone();
    let frame = move |tile: Tile| view! { <Frame dashboard=id.clone() tile/> }.into_any();
    let frames = of.tiles.clone();
    let known = known(state, entity.clone());
    // The name stays out of the document's title, which leptos writes as it is.
    view! {
        <Title text=format!("{kind} · Trailmap")/>
        <TopBar controls=true range>
            <a class="crumb up" href=move || entity::href(&state.view.get(), "/")>"Overview"</a>
        </TopBar>
        <main id="main" tabindex="-1">
            <div class="entity-head"><p>{kind}</p><h1><bdi>{name}</bdi></h1>{known}</div>
            <Provider value=Scope(entity)>
                <div class="grid">{frames.into_iter().map(frame).collect_view()}</div>
            </Provider>
        </main>
        <Footer/>
    }
    .into_any()
}

/// What is known of the thing, once it is there.
fn known(state: State, entity: Entity) -> AnyView {
    let content = move || match state.known.get() {
        Some((of, Ok(html))) if of == entity => load::part(html),
        Some((of, Err(error))) if of == entity => message::error(&error.0).into_any(),
        _ => view! { <div class="skeleton entity-skeleton"></div> }.into_any(),
    };
    view! { <div class="entity-known">{content}</div> }.into_any()
}
