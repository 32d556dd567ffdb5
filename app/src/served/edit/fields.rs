//! A panel as the fields of a form, and back: what is typed is kept as it is until it makes a panel.

use model::{
    dashboard::{Place, Tile},
    error::Error,
    filter,
    panel::{Group, Mark, Measure, Panel},
};
use serde_json::{Map, Value};

use super::super::Form;

/// The keys of a panel that have fields of their own; the others stand together as JSON.
const OWN: [&str; 11] =
    ["id", "title", "description", "mark", "by", "measures", "bucket", "filter", "limit", "inner_limit", "text"];

/// What stands in the form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    pub title: String,
    pub description: String,
    pub mark: String,
    pub by: String,
    pub measures: String,
    pub bucket: String,
    pub filter: String,
    pub limit: String,
    pub inner_limit: String,
    pub text: String,
    /// The other keys, as JSON.
    pub more: String,
    pub columns: String,
    pub height: String,
}

impl Fields {
    pub fn of(tile: &Tile) -> Fields {
        let Tile { place, panel } = tile;
        let mut more = match serde_json::to_value(panel) {
            Ok(Value::Object(keys)) => keys,
            _ => Map::new(),
        };
        more.retain(|key, _| !OWN.contains(&key.as_str()));
        let more =
            if more.is_empty() { String::new() } else { serde_json::to_string_pretty(&more).unwrap_or_default() };
        let by: Vec<_> = panel.by.iter().map(|group| group.key()).collect();
        let measures: Vec<_> = panel.measures.iter().map(|measure| measure.key()).collect();
        Fields {
            title: panel.title.clone(),
            description: panel.description.clone(),
            mark: panel.mark.key().to_owned(),
            by: by.join(", "),
            measures: measures.join(", "),
            bucket: panel.bucket.map(String::from).unwrap_or_default(),
            filter: panel.filter.clone(),
            limit: panel.limit.to_string(),
            inner_limit: panel.inner_limit.map(|limit| limit.to_string()).unwrap_or_default(),
            text: panel.text.clone(),
            more,
            columns: place.columns.to_string(),
            height: place.height.to_string(),
        }
    }

    pub fn read(form: &Form) -> Fields {
        let get = |name: &str| form.get(name).to_owned();
        Fields {
            title: get("panel_title"),
            description: get("panel_description"),
            mark: get("mark"),
            by: get("by"),
            measures: get("measures"),
            bucket: get("bucket"),
            filter: get("filter"),
            limit: get("limit"),
            inner_limit: get("inner_limit"),
            text: get("text"),
            more: get("more"),
            columns: get("columns"),
            height: get("height"),
        }
    }

    /// The panel that the fields make. Errors name the field in `parameter`.
    pub fn tile(&self, id: &str) -> Result<Tile, Error> {
        if self.title.is_empty() {
            return Err(Error::invalid("panel_title", "A panel has a title."));
        }
        let mut keys = self.others()?;
        let mut set = |key: &str, value: Value| keys.insert(key.to_owned(), value);
        set("id", id.into());
        set("title", self.title.clone().into());
        set("description", self.description.clone().into());
        set("mark", mark(&self.mark)?.into());
        // What a kind of panel has none of is left where it was typed, for when another kind is chosen.
        let (words, rows) = (self.mark == Mark::Text.key(), self.mark == Mark::List.key());
        set("by", groups(if words { "" } else { &self.by })?.into());
        set("measures", measures(if words || rows { "" } else { &self.measures })?.into());
        if !self.bucket.is_empty() {
            set("bucket", self.bucket.clone().into());
        }
        filter::parse(&self.filter).map_err(|error| Error { parameter: Some("filter".to_owned()), ..error })?;
        set("filter", self.filter.clone().into());
        set("limit", number("limit", &self.limit)?.into());
        if !self.inner_limit.is_empty() {
            set("inner_limit", number("inner_limit", &self.inner_limit)?.into());
        }
        if words {
            set("text", self.text.clone().into());
        }
        let panel: Panel =
            serde_json::from_value(Value::Object(keys)).map_err(|error| Error::invalid("more", error.to_string()))?;
        panel.validate().map_err(|error| Error::invalid(named(&error), error))?;
        let place = Place { columns: number("columns", &self.columns)?, height: number("height", &self.height)? };
        Ok(Tile { place, panel })
    }

    fn others(&self) -> Result<Map<String, Value>, Error> {
        if self.more.is_empty() {
            return Ok(Map::new());
        }
        let keys: Map<String, Value> =
            serde_json::from_str(&self.more).map_err(|error| Error::invalid("more", error.to_string()))?;
        match keys.keys().find(|key| OWN.contains(&key.as_str())) {
            Some(key) => Err(Error::invalid("more", format!("{key} has a field of its own above."))),
            None => Ok(keys),
        }
    }
}

/// The field that a sentence of `Panel::validate` is about.
fn named(error: &str) -> &'static str {
    let first = error.split([' ', ':']).next().unwrap_or_default();
    ["by", "measures", "limit", "inner_limit"].into_iter().find(|name| *name == first).unwrap_or("panel")
}

fn mark(key: &str) -> Result<&'static str, Error> {
    let mark = Mark::ALL.into_iter().map(Mark::key).find(|known| *known == key);
    mark.ok_or_else(|| Error::invalid("mark", "Choose how the panel is drawn."))
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', '\n']).map(str::trim).filter(|item| !item.is_empty())
}

fn groups(text: &str) -> Result<Vec<String>, Error> {
    let group = |key: &str| match Group::from_key(key) {
        Some(group) => Ok(group.key().to_owned()),
        None => Err(Error::invalid("by", format!("There is no field “{key}” to group by."))),
    };
    items(text).map(group).collect()
}

fn measures(text: &str) -> Result<Vec<String>, Error> {
    let measure = |key: &str| match Measure::from_key(key) {
        Some(measure) => Ok(measure.key().into_owned()),
        None => {
            let known: Vec<_> = Measure::PLAIN.into_iter().map(Measure::key).collect();
            let message = format!(
                "There is no measure “{key}”. There are {}, and for any field distinct_… and most_frequent_….",
                known.join(", ")
            );
            Err(Error::invalid("measures", message))
        }
    };
    items(text).map(measure).collect()
}

fn number(name: &str, text: &str) -> Result<u32, Error> {
    text.parse().map_err(|_| Error::invalid(name, "Write a whole number."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_panel_is_the_same_after_the_form() {
        for dashboard in model::dashboard::built_in() {
            for tile in &dashboard.tiles {
                assert_eq!(Fields::of(tile).tile(&tile.panel.id).as_ref(), Ok(tile), "{}", tile.panel.id);
            }
        }
    }

    #[test]
    fn mistakes_are_told_at_their_fields() {
        let of = model::dashboard::dashboard("overview").expect("overview");
        let fields = Fields::of(of.tile("events-by-name").expect("a panel"));
        let check = |change: &dyn Fn(&mut Fields), field: &str, message: &str| {
            let mut fields = fields.clone();
            change(&mut fields);
            let error = fields.tile("p").expect_err(message);
            assert_eq!(error.parameter.as_deref(), Some(field), "{error}");
            assert!(error.message.contains(message), "{error}");
        };
        check(&|fields| fields.title.clear(), "panel_title", "has a title");
        check(&|fields| fields.by = "event_name, land".into(), "by", "“land”");
        check(&|fields| fields.measures = "evts".into(), "measures", "“evts”");
        check(&|fields| fields.measures.clear(), "panel", "needs measures");
        check(&|fields| fields.filter = "outcom:failure".into(), "filter", "outcom");
        check(&|fields| fields.limit = "many".into(), "limit", "whole number");
        check(&|fields| fields.mark = "globe".into(), "mark", "Choose");
        check(&|fields| fields.more = "{".into(), "more", "EOF");
        check(&|fields| fields.more = "{\"limit\": 1}".into(), "more", "a field of its own");
        check(&|fields| fields.more = "{\"colour\": 1}".into(), "more", "colour");
    }
}
