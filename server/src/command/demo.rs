//! `trailmap demo`: the private Postgres, a sample or the user's own files, and the dashboard.

use std::{fs, io::ErrorKind, path::Path, process::ExitCode};

use anyhow::Context;

use super::{database::Database, ingest, serve};
use crate::{
    clock::Clock,
    config::{Demo, Global},
    ingest::{Input, enrich::GeoIp},
    sample,
};

pub async fn run(global: &Global, settings: &Demo) -> anyhow::Result<ExitCode> {
    let data: Vec<_> = settings.data.iter().filter(|path| !path.as_os_str().is_empty()).cloned().collect();
    let own = ingest::inputs(&data)?;
    let listener = serve::listen(&settings.serve).await?;
    let file = serve::file(&settings.serve)?;
    let geoip = serve::open_geoip(global)?;
    let data_dir = global.data_dir()?;
    let seal = serve::seal(global, &settings.serve)?;
    let post = serve::post(&settings.serve, &file, seal.clone())?;
    let database = Database::private(global, serve::CONNECTIONS).await?;
    let filled = tokio::select! {
        filled = fill(&database, &geoip, &data_dir, settings, own) => filled,
        () = super::interrupt::received() => Err(super::interrupt::Interrupted.into()),
    };
    if let Err(error) = filled {
        database.close().await?;
        return Err(error);
    }
    serve::serve(database, geoip, listener, &settings.serve, file, seal, post).await?;
    Ok(ExitCode::SUCCESS)
}

/// Reads the user's own files; without any, the sample when the database has no events.
async fn fill(
    database: &Database,
    geoip: &GeoIp,
    data_dir: &Path,
    settings: &Demo,
    own: Vec<Input>,
) -> anyhow::Result<()> {
    let Database { pool, disk, .. } = database;
    if !own.is_empty() {
        let summary = ingest::read(pool, geoip, disk, own).await?;
        tracing::info!(
            new = summary.events_inserted,
            already_there = summary.events_duplicate,
            rejected = summary.events_rejected,
            objects_failed = summary.objects_failed,
            "your files are read"
        );
        return Ok(());
    }
    // The folder is there from its completion until its events are all stored: a crash in between is made up for here.
    let folder = data_dir.join("sample");
    let interrupted = folder.is_dir();
    let empty = sqlx::query_scalar::<_, bool>("select not exists (select from event)").fetch_one(pool).await?;
    if !empty && !interrupted {
        return Ok(());
    }
    if !interrupted {
        write(settings, &folder).await?;
    }
    let summary = ingest::read(pool, geoip, disk, vec![Input::Path(folder.clone())]).await?;
    tracing::info!(events = summary.events_inserted, seconds = summary.seconds, "the sample is loaded");
    remove(&folder)
}

/// Writes the sample beside `folder` and then gives it its name, so that `folder` is always complete.
async fn write(settings: &Demo, folder: &Path) -> anyhow::Result<()> {
    let unfinished = folder.with_extension("unfinished");
    remove(&unfinished)?;
    tracing::info!(events = settings.events, days = settings.days, "writing a sample");
    let sample = sample::Settings {
        events: settings.events,
        days: settings.days,
        seed: 1,
        out: unfinished.clone(),
        until: Clock::System.now(),
    };
    tokio::task::spawn_blocking(move || sample::write(&sample)).await??;
    fs::rename(&unfinished, folder).with_context(|| folder.display().to_string())
}

fn remove(folder: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error).with_context(|| folder.display().to_string()),
        _ => Ok(()),
    }
}
