//! A table of groups: every value filters, numbers stand right, the first measure has a bar.

use std::cmp::Ordering;

use leptos::{either::Either, prelude::*};
use model::{
    chart::{format, visible},
    field::{Field, Kind},
    order::sort_by,
    panel::{Group, Panel},
    series::{Cell, Column, Series, Table},
    time::Timestamp,
};

use super::{entity, level, value::Value, zone};
use crate::state::use_state;

/// Which column the reader sorts by, and whether the largest come first. `None`: as it was delivered.
pub type Sort = RwSignal<Option<(usize, bool)>>;

/// The rows of a panel.
pub fn table(panel: StoredValue<Panel>, series: &Series, now: Option<Timestamp>, sort: Sort) -> AnyView {
    rows(panel, series.table.clone(), series.panel.title.clone(), now, sort).into_any()
}

/// Any table, under a name that is read out.
pub fn rows(
    panel: StoredValue<Panel>,
    table: Table,
    name: String,
    now: Option<Timestamp>,
    sort: Sort,
) -> impl IntoView {
    let columns = StoredValue::new(table.columns.clone());
    let main = panel.with_value(|panel| table.column(&panel.main().key()));
    let bar = main.or_else(|| {
        table.columns.iter().position(|column| column.kind == Kind::Integer && Group::from_key(&column.key).is_none())
    });
    let most = bar.map_or(0.0, |at| most(&table, at));
    let sorted = Memo::new(move |_| {
        let mut rows = table.rows.clone();
        if let Some((at, down)) = sort.get() {
            sort_by(&mut rows, |a, b| compare(a.get(at), b.get(at), down));
        }
        rows
    });
    let head = columns.with_value(|columns| {
        columns.iter().enumerate().map(|(at, column)| head(at, column, sort).into_any()).collect_view()
    });
    let body = move || {
        let row =
            |row: Vec<Cell>| columns.with_value(|columns| self::row(panel, columns, &row, bar, most, now).into_any());
        sorted.get().into_iter().map(row).collect_view()
    };
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label=format!("{name}: rows")>
            <table data-role="rows">
                <thead><tr>{head}</tr></thead>
                <tbody>{body}</tbody>
            </table>
        </div>
    }
}

fn head(at: usize, column: &Column, sort: Sort) -> impl IntoView + use<> {
    let state = use_state();
    let label = column.label.clone();
    let is_time = column.kind == Kind::Time;
    let is_number = is_number(column);
    let direction = move || match sort.get() {
        Some((sorted, true)) if sorted == at => Some("descending"),
        Some((sorted, false)) if sorted == at => Some("ascending"),
        _ => None,
    };
    // Numbers and times are first wanted from the top, names from A.
    let first = is_number || is_time;
    let click = move |_| {
        sort.update(|sort| {
            *sort = match *sort {
                Some((sorted, down)) if sorted == at && down == first => Some((at, !first)),
                Some((sorted, _)) if sorted == at => None,
                _ => Some((at, first)),
            }
        });
    };
    view! {
        <th scope="col" class:num=is_number aria-sort=direction>
            <button type="button" on:click=click>
                {label}
                {is_time.then(|| view! { <span class="unit">{move || format!(" {}", zone::name(state.local.get()))}</span> })}
            </button>
        </th>
    }
}

fn row(
    panel: StoredValue<Panel>,
    columns: &[Column],
    row: &[Cell],
    bar: Option<usize>,
    most: f64,
    now: Option<Timestamp>,
) -> impl IntoView + use<> {
    let cells = columns.iter().zip(row).enumerate().map(|(at, (column, cell))| {
        let share = (bar == Some(at) && most > 0.0).then(|| cell.number().unwrap_or(0.0) / most * 100.0);
        self::cell(panel, column, cell, share, now).into_any()
    });
    view! { <tr data-row="">{cells.collect_view()}</tr> }
}

/// One cell; `share`: how long its bar is, in percent.
fn cell(
    panel: StoredValue<Panel>,
    column: &Column,
    cell: &Cell,
    share: Option<f64>,
    now: Option<Timestamp>,
) -> impl IntoView + use<> {
    let key = column.key.clone();
    let content = match (Field::from_key(&key), cell) {
        (None, cell) if key == Group::Class.key() => panel.with_value(|panel| level::class(panel, cell)),
        (Some(field @ Field::Outcome), cell) => {
            let failed = cell.text() == Some("failure");
            view! { <span class="outcome" class:failure=failed><Value field cell=cell.clone()/></span> }.into_any()
        }
        (Some(field), cell) => view! { <Value field cell=cell.clone() now/> {entity::link(field, cell)} }.into_any(),
        (None, Cell::Time(time)) => view! { <zone::Time time=*time now/> }.into_any(),
        (None, Cell::Text(text)) => {
            let text = visible(text).into_owned();
            view! { <span class="value" title=text.clone()>{text.clone()}</span> }.into_any()
        }
        (None, cell) => format::cell(&column.key, cell).into_any(),
    };
    let bar = share.map(|share| {
        view! {
            <svg class="bar" width="100%" height="100%" aria-hidden="true" focusable="false">
                <rect x="0" y="0" height="100%" rx="2" width=format!("{share:.1}%")></rect>
            </svg>
        }
    });
    let class = match (is_number(column), share.is_some()) {
        (true, true) => "num has-bar",
        (true, false) => "num",
        _ => "",
    };
    match bar {
        Some(bar) => Either::Left(view! { <td data-key=key class=class>{bar}<span>{content}</span></td> }),
        None => Either::Right(view! { <td data-key=key class=class>{content}</td> }),
    }
}

/// Counts and shares stand right; ids that happen to be numbers do not.
fn is_number(column: &Column) -> bool {
    matches!(column.kind, Kind::Integer | Kind::Float) && column.key != Field::AsNumber.key()
}

fn most(table: &Table, at: usize) -> f64 {
    table.rows.iter().filter_map(|row| row.get(at)?.number()).fold(0.0, f64::max)
}

/// Empty cells last, whichever way.
fn compare(a: Option<&Cell>, b: Option<&Cell>, down: bool) -> Ordering {
    let (a, b) = (a.unwrap_or(&Cell::Null), b.unwrap_or(&Cell::Null));
    let order = match (a, b) {
        (Cell::Null, Cell::Null) => return Ordering::Equal,
        (Cell::Null, _) => return Ordering::Greater,
        (_, Cell::Null) => return Ordering::Less,
        (Cell::Time(a), Cell::Time(b)) => a.cmp(b),
        (Cell::Text(a), Cell::Text(b)) => a.to_ascii_lowercase().cmp(&b.to_ascii_lowercase()),
        _ => a.number().unwrap_or(0.0).total_cmp(&b.number().unwrap_or(0.0)),
    };
    if down { order.reverse() } else { order }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_cells_sort_last_both_ways() {
        let mut rows = [Cell::Null, Cell::Int(1), Cell::Int(3), Cell::Int(2)];
        rows.sort_by(|a, b| compare(Some(a), Some(b), true));
        assert_eq!(rows, [Cell::Int(3), Cell::Int(2), Cell::Int(1), Cell::Null]);
        rows.sort_by(|a, b| compare(Some(a), Some(b), false));
        assert_eq!(rows, [Cell::Int(1), Cell::Int(2), Cell::Int(3), Cell::Null]);
    }
}
