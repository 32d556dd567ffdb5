//! One event on its own page.

use leptos::{context::Provider, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use model::{
    chart::visible,
    discover,
    error::Kind,
    field::Field,
    series::Cell,
    time::{Edge, Range, Timestamp},
};

use crate::{
    api::{self, ApiError, Event},
    state::{State, use_state},
    status,
    ui::{event, footer::Footer, message, top_bar::TopBar},
};

/// `/event/:id`
#[component]
pub fn EventAlone() -> impl IntoView {
    let state = use_state();
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id").unwrap_or_default()));
    let event = Resource::new(move || (id.get(), state.tick.get()), |(id, _)| api::event_get(id));
    let content = move || {
        Suspend::new(async move {
            match event.await {
                Ok(event) => found(event).into_any(),
                Err(error) => missing(&error).into_any(),
            }
        })
    };
    view! {
        <Title text="Event · Trailmap"/>
        <TopBar><a class="crumb up" href=move || state.view.get().href("/")>"Overview"</a></TopBar>
        <main id="main" tabindex="-1" class="alone">
            <Suspense fallback=|| view! { <div class="skeleton event-skeleton"></div> }>{content}</Suspense>
        </main>
        <Footer/>
    }
}

fn found(event: Event) -> impl IntoView {
    let text = |field: Field| {
        let value = event.fields.iter().find(|(key, _)| *key == field);
        visible(value.and_then(|(_, cell)| cell.text()).unwrap_or_default()).into_owned()
    };
    let (name, actor) = (text(Field::EventName), text(Field::Actor));
    let time = event.fields.iter().find_map(|(_, cell)| if let Cell::Time(time) = cell { Some(*time) } else { None });
    let state = around(use_state(), time);
    let by = if actor.is_empty() { String::new() } else { format!("by {actor}") };
    view! {
        <div class="page-head"><div><h1><bdi>{name}</bdi></h1><p><bdi>{by}</bdi></p></div></div>
        <section class="panel event-page" aria-label="Event"><Provider value=state>{event::event(event, Some(discover::PATH))}</Provider></section>
    }
}

/// Where the address names no range, the half day before and after the event: its values lead to Discover, and there
/// the event is among what they find.
fn around(state: State, time: Option<Timestamp>) -> State {
    const HALF_DAY_MS: i64 = 43_200_000;
    let edge = |time: Timestamp, by: i64| Edge::At(Timestamp((time.0 + by).clamp(0, Timestamp::MAX.0)));
    let range = time.map(|time| Range::Between { from: edge(time, -HALF_DAY_MS), to: edge(time, HALF_DAY_MS) });
    let view = Memo::new(move |_| {
        let mut view = state.view.get();
        view.range = view.range.or(range);
        view
    });
    State { view, ..state }
}

fn missing(error: &ApiError) -> impl IntoView + use<> {
    status::page(error.0.status());
    let title = if error.0.kind == Kind::NotFound { "No such event" } else { "This event cannot be shown" };
    view! { <h1>{title}</h1> {message::error(&error.0)} }
}
