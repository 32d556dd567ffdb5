//! What a report says: asked anew each time that it is sent.

use app::api::Dashboards;
use futures::{StreamExt, stream};
use model::{
    chart::{self, Theme, format, visible},
    dashboard::{self, Dashboard, Tile},
    error::Error,
    filter,
    panel::{Mark, Panel},
    series::{Cell, Series},
    time::{Edge, Range, Timestamp, Window},
    view::View,
};

use crate::{
    query::Query,
    web::{
        export,
        picture::{self, File},
    },
};

/// Panels that are asked for at a time: pages come first.
const PANELS_AT_A_TIME: usize = 2;
const MOST_FIGURES: usize = 12;
const MOST_LISTS: usize = 4;
const MOST_ROWS: usize = 5;
/// Of a row that several groups name.
const MOST_NAMES: usize = 3;
/// Pixels of the picture to one of the dashboard's: it is shown half as wide, on screens that have twice as many.
const SCALE: f32 = 1.0;

#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    /// The report's.
    pub title: String,
    /// The dashboard's.
    pub dashboard: String,
    /// Range and filter, as people read them.
    pub about: String,
    /// `2026-11-23 12:00 to 2026-11-24 12:00 UTC`.
    pub span: String,
    /// The dashboard as it was: the window is that of the report.
    pub link: String,
    /// Where reports are changed.
    pub manage: String,
    /// Who made it, and when it is sent.
    pub maker: String,
    pub schedule: String,
    pub figures: Vec<Figure>,
    pub lists: Vec<List>,
    /// What was seen in any panel, at most.
    pub events: i64,
    /// Titles of panels that could not be asked.
    pub missing: Vec<String>,
    /// PNG.
    pub picture: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    pub label: String,
    pub value: String,
    pub change: String,
}

/// The first rows of a ranking or a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    pub title: String,
    pub rows: Vec<[String; 2]>,
}

/// What is sent of which dashboard, and how the letter is signed.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    pub title: &'a str,
    /// The dashboard's, with range and filter.
    pub address: &'a str,
    pub maker: &'a str,
    pub schedule: &'a str,
    /// Where browsers find this server.
    pub base: &'a str,
}

/// `query`: in the name of who made the report. Errors: no such dashboard any more; none of its panels can be asked.
pub async fn gather(query: &Query, order: Order<'_>) -> Result<Content, Error> {
    let (dashboard, view) = read(query, order.address).await?;
    let now = query.clock.now();
    let ask = |tile: Tile| {
        let (query, view) = (query.clone(), view.clone());
        async move { query.answer(&tile.panel, &view).await }
    };
    let asked: Vec<_> = dashboard.tiles.iter().cloned().map(ask).collect();
    let answers: Vec<_> = stream::iter(asked).buffered(PANELS_AT_A_TIME).collect().await;
    if let Some(Err(error)) = answers.first().filter(|_| answers.iter().all(Result::is_err)) {
        return Err(error.clone());
    }
    let panels = || dashboard.tiles.iter().map(|tile| &tile.panel).zip(&answers);
    let answered = || panels().filter_map(|(panel, answer)| Some((panel, answer.as_ref().ok()?)));
    let window = answered().next().map(|(_, series)| series.window).unwrap_or(range(&view).window(now)?);
    let svg = export::sheet(&dashboard, &view, &answers, Theme::Light, now)?;
    Ok(Content {
        title: order.title.to_owned(),
        dashboard: dashboard.title.clone(),
        about: about(&view)?,
        span: format!("{} to {} UTC", format::minute(window.from), format::minute(window.to)),
        link: link(order.base, order.address, &view, window),
        manage: format!("{}/reports", order.base),
        maker: order.maker.to_owned(),
        schedule: order.schedule.to_owned(),
        figures: answered().flat_map(|(panel, series)| figures(panel, series)).take(MOST_FIGURES).collect(),
        lists: answered().filter_map(|(panel, series)| list(panel, series)).take(MOST_LISTS).collect(),
        events: answered().map(|(_, series)| series.table.total).max().unwrap_or(0),
        missing: panels().filter(|(_, answer)| answer.is_err()).map(|(panel, _)| panel.title.clone()).collect(),
        picture: picture::draw(svg, File::Png, SCALE).await?,
    })
}

/// The dashboard and view of an address as it is kept. Errors: it is none.
pub async fn read(query: &Query, address: &str) -> Result<(Dashboard, View), Error> {
    let (path, parameters) = address.split_once('?').unwrap_or((address, ""));
    let (view, mistakes) = View::from_query(parameters);
    mistakes.into_iter().next().map_or(Ok(()), Err)?;
    view.condition()?;
    let id = path.strip_prefix("/d/").filter(|id| !id.is_empty() && !id.contains('/'));
    let id = id.ok_or_else(|| Error::invalid("dashboard", "Choose a dashboard."))?;
    dashboard::may_leave(id)?;
    let dashboard = query.dashboard(id).await?.dashboard;
    Ok((dashboard, View { refresh: None, kiosk: false, annotate: Vec::new(), ..view }))
}

fn range(view: &View) -> Range {
    view.range.unwrap_or(Range::DEFAULT)
}

fn about(view: &View) -> Result<String, Error> {
    let filter = filter::print(&view.condition()?);
    let range = range(view).label();
    Ok(if filter.is_empty() { range } else { format!("{range} · {filter}") })
}

fn link(base: &str, address: &str, view: &View, window: Window) -> String {
    let at = |at: Timestamp| Edge::At(at);
    let fixed = view.with_range(Range::Between { from: at(window.from), to: at(window.to) });
    let path = address.split('?').next().unwrap_or_default();
    format!("{base}{}", fixed.href(path))
}

fn figures(panel: &Panel, series: &Series) -> Vec<Figure> {
    if panel.mark != Mark::Figures {
        return Vec::new();
    }
    let figure = |tile: &chart::Tile| Figure {
        label: tile.label.clone(),
        value: format::cell(&tile.measure.key(), &tile.now),
        change: chart::change(tile.measure, &tile.now, &tile.previous).map(|change| change.text).unwrap_or_default(),
    };
    chart::tiles(panel, series).iter().map(figure).collect()
}

fn list(panel: &Panel, series: &Series) -> Option<List> {
    if panel.by.is_empty() || !matches!(panel.mark, Mark::Ranking | Mark::RankingOverTime | Mark::Table) {
        return None;
    }
    let (table, measure) = (&series.table, panel.main().key());
    let row = |row: &Vec<Cell>| {
        let cells = panel.by.iter().map(|group| (*group, table.cell(row, group.key())));
        let names = cells.filter(|(_, cell)| !cell.is_null()).map(|(group, cell)| panel.group_name(group, cell));
        let names: Vec<_> = names.take(MOST_NAMES).collect();
        let name = if names.is_empty() { "—".to_owned() } else { names.join(" · ") };
        [name, format::cell(&measure, table.cell(row, &measure))]
    };
    let rows: Vec<_> = table.rows.iter().take(MOST_ROWS).map(row).collect();
    (!rows.is_empty()).then(|| List { title: panel.title.clone(), rows })
}

/// A sentence about what could not be asked.
pub fn missing(content: &Content) -> Option<String> {
    let titles = content.missing.iter().map(|title| visible(title)).collect::<Vec<_>>().join(", ");
    (!titles.is_empty()).then(|| format!("Not answered in time: {titles}."))
}
