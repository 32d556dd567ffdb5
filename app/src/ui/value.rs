//! One value as a link that adds it to the filter.

use leptos::{either::Either, prelude::*};
use model::{
    chart::{format, visible},
    country,
    field::Field,
    filter::Ast,
    series::Cell,
    time::Timestamp,
};

use super::zone;
use crate::state::use_state;

/// The text in a cell of a table, short where it has a well-known end: `s3` for `s3.amazonaws.com`.
pub fn short(field: Field, cell: &Cell) -> String {
    match (field, cell) {
        (_, Cell::Null) => "–".to_owned(),
        (Field::EventSource, Cell::Text(text)) => {
            visible(text.strip_suffix(".amazonaws.com").unwrap_or(text)).into_owned()
        }
        (Field::Country, Cell::Text(code)) => country::name(code).map_or_else(|| code.clone(), str::to_owned),
        (Field::Weekday | Field::Hour, cell) => format::cell(field.key(), cell),
        _ => visible(&plain(cell)).into_owned(),
    }
}

/// The whole value as text.
pub fn plain(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Text(text) => text.clone(),
        Cell::Int(value) => value.to_string(),
        Cell::Float(value) => value.to_string(),
        Cell::Bool(value) => value.to_string(),
        Cell::Time(time) => time.rfc3339(),
        Cell::List(texts) => texts.join("; "),
    }
}

/// Links to this page with `field: cell` added to the filter. Times and coordinates are no links: nobody filters by a
/// second.
#[component]
pub fn Value(field: Field, cell: Cell, #[prop(optional_no_strip)] now: Option<Timestamp>) -> impl IntoView {
    if let Cell::Time(time) = cell {
        return Either::Left(view! { <zone::Time time now/> });
    }
    let state = use_state();
    let ast = Ast::equals(field, &cell);
    Either::Right(link(field, &cell, move || state.and(&ast, None)))
}

/// A value that is no time, with the address that it leads to.
pub fn link(field: Field, cell: &Cell, href: impl Fn() -> String + Send + Sync + 'static) -> AnyView {
    let text = short(field, cell);
    let code = match (field, cell) {
        (Field::Country, Cell::Text(code)) if *code != text => Some(code.clone()),
        _ => None,
    };
    let title = match cell {
        Cell::Null => format!("Events without {}", field.label().to_lowercase()),
        _ => visible(&plain(cell)).into_owned(),
    };
    view! {
        <a class="value" class:none=cell.is_null() href=href title=title>
            <bdi>{text}</bdi>
            {code.map(|code| view! { <span class="code">{code}</span> })}
        </a>
    }
    .into_any()
}
