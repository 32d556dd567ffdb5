//! Pieces that these pages share.

use leptos::prelude::*;
use model::error::Error;

/// The page's HTML. Nothing of it is hydrated.
pub fn html(view: impl IntoView) -> String {
    view.into_view().to_html()
}

/// A button that sends `fields` to `action`, and nothing else; `about` is what it concerns, for those who hear it alone.
pub fn button(action: &str, fields: &[(&'static str, &str)], label: &'static str, about: &str) -> AnyView {
    let name = format!("{label} {about}");
    let fields = fields
        .iter()
        .map(|(name, value)| view! { <input type="hidden" name=*name value=value.to_string()/> }.into_any());
    view! {
        <form method="post" action=action.to_owned() class="post">
            {fields.collect::<Vec<_>>()}
            <button type="submit" class="control" aria-label=name>{label}</button>
        </form>
    }
    .into_any()
}

/// What was wrong with the form that was sent.
pub fn refused(error: Option<&Error>) -> Option<AnyView> {
    let message = error?.message.clone();
    Some(view! { <div class="notice bad" role="alert" data-role="refused"><p>{message}</p></div> }.into_any())
}

/// The page's title, and a link to what it is about.
pub fn head(title: &str, href: String, label: &'static str) -> AnyView {
    let title = title.to_owned();
    view! {
        <div class="page-head">
            <div><h1>{title}</h1></div>
            <nav class="page-actions" aria-label="About it"><a href=href>{label}</a></nav>
        </div>
    }
    .into_any()
}

/// A field of several lines. Leptos takes what is in it for HTML already.
pub fn text_area(name: &'static str, rows: u32, text: &str) -> AnyView {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    view! { <textarea name=name rows=rows.to_string() spellcheck="false" class="code" inner_html=text></textarea> }
        .into_any()
}
