//! Rows of Postgres to cells.

use model::{
    field::Kind,
    series::{Cell, Table},
    time::Timestamp,
};
use sqlx::{Row, postgres::PgRow};
use time::OffsetDateTime;

use super::sql::{Statement, Tail};

/// A value by the kind of its column.
pub fn cell(row: &PgRow, at: usize, kind: Kind) -> Result<Cell, sqlx::Error> {
    let cell = match kind {
        Kind::Text | Kind::Address => row.try_get::<Option<String>, _>(at)?.map(Cell::Text),
        Kind::Time => row.try_get::<Option<OffsetDateTime>, _>(at)?.map(|at| Cell::Time(timestamp(at))),
        Kind::Bool => row.try_get::<Option<bool>, _>(at)?.map(Cell::Bool),
        Kind::Integer => row.try_get::<Option<i64>, _>(at)?.map(Cell::Int),
        Kind::Float => row.try_get::<Option<f64>, _>(at)?.map(Cell::Float),
        Kind::List => row.try_get::<Option<Vec<String>>, _>(at)?.map(Cell::List),
    };
    Ok(cell.unwrap_or(Cell::Null))
}

/// Milliseconds since 1970, rounded down.
pub fn timestamp(at: OffsetDateTime) -> Timestamp {
    let at_ms = at.unix_timestamp_nanos().div_euclid(1_000_000);
    Timestamp(i64::try_from(at_ms).expect("a year of four digits fits in 64 bits of milliseconds"))
}

/// The table that `rows`, the answer to `statement`, are.
pub fn table(statement: &Statement, rows: &[PgRow]) -> Result<Table, sqlx::Error> {
    let width = statement.columns.len();
    let total_at = match statement.tail {
        Tail::Nothing => None,
        Tail::Total | Tail::TotalAndCut => Some(width),
        Tail::OtherAndTotal => Some(width + 1),
    };
    let total = match (total_at, rows.first()) {
        (Some(at), Some(row)) => row.try_get(at)?,
        _ => 0,
    };
    let cut = match (statement.tail, rows.first()) {
        (Tail::TotalAndCut, Some(row)) => row.try_get(width + 1)?,
        _ => false,
    };
    let shown = statement.limit.unwrap_or(rows.len()).min(rows.len());
    let cells = rows[..shown].iter().map(|row| cells(statement, row)).collect::<Result<_, _>>()?;
    Ok(Table { columns: statement.columns.clone(), rows: cells, total, truncated: cut || shown < rows.len() })
}

fn cells(statement: &Statement, row: &PgRow) -> Result<Vec<Cell>, sqlx::Error> {
    let columns = &statement.columns;
    let mut cells = Vec::with_capacity(columns.len());
    for (at, column) in columns.iter().enumerate() {
        cells.push(cell(row, at, column.kind)?);
    }
    if statement.tail == Tail::OtherAndTotal && row.try_get(columns.len())? {
        // The first group is the time bucket.
        cells[1..statement.groups].fill(Cell::Text("other".to_owned()));
    }
    Ok(cells)
}
