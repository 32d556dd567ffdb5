//! (Panel, Series, View, Size, Theme) -> SVG text: the same on the server, in the browser and as a file.
//! Plotters draws axes and marks; links and titles lie over them.

mod bars;
mod canvas;
mod empty;
mod escape;
mod figures;
pub mod format;
mod frame;
mod legend;
mod map;
mod map_and_bars;
mod over_time;
pub mod paint;
mod ranking;
mod scale;
mod sparkline;
mod stack;
mod table;
mod text;
pub mod world;

pub use self::{
    escape::{escape, visible},
    figures::{change, points},
    sparkline::sparkline,
};

use self::{
    canvas::{Canvas, Rect},
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
    let mut canvas = Canvas::new(&panel.id, target);
    let frame = Frame::new(series, target);
    let nothing = empty::is_empty(panel.mark, series);
    let needed = if nothing { 0.0 } else { needed(panel, series, frame.body.w) };
    let file = target.link.is_none();
    let frame = match panel.mark {
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

/// The height that all rows take, for marks that have rows.
fn needed(panel: &Panel, series: &Series, width: f64) -> f64 {
    match panel.mark {
        Mark::Figures => figures::height(panel, width),
        Mark::Table | Mark::List => table::height(series),
        Mark::Ranking => ranking::height(series),
        Mark::RankingOverTime => ranking::height_over_time(series),
        Mark::MapAndBars => map_and_bars::height(series, width),
        Mark::Map | Mark::Area | Mark::Bars => 0.0,
    }
}

fn draw(canvas: &mut Canvas<'_>, body: Rect, panel: &Panel, series: &Series) {
    let over_time = |canvas: &mut Canvas<'_>, shape| {
        let stack = stack::stack(&series.table, panel.by.first().copied(), series.window, series.bucket_ms, &[]);
        over_time::draw(canvas, body, &stack, shape);
    };
    match panel.mark {
        Mark::Area => over_time(canvas, Shape::Area),
        Mark::Bars => over_time(canvas, Shape::Bars),
        Mark::Ranking => ranking::draw(canvas, body, panel, series),
        Mark::RankingOverTime => ranking::draw_over_time(canvas, body, panel, series),
        Mark::Map => {
            let data = map::data::Data::new(&series.table, series.detail("cities"), series.detail("flows"));
            map::draw(canvas, body, &data, series.table.total as f64);
        }
        Mark::MapAndBars => map_and_bars::draw(canvas, body, series),
        Mark::Figures => figures::draw(canvas, body, panel, series),
        Mark::Table | Mark::List => table::draw(canvas, body, series),
    }
}
