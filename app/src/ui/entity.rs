//! Ways to the page about one actor, address, resource, access key or account.

use leptos::prelude::*;
use model::{
    entity::{Entity, Kind},
    field::Field,
    series::Cell,
    view::View,
};

use crate::state::use_state;

/// An arrow beside a value that has a page; most values have none.
pub fn link(field: Field, cell: &Cell) -> Option<AnyView> {
    let state = use_state();
    // Whoever used Trailmap is no actor of events.
    let entity = Entity::of(field, cell).filter(|_| !state.is_audit())?;
    let path = entity.path();
    Some(arrow(entity.kind, move || href(&state.view.get(), &path)))
}

/// The arrow to a page with this address.
pub fn arrow(kind: Kind, href: impl Fn() -> String + Send + Sync + 'static) -> AnyView {
    let title = format!("All about this {}", noun(kind));
    view! { <a class="entity" data-action="entity" href=href title=title.clone() aria-label=title.clone()>"→"</a> }
        .into_any()
}

/// The page's address: it keeps the range, but no filter, which might leave nothing of the thing.
pub fn href(view: &View, path: &str) -> String {
    View { filter: String::new(), switches: Default::default(), ..view.clone() }.href(path)
}

fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::Actor => "actor",
        Kind::SourceIp => "address",
        Kind::Resource => "resource",
        Kind::AccessKey => "access key",
        Kind::Account => "account",
    }
}
