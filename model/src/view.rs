//! What a reader looks at: dashboard, panel, range, filter, switches. The URL is the whole state, and this is the one
//! codec between the two.
//!
//! | parameter | means |
//! |---|---|
//! | `range` | the last so much: `24h`, `7d` |
//! | `from`, `to` | the two edges of a range; `to` is now unless given |
//! | `q` | the filter as typed |
//! | `pin` | a filter beside `q` that goes along to other pages |
//! | `annotate` | a filter whose events are lines on time charts; may be repeated |
//! | `on`, `off` | switches moved from their default, comma-separated or repeated: `recent-events.writes` |
//! | `refresh` | auto refresh: `30s`, `1m`; at least 5 seconds and at most a day; `live`: whenever events are stored |
//! | `kiosk` | `1`: the panels without bars, for a screen on the wall |

use std::{borrow::Cow, collections::BTreeMap, fmt};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::{
    error::Error,
    filter::{self, Ast},
    time::Range,
};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// `None` where the address names none: the panel's own range, else `Range::DEFAULT`.
    pub range: Option<Range>,
    /// The filter as typed (`q`).
    pub filter: String,
    /// A filter beside it that goes along to other pages (`pin`).
    #[serde(default)]
    pub pinned: String,
    /// Filters whose events are lines on time charts (`annotate`), beside those of the dashboard.
    #[serde(default)]
    pub annotate: Vec<String>,
    /// Switches moved from their default: `panel.switch` -> on. Address: `on=recent-events.writes&off=…`.
    pub switches: BTreeMap<String, bool>,
    /// When panels load again by themselves (`refresh`); `None`: never.
    pub refresh: Option<Refresh>,
    /// The panels without bars (`kiosk`).
    #[serde(default)]
    pub kiosk: bool,
}

/// When panels load again by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refresh {
    Every {
        seconds: u32,
    },
    /// Whenever events are stored.
    Live,
}

/// Filters of `annotate` that count; more are left out.
pub(crate) const ANNOTATIONS: usize = 5;

/// Seconds between refreshes: not so often that pages overtake each other.
const REFRESH_S: std::ops::RangeInclusive<u32> = 5..=86_400;

/// What stands as it is in a query string: enough for an address that people can read, nothing that HTML, a shell's
/// word or a chat's link detection trips over.
const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b':').remove(b',').remove(b'/').remove(b'*');

/// `text` as a value in a query string.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string().replace("%20", "+")
}

/// The parameters as they stand in the address; of a repeated one, the last counts.
#[derive(Default)]
struct Parameters<'a> {
    range: Option<Cow<'a, str>>,
    from: Option<Cow<'a, str>>,
    to: Option<Cow<'a, str>>,
    refresh: Option<Cow<'a, str>>,
}

impl View {
    /// Reads a query string (without `?`). What cannot be read is left out and reported; unknown parameters are ignored.
    pub fn from_query(query: &str) -> (View, Vec<Error>) {
        let (mut view, mut errors) = (View::default(), Vec::new());
        let mut parameters = Parameters::default();
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match key.as_ref() {
                "q" => view.filter = value.into_owned(),
                "pin" => view.pinned = value.into_owned(),
                "annotate" => view.add_annotation(&value),
                "kiosk" => view.kiosk = value == "1",
                "on" | "off" => view.read_switches(&key, &value, &mut errors),
                "range" => parameters.range = Some(value),
                "from" => parameters.from = Some(value),
                "to" => parameters.to = Some(value),
                "refresh" => parameters.refresh = Some(value),
                _ => {}
            }
        }
        view.range = read_range(&parameters).unwrap_or_else(|error| {
            errors.push(error);
            None
        });
        if let Some(refresh) = parameters.refresh {
            match read_refresh(&refresh) {
                Ok(refresh) => view.refresh = refresh,
                Err(error) => errors.push(error),
            }
        }
        (view, errors)
    }

    /// Each once, in the order of the address.
    fn add_annotation(&mut self, filter: &str) {
        let known = self.annotate.iter().any(|other| other == filter);
        if !filter.is_empty() && !known && self.annotate.len() < ANNOTATIONS {
            self.annotate.push(filter.to_owned());
        }
    }

    fn read_switches(&mut self, parameter: &str, value: &str, errors: &mut Vec<Error>) {
        for name in value.split(',').filter(|name| !name.is_empty()) {
            if is_switch(name) {
                self.switches.insert(name.to_owned(), parameter == "on");
            } else {
                errors.push(Error::invalid(
                    parameter,
                    "Expected a panel and its switch, for example recent-events.writes.",
                ));
            }
        }
    }

    /// The canonical query string, without `?`; empty for the default view. `from_query` is its inverse.
    pub fn to_query(&self) -> String {
        let mut pairs = Vec::new();
        let mut add = |key: &str, value: &str| pairs.push(format!("{key}={}", encoded(value)));
        match self.range {
            None => {}
            Some(range @ Range::Last { .. }) => add("range", &range.to_string()),
            Some(Range::Between { from, to }) => {
                add("from", &from.to_string());
                add("to", &to.to_string());
            }
        }
        if !self.filter.is_empty() {
            add("q", &self.filter);
        }
        if !self.pinned.is_empty() {
            add("pin", &self.pinned);
        }
        for filter in &self.annotate {
            add("annotate", filter);
        }
        for (parameter, on) in [("on", true), ("off", false)] {
            let names: Vec<_> =
                self.switches.iter().filter(|(_, is_on)| **is_on == on).map(|(name, _)| name.as_str()).collect();
            if !names.is_empty() {
                add(parameter, &names.join(","));
            }
        }
        if let Some(refresh) = self.refresh {
            add("refresh", &refresh.to_string());
        }
        if self.kiosk {
            add("kiosk", "1");
        }
        pairs.join("&")
    }

    /// `path?query`, or `path` alone. `path` may have parameters of its own, which stand first.
    pub fn href(&self, path: &str) -> String {
        let query = self.to_query();
        let joint = if path.contains('?') { '&' } else { '?' };
        if query.is_empty() { path.to_owned() } else { format!("{path}{joint}{query}") }
    }

    /// What events must meet: the pinned filter and the filter. Errors name `pin` or `q`.
    pub fn condition(&self) -> Result<Ast, Error> {
        let pinned =
            filter::parse(&self.pinned).map_err(|error| Error { parameter: Some("pin".to_owned()), ..error })?;
        Ok(pinned.and(filter::parse(&self.filter)?))
    }

    /// What goes along to another page: range, pinned filter, annotations and refresh. The filter and the switches are
    /// about the page that they were made on.
    #[must_use]
    pub fn across(&self) -> View {
        View {
            range: self.range,
            pinned: self.pinned.clone(),
            annotate: self.annotate.clone(),
            refresh: self.refresh,
            ..View::default()
        }
    }

    /// This view with `term` (`country:DE`) added by `and`, unless it is there already or pinned.
    /// A filter that cannot be read gives way to `term`: the link of a mark always works.
    #[must_use]
    pub fn and(&self, term: &Ast) -> View {
        if filter::parse(&self.pinned).is_ok_and(|pinned| pinned.terms().contains(term)) {
            return self.clone();
        }
        let filter = match filter::parse(&self.filter) {
            Ok(ast) if ast.terms().contains(term) => self.filter.clone(),
            Ok(ast) => filter::print(&ast.and(term.clone())),
            Err(_) => filter::print(term),
        };
        View { filter, ..self.clone() }
    }

    #[must_use]
    pub fn with_range(&self, range: Range) -> View {
        View { range: Some(range), ..self.clone() }
    }
}

/// `panel.switch`, both of letters, digits, `-` and `_`.
fn is_switch(name: &str) -> bool {
    let is_id = |id: &str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    name.split_once('.').is_some_and(|(panel, switch)| is_id(panel) && is_id(switch))
}

fn read_range(parameters: &Parameters<'_>) -> Result<Option<Range>, Error> {
    // `+` means a space in a query string, but people write `from=2026-11-01T00:00:00+02:00`; no edge has a space.
    let plus = |text: &Cow<'_, str>| text.replace(' ', "+");
    match parameters {
        Parameters { from: Some(from), to, .. } => {
            Range::between(&plus(from), &to.as_ref().map_or_else(|| "now".to_owned(), plus)).map(Some)
        }
        Parameters { to: Some(_), .. } => Err(Error::invalid("to", "There is a to without a from.")),
        Parameters { range: Some(range), .. } => Range::parse(range).map(Some),
        _ => Ok(None),
    }
}

/// `30s`, `1m`, `1h`, `live`; `off` and `0s` are none.
fn read_refresh(text: &str) -> Result<Option<Refresh>, Error> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let seconds = match &text[digits..] {
        "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3600),
        _ => None,
    }
    .and_then(|unit_s: u32| text[..digits].parse::<u32>().ok()?.checked_mul(unit_s));
    match seconds {
        _ if text == "off" => Ok(None),
        _ if text == "live" => Ok(Some(Refresh::Live)),
        Some(0) => Ok(None),
        Some(seconds) if REFRESH_S.contains(&seconds) => Ok(Some(Refresh::Every { seconds })),
        _ => {
            let message = "Expected 5s to 24h, for example 30s or 5m, or live.";
            Err(Error::invalid("refresh", message).at(0, text.chars().count()))
        }
    }
}

impl fmt::Display for Refresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Refresh::Live => f.write_str("live"),
            Refresh::Every { seconds } if seconds.is_multiple_of(3600) => write!(f, "{}h", seconds / 3600),
            Refresh::Every { seconds } if seconds.is_multiple_of(60) => write!(f, "{}m", seconds / 60),
            Refresh::Every { seconds } => write!(f, "{seconds}s"),
        }
    }
}

#[cfg(test)]
mod tests;
