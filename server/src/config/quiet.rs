//! `[quiet]` of the configuration: when an account and region counts as fallen silent.

use toml::de::DeTable;

use super::source::entry::{Entry, Mistake};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// It is without events for so many hours at the least,
    pub hours: u32,
    /// and so many times as long as it was at the longest in the last days.
    pub times: u32,
    /// Accounts that are never told of.
    pub ignore: Vec<String>,
}

impl Default for Quiet {
    fn default() -> Quiet {
        Quiet { hours: 6, times: 2, ignore: Vec::new() }
    }
}

/// Reads the table, which begins at this byte.
pub fn parse(at: usize, table: &DeTable<'_>) -> Result<Quiet, Mistake> {
    let (mut entry, default) = (Entry::of("quiet", at, table), Quiet::default());
    let quiet = Quiet {
        // Beyond two weeks nothing is known of who is silent.
        hours: entry.number("hours", 1..=14 * 24, default.hours)?,
        times: entry.number("times", 1..=100, default.times)?,
        ignore: entry.list("ignore")?.unwrap_or_default(),
    };
    if quiet.ignore.iter().any(|id| id.len() != 12 || !id.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(entry.mistake("ignore", "an account's id is 12 digits, in quotes"));
    }
    entry.finish("[quiet]")?;
    Ok(quiet)
}
