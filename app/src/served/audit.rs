//! The log of what readers did.

use leptos::prelude::*;
use model::{chart::format, error::Error, view::View};

use super::html::html;
use crate::api::{AuditEntry, Backend, Served};

pub const PATH: &str = "/audit";

pub async fn page(backend: &dyn Backend, view: &View, query: &str) -> Result<Served, Error> {
    let before = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "before");
    let before = before
        .map(|(_, id)| id.parse().map_err(|_| Error::invalid("before", "Write an entry's number.")))
        .transpose()?;
    let entries = backend.audit(before).await?;
    let older = entries.last().filter(|last| last.id > 1).map(|last| {
        let href = format!("{PATH}?before={}", last.id);
        view! { <div class="rows-foot"><a class="control" href=href>"Older entries"</a></div> }
    });
    let newest = before.is_some().then(|| view! { <a class="control" href=view.href(PATH)>"Newest entries"</a> });
    let rows: Vec<_> = entries.iter().map(row).collect();
    let page = view! {
        <div class="page-head">
            <div>
                <h1>"Audit log"</h1>
                <p>"Who signed in, looked, exported and changed what. Entries are only added; each hash covers all before it."</p>
            </div>
            <nav class="page-actions" aria-label="As data">{newest}<a href="/api/v1/audit" rel="external">"JSON"</a></nav>
        </div>
        <section class="card" aria-label="Entries">
            <div class="scroll" tabindex="0">
                <table class="table audit">
                    <thead><tr>
                        <th>"#"</th><th>"Time (UTC)"</th><th>"User"</th><th>"Action"</th><th>"Object"</th><th>"Detail"</th><th>"Address"</th>
                    </tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            {older}
        </section>
    };
    Ok(Served { title: "Audit log".to_owned(), html: html(page), ..Served::default() })
}

fn row(entry: &AuditEntry) -> AnyView {
    let user = match (entry.user.as_str(), entry.token.as_str()) {
        ("", _) => "–".to_owned(),
        (user, "") => user.to_owned(),
        (user, token) => format!("{user}, by token “{token}”"),
    };
    let refused = (!entry.done).then(|| view! { " " <span class="tag bad">"refused"</span> });
    let action = entry.action.replace('_', " ");
    view! {
        <tr>
            <td class="num" title=entry.hash.clone()>{entry.id}</td>
            <td class="nowrap">{format::time(entry.time)}</td>
            <td>{user}</td>
            <td class="nowrap">{action}{refused}</td>
            <td class="wrap">{entry.object.clone()}</td>
            <td class="wrap">{entry.detail.clone()}</td>
            <td class="nowrap">{entry.address.clone()}</td>
        </tr>
    }
    .into_any()
}
