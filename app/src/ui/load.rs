//! Loading what a part of Discover shows: again when what concerns it changes, or at a refresh.

use std::{future::Future, pin::Pin};

use leptos::prelude::*;
use model::{discover::Discover, series::Series, view::View};

use super::frame::Answer;
use crate::{api::ApiError, state::State};

type Asked = Pin<Box<dyn Future<Output = Result<Series, ApiError>> + Send>>;

/// What of the page's view concerns its events.
pub fn view(state: State) -> View {
    View { switches: Default::default(), refresh_s: None, annotate: Vec::new(), kiosk: false, ..state.view.get() }
}

/// The canonical query of `discover` and the view.
pub fn query(state: State, discover: &Discover) -> String {
    let address = discover.href(&view(state), "");
    address.trim_start_matches('?').to_owned()
}

/// `ask` is a plain function, so that there is one copy of the machinery around it.
pub fn answer(state: State, query: Memo<String>, ask: fn(String) -> Asked) -> Answer {
    Resource::new(
        move || (query.get(), state.tick.get()),
        move |(query, _)| async move {
            // The same mistake over and over is no use: the bar shows it once.
            View::from_query(&query).0.condition().map_err(ApiError)?;
            ask(query).await
        },
    )
}
