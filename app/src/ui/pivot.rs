//! Amounts over time as a table that reads: a row for each bucket, a column for each group.

use model::{
    field::{Field, Kind},
    order::sort_by,
    panel::Panel,
    series::{Cell, Column, Table},
};

/// `event_time, group, amount` turned: newest bucket first, the largest group first, zero where nothing happened.
pub fn pivot(panel: &Panel, table: &Table) -> Table {
    let (Some(by), Some(time)) = (panel.by.first().copied(), table.column(Field::EventTime.key())) else {
        return table.clone();
    };
    let main = panel.main();
    let key = main.key();
    let mut groups: Vec<(Cell, f64)> = Vec::new();
    let mut times: Vec<Cell> = Vec::new();
    for row in &table.rows {
        let (group, amount) = (table.cell(row, by.key()), table.cell(row, &key).number().unwrap_or(0.0));
        match groups.iter_mut().find(|(known, _)| known == group) {
            Some((_, total)) => *total += amount,
            None => groups.push((group.clone(), amount)),
        }
        if let Some(at) = row.get(time).filter(|at| !times.contains(at)) {
            times.push(at.clone());
        }
    }
    // The rest beyond the top comes last, however large.
    sort_by(&mut groups, |a, b| a.0.is_rest().cmp(&b.0.is_rest()).then(b.1.total_cmp(&a.1)));
    let at = |cell: &Cell| if let Cell::Time(at) = cell { at.0 } else { 0 };
    sort_by(&mut times, |a, b| at(b).cmp(&at(a)));
    let nothing = if main.kind() == Kind::Integer { Cell::Int(0) } else { Cell::Null };
    let row = |at: &Cell| {
        let amount = |(group, _): &(Cell, f64)| {
            let found = table.rows.iter().find(|row| row.get(time) == Some(at) && table.cell(row, by.key()) == group);
            found.map_or(&nothing, |row| table.cell(row, &key)).clone()
        };
        std::iter::once(at.clone()).chain(groups.iter().map(amount)).collect()
    };
    let rows = times.iter().map(row).collect();
    // Shares and rates are written by their key.
    let column = |(at, (group, _)): (usize, &(Cell, f64))| Column {
        key: if main.kind() == Kind::Float { key.clone().into_owned() } else { format!("group_{at}") },
        kind: main.kind(),
        label: if group.is_rest() { "Other".to_owned() } else { panel.group_name(by, group) },
    };
    let head = table.columns.get(time).cloned();
    let columns = head.into_iter().chain(groups.iter().enumerate().map(column)).collect();
    Table { columns, rows, total: table.total, truncated: table.truncated }
}

#[cfg(test)]
mod tests {
    use model::{dashboard, time::Timestamp};

    use super::*;

    #[test]
    fn groups_become_columns() {
        let column = |key: &str, kind| Column { key: key.into(), kind, label: key.into() };
        let row =
            |at, group: &str, events| vec![Cell::Time(Timestamp(at)), Cell::Text(group.into()), Cell::Int(events)];
        let table = Table {
            columns: vec![
                column("event_time", Kind::Time),
                column("outcome", Kind::Text),
                column("events", Kind::Integer),
            ],
            rows: vec![row(0, "failure", 1), row(0, "success", 5), row(60, "success", 7), row(60, "other", 90)],
            total: 103,
            truncated: false,
        };
        let panel = &dashboard::dashboard("overview").and_then(|of| of.tile("events-by-outcome")).expect("there").panel;
        let turned = pivot(panel, &table);
        let labels: Vec<_> = turned.columns.iter().map(|column| column.label.as_str()).collect();
        assert_eq!(labels, ["event_time", "Success", "Failure", "Other"]);
        let row = |at, counts: [i64; 3]| {
            let mut row = vec![Cell::Time(Timestamp(at))];
            row.extend(counts.map(Cell::Int));
            row
        };
        assert_eq!(turned.rows, [row(60, [7, 0, 90]), row(0, [5, 1, 0])]);
    }
}
