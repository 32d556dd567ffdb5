//! Whether a panel can be asked for and drawn: everything that its type alone does not say.

use std::collections::BTreeSet;

use super::{Bucket, Group, Mark, Measure, Order, Panel};
use crate::filter;

/// Rows, groups or buckets that a panel may ask for at most.
const MOST_ROWS: u32 = 1_000;

/// One table of a panel: its own, or a detail's.
struct Part<'a> {
    mark: Option<Mark>,
    by: &'a [Group],
    bucket: Option<Bucket>,
    measures: &'a [Measure],
    order: Option<&'a Order>,
    limit: u32,
    inner_limit: Option<u32>,
}

impl Panel {
    /// What is wrong, in a sentence that names the key or the value.
    pub fn validate(&self) -> Result<(), String> {
        unique("switch", self.switches.iter().map(|switch| switch.id.as_str()))?;
        unique("detail", self.details.iter().map(|detail| detail.id.as_str()))?;
        unique("class", self.classes.iter().map(|class| class.id.as_str()))?;
        if self.classes.iter().any(|class| class.id == "other") {
            return Err("other is what lies beyond the top: no class has this id.".to_owned());
        }
        self.filters()?;
        self.own().validate(self)?;
        for detail in &self.details {
            let part = Part {
                mark: detail.mark,
                by: &detail.by,
                bucket: detail.bucket,
                measures: &detail.measures,
                order: detail.order.as_ref(),
                limit: detail.limit,
                inner_limit: detail.inner_limit,
            };
            part.validate(self).map_err(|error| format!("detail {}: {error}", detail.id))?;
        }
        self.shape()
    }

    fn own(&self) -> Part<'_> {
        Part {
            mark: Some(self.mark),
            by: &self.by,
            bucket: self.bucket,
            measures: &self.measures,
            order: self.order.as_ref(),
            limit: self.limit,
            inner_limit: self.inner_limit,
        }
    }

    fn filters(&self) -> Result<(), String> {
        let details = self.details.iter().map(|detail| detail.filter.as_str());
        let switches = self.switches.iter().map(|switch| switch.filter.as_str());
        let classes = self.classes.iter().map(|class| class.filter.as_str());
        for text in details.chain(switches).chain(classes).chain([self.filter.as_str()]) {
            filter::parse(text).map_err(|error| format!("filter {text}: {}", error.message))?;
        }
        Ok(())
    }

    /// What concerns the panel as a whole.
    fn shape(&self) -> Result<(), String> {
        let heads: Vec<_> = self.details.iter().filter_map(|detail| detail.mark).collect();
        let fits = |mark: &Mark| mark.is_over_time() || matches!(mark, Mark::Figures | Mark::Ranking | Mark::Donut);
        match heads.as_slice() {
            [] => {}
            [head] if fits(head) && matches!(self.mark, Mark::Table | Mark::List | Mark::Ranking) => {}
            [_] => {
                return Err("figures, area, line, bars, ranking or donut stand above a table, list or ranking.".into());
            }
            _ => return Err("only one detail has a mark.".into()),
        }
        let mut buckets = self.details.iter().map(|detail| detail.bucket).chain([self.bucket]).flatten();
        if let Some(first) = buckets.next()
            && buckets.any(|other| other != first)
        {
            return Err("all buckets of a panel are of one width.".into());
        }
        match (self.mark, self.text.is_empty()) {
            (Mark::Text, true) => Err("a panel of text has a text.".into()),
            (Mark::Text, false) | (_, true) => Ok(()),
            (_, false) => Err("only a panel of the mark text has a text.".into()),
        }
    }
}

impl Part<'_> {
    fn validate(&self, panel: &Panel) -> Result<(), String> {
        let (by, measures) = (self.by.len(), self.measures.len());
        if !(1..=MOST_ROWS).contains(&self.limit)
            || self.inner_limit.is_some_and(|limit| !(1..=MOST_ROWS).contains(&limit))
        {
            return Err(format!("a limit is 1 to {MOST_ROWS}."));
        }
        if self.by.iter().map(|group| group.key()).collect::<BTreeSet<_>>().len() < by {
            return Err("by names a field twice.".into());
        }
        if self.measures.iter().map(|measure| measure.key()).collect::<BTreeSet<_>>().len() < measures {
            return Err("measures names one twice.".into());
        }
        if self.by.contains(&Group::Class) && panel.classes.is_empty() {
            return Err("by names class, but there are no classes.".into());
        }
        if self.inner_limit.is_some() && (by != 2 || self.bucket.is_some()) {
            return Err("inner_limit needs two groups and no bucket.".into());
        }
        if self.bucket.is_some() && self.measures.contains(&Measure::Change) {
            return Err("change compares windows, not buckets.".into());
        }
        self.order()?;
        match self.mark {
            Some(mark) => self.fits(mark),
            None if measures == 0 => Err("measures is empty.".into()),
            None => Ok(()),
        }
    }

    fn order(&self) -> Result<(), String> {
        let Some(Order { by, .. }) = self.order else { return Ok(()) };
        let keys: Vec<_> =
            self.by.iter().map(|group| group.key().into()).chain(self.measures.iter().map(|m| m.key())).collect();
        if self.bucket.is_some() || self.mark == Some(Mark::List) {
            return Err("order: rows over time and lists of events are in the order of time.".into());
        }
        match keys.contains(&by.as_str().into()) {
            true => Ok(()),
            false => Err(format!("order: there is no column {by}; there are {}.", keys.join(", "))),
        }
    }

    /// Whether the mark can draw such a table.
    fn fits(&self, mark: Mark) -> Result<(), String> {
        let by = self.by.len();
        let key = mark.key();
        let wants = |fits: bool, what: &str| if fits { Ok(()) } else { Err(format!("{key} {what}.")) };
        match mark {
            Mark::Text => return wants(by == 0 && self.measures.is_empty(), "has neither by nor measures"),
            Mark::List => return wants(by > 0 && self.measures.is_empty(), "has columns in by, and no measures"),
            _ => wants(!self.measures.is_empty(), "needs measures")?,
        }
        wants(
            self.bucket.is_some() == mark.is_over_time(),
            if self.bucket.is_some() { "has no bucket" } else { "needs a bucket" },
        )?;
        let main = self.measures.iter().find(|measure| measure.is_number());
        let Some(main) = main else { return Err(format!("{key} needs a measure that is a number.")) };
        wants(mark == Mark::Table || *main != Measure::Change, "draws no change: name another measure first")?;
        let adds_up = || wants(main.adds_up(), "adds groups up: its first measure is events, failures or successes");
        match mark {
            Mark::Figures => {
                wants(by <= 1, "has one group at most")?;
                wants(self.measures.iter().all(|measure| measure.is_number()), "has measures that are numbers")?;
                wants(
                    !self.measures.contains(&Measure::Change),
                    "shows each change by itself, without the measure change",
                )
            }
            Mark::Area | Mark::Bars => {
                wants(by <= 1, "has one group at most")?;
                if by == 1 { adds_up() } else { Ok(()) }
            }
            Mark::Line => {
                wants(by <= 1, "has one group at most")?;
                let kinds: BTreeSet<_> = self.measures.iter().map(|measure| format!("{:?}", measure.kind())).collect();
                wants(by == 1 || kinds.len() == 1, "draws counts or ratios, not both on one axis")
            }
            Mark::Ranking => wants(by > 0, "needs a group"),
            Mark::RankingOverTime => wants(by == 1, "needs one group"),
            Mark::Donut => {
                wants(by == 1, "needs one group")?;
                adds_up()
            }
            Mark::HeatMap => wants(by == 2, "needs two groups"),
            Mark::Table => wants(by > 0, "needs a group"),
            Mark::Map => wants(self.by.first().map(|group| group.key()) == Some("country"), "needs country in by"),
            Mark::MapAndBars => {
                let both = ["country", "aws_region"];
                wants(self.by.iter().map(|group| group.key()).eq(both), "needs country and aws_region in by")
            }
            Mark::List | Mark::Text => Ok(()),
        }
    }
}

/// Whether it can stand in an address as it is: small letters, digits and `-`.
pub fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Ids stand in addresses: each once, of small letters, digits and `-`.
pub(crate) fn unique<'a>(what: &str, ids: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for id in ids {
        if !is_id(id) {
            return Err(format!("the {what} id {id:?} is not of small letters, digits and -."));
        }
        if !seen.insert(id) {
            return Err(format!("two {what}s have the id {id}."));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong with a panel of these keys; empty where nothing is.
    fn check(own: &str, expected: &str) {
        let text = format!("{{\"id\": \"p\", \"title\": \"P\", {own}}}");
        let found = match serde_json::from_str::<Panel>(&text) {
            Ok(panel) => panel.validate().err().unwrap_or_default(),
            Err(error) => error.to_string(),
        };
        assert!(found.contains(expected) && found.is_empty() == expected.is_empty(), "{own}\n{found}");
    }

    #[test]
    fn panels_that_can_be_drawn() {
        for own in [
            r#""mark": "table", "by": ["actor"], "measures": ["last_seen", "events"], "order": {"by": "last_seen"}"#,
            r#""mark": "table", "by": ["class"], "measures": ["change"], "classes": [{"id": "a", "label": "A", "filter": "actor:a"}]"#,
            r#""mark": "line", "bucket": "1h", "measures": ["actors", "distinct_session"]"#,
            r#""mark": "line", "bucket": "auto", "by": ["aws_region"], "measures": ["error_rate"]"#,
            r#""mark": "ranking", "by": ["event_source", "event_name"], "measures": ["failures"], "inner_limit": 5"#,
            r##""mark": "text", "text": "# Words""##,
            r#""mark": "list", "by": ["event_time", "actor"], "details": [{"id": "a", "mark": "bars", "bucket": "auto", "measures": ["events"]}]"#,
        ] {
            check(own, "");
        }
    }

    #[test]
    fn mistakes_are_said_in_words() {
        let table = |own: &str, expected: &str| {
            check(&format!(r#""mark": "table", "by": ["actor"], "measures": ["events"], {own}"#), expected);
        };
        table(r#""colour": "red""#, "unknown field `colour`");
        table(r#""order": {"by": "actors"}"#, "order: there is no column actors; there are actor, events.");
        table(r#""order": {"by": "events", "ascendng": true}"#, "unknown field `ascendng`");
        table(r#""inner_limit": 5"#, "inner_limit needs two groups");
        table(r#""limit": 0"#, "a limit is 1 to 1000");
        table(r#""limit": 1001"#, "a limit is 1 to 1000");
        table(r#""bucket": "1h""#, "table has no bucket");
        table(r#""text": "words""#, "only a panel of the mark text has a text");
        table(r#""classes": [{"id": "other", "label": "Other", "filter": ""}]"#, "no class has this id");
        table(r#""classes": [{"id": "a", "label": "A", "filter": "actr:x"}]"#, "There is no field actr");
        table(r#""classes": [{"id": "a", "label": "A", "level": "awful", "filter": ""}]"#, "unknown variant `awful`");
        table(r#""details": [{"id": "a", "mark": "map", "by": ["country"], "measures": ["events"]}]"#, "stand above");
        table(r#""details": [{"id": "a", "by": ["class"], "measures": ["events"]}]"#, "detail a: by names class");
        check(r#""mark": "table", "by": ["actor", "actor"], "measures": ["events"]"#, "by names a field twice");
        check(r#""mark": "table", "by": ["actor"], "measures": ["events", "events"]"#, "measures names one twice");
        check(r#""mark": "table", "by": ["actor"]"#, "table needs measures");
        check(r#""mark": "area", "by": ["actor"], "measures": ["events"]"#, "area needs a bucket");
        check(r#""mark": "area", "bucket": "1h", "by": ["actor"], "measures": ["actors"]"#, "area adds groups up");
        check(r#""mark": "donut", "by": ["actor"], "measures": ["error_rate"]"#, "donut adds groups up");
        check(r#""mark": "heat_map", "by": ["actor"], "measures": ["events"]"#, "heat_map needs two groups");
        check(r#""mark": "line", "bucket": "1h", "measures": ["events", "error_rate"]"#, "not both on one axis");
        check(r#""mark": "line", "bucket": "1h", "measures": ["events", "change"]"#, "change compares windows");
        check(r#""mark": "figures", "measures": ["events", "last_seen"]"#, "figures has measures that are numbers");
        check(r#""mark": "list", "by": ["actor"], "measures": ["events"]"#, "list has columns in by");
        check(r#""mark": "text", "by": ["actor"], "text": "x""#, "text has neither by nor measures");
    }

    #[test]
    fn marks_have_the_keys_of_files() {
        for mark in Mark::ALL {
            assert_eq!(serde_json::to_string(&mark).expect("a word"), format!("{:?}", mark.key()));
        }
    }
}
