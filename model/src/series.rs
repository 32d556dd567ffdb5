//! What any panel returns: tables of typed cells, with the window that they were counted in.

use serde::{Deserialize, Serialize};

use crate::{
    field::Kind,
    time::{Timestamp, Window},
};

/// One value. Externally tagged by a letter to keep the page's payload small.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Cell {
    #[serde(rename = "n")]
    Null,
    #[serde(rename = "s")]
    Text(String),
    #[serde(rename = "i")]
    Int(i64),
    #[serde(rename = "f")]
    Float(f64),
    #[serde(rename = "b")]
    Bool(bool),
    #[serde(rename = "t")]
    Time(Timestamp),
    /// Several texts, never none: that is `Null`.
    #[serde(rename = "l")]
    List(Vec<String>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// A field's key or a measure's key (with `_previous` for the window before).
    pub key: String,
    pub kind: Kind,
    pub label: String,
}

/// Rows of equal length as `columns`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Table {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
    /// All events that the panel counts in the window, also those of rows that `limit` cut off.
    pub total: i64,
    /// Whether `limit` cut rows off.
    pub truncated: bool,
}

/// A second table that a panel's drawing needs: sparkline points, cities on the map, flows, errors over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// As in the panel's spec: `timeline`, `cities`, `flows`.
    pub id: String,
    pub table: Table,
}

/// The answer to a panel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    pub panel: PanelName,
    pub window: Window,
    /// The window of equal length before, where the panel compares with it.
    pub previous: Option<Window>,
    /// The page's filter as it was understood, printed.
    pub filter: String,
    /// Width of a time bucket in milliseconds, where the panel has buckets.
    pub bucket_ms: Option<i64>,
    pub table: Table,
    pub details: Vec<Detail>,
    /// The newest of all events that the reader may see (any filter), for "the last event was …" on an empty panel.
    pub last_event: Option<Timestamp>,
    /// How long the database took, in milliseconds.
    pub took_ms: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PanelName {
    pub id: String,
    pub title: String,
}

/// The column of a panel of words: its Markdown as it was written.
pub const TEXT: &str = "text";
/// In its place on the way to a page: the same as HTML, made by the server.
pub const HTML: &str = "html";

impl Table {
    /// One column with one text, which counts no events.
    pub fn of_text(key: &str, text: String) -> Table {
        let column = Column { key: key.to_owned(), kind: Kind::Text, label: "Text".to_owned() };
        Table { columns: vec![column], rows: vec![vec![Cell::Text(text)]], ..Table::default() }
    }

    /// The text of a table that has one under `key` and nothing else.
    pub fn single_text(&self, key: &str) -> Option<&str> {
        let ([column], [row]) = (self.columns.as_slice(), self.rows.as_slice()) else { return None };
        row.first().filter(|_| column.key == key)?.text()
    }

    pub fn column(&self, key: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.key == key)
    }

    /// The cell of `row` under `key`; `Null` where there is no such column.
    pub fn cell<'a>(&'a self, row: &'a [Cell], key: &str) -> &'a Cell {
        self.column(key).and_then(|at| row.get(at)).unwrap_or(&Cell::Null)
    }
}

impl Cell {
    /// The number in it, if any: counts, ratios, coordinates.
    pub fn number(&self) -> Option<f64> {
        match self {
            Cell::Int(value) => Some(*value as f64),
            Cell::Float(value) => Some(*value),
            _ => None,
        }
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Cell::Text(value) => Some(value),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Cell::Null)
    }

    /// Over time: whether it stands for the groups beyond the top, which no filter can name.
    pub fn is_rest(&self) -> bool {
        self.text() == Some("other")
    }
}

impl Series {
    pub fn detail(&self, id: &str) -> Option<&Table> {
        self.details.iter().find(|detail| detail.id == id).map(|detail| &detail.table)
    }
}
