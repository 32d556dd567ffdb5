//! The most frequent values of a field, for the list of fields beside Discover's events.

use leptos::prelude::*;
use model::{
    chart::format,
    discover,
    field::Field,
    filter::Ast,
    series::{Cell, Series},
};

use super::{Place, actions};

/// `series`: the answer to `Discover::field_values`.
pub fn html(series: &Series, address: &str) -> String {
    values(series, &Place::read(address)).to_html()
}

fn values(series: &Series, place: &Place) -> AnyView {
    let (present, distinct) = discover::counts(series);
    let total = series.table.total;
    let Some(field) = Field::from_key(&series.panel.id).filter(|_| present > 0) else {
        return view! { <p class="values-counts">"No event has a value."</p> }.into_any();
    };
    let share = |count: i64| format::percent(count as f64 / total.max(1) as f64);
    let row = |(cell, events): (&Cell, i64)| {
        let width = format!("{:.1}%", events as f64 / total.max(1) as f64 * 100.0);
        view! {
            <li>
                <span class="values-value">{place.value(field, cell)}</span>
                <span class="values-share" title=format!("{} events", format::count(events))>{share(events)}</span>
                {actions::actions(place, &Ast::equals(field, cell), None, field.label())}
                <svg class="values-bar" width="100%" height="3" aria-hidden="true" focusable="false">
                    <rect x="0" y="0" height="3" rx="1.5" width=width></rect>
                </svg>
            </li>
        }
        .into_any()
    };
    let rows = discover::values(series).map(row).collect_view();
    let left = distinct - series.table.rows.len() as i64;
    view! {
        <p class="values-counts">
            {format::count(distinct)}{if distinct == 1 { " value" } else { " values" }}", in "{share(present)}" of events"
        </p>
        <ul>{rows}</ul>
        {(left > 0).then(|| view! { <p class="values-counts">{format!("and {} more", format::count(left))}</p> })}
    }
    .into_any()
}
