//! The file of `--config`: sources, how long events are kept, who counts as silent, who mails reports and
//! who posts them, where users sign in, and what is asked of them. Every mistake names its line.

use std::{collections::HashSet, path::Path};

use anyhow::{Context, anyhow};
use toml::de::{DeTable, DeValue};

use super::{
    access::{self, Access},
    oidc::{self, Oidc},
    quiet::{self, Quiet},
    retention::{self, Retention},
    slack::{self, Slack},
    smtp::{self, Smtp},
    source::{
        self, Source,
        entry::{Entry, Mistake},
    },
};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct File {
    pub sources: Vec<Source>,
    pub retention: Retention,
    pub quiet: Quiet,
    pub smtp: Option<Smtp>,
    pub slack: Option<Slack>,
    pub oidc: Option<Oidc>,
    pub access: Access,
}

/// Reads the file. Errors name the file, the line, the source and the key.
pub fn read(file: &Path) -> anyhow::Result<File> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{}: cannot be read", file.display()))?;
    parse(&text).map_err(|mistake| anyhow!("{}, {mistake}", file.display()))
}

/// A file's text. What a source would bring and retention would delete at once, it is not asked for.
pub fn parse(text: &str) -> Result<File, String> {
    let told = |mistake: Mistake| mistake.told(text);
    let table = DeTable::parse(text).map_err(|error| {
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        told(Mistake { at: error.span().map_or(0, |span| span.start), what: format!("not TOML: {message}") })
    })?;
    let mut file = File::default();
    for (key, value) in table.get_ref() {
        let at = key.span().start;
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("source", DeValue::Array(list)) if list.iter().all(|item| item.get_ref().is_table()) => {
                let tables = list.iter().filter_map(|item| Some((item.span().start, item.get_ref().as_table()?)));
                file.sources = sources(tables).map_err(told)?;
            }
            ("source", _) => return Err(told(Mistake { at, what: "a source begins with [[source]]".to_owned() })),
            ("retention", DeValue::Table(table)) => file.retention = retention::parse(at, table).map_err(told)?,
            ("retention", _) => {
                return Err(told(Mistake { at, what: "retention is a table and begins with [retention]".to_owned() }));
            }
            ("quiet", DeValue::Table(table)) => file.quiet = quiet::parse(at, table).map_err(told)?,
            ("quiet", _) => {
                return Err(told(Mistake { at, what: "quiet is a table and begins with [quiet]".to_owned() }));
            }
            ("smtp", DeValue::Table(table)) => file.smtp = Some(smtp::parse(at, table).map_err(told)?),
            ("smtp", _) => {
                return Err(told(Mistake { at, what: "smtp is a table and begins with [smtp]".to_owned() }));
            }
            ("slack", DeValue::Table(table)) => file.slack = Some(slack::parse(at, table).map_err(told)?),
            ("slack", _) => {
                return Err(told(Mistake { at, what: "slack is a table and begins with [slack]".to_owned() }));
            }
            ("oidc", DeValue::Table(table)) => file.oidc = Some(oidc::parse(at, table).map_err(told)?),
            ("oidc", _) => {
                return Err(told(Mistake { at, what: "oidc is a table and begins with [oidc]".to_owned() }));
            }
            ("access", DeValue::Table(table)) => file.access = access::parse(at, table).map_err(told)?,
            ("access", _) => {
                return Err(told(Mistake { at, what: "access is a table and begins with [access]".to_owned() }));
            }
            (other, _) => {
                let what = format!(
                    "unknown key {other:?}: the file has [[source]] tables, [retention], [quiet], [smtp], [slack], [oidc] and [access]"
                );
                return Err(told(Mistake { at, what }));
            }
        }
    }
    for source in &mut file.sources {
        let longest = file.retention.longest(&source.name);
        source.kind.keep(longest);
        if let Some(verify) = &mut source.verify {
            verify.keep_days = longest;
        }
    }
    Ok(file)
}

/// In their order.
fn sources<'a>(tables: impl Iterator<Item = (usize, &'a DeTable<'a>)>) -> Result<Vec<Source>, Mistake> {
    let mut sources = Vec::new();
    let mut names = HashSet::new();
    for (at, table) in tables {
        let source = source::parse(Entry::of("source", at, table))?;
        if !names.insert(source.name.clone()) {
            return Err(Mistake { at, what: format!("the name {:?} is taken by a source above", source.name) });
        }
        sources.push(source);
    }
    Ok(sources)
}
