//! SIGINT and SIGTERM: remembered from the beginning, so that none is lost between two awaits.

use std::sync::LazyLock;

use anyhow::Context;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// The run was ended by a signal; what was stored so far stays.
#[derive(Debug, thiserror::Error)]
#[error("interrupted; what was stored so far stays, and running the command again goes on from there")]
pub struct Interrupted;

static RECEIVED: LazyLock<watch::Sender<bool>> = LazyLock::new(|| watch::Sender::new(false));

/// Takes the signals over from the system's default, which is to end the process at once. The first ends the run in
/// order; the second ends the process.
pub fn listen() -> anyhow::Result<()> {
    let context = "signals cannot be handled";
    let mut interrupt = signal(SignalKind::interrupt()).context(context)?;
    let mut terminate = signal(SignalKind::terminate()).context(context)?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if RECEIVED.send_replace(true) {
                std::process::exit(i32::from(super::INTERRUPTED));
            }
        }
    });
    Ok(())
}

/// Returns when a signal has come, be it before the call.
pub async fn received() {
    // The sender is never dropped: this waits for as long as no signal comes.
    let _ = RECEIVED.subscribe().wait_for(|received| *received).await;
}
