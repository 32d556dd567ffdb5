//! A dashboard: panels on a grid. The built-in ones are files of the very type that users save.

use std::{collections::BTreeSet, sync::LazyLock};

use serde::{Deserialize, Serialize};

use crate::{error::Error, filter, panel::Panel};

/// Where a panel stands: columns of twelve, and the height of its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Columns of twelve on a wide screen.
    pub columns: u32,
    /// Height of the panel's body in CSS pixels: fixed, so that nothing shifts while it loads.
    pub height: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tile {
    pub place: Place,
    pub panel: Panel,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dashboard {
    /// As in the address: `overview`.
    pub id: String,
    pub title: String,
    pub description: String,
    pub tiles: Vec<Tile>,
}

static BUILT_IN: LazyLock<Vec<Dashboard>> = LazyLock::new(|| {
    [include_str!("dashboards/overview.json")]
        .into_iter()
        .map(|text| Dashboard::from_json(text).expect("built-in dashboards are tested to be valid"))
        .collect()
});

/// The built-in dashboards, Overview first.
pub fn built_in() -> &'static [Dashboard] {
    &BUILT_IN
}

/// A dashboard of ours by its id: a built-in one, or Discover's own.
pub fn dashboard(id: &str) -> Option<&'static Dashboard> {
    built_in().iter().chain([crate::discover::dashboard()]).find(|dashboard| dashboard.id == id)
}

/// Columns of a row on a wide screen.
const COLUMNS: u32 = 12;

impl Dashboard {
    /// Reads a dashboard's file. Errors name the key or the panel that is wrong.
    pub fn from_json(text: &str) -> Result<Dashboard, Error> {
        let dashboard: Dashboard = serde_json::from_str(text).map_err(|error| invalid(error.to_string()))?;
        dashboard.validate()?;
        Ok(dashboard)
    }

    pub fn tile(&self, panel: &str) -> Option<&Tile> {
        self.tiles.iter().find(|tile| tile.panel.id == panel)
    }

    /// Whether addresses, filters and grid work. Errors name the panel that is wrong.
    pub fn validate(&self) -> Result<(), Error> {
        unique("The dashboard", "panel", self.tiles.iter().map(|tile| tile.panel.id.as_str()))?;
        for tile in &self.tiles {
            validate_panel(&tile.panel)?;
        }
        self.validate_grid()
    }

    /// Tiles fill rows of twelve columns, one after the other.
    fn validate_grid(&self) -> Result<(), Error> {
        let mut filled = 0;
        for Tile { place, panel } in &self.tiles {
            if place.columns == 0 || place.height == 0 {
                return Err(invalid(format!("Panel {}: columns and height are at least 1.", panel.id)));
            }
            filled += place.columns;
            if filled > COLUMNS {
                return Err(invalid(format!("Panel {}: its row has {filled} columns, of {COLUMNS}.", panel.id)));
            }
            filled %= COLUMNS;
        }
        match filled {
            0 => Ok(()),
            _ => Err(invalid(format!("The last row has {filled} columns, of {COLUMNS}."))),
        }
    }
}

fn invalid(message: String) -> Error {
    Error::invalid("dashboard", message)
}

fn validate_panel(panel: &Panel) -> Result<(), Error> {
    let id = &panel.id;
    let owner = format!("Panel {id}");
    unique(&owner, "switch", panel.switches.iter().map(|switch| switch.id.as_str()))?;
    unique(&owner, "detail", panel.details.iter().map(|detail| detail.id.as_str()))?;
    if panel.limit == 0 || panel.details.iter().any(|detail| detail.limit == 0) {
        return Err(invalid(format!("{owner}: a limit is at least 1.")));
    }
    let details = panel.details.iter().map(|detail| detail.filter.as_str());
    let switches = panel.switches.iter().map(|switch| switch.filter.as_str());
    for text in details.chain(switches).chain([panel.filter.as_str()]) {
        filter::parse(text).map_err(|error| invalid(format!("{owner}: filter {text}: {}", error.message)))?;
    }
    Ok(())
}

/// Ids stand in addresses: each once, of small letters, digits and `-`.
fn unique<'a>(owner: &str, what: &str, ids: impl Iterator<Item = &'a str>) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    for id in ids {
        if id.is_empty() || !id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            return Err(invalid(format!("{owner}: the {what} id {id:?} is not of small letters, digits and -.")));
        }
        if !seen.insert(id) {
            return Err(invalid(format!("{owner} has two {what}s with the id {id}.")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overview_has_the_panels_of_the_first_version() {
        let ids: Vec<_> =
            dashboard("overview").expect("overview").tiles.iter().map(|tile| tile.panel.id.as_str()).collect();
        assert_eq!(
            ids,
            [
                "key-figures",
                "access-map",
                "events-by-outcome",
                "events-by-name",
                "sign-ins",
                "sign-ins-by-region",
                "top-console-users",
                "source-addresses",
                "errors",
                "recent-events"
            ]
        );
    }

    #[test]
    fn built_in_dashboards_are_valid_and_the_same_after_their_text() {
        for dashboard in built_in() {
            assert_eq!(dashboard.validate(), Ok(()));
            let text = serde_json::to_string(dashboard).expect("a dashboard is JSON");
            assert_eq!(Dashboard::from_json(&text).as_ref(), Ok(dashboard));
        }
        unique("All", "dashboard", built_in().iter().map(|dashboard| dashboard.id.as_str())).expect("unique ids");
    }

    #[test]
    fn mistakes_are_told_by_name() {
        /// Overview with a piece of its text replaced.
        fn check(from: &str, to: &str, expected: &str) {
            let text = include_str!("dashboards/overview.json");
            assert!(text.contains(from), "{from}");
            let error = Dashboard::from_json(&text.replacen(from, to, 1)).expect_err(to);
            assert!(error.message.contains(expected), "{}", error.message);
        }
        check(r#""title""#, r#""titel""#, "unknown field `titel`");
        check(r#""mark": "map""#, r#""mark": "globe""#, "unknown variant `globe`");
        check(r#""by": ["country"]"#, r#""by": ["land"]"#, "unknown variant `land`");
        check(r#""measures": ["events"]"#, r#""measures": ["evts"]"#, "unknown variant `evts`");
        check(r#""label": "Writes only","#, r#""label": "Writes only", "default": true,"#, "unknown field `default`");
        check(r#""id": "errors""#, r#""id": "sign-ins""#, "The dashboard has two panels with the id sign-ins.");
        check(r#""id": "errors""#, r#""id": "Errors/1""#, "the panel id \"Errors/1\" is not");
        check(r#""id": "flows""#, r#""id": "cities""#, "Panel access-map has two details with the id cities.");
        check("outcome:failure", "outcom:failure", "Panel errors: filter outcom:failure: There is no field outcom.");
        check(
            "not read_only:true",
            "not read_only:yes",
            "Panel recent-events: filter not read_only:yes: read_only takes",
        );
        check(r#""columns": 4"#, r#""columns": 5"#, "Panel events-by-outcome: its row has 13 columns, of 12.");
        check(
            r#""columns": 12, "height": 560"#,
            r#""columns": 11, "height": 560"#,
            "The last row has 11 columns, of 12.",
        );
        check(r#""limit": 20"#, r#""limit": 0"#, "Panel top-console-users: a limit is at least 1.");
        check(r#""range": "7d""#, r#""range": "soon""#, "Expected a number and a unit");
    }
}
