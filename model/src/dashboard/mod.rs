//! A dashboard: panels on a grid. The built-in ones are files of the very type that users save.

mod upgrade;

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::upgrade::VERSION;
use crate::{
    error::Error,
    panel::{Panel, unique},
};

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
    /// Of the file: `VERSION` once it is read.
    pub version: u32,
    /// As in the address: `overview`.
    pub id: String,
    pub title: String,
    pub description: String,
    pub tiles: Vec<Tile>,
}

static BUILT_IN: LazyLock<Vec<Dashboard>> = LazyLock::new(|| {
    [include_str!("../dashboards/overview.json")]
        .into_iter()
        .map(|text| serde_json::from_str(text).expect("built-in dashboards are tested to be valid"))
        .collect()
});

/// Of `entity::Kind`: each is asked about one thing, and no list names it.
static ENTITIES: LazyLock<Vec<Dashboard>> = LazyLock::new(|| {
    [
        include_str!("../dashboards/entity/actor.json"),
        include_str!("../dashboards/entity/source-ip.json"),
        include_str!("../dashboards/entity/resource.json"),
        include_str!("../dashboards/entity/access-key.json"),
        include_str!("../dashboards/entity/account.json"),
    ]
    .into_iter()
    .map(|text| serde_json::from_str(text).expect("built-in dashboards are tested to be valid"))
    .collect()
});

/// The built-in dashboards, Overview first.
pub fn built_in() -> &'static [Dashboard] {
    &BUILT_IN
}

/// The dashboards of pages about one thing.
pub fn entities() -> &'static [Dashboard] {
    &ENTITIES
}

/// A dashboard of ours by its id: a built-in one, one of the entities' pages, or Discover's own.
pub fn dashboard(id: &str) -> Option<&'static Dashboard> {
    built_in().iter().chain(entities()).chain([crate::discover::dashboard()]).find(|dashboard| dashboard.id == id)
}

/// Columns of a row on a wide screen.
const COLUMNS: u32 = 12;

impl Dashboard {
    /// Reads a dashboard's file, of this version or an older one. Errors name the panel and the key that are wrong.
    pub fn from_json(text: &str) -> Result<Dashboard, Error> {
        let value = serde_json::from_str(text).map_err(|error| invalid(error.to_string()))?;
        let value = upgrade::upgrade(value).map_err(invalid)?;
        let dashboard =
            Dashboard::deserialize(&value).map_err(|error| invalid(place_of(&value) + &error.to_string()))?;
        dashboard.validate()?;
        Ok(dashboard)
    }

    pub fn tile(&self, panel: &str) -> Option<&Tile> {
        self.tiles.iter().find(|tile| tile.panel.id == panel)
    }

    /// Whether addresses, filters and grid work. Errors name the panel that is wrong.
    pub fn validate(&self) -> Result<(), Error> {
        unique("panel", self.tiles.iter().map(|tile| tile.panel.id.as_str()))
            .map_err(|error| invalid(format!("The dashboard: {error}")))?;
        for Tile { panel, .. } in &self.tiles {
            panel.validate().map_err(|error| invalid(format!("Panel {}: {error}", panel.id)))?;
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

/// Where the file cannot be read: the first tile that is none, by its panel's id where it has one.
fn place_of(dashboard: &Value) -> String {
    let tiles = dashboard["tiles"].as_array().map(Vec::as_slice).unwrap_or_default();
    let wrong = tiles.iter().enumerate().find(|(_, tile)| Tile::deserialize(*tile).is_err());
    match wrong.map(|(at, tile)| (at, tile["panel"]["id"].as_str())) {
        Some((_, Some(id))) => format!("Panel {id}: "),
        Some((at, None)) => format!("Tile {}: ", at + 1),
        None => String::new(),
    }
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
        for dashboard in built_in().iter().chain(entities()) {
            assert_eq!(dashboard.validate(), Ok(()));
            let text = serde_json::to_string(dashboard).expect("a dashboard is JSON");
            assert_eq!(Dashboard::from_json(&text).as_ref(), Ok(dashboard));
        }
        let ids = built_in().iter().chain(entities()).map(|dashboard| dashboard.id.as_str());
        unique("dashboard", ids).expect("unique ids");
    }

    #[test]
    fn mistakes_are_told_by_name() {
        /// Overview with a piece of its text replaced.
        fn check(from: &str, to: &str, expected: &str) {
            let text = include_str!("../dashboards/overview.json");
            assert!(text.contains(from), "{from}");
            let error = Dashboard::from_json(&text.replacen(from, to, 1)).expect_err(to);
            assert!(error.message.contains(expected), "{}", error.message);
        }
        check(r#""title""#, r#""titel""#, "unknown field `titel`");
        check(r#""mark": "map""#, r#""mark": "globe""#, "Panel access-map: unknown variant `globe`");
        check(r#""by": ["country"]"#, r#""by": ["land"]"#, "Panel access-map: there is no field `land` to group by");
        check(
            r#""measures": ["events"]"#,
            r#""measures": ["evts"]"#,
            "Panel access-map: there is no measure `evts`; there are events, failures",
        );
        check(r#""label": "Writes only","#, r#""label": "Writes only", "default": true,"#, "unknown field `default`");
        check(r#""id": "errors""#, r#""id": "sign-ins""#, "The dashboard: two panels have the id sign-ins.");
        check(r#""bucket": "auto""#, r#""bucket": "1mo""#, "a bucket is `auto`, or a width such as 5m, 1h or 1d");
        check(r#""id": "errors""#, r#""id": "Errors/1""#, "the panel id \"Errors/1\" is not");
        check(r#""id": "flows""#, r#""id": "cities""#, "Panel access-map: two details have the id cities.");
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
        check(r#""limit": 20"#, r#""limit": 0"#, "Panel top-console-users: a limit is 1 to 1000.");
        check(r#""range": "7d""#, r#""range": "soon""#, "Expected a number and a unit");
    }
}
