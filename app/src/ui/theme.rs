//! Light or dark: the system's choice until the reader makes one, which a cookie keeps.

use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::icon;

/// Whether the page is dark now: as chosen, else as the system is.
fn is_dark() -> bool {
    let chosen = document().document_element().and_then(|html| html.get_attribute("data-theme"));
    match chosen.as_deref() {
        Some("dark") => true,
        Some(_) => false,
        None => {
            window().match_media("(prefers-color-scheme: dark)").ok().flatten().is_some_and(|query| query.matches())
        }
    }
}

fn toggle() {
    let theme = if is_dark() { "light" } else { "dark" };
    if let Some(html) = document().document_element() {
        let _ = html.set_attribute("data-theme", theme);
    }
    let cookie = format!("theme={theme}; Path=/; Max-Age=31536000; SameSite=Lax");
    let _ = js_sys::Reflect::set(&document(), &JsValue::from_str("cookie"), &JsValue::from_str(&cookie));
}

/// The button between the themes; with scripts only.
#[component]
pub fn ThemeToggle() -> AnyView {
    view! {
        <button
            type="button"
            class="control square needs-scripts"
            data-action="theme"
            title="Light or dark"
            aria-label="Light or dark theme"
            on:click=move |_| toggle()
        >
            {icon::contrast()}
        </button>
    }
    .into_any()
}
