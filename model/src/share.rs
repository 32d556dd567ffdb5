//! What a share link shows: one panel, one dashboard or one search, as it was when it was shared.

use serde::{Deserialize, Serialize};

use crate::{
    dashboard::Dashboard,
    discover::Discover,
    error::Error,
    field::Field,
    filter::{Ast, Target, Term},
    panel::{Group, Grouping, Mark, Measure, Panel},
    series::{Series, Table},
    view::View,
};

/// What is shared. Changes to the dashboard do not reach it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Dashboard(Box<Dashboard>),
    /// One panel of it: the dashboard has no other.
    Panel(Box<Dashboard>),
    /// The query string of Discover: columns and order.
    Search(String),
}

/// A kind of thing that a link can keep to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hidden {
    Addresses,
    Places,
    People,
    Accounts,
    Resources,
    Clients,
}

impl Hidden {
    pub const ALL: [Hidden; 6] =
        [Hidden::Addresses, Hidden::Places, Hidden::People, Hidden::Accounts, Hidden::Resources, Hidden::Clients];

    pub fn name(self) -> &'static str {
        match self {
            Hidden::Addresses => "addresses",
            Hidden::Places => "places",
            Hidden::People => "people",
            Hidden::Accounts => "accounts",
            Hidden::Resources => "resources",
            Hidden::Clients => "clients",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Hidden::Addresses => "Source addresses and networks",
            Hidden::Places => "Countries and cities",
            Hidden::People => "Users, sessions and access keys",
            Hidden::Accounts => "AWS accounts",
            Hidden::Resources => "Resources and error messages",
            Hidden::Clients => "Clients and user agents",
        }
    }

    pub fn parse(name: &str) -> Option<Hidden> {
        Hidden::ALL.into_iter().find(|hidden| hidden.name() == name)
    }

    /// Names of people are in ARNs and messages, too; accounts are in ARNs.
    fn hides(self, field: Field) -> bool {
        use Field as F;
        match field {
            F::SourceAddress | F::SourceIp | F::VpcEndpoint | F::AsNumber | F::AsOrganisation => {
                self == Hidden::Addresses
            }
            F::Country | F::City | F::Latitude | F::Longitude | F::TimeZone => self == Hidden::Places,
            F::Actor | F::Session | F::Origin | F::AccessKey | F::SourceIdentity | F::IssuedAccessKey => {
                self == Hidden::People
            }
            F::ActorArn => matches!(self, Hidden::People | Hidden::Accounts),
            F::Account | F::IdentityAccount => self == Hidden::Accounts,
            F::Resource | F::ErrorMessage => {
                matches!(self, Hidden::Resources | Hidden::People | Hidden::Accounts | Hidden::Addresses)
            }
            F::UserAgent | F::Client => self == Hidden::Clients,
            F::EventTime
            | F::Weekday
            | F::Hour
            | F::EventId
            | F::EventName
            | F::EventSource
            | F::EventType
            | F::EventCategory
            | F::ReadOnly
            | F::Outcome
            | F::ErrorCode
            | F::AwsRegion
            | F::IdentityType
            | F::CrossAccount
            | F::InvokedBy
            | F::Console
            | F::TlsVersion
            | F::MfaUsed
            | F::RequestId => false,
        }
    }
}

/// A share as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    pub what: What,
    /// A view's query string: range, filters, switches.
    pub query: String,
    pub hidden: Vec<Hidden>,
    /// Marks and values add conditions.
    pub drills: bool,
    /// Panels can be taken as files.
    pub exports: bool,
}

/// Rows of a search that a link shows.
const ROWS: u32 = 200;

impl What {
    /// A search from its beginning, without the texts of events; `None`: it is none.
    pub fn search(&self) -> Option<Discover> {
        let What::Search(query) = self else { return None };
        let (discover, _) = Discover::from_query(query);
        Some(Discover { limit: Some(ROWS), raw: false, columns: discover.shown(), ..discover.first() })
    }
}

impl Share {
    pub fn title(&self) -> &str {
        match &self.what {
            What::Dashboard(dashboard) => &dashboard.title,
            What::Panel(dashboard) => dashboard.tiles.first().map_or("", |tile| &tile.panel.title),
            What::Search(_) => "Search",
        }
    }

    /// The view that was shared, and with it what the holder of a link has added, where that may be: conditions alone, which only
    /// ever narrow. Errors: it may not be, or asks about what is hidden.
    pub fn view(&self, added: &str) -> Result<View, Error> {
        let (view, _) = View::from_query(&self.query);
        let view = View { refresh: None, kiosk: false, annotate: Vec::new(), ..view };
        let added = crate::filter::parse(added)?;
        if added == Ast::All {
            return Ok(view);
        }
        if !self.drills {
            return Err(Error::invalid("q", "This link shows what was shared, and nothing more can be asked of it."));
        }
        if !self.is_shown(&added) {
            return Err(Error::invalid("q", "This link does not show what is asked for here."));
        }
        let condition = view.condition()?.and(added);
        Ok(View { filter: crate::filter::print(&condition), pinned: String::new(), ..view })
    }

    /// The shared filter in words, for who holds the link; empty where it tells of what is hidden.
    pub fn filter(&self) -> String {
        let (view, _) = View::from_query(&self.query);
        match view.condition() {
            Ok(condition) if self.is_shown(&condition) => crate::filter::print(&condition),
            _ => String::new(),
        }
    }

    /// Whether every condition is about what is shown. What is within events could be anything.
    fn is_shown(&self, condition: &Ast) -> bool {
        self.hidden.is_empty()
            || match condition {
                Ast::All => true,
                Ast::Not(inner) => self.is_shown(inner),
                Ast::And(parts) | Ast::Or(parts) => parts.iter().all(|part| self.is_shown(part)),
                Ast::Term(Term { target: Target::Field(field), .. }) => !self.hides(*field),
                Ast::Term(_) => false,
            }
    }

    pub fn hides(&self, field: Field) -> bool {
        self.hidden.iter().any(|hidden| hidden.hides(field))
    }

    /// Whether a panel can be shown: its picture tells nothing that is hidden. Tables and lists lose columns instead.
    pub fn shows(&self, panel: &Panel) -> bool {
        if self.hidden.is_empty() {
            return true;
        }
        let groups = |groups: &[Group]| groups.iter().filter_map(|group| group.field()).any(|field| self.hides(field));
        let measures =
            |measures: &[Measure]| measures.iter().filter_map(|measure| tells(*measure)).any(|field| self.hides(field));
        let details = panel.details.iter().any(|detail: &Grouping| groups(&detail.by) || measures(&detail.measures));
        // Whoever writes words may have written anything; it was shared as it is.
        let mark = matches!(panel.mark, Mark::Map | Mark::MapAndBars) && self.hidden.contains(&Hidden::Places);
        match panel.mark {
            Mark::List => true,
            Mark::Table => !(groups(&panel.by) || details),
            _ => !(groups(&panel.by) || measures(&panel.measures) || details || mark),
        }
    }

    /// Without the columns that are hidden.
    pub fn without_hidden(&self, series: Series) -> Series {
        if self.hidden.is_empty() {
            return series;
        }
        let mut series = series;
        series.table = self.columns_shown(series.table);
        for detail in &mut series.details {
            detail.table = self.columns_shown(std::mem::take(&mut detail.table));
        }
        series.filter.clear();
        series
    }

    fn columns_shown(&self, table: Table) -> Table {
        let is_shown: Vec<bool> = table.columns.iter().map(|column| self.shows_column(&column.key)).collect();
        let keep = |at: usize| is_shown.get(at).copied().unwrap_or(false);
        let columns =
            table.columns.into_iter().enumerate().filter(|(at, _)| keep(*at)).map(|(_, column)| column).collect();
        let row = |row: Vec<crate::series::Cell>| {
            row.into_iter().enumerate().filter(|(at, _)| keep(*at)).map(|(_, cell)| cell).collect()
        };
        Table { columns, rows: table.rows.into_iter().map(row).collect(), ..table }
    }

    /// Of a field, of a measure, of a group that is no field; a path of the event, or the event itself, may hold anything.
    fn shows_column(&self, key: &str) -> bool {
        let measure = || Measure::from_key(key.strip_suffix("_previous").unwrap_or(key));
        match (Field::from_key(key), measure()) {
            (Some(field), _) => !self.hides(field),
            (None, Some(measure)) => tells(measure).is_none_or(|field| !self.hides(field)),
            (None, None) => Group::from_key(key).is_some(),
        }
    }
}

/// Of which field a measure tells a value, and not only how many there are.
fn tells(measure: Measure) -> Option<Field> {
    match measure {
        Measure::ErrorMessage => Some(Field::ErrorMessage),
        Measure::MostFrequent(field) => Some(field),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::dashboard;

    fn share(query: &str, hidden: &[Hidden]) -> Share {
        let what = What::Dashboard(Box::new(dashboard::dashboard("overview").unwrap().clone()));
        Share { what, query: query.to_owned(), hidden: hidden.to_vec(), drills: true, exports: false }
    }

    #[test]
    fn what_is_added_only_ever_narrows() {
        let share = share("range=7d&q=actor:alice+or+actor:bob&pin=account:1&refresh=live", &[]);
        let view = share.view("").unwrap();
        assert_eq!(view.to_query(), "range=7d&q=actor:alice+or+actor:bob&pin=account:1");
        let view = share.view("actor:carol or outcome:*").unwrap();
        assert_eq!(view.filter, "account:1 and actor:(alice or bob) and (actor:carol or outcome:*)");
        assert_eq!((view.pinned.as_str(), view.range), ("", share.view("").unwrap().range));
        let fixed = Share { drills: false, ..share };
        assert!(fixed.view("").is_ok() && fixed.view("outcome:failure").is_err());
    }

    #[test]
    fn what_is_hidden_cannot_be_asked_about() {
        let share = share("q=country:DE", &[Hidden::Addresses, Hidden::People]);
        for asked in [
            "source_address:10.0.0.1",
            "not actor:a*",
            "outcome:failure and source_ip:*",
            "alice",
            "userIdentity.arn:*",
            "error_message:*alice*",
        ] {
            assert!(share.view(asked).is_err(), "{asked}");
        }
        assert!(share.view("event_name:Delete* or country:DE").is_ok());
        assert_eq!(share.filter(), "country:DE");
        let told = self::share("q=actor:alice", &[Hidden::People]);
        assert_eq!(told.filter(), "");
    }

    /// Whatever a built-in panel shows: with all hidden, no column of a hidden field is left.
    #[test]
    fn no_hidden_column_is_left() {
        let share = share("", &Hidden::ALL);
        let (mut shown, mut left_out) = (0, 0);
        for panel in dashboard::built_in().iter().flat_map(|dashboard| &dashboard.tiles).map(|tile| &tile.panel) {
            if !share.shows(panel) {
                left_out += 1;
                continue;
            }
            shown += 1;
            let keys = panel.by.iter().map(|group| group.key().to_owned());
            let measures = panel.measures.iter().map(|measure| measure.key().into_owned());
            for key in keys.chain(measures).filter(|key| share.shows_column(key)) {
                let field = Field::from_key(&key);
                assert!(field.is_none_or(|field| !share.hides(field)), "{}: {key}", panel.id);
            }
        }
        assert!(shown > 15 && left_out > 15, "{shown} shown, {left_out} not");
        for key in [
            "raw",
            "requestParameters.bucketName",
            "source_address",
            "error_message",
            "most_frequent_actor",
            "nonsense",
        ] {
            assert!(!share.shows_column(key), "{key}");
        }
        for key in ["events", "events_previous", "event_name", "distinct_actor", "hour", "class"] {
            assert!(share.shows_column(key), "{key}");
        }
    }
}
