//! What Discover shows beside the view: columns, order, and the place in the list. It stands in the same address, in
//! parameters of its own, and this is their one codec.
//!
//! | parameter | means |
//! |---|---|
//! | `columns` | fields and paths, comma-separated: `event_time,actor,requestParameters.bucketName` |
//! | `sort` | a field and the way: `event_time:desc`, `actor:asc` |
//! | `limit` | rows at most |
//! | `field` | the field whose values the list of fields shows |
//! | `raw` | `true`: exports carry each event as it was delivered |
//! | `integrity` | `true`: exports tell what CloudTrail's digests say about each event's log file |
//! | `after`, `before` | the rows after or before a place in the list, as an answer names it |
//! | `around` | the rows around an event, by its id |

mod cursor;

use std::sync::LazyLock;

use crate::{
    dashboard::Dashboard,
    error::Error,
    field::{Field, Kind},
    filter::{self, Ast, Pattern, Target, Term},
    series::{Cell, Series},
    time::Timestamp,
    view::{View, encoded},
};

pub use cursor::Cursor;

// Read as it stands: upgrades and validation would go into the browser's program.
static DASHBOARD: LazyLock<Dashboard> =
    LazyLock::new(|| serde_json::from_str(include_str!("events.json")).expect("it is tested to be valid"));

/// The page's own panel, events over time, as a dashboard of one: it has an address, exports and a menu like any other.
pub fn dashboard() -> &'static Dashboard {
    &DASHBOARD
}

/// Where the page is.
pub const PATH: &str = "/discover";
/// Rows of a page unless the address says how many; more than a page can show are for exports.
pub const PAGE_ROWS: u32 = 50;
pub const MOST_PAGE_ROWS: u32 = 500;
/// Rows of a JSON answer unless the address says how many.
pub const JSON_ROWS: u32 = 100;
pub const MOST_JSON_ROWS: u32 = 10_000;
/// Most columns that an address may name.
const MOST_COLUMNS: usize = 100;

/// The columns while the address names none.
pub const COLUMNS: [Field; 8] = [
    Field::EventTime,
    Field::Actor,
    Field::EventName,
    Field::EventSource,
    Field::Outcome,
    Field::SourceIp,
    Field::AwsRegion,
    Field::Account,
];

/// Ties of any order are in the order of time, the newest first, and then of ids: a total order, so that pages never
/// overlap. Events without a value come last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    pub field: Field,
    pub descending: bool,
}

impl Default for Sort {
    fn default() -> Sort {
        Sort { field: Field::EventTime, descending: true }
    }
}

/// Which rows of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    #[default]
    First,
    After(Cursor),
    Before(Cursor),
    /// The event of this id in the middle.
    Around(String),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discover {
    /// Empty: the usual ones of the page or of the export.
    pub columns: Vec<Target>,
    pub sort: Sort,
    pub limit: Option<u32>,
    /// The field whose values are shown in the list of fields.
    pub field: Option<Field>,
    pub raw: bool,
    pub integrity: bool,
    pub place: Place,
}

impl Discover {
    /// Reads a query string (without `?`). What cannot be read is left out and reported; other parameters are ignored.
    pub fn from_query(query: &str) -> (Discover, Vec<Error>) {
        let (mut discover, mut errors) = (Discover::default(), Vec::new());
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            if let Err(error) = discover.read(&key, &value) {
                errors.push(error);
            }
        }
        (discover, errors)
    }

    fn read(&mut self, key: &str, value: &str) -> Result<(), Error> {
        match key {
            "columns" => self.columns = read_columns(value)?,
            "sort" => self.sort = read_sort(value)?,
            "limit" => {
                let limit = value.parse().ok().filter(|limit| *limit > 0);
                self.limit = Some(limit.ok_or_else(|| Error::invalid("limit", "Expected a number of rows, from 1."))?);
            }
            "field" if value.is_empty() => self.field = None,
            "field" => self.field = Some(read_field("field", value)?),
            "raw" => self.raw = read_switch("raw", value)?,
            "integrity" => self.integrity = read_switch("integrity", value)?,
            "after" => self.place = Place::After(Cursor::parse("after", value)?),
            "before" => self.place = Place::Before(Cursor::parse("before", value)?),
            "around" if value.contains('\0') => return Err(Error::invalid("around", "No event has such an id.")),
            "around" => self.place = Place::Around(value.to_owned()),
            _ => {}
        }
        Ok(())
    }

    /// The canonical query string, without `?`; empty for the default. `from_query` is its inverse.
    pub fn to_query(&self) -> String {
        let mut pairs = Vec::new();
        let mut add = |key: &str, value: &str| pairs.push(format!("{key}={}", encoded(value)));
        if !self.columns.is_empty() {
            add("columns", &self.columns.iter().map(name).collect::<Vec<_>>().join(","));
        }
        if self.sort != Sort::default() {
            add("sort", &self.sort.text());
        }
        if let Some(limit) = self.limit {
            add("limit", &limit.to_string());
        }
        if let Some(field) = self.field {
            add("field", field.key());
        }
        if self.raw {
            add("raw", "true");
        }
        if self.integrity {
            add("integrity", "true");
        }
        match &self.place {
            Place::First => {}
            Place::After(cursor) => add("after", &cursor.to_string()),
            Place::Before(cursor) => add("before", &cursor.to_string()),
            Place::Around(id) => add("around", id),
        }
        pairs.join("&")
    }

    /// `path` with these parameters, for `View::href` to add the view's.
    pub fn path(&self, path: &str) -> String {
        let query = self.to_query();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    /// `path` with these parameters and those of the view.
    pub fn href(&self, view: &View, path: &str) -> String {
        view.href(&self.path(path))
    }

    /// The same list from its beginning.
    #[must_use]
    pub fn first(&self) -> Discover {
        self.at(Place::First)
    }

    #[must_use]
    pub fn at(&self, place: Place) -> Discover {
        Discover { place, ..self.clone() }
    }

    /// The columns of the page.
    pub fn shown(&self) -> Vec<Target> {
        if self.columns.is_empty() { COLUMNS.map(Target::Field).into() } else { self.columns.clone() }
    }

    /// With these columns; the usual ones need not be named.
    #[must_use]
    pub fn with_columns(&self, columns: Vec<Target>) -> Discover {
        let usual = columns == COLUMNS.map(Target::Field);
        Discover { columns: if usual { Vec::new() } else { columns }, ..self.clone() }
    }

    /// With the column added as the last, or taken away if it is there. The last one stays.
    #[must_use]
    pub fn toggled(&self, column: &Target) -> Discover {
        let mut columns = self.shown();
        match columns.iter().position(|shown| shown == column) {
            Some(_) if columns.len() == 1 => {}
            Some(at) => {
                columns.remove(at);
            }
            None => columns.push(column.clone()),
        }
        self.with_columns(columns)
    }

    /// With the column at `at` moved by one to the right or to the left, where there is room.
    #[must_use]
    pub fn moved(&self, at: usize, right: bool) -> Discover {
        let mut columns = self.shown();
        let to = if right { at + 1 } else { at.wrapping_sub(1) };
        if at < columns.len() && to < columns.len() {
            columns.swap(at, to);
        }
        self.with_columns(columns)
    }

    /// Sorted by `field`, from the beginning; the other way round if it is sorted by it already. Times and numbers are
    /// first wanted from the top, names from A.
    #[must_use]
    pub fn sorted(&self, field: Field) -> Discover {
        let descending = match self.sort.field == field {
            true => !self.sort.descending,
            false => matches!(field.kind(), Kind::Time | Kind::Integer | Kind::Float),
        };
        Discover { sort: Sort { field, descending }, ..self.first() }
    }
}

impl Sort {
    fn text(self) -> String {
        format!("{}:{}", self.field.key(), if self.descending { "desc" } else { "asc" })
    }
}

/// As in the address and at the head of a column: a field's key, or the path.
pub fn name(column: &Target) -> String {
    filter::print_target(column)
}

/// As a person reads it at the head of a column.
pub fn label(column: &Target) -> String {
    match column {
        Target::Field(field) => field.label().to_owned(),
        Target::Path(_) | Target::Event => name(column),
    }
}

fn read_switch(key: &str, value: &str) -> Result<bool, Error> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Error::invalid(key, "Write true or false.")),
    }
}

fn read_columns(text: &str) -> Result<Vec<Target>, Error> {
    let mut columns = Vec::new();
    for name in split(text).into_iter().map(str::trim).filter(|name| !name.is_empty()) {
        let column = read_column(name)?;
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    if columns.len() > MOST_COLUMNS {
        return Err(Error::invalid("columns", format!("At most {MOST_COLUMNS} columns.")));
    }
    Ok(columns)
}

/// At the commas that stand in no quotes.
fn split(text: &str) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(|c| {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            ',' => return !quoted,
            _ => {}
        }
        false
    })
    .collect()
}

/// A name is one of the filter language, which tells what it probably means when it is misspelt.
fn read_column(name: &str) -> Result<Target, Error> {
    match filter::parse(&format!("{name}:*")) {
        Ok(Ast::Term(Term { target, pattern: Pattern::Exists })) => Ok(target),
        Ok(_) => Err(Error::invalid("columns", format!("{name} is neither a field nor a path."))),
        Err(error) => Err(Error::invalid("columns", error.message)),
    }
}

fn read_sort(text: &str) -> Result<Sort, Error> {
    let (key, way) = text.rsplit_once(':').unwrap_or((text, "asc"));
    let descending = match way {
        "asc" => false,
        "desc" => true,
        _ => return Err(Error::invalid("sort", "After the field comes :asc or :desc, for example event_time:desc.")),
    };
    Ok(Sort { field: read_field("sort", key)?, descending })
}

fn read_field(parameter: &str, key: &str) -> Result<Field, Error> {
    match read_column(key) {
        Ok(Target::Field(field)) => Ok(field),
        Ok(_) => Err(Error::invalid(parameter, format!("{key} is no field."))),
        Err(error) => Err(Error::invalid(parameter, error.message)),
    }
}

/// What an answer says of its place in the list, in a detail of this id.
pub const PLACE: &str = "place";

/// Where a page of events stands in the whole list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Events before the first row. `None`: nobody counted them, and the table's total is that of the page.
    pub offset: Option<i64>,
    pub next: Option<Cursor>,
    pub previous: Option<Cursor>,
    /// How far back was looked, where it was not to the end of the range: the total counts what is found on this side of it.
    pub looked: Option<Timestamp>,
}

impl Standing {
    /// Of an answer: it is told in the detail `PLACE`.
    pub fn of(series: &Series) -> Standing {
        let Some(table) = series.detail(PLACE) else { return Standing::default() };
        let row = table.rows.first().map(Vec::as_slice).unwrap_or_default();
        let cursor = |key: &str| Cursor::parse(key, table.cell(row, key).text()?).ok();
        let offset = table.cell(row, "offset").number().map(|offset| offset as i64);
        let looked = match table.cell(row, "looked") {
            Cell::Time(time) => Some(*time),
            _ => None,
        };
        Standing { offset, next: cursor("after"), previous: cursor("before"), looked }
    }

    /// Whether what comes next is not known to be there, but only not looked for yet.
    pub fn looks_on(&self) -> bool {
        self.next.as_ref().is_some_and(Cursor::is_moment)
    }
}

/// A field's values, each with how many events have it.
pub fn values(series: &Series) -> impl Iterator<Item = (&Cell, i64)> {
    series.table.rows.iter().filter_map(|row| match row.as_slice() {
        [value, Cell::Int(events)] => Some((value, *events)),
        _ => None,
    })
}

/// What an answer to a field's values says of all of them, in a detail of this id: `present` and `distinct`.
pub const COUNTS: &str = "counts";

/// Of all events, how many have the field, and how many values it has.
pub fn counts(series: &Series) -> (i64, i64) {
    let count = |key: &str| {
        let table = series.detail(COUNTS)?;
        match table.cell(table.rows.first()?, key) {
            Cell::Int(count) => Some(*count),
            _ => None,
        }
    };
    (count("present").unwrap_or(0), count("distinct").unwrap_or(0))
}

#[cfg(test)]
mod tests;
