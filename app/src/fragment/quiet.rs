//! Accounts and regions that fell silent, on every dashboard: what is missing there is in no panel.

use leptos::prelude::*;

use crate::{api::Quiet, served::lasting};

/// So many are named.
const NAMED: usize = 3;

/// Empty where nobody fell silent.
pub fn html(quiet: Quiet) -> String {
    let Quiet { at, places } = quiet;
    let (Some(last), hidden) = (places.iter().map(|place| place.last_event).max(), places.len().saturating_sub(NAMED))
    else {
        return String::new();
    };
    let named: Vec<_> = places
        .iter()
        .take(NAMED)
        .map(|place| {
            let of = |text: &Option<String>, unknown: &str| text.clone().unwrap_or_else(|| unknown.to_owned());
            format!("account {} in {}", of(&place.account, "unknown"), of(&place.region, "no region"))
        })
        .collect();
    let more = match hidden {
        0 => String::new(),
        hidden => format!(" and {hidden} more"),
    };
    let silence = lasting(((at.0 - last.0) / 1_000).max(0));
    let least = if places.len() > 1 { "at least " } else { "" };
    let told = format!("No events from {}{more} for {least}{silence}.", named.join(", "));
    view! { <p class="notice" role="status" data-role="quiet"><bdi>{told}</bdi><a href="/ingest">"Ingest"</a></p> }
        .into_any()
        .to_html()
}
