//! All about one actor, address, resource, access key or account: what is known of it, and its kind's panels.

use leptos::{context::Provider, prelude::*, task::spawn_local};
use leptos_meta::Title;
use model::{
    chart::visible,
    dashboard::{Dashboard, Tile},
    entity::{Entity, Kind},
    error::{Error, Kind as ErrorKind},
    field::Field,
    series::Cell,
    time::Range,
};

use super::{not_found, of_dashboard, waiting};
use crate::{
    api::{Profile, Step},
    state::{Scope, State, use_state},
    ui::{entity, event, footer::Footer, frame::Frame, message, top_bar::TopBar, value::Value, zone},
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
            (None, Some(entity)) if entity.kind.dashboard() == found.dashboard.id => shown(&entity, &found.dashboard),
            _ => waiting(),
        };
        page.into_any()
    })
}

/// Asks what is known when another thing is named, and at a refresh; what came with the page is not asked for again.
fn learn(state: State) {
    Effect::new(move |last: Option<()>| {
        state.tick.track();
        let Some(entity) = state.entity.get() else { return };
        let is_known = state.known.with_untracked(|known| known.as_ref().is_some_and(|(of, _)| *of == entity));
        if last.is_some() || !is_known {
            spawn_local(state.get_to_know(entity));
        }
    });
}

/// Why there is no page about what the address names: no event has it.
fn missing(state: State) -> Option<Error> {
    let Some(entity) = state.entity.get() else { return Some(Error::not_found("There is no such page.")) };
    state.known.with(|known| match known {
        Some((of, Err(error))) if *of == entity && error.0.kind == ErrorKind::NotFound => Some(error.0.clone()),
        _ => None,
    })
}

fn shown(entity: &Entity, of: &Dashboard) -> AnyView {
    let state = use_state();
    let range = of.tiles.first().and_then(|tile| tile.panel.range).unwrap_or(Range::DEFAULT);
    let name = visible(&entity.value).into_owned();
    let (kind, id) = (entity.kind, of.id.clone());
    let frame = move |tile: Tile| view! { <Frame dashboard=id.clone() tile/> }.into_any();
    let tiles = of.tiles.clone();
    // The name stays out of the document's title, which leptos writes as it is.
    view! {
        <Title text=format!("{} · Trailmap", kind.label())/>
        <TopBar controls=true range>
            <a class="crumb up" href=move || entity::href(&state.view.get(), "/")>"Overview"</a>
        </TopBar>
        <main id="main" tabindex="-1">
            <div class="page-head entity-head">
                <div>
                    <p>{kind.label()}</p>
                    <h1><bdi>{name}</bdi></h1>
                </div>
                {known(state, entity.clone())}
            </div>
            {chain(state, entity.clone())}
            <Provider value=Scope(entity.clone())>
                <div class="grid">{tiles.into_iter().map(frame).collect_view()}</div>
            </Provider>
        </main>
        <Footer/>
    }
    .into_any()
}

/// What is known of the thing, once it is there.
fn of(state: State, entity: &Entity) -> Option<Result<Profile, Error>> {
    let (of, profile) = state.known.get()?;
    (of == *entity).then(|| profile.map_err(|error| error.0))
}

fn known(state: State, entity: Entity) -> AnyView {
    let facts = move || match of(state, &entity) {
        Some(Ok(profile)) => facts(profile),
        Some(Err(error)) => message::error(&error).into_any(),
        None => view! { <div class="skeleton entity-skeleton"></div> }.into_any(),
    };
    view! { <div class="entity-known">{facts}</div> }.into_any()
}

fn facts(profile: Profile) -> AnyView {
    let state = use_state();
    let times = [("First seen", profile.first_seen), ("Last seen", profile.last_seen)].map(|(label, time)| {
        let zone = move || format!(" {}", zone::name(state.local.get()));
        view! { <div><dt>{label}</dt><dd><zone::Time time/><span class="unit">{zone}</span></dd></div> }.into_any()
    });
    // The thing itself is the page's name.
    let own = profile.entity.kind.field();
    let facts = profile.facts.into_iter().filter(|(field, _)| *field != own).map(|(field, cell)| {
        let entity = entity::link(field, &cell);
        view! { <div data-key=field.key()><dt title=field.help()>{field.label()}</dt><dd><Value field cell/> {entity}</dd></div> }
            .into_any()
    });
    view! { <dl class="facts">{times.into_iter().collect_view()}{facts.collect_view()}</dl> }.into_any()
}

/// Who stands behind a session's key: `alice → Deploy (ci) → Prod (p)`.
fn chain(state: State, entity: Entity) -> AnyView {
    let steps = move || {
        let chain = of(state, &entity).and_then(Result::ok).map(|profile| profile.chain).unwrap_or_default();
        (!chain.is_empty()).then(|| {
            let steps = chain.into_iter().map(|step| self::step(state, step)).collect_view();
            view! { <ol class="chain" aria-label="From the first caller to this key">{steps}</ol> }
        })
    };
    steps.into_any()
}

fn step(state: State, step: Step) -> AnyView {
    let to = |kind: Kind, value: Option<String>| {
        let value = value.filter(|value| !value.is_empty())?;
        let path = Entity { kind, value: value.clone() }.path();
        let text = visible(&value).into_owned();
        Some(
            view! { <a class="value" href=move || entity::href(&state.view.get(), &path)><bdi>{text}</bdi></a> }
                .into_any(),
        )
    };
    let session =
        step.session.map(|session| view! { <Value field=Field::Session cell=Cell::Text(session)/> }.into_any());
    let led = step.event_id.map(|id| {
        let path = event::path(&id);
        view! { <a class="step-event" href=move || state.view.get().href(&path) title="The event that opened the next session">"opened"</a> }
            .into_any()
    });
    view! {
        <li>
            {to(Kind::Actor, step.actor)}
            <span class="extra">{session}</span>
            <span class="code">{to(Kind::AccessKey, step.access_key)}</span>
            {led}
        </li>
    }
    .into_any()
}
