//! All dashboards: those that are there, and ways to make, import and bring back others.

use leptos::prelude::*;
use model::{error::Error, view::View};

use super::{
    Answer,
    html::{button, html, refused, text_area},
};
use crate::api::{Backend, Info, Served, Source};

/// Where the forms of this page are sent.
pub const PATH: &str = "/dashboards";

pub async fn page(backend: &dyn Backend, view: &View, query: &str, answer: &Answer) -> Result<Served, Error> {
    let edits = backend.who().edits();
    let rows: Vec<_> = backend.dashboards().await?.into_iter().map(|info| row(view, info, edits)).collect();
    let gone = if edits { backend.dashboards_deleted().await? } else { Vec::new() };
    let deleted = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "deleted").map(|(_, id)| id);
    let undo = gone.iter().find(|info| Some(info.id.as_str()) == deleted.as_deref()).map(|info| undo(view, info));
    let gone: Vec<_> = gone.into_iter().map(|info| gone_row(view, info)).collect();
    let gone = (!gone.is_empty()).then(|| {
        view! {
            <section class="card" aria-labelledby="deleted">
                <h2 id="deleted">"Deleted"</h2>
                <ul class="rows">{gone}</ul>
            </section>
        }
    });
    let page = view! {
        <div class="page-head"><div>
            <h1>"Dashboards"</h1>
            <p>"Built-in ones stay as they are: a copy is yours to change."</p>
        </div></div>
        {undo}
        {refused(answer.refused.as_ref())}
        <section class="card" aria-label="Dashboards"><ul class="rows">{rows}</ul></section>
        {edits.then(|| view! { <div class="card-pair">{create(view)}{import(view, answer.text.clone())}</div> })}
        {gone}
    };
    Ok(Served { title: "Dashboards".to_owned(), html: html(page), ..Served::default() })
}

fn row(view: &View, info: Info, edits: bool) -> AnyView {
    let Info { id, title, description, source } = info;
    let own = source == Source::Own;
    let changed = own && edits;
    let tag = match source {
        Source::BuiltIn => "Built in",
        Source::Provisioned => "Provisioned",
        Source::Own => "Own",
    };
    let path = format!("/d/{id}");
    let link = |ending: &str, label: &'static str| {
        let name = format!("{label} {title}");
        view! { <a class="control" href=view.href(&format!("{path}{ending}")) aria-label=name>{label}</a> }.into_any()
    };
    let changes = if changed { vec![link("/edit", "Edit"), link("/history", "History")] } else { Vec::new() };
    view! {
        <li data-dashboard=id.clone()>
            <div class="rows-main">
                <a class="rows-title" href=view.href(&path)>{title.clone()}</a>
                <span class=if own { "tag own" } else { "tag" }>{tag}</span>
                <p>{description}</p>
            </div>
            <div class="rows-actions">
                {changes}
                {edits.then(|| button(&view.href(PATH), &[("do", "clone"), ("id", &id)], "Clone", &title))}
                <a class="control" rel="external" download="" href=format!("{path}.json")
                    aria-label=format!("Export {title}")>"Export"</a>
                {changed.then(|| button(&view.href(PATH), &[("do", "delete"), ("id", &id)], "Delete", &title))}
            </div>
        </li>
    }
    .into_any()
}

fn gone_row(view: &View, info: Info) -> AnyView {
    let restore = restore(view, "Restore", &info);
    view! {
        <li data-dashboard=info.id>
            <div class="rows-main"><span class="rows-title">{info.title}</span><p>{info.description}</p></div>
            <div class="rows-actions">{restore}</div>
        </li>
    }
    .into_any()
}

fn undo(view: &View, info: &Info) -> AnyView {
    view! {
        <div class="notice" role="status" data-role="deleted">
            <p>{format!("“{}” is deleted.", info.title)}</p>
            {restore(view, "Undo", info)}
        </div>
    }
    .into_any()
}

fn restore(view: &View, label: &'static str, info: &Info) -> AnyView {
    button(&view.href(PATH), &[("do", "restore"), ("id", &info.id)], label, &info.title)
}

fn create(view: &View) -> AnyView {
    view! {
        <form class="card form" method="post" action=view.href(PATH) aria-labelledby="new">
            <h2 id="new">"New dashboard"</h2>
            <input type="hidden" name="do" value="create"/>
            <label>"Title" <input name="title" required maxlength="120" autocomplete="off"/></label>
            <button type="submit" class="control primary">"Create"</button>
        </form>
    }
    .into_any()
}

fn import(view: &View, text: String) -> AnyView {
    view! {
        <form class="card form" method="post" action=view.href(PATH) enctype="multipart/form-data" aria-labelledby="import">
            <h2 id="import">"Import"</h2>
            <input type="hidden" name="do" value="import"/>
            <label>"A dashboard’s JSON file" <input type="file" name="file" accept=".json,application/json"/></label>
            <label>"or its text" {text_area("text", 4, &text)}</label>
            <button type="submit" class="control primary">"Import"</button>
        </form>
    }
    .into_any()
}
