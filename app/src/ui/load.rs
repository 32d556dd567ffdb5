//! Loading what a part of Discover shows: again when what concerns it changes, or at a refresh.

use std::{future::Future, pin::Pin};

use leptos::prelude::*;
use model::{discover::Discover, error::Error, series::Series, view::View};

use super::{frame::Answer, message, zone};
use crate::{
    api::ApiError,
    state::{State, use_state},
};

type Asked<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>> + Send>>;

/// What of the page's view concerns its events.
pub fn view(state: State) -> View {
    View { switches: Default::default(), refresh: None, annotate: Vec::new(), kiosk: false, ..state.view.get() }
}

/// The canonical query of `discover` and the view.
pub fn query(state: State, discover: &Discover) -> String {
    let address = discover.href(&view(state), "");
    address.trim_start_matches('?').to_owned()
}

/// `ask` is a plain function, so that there is one copy of the machinery around it.
pub fn answer(state: State, query: Memo<String>, ask: fn(String) -> Asked<Series>) -> Answer {
    Resource::new(
        move || (query.get(), state.tick.get()),
        move |(query, _)| async move {
            // The same mistake over and over is no use: the bar shows it once.
            View::from_query(&query).0.condition().map_err(ApiError)?;
            ask(query).await
        },
    )
}

/// A part that the server renders.
pub type Html = Resource<Result<String, ApiError>>;

/// Asks for a part with what it is about, nothing while that is empty, and the address of the page that it stands in.
pub fn html(state: State, asked: Memo<(String, String)>, ask: fn(String, String) -> Asked<String>) -> Html {
    Resource::new(
        move || (asked.get(), state.tick.get()),
        move |((about, address), _)| async move {
            if about.is_empty() { Ok(String::new()) } else { ask(about, address).await }
        },
    )
}

/// A part in its place, its times in the reader's zone.
pub fn part(html: String) -> AnyView {
    let local = use_state().local;
    view! { <div class="part" inner_html=move || zone::zoned(&html, local.get())></div> }.into_any()
}

/// Shows the part. Its text is escaped where it is rendered, as all text of a page is.
pub fn shown(html: Html, failed: fn(&Error) -> AnyView) -> AnyView {
    let content = move || {
        Suspend::new(async move {
            match html.await {
                Ok(html) => part(html),
                Err(ApiError(error)) => failed(&error),
            }
        })
    };
    view! { <Transition fallback=|| view! { <div class="skeleton"></div> }>{content}</Transition> }.into_any()
}

pub fn failed(error: &Error) -> AnyView {
    message::error(error).into_any()
}
