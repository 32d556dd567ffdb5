//! `trailmap enrich`: places of stored source addresses, looked up again.

use std::process::ExitCode;

use anyhow::bail;

use super::database::Database;
use crate::{
    config::Global,
    ingest::enrich::{self, GeoIp},
};

pub async fn run(global: &Global) -> anyhow::Result<ExitCode> {
    let paths = global.geoip()?;
    if paths.is_empty() {
        bail!("no GeoIP database is given: name one with --geoip");
    }
    let geoip = GeoIp::open(&paths)?;
    let changed = Database::open(global, 2).await?.with(async |pool| enrich::refresh(pool, &geoip).await).await?;
    let addresses = if changed == 1 { "address has" } else { "addresses have" };
    super::print(&format!("{changed} {addresses} another place now\n"))?;
    Ok(ExitCode::SUCCESS)
}
