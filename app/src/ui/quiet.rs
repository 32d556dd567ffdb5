//! Who fell silent, above the panels: `fragment::quiet`.

use leptos::prelude::*;

use crate::state::use_state;

pub fn quiet() -> AnyView {
    let quiet = use_state().quiet;
    let content = move || {
        Suspend::new(async move {
            let html = quiet.await.unwrap_or_default();
            (!html.is_empty()).then(|| view! { <div class="quiet" inner_html=html></div> }.into_any())
        })
    };
    view! { <Transition>{content}</Transition> }.into_any()
}
