//! One page of events, with its place in the whole list.

use model::{
    discover::{Cursor, PAGE_ROWS, PLACE},
    error::Error,
    field::Kind,
    filter::Target,
    series::{Cell, Column, Detail, PanelName, Series, Table},
    time::Timestamp,
};
use sqlx::{Row, postgres::PgRow};
use time::OffsetDateTime;

use super::{
    super::{read, session::Session},
    Failure,
    ask::{Ask, From, Keyset},
    look::{self, Looked, Patience},
    sql::{self, Way},
};

/// The rows that are asked for, how many there are in all, and where to go on. All from one snapshot.
pub async fn read(session: &mut Session, ask: &Ask, patience: Patience) -> Result<Series, Failure> {
    let page = page(session, ask, patience).await?;
    let first = page.rows.first().map(|row| place(row, ask)).transpose()?;
    let (total, offset) = counted(session, ask, &page, first.as_ref()).await?;
    let last = page.rows.last().map(|row| place(row, ask)).transpose()?;
    let looked = page.looked.and_then(|looked| looked.to);
    let next = match looked {
        Some(looked) if !page.more_after => Some(Cursor::at(ask.now, looked)),
        _ => last.filter(|_| page.more_after),
    };
    let previous = first.filter(|_| page.more_before);
    let rows = page.rows.iter().map(|row| cells(row, ask)).collect::<Result<Vec<_>, _>>()?;
    let truncated = (rows.len() as i64) < total || looked.is_some();
    Ok(Series {
        panel: PanelName { id: "discover".to_owned(), title: "Discover".to_owned() },
        window: ask.window,
        previous: None,
        filter: ask.filter.clone(),
        bucket_ms: None,
        table: Table { columns: ask.heads(), rows, total, truncated },
        details: vec![Detail { id: PLACE.to_owned(), table: standing(offset, next, previous, looked) }],
        last_event: session.last_event().await?,
        took_ms: 0,
    })
}

/// How many events there are, and how many of them stand before the page; only the page's, where counting takes too long.
async fn counted(
    session: &mut Session,
    ask: &Ask,
    page: &Page,
    first: Option<&Cursor>,
) -> Result<(i64, Option<i64>), Failure> {
    let rows = page.rows.len() as i64;
    if let Some(looked) = page.looked {
        return Ok(looked.total.map_or((rows, None), |total| (total, Some(0))));
    }
    if !page.more_before && !page.more_after {
        return Ok((rows, Some(0)));
    }
    if !page.more_before && matches!(ask.from, From::First) {
        return Ok((total(session, ask, page.rows.first()).await?, Some(0)));
    }
    // An empty page stands behind the place that it was asked for.
    let before = match (first, &ask.from) {
        (Some(first), _) => Some(keyset(ask, first)?),
        (None, From::After(from)) => Some(from.clone()),
        (None, _) => None,
    };
    let counted = session.fetch(&mut sql::count(ask, before.as_ref())).await?;
    match counted.first() {
        Some(row) => Ok((row.try_get(0)?, Some(row.try_get(1)?))),
        None => Ok((0, Some(0))),
    }
}

/// How many events there are, as the first row tells or by a statement of its own.
async fn total(session: &mut Session, ask: &Ask, first: Option<&PgRow>) -> Result<i64, Failure> {
    match first {
        Some(row) if row_at(row, "total").is_ok() => Ok(row.try_get("total")?),
        _ => {
            let counted = session.fetch(&mut sql::count_all(ask)).await?;
            Ok(counted.first().map_or(Ok(0), |row| row.try_get(0))?)
        }
    }
}

struct Page {
    rows: Vec<PgRow>,
    more_before: bool,
    more_after: bool,
    /// Where it was looked for in slices.
    looked: Option<Looked>,
}

async fn page(session: &mut Session, ask: &Ask, patience: Patience) -> Result<Page, Failure> {
    let limit = ask.limit.unwrap_or(PAGE_ROWS) as usize;
    match &ask.from {
        From::First => on(session, ask, None, limit, patience).await,
        From::After(from) => on(session, ask, Some(from), limit, patience).await,
        From::Before(from) => {
            let (rows, more_before) = side(session, ask, Some(from), Way::Back, limit).await?;
            Ok(Page { rows, more_before, more_after: true, looked: uncounted(session, ask, patience).await? })
        }
        From::Around(id) => {
            let middle = Some(middle(session, ask, id).await?);
            let (mut rows, more_before) = side(session, ask, middle.as_ref(), Way::Back, limit / 2).await?;
            let (rest, more_after) = side(session, ask, middle.as_ref(), Way::OnWithIt, limit - limit / 2).await?;
            rows.extend(rest);
            Ok(Page { rows, more_before, more_after, looked: uncounted(session, ask, patience).await? })
        }
    }
}

/// The page after a place, or the first one.
async fn on(
    session: &mut Session,
    ask: &Ask,
    from: Option<&Keyset>,
    limit: usize,
    patience: Patience,
) -> Result<Page, Failure> {
    let more_before = from.is_some();
    if let Some((rows, more_after, looked)) = look::back(session, ask, from, limit, patience).await? {
        return Ok(Page { rows, more_before, more_after, looked: Some(looked) });
    }
    let (rows, more_after) = side(session, ask, from, Way::On, limit).await?;
    Ok(Page { rows, more_before, more_after, looked: None })
}

/// That nobody counts what is in a window that is too wide for it.
async fn uncounted(session: &mut Session, ask: &Ask, patience: Patience) -> Result<Option<Looked>, Failure> {
    Ok(look::is_wide(session, ask, patience).await?.then(Looked::default))
}

/// Rows on one side of a place, in the order of the list, and whether there are more.
pub async fn side(
    session: &mut Session,
    ask: &Ask,
    from: Option<&Keyset>,
    way: Way,
    limit: usize,
) -> Result<(Vec<PgRow>, bool), Failure> {
    let mut statement = sql::page(ask, from, way, limit as i64 + 1);
    let mut rows = session.fetch_joined(&mut statement, sql::source(ask).joins_of_chosen()).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    if way == Way::Back {
        rows.reverse();
    }
    Ok((rows, more))
}

/// Where the event of this id stands.
async fn middle(session: &mut Session, ask: &Ask, id: &str) -> Result<Keyset, Failure> {
    let found = session.fetch(&mut sql::place_of(ask, id)).await?;
    let unknown = || Failure::Reader(Error::not_found("There is no such event."));
    let row = found.first().ok_or_else(unknown)?;
    keyset(ask, &place(row, ask)?)
}

fn keyset(ask: &Ask, cursor: &Cursor) -> Result<Keyset, Failure> {
    Keyset::new("around", cursor, ask.sort).map_err(Failure::Reader)
}

/// The row's place in the list.
pub fn place(row: &PgRow, ask: &Ask) -> Result<Cursor, sqlx::Error> {
    let time: OffsetDateTime = row.try_get("time")?;
    let value = match ask.by_time() {
        true => None,
        false => text(&read::cell(row, row_at(row, "sorted")?, ask.sort.field.kind())?),
    };
    Ok(Cursor {
        now: ask.now,
        time_us: (time.unix_timestamp_nanos() / 1000) as i64,
        event_id: row.try_get("id")?,
        value,
    })
}

/// A cell as `Keyset::new` reads it.
fn text(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Null | Cell::Time(_) | Cell::List(_) => None,
        Cell::Text(text) => Some(text.clone()),
        Cell::Int(number) => Some(number.to_string()),
        Cell::Float(number) => Some(number.to_string()),
        Cell::Bool(yes) => Some(yes.to_string()),
    }
}

/// The cells that are asked for, and the event as it was delivered if that is asked for, too.
pub fn cells(row: &PgRow, ask: &Ask) -> Result<Vec<Cell>, sqlx::Error> {
    let document = match row_at(row, "document") {
        Ok(at) => serde_json::from_str(row.try_get(at)?).unwrap_or(serde_json::Value::Null),
        Err(_) => serde_json::Value::Null,
    };
    let mut cells = Vec::with_capacity(ask.columns.len() + 2);
    for (at, column) in ask.columns.iter().enumerate() {
        cells.push(match column {
            Target::Field(field) => read::cell(row, row_at(row, &format!("c{at}"))?, field.kind())?,
            Target::Path(path) => at_path(&document, path),
            Target::Event => Cell::Null,
        });
    }
    if ask.integrity {
        cells.push(row.try_get::<Option<String>, _>("integrity")?.map_or(Cell::Null, Cell::Text));
    }
    if ask.raw {
        cells.push(Cell::Text(row.try_get("delivered")?));
    }
    Ok(cells)
}

pub fn row_at(row: &PgRow, name: &str) -> Result<usize, sqlx::Error> {
    use sqlx::Column as _;
    let found = row.columns().iter().position(|column| column.name() == name);
    found.ok_or_else(|| sqlx::Error::ColumnNotFound(name.to_owned()))
}

/// What stands at a path, as text: lists on the way and at its end count as their elements, as in filters.
fn at_path(document: &serde_json::Value, path: &[String]) -> Cell {
    use serde_json::Value;
    fn elements(value: &Value) -> &[Value] {
        value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice)
    }
    let mut found = vec![document];
    for segment in path {
        found = found.into_iter().filter_map(|value| value.as_object()?.get(segment)).flat_map(elements).collect();
    }
    let texts: Vec<_> = found
        .into_iter()
        .filter_map(|value| match value {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        })
        .collect();
    match texts.len() {
        0 => Cell::Null,
        1 => texts.into_iter().next().map_or(Cell::Null, Cell::Text),
        _ => Cell::List(texts),
    }
}

fn standing(offset: Option<i64>, next: Option<Cursor>, previous: Option<Cursor>, looked: Option<Timestamp>) -> Table {
    let column = |key: &str, kind| Column { key: key.to_owned(), kind, label: key.to_owned() };
    let cell = |cursor: Option<Cursor>| cursor.map_or(Cell::Null, |cursor| Cell::Text(cursor.to_string()));
    Table {
        columns: vec![
            column("offset", Kind::Integer),
            column("after", Kind::Text),
            column("before", Kind::Text),
            column("looked", Kind::Time),
        ],
        rows: vec![vec![
            offset.map_or(Cell::Null, Cell::Int),
            cell(next),
            cell(previous),
            looked.map_or(Cell::Null, Cell::Time),
        ]],
        ..Table::default()
    }
}
