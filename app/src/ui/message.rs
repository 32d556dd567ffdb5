//! What stands in a panel without data: nothing in the range, or an error, each with a way on.

use leptos::prelude::*;
use model::{
    error::{Error, Kind},
    series::Series,
    time::{Edge, Range, Timestamp},
};

use super::zone;
use crate::state::use_state;

const DAY_MS: i64 = 86_400_000;

/// "No events": says when the last one was and leads to it.
pub fn empty(series: &Series) -> AnyView {
    nothing(String::new(), series)
}

/// The same in the panel's `own` words, if it has any.
pub fn nothing(own: String, series: &Series) -> AnyView {
    let state = use_state();
    let what = match series.filter.is_empty() {
        _ if !own.is_empty() => own,
        true => "No events in this range.".to_owned(),
        false => "No events match in this range.".to_owned(),
    };
    let last = series.last_event.map(|last| {
        let range =
            Range::Between { from: Edge::At(Timestamp(last.0 - DAY_MS)), to: Edge::At(Timestamp(last.0 + 1000)) };
        view! {
            <p>
                "The last event was "
                <a href=move || state.href(&state.view.get().with_range(range)) title="Show the day before it">
                    <zone::Time time=last/>
                    {move || format!(" {}", zone::name(state.local.get()))}
                </a>
                "."
            </p>
        }
    });
    view! {
        <div class="message" data-role="empty">
            <p class="message-title">{what}</p>
            {last.or_else(|| None)}
        </div>
    }
    .into_any()
}

/// Why there is nothing, and a link that tries again.
pub fn error(error: &Error) -> AnyView {
    let state = use_state();
    let of_filter = error.parameter.as_deref() == Some("q");
    let title = match error.kind {
        _ if of_filter => "Not shown: the filter has a mistake",
        Kind::Timeout => "The query took too long",
        Kind::Unavailable => "The database is not available",
        Kind::NotFound => "Not found",
        Kind::SignedOut => "You are signed out",
        Kind::Invalid | Kind::Forbidden | Kind::Conflict => "This cannot be shown",
        Kind::Internal => "Something went wrong",
    };
    let message = if of_filter { "Mend it above and this panel comes back.".to_owned() } else { error.message.clone() };
    if error.kind == Kind::SignedOut {
        return signed_out(title, message);
    }
    let retry = (!of_filter).then(|| {
        let again = move |event: web_sys::MouseEvent| {
            event.prevent_default();
            state.tick.update(|tick| *tick += 1);
        };
        view! { <p><a href=move || state.href(&state.view.get()) on:click=again>"Try again"</a></p> }
    });
    view! {
        <div class="message" class:error=!of_filter data-role="error">
            <p class="message-title">{title}</p>
            <p>{message}</p>
            {retry}
        </div>
    }
    .into_any()
}

/// The way back in, to this very page.
fn signed_out(title: &'static str, message: String) -> AnyView {
    let state = use_state();
    let again = move || {
        let here = state.href(&state.view.get());
        format!("/login?next={}", percent_encoding::utf8_percent_encode(&here, percent_encoding::NON_ALPHANUMERIC))
    };
    view! {
        <div class="message" data-role="error">
            <p class="message-title">{title}</p>
            <p>{message}</p>
            <p><a href=again rel="external">"Sign in again"</a></p>
        </div>
    }
    .into_any()
}
