//! (Panel, Series, View, Size, Theme) -> SVG text: the same on the server, in the browser and as a file.
//! Plotters draws axes and marks; links and titles lie over them.

mod annotation;
mod bars;
mod canvas;
mod donut;
mod empty;
mod escape;
mod figures;
pub mod format;
mod frame;
mod heat_map;
mod legend;
mod map;
mod map_and_bars;
mod over_time;
pub mod paint;
mod ranking;
mod scale;
pub mod sheet;
mod sparkline;
mod stack;
mod table;
mod text;
pub mod world;

pub use self::{
    annotation::{Annotated, annotated},
    escape::{escape, plain, visible},
    figures::{Tile, change, tiles},
    ranking::GROUP_EVENTS,
    sparkline::sparkline,
};

use self::{
    canvas::{Canvas, Rect, Type},
    frame::Frame,
    over_time::Shape,
    world::outline::Outline,
};
use crate::{
    panel::{Mark, Panel},
    series::Series,
    view::View,
};

/// In CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub width: u32,
    pub height: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Colours are the page's CSS variables (`var(--chart-ink)`, …): follows the page's theme.
    Page,
    Light,
    Dark,
}

/// What an SVG is drawn for.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    pub size: Size,
    pub theme: Theme,
    /// Marks link to `path?query` with their filter added; `None`: no links (a file).
    pub link: Option<Link<'a>>,
    pub land: Land,
}

/// Where a map's outlines come from.
#[derive(Clone, Copy)]
pub enum Land {
    /// From the file at `world::outline::address`: for pages.
    Asset,
    /// The picture carries `world::outline::outlines`: it stands alone.
    Inline(&'static [Outline]),
}

/// The page that marks link to.
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    pub path: &'a str,
    pub view: &'a View,
}

/// The whole picture of a panel, any mark: `<svg xmlns…>…</svg>`. In a file (`link` none) it carries title, window and filter,
/// and is as high as its rows need.
pub fn svg(panel: &Panel, series: &Series, target: Target<'_>) -> String {
    drawn(panel, series, target, true)
}

/// The same as a file of the height that is given: of rows, those that have room, and how many there are beyond them.
pub fn svg_within(panel: &Panel, series: &Series, target: Target<'_>) -> String {
    drawn(panel, series, target, false)
}

fn drawn(panel: &Panel, series: &Series, target: Target<'_>, whole: bool) -> String {
    let mut canvas = Canvas::new(&panel.id, target);
    let frame = Frame::new(series, target);
    let nothing = empty::is_empty(panel, series);
    let needed = if nothing { 0.0 } else { needed(panel, series, frame.body.w) };
    let file = target.link.is_none();
    let frame = match panel.mark {
        Mark::Ranking | Mark::Table | Mark::List if file && !nothing && !whole => frame,
        Mark::Figures | Mark::Ranking | Mark::Table | Mark::List if file && !nothing => frame.fitted(needed, true),
        _ if file || panel.mark == Mark::Figures => frame.fitted(needed, false),
        _ => frame,
    };
    frame.draw(&mut canvas, panel, series);
    if nothing {
        empty::draw(&mut canvas, frame.body, series);
    } else {
        draw(&mut canvas, frame.body, panel, series);
    }
    frame.wrap(panel, series, target, canvas.finish())
}

/// Of a detail that is drawn over time, a ranking or slices above the panel's own mark; and what parts the two.
const HEAD: f64 = 130.0;
const HEAD_GAP: f64 = 14.0;
/// The panel's own mark is at least so high where something stands above it.
const BELOW: f64 = 100.0;

/// The height that all rows take, for marks that have rows.
fn needed(panel: &Panel, series: &Series, width: f64) -> f64 {
    let above = head(panel, series).map_or(0.0, |(panel, series)| head_height(&panel, &series, width) + HEAD_GAP);
    own_height(panel, series, width) + above
}

fn own_height(panel: &Panel, series: &Series, width: f64) -> f64 {
    match panel.mark {
        Mark::Figures => figures::height(panel, series, width),
        Mark::Table | Mark::List => table::height(series),
        Mark::Ranking => ranking::height(panel, series),
        Mark::RankingOverTime => ranking::height_over_time(panel, series),
        Mark::MapAndBars => map_and_bars::height(series, width),
        Mark::HeatMap => heat_map::height(panel, series, width),
        Mark::Map | Mark::Area | Mark::Line | Mark::Bars | Mark::Donut | Mark::Text => 0.0,
    }
}

/// What is drawn above the panel's own mark.
fn head(panel: &Panel, series: &Series) -> Option<(Panel, Series)> {
    let detail = panel.head()?;
    Some((panel.of_detail(detail), series.of_detail(&detail.id)?))
}

fn head_height(panel: &Panel, series: &Series, width: f64) -> f64 {
    if panel.mark == Mark::Figures { figures::height(panel, series, width) } else { HEAD }
}

fn draw(canvas: &mut Canvas<'_>, body: Rect, panel: &Panel, series: &Series) {
    let Some((head, head_series)) = head(panel, series) else { return draw_mark(canvas, body, panel, series) };
    let height = head_height(&head, &head_series, body.w);
    let own = Some(own_height(panel, series, body.w)).filter(|own| *own > 0.0);
    if body.h < height + HEAD_GAP + own.unwrap_or(BELOW).min(BELOW) {
        return draw_mark(canvas, body, panel, series);
    }
    let (above, below) = body.split_top(height, HEAD_GAP);
    draw_mark(canvas, above, &head, &head_series);
    draw_mark(canvas, below, panel, series);
}

fn draw_mark(canvas: &mut Canvas<'_>, body: Rect, panel: &Panel, series: &Series) {
    let stack = || stack::stack(panel, &series.table, series.window, series.bucket_ms, &[]);
    match panel.mark {
        Mark::Area => over_time::draw(canvas, body, &stack(), Shape::Area),
        Mark::Bars => over_time::draw(canvas, body, &stack(), Shape::Bars),
        Mark::Line => over_time::draw(canvas, body, &stack::lines(panel, series), Shape::Line),
        Mark::Ranking => ranking::draw(canvas, body, panel, series),
        Mark::RankingOverTime => ranking::draw_over_time(canvas, body, panel, series),
        Mark::Donut => donut::draw(canvas, body, panel, series),
        Mark::HeatMap => heat_map::draw(canvas, body, panel, series),
        Mark::Map => {
            let data = map::data::Data::new(&series.table, series.detail("cities"), series.detail("flows"));
            map::draw(canvas, body, &data, series.table.total as f64);
        }
        Mark::MapAndBars => map_and_bars::draw(canvas, body, series),
        Mark::Figures => figures::draw(canvas, body, panel, series),
        Mark::Table | Mark::List => table::draw(canvas, body, panel, series),
        Mark::Text => text_block(canvas, body, &panel.text),
    }
}

/// Markdown as it is written; the page shows it set.
fn text_block(canvas: &mut Canvas<'_>, body: Rect, text: &str) {
    for (at, line) in text.lines().take((body.h / 18.0) as usize).enumerate() {
        canvas.text_fit(body.x, body.y + 14.0 + at as f64 * 18.0, line, body.w, Type::LABEL);
    }
}
