//! Events, newest first; a row opens to its fields and the raw event.

use std::collections::BTreeSet;

use leptos::prelude::*;
use model::{
    discover,
    entity::Entity,
    field::Field,
    filter::Target,
    panel::{Group, Panel},
    series::{Cell, Series, Table},
    time::Timestamp,
};

use super::{
    entity, event, icon, level,
    value::{self, Value},
    zone,
};
use crate::state::use_state;

/// The ids of the opened events: they stay open when the list is loaded again.
pub type Opened = RwSignal<BTreeSet<String>>;

/// What a panel's list shows, whatever it is asked for, and how it is headed there.
const COLUMNS: [(Field, &str); 8] = [
    (Field::EventTime, "Time"),
    (Field::Actor, "Actor"),
    (Field::EventName, "Event"),
    (Field::EventSource, "Service"),
    (Field::Outcome, "Outcome"),
    (Field::SourceIp, "Source"),
    (Field::AwsRegion, "Region"),
    (Field::Account, "Account"),
];

pub fn list(panel: StoredValue<Panel>, series: &Series, now: Option<Timestamp>, opened: Opened) -> AnyView {
    let state = use_state();
    let table = &series.table;
    let columns = COLUMNS.map(|(field, _)| Target::Field(field));
    let class = |row: &[Cell]| {
        let cell = table.cell(row, Group::Class.key());
        (!cell.is_null()).then(|| panel.with_value(|panel| level::class(panel, cell)).into_any())
    };
    let row = |row: &Vec<Cell>| entry(table, row, &columns, now, opened, None, class(row)).into_any();
    let rows: Vec<_> = table.rows.iter().map(row).collect();
    let head: Vec<_> = COLUMNS
        .iter()
        .map(|(field, label)| {
            let zone = (*field == Field::EventTime)
                .then(|| view! { <span class="unit">{move || format!(" {}", zone::name(state.local.get()))}</span> });
            view! { <th scope="col" class=format!("col-{}", field.key())>{*label}{zone}</th> }.into_any()
        })
        .collect();
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label=format!("{}: rows", series.panel.title)>
            <table class="list" data-role="rows">
                <thead><tr><th scope="col" class="col-open"><span class="sr">"Open"</span></th>{head}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// A row with these columns and, while it is open, the event below it. `marked`: the id of the event that the reader
/// came from. `class`: what stands with the event's name.
pub fn entry(
    table: &Table,
    row: &[Cell],
    columns: &[Target],
    now: Option<Timestamp>,
    opened: Opened,
    marked: Option<&str>,
    mut class: Option<AnyView>,
) -> impl IntoView + use<> {
    let state = use_state();
    let get = |field: Field| table.cell(row, field.key()).clone();
    let id = get(Field::EventId).text().unwrap_or_default().to_owned();
    let failed = get(Field::Outcome).text() == Some("failure");
    let is_marked = marked == Some(&id);
    let is_open = {
        let id = id.clone();
        Memo::new(move |_| opened.with(|opened| opened.contains(&id)))
    };
    let toggle = {
        let id = id.clone();
        move |_| {
            opened.update(|opened| {
                if !opened.remove(&id) {
                    opened.insert(id.clone());
                }
            });
        }
    };
    let path = event::path(&id);
    let cells = columns.iter().map(|column| match column {
        Target::Field(Field::EventTime) => time(&get(Field::EventTime), &path, now),
        Target::Field(field) => {
            let class = if *field == Field::EventName { class.take() } else { None };
            let class = class.map(|class| view! { <span class="extra">{class}</span> });
            // One account has most of the rows.
            let entity = if *field == Field::Account { None } else { entity::link(*field, &get(*field)) };
            view! { <td data-key=field.key()>{cell(*field, &get)} {class} {entity}</td> }.into_any()
        }
        Target::Path(_) | Target::Event => {
            let name = discover::name(column);
            let text = value::short(Field::RequestId, table.cell(row, &name));
            view! { <td data-key=name><span class="value" title=text.clone()>{text.clone()}</span></td> }.into_any()
        }
    });
    let cells = cells.collect_view();
    // Without the time, something else must lead to the event's own page.
    let alone = (!columns.contains(&Target::Field(Field::EventTime))).then(|| {
        view! { <a class="open-link" href=move || state.view.get().href(&path) aria-label="The event's own page">"↗"</a> }
    });
    let count = columns.len() + 1;
    let detail = move || is_open.get().then(|| opened_row(id.clone(), count).into_any());
    view! {
        <tr
            data-row=""
            class:failed=failed
            class:marked=is_marked
            class:open=move || is_open.get()
            id=is_marked.then_some("around")
            aria-current=is_marked.then_some("true")
        >
            <td class="col-open">
                <button
                    type="button"
                    class="open-button needs-scripts"
                    data-action="open"
                    aria-label="Show the whole event"
                    aria-expanded=move || is_open.get().to_string()
                    on:click=toggle
                >
                    {icon::chevron()}
                </button>
                {alone}
            </td>
            {cells}
        </tr>
        {detail}
    }
}

/// A value, with what is known besides.
fn cell(field: Field, get: &dyn Fn(Field) -> Cell) -> AnyView {
    let value = |field: Field| view! { <Value field cell=get(field)/> }.into_any();
    match field {
        Field::Actor => {
            let (origin, session) =
                (origin(get(field), get(Field::Origin)), extra(Field::Session, get(Field::Session)));
            view! { <span class="who">{value(field)} {origin} {session}</span> }.into_any()
        }
        Field::Outcome => {
            let failed = get(Field::Outcome).text() == Some("failure");
            let code = failed && !get(Field::ErrorCode).is_null();
            let shown = if code { Field::ErrorCode } else { field };
            view! { <span class="outcome" class:failure=failed>{value(shown)}</span> }.into_any()
        }
        // The address, or who stands in its place: a service or `AWS Internal`.
        Field::SourceIp => {
            let shown = if get(field).is_null() { Field::SourceAddress } else { field };
            view! { {value(shown)} {extra(Field::Country, get(Field::Country))} }.into_any()
        }
        _ => match get(field) {
            Cell::List(texts) => items(field, texts),
            _ => value(field),
        },
    }
}

/// Several values: the first few, and how many more.
fn items(field: Field, texts: Vec<String>) -> AnyView {
    const SHOWN: usize = 2;
    let more = texts.len().saturating_sub(SHOWN);
    let item = |text| view! { <span class="item"><Value field cell=Cell::Text(text)/></span> }.into_any();
    let shown = texts.into_iter().take(SHOWN).map(item).collect_view();
    view! { {shown}{(more > 0).then(|| view! { <span class="code">{format!("+{more}")}</span> })} }.into_any()
}

/// The time leads to the event's own page.
fn time(cell: &Cell, path: &str, now: Option<Timestamp>) -> AnyView {
    let state = use_state();
    let path = path.to_owned();
    let text = match cell {
        Cell::Time(time) => view! { <zone::Time time=*time now/> }.into_any(),
        _ => "–".into_any(),
    };
    view! { <td data-key="event_time"><a class="value" href=move || state.view.get().href(&path)>{text}</a></td> }
        .into_any()
}

/// What is known besides, if anything.
fn extra(field: Field, cell: Cell) -> impl IntoView {
    (!cell.is_null()).then(|| view! { <span class="extra"><Value field cell/></span> })
}

/// Who began it, where that is somebody else than who did it: the way to the page about them.
fn origin(actor: Cell, origin: Cell) -> Option<AnyView> {
    let whose = Entity::of(Field::Origin, &origin).filter(|_| origin != actor)?;
    let (state, path) = (use_state(), whose.path());
    let href = move || entity::href(&state.view.get(), &path);
    Some(view! { <span class="origin">"by "{value::link(Field::Origin, &origin, false, href)}</span> }.into_any())
}

fn opened_row(id: String, columns: usize) -> impl IntoView {
    view! { <tr class="opened"><td colspan=columns.to_string()>{event::opened(id)}</td></tr> }
}
