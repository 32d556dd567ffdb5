//! `trailmap audit`: the audit log, and whether it is whole.

use std::process::ExitCode;

use super::database::Database;
use crate::{
    access::audit,
    config::{Audit, Global},
    store::access::audit as store,
};

/// Entries that are read at once.
const PIECE: i64 = 5_000;

pub async fn run(global: &Global, settings: &Audit) -> anyhow::Result<ExitCode> {
    let database = Database::open(global, 2).await?;
    let is_whole = database
        .with(async |pool| {
            let mut next = (!settings.verify).then_some(1);
            while let Some(first) = next {
                let entries = store::from(pool, first, PIECE).await?;
                next = entries.last().map(|last| last.entry_id + 1);
                let lines: String = entries.into_iter().map(line).collect();
                super::print(&lines)?;
            }
            Ok(audit::verify(pool).await?)
        })
        .await?;
    match is_whole {
        Ok(entries) => {
            if settings.verify {
                super::print(&format!("{entries} entries, each as it was written.\n"))?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(why) => {
            eprintln!("trailmap: the audit log was tampered with: {why}");
            Ok(ExitCode::FAILURE)
        }
    }
}

fn line(entry: store::Entry) -> String {
    format!("{}\n", serde_json::json!(audit::shown(entry)))
}
