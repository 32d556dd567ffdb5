//! Behind a panel: its statements, their values, what they took and gave, and the data.

use leptos::prelude::*;
use leptos_meta::Title;
use model::{
    dashboard::{Dashboard, Tile},
    time::Range,
};

use super::panel::of_panel;
use crate::{
    api::{self, ApiError},
    state::{self, use_state},
    ui::{footer::Footer, message, top_bar::TopBar},
};

/// `/d/:dashboard/:panel/inspect`
#[component]
pub fn Inspect() -> AnyView {
    of_panel(shown)
}

fn shown(of: Dashboard, tile: Tile) -> AnyView {
    let state = use_state();
    let (title, range) = (tile.panel.title.clone(), tile.panel.range.unwrap_or(Range::DEFAULT));
    let name = format!("Inspect: {title}");
    let (dashboard, panel) = (of.id, tile.panel.id.clone());
    let path = StoredValue::new(format!("/d/{dashboard}/{panel}"));
    let query = Memo::new(move |_| state::panel_view(&state.view.get(), &tile.panel).to_query());
    let answer = Resource::new(
        move || (query.get(), state.tick.get()),
        move |(query, _)| api::panel_inspect(dashboard.clone(), panel.clone(), query),
    );
    let content = move || {
        Suspend::new(async move {
            match answer.await {
                Ok(html) => view! { <div inner_html=html></div> }.into_any(),
                Err(ApiError(error)) => message::error(&error).into_any(),
            }
        })
    };
    let href = move |ending: &str| path.with_value(|path| state.view.get().href(&format!("{path}{ending}")));
    view! {
        <Title text=format!("{name} · Trailmap")/>
        <TopBar controls=true range=range><a class="crumb up" href=move || href("")>{title}</a></TopBar>
        <main id="main" tabindex="-1" class="alone">
            <div class="page-head">
                <div><h1>{name.clone()}</h1></div>
                <nav class="page-actions" aria-label="Take it along">
                    <a rel="external" download="" href=move || href("/inspect.json")>"Query as JSON"</a>
                    <a rel="external" download="" href=move || href(".json")>"Data as JSON"</a>
                    <a rel="external" download="" href=move || href(".csv")>"Data as CSV"</a>
                </nav>
            </div>
            <Transition fallback=|| view! { <div class="skeleton event-skeleton"></div> }>{content}</Transition>
        </main>
        <Footer/>
    }
    .into_any()
}
