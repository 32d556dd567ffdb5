//! The versions of a dashboard, with what changed from one to the next.

use leptos::prelude::*;
use model::{error::Error, view::View};

use super::{
    Answer,
    html::{button, head, html, refused},
};
use crate::api::{Backend, Served, Source, Version};

pub async fn page(backend: &dyn Backend, view: &View, id: &str, answer: &Answer) -> Result<Served, Error> {
    let found = backend.dashboard(id).await?;
    let versions = backend.dashboard_history(id).await?;
    let title = found.dashboard.title;
    let path = format!("/d/{id}");
    let last = versions.first().map(|version| version.version);
    let none = (found.source != Source::Own)
        .then(|| view! { <li><p>"This dashboard comes with the server and has no versions here."</p></li> });
    let rows: Vec<_> = versions.into_iter().map(|version| row(view, &path, version, last)).collect();
    let page = view! {
        {head(&format!("History of {title}"), view.href(&path), "Open")}
        {refused(answer.refused.as_ref())}
        <section class="card" aria-label="Versions"><ol class="rows" reversed>{none}{rows}</ol></section>
    };
    Ok(Served { title: format!("History of {title}"), html: html(page), ..Served::default() })
}

fn row(view: &View, path: &str, version: Version, last: Option<u32>) -> AnyView {
    let Version { version, saved_at, note, changes } = version;
    let number = version.to_string();
    let action = if last == Some(version) {
        view! { <span class="tag own">"Current"</span> }.into_any()
    } else {
        let base = last.unwrap_or_default().to_string();
        let fields = [("version", number.as_str()), ("base", &base)];
        button(&view.href(&format!("{path}/history")), &fields, "Restore", &format!("version {version}"))
    };
    let changes: Vec<_> = changes.into_iter().map(|line| view! { <li>{line}</li> }.into_any()).collect();
    let time = saved_at.rfc3339();
    let shown = format!("{} UTC", time.get(..19).unwrap_or(&time).replace('T', " "));
    view! {
        <li data-version=number>
            <div class="rows-main">
                <span class="rows-title">{format!("Version {version}")}</span>
                <time class="rows-when" datetime=time>{shown}</time>
                <p>{note}</p>
                <ul class="changes">{changes}</ul>
            </div>
            <div class="rows-actions">
                <a class="control" rel="external" download="" href=format!("{path}.json?version={version}")
                    aria-label=format!("Export version {version}")>"Export"</a>
                {action}
            </div>
        </li>
    }
    .into_any()
}
