//! A panel's picture: the SVG that `model::chart` writes, drawn again at the width that the browser measures.

use leptos::prelude::*;
use model::{
    chart::{self, Land, Link, Size, Target, Theme},
    error::Error,
    panel::{Mark, Panel},
    series::{Cell, Series, Table},
    time::Timestamp,
};

use super::{browser, brush, map, zone};
use crate::{guard, state::use_state};

/// The picture of a series. `size`: as measured, `None` before; `assumed`: what the server draws.
pub fn chart(panel: &Panel, series: Series, size: RwSignal<Option<Size>>, assumed: Size, zoom: map::Zoom) -> AnyView {
    let state = use_state();
    let panel = StoredValue::new(panel.clone());
    let mark = panel.with_value(|panel| panel.mark);
    let (bucket_ms, title) = (series.bucket_ms, series.panel.title.clone());
    let series = StoredValue::new(series);
    let shift = Memo::new(move |_| if state.local.get() { series.with_value(shift_ms) } else { 0 });
    let svg = move || {
        // The browser measures first: what the server drew stays until then.
        let Some(size) = size.get().or((!browser::runs()).then_some(assumed)) else { return String::new() };
        let (view, path) = (state.view.get(), state.base.get());
        let link = Some(Link { path: &path, view: &view });
        let target = Target { size, theme: Theme::Page, link, land: Land::Asset };
        let shift = shift.get();
        let svg = drawn(|| {
            panel.with_value(|panel| {
                series.with_value(|series| match shift {
                    0 => chart::svg(panel, series, target),
                    // Labels were moved to local time, so they no longer say UTC.
                    _ => chart::svg(panel, &shifted(series, shift), target).replace(" UTC", ""),
                })
            })
        });
        match is_over_time(mark) {
            true => state.annotated.with(|found| chart::annotated(svg, found, shift, &view)),
            false => svg,
        }
    };
    let utc = move || (state.local.get() && is_over_time(mark) && shift.get() == 0).then_some("Times in UTC");
    let node = NodeRef::new();
    Effect::new(move |_| {
        state.view.track();
        size.track();
        let place = zoom.get();
        if let Some(element) = node.get() {
            map::apply(element, place);
        }
    });
    let tools = (mark == Mark::Map).then(|| map::tools(zoom, node));
    let brushed = brush::brush(node, bucket_ms, move || shift.get_untracked());
    // A time chart takes the focus, for the arrow keys.
    let over_time = is_over_time(mark);
    let (tab, role) = (over_time.then_some("0"), over_time.then_some("group"));
    let keys = over_time.then(|| format!("{title}: the arrow keys show the values at a time"));
    view! {
        <div
            class="picture"
            class:is-map=matches!(mark, Mark::Map | Mark::MapAndBars)
            data-shift=move || Some(shift.get()).filter(|shift| *shift != 0)
            on:pointerdown=move |event| { brushed.down(&event); map::down(zoom, &event); }
            on:pointermove=move |event| { brushed.moved(&event); map::moved(zoom, node, &event); }
            on:pointerup=move |event| { brushed.up(&event); map::up(zoom); }
            on:pointercancel=move |_| { brushed.cancel(); map::up(zoom); }
            on:dragstart=move |event| event.prevent_default()
            on:wheel=move |event| map::wheel(zoom, node, &event)
            on:dblclick=move |event| map::double(zoom, node, &event)
        >
            <div class="picture-svg" node_ref=node inner_html=svg tabindex=tab role=role aria-label=keys></div>
            {tools}
            <p class="picture-note">{utc}</p>
        </div>
    }
    .into_any()
}

/// The picture, or why there is none.
fn drawn(draw: impl FnOnce() -> String) -> String {
    let message = |error: Error| format!("<p class=\"message error\" data-role=\"error\">{}</p>", error.message);
    guard::made(draw).unwrap_or_else(message)
}

pub fn is_over_time(mark: Mark) -> bool {
    mark.is_over_time() || mark == Mark::RankingOverTime
}

/// How far to move a chart's times so that its axis reads in local time: only where the zone keeps one offset over the
/// window and buckets still begin at round times; else 0, and the chart says that it is in UTC.
fn shift_ms(series: &Series) -> i64 {
    let offset = zone::offset_ms(series.window.from);
    let whole = series.bucket_ms.is_some_and(|bucket| offset % bucket == 0);
    if whole && zone::offset_ms(series.window.to) == offset { offset } else { 0 }
}

fn shifted(series: &Series, by: i64) -> Series {
    let mut series = series.clone();
    series.window.from.0 += by;
    series.window.to.0 += by;
    shift_buckets(&mut series.table, by);
    for detail in &mut series.details {
        shift_buckets(&mut detail.table, by);
    }
    series
}

fn shift_buckets(table: &mut Table, by: i64) {
    let Some(at) = table.column("event_time") else { return };
    for row in &mut table.rows {
        if let Some(Cell::Time(time)) = row.get_mut(at) {
            *time = Timestamp(time.0 + by);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::drawn;

    #[test]
    fn a_picture_that_cannot_be_drawn_says_so() {
        assert_eq!(drawn(|| "<svg></svg>".to_owned()), "<svg></svg>");
        assert!(drawn(|| panic!("no")).contains("This could not be shown."));
    }
}
