//! The values that a control offers: each is a link that chooses it alone, and one that adds it to the others or takes it
//! away.

use leptos::prelude::*;
use model::{
    chart::{format, visible},
    discover,
    error::Error,
    field::Field,
    filter::{self, control},
    view::View,
};

use super::Place;
use crate::{api::Backend, ui::value::plain};

/// Values at most: a list that one looks through.
const MOST: u32 = 30;

/// `typed`: what the values shall have in them.
pub async fn html(backend: &dyn Backend, field: Field, typed: &str, address: &str) -> Result<String, Error> {
    let place = Place::read(address);
    let (chosen, rest) = control::chosen(&place.view.filter, field);
    let others = View { filter: filter::print(&rest), ..place.view.clone() };
    let series = backend.field_values(&others, field, typed.trim(), MOST).await?;
    let found: Vec<_> = discover::values(&series).map(|(value, events)| (plain(value), events)).collect();
    Ok(list(&place, field, &chosen, &found, typed).to_html())
}

fn list(place: &Place, field: Field, chosen: &[String], found: &[(String, i64)], typed: &str) -> AnyView {
    // What is chosen stands first, also where the range has none of it.
    let events = |value: &String| found.iter().find(|(other, _)| other == value).map(|(_, events)| *events);
    let mut rows: Vec<(String, Option<i64>)> = Vec::new();
    if typed.is_empty() {
        rows.extend(chosen.iter().map(|value| (value.clone(), events(value))));
    }
    let others = found.iter().filter(|(value, _)| !typed.is_empty() || !chosen.contains(value));
    rows.extend(others.map(|(value, events)| (value.clone(), Some(*events))));
    let href = |values: &[String]| {
        let filter = control::choose(&place.view.filter, field, values);
        View { filter, ..place.view.clone() }.href(&place.base)
    };
    let row = |(value, events): &(String, Option<i64>)| {
        let is_chosen = chosen.contains(value);
        let mut with = chosen.to_vec();
        match is_chosen {
            true => with.retain(|other| other != value),
            false => with.push(value.clone()),
        }
        let name = visible(value).into_owned();
        let title = if is_chosen { format!("Without {name}") } else { format!("{name}, too") };
        view! {
            <li>
                <a class="tick" data-stay="" href=href(&with) role="switch" aria-checked=is_chosen.to_string() title=title.clone() aria-label=title></a>
                <a class="control-value" href=href(std::slice::from_ref(value)) aria-current=is_chosen.then_some("true")><bdi>{name.clone()}</bdi></a>
                <span class="unit" title=events.map(format::events)>{events.map(format::count)}</span>
            </li>
        }
        .into_any()
    };
    let none = rows.is_empty().then(|| view! { <p class="hint">"No event has such a value."</p> });
    let all = (!chosen.is_empty()).then(|| view! { <a class="control-all" href=href(&[])>"All"</a> });
    view! { {all} <ul class="control-values">{rows.iter().map(row).collect_view()}</ul> {none} }.into_any()
}
