//! `trailmap ingest`: paths in, a progress bar while it runs, a summary at the end.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, anyhow, bail};
use sqlx::PgPool;

use super::database::Database;
use crate::{
    config::{Global, Ingest, OutputFormat},
    disk::{Disk, Full},
    ingest::{self, Input, Summary, enrich::GeoIp},
};

mod bar;

/// Database connections that an ingest run may use at once.
const CONNECTIONS: u32 = 8;

pub async fn run(global: &Global, settings: &Ingest) -> anyhow::Result<ExitCode> {
    // Before the database is opened, so that a mistyped path costs nothing.
    let inputs = inputs(&settings.paths)?;
    let geoip = GeoIp::open(&global.geoip()?)?;
    let database = Database::open(global, CONNECTIONS).await?;
    let disk = database.disk.clone();
    let summary = database.with(async |pool| read(pool, &geoip, &disk, inputs).await).await?;
    match settings.format {
        OutputFormat::Json => super::print(&format!("{}\n", serde_json::to_string(&summary)?))?,
        OutputFormat::Text => super::print(&text(&summary))?,
    }
    Ok(if summary.objects_failed > 0 { ExitCode::from(super::SOME_FAILED) } else { ExitCode::SUCCESS })
}

/// Ingests with a progress bar on a terminal; failed objects are told on standard error. A full disk ends it: nobody may be there to
/// make room.
pub async fn read(pool: &PgPool, geoip: &GeoIp, disk: &Disk, inputs: Vec<Input>) -> anyhow::Result<Summary> {
    let bar = bar::Bar::new();
    let summary = ingest::run(pool, geoip, disk, inputs, &bar).await;
    bar.finish();
    summary.map_err(|error| match error.downcast::<Full>() {
        Ok(full) => anyhow!(
            "{full}. What was read before is stored. Make room, or choose another --disk-reserve, and run it again: it goes on \
             from there"
        ),
        Err(error) => error,
    })
}

/// Resolves paths, globs and `-`. Errors: a path that is not there, a pattern that matches nothing.
pub fn inputs(paths: &[PathBuf]) -> anyhow::Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            inputs.push(Input::Stdin);
        } else if path.try_exists().with_context(|| path.display().to_string())? {
            inputs.push(Input::Path(path.clone()));
        } else {
            inputs.extend(matches(path)?.into_iter().map(Input::Path));
        }
    }
    Ok(inputs)
}

/// For shells that leave globs alone, and for patterns in quotes.
fn matches(pattern: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let name = pattern.display();
    let text = pattern.to_str().filter(|text| text.contains(['*', '?', '['])).map(str::to_owned);
    let Some(text) = text else { bail!("{name}: no such file or folder") };
    let found = glob::glob(&text).with_context(|| format!("{name}: not a valid pattern"))?;
    let found: Vec<_> = found.collect::<Result<_, _>>().with_context(|| name.to_string())?;
    if found.is_empty() {
        bail!("{name}: nothing matches this pattern");
    }
    Ok(found)
}

fn text(summary: &Summary) -> String {
    let rate = summary.events_read as f64 / summary.seconds.max(0.001);
    format!(
        "{} objects read, {} failed, {} skipped (read before)\n\
         {} events read: {} new, {} already there, {} rejected\n\
         {:.1} MB in {:.1} s, {rate:.0} events/s\n",
        summary.objects,
        summary.objects_failed,
        summary.objects_skipped,
        summary.events_read,
        summary.events_inserted,
        summary.events_duplicate,
        summary.events_rejected,
        summary.bytes_uncompressed as f64 / 1e6,
        summary.seconds,
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn names(paths: &[PathBuf]) -> Result<Vec<String>, String> {
        let inputs = inputs(paths).map_err(|error| format!("{error:#}"))?;
        let name = |input: &Input| match input {
            Input::Path(path) => path.file_name().unwrap().to_string_lossy().into_owned(),
            Input::Stdin => "-".to_owned(),
        };
        Ok(inputs.iter().map(name).collect())
    }

    #[test]
    fn paths_globs_and_stdin() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.json", "b.json", "c.gz", "odd[1].json"] {
            std::fs::write(folder.path().join(name), "{}").unwrap();
        }
        let at = |name: &str| folder.path().join(name);
        assert_eq!(names(&[at("c.gz"), "-".into()]).unwrap(), ["c.gz", "-"]);
        assert_eq!(names(&[at("?.json")]).unwrap(), ["a.json", "b.json"]);
        assert_eq!(names(&[at("odd[1].json")]).unwrap(), ["odd[1].json"], "a file's own name wins over the pattern");
        assert!(names(&[at("c.gz"), at("missing")]).unwrap_err().contains("missing: no such file"));
        assert!(names(&[at("*.csv")]).unwrap_err().contains("nothing matches"));
    }
}
