//! The foot of every page: where places come from, as their licences ask, and what runs here.

use leptos::prelude::*;
use model::chart::format;

use crate::{api::About, state::use_state};

#[component]
pub fn Footer() -> AnyView {
    let about = use_state().about;
    let content = move || {
        Suspend::new(async move {
            match about.await {
                Ok(about) => self::about(about).into_any(),
                Err(_) => view! { <span>"Trailmap"</span> }.into_any(),
            }
        })
    };
    view! { <footer class="foot"><Suspense>{content}</Suspense></footer> }.into_any()
}

fn about(about: About) -> impl IntoView {
    let links = about.attributions.into_iter().map(|attribution| {
        view! { <a href=attribution.url rel="external noopener">{attribution.label}</a> }
    });
    let links = links.collect_view();
    view! {
        <span data-role="attribution">{links}</span>
        <span class="foot-about">
            {format!("{} events stored", format::count(about.events_estimate))}
            " · "
            {format!("Trailmap {}", about.version)}
        </span>
    }
}
