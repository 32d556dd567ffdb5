//! The editor's second page: one panel, with what it shows and the SQL behind it.

use leptos::prelude::*;
use model::{
    chart::{self, Land, Link, Size, Target, Theme},
    dashboard::Tile,
    error::Error,
    inspection::{Inspection, Statement},
    panel::Mark,
    series::Series,
    view::View,
};

use super::{
    super::html::{html, text_area},
    Draft, Editing, Fields,
    arrange::state,
};
use crate::{api::Backend, fragment::markdown, guard};

/// How wide the preview is drawn.
const WIDTH: u32 = 660;

pub async fn page(
    backend: &dyn Backend,
    view: &View,
    draft: &Draft,
    editing: &Editing,
    refused: Option<&Error>,
) -> String {
    let Editing { id, fields } = editing;
    let shown = match (refused, fields.tile(id)) {
        (Some(error), _) => Err(error.clone()),
        (None, Err(error)) => Err(error),
        (None, Ok(tile)) => preview(backend, view, tile).await,
    };
    let error = shown.as_ref().err().cloned();
    let shown = shown.unwrap_or_else(|_| {
        view! { <p class="message">"Mend what is marked, and the panel is shown here."</p> }.into_any()
    });
    let new = draft.dashboard.tile(id).is_none();
    let heading = if new { "New panel".to_owned() } else { format!("Edit {}", fields.title) };
    let path = format!("/d/{}/edit", draft.dashboard.id);
    let page = view! {
        <form method="post" action=view.href(&path) class="edit" data-live="preview" aria-label="Panel">
            {state(draft)}
            <input type="hidden" name="panel" value=id.clone()/>
            <input type="hidden" name="title" value=draft.dashboard.title.clone()/>
            <input type="hidden" name="description" value=draft.dashboard.description.clone()/>
            <input type="hidden" name="note" value=draft.note.clone()/>
            <div class="page-head">
                <div><h1>{heading}</h1></div>
                <div class="form-actions">
                    <button type="submit" name="do" value="cancel" class="control">"Cancel"</button>
                    <button type="submit" name="do" value="preview" class="control">"Update preview"</button>
                    <button type="submit" name="do" value="apply" class="control primary">"Apply"</button>
                </div>
            </div>
            <div class="edit-panel">
                <div class="card form">{inputs(fields, error.as_ref())}</div>
                <section id="preview" class="edit-preview" aria-label="Preview" aria-live="polite">
                    {error.as_ref().map(|error| view! {
                        <div class="notice bad" data-role="refused"><p>{told(error)}</p></div>
                    })}
                    {shown}
                </section>
            </div>
        </form>
    };
    html(page)
}

fn inputs(fields: &Fields, error: Option<&Error>) -> AnyView {
    let wrong = |name: &str| error.filter(|error| error.parameter.as_deref() == Some(name));
    let line = |name: &'static str, label: &'static str, hint: &'static str, value: &str| {
        let wrong = wrong(name).is_some().then_some("true");
        let hint_id = (!hint.is_empty()).then(|| format!("{name}-hint"));
        let hint = hint_id.clone().map(|id| view! { <span class="hint" id=id>{hint}</span> });
        view! {
            <label>{label} <input name=name value=value.to_owned() autocomplete="off" spellcheck="false" aria-invalid=wrong aria-describedby=hint_id/> {hint}</label>
        }
        .into_any()
    };
    let marks = Mark::ALL.map(|mark| {
        let chosen = mark.key() == fields.mark;
        view! { <option value=mark.key() selected=chosen>{mark.key().replace('_', " ")}</option> }.into_any()
    });
    let text =
        (fields.mark == Mark::Text.key()).then(|| view! {
            <label>"Text" {text_area("text", 8, &fields.text)} <span class="hint">"Markdown: **bold**, lists, tables, links."</span></label>
        });
    view! {
        {line("panel_title", "Title", "", &fields.title)}
        {line("panel_description", "Description", "What is counted, and what is not.", &fields.description)}
        <label>"Drawn as" <select name="mark">{marks.into_iter().collect::<Vec<_>>()}</select></label>
        {text}
        {line("by", "Grouped by", "Fields, separated by commas: event_name, country. For a list, its columns.", &fields.by)}
        {line("measures", "Measures", "For example events, failures, error_rate, distinct_actor, last_seen.", &fields.measures)}
        {line("filter", "Filter", "Which events count: outcome:failure and not actor:ci", &fields.filter)}
        {line("bucket", "By time, too", "auto, or a width as 5m, 1h, 1d. Empty: not by time.", &fields.bucket)}
        <div class="form-row">
            {line("limit", "Rows at most", "", &fields.limit)}
            {line("inner_limit", "Within each", "", &fields.inner_limit)}
            {line("columns", "Columns of 12", "", &fields.columns)}
            {line("height", "Height in pixels", "", &fields.height)}
        </div>
        <details open=wrong("more").is_some()>
            <summary>"Details, switches, order and the rest, as JSON"</summary>
            <label>"Other keys of the panel" {text_area("more", 8, &fields.more)}</label>
        </details>
    }
    .into_any()
}

/// A mistake with its place in the field, which is marked.
fn told(error: &Error) -> String {
    match error.span {
        Some(span) => format!("{} (at character {})", error.message, span.start + 1),
        None => error.message.clone(),
    }
}

/// The panel as it will be, and how it is answered.
async fn preview(backend: &dyn Backend, view: &View, tile: Tile) -> Result<AnyView, Error> {
    let (series, inspection) = backend.panel_preview(&tile.panel, view).await?;
    let drawn = guard::made(|| drawn(&tile, &series, view))?;
    let statements: Vec<_> = inspection.statements.iter().map(statement).collect();
    let took: f64 = inspection.statements.iter().fold(0.0, |sum, statement| sum + statement.took_ms);
    let Inspection { filter, .. } = inspection;
    let size = format!("panel-body h-{}", tile.place.height);
    let shown = view! {
        <div class="panel">
            <div class="panel-head"><h2 class="panel-title">{tile.panel.title.clone()}</h2></div>
            <div class=size inert>{drawn}</div>
        </div>
        <details class="card" data-role="sql">
            <summary>{format!("SQL: {} statements, {took:.1} ms", inspection.statements.len())}</summary>
            <p class="hint">{(!filter.is_empty()).then(|| format!("Filter: {filter}"))}</p>
            {statements}
        </details>
    };
    Ok(shown.into_any())
}

fn drawn(tile: &Tile, series: &Series, view: &View) -> AnyView {
    if tile.panel.mark == Mark::Text {
        return view! { <div class="panel-text" inner_html=markdown::html(&tile.panel.text)></div> }.into_any();
    }
    let size = Size { width: WIDTH, height: tile.place.height.saturating_sub(8) };
    let link = Some(Link { path: "/", view });
    let svg = chart::svg(&tile.panel, series, Target { size, theme: Theme::Page, link, land: Land::Asset });
    view! { <div class="picture"><div class="picture-svg" inner_html=svg></div></div> }.into_any()
}

fn statement(of: &Statement) -> AnyView {
    let binds: Vec<_> = of.binds.iter().enumerate().map(|(at, bind)| format!("${} = {bind}", at + 1)).collect();
    view! {
        <pre class="code">{of.sql.clone()}</pre>
        <p class="hint">{format!("{} · {} rows in {:.1} ms", binds.join(", "), of.rows, of.took_ms)}</p>
    }
    .into_any()
}
