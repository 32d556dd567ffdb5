//! A page that the server writes whole: lists and forms that work without scripts, and need none here.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};
use leptos_router::hooks::use_location;

use super::not_found::failed;
use crate::{
    api::{self, Opened, Served},
    state::{State, use_state},
    status,
    ui::{live, title::title, top_bar::TopBar},
};

/// `/dashboards`, `/ingest`, `/account`, `/share`, `/shares`, `/reports`, `/users`, `/d/:dashboard/edit`, `/d/:dashboard/history`
#[component]
pub fn ServedPage() -> AnyView {
    let state = use_state();
    let location = use_location();
    let address = Memo::new(move |_| (location.pathname.get() + "?" + &location.search.get(), state.tick.get()));
    let Opened(opened) = SharedValue::new(|| use_context::<Opened>().unwrap_or_default()).into_inner();
    let page = RwSignal::new(opened);
    Effect::new(move |last: Option<()>| {
        let now = address.get();
        let is_there = last.is_none() && page.with_untracked(Option::is_some);
        if !is_there && is_served(&now.0) {
            spawn_local(async move {
                let found = api::served_get(now.0.clone()).await;
                // The reader may have gone on, also to a page of another kind.
                if address.try_get_untracked() == Some(now) {
                    live::fresh();
                    page.set(Some(found));
                }
            });
        }
    });
    Effect::new(move |_| {
        if location.pathname.with(|path| path == INGEST) {
            keep_fresh(state);
        }
    });
    let content = move || match page.get() {
        Some(Ok(page)) => shown(page),
        Some(Err(error)) => failed(&error.0),
        None => view! { <main id="main" aria-busy="true"></main> }.into_any(),
    };
    content.into_any()
}

/// Pages that lead nowhere further up.
const TOP: [&str; 7] = [LIST, INGEST, "/account", "/share", "/shares", "/reports", "/users"];
const LIST: &str = "/dashboards";
const INGEST: &str = "/ingest";

/// How often the page about ingest is asked for again while it is looked at.
const PACE: Duration = Duration::from_secs(5);

/// Asks for the page every so often, but not under the hands of whoever uses it.
fn keep_fresh(state: State) {
    let tick = move || {
        let in_use = document().query_selector("#main :focus").is_ok_and(|found| found.is_some());
        if !document().hidden() && !in_use {
            state.tick.update(|tick| *tick += 1);
        }
    };
    if let Ok(handle) = set_interval_with_handle(tick, PACE) {
        on_cleanup(move || handle.clear());
    }
}

/// Whether an address is still of this kind: it changes before the page does.
fn is_served(address: &str) -> bool {
    let path = address.split('?').next().unwrap_or_default();
    TOP.contains(&path) || path.ends_with("/edit") || path.ends_with("/history")
}

fn shown(page: Served) -> AnyView {
    if page.status != 200 {
        status::page(page.status);
    }
    let state = use_state();
    let has_up = state.path.with_untracked(|path| !TOP.contains(&path.as_str()));
    let up = has_up.then(|| {
        view! { <a class="crumb up" href=move || state.view.get().href(LIST)>"Dashboards"</a> }
    });
    view! {
        {title(&page.title)}
        <TopBar>{up}</TopBar>
        <p class="sr" role="status" data-role="said">{page.said}</p>
        <main
            id="main"
            tabindex="-1"
            class="served"
            inner_html=page.html
            on:submit=move |event| live::submit(&event)
            on:input=move |event| live::input(&event)
            on:pointerdown=move |event| live::down(&event)
            on:pointermove=move |event| live::moved(&event)
            on:pointerup=move |_| live::up()
            on:pointercancel=move |_| live::up()
        ></main>
    }
    .into_any()
}
