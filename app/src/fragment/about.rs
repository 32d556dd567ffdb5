//! The foot of every page: where places come from, as their licences ask, and what runs here.

use leptos::prelude::*;
use model::chart::format;

use crate::api::About;

pub fn html(about: About) -> String {
    let links = about.attributions.into_iter().map(|attribution| {
        view! { <a href=attribution.url rel="external noopener">{attribution.label}</a> }.into_any()
    });
    let stored = format!("{} events stored · Trailmap {}", format::count(about.events_estimate), about.version);
    view! { <span data-role="attribution">{links.collect_view()}</span> <span class="foot-about">{stored}</span> }
        .into_any()
        .to_html()
}
