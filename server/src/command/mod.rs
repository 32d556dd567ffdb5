//! What each subcommand does: the wiring between settings and rooms.

use std::{io::Write, process::ExitCode};

use anyhow::Context;

use crate::config::{Command, Config};

mod audit;
mod check;
mod database;
mod demo;
mod enrich;
mod health;
mod ingest;
mod interrupt;
mod migrate;
mod rebuild;
mod rejected;
mod retain;
mod sample;
mod serve;
mod verify;
mod welcome;

/// Exit status of `trailmap ingest` when some object could not be read.
const SOME_FAILED: u8 = 3;
/// Exit status after Ctrl-C, as shells count it: 128 and the signal's number.
const INTERRUPTED: u8 = 130;

/// Runs the program; errors go to standard error.
pub fn main(config: Config) -> ExitCode {
    match run(config) {
        Ok(code) => code,
        Err(error) if error.is::<interrupt::Interrupted>() => {
            eprintln!("trailmap: {error}");
            ExitCode::from(INTERRUPTED)
        }
        Err(error) => {
            eprintln!("trailmap: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(Config { command, global }: Config) -> anyhow::Result<ExitCode> {
    crate::telemetry::start(global.log.as_deref().unwrap_or(command.default_log()), global.log_format)?;
    let runtime = tokio::runtime::Runtime::new().context("the async runtime does not start")?;
    // Without a database there is nothing to end in order: the signals' default, to end at once, is right.
    let alone = match &command {
        Command::Sample(_) | Command::Health(_) => true,
        Command::Verify(settings) => !settings.record,
        _ => false,
    };
    if !alone {
        let _inside = runtime.enter();
        interrupt::listen()?;
    }
    let done = match command {
        Command::Serve(settings) => runtime.block_on(serve::run(&global, &settings)),
        Command::Ingest(settings) => runtime.block_on(ingest::run(&global, &settings)),
        Command::Sample(settings) => sample::run(&settings),
        Command::Migrate => runtime.block_on(migrate::run(&global)),
        Command::Demo(settings) => runtime.block_on(demo::run(&global, &settings)),
        Command::Health(settings) => health::run(&settings),
        Command::Check(settings) => runtime.block_on(check::run(&global, &settings)),
        Command::Enrich => runtime.block_on(enrich::run(&global)),
        Command::Rebuild => runtime.block_on(rebuild::run(&global)),
        Command::Rejected(settings) => runtime.block_on(rejected::run(&global, &settings)),
        Command::Retain(settings) => runtime.block_on(retain::run(&global, &settings)),
        Command::Welcome(settings) => runtime.block_on(welcome::run(&global, &settings)),
        Command::Audit(settings) => runtime.block_on(audit::run(&global, &settings)),
        Command::Verify(settings) => runtime.block_on(verify::run(&global, &settings)),
    };
    // Work that was cut off (a long query, a slow disk) must not hold up the end of the process.
    runtime.shutdown_background();
    done
}

/// Writes a result to standard output; a reader that has gone (`| head`) is no error.
fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error).context("standard output"),
        _ => Ok(()),
    }
}

/// For a terminal: what could move its cursor or turn its text around is escaped.
fn printable(text: &str) -> String {
    let turns = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().flat_map(|c| if c.is_control() || turns(c) { c.escape_default().collect() } else { vec![c] }).collect()
}
