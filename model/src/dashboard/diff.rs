//! What changed from one version of a dashboard to another, in a reader's words.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Dashboard, Tile};

/// One line a change; none where nothing changed.
pub fn changes(old: &Dashboard, new: &Dashboard) -> Vec<String> {
    let mut lines = Vec::new();
    let of_dashboard = differing(old, new, &["tiles", "version"]);
    if !of_dashboard.is_empty() {
        lines.push(format!("Changed the dashboard’s {}", of_dashboard.join(", ")));
    }
    let named = |verb: &str, tile: &Tile| format!("{verb} “{}”", tile.panel.title);
    lines.extend(missing(new, old).map(|tile| named("Added", tile)));
    lines.extend(missing(old, new).map(|tile| named("Removed", tile)));
    for (before, after) in pairs(old, new) {
        let keys = differing(&before.panel, &after.panel, &[]);
        if !keys.is_empty() {
            lines.push(format!("{}: {}", named("Changed", after), keys.join(", ")));
        }
        if before.place != after.place {
            lines.push(named("Resized", after));
        }
    }
    if order(old, new) != order(new, old) {
        lines.push("Moved panels".to_owned());
    }
    lines
}

/// The tiles of `of` that `other` has not.
fn missing<'a>(of: &'a Dashboard, other: &'a Dashboard) -> impl Iterator<Item = &'a Tile> {
    of.tiles.iter().filter(|tile| other.tile(&tile.panel.id).is_none())
}

/// The tiles that both have, in the new order.
fn pairs<'a>(old: &'a Dashboard, new: &'a Dashboard) -> impl Iterator<Item = (&'a Tile, &'a Tile)> {
    new.tiles.iter().filter_map(|tile| Some((old.tile(&tile.panel.id)?, tile)))
}

/// The ids that both have, in the order of `of`.
fn order<'a>(of: &'a Dashboard, other: &Dashboard) -> Vec<&'a str> {
    of.tiles.iter().map(|tile| tile.panel.id.as_str()).filter(|id| other.tile(id).is_some()).collect()
}

/// The keys under which two things of one type differ, in the type's order, but those in `but`.
fn differing<T: Serialize>(old: &T, new: &T, but: &[&str]) -> Vec<String> {
    let (old, new) = (keys(old), keys(new));
    let all = new.iter().chain(old.iter().filter(|(key, _)| !new.contains_key(*key)));
    all.filter(|(key, _)| old.get(*key) != new.get(*key) && !but.contains(&key.as_str()))
        .map(|(key, _)| key.replace('_', " "))
        .collect()
}

fn keys<T: Serialize>(of: &T) -> Map<String, Value> {
    match serde_json::to_value(of) {
        Ok(Value::Object(keys)) => keys,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::dashboard;

    #[test]
    fn every_change_has_a_line() {
        let old = dashboard("overview").expect("overview").clone();
        let mut new = old.clone();
        assert_eq!(changes(&old, &new), [""; 0]);
        new.title = "Mine".to_owned();
        let errors = new.tiles.iter().position(|tile| tile.panel.id == "errors").expect("errors");
        new.tiles[errors].panel.limit = 7;
        new.tiles[errors].panel.filter = "outcome:failure and country:DE".to_owned();
        let mut copy = new.tiles[errors].clone();
        copy.panel.id = "errors-2".to_owned();
        copy.panel.title = "Errors again".to_owned();
        new.tiles.push(copy);
        new.tiles[0].place.columns = 6;
        new.tiles.swap(0, 1);
        new.tiles.retain(|tile| tile.panel.id != "sign-ins");
        let mut lines = changes(&old, &new);
        assert_eq!(lines.remove(0), "Changed the dashboard’s title");
        assert_eq!(lines.remove(0), "Added “Errors again”");
        assert_eq!(lines.remove(0), "Removed “Console sign-ins over time”");
        assert_eq!(lines.remove(0), "Resized “Key figures”");
        assert_eq!(lines.remove(0), "Changed “Errors”: filter, limit");
        assert_eq!(lines, ["Moved panels"]);
    }
}
