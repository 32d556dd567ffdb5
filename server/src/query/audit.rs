//! Panels over the audit log: asked as events are, of `access.audit_event`, and told in its own words.

use std::borrow::Cow;

use model::{dashboard::AUDIT, error::Error, series::Series};

use super::Query;
use crate::access;

/// What columns are called there. Their keys stay those of filters.
const LABELS: [(&str, &str); 12] = [
    ("request_id", "Entry"),
    ("actor", "User"),
    ("session", "Token"),
    ("source_address", "Address"),
    ("event_name", "Action"),
    ("resource", "Object"),
    ("error_message", "Detail"),
    ("events", "Actions"),
    ("failures", "Refused"),
    ("actors", "Users"),
    ("distinct_source_address", "Addresses"),
    ("class", "Kind"),
];

impl Query {
    /// The one that answers the panels of this dashboard. Errors: it is that of the audit log, which is for administrators.
    pub(super) fn of(&self, dashboard: &str) -> Result<Cow<'_, Query>, Error> {
        if dashboard != AUDIT {
            return Ok(Cow::Borrowed(self));
        }
        let (_, reader) = self.desk()?;
        access::administrates(reader)?;
        // What is kept is of events: how often those changed tells nothing of the log.
        Ok(Cow::Owned(Query { reach: self.reach.audit(), counts: None, ..self.clone() }))
    }
}

/// With the labels of the audit log.
pub fn labelled(mut series: Series) -> Series {
    let details = series.details.iter_mut().map(|detail| &mut detail.table);
    for column in [&mut series.table].into_iter().chain(details).flat_map(|table| &mut table.columns) {
        let (key, before) = match column.key.strip_suffix("_previous") {
            Some(key) => (key, ", previous"),
            None => (column.key.as_str(), ""),
        };
        if let Some((_, label)) = LABELS.iter().find(|(known, _)| *known == key) {
            column.label = [label, before].concat();
        }
    }
    series
}
