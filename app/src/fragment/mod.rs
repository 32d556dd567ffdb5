//! Parts of pages that only the server renders: the foot, one event, the values of a field or of a control, what is known of a
//! thing, what completes a filter, how filters are written, words in Markdown. The browser asks for their HTML and puts it in
//! its place. They hold text and links and nothing that runs, so that the wasm need not know how they are made.

pub mod about;
mod actions;
pub mod completion;
pub mod control;
pub mod entity;
pub mod event;
mod json;
pub mod markdown;
pub mod quiet;
pub mod syntax;
pub mod values;

use leptos::prelude::*;
use model::{
    chart::visible,
    discover::{self, Discover},
    field::Field,
    filter::Ast,
    series::Cell,
    time::{Edge, Range, Timestamp},
    view::View,
};

use crate::ui::{value, zone};

/// The page that a fragment stands in, as its address tells: where the fragment's links lead.
pub struct Place {
    pub view: View,
    pub discover: Discover,
    /// As `State::base`.
    base: String,
    /// Whether the page is the event's own.
    alone: bool,
}

impl Place {
    /// Errors in the address are the page's to tell.
    pub fn read(address: &str) -> Place {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let ours = path.starts_with('/') && !path.starts_with("//");
        let path = if ours { path } else { discover::PATH };
        let discover = if path == discover::PATH { Discover::from_query(query).0 } else { Discover::default() };
        Place { view: View::from_query(query).0, base: discover.first().path(path), discover, alone: false }
    }

    /// Links lead to Discover instead, and, where the address names no range, to the half day before and after `time`:
    /// the event of that time is among what they find.
    #[must_use]
    fn discovering(self, time: Option<Timestamp>) -> Place {
        const HALF_DAY_MS: i64 = 43_200_000;
        let range = self.view.range.or(time.map(|time| between(time, HALF_DAY_MS)));
        Place { view: View { range, ..self.view }, base: discover::PATH.to_owned(), alone: true, ..self }
    }

    /// The address with a condition added.
    fn and(&self, term: &Ast) -> String {
        self.view.and(term).href(&self.base)
    }

    /// A value that adds itself to the filter; a time does not.
    fn value(&self, field: Field, cell: &Cell) -> AnyView {
        if let Cell::Time(time) = cell {
            return self::time(*time);
        }
        let href = self.and(&Ast::equals(field, cell));
        value::link(field, cell, true, move || href.clone())
    }
}

/// So long before and after a moment.
fn between(time: Timestamp, ms: i64) -> Range {
    let edge = |by: i64| Edge::At(Timestamp((time.0 + by).clamp(0, Timestamp::MAX.0)));
    Range::Between { from: edge(-ms), to: edge(ms) }
}

/// A time in UTC, which says so; the browser writes it anew in the reader's zone (`zone::zoned`).
fn time(time: Timestamp) -> AnyView {
    let full = time.rfc3339();
    view! { <time datetime=full.clone() title=full>{format!("{} {}", zone::text(time, false), zone::name(false))}</time> }
        .into_any()
}

/// Text that stands alone: what would turn or hide the text around it is shown.
fn text(text: &str) -> AnyView {
    view! { <span class="plain">{visible(text).into_owned()}</span> }.into_any()
}
