//! `[retention]` of the configuration: how long events are kept. Nothing is deleted unless it says so.

use std::{collections::HashSet, fmt};

use time::{Date, Duration};
use toml::de::{DeTable, DeValue};

use super::source::entry::{Entry, Mistake};

/// The rules; without any, everything is kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Retention {
    /// `days` of the table itself is a rule without conditions.
    pub rules: Vec<Rule>,
}

/// How long the events are kept that fulfil its conditions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    pub account: Option<String>,
    /// The name of the source that brought the event first.
    pub source: Option<String>,
    pub keep: Keep,
}

/// The longer, the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Keep {
    /// Whole days before today, in UTC.
    Days(u32),
    Forever,
}

impl Retention {
    /// Whether anything is ever deleted.
    pub fn deletes(&self) -> bool {
        self.rules.iter().any(|rule| rule.keep != Keep::Forever)
    }

    /// The rule for an event: one with both conditions before one with either, that before `days`. Of an account's rule and a
    /// source's, the one that keeps longer.
    pub fn rule(&self, account: Option<&str>, source: Option<&str>) -> Option<&Rule> {
        let holds =
            |wanted: &Option<String>, is: Option<&str>| wanted.as_deref().is_none_or(|wanted| is == Some(wanted));
        let fits = self.rules.iter().filter(|rule| holds(&rule.account, account) && holds(&rule.source, source));
        fits.max_by_key(|rule| (rule.conditions(), rule.keep))
    }

    /// Sources that rules name, each once.
    pub fn sources(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.rules.iter().filter_map(|rule| rule.source.as_deref()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Before which day whatever there is of this account is expired, whoever brought it; none: some of it, or all, is kept for ever.
    pub fn cutoff_of(&self, account: &str, today: Date) -> Option<Date> {
        let sources = self.sources().into_iter().map(Some).chain([None]);
        let cutoffs = sources.map(|source| self.rule(Some(account), source)?.cutoff(today));
        cutoffs.collect::<Option<Vec<_>>>()?.into_iter().min()
    }

    /// After how many days whatever this source brings is deleted; none: some of it, or all, is kept for ever.
    pub fn longest(&self, source: &str) -> Option<u32> {
        let accounts = self.rules.iter().map(|rule| rule.account.as_deref());
        let keeps = accounts.chain([None]).map(|account| match self.rule(account, Some(source))?.keep {
            Keep::Days(days) => Some(days),
            Keep::Forever => None,
        });
        keeps.collect::<Option<Vec<_>>>()?.into_iter().max()
    }
}

impl Rule {
    fn conditions(&self) -> usize {
        usize::from(self.account.is_some()) + usize::from(self.source.is_some())
    }

    /// Events before this day are expired.
    pub fn cutoff(&self, today: Date) -> Option<Date> {
        match self.keep {
            Keep::Days(days) => Some(today.saturating_sub(Duration::days(i64::from(days)))),
            Keep::Forever => None,
        }
    }
}

/// As it stands in the file.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (key, value) in [("account", &self.account), ("source", &self.source)] {
            if let Some(value) = value {
                write!(f, "{key} = {value:?}, ")?;
            }
        }
        match self.keep {
            Keep::Days(days) => write!(f, "days = {days}"),
            Keep::Forever => write!(f, "days = \"forever\""),
        }
    }
}

/// Reads the table, which begins at this byte.
pub fn parse(at: usize, table: &DeTable<'_>) -> Result<Retention, Mistake> {
    let mut entry = Entry::of("retention", at, table);
    let keep = entry.keep("days")?;
    let mut rules: Vec<_> = keep.map(|keep| Rule { account: None, source: None, keep }).into_iter().collect();
    let list: &[_] = match entry.value("rule") {
        None => &[],
        Some(DeValue::Array(list)) if list.iter().all(|item| item.get_ref().is_table()) => list,
        Some(_) => return Err(entry.mistake("rule", "a rule begins with [[retention.rule]]")),
    };
    entry.finish("[retention]")?;
    let mut known = HashSet::new();
    for item in list {
        let Some(table) = item.get_ref().as_table() else { continue };
        let rule = rule(Entry::of("retention.rule", item.span().start, table))?;
        if !known.insert((rule.account.clone(), rule.source.clone())) {
            let what = format!("retention.rule: a rule above has the same conditions as this one ({rule})");
            return Err(Mistake { at: item.span().start, what });
        }
        rules.push(rule);
    }
    if rules.is_empty() {
        return Err(entry.mistake("days", "is missing, and there is no [[retention.rule]]: this would do nothing"));
    }
    Ok(Retention { rules })
}

fn rule(mut entry: Entry<'_>) -> Result<Rule, Mistake> {
    let account = entry.text("account")?;
    if account.as_ref().is_some_and(|id| id.len() != 12 || !id.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(entry.mistake("account", "an account's id is 12 digits, in quotes"));
    }
    let source = entry.text("source")?;
    if account.is_none() && source.is_none() {
        return Err(entry.mistake("account", "is missing, and so is source: for all events, set days of [retention]"));
    }
    let Some(keep) = entry.keep("days")? else { return Err(entry.mistake("days", "is missing")) };
    entry.finish("a rule of [retention]")?;
    Ok(Rule { account, source, keep })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(account: Option<&str>, source: Option<&str>, keep: Keep) -> Rule {
        Rule { account: account.map(str::to_owned), source: source.map(str::to_owned), keep }
    }

    fn days(retention: &Retention, account: &str, source: Option<&str>) -> Option<Keep> {
        retention.rule(Some(account), source).map(|rule| rule.keep)
    }

    #[test]
    fn the_rule_that_says_most_wins_and_else_the_longer_one() {
        let retention = Retention {
            rules: vec![
                rule(None, None, Keep::Days(400)),
                rule(Some("1"), None, Keep::Days(90)),
                rule(None, Some("a"), Keep::Days(30)),
                rule(None, Some("b"), Keep::Forever),
                rule(Some("2"), Some("b"), Keep::Days(7)),
            ],
        };
        assert_eq!(days(&retention, "9", None), Some(Keep::Days(400)));
        assert_eq!(days(&retention, "1", None), Some(Keep::Days(90)));
        assert_eq!(days(&retention, "9", Some("a")), Some(Keep::Days(30)));
        assert_eq!(days(&retention, "1", Some("a")), Some(Keep::Days(90)), "the longer one");
        assert_eq!(days(&retention, "1", Some("b")), Some(Keep::Forever));
        assert_eq!(days(&retention, "2", Some("b")), Some(Keep::Days(7)), "both conditions");
        assert_eq!(retention.rule(None, None).map(|rule| rule.keep), Some(Keep::Days(400)), "no account");
        let today = time::macros::date!(2026 - 03 - 01);
        assert_eq!(retention.cutoff_of("1", today), None, "what the source b brings is kept for ever");
        let of_two = Retention { rules: retention.rules[..3].to_vec() };
        assert_eq!(of_two.cutoff_of("1", today), Some(time::macros::date!(2025 - 12 - 01)), "90 days");
        assert_eq!(of_two.cutoff_of("9", today), Some(time::macros::date!(2025 - 01 - 25)), "400 days");
        assert_eq!(retention.longest("a"), Some(90));
        assert_eq!(retention.longest("b"), None);
        assert_eq!(retention.longest("c"), Some(400));
        assert_eq!(Retention::default().longest("a"), None);
        assert!(!Retention { rules: vec![rule(None, None, Keep::Forever)] }.deletes());
    }

    #[test]
    fn a_day_is_kept_until_all_of_it_is_too_old() {
        let today = time::macros::date!(2026 - 03 - 01);
        assert_eq!(rule(None, None, Keep::Days(1)).cutoff(today), Some(time::macros::date!(2026 - 02 - 28)));
        assert_eq!(rule(None, None, Keep::Forever).cutoff(today), None);
    }
}
