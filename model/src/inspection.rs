//! How a panel is answered, for those who want to see behind it: statements, their values, what they took and gave.

use serde::{Deserialize, Serialize};

use crate::{series::PanelName, time::Window};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inspection {
    pub panel: PanelName,
    pub window: Window,
    /// The window of equal length before, where the panel compares with it.
    pub previous: Option<Window>,
    /// The panel's filter, its switches that are on and the reader's, together.
    pub filter: String,
    /// Width of a time bucket in milliseconds, where the panel has buckets.
    pub bucket_ms: Option<i64>,
    pub statements: Vec<Statement>,
}

/// The id of the statement that is asked before the others: which rows of the tables that events share conditions hold for.
pub const CONDITIONS: &str = "conditions";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    /// Which table of the panel it fills: empty for the panel's own, else a detail's id; with ` before` that of the
    /// window before. Or `CONDITIONS`.
    pub id: String,
    pub sql: String,
    /// The values of `$1`, `$2`, … as text.
    pub binds: Vec<String>,
    pub took_ms: f64,
    /// Rows that it gave.
    pub rows: u32,
    /// Rows that it read to get them, of all tables together. Not for who may not see all of them.
    pub rows_read: Option<u64>,
    /// The tables that it read.
    pub tables: Vec<String>,
}
