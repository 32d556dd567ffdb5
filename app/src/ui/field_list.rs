//! The fields beside Discover's list: each can be a column, and shows its most frequent values.

use leptos::prelude::*;
use model::{
    discover::{Discover, PATH},
    field::Field,
    filter::Target,
};

use super::{icon, load};
use crate::{
    api,
    state::{State, use_state},
};

#[component]
pub fn FieldList() -> AnyView {
    let state = use_state();
    let chosen = Memo::new(move |_| state.discover.get().field);
    let asked = Memo::new(move |_| {
        let field = chosen.get().map_or("", Field::key);
        // Without a field, what else the address says is no matter.
        let address = if field.is_empty() { String::new() } else { state.href(&load::view(state)) };
        (field.to_owned(), address)
    });
    let values = load::html(state, asked, |field, address| Box::pin(api::values_html(field, address)));
    let item = move |field: Field| {
        let is_chosen = Memo::new(move |_| chosen.get() == Some(field));
        let shown = move || {
            let values = is_chosen.get().then(|| load::shown(values, load::failed));
            values.map(|values| view! { <div class="values" data-role="values">{values}</div> })
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
fn field(state: State, field: Field, is_chosen: Memo<bool>) -> AnyView {
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
    .into_any()
}
