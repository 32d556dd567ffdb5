//! Key figures: number tiles with the change since the window before and a sparkline.

use leptos::prelude::*;
use model::{
    chart::{
        self, Size, Theme, Tile,
        format::{self, Direction},
    },
    panel::{Measure, Panel},
    series::Series,
};

use super::{level, value};
use crate::state::use_state;

const SPARKLINE: Size = Size { width: 96, height: 28 };

pub fn figures(panel: &Panel, series: &Series) -> AnyView {
    let tiles: Vec<_> = chart::tiles(panel, series).into_iter().map(tile).collect();
    view! { <div class="figures">{tiles}</div> }.into_any()
}

fn tile(tile: Tile) -> AnyView {
    let Tile { id, label, level, measure, now, previous, points, filter } = tile;
    let spark = (points.len() > 1).then(|| chart::sparkline(&points, SPARKLINE, Theme::Page));
    let label = match filter {
        Some(term) => {
            let state = use_state();
            view! { <a href=move || state.and(&term, None)>{label}</a> }.into_any()
        }
        None => label.into_any(),
    };
    let change = chart::change(measure, &now, &previous);
    let tone = tone(measure, change.as_ref().map(|change| change.direction));
    let before = format!("{} in the range before", format::cell(&measure.key(), &previous));
    view! {
        <div class="figure" data-figure=id data-value=value::plain(&now)>
            <p class="figure-label">{level.map(level::badge)}{label}</p>
            <p class="figure-value">{format::cell(&measure.key(), &now)}</p>
            <p class=tone title=before>
                {change.map_or_else(|| "–".to_owned(), |change| change.text)}
            </p>
            {spark.map(|svg| view! { <div class="figure-spark" aria-hidden="true" inner_html=svg></div> })}
        </div>
    }
    .into_any()
}

/// More errors are worse; the rest is neither good nor bad.
fn tone(measure: Measure, direction: Option<Direction>) -> &'static str {
    match direction {
        Some(Direction::Up) if measure == Measure::ErrorRate => "figure-change worse",
        Some(Direction::Down) if measure == Measure::ErrorRate => "figure-change better",
        _ => "figure-change",
    }
}
