//! One event on a page. The server renders what is inside (`fragment::event`).

use leptos::prelude::*;

use super::load;
use crate::{api, state::use_state};

/// The event's own page.
pub fn path(id: &str) -> String {
    format!("/event/{}", encoded(id))
}

/// As a segment of a path.
pub fn encoded(segment: &str) -> String {
    // `+` would be a plus there.
    form_urlencoded::byte_serialize(segment.as_bytes()).collect::<String>().replace('+', "%20")
}

/// The inside of an opened row.
pub fn opened(id: String) -> AnyView {
    let state = use_state();
    let asked = Memo::new(move |_| (id.clone(), state.href(&state.view.get())));
    load::shown(load::html(state, asked, |id, address| Box::pin(api::event_html(id, address))), load::failed)
}
