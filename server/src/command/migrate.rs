//! `trailmap migrate`.

use std::process::ExitCode;

use super::database::Database;
use crate::config::Global;

/// Opening a database migrates it.
pub async fn run(global: &Global) -> anyhow::Result<ExitCode> {
    let version = Database::open(global, 1)
        .await?
        .with(async |pool| {
            let version = sqlx::query_scalar::<_, i64>("select max(version) from _sqlx_migrations");
            Ok(version.fetch_one(pool).await?)
        })
        .await?;
    super::print(&format!("The schema is at version {version}.\n"))?;
    Ok(ExitCode::SUCCESS)
}
