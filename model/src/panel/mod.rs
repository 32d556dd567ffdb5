//! A panel as data: one engine turns it into page, SQL, JSON, CSV, SVG and link.

mod bucket;
mod group;
mod measure;
mod validate;

use serde::{Deserialize, Serialize};

pub(crate) use self::validate::unique;
pub use self::{
    bucket::{Bucket, Order},
    group::{Class, Group, Level},
    measure::Measure,
    validate::is_id,
};
use crate::{
    chart::format,
    filter::{self, Ast},
    series::{Cell, Series},
    time::Range,
};

/// How a panel is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Number tiles with a sparkline, each beside the previous window: one a measure, or one a group.
    Figures,
    /// World map: countries shaded, cities as bubbles, AWS regions marked.
    Map,
    /// Map beside horizontal bars.
    MapAndBars,
    /// Stacked area over time.
    Area,
    /// Lines over time: one a group, or one a measure.
    Line,
    /// Stacked bars over time.
    Bars,
    /// Horizontal bars, the largest first; of two groups with `inner_limit`, bars within bars.
    Ranking,
    /// Horizontal bars with a stacked area over time above.
    RankingOverTime,
    /// Slices of a whole.
    Donut,
    /// Two groups crossed: shaded cells with their numbers.
    HeatMap,
    /// A table of groups.
    Table,
    /// Events, newest first.
    List,
    /// Words in Markdown, without data.
    Text,
}

impl Mark {
    pub const ALL: [Mark; 13] = [
        Mark::Figures,
        Mark::Map,
        Mark::MapAndBars,
        Mark::Area,
        Mark::Line,
        Mark::Bars,
        Mark::Ranking,
        Mark::RankingOverTime,
        Mark::Donut,
        Mark::HeatMap,
        Mark::Table,
        Mark::List,
        Mark::Text,
    ];

    /// As in a panel's file.
    pub fn key(self) -> &'static str {
        match self {
            Mark::Figures => "figures",
            Mark::Map => "map",
            Mark::MapAndBars => "map_and_bars",
            Mark::Area => "area",
            Mark::Line => "line",
            Mark::Bars => "bars",
            Mark::Ranking => "ranking",
            Mark::RankingOverTime => "ranking_over_time",
            Mark::Donut => "donut",
            Mark::HeatMap => "heat_map",
            Mark::Table => "table",
            Mark::List => "list",
            Mark::Text => "text",
        }
    }

    pub fn is_over_time(self) -> bool {
        matches!(self, Mark::Area | Mark::Line | Mark::Bars)
    }
}

/// A further table that a drawing needs; one with a mark of its own is drawn above the panel's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grouping {
    pub id: String,
    /// Drawn above the panel's own mark: a number over its table, bars over a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<Mark>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<Group>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<Bucket>,
    pub measures: Vec<Measure>,
    /// An additional filter of this grouping, for instance `country:*`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub filter: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    /// Over time: how many groups stand alone, the rest is `other`. Else: how many rows.
    #[serde(default = "ten")]
    pub limit: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inner_limit: Option<u32>,
}

/// A filter that a reader switches on or off on the panel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// Unique in the dashboard's panel: `writes`, `sign-ins`.
    pub id: String,
    pub label: String,
    /// Applied while it is on.
    pub filter: String,
    #[serde(default)]
    pub on: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Panel {
    /// As in the address: `sign-ins-by-region`.
    pub id: String,
    pub title: String,
    /// One sentence: what is counted, and what is not.
    #[serde(default)]
    pub description: String,
    /// What is said where there is nothing in the range: often it is good news.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub empty: String,
    pub mark: Mark,
    /// For `List`: the columns. Else: the groups, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<Group>,
    /// Also by time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<Bucket>,
    /// Empty for `List` and `Text`. The first one is what charts draw.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measures: Vec<Measure>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub filter: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    /// Rows at most; over time: groups that stand alone; of two groups with `inner_limit`: values of the first.
    #[serde(default = "ten")]
    pub limit: u32,
    /// Of two groups, so many values of the second: for each of the first, or in a heat map over all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inner_limit: Option<u32>,
    /// What the group `class` tells apart, the first that matches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<Class>,
    /// The further tables that the drawing needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Grouping>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub switches: Vec<Switch>,
    /// The range of this panel unless the page sets one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
    /// Of `Text`: Markdown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

fn ten() -> u32 {
    10
}

impl Panel {
    /// What charts draw: the first measure that is a number.
    pub fn main(&self) -> Measure {
        self.measures.iter().copied().find(|measure| measure.is_number()).unwrap_or(Measure::Events)
    }

    /// The detail that is drawn above the panel's own mark.
    pub fn head(&self) -> Option<&Grouping> {
        self.details.iter().find(|detail| detail.mark.is_some())
    }

    /// The detail as a panel of its own: the same classes, nothing else of this one.
    pub fn of_detail(&self, detail: &Grouping) -> Panel {
        Panel {
            mark: detail.mark.unwrap_or(Mark::Table),
            by: detail.by.clone(),
            bucket: detail.bucket,
            measures: detail.measures.clone(),
            order: detail.order.clone(),
            limit: detail.limit,
            inner_limit: detail.inner_limit,
            details: self.details.iter().filter(|other| other.mark.is_none()).cloned().collect(),
            ..self.clone()
        }
    }

    pub fn class(&self, id: &str) -> Option<&Class> {
        self.classes.iter().find(|class| class.id == id)
    }

    /// The name of a group, as in a legend: a missing value has one, too.
    pub fn group_name(&self, group: Group, cell: &Cell) -> String {
        match (group, cell.text()) {
            (Group::Field(field), _) => format::group(field, cell),
            (Group::Class, Some(id)) => self.class(id).map_or(id, |class| &class.label).to_owned(),
            (Group::Class, None) => "Unclassified".to_owned(),
        }
    }

    /// A class in a table: its level in words, then its name.
    pub fn class_text(&self, cell: &Cell) -> String {
        let name = self.group_name(Group::Class, cell);
        match cell.text().and_then(|id| self.class(id)?.level) {
            Some(level) => format!("{}: {name}", level.label()),
            None => name,
        }
    }

    /// What a click on a group adds: `country:DE`, or the class's filter. `None` where no filter can say it.
    pub fn term(&self, group: Group, cell: &Cell) -> Option<Ast> {
        match (group, cell.text()) {
            (Group::Field(field), _) => Some(Ast::equals(field, cell)),
            (Group::Class, Some(id)) => filter::parse(&self.class(id)?.filter).ok(),
            (Group::Class, None) => {
                let classes: Result<Vec<_>, _> =
                    self.classes.iter().map(|class| filter::parse(&class.filter)).collect();
                Some(Ast::any_of(classes.ok()?).negated())
            }
        }
    }
}

impl Series {
    /// The detail's table as the answer to `Panel::of_detail`.
    pub fn of_detail(&self, id: &str) -> Option<Series> {
        let table = self.detail(id)?.clone();
        let details = self.details.iter().filter(|detail| detail.id != id).cloned().collect();
        Some(Series { table, details, ..self.clone() })
    }
}
