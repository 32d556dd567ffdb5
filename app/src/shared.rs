//! What a share link shows: a whole document without scripts, but for the one that tells a frame's owner its height.

use leptos::prelude::*;
use model::{
    chart::{self, Land, Link, Size, Theme, format},
    dashboard::{Dashboard, Place, Tile},
    error::Error,
    field::Kind,
    panel::Mark,
    series::{HTML, Series, Table},
    share::{Share, What},
    time::{Range, Timestamp},
    view::View,
};

use crate::{door::Look, fragment::markdown, served::html::html, ui::icon};

/// What stands around the panels.
pub struct Page<'a> {
    pub look: &'a Look,
    /// `light` or `dark`, from the address; else the reader's own.
    pub theme: Option<&'static str>,
    /// In a frame: without the bar at the top.
    pub embedded: Option<Embedded>,
    /// The path of the link: `/s/…`.
    pub path: &'a str,
    pub share: &'a Share,
    /// What the holder has added.
    pub added: &'a str,
    /// The page loads again by itself after so many seconds: who reads it may need longer, so only where that is asked for.
    pub refresh_s: Option<u32>,
    pub shared_by: &'a str,
    /// Of a snapshot: when it was taken.
    pub taken: Option<Timestamp>,
    pub expires: Timestamp,
}

/// In a frame.
pub struct Embedded {
    pub nonce: String,
}

/// The answers, by the ids of panels.
pub type Answers = Vec<(String, Result<Series, Error>)>;

/// Rows of the table that stands below each picture, for who cannot see it.
const TABLE_ROWS: usize = 200;

/// The link's page.
pub fn page(page: &Page<'_>, answers: Answers) -> String {
    let content = match &page.share.what {
        What::Dashboard(dashboard) | What::Panel(dashboard) => grid(page, dashboard, answers),
        What::Search(_) => search(answers),
    };
    document(page, content)
}

/// Asks for the link's password.
pub fn locked(look: &Look, path: &str, refused: Option<&Error>) -> String {
    let action = path.to_owned();
    let wrong = refused.map(|error| {
        let message = error.message.clone();
        view! { <div class="notice bad" role="alert" data-role="refused"><p>{message}</p></div> }
    });
    let form = view! {
        <h1>"A password, please"</h1>
        <p class="door-lead">"Whoever shared this has a password for it."</p>
        {wrong}
        <form class="form" method="post" action=action>
            <label>"Password" <input name="password" type="password" required maxlength="128" autocomplete="off" autofocus=true/></label>
            <button type="submit" class="control primary">"Open"</button>
        </form>
    };
    crate::door::document(look, "Shared", form.into_any())
}

fn grid(page: &Page<'_>, dashboard: &Dashboard, answers: Answers) -> AnyView {
    let alone = matches!(page.share.what, What::Panel(_));
    let mut answers: std::collections::HashMap<_, _> = answers.into_iter().collect();
    let tiles: Vec<_> = dashboard
        .tiles
        .iter()
        .map(|tile| {
            let answer = answers.remove(&tile.panel.id);
            self::tile(page, tile, answer, alone)
        })
        .collect();
    view! { <div class="grid">{tiles}</div> }.into_any()
}

fn tile(page: &Page<'_>, tile: &Tile, answer: Option<Result<Series, Error>>, alone: bool) -> AnyView {
    let Tile { place, panel } = tile;
    let id = format!("{}-title", panel.id);
    let class = format!("panel shared-panel c-{}", if alone { 12 } else { place.columns });
    let files = (page.share.exports && matches!(answer, Some(Ok(_))) && panel.mark != Mark::Text)
        .then(|| files(page, &panel.id));
    let body = match answer {
        Some(Ok(series)) => body(page, *place, tile, series, alone),
        Some(Err(error)) => view! { <p class="message error">{error.message}</p> }.into_any(),
        None => view! { <p class="message">"This panel is not part of what was shared."</p> }.into_any(),
    };
    view! {
        <section class=class data-panel=panel.id.clone() aria-labelledby=id.clone()>
            <header class="panel-head"><h2 class="panel-title" id=id.clone()>{panel.title.clone()}</h2>{files}</header>
            {body}
        </section>
    }
    .into_any()
}

fn files(page: &Page<'_>, panel: &str) -> AnyView {
    let query = View { filter: page.added.to_owned(), ..View::default() };
    let file = |suffix: &'static str, label: &'static str| {
        let href = query.href(&format!("{}/{panel}.{suffix}", page.path));
        view! { <a href=href download="">{label}</a> }
    };
    view! { <p class="shared-files">{file("png", "PNG")}" "{file("csv", "CSV")}" "{file("json", "JSON")}</p> }
        .into_any()
}

fn body(page: &Page<'_>, place: Place, tile: &Tile, series: Series, alone: bool) -> AnyView {
    let panel = &tile.panel;
    let series = markdown::set(series);
    if let Some(words) = series.table.single_text(HTML) {
        return view! { <div class="panel-body words" inner_html=words.to_owned()></div> }.into_any();
    }
    let view = View { filter: page.added.to_owned(), ..View::default() };
    let link = page.share.drills.then_some(Link { path: page.path, view: &view });
    let columns = if alone { 12 } else { place.columns.clamp(1, 12) };
    let width = if page.look.preferences.narrow { 360 } else { columns * 104 };
    let height = if alone { place.height.max(420) } else { place.height };
    let target = chart::Target { size: Size { width, height }, theme: Theme::Page, link, land: Land::Asset };
    let drawn = crate::guard::made(|| chart::svg(panel, &series, target));
    let svg = drawn.unwrap_or_else(|error| format!("<p class=\"message error\">{}</p>", error.message));
    let title = panel.title.clone();
    view! {
        <div class="shared-picture" inner_html=svg></div>
        <details class="shared-table"><summary>"As table"</summary>{table(&series.table, title)}</details>
    }
    .into_any()
}

fn search(answers: Answers) -> AnyView {
    match answers.into_iter().next() {
        Some((_, Ok(series))) => {
            let table = Table { columns: series.table.columns, rows: series.table.rows, ..Table::default() };
            let count = table.rows.len();
            view! {
                <section class="panel c-12 shared-panel" aria-label="Events">
                    <p class="shared-count">{format!("The newest {count} events")}</p>
                    {self::table(&table, "Events".to_owned())}
                </section>
            }
            .into_any()
        }
        Some((_, Err(error))) => view! { <p class="message error">{error.message}</p> }.into_any(),
        None => view! { <p class="message">"There is nothing here."</p> }.into_any(),
    }
}

/// Rows as they are: values as people read them, nothing to click.
fn table(table: &Table, name: String) -> AnyView {
    let head: Vec<_> =
        table.columns.iter().map(|column| view! { <th scope="col">{column.label.clone()}</th> }).collect();
    let row = |row: &Vec<model::series::Cell>| {
        let cells: Vec<_> = table
            .columns
            .iter()
            .zip(row)
            .map(|(column, cell)| view! { <td class:nowrap=column.kind == Kind::Time>{chart::visible(&format::cell(&column.key, cell)).into_owned()}</td> })
            .collect();
        view! { <tr>{cells}</tr> }
    };
    let rows: Vec<_> = table.rows.iter().take(TABLE_ROWS).map(row).collect();
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label=format!("{name}: rows")>
            <table class="shared-rows"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>
        </div>
    }
    .into_any()
}

/// What is shown, of when, and to whom it leads no further.
fn about(page: &Page<'_>) -> AnyView {
    let (view, _) = View::from_query(&page.share.query);
    let range = view.range.unwrap_or(Range::DEFAULT).label();
    let time = |at: Timestamp| format!("{} UTC", format::time(at).get(..16).unwrap_or_default());
    let when = match page.taken {
        Some(taken) => format!("{range}, as it was on {}", time(taken)),
        None => range,
    };
    let filter = page.share.filter();
    let filter = (!filter.is_empty()).then(|| view! { <code class="shared-filter">{filter}</code> });
    let added = (!page.added.is_empty()).then(|| {
        let (added, path) = (page.added.to_owned(), page.path.to_owned());
        view! { <code class="shared-filter">{added}</code> <a href=path>"Show all"</a> }
    });
    view! {
        <div class="shared-about">
            <h1>{page.share.title().to_owned()}</h1>
            <p>{when} {filter} {added}</p>
        </div>
    }
    .into_any()
}

fn document(page: &Page<'_>, content: AnyView) -> String {
    let Look { assets, preferences } = page.look;
    let css = assets.css.clone();
    let theme = page.theme.or(preferences.theme());
    let refresh = page.refresh_s.filter(|_| page.taken.is_none());
    let refresh = refresh.map(|seconds| view! { <meta http-equiv="refresh" content=seconds.to_string()/> });
    let foot =
        format!("Shared by {} until {} UTC", page.shared_by, format::time(page.expires).get(..10).unwrap_or_default());
    let height = page.embedded.as_ref().map(|embedded| {
        let nonce = embedded.nonce.clone();
        // Whoever holds the frame may make it as high as what is in it; that is all that it is told.
        let script = "addEventListener('load',()=>{const say=()=>parent.postMessage({trailmap:{height:\
                      document.documentElement.scrollHeight}},'*');new ResizeObserver(say).observe(document.body);say()})";
        view! { <script nonce=nonce inner_html=script></script> }
    });
    let bar = page.embedded.is_none().then(|| {
        view! { <p class="shared-brand">{icon::logo()} <span class="brand-name">"Trailmap"</span></p> }
    });
    let class = if page.embedded.is_some() { "shared embedded" } else { "shared" };
    let title = model::chart::escape(&format!("{} · Trailmap", page.share.title())).into_owned();
    let document = view! {
        <html lang="en" data-theme=theme>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="robots" content="noindex, nofollow"/>
                {refresh}
                <title>{title}</title>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                {(!css.is_empty()).then(|| view! { <link rel="stylesheet" href=css/> })}
                {height}
            </head>
            <body class=class>
                <header class="shared-head">{about(page)} {bar}</header>
                <main id="main">{content}</main>
                <footer class="shared-foot">{foot}</footer>
            </body>
        </html>
    };
    format!("<!DOCTYPE html>{}", html(document))
}
