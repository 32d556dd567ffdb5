//! A panel's frame: title, switches, menu, and a body of fixed height that loads, shows, or says why not.

use leptos::{html::Div, prelude::*};
use model::{
    chart::Size,
    dashboard::Tile,
    panel::{Mark, Panel, Switch},
    series::{HTML, Series},
    view::View,
};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::ResizeObserver;

use super::{browser, chart, figures, icon, list, map, message, pivot, table};
use crate::{
    api::{self, ApiError},
    guard,
    preferences::Preferences,
    state::{self, Scope, State, use_state},
};

/// What outlives a reload of the data.
#[derive(Clone, Copy)]
struct Kept {
    panel: StoredValue<Panel>,
    /// Of the body, as measured.
    size: RwSignal<Option<Size>>,
    assumed: Size,
    sort: table::Sort,
    opened: list::Opened,
    zoom: map::Zoom,
    /// Alone on its page: the table stands below the picture.
    alone: bool,
}

/// The answer to a panel.
pub type Answer = Resource<Result<Series, ApiError>>;

/// Loads a panel; again when what concerns it changes, or at a refresh.
pub fn load(dashboard: String, panel: &Panel, state: State) -> Answer {
    let id = panel.id.clone();
    let panel = StoredValue::new(panel.clone());
    let scope = use_context::<Scope>();
    let query = Memo::new(move |_| {
        let view = state::scoped(state.view.get(), scope.as_ref());
        panel.with_value(|panel| state::panel_view(&view, panel)).to_query()
    });
    Resource::new(
        move || (query.get(), state.tick.get()),
        move |(query, _)| {
            let (dashboard, id) = (dashboard.clone(), id.clone());
            async move {
                // The same mistake ten times over is no use: the bar shows it once.
                let (view, _) = View::from_query(&query);
                view.condition().map_err(ApiError)?;
                api::panel_series(dashboard, id, query).await
            }
        },
    )
}

/// One panel. `path`: the page where it stands alone.
#[component]
pub fn Frame(dashboard: String, tile: Tile, #[prop(optional)] alone: bool) -> AnyView {
    let state = use_state();
    let Tile { place, panel } = tile;
    let path = format!("/d/{dashboard}/{}", panel.id);
    let answer = load(dashboard, &panel, state);
    let narrow = use_context::<Preferences>().is_some_and(|preferences| preferences.narrow);
    let kept = Kept {
        panel: StoredValue::new(panel.clone()),
        size: RwSignal::new(None),
        assumed: assumed(&panel, place.columns, place.height, narrow, alone),
        sort: RwSignal::new(None),
        opened: RwSignal::new(Default::default()),
        zoom: map::zoom(),
        alone,
    };
    let pending = RwSignal::new(false);
    let busy = RwSignal::new(false);
    // In the browser only: on the server a panel is never left loading.
    Effect::new(move |_| busy.set(pending.get()));
    let body = NodeRef::<Div>::new();
    measure(body, kept.size);
    let title = format!("{}-title", panel.id);
    let mark = mark_class(panel.mark);
    let size = if alone { "alone".to_owned() } else { format!("c-{} h-{}", place.columns, place.height) };
    let content = move || {
        Suspend::new(async move {
            let shown = answer.await.map_err(|ApiError(error)| error);
            let shown = shown.and_then(|series| guard::made(|| content(kept, state, series).into_any()));
            shown.unwrap_or_else(|error| message::error(&error).into_any())
        })
    };
    view! {
        <section
            class=format!("panel {mark} {size}")
            data-panel=panel.id.clone()
            aria-labelledby=title.clone()
            aria-busy=move || busy.get().to_string()
        >
            <header class="panel-head">
                {(!alone).then(|| head_title(&panel, title.clone(), path.clone()))}
                {alone.then(|| view! { <h2 class="sr" id=title.clone()>{panel.title.clone()}</h2> })}
                {(!alone).then(|| own_range(&panel))}
                <div class="panel-tools">
                    {panel.switches.iter().map(|switch| self::switch(kept.panel, switch.clone()).into_any()).collect_view()}
                    {(!alone).then(|| menu(kept.panel, path))}
                </div>
            </header>
            <div class="panel-body" data-role="body" node_ref=body>
                <Transition fallback=|| view! { <div class="skeleton"></div> } set_pending=pending>
                    {content}
                </Transition>
            </div>
        </section>
    }
    .into_any()
}

fn mark_class(mark: Mark) -> &'static str {
    match mark {
        Mark::Figures => "is-figures",
        Mark::Map => "is-map",
        Mark::MapAndBars => "is-map-and-bars",
        Mark::Area | Mark::Line | Mark::Bars => "is-time",
        Mark::Donut => "is-donut",
        Mark::HeatMap => "is-heat-map",
        Mark::Text => "is-text",
        Mark::Ranking | Mark::RankingOverTime => "is-ranking",
        Mark::Table => "is-table",
        Mark::List => "is-list",
    }
}

fn head_title(panel: &Panel, id: String, path: String) -> impl IntoView + use<> {
    let state = use_state();
    let scope = use_context::<Scope>();
    let href = move || state::scoped(state.view.get(), scope.as_ref()).href(&path);
    view! {
        <h2 class="panel-title" id=id>
            <a href=href title=panel.description.clone()>{panel.title.clone()}</a>
        </h2>
    }
}

/// A panel that has a range of its own says so while the page names none.
fn own_range(panel: &Panel) -> impl IntoView + use<> {
    let state = use_state();
    let label = panel.range.map(|range| range.label());
    let shown = move || if state.view.get().range.is_none() { label.clone() } else { None };
    view! { <span class="panel-range">{shown}</span> }
}

fn switch(panel: StoredValue<Panel>, switch: Switch) -> impl IntoView {
    let state = use_state();
    let label = switch.label.clone();
    let id = switch.id.clone();
    let switch = StoredValue::new(switch);
    let with = move |read: fn(&View, &Panel, &Switch) -> bool| {
        panel.with_value(|panel| switch.with_value(|switch| read(&state.view.get(), panel, switch)))
    };
    let href = move || {
        let view = panel.with_value(|panel| switch.with_value(|s| state::switched(&state.view.get(), panel, s)));
        state.href(&view)
    };
    view! {
        <a class="switch" role="switch" data-switch=id aria-checked=move || with(state::is_on).to_string() href=href>
            {label}
        </a>
    }
}

fn menu(panel: StoredValue<Panel>, path: String) -> AnyView {
    let label = panel.with_value(|panel| format!("Menu of {}", panel.title));
    view! {
        <details class="popover" data-role="menu">
            <summary class="control square quiet" aria-label=label>{icon::dots()}</summary>
            <div class="popover-body menu">{links(panel, path, true)}</div>
        </details>
    }
    .into_any()
}

/// Ways to take a panel along: its page, its address, its data, its picture.
pub fn links(panel: StoredValue<Panel>, path: String, with_open: bool) -> impl IntoView {
    let state = use_state();
    let path = StoredValue::new(path);
    let scope = StoredValue::new(use_context::<Scope>());
    let view = move || scope.with_value(|scope| state::scoped(state.view.get(), scope.as_ref()));
    let href = move |ending: &str| {
        let view = panel.with_value(|panel| state::panel_view(&view(), panel));
        path.with_value(|path| view.href(&format!("{path}{ending}")))
    };
    // No events, and for administrators alone.
    let is_audit = state.is_audit();
    let shares = !is_audit && state.who.with_value(|who| !who.open);
    let export = move |kind: &'static str, label: &'static str| {
        view! { <a data-export=kind rel="external" download="" href=move || href(&format!(".{kind}"))>{label}</a> }
    };
    view! {
        {with_open.then(|| view! { <a data-action="open-panel" href=move || href("")>"Open"</a> })}
        <button
            type="button"
            class="needs-scripts"
            data-action="copy-link"
            data-close=""
            on:click=move |_| browser::copy(&href(""))
        >
            "Copy link"
        </button>
        {(!is_audit).then(|| view! {
            <a data-action="discover" href=move || panel.with_value(|panel| state::discovered(&view(), panel))>
                "Open in Discover"
            </a>
        })}
        {shares.then(|| view! { <a data-action="share" href=move || share(&href(""))>"Share…"</a> })}
        <a data-action="inspect" href=move || href("/inspect")>"Inspect"</a>
        {export("json", "JSON")}
        {export("csv", "CSV")}
        {export("svg", "SVG")}
        {export("png", "PNG")}
    }
}

/// Where a link is made of the page at `address`.
pub fn share(address: &str) -> String {
    format!("/share?of={}", percent_encoding::utf8_percent_encode(address, percent_encoding::NON_ALPHANUMERIC))
}

/// Where a report is made of the dashboard at `address`.
pub fn report(address: &str) -> String {
    format!("/reports?of={}#report", percent_encoding::utf8_percent_encode(address, percent_encoding::NON_ALPHANUMERIC))
}

fn content(kept: Kept, state: State, series: Series) -> impl IntoView {
    let mark = kept.panel.with_value(|panel| panel.mark);
    let live = state::is_live(state.view.get_untracked().range);
    let now = live.then_some(series.window.to);
    if series.table.total == 0 && !matches!(mark, Mark::Figures | Mark::Text) {
        return message::nothing(kept.panel.with_value(|panel| panel.empty.clone()), &series);
    }
    match mark {
        Mark::Figures => kept.panel.with_value(|panel| figures::figures(panel, &series)).into_any(),
        // Entries have all in their columns, and no event to open.
        Mark::List if state.is_audit() => {
            let table = table::table(kept.panel, &series, now, kept.sort);
            view! { {table} {cut(&series)} }.into_any()
        }
        Mark::Table => {
            let table = table::table(kept.panel, &series, now, kept.sort);
            view! { {head(kept, &series)} {table} {cut(&series)} }.into_any()
        }
        Mark::List => {
            let list = list::list(kept.panel, &series, now, kept.opened);
            view! { {head(kept, &series)} {list} }.into_any()
        }
        Mark::Text => {
            // Made by the server of Markdown, and of nothing else.
            let html = series.table.single_text(HTML).unwrap_or_default().to_owned();
            view! { <div class="panel-text" tabindex="0" inner_html=html></div> }.into_any()
        }
        _ => picture(kept, series, now).into_any(),
    }
}

/// What is drawn above rows: figures, or a small chart.
fn head(kept: Kept, series: &Series) -> Option<AnyView> {
    kept.panel.with_value(|panel| {
        let detail = panel.head()?;
        let (own, series) = (panel.of_detail(detail), series.of_detail(&detail.id)?);
        let drawn = match own.mark {
            Mark::Figures => figures::figures(&own, &series),
            _ => {
                let assumed = Size { height: HEAD, ..kept.assumed };
                chart::chart(&own, series, kept.size, assumed, kept.zoom)
            }
        };
        Some(view! { <div class="panel-over">{drawn}</div> }.into_any())
    })
}

/// As in style/frame.css.
const HEAD: u32 = 130;

/// A chart or map, and the same numbers as a table.
fn picture(kept: Kept, series: Series, now: Option<model::time::Timestamp>) -> AnyView {
    let numbers = kept.panel.with_value(|panel| match panel.bucket.is_some() {
        true => pivot::pivot(panel, &series.table),
        false => series.table.clone(),
    });
    let table = table::rows(kept.panel, numbers, series.panel.title.clone(), now, kept.sort);
    let as_table = if kept.alone {
        view! { <section class="numbers" aria-label="Numbers">{table}</section> }.into_any()
    } else {
        view! {
            <details class="as-table" data-role="as-table">
                <summary class="control square quiet" title="Show as table" aria-label=format!("{} as a table", series.panel.title)>
                    {icon::table()}
                </summary>
                <div class="as-table-body">{table}</div>
            </details>
        }
        .into_any()
    };
    let chart = kept.panel.with_value(|panel| chart::chart(panel, series, kept.size, kept.assumed, kept.zoom));
    view! { {chart} {as_table} }.into_any()
}

fn cut(series: &Series) -> impl IntoView + use<> {
    let rows = series.table.rows.len();
    series.table.truncated.then(|| view! { <p class="panel-note">{format!("The first {rows} rows.")}</p> })
}

/// What the server draws before anything can be measured: the picture at 1440 pixels, or on a phone.
fn assumed(panel: &Panel, columns: u32, height: u32, narrow: bool, alone: bool) -> Size {
    let narrow_height = match panel.mark {
        Mark::Map => 242,
        Mark::Area | Mark::Line | Mark::Bars => 262,
        Mark::MapAndBars => 480,
        _ => height,
    };
    match (narrow, alone) {
        (true, _) => Size { width: 340, height: narrow_height },
        (false, true) => Size { width: 1380, height: 560 },
        (false, false) => Size { width: columns * 118 - 12 - 26, height: height - 8 },
    }
}

/// Follows the size of the body, less its padding.
fn measure(body: NodeRef<Div>, size: RwSignal<Option<Size>>) {
    Effect::new(move |_| {
        let Some(element) = body.get() else { return };
        let observed = element.clone();
        let closure = Closure::<dyn Fn()>::new(move || {
            let (width, height) = inner(&observed);
            let new = Some(Size { width, height });
            if width > 0 && height > 0 && size.get_untracked() != new {
                size.set(new);
            }
        });
        let Ok(observer) = ResizeObserver::new(closure.as_ref().unchecked_ref()) else { return };
        observer.observe(&element);
        let guard = send_wrapper::SendWrapper::new((observer, closure));
        on_cleanup(move || guard.0.disconnect());
    });
}

/// The place for the picture where there is one, else the body less its padding (style/frame.css): the same, but where a
/// panel stands alone and the body holds a table, too.
fn inner(body: &web_sys::HtmlElement) -> (u32, u32) {
    let (width, height) = match body.query_selector(".picture") {
        Ok(Some(picture)) => (picture.client_width(), picture.client_height()),
        _ => (body.client_width() - 2 * PADDING, body.client_height() - 8),
    };
    (width.max(0) as u32, height.max(0) as u32)
}

const PADDING: i32 = 12;
