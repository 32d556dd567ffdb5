//! While a program serves, the server of its cluster is started again whenever it has ended.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use super::{lock::Turn, server::Server};

/// How often the server is looked after.
const LOOK: Duration = Duration::from_secs(1);
/// Between two starts: twice as long each time, up to the second. From the beginning again after a server that ran for a while.
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
const LAST_BACKOFF: Duration = Duration::from_secs(30);
const A_WHILE: Duration = Duration::from_secs(60);

/// Never ends. `left` is set by whoever stops the server on purpose, before it takes its turn.
pub async fn attend(server: Arc<Server>, left: Arc<AtomicBool>) {
    let (mut backoff, mut started) = (FIRST_BACKOFF, Instant::now());
    loop {
        tokio::time::sleep(LOOK).await;
        let (server, left) = (server.clone(), left.clone());
        match tokio::task::spawn_blocking(move || revive(&server, &left)).await {
            Ok(Ok(false)) => {
                if started.elapsed() >= A_WHILE {
                    backoff = FIRST_BACKOFF;
                }
                continue;
            }
            Ok(Ok(true)) => started = Instant::now(),
            Ok(Err(error)) => {
                let reason = format!("{error:#}");
                tracing::error!(reason, again_in_s = backoff.as_secs(), "the private Postgres cannot be started again");
            }
            Err(error) => tracing::error!(%error, "the start of the private Postgres broke down"),
        }
        tokio::time::sleep(backoff).await;
        backoff = LAST_BACKOFF.min(backoff * 2);
    }
}

/// Starts the server where it has ended; tells whether it did.
fn revive(server: &Server, left: &AtomicBool) -> anyhow::Result<bool> {
    if server.is_running() {
        return Ok(false);
    }
    let _turn = Turn::take(&server.place.home)?;
    if left.load(Ordering::Acquire) || server.is_running() {
        return Ok(false);
    }
    tracing::error!(log = %server.place.log.display(), "the private Postgres has ended: it is started again");
    server.start()?;
    Ok(true)
}
