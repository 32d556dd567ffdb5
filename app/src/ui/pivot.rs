//! Counts over time as a table that reads: a row for each bucket, a column for each group.

use model::{
    chart::format,
    field::{Field, Kind},
    series::{Cell, Column, Table},
};

/// `event_time, group, events` turned: newest bucket first, the largest group first, zero where nothing happened.
pub fn pivot(table: &Table, by: Option<Field>) -> Table {
    let (Some(by), Some(time)) = (by, table.column(Field::EventTime.key())) else { return table.clone() };
    let mut groups: Vec<(Cell, f64)> = Vec::new();
    let mut times: Vec<Cell> = Vec::new();
    for row in &table.rows {
        let (group, count) = (table.cell(row, by.key()), count(table, row));
        match groups.iter_mut().find(|(known, _)| known == group) {
            Some((_, total)) => *total += count,
            None => groups.push((group.clone(), count)),
        }
        if let Some(at) = row.get(time).filter(|at| !times.contains(at)) {
            times.push(at.clone());
        }
    }
    // The rest beyond the top comes last, however large.
    groups.sort_by(|a, b| a.0.is_rest().cmp(&b.0.is_rest()).then(b.1.total_cmp(&a.1)));
    times.sort_by_key(|at| std::cmp::Reverse(if let Cell::Time(at) = at { at.0 } else { 0 }));
    let rows = times.iter().map(|at| row(table, time, by, at, &groups)).collect();
    let head = table.columns.get(time).cloned();
    let columns = head.into_iter().chain(groups.iter().enumerate().map(|(at, (group, _))| Column {
        key: format!("group_{at}"),
        kind: Kind::Integer,
        label: if group.is_rest() { "Other".to_owned() } else { format::group(by, group) },
    }));
    Table { columns: columns.collect(), rows, total: table.total, truncated: table.truncated }
}

fn row(table: &Table, time: usize, by: Field, at: &Cell, groups: &[(Cell, f64)]) -> Vec<Cell> {
    let of_bucket: Vec<_> = table.rows.iter().filter(|row| row.get(time) == Some(at)).collect();
    let counts = groups.iter().map(|(group, _)| {
        let rows = of_bucket.iter().filter(|row| table.cell(row, by.key()) == group);
        Cell::Int(rows.map(|row| count(table, row)).sum::<f64>() as i64)
    });
    std::iter::once(at.clone()).chain(counts).collect()
}

fn count(table: &Table, row: &[Cell]) -> f64 {
    table.cell(row, "events").number().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use model::time::Timestamp;

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
        let turned = pivot(&table, Some(Field::Outcome));
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
