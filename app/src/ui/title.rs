//! The document's title.

use leptos::prelude::*;
use leptos_meta::Title;

use super::browser;

/// `<title>`: what a page shows, and the program. People write titles, and leptos does not escape this one.
pub fn title(of: &str) -> AnyView {
    let text = format!("{of} · Trailmap");
    // The browser sets it as text.
    let text = if browser::runs() { text } else { text.replace('&', "&amp;").replace('<', "&lt;") };
    view! { <Title text/> }.into_any()
}
