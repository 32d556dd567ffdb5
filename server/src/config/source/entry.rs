//! One table of the file of `--config`, read key by key; what nobody asked for is a mistake.

use std::{ops::RangeInclusive, time::Duration};

use time::{Date, macros::format_description};
use toml::de::{DeTable, DeValue};

use crate::config::retention::Keep;

/// What is wrong, and at which byte of the file.
pub struct Mistake {
    pub at: usize,
    pub what: String,
}

impl Mistake {
    /// With the line's number.
    pub fn told(&self, text: &str) -> String {
        let line = text.bytes().take(self.at).filter(|byte| *byte == b'\n').count() + 1;
        format!("line {line}: {}", self.what)
    }
}

pub struct Entry<'a> {
    at: usize,
    table: &'a DeTable<'a>,
    /// What the table is, for mistakes: with its name, once that is known.
    what: String,
    asked: Vec<&'static str>,
}

impl<'a> Entry<'a> {
    pub fn of(what: &str, at: usize, table: &'a DeTable<'a>) -> Entry<'a> {
        Entry { at, table, what: what.to_owned(), asked: Vec::new() }
    }

    /// A mistake in a key, at its line; at the table's first line where the key is not there.
    pub fn mistake(&self, key: &str, what: &str) -> Mistake {
        let at = self.table.get(key).map_or(self.at, |value| value.span().start);
        Mistake { at, what: format!("{}: {key}: {what}", self.what) }
    }

    pub fn value(&mut self, key: &'static str) -> Option<&'a DeValue<'a>> {
        self.asked.push(key);
        self.table.get(key).map(|value| value.get_ref())
    }

    /// The source's name, checked.
    pub fn name(&mut self) -> Result<String, Mistake> {
        let name = self.required("name")?;
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.len() > 63 || !name.bytes().all(allowed) {
            return Err(self.mistake("name", &format!("{name:?} has other characters than a-z, 0-9 and -, or over 63")));
        }
        self.what = format!("source {name:?}");
        Ok(name)
    }

    pub fn required(&mut self, key: &'static str) -> Result<String, Mistake> {
        match self.text(key)? {
            Some(text) => Ok(text),
            None => Err(self.mistake(key, "is missing")),
        }
    }

    pub fn text(&mut self, key: &'static str) -> Result<Option<String>, Mistake> {
        match self.value(key) {
            None => Ok(None),
            Some(DeValue::String(text)) if text.trim().is_empty() && key != "prefix" => {
                Err(self.mistake(key, "is empty"))
            }
            Some(DeValue::String(text)) => Ok(Some(text.to_string())),
            Some(other) => Err(self.mistake(key, &format!("a text in quotes is expected, not {}", kind(other)))),
        }
    }

    pub fn list(&mut self, key: &'static str) -> Result<Option<Vec<String>>, Mistake> {
        let Some(value) = self.value(key) else { return Ok(None) };
        let items = value.as_array().map(|list| {
            let texts = list.iter().map(|item| item.get_ref().as_str().filter(|text| !text.trim().is_empty()));
            texts.map(|text| text.map(str::to_owned)).collect::<Option<Vec<_>>>()
        });
        match items.flatten() {
            Some(items) if !items.is_empty() => Ok(Some(items)),
            _ => Err(self.mistake(key, "a list of texts is expected, as [\"eu-west-1\", \"us-east-1\"]")),
        }
    }

    pub fn boolean(&mut self, key: &'static str, default: bool) -> Result<bool, Mistake> {
        match self.value(key) {
            None => Ok(default),
            Some(DeValue::Boolean(value)) => Ok(*value),
            Some(other) => Err(self.mistake(key, &format!("true or false is expected, not {}", kind(other)))),
        }
    }

    pub fn number(&mut self, key: &'static str, range: RangeInclusive<u32>, default: u32) -> Result<u32, Mistake> {
        let Some(value) = self.value(key) else { return Ok(default) };
        let number = value.as_integer().and_then(|number| number.as_str().parse().ok());
        number.filter(|number| range.contains(number)).ok_or_else(|| {
            self.mistake(key, &format!("a number from {} to {} is expected", range.start(), range.end()))
        })
    }

    /// A number of days, or `"forever"`.
    pub fn keep(&mut self, key: &'static str) -> Result<Option<Keep>, Mistake> {
        const MOST_DAYS: u32 = 36_500;
        match self.value(key) {
            None => Ok(None),
            Some(DeValue::String(text)) if text == "forever" => Ok(Some(Keep::Forever)),
            Some(DeValue::Integer(_)) => Ok(Some(Keep::Days(self.number(key, 1..=MOST_DAYS, 1)?))),
            Some(_) => Err(self.mistake(key, "a number of days or \"forever\" is expected")),
        }
    }

    /// `90s`, `5m`, `2h`, `1d`.
    pub fn duration(&mut self, key: &'static str, default: Duration) -> Result<Duration, Mistake> {
        let Some(text) = self.text(key)? else { return Ok(default) };
        duration(&text).ok_or_else(|| {
            self.mistake(key, &format!("{text:?} is no duration such as 60s, 5m, 2h or 1d, from 1s to 365d"))
        })
    }

    /// `2026-01-31`, in quotes or not.
    pub fn date(&mut self, key: &'static str) -> Result<Option<Date>, Mistake> {
        let text = match self.value(key) {
            Some(DeValue::Datetime(written)) => Some(written.to_string()),
            _ => self.text(key)?,
        };
        let Some(text) = text else { return Ok(None) };
        let date = Date::parse(&text, format_description!("[year]-[month]-[day]"));
        date.map(Some).map_err(|_| self.mistake(key, &format!("{text:?} is no date such as 2026-01-31")))
    }

    /// Errors: a key that nobody asked for.
    pub fn finish(&self, table: &str) -> Result<(), Mistake> {
        let unknown = self.table.keys().find(|key| !self.asked.contains(&key.get_ref().as_ref()));
        let Some(key) = unknown else { return Ok(()) };
        let mut known = self.asked.clone();
        known.sort_unstable();
        known.dedup();
        let what = format!("unknown key; {table} has {}", known.join(", "));
        Err(Mistake { at: key.span().start, ..self.mistake(key.get_ref(), &what) })
    }
}

fn duration(text: &str) -> Option<Duration> {
    let unit = match text.as_bytes().last()? {
        b's' => 1,
        b'm' => 60,
        b'h' => 3_600,
        b'd' => 86_400,
        _ => return None,
    };
    let digits = &text[..text.len() - 1];
    let count: u64 = if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok()? } else { return None };
    let seconds = count.checked_mul(unit)?;
    (1..=365 * 86_400).contains(&seconds).then(|| Duration::from_secs(seconds))
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
