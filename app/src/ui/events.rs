//! Discover's list of events: columns that come, go, move and sort by links, pages, and exports of all of it.

use leptos::prelude::*;
use model::{
    chart::format,
    discover::{self, Discover, PATH, Place, Standing},
    error::Kind,
    field::{Field, Kind as Type},
    filter::Target,
    series::Series,
};

use super::{browser, icon, list, load, message, zone};
use crate::{
    api::{self, ApiError},
    state::{State, is_live, use_state},
    status,
};

#[component]
pub fn Events() -> AnyView {
    let state = use_state();
    // What is shown of a field beside the list does not load the list again.
    let query = Memo::new(move |_| load::query(state, &Discover { field: None, ..state.discover.get() }));
    let answer = load::answer(state, query, |query| Box::pin(api::discover_page(query)));
    let opened = RwSignal::new(Default::default());
    let (pending, busy) = (RwSignal::new(false), RwSignal::new(false));
    // In the browser only: on the server nothing is left loading.
    Effect::new(move |_| busy.set(pending.get()));
    let content = move || {
        Suspend::new(async move {
            match answer.await {
                Ok(series) => events(state, &series, opened).into_any(),
                Err(ApiError(error)) => {
                    // The list is what this page is about.
                    if error.kind == Kind::NotFound {
                        status::page(404);
                    }
                    message::error(&error).into_any()
                }
            }
        })
    };
    view! {
        <section
            class="panel is-list events"
            id="events"
            data-panel="discover"
            aria-label="Events"
            aria-busy=move || busy.get().to_string()
        >
            <div class="events-body" data-role="body">
                <Transition fallback=|| view! { <div class="skeleton events-skeleton"></div> } set_pending=pending>
                    {content}
                </Transition>
            </div>
        </section>
    }
    .into_any()
}

fn events(state: State, series: &Series, opened: list::Opened) -> impl IntoView + use<> {
    let discover = state.discover.get_untracked();
    let standing = Standing::of(series);
    let table = &series.table;
    if table.total == 0 && table.rows.is_empty() && standing.looked.is_none() && standing.offset.is_some() {
        return message::empty(series);
    }
    let now = is_live(state.view.get_untracked().range).then_some(series.window.to);
    let columns = discover.shown();
    let marked = match &discover.place {
        Place::Around(id) => Some(id.as_str()),
        _ => None,
    };
    if marked.is_some() {
        // A link to it was followed before it was there.
        Effect::new(move |_| browser::show("around"));
    }
    let rows = table.rows.iter().map(|row| list::entry(table, row, &columns, now, opened, marked, None).into_any());
    let rows = rows.collect_view();
    let heads = (0..columns.len()).map(|at| head(state, &discover, &columns, at).into_any()).collect_view();
    view! {
        <div class="events-head">
            <p data-role="total" data-total=table.total.to_string()>{total(series, &standing)}</p>
            {pages(state, &discover, &standing)}
            {exports(state)}
        </div>
        <div class="scroll" tabindex="0" role="region" aria-label="Events: rows">
            <table class="list free" data-role="rows">
                <thead><tr><th scope="col" class="col-open"><span class="sr">"Open"</span></th>{heads}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {looked(state, &discover, &standing)}
        <div class="events-foot">{pages(state, &discover, &standing)}</div>
    }
    .into_any()
}

/// Which rows these are, and of how many.
fn total(series: &Series, standing: &Standing) -> AnyView {
    let (rows, total) = (series.table.rows.len() as i64, series.table.total);
    let events = |count: i64| if count == 1 { " event" } else { " events" };
    let Some(offset) = standing.offset else {
        return view! { <strong>{format::count(rows)}</strong>{events(rows)} }.into_any();
    };
    let range = match rows {
        0 => "No more events".to_owned(),
        count => format!("{}–{}", format::count(offset + 1), format::count(offset + count)),
    };
    let of = if standing.looked.is_some() { " of at least " } else { " of " };
    view! { {range}{of}<strong>{format::count(total)}</strong>{events(total)} }.into_any()
}

/// That there may be more, further back than anybody looked; and, where the page has room, a link that looks there.
fn looked(state: State, discover: &Discover, standing: &Standing) -> Option<AnyView> {
    let time = standing.looked?;
    let on = standing.next.clone().filter(|_| standing.looks_on()).map(|place| {
        let to = link(state, discover.at(Place::After(place)));
        view! {
            <a class="control small" data-action="look-further" href=move || format!("{}#events", to())>
                "Look further back"
            </a>
        }
        .into_any()
    });
    let what = if on.is_some() { "Looked back to " } else { "Counted back to " };
    Some(
        view! {
            <p class="events-looked" data-role="looked">
                {what}<zone::Time time=time/>{move || format!(" {}. ", zone::name(state.local.get()))}{on}
            </p>
        }
        .into_any(),
    )
}

/// An address of the list with other settings of its own.
fn link(state: State, discover: Discover) -> impl Fn() -> String {
    move || discover.href(&state.view.get(), PATH)
}

/// The head of a column: sorts, moves, goes.
fn head(state: State, discover: &Discover, columns: &[Target], at: usize) -> impl IntoView + use<> {
    let column = &columns[at];
    let label = discover::label(column);
    let sorted = match column {
        Target::Field(field) if discover.sort.field == *field => {
            Some(if discover.sort.descending { "descending" } else { "ascending" })
        }
        _ => None,
    };
    let zone = (*column == Target::Field(Field::EventTime))
        .then(|| view! { <span class="unit">{move || format!(" {}", zone::name(state.local.get()))}</span> });
    let title = match column {
        Target::Field(field) if sortable(*field) => {
            let href = link(state, discover.sorted(*field));
            view! { <a data-action="sort" href=href title=format!("Sort by {label}")>{label.clone()}{zone}</a> }
                .into_any()
        }
        _ => view! { <span>{label.clone()}</span> }.into_any(),
    };
    let tool = |action: &'static str, title: &str, discover: Discover| {
        let name = format!("{title}: {label}");
        view! {
            <a data-action=action href=link(state, discover) title=title.to_owned() aria-label=name>
                {match action {
                    "left" => icon::left(),
                    "right" => icon::chevron(),
                    _ => icon::cross(),
                }}
            </a>
        }
        .into_any()
    };
    let left = (at > 0).then(|| tool("left", "Move left", discover.moved(at, false)));
    let right = (at + 1 < columns.len()).then(|| tool("right", "Move right", discover.moved(at, true)));
    let remove = (columns.len() > 1).then(|| tool("remove", "Remove column", discover.toggled(column)));
    view! {
        <th scope="col" data-key=discover::name(column) aria-sort=sorted>
            {title}<span class="head-tools">{left}{right}{remove}</span>
        </th>
    }
}

fn sortable(field: Field) -> bool {
    matches!(field.kind(), Type::Text | Type::Time | Type::Bool | Type::Address | Type::Integer | Type::Float)
}

/// The pages before and after.
fn pages(state: State, discover: &Discover, standing: &Standing) -> impl IntoView + use<> {
    let newest_first = discover.sort == discover::Sort::default();
    let (before, after) = if newest_first { ("Newer", "Older") } else { ("Previous", "Next") };
    let page = |action: &'static str, text: &'static str, place: Option<Place>| match place {
        Some(place) => {
            let to = link(state, discover.at(place));
            view! { <a class="control small" data-action=action href=move || format!("{}#events", to())>{text}</a> }
                .into_any()
        }
        None => view! { <span class="control small off" aria-hidden="true">{text}</span> }.into_any(),
    };
    let is_first = discover.place == Place::First;
    let first = (!is_first).then(|| page("first", if newest_first { "Newest" } else { "First" }, Some(Place::First)));
    view! {
        <nav class="pages" aria-label="Pages">
            {first}
            {page("before", before, standing.previous.clone().filter(|_| !is_first).map(Place::Before))}
            {page("after", after, standing.next.clone().filter(|_| !standing.looks_on()).map(Place::After))}
        </nav>
    }
}

/// All events that are found, as files.
fn exports(state: State) -> AnyView {
    let href = move |ending: &str| {
        let discover = Discover { field: None, limit: None, ..state.discover.get().first() };
        let view = load::view(state);
        discover.href(&view, &format!("{PATH}.{ending}"))
    };
    let raw = move |ending: &str| {
        let discover =
            Discover { field: None, limit: None, raw: true, integrity: true, ..state.discover.get().first() };
        discover.href(&load::view(state), &format!("{PATH}.{ending}"))
    };
    let share = state.who.with_value(|who| !who.open).then(|| {
        let href = move || super::frame::share(&state.href(&load::view(state)));
        view! { <a data-action="share" href=href>"Share…"</a> }
    });
    let file = |kind: &'static str, label: &'static str| {
        view! { <a data-export=kind rel="external" download="" href=move || href(kind)>{label}</a> }.into_any()
    };
    view! {
        <details class="popover" data-role="export">
            <summary class="control small">"Export"</summary>
            <div class="popover-body menu">
                {file("csv", "CSV, all rows")}
                {file("ndjson", "NDJSON, all rows")}
                <a data-export="raw" rel="external" download="" href=move || raw("ndjson")>"NDJSON with raw events"</a>
                <a data-export="json" rel="external" href=move || href("json")>"JSON, by pages"</a>
                <button
                    type="button"
                    class="needs-scripts"
                    data-action="copy-link"
                    data-close=""
                    on:click=move |_| browser::copy(&state.href(&state.view.get_untracked()))
                >
                    "Copy link"
                </button>
                {share}
            </div>
        </details>
    }
    .into_any()
}
