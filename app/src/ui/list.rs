//! Events, newest first; a row opens to its fields and the raw event.

use std::collections::BTreeSet;

use leptos::prelude::*;
use model::{
    field::Field,
    series::{Cell, Series, Table},
    time::Timestamp,
};

use super::{event, icon, message, value::Value, zone};
use crate::{api, state::use_state};

/// The ids of the opened events: they stay open when the list is loaded again.
pub type Opened = RwSignal<BTreeSet<String>>;

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

pub fn list(series: &Series, now: Option<Timestamp>, opened: Opened) -> impl IntoView + use<> {
    let state = use_state();
    let table = &series.table;
    let rows: Vec<_> = table.rows.iter().map(|row| entry(table, row, now, opened).into_any()).collect();
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
}

/// A row and, while it is open, the event below it.
fn entry(table: &Table, row: &[Cell], now: Option<Timestamp>, opened: Opened) -> impl IntoView + use<> {
    let state = use_state();
    let cell = |field: Field| table.cell(row, field.key()).clone();
    let id = cell(Field::EventId).text().unwrap_or_default().to_owned();
    let failed = cell(Field::Outcome).text() == Some("failure");
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
    let alone = format!("/event/{}", form_urlencoded::byte_serialize(id.as_bytes()).collect::<String>());
    let detail = move || is_open.get().then(|| opened_row(id.clone()).into_any());
    view! {
        <tr data-row="" class:failed=failed class:open=move || is_open.get()>
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
            </td>
            <td data-key="event_time">
                <a class="value" href=move || state.view.get().href(&alone)>
                    {time(&cell(Field::EventTime), now)}
                </a>
            </td>
            <td data-key="actor">
                <Value field=Field::Actor cell=cell(Field::Actor)/>
                {extra(Field::Session, cell(Field::Session))}
            </td>
            <td data-key="event_name"><Value field=Field::EventName cell=cell(Field::EventName)/></td>
            <td data-key="event_source"><Value field=Field::EventSource cell=cell(Field::EventSource)/></td>
            <td data-key="outcome">
                <span class="outcome" class:failure=failed>
                    {if failed && !cell(Field::ErrorCode).is_null() {
                        view! { <Value field=Field::ErrorCode cell=cell(Field::ErrorCode)/> }.into_any()
                    } else {
                        view! { <Value field=Field::Outcome cell=cell(Field::Outcome)/> }.into_any()
                    }}
                </span>
            </td>
            <td data-key="source_ip">
                {source(cell(Field::SourceIp), cell(Field::SourceAddress))}
                {extra(Field::Country, cell(Field::Country))}
            </td>
            <td data-key="aws_region"><Value field=Field::AwsRegion cell=cell(Field::AwsRegion)/></td>
            <td data-key="account"><Value field=Field::Account cell=cell(Field::Account)/></td>
        </tr>
        {detail}
    }
}

fn time(cell: &Cell, now: Option<Timestamp>) -> impl IntoView + use<> {
    match cell {
        Cell::Time(time) => view! { <zone::Time time=*time now/> }.into_any(),
        _ => "–".into_any(),
    }
}

/// What is known besides, if anything.
fn extra(field: Field, cell: Cell) -> impl IntoView {
    (!cell.is_null()).then(|| view! { <span class="extra"><Value field cell/></span> })
}

/// The address, or who stands in its place: a service or `AWS Internal`.
fn source(ip: Cell, address: Cell) -> impl IntoView {
    let (field, cell) = if ip.is_null() { (Field::SourceAddress, address) } else { (Field::SourceIp, ip) };
    view! { <Value field cell/> }
}

fn opened_row(id: String) -> impl IntoView {
    let event = LocalResource::new(move || api::event_get(id.clone()));
    let content = move || {
        Suspend::new(async move {
            match event.await {
                Ok(event) => event::event(event, None).into_any(),
                Err(error) => message::error(&error.0).into_any(),
            }
        })
    };
    view! {
        <tr class="opened">
            <td colspan="9">
                <Suspense fallback=|| view! { <div class="skeleton event-skeleton"></div> }>{content}</Suspense>
            </td>
        </tr>
    }
}
