//! The foot of every page, which the server writes: `fragment::about`.

use leptos::prelude::*;

use crate::state::use_state;

#[component]
pub fn Footer() -> AnyView {
    let about = use_state().about;
    let content = move || {
        Suspend::new(async move {
            let html = about.await.unwrap_or_else(|_| "Trailmap".to_owned());
            view! { <div class="foot-body" inner_html=html></div> }.into_any()
        })
    };
    view! { <footer class="foot"><Suspense>{content}</Suspense></footer> }.into_any()
}
