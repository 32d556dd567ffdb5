//! `trailmap sample`.

use std::process::ExitCode;

use crate::{clock::Clock, config, sample};

pub fn run(settings: &config::Sample) -> anyhow::Result<ExitCode> {
    let summary = sample::write(&sample::Settings {
        events: settings.events,
        days: settings.days,
        seed: settings.seed,
        out: settings.out.clone(),
        until: settings.until.unwrap_or_else(|| Clock::System.now()),
    })?;
    let megabytes = summary.bytes as f64 / 1e6;
    super::print(&format!(
        "{} events in {} files ({megabytes:.1} MB) below {}\n",
        summary.events,
        summary.files,
        settings.out.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}
