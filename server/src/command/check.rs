//! `trailmap check`: tries each source of a configuration, and says in a sentence how it goes; and what the settings leave open.

use std::process::ExitCode;

use crate::{
    config::{self, file},
    ingest::source::check::check,
};

/// Fails if a source does.
pub async fn run(global: &config::Global, settings: &config::Check) -> anyhow::Result<ExitCode> {
    let sources = file::read(&settings.config)?.sources;
    if sources.is_empty() {
        super::print(&format!("{} has no sources.\n", settings.config.display()))?;
    }
    if global.database_url()?.is_some() && global.reader_url().is_none() {
        super::print("Queries run in the login of --database-url, which may write: see --reader-url.\n")?;
    }
    let mut all = true;
    for source in &sources {
        let tried = tokio::select! {
            tried = check(source) => tried,
            () = super::interrupt::received() => return Err(super::interrupt::Interrupted.into()),
        };
        let (word, told) = match &tried {
            Ok(told) => ("ok", told),
            Err(told) => ("FAILED", told),
        };
        all &= tried.is_ok();
        super::print(&format!("{} ({}): {word}: {told}\n", source.name, source.kind.name()))?;
    }
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
