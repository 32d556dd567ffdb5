//! A dashboard: panels on a grid. The built-in ones are files of the very type that users save.

mod upgrade;

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::upgrade::VERSION;
pub use crate::panel::is_id;
use crate::{
    error::{self, Error},
    field::{Field, Kind},
    filter,
    panel::{Panel, unique},
    view::ANNOTATIONS,
};

mod arrange;
pub mod diff;
mod region;
pub mod slug;

/// The size of a panel. Panels stand one after the other; one that has no room left in its row begins the next.
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
    /// Fields whose values readers choose at the top of the page.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub controls: Vec<Field>,
    /// What its time charts mark, beside what the address asks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<Annotation>,
    pub tiles: Vec<Tile>,
}

/// Events that time charts mark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Annotation {
    pub title: String,
    pub filter: String,
}

static BUILT_IN: LazyLock<Vec<Dashboard>> = LazyLock::new(|| {
    [
        include_str!("../dashboards/overview.json"),
        include_str!("../dashboards/sign-ins.json"),
        include_str!("../dashboards/identity-and-access.json"),
        include_str!("../dashboards/network.json"),
        include_str!("../dashboards/errors.json"),
        include_str!("../dashboards/changes.json"),
        include_str!("../dashboards/data-and-audit.json"),
    ]
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

/// Of Trailmap's own audit log: the id of a dashboard that no list names and administrators alone see.
pub const AUDIT: &str = "audit-log";

static OF_AUDIT: LazyLock<Dashboard> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../dashboards/audit-log.json"))
        .expect("built-in dashboards are tested to be valid")
});

/// The built-in dashboards, Overview first.
pub fn built_in() -> &'static [Dashboard] {
    &BUILT_IN
}

/// The dashboards of pages about one thing.
pub fn entities() -> &'static [Dashboard] {
    &ENTITIES
}

/// Errors: it is the audit log's, of which nothing leaves but with an administrator.
pub fn may_leave(id: &str) -> Result<(), Error> {
    match id {
        AUDIT => Err(Error::new(
            error::Kind::Forbidden,
            "The audit log is for administrators alone: no link shows it and no report has it.",
        )),
        _ => Ok(()),
    }
}

/// The dashboard whose panels are about the audit log.
pub fn audit() -> &'static Dashboard {
    &OF_AUDIT
}

/// A dashboard of ours by its id: a built-in one, one of the entities' pages, the audit log's, or Discover's own.
pub fn dashboard(id: &str) -> Option<&'static Dashboard> {
    let unlisted = [audit(), crate::discover::dashboard()];
    built_in().iter().chain(entities()).chain(unlisted).find(|dashboard| dashboard.id == id)
}

/// No ids of panels: pages of a dashboard have these addresses.
const RESERVED: [&str; 3] = ["edit", "history", "inspect"];

/// More do not fit above the panels.
const MOST_CONTROLS: usize = 8;

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

    /// One without panels.
    pub fn empty(id: &str, title: &str) -> Dashboard {
        Dashboard {
            version: VERSION,
            id: id.to_owned(),
            title: title.to_owned(),
            description: String::new(),
            controls: Vec::new(),
            annotations: Vec::new(),
            tiles: Vec::new(),
        }
    }

    /// The dashboard's file, for people to read.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    pub fn tile(&self, panel: &str) -> Option<&Tile> {
        self.tiles.iter().find(|tile| tile.panel.id == panel)
    }

    /// Whether addresses, filters and grid work. Errors name the panel that is wrong.
    pub fn validate(&self) -> Result<(), Error> {
        unique("dashboard", [self.id.as_str()].into_iter()).map_err(invalid)?;
        unique("panel", self.tiles.iter().map(|tile| tile.panel.id.as_str()))
            .map_err(|error| invalid(format!("The dashboard: {error}")))?;
        self.validate_top().map_err(invalid)?;
        for Tile { panel, place } in &self.tiles {
            let wrong = |why: &str| invalid(format!("Panel {}: {why}", panel.id));
            panel.validate().map_err(|error| wrong(&error))?;
            if RESERVED.contains(&panel.id.as_str()) {
                return Err(wrong("this id is the address of another page. Choose another one."));
            }
            if !place.is_known() {
                return Err(wrong("columns are 1 to 12, height is 60 to 1000 in steps of 4."));
            }
        }
        Ok(())
    }
}

impl Dashboard {
    /// Whether the field has values that a control can list.
    pub fn can_control(field: Field) -> bool {
        !matches!(field.kind(), Kind::Time | Kind::Float) && !field.is_virtual()
    }

    /// What stands above the panels.
    fn validate_top(&self) -> Result<(), String> {
        for (at, field) in self.controls.iter().enumerate() {
            let key = field.key();
            if !Dashboard::can_control(*field) {
                return Err(format!("controls: {key} has no values to choose from."));
            }
            if self.controls[..at].contains(field) {
                return Err(format!("controls: {key} is there twice."));
            }
        }
        if self.controls.len() > MOST_CONTROLS {
            return Err(format!("controls: there are at most {MOST_CONTROLS}."));
        }
        if self.annotations.len() > ANNOTATIONS {
            return Err(format!("annotations: there are at most {ANNOTATIONS}."));
        }
        for Annotation { title, filter } in &self.annotations {
            match filter::parse(filter) {
                Ok(filter::Ast::All) => return Err(format!("Annotation {title}: there is no filter.")),
                Ok(_) => {}
                Err(error) => return Err(format!("Annotation {title}: filter {filter}: {}", error.message)),
            }
        }
        Ok(())
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
        for dashboard in built_in().iter().chain(entities()).chain([audit(), crate::discover::dashboard()]) {
            assert_eq!(dashboard.validate(), Ok(()));
            let text = serde_json::to_string(dashboard).expect("a dashboard is JSON");
            assert_eq!(Dashboard::from_json(&text).as_ref(), Ok(dashboard));
        }
        for dashboard in built_in().iter().chain(entities()).chain([audit()]) {
            let mut filled = 0;
            for tile in &dashboard.tiles {
                filled += tile.place.columns;
                assert!(filled <= COLUMNS, "{}: {} begins a row early", dashboard.id, tile.panel.id);
                filled %= COLUMNS;
            }
            assert_eq!(filled, 0, "the last row of {}", dashboard.id);
        }
        assert_eq!(dashboard(AUDIT), Some(audit()));
        let ids = built_in().iter().chain(entities()).chain([audit()]).map(|dashboard| dashboard.id.as_str());
        unique("dashboard", ids).expect("unique ids");
    }

    #[test]
    fn a_panel_on_two_dashboards_is_the_same_on_both() {
        let panels: Vec<_> = built_in().iter().flat_map(|dashboard| &dashboard.tiles).map(|tile| &tile.panel).collect();
        for panel in &panels {
            for other in panels.iter().filter(|other| other.id == panel.id) {
                assert_eq!(other, panel);
            }
        }
    }

    #[test]
    fn the_documentation_lists_every_dashboard_and_panel() {
        let list: String = built_in().iter().map(section).collect();
        let text = include_str!("../../../docs/panels.md");
        let written = text.split_once("<!-- the list -->\n").map(|(_, list)| list);
        assert!(written == Some(&list), "docs/panels.md lists, after its line <!-- the list -->:\n{list}");
    }

    fn section(dashboard: &Dashboard) -> String {
        let rows = dashboard.tiles.iter().map(|Tile { panel, .. }| {
            format!("| `{}` | {} | {} |\n", panel.id, panel.title, panel.description.replace('|', "\\|"))
        });
        format!(
            "\n## {}\n\n{} `/d/{}`\n\n| Id | Panel | What it counts |\n|---|---|---|\n{}",
            dashboard.title,
            dashboard.description,
            dashboard.id,
            rows.collect::<String>()
        )
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
        check(r#""columns": 4"#, r#""columns": 13"#, "Panel events-by-outcome: columns are 1 to 12");
        check(
            r#""height": 560"#,
            r#""height": 561"#,
            "Panel recent-events: columns are 1 to 12, height is 60 to 1000 in",
        );
        check(r#""limit": 20"#, r#""limit": 0"#, "Panel top-console-users: a limit is 1 to 1000.");
        check(r#""range": "7d""#, r#""range": "soon""#, "Expected a number and a unit");
        check(r#""controls": ["account""#, r#""controls": ["land""#, "unknown variant `land`");
        check(
            r#""controls": ["account""#,
            r#""controls": ["latitude""#,
            "controls: latitude has no values to choose from",
        );
        check(r#""controls": ["account""#, r#""controls": ["actor""#, "controls: actor is there twice");
        let annotated =
            |filter: &str| format!(r#""annotations": [{{ "title": "Trails", "filter": "{filter}" }}], "tiles""#);
        check(
            r#""tiles""#,
            &annotated("event:StopLogging"),
            "Annotation Trails: filter event:StopLogging: There is no",
        );
        check(r#""tiles""#, &annotated(" "), "Annotation Trails: there is no filter");
    }
}
