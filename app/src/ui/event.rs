//! One event: its fields, each a filter, and the raw JSON.

use leptos::prelude::*;
use model::{chart::visible, field::Field, filter::Ast, series::Cell};

use super::{browser, icon, json, value::Value, zone};
use crate::{api::Event, state::use_state};

/// The inside of an opened row and of the event's own page. `path`: the page that the filters lead to; `None`: this one.
pub fn event(event: Event, path: Option<&'static str>) -> impl IntoView {
    let copied = json::pretty(&event.raw);
    // What would turn or hide the text around it is shown, but copied as it is.
    let raw = copied.lines().map(visible).collect::<Vec<_>>().join("\n");
    let fields = event.fields.into_iter().map(|(key, cell)| field(key, cell, path).into_any()).collect_view();
    view! {
        <div class="event" data-role="event">
            <dl class="event-fields">{fields}<div><dt>"Object"</dt><dd><span class="plain">{visible(&event.object).into_owned()}</span></dd></div></dl>
            <div class="event-raw">
                <div class="event-raw-head">
                    <h3>"Raw event"</h3>
                    <button type="button" class="control small needs-scripts" on:click=move |_| browser::copy(&copied)>
                        "Copy JSON"
                    </button>
                </div>
                <pre data-role="raw" tabindex="0" aria-label="Raw event"><code>{raw}</code></pre>
            </div>
        </div>
    }
}

fn field(field: Field, cell: Cell, path: Option<&'static str>) -> impl IntoView {
    let state = use_state();
    let value = match cell {
        Cell::Time(time) => view! {
            <zone::Time time/>
            <span class="code">{move || zone::name(state.local.get())}</span>
        }
        .into_any(),
        Cell::List(texts) => {
            let texts = texts.into_iter().map(Cell::Text);
            texts
                .map(|cell| view! { <span class="event-item">{value(field, cell, path)}</span> })
                .collect_view()
                .into_any()
        }
        cell => value(field, cell, path).into_any(),
    };
    view! {
        <div data-key=field.key()>
            <dt title=field.help()>{field.label()}</dt>
            <dd>{value}</dd>
        </div>
    }
}

/// A value, with what can be done with it.
fn value(field: Field, cell: Cell, path: Option<&'static str>) -> impl IntoView {
    let state = use_state();
    let term = Ast::equals(field, &cell);
    let not = term.clone().negated();
    let label = field.label();
    view! {
        <Value field cell path/>
        <span class="event-actions">
            <a
                href=move || state.and(&term, path)
                title="Filter for this value"
                aria-label=format!("Filter for this {label}")
            >
                {icon::plus()}
            </a>
            <a
                href=move || state.and(&not, path)
                title="Filter out this value"
                aria-label=format!("Filter out this {label}")
            >
                {icon::minus()}
            </a>
        </span>
    }
}
