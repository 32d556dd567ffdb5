//! `trailmap rebuild`: the counts of rollups beside a recount of the events.

use std::process::ExitCode;

use super::database::Database;
use crate::{
    config::Global,
    store::{event, rollup},
};

/// Succeeds if nothing was wrong; what was wrong is right afterwards.
pub async fn run(global: &Global) -> anyhow::Result<ExitCode> {
    Database::open(global, 2)
        .await?
        .with(async |pool| {
            let mut wrong = 0;
            for rollup in &rollup::ROLLUPS {
                let recount = rollup::rebuild(pool, rollup).await?;
                wrong += recount.wrong;
                let (count, found) = match recount.wrong {
                    0 => (recount.keys, "as the events"),
                    wrong => (wrong, "wrong, and right now"),
                };
                super::print(&format!("{}: {count} of {} counts are {found}\n", rollup.table, recount.keys))?;
            }
            for event_id in event::ids_of_several(pool).await? {
                super::print(&format!("event id {event_id} belongs to several events, of different times\n"))?;
            }
            Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        })
        .await
}
