//! The controls above a dashboard's panels: fields whose values the reader chooses. What is chosen is a condition of the
//! filter, so that the address says it; the values are listed by the server when a control is opened.

use leptos::prelude::*;
use model::{
    discover::{self, Discover},
    field::Field,
    filter::control,
};

use super::load;
use crate::{
    api,
    state::{State, use_state},
};

pub fn controls(fields: &[Field]) -> AnyView {
    let state = use_state();
    let open = RwSignal::new(None::<Field>);
    let typed = RwSignal::new(String::new());
    let asked = Memo::new(move |_| {
        let about = open.get().map(|field| format!("{} {}", field.key(), typed.get())).unwrap_or_default();
        // While none is open, what the address says is no matter.
        let address = if about.is_empty() { String::new() } else { state.href(&load::view(state)) };
        (about, address)
    });
    let values = load::html(state, asked, |about, address| Box::pin(api::control_html(about, address)));
    let control = |field: Field| {
        let listed = move || (open.get() == Some(field)).then(|| load::shown(values, load::failed));
        self::control(state, field, open, typed, listed)
    };
    let all = fields.iter().copied().map(control).collect_view();
    view! { <div class="controls" role="group" aria-label="Controls">{all}</div> }.into_any()
}

fn control(
    state: State,
    field: Field,
    open: RwSignal<Option<Field>>,
    typed: RwSignal<String>,
    listed: impl Fn() -> Option<AnyView> + Send + 'static,
) -> AnyView {
    let label = field.label();
    let chosen = move || {
        let (values, _) = control::chosen(&state.view.get().filter, field);
        match values.as_slice() {
            [] => "All".to_owned(),
            [value] => value.clone(),
            [first, rest @ ..] => format!("{first} +{}", rest.len()),
        }
    };
    let toggled = move |event: web_sys::Event| {
        let is_open = super::browser::target(&event).is_some_and(|element| element.has_attribute("open"));
        if is_open {
            typed.set(String::new());
            open.set(Some(field));
        } else if open.get_untracked() == Some(field) {
            open.set(None);
        }
    };
    // Without scripts nothing is listed here; Discover shows the same values.
    let elsewhere =
        move || Discover { field: Some(field), ..Discover::default() }.href(&state.view.get(), discover::PATH);
    view! {
        <details class="popover" data-control=field.key() on:toggle=toggled>
            <summary class="control" title=field.help()>
                <span>{label}</span>
                <bdi class="chosen">{chosen}</bdi>
            </summary>
            <div class="popover-body">
                <input
                    class="needs-scripts"
                    type="search"
                    placeholder="Find"
                    aria-label=format!("{label}: find a value")
                    autocomplete="off"
                    spellcheck="false"
                    prop:value=typed
                    on:input=move |event| typed.set(event_target_value(&event))
                />
                {listed}
                <a class="no-scripts" href=elsewhere>"Values, in Discover"</a>
            </div>
        </details>
    }
    .into_any()
}
