//! The fields beside Discover's list: each can be a column, and shows its most frequent values.

use leptos::prelude::*;
use model::{
    chart::format,
    discover::{self, Discover, PATH},
    error::Error,
    field::Field,
    filter::{Ast, Target},
    series::{Cell, Series},
};

use super::{actions, icon, load, message, value::Value};
use crate::{
    api::{self, ApiError},
    state::{State, use_state},
};

#[component]
pub fn FieldList() -> AnyView {
    let state = use_state();
    let chosen = Memo::new(move |_| state.discover.get().field);
    let query = Memo::new(move |_| {
        chosen.get().map_or_else(String::new, |field| {
            load::query(state, &Discover { field: Some(field), ..Discover::default() })
        })
    });
    let answer = load::answer(state, query, |query| {
        Box::pin(async move {
            // Nothing is chosen: nothing is asked, and nobody looks at the answer.
            if query.is_empty() {
                return Err(ApiError(Error::invalid("field", "Name a field.")));
            }
            api::field_values(query).await
        })
    });
    let values = move || {
        Suspend::new(async move {
            match answer.await {
                Ok(series) => values(&series).into_any(),
                Err(ApiError(error)) => message::error(&error).into_any(),
            }
        })
    };
    let item = move |field: Field| {
        let is_chosen = Memo::new(move |_| chosen.get() == Some(field));
        let shown = move || {
            is_chosen.get().then(|| {
                view! { <div class="values" data-role="values"><Suspense fallback=|| view! { <div class="skeleton"></div> }>{values}</Suspense></div> }
            })
        };
        view! { <li data-field=field.key()>{self::field(state, field, is_chosen)}{shown}</li> }.into_any()
    };
    let fields = Field::ALL.iter().copied().map(item).collect_view();
    view! {
        <details class="fields" data-role="fields">
            <summary class="control">"Fields"</summary>
            <nav class="panel fields-body" aria-label="Fields"><ul>{fields}</ul></nav>
        </details>
    }
    .into_any()
}

/// A field's name, which shows its values, and whether it is a column.
fn field(state: State, field: Field, is_chosen: Memo<bool>) -> impl IntoView {
    let column = Target::Field(field);
    let is_column = {
        let column = column.clone();
        Memo::new(move |_| state.discover.get().shown().contains(&column))
    };
    let values = move || {
        let discover = Discover { field: (!is_chosen.get()).then_some(field), ..state.discover.get() };
        discover.href(&state.view.get(), PATH)
    };
    let toggle = move || state.discover.get().toggled(&column).href(&state.view.get(), PATH);
    let label = field.label();
    let title = move || if is_column.get() { "Remove column" } else { "Add as column" };
    view! {
        <div class="field" class:column=move || is_column.get()>
            <a
                class="field-name"
                data-action="values"
                href=values
                title=field.help()
                aria-expanded=move || is_chosen.get().to_string()
            >
                {label}
            </a>
            <a
                class="field-column"
                data-action="column"
                href=toggle
                title=title
                aria-label=move || format!("{}: {label}", title())
            >
                {move || if is_column.get() { icon::minus() } else { icon::plus() }}
            </a>
        </div>
    }
}

fn values(series: &Series) -> impl IntoView + use<> {
    let (present, distinct) = discover::counts(series);
    let total = series.table.total;
    let Some(field) = Field::from_key(&series.panel.id).filter(|_| present > 0) else {
        return view! { <p class="values-counts">"No event has a value."</p> }.into_any();
    };
    let share = |count: i64| format::percent(count as f64 / total.max(1) as f64);
    let row = |row: &Vec<Cell>| {
        let [cell, Cell::Int(events)] = row.as_slice() else { return ().into_any() };
        let width = format!("{:.1}%", *events as f64 / total.max(1) as f64 * 100.0);
        view! {
            <li>
                <span class="values-value"><Value field cell=cell.clone()/></span>
                <span class="values-share" title=format!("{} events", format::count(*events))>{share(*events)}</span>
                {actions::actions(Ast::equals(field, cell), None, field.label(), None)}
                <svg class="values-bar" width="100%" height="3" aria-hidden="true" focusable="false">
                    <rect x="0" y="0" height="3" rx="1.5" width=width></rect>
                </svg>
            </li>
        }
        .into_any()
    };
    view! {
        <p class="values-counts">
            {format::count(distinct)}{if distinct == 1 { " value" } else { " values" }}", in "{share(present)}" of events"
        </p>
        <ul>{series.table.rows.iter().map(row).collect_view()}</ul>
    }
    .into_any()
}
