//! The editor's first page: the panels on their grid, and what the dashboard is called.

use leptos::prelude::*;
use model::{
    dashboard::{Annotation, Dashboard, Tile},
    error::Error,
    field::Field,
    view::View,
};

use super::{
    super::html::{html, refused, text_area},
    Draft,
    icon::icon,
};
use crate::api::{Backend, Source};

pub async fn page(backend: &dyn Backend, view: &View, draft: &Draft, error: Option<&Error>) -> Result<String, Error> {
    let library = library(backend).await?;
    let dashboard = &draft.dashboard;
    let path = format!("/d/{}", dashboard.id);
    let count = dashboard.tiles.len();
    let tiles: Vec<_> = dashboard.tiles.iter().enumerate().map(|(at, tile)| card(draft, tile, at, count)).collect();
    let empty =
        tiles.is_empty().then(|| view! { <li class="message c-12">"No panels yet. Add the first one below."</li> });
    let json = if draft.json.is_empty() { dashboard.to_json() } else { draft.json.clone() };
    let page = view! {
        <form method="post" action=view.href(&format!("{path}/edit")) class="edit" data-live="" aria-label="Dashboard">
            {state(draft)}
            <div class="page-head">
                <div>
                    <h1>{format!("Edit {}", dashboard.title)}</h1>
                    <p>"Drag panels by their titles and sizes by their corners, or use the buttons."</p>
                </div>
                <div class="form-actions">
                    <a class="control" href=view.href(&path)>"Discard"</a>
                    <button type="submit" name="do" value="copy" class="control">"Save as a copy"</button>
                    <button type="submit" name="do" value="save" class="control primary">"Save"</button>
                </div>
            </div>
            {refused(error)}
            <ol class="grid edit-grid" data-role="grid">{empty}{tiles}</ol>
            <div class="card-pair">
                <section class="card form" aria-labelledby="add">
                    <h2 id="add">"Add a panel"</h2>
                    <label>"One that is there" <select name="library">{library}</select></label>
                    <div class="form-actions">
                        <button type="submit" name="do" value="add" class="control" autofocus=focus(draft, "add")>"Add it"</button>
                        <button type="submit" name="do" value="new" class="control">"Make a new one"</button>
                    </div>
                </section>
                <section class="card form" aria-labelledby="about">
                    <h2 id="about">"About this dashboard"</h2>
                    <label>"Title" <input name="title" maxlength="120" autocomplete="off" value=dashboard.title.clone()/></label>
                    <label>"Description" <input name="description" autocomplete="off" value=dashboard.description.clone()/></label>
                    <label>"What has changed, for the history" <input name="note" maxlength="200" autocomplete="off" value=draft.note.clone()/></label>
                </section>
            </div>
            {top(dashboard)}
            <details class="card" data-role="json" open=!draft.json.is_empty()>
                <summary>"As JSON"</summary>
                <div class="form">
                    <label>"The whole dashboard" {text_area("json", 20, &json)}</label>
                    <button type="submit" name="do" value="json" class="control">"Take this over"</button>
                </div>
            </details>
        </form>
    };
    Ok(html(page))
}

/// What stands above the panels, and what time charts mark.
fn top(dashboard: &Dashboard) -> AnyView {
    let chosen = dashboard.controls.iter().copied();
    let others = Field::ALL.iter().copied().filter(|field| Dashboard::can_control(*field));
    let others = others.filter(|field| !dashboard.controls.contains(field));
    let control = |field: Field| {
        let is_on = dashboard.controls.contains(&field);
        view! {
            <label title=field.help()><input type="checkbox" name="control" value=field.key() checked=is_on/>" "{field.label()}</label>
        }
        .into_any()
    };
    let controls: Vec<_> = chosen.chain(others).map(control).collect();
    let blank = Annotation { title: String::new(), filter: String::new() };
    let annotation = |Annotation { title, filter }: &Annotation| {
        view! {
            <div class="form-row">
                <label>"Title" <input name="annotation-title" maxlength="120" autocomplete="off" value=title.clone()/></label>
                <label>"Filter" <input name="annotation-filter" autocomplete="off" spellcheck="false" value=filter.clone()/></label>
            </div>
        }
        .into_any()
    };
    let annotations: Vec<_> = dashboard.annotations.iter().chain([&blank]).map(annotation).collect();
    view! {
        <details class="card" data-role="top">
            <summary>"Controls and annotations"</summary>
            <div class="form">
                <fieldset class="ticks">
                    <legend>"Controls: fields whose values readers choose above the panels"</legend>
                    {controls}
                </fieldset>
                <fieldset>
                    <legend>"Annotations: events that time charts mark"</legend>
                    {annotations}
                </fieldset>
            </div>
        </details>
    }
    .into_any()
}

/// What every form of the editor carries along; and the button that Enter presses, which changes nothing.
pub fn state(draft: &Draft) -> AnyView {
    let spec = serde_json::to_string(&draft.dashboard).unwrap_or_default();
    let enter = if draft.editing.is_some() { "preview" } else { "keep" };
    view! {
        <button type="submit" name="do" value=enter class="sr" tabindex="-1" aria-hidden="true">"Update"</button>
        <input type="hidden" name="base" value=draft.base.to_string()/>
        <input type="hidden" name="spec" value=spec/>
    }
    .into_any()
}

fn focus(draft: &Draft, button: &str) -> bool {
    draft.focus == button
}

fn card(draft: &Draft, Tile { place, panel }: &Tile, at: usize, count: usize) -> AnyView {
    let id = &panel.id;
    let off = |verb: &str| match verb {
        "earlier" => at == 0,
        "later" => at + 1 == count,
        "narrower" => place.columns <= 2,
        "wider" => place.columns >= 12,
        "lower" => place.height <= 60,
        "higher" => place.height >= 1000,
        _ => false,
    };
    // A button that has just been switched off gives its focus to the first.
    let lost = draft.focus.split_once(':').is_some_and(|(verb, of)| of == id && off(verb));
    let button = |verb: &'static str, label: &'static str| {
        let value = format!("{verb}:{id}");
        let name = format!("{label}: {}", panel.title);
        let off = off(verb);
        let focus = (focus(draft, &value) && !off) || (lost && verb == "edit");
        view! {
            <button type="submit" name="do" value=value class="control quiet" title=label aria-label=name disabled=off autofocus=focus>
                {icon(verb)}
            </button>
        }
        .into_any()
    };
    let by: Vec<_> = panel.by.iter().map(|group| group.label()).collect();
    let by = if by.is_empty() { String::new() } else { format!(" · {}", by.join(", ")) };
    view! {
        <li class=format!("panel c-{} h-{}", place.columns, place.height) data-tile=id.clone()
            data-columns=place.columns.to_string() data-height=place.height.to_string()>
            <div class="panel-head" data-drag=""><h2 class="panel-title">{panel.title.clone()}</h2></div>
            <p class="edit-about">
                {format!("{}{by}", panel.mark.key().replace('_', " "))}
                <br/>
                <span data-role="size">{format!("{} × {}", place.columns, place.height)}</span>
            </p>
            <div class="edit-tools">
                {button("edit", "Edit")}
                {button("earlier", "Move towards the start")}
                {button("later", "Move towards the end")}
                {button("narrower", "Narrower")}
                {button("wider", "Wider")}
                {button("lower", "Less high")}
                {button("higher", "Higher")}
                {button("duplicate", "Duplicate")}
                {button("remove", "Remove")}
            </div>
            <span class="edit-corner needs-scripts" data-resize="" aria-hidden="true"></span>
        </li>
    }
    .into_any()
}

/// The panels of the dashboards that come with the server.
async fn library(backend: &dyn Backend) -> Result<Vec<AnyView>, Error> {
    let mut groups = Vec::new();
    for info in backend.dashboards().await? {
        if info.source != Source::Own {
            groups.push(group(&backend.dashboard(&info.id).await?.dashboard));
        }
    }
    Ok(groups)
}

fn group(of: &Dashboard) -> AnyView {
    let option = |tile: &Tile| {
        let value = format!("{}/{}", of.id, tile.panel.id);
        view! { <option value=value>{tile.panel.title.clone()}</option> }.into_any()
    };
    let options: Vec<_> = of.tiles.iter().map(option).collect();
    view! { <optgroup label=of.title.clone()>{options}</optgroup> }.into_any()
}
