//! Key figures: number tiles with the change since the window before and a sparkline.

use leptos::prelude::*;
use model::{
    chart::{
        self, Size, Theme,
        format::{self, Direction},
    },
    panel::{Measure, Panel},
    series::{Cell, Series},
};

const SPARKLINE: Size = Size { width: 96, height: 28 };

pub fn figures(panel: &Panel, series: &Series) -> impl IntoView + use<> {
    let row = series.table.rows.first().cloned().unwrap_or_default();
    let tiles: Vec<_> = panel.measures.iter().map(|&measure| tile(measure, series, &row).into_any()).collect();
    view! { <div class="figures">{tiles}</div> }
}

fn tile(measure: Measure, series: &Series, row: &[Cell]) -> impl IntoView + use<> {
    let key = measure.key();
    let now = series.table.cell(row, key).clone();
    let before = series.table.cell(row, &format!("{key}_previous")).clone();
    let points = chart::points(measure, series);
    let spark = (points.len() > 1).then(|| chart::sparkline(&points, SPARKLINE, Theme::Page));
    view! {
        <div class="figure" data-figure=key data-value=exact(&now)>
            <p class="figure-label">{measure.label()}</p>
            <p class="figure-value">{format::cell(key, &now)}</p>
            {change(measure, &now, &before)}
            {spark.map(|svg| view! { <div class="figure-spark" aria-hidden="true" inner_html=svg></div> })}
        </div>
    }
}

/// The number as it is in the data.
fn exact(cell: &Cell) -> String {
    super::value::plain(cell)
}

/// `▲ 12 %`, or percentage points for a rate. More errors are worse; the rest is neither good nor bad.
fn change(measure: Measure, now: &Cell, before: &Cell) -> impl IntoView + use<> {
    let change = chart::change(measure, now, before);
    let tone = match change.as_ref().map(|change| change.direction) {
        Some(Direction::Up) if measure == Measure::ErrorRate => "figure-change worse",
        Some(Direction::Down) if measure == Measure::ErrorRate => "figure-change better",
        _ => "figure-change",
    };
    let title = format!("{} in the range before", format::cell(measure.key(), before));
    view! { <p class=tone title=title>{change.map_or_else(|| "–".to_owned(), |change| change.text)}</p> }
}
