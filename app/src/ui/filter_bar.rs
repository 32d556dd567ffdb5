//! The filter: a form that works without scripts, with the mistake pointed out below it.

use leptos::{html::Input, prelude::*};
use model::{chart::escape, error::Error, view::View};

use super::{
    completion::{self, Completion},
    icon,
};
use crate::state::{State, fields, use_state};

#[component]
pub fn FilterBar() -> AnyView {
    let state = use_state();
    let input = NodeRef::<Input>::new();
    let completion = Completion::new(state, input);
    let filter = move || state.view.get().filter;
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        completion.close();
        let Some(input) = input.get_untracked() else { return };
        let view = state.view.get_untracked();
        state.go(&View { filter: input.value().trim().to_owned(), ..view });
    };
    let wrong = move || state.errors.with(|errors| errors.iter().any(of_filter));
    view! {
        <form
            class="filter"
            method="get"
            action=move || state.path.get()
            role="search"
            data-role="filter"
            on:submit=submit
        >
            {move || hidden(&View { filter: String::new(), ..state.view.get() })}
            <label class="sr" for="q">"Filter"</label>
            <span class="filter-icon">{icon::search()}</span>
            <input
                id="q"
                name="q"
                type="search"
                role="combobox"
                aria-autocomplete="list"
                aria-controls=completion::LIST
                aria-expanded=move || completion.is_open().to_string()
                aria-activedescendant=move || completion.active_id()
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                placeholder="Any text, or event_name:Delete* and not actor:ci"
                value=filter
                prop:value=filter
                aria-invalid=move || wrong().then_some("true")
                aria-describedby=move || wrong().then_some("q-error")
                node_ref=input
                on:input=move |_| completion.suggest()
                on:click=move |_| if completion.is_open() { completion.suggest() }
                on:keydown=move |event| completion.on_key(&event)
                on:blur=move |_| completion.close()
            />
            {completion::list(completion)}
            <button type="submit" class="control">"Apply"</button>
            <details class="popover" data-role="syntax">
                <summary class="control square" title="How filters are written" aria-label="How filters are written">"?"</summary>
                <div class="popover-body syntax" inner_html=move || examples(state)></div>
            </details>
        </form>
    }
    .into_any()
}

/// How filters are written: each example's link keeps what else the address says.
fn examples(state: State) -> String {
    let mut here = state.href(&View { filter: String::new(), ..state.view.get() });
    here.push(if here.contains('?') { '&' } else { '?' });
    state.syntax.with_value(|html| html.replace("\"?", &format!("\"{}", escape(&here))))
}

/// The rest of the view as hidden fields of a form.
pub fn hidden(view: &View) -> impl IntoView + use<> {
    let fields = fields(view);
    fields.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view()
}

fn of_filter(error: &Error) -> bool {
    error.parameter.as_deref() == Some("q")
}

/// The mistakes of the address, below the bar. The filter's is shown with its text and a caret.
#[component]
pub fn Mistakes() -> impl IntoView {
    let state = use_state();
    move || {
        let filter = state.view.get().filter;
        let mistakes = state.errors.get().into_iter().map(|error| mistake(&error, &filter).into_any());
        mistakes.collect_view()
    }
}

fn mistake(error: &Error, filter: &str) -> impl IntoView + use<> {
    let of_filter = of_filter(error);
    let parameter = error.parameter.clone().filter(|_| !of_filter);
    let what = if of_filter { "filter".to_owned() } else { parameter.clone().unwrap_or_default() };
    let span = error.span.filter(|_| of_filter);
    let place = span.map(|span| format!("Column {}: ", span.start + 1));
    let marked = span.map(|span| {
        let text = format!("{filter}\n{}", caret(span.start, span.end));
        view! { <pre aria-hidden="true">{text}</pre> }
    });
    view! {
        <div class="mistake" role="alert" data-error=what id=of_filter.then_some("q-error")>
            <p>
                {place}
                {parameter.map(|parameter| format!("{parameter}: "))}
                {error.message.clone()}
            </p>
            {marked}
        </div>
    }
}

/// Carets below the half-open span of characters, at least one.
fn caret(start: u32, end: u32) -> String {
    let width = end.saturating_sub(start).max(1);
    " ".repeat(start as usize) + &"^".repeat(width as usize)
}

#[cfg(test)]
mod tests {
    use super::caret;

    #[test]
    fn the_caret_stands_below_the_mistake() {
        assert_eq!(caret(3, 5), "   ^^");
        assert_eq!(caret(2, 2), "  ^");
    }
}
