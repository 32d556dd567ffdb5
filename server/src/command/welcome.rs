//! `trailmap welcome`: a link for somebody who cannot get in otherwise.

use std::process::ExitCode;

use crate::{
    access,
    config::{Global, PublicUrl, Welcome},
};

use super::database::Database;

pub async fn run(global: &Global, settings: &Welcome) -> anyhow::Result<ExitCode> {
    let Welcome { name, reset_second_factor, public_url: PublicUrl(base) } = settings;
    let database = Database::open(global, 2).await?;
    let link = database.with(async |pool| access::link(pool, base, name, *reset_second_factor).await).await?;
    super::print(&format!("{link}\n"))?;
    Ok(ExitCode::SUCCESS)
}
