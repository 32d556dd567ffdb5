//! The editor of a dashboard that users made: its file as text.

use leptos::prelude::*;
use model::{
    error::{Error, Kind},
    view::View,
};

use super::{
    Answer,
    html::{head, html, refused, text_area},
};
use crate::api::{Backend, Found, Served, Source};

pub async fn page(backend: &dyn Backend, view: &View, id: &str, answer: &Answer) -> Result<Served, Error> {
    let Found { dashboard, source, version } = backend.dashboard(id).await?;
    if source != Source::Own {
        let message =
            format!("“{}” comes with the server and stays as it is. Clone it, and change the copy.", dashboard.title);
        return Err(Error::new(Kind::Forbidden, message));
    }
    let path = format!("/d/{id}");
    // What was typed on the page that was refused is based on the version that it was opened with.
    let base = answer.base.unwrap_or(version);
    let text = if answer.text.is_empty() { dashboard.to_json() } else { answer.text.clone() };
    let title = dashboard.title;
    let page = view! {
        {head(&format!("Edit {title}"), view.href(&path), "Open")}
        {refused(answer.refused.as_ref())}
        <form class="card form" method="post" action=view.href(&format!("{path}/edit")) aria-label="Dashboard">
            <input type="hidden" name="base" value=base.to_string()/>
            <label>"Dashboard as JSON" {text_area("text", 24, &text)}</label>
            <label>"What has changed (for the history)" <input name="note" maxlength="200" autocomplete="off"/></label>
            <div class="form-actions">
                <button type="submit" name="do" value="save" class="control primary">"Save"</button>
                <button type="submit" name="do" value="copy" class="control">"Save as a copy"</button>
                <a class="control" href=view.href(&path)>"Discard"</a>
            </div>
        </form>
    };
    Ok(Served { title: format!("Edit {title}"), html: html(page), ..Served::default() })
}
