//! One cluster's server: made by initdb, started and stopped by pg_ctl.

use std::{
    fs,
    os::unix::ffi::OsStrExt,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

use super::{NAME, PORT, Settings, owner::Owner, place::Place, programs::Programs};
use crate::disk;

/// Recovery after a crash may take this long.
const START: Duration = Duration::from_secs(300);
const STOP_SECONDS: &str = "60";
/// How long the processes of a killed server may take to notice that it is gone.
const REMAINS: Duration = Duration::from_secs(10);

/// Fit for one machine that does other things as well. `alter system` overrides any of them.
const TUNING: &str = "\
# Written by Trailmap at each start. Change settings with `alter system`, which wins over this file.
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 256MB
work_mem = 32MB
maintenance_work_mem = 256MB
checkpoint_timeout = 15min
wal_compression = lz4
synchronous_commit = on
random_page_cost = 1.1
effective_io_concurrency = 100
max_parallel_workers_per_gather = 2
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_checkpoints = off
";

const NOT_DURABLE: &str = "\
fsync = off
synchronous_commit = off
full_page_writes = off
shared_buffers = 64MB
";

pub struct Server {
    pub place: Place,
    owner: Owner,
    programs: Programs,
    durable: bool,
}

impl Server {
    pub fn prepare(settings: &Settings) -> anyhow::Result<Server> {
        let (place, owner) = Place::choose(settings)?;
        let programs = Programs::choose(settings, &place.data)?;
        Ok(Server { place, owner, programs, durable: settings.durable })
    }

    /// Makes the cluster when there is none: under another name first, so that what was cut off is made anew.
    pub fn make(&self) -> anyhow::Result<()> {
        if self.place.data.exists() {
            return Ok(());
        }
        let unfinished = self.place.home.join("postgres.unfinished");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).with_context(|| unfinished.display().to_string())?;
        }
        tracing::info!(folder = %self.place.data.display(), version = self.programs.major, "making a private Postgres");
        self.owner.create_folder(&unfinished)?;
        let mut initdb = self.owner.command(self.programs.program("initdb"));
        initdb.arg("--pgdata").arg(&unfinished).args(["--username", NAME, "--auth", "trust", "--encoding", "UTF8"]);
        // Sorted by bytes, which is fast and never changes with the system; letters are known as Unicode knows them.
        initdb.args(["--locale", "C.UTF-8", "--lc-collate", "C", "--data-checksums", "--no-instructions"]);
        self.owner.run(&mut initdb)?;
        let settings = unfinished.join("postgresql.conf");
        let text = fs::read_to_string(&settings).with_context(|| settings.display().to_string())?;
        self.owner.write(&settings, &format!("{text}\ninclude_if_exists 'trailmap.conf'\n"))?;
        fs::rename(&unfinished, &self.place.data).with_context(|| unfinished.display().to_string())
    }

    /// Starts the server when it does not run, and waits until it answers.
    pub fn ensure_running(&self) -> anyhow::Result<()> {
        let until = Instant::now() + START;
        // Whoever has started it may have been killed before it was ready.
        while self.is_running() {
            if self.is_ready() {
                return Ok(());
            }
            if Instant::now() > until {
                bail!("the private Postgres is still starting: see {}", self.place.log.display());
            }
            thread::sleep(Duration::from_millis(50));
        }
        self.start()
    }

    /// Starts the server and waits until it answers.
    pub fn start(&self) -> anyhow::Result<()> {
        self.place.prepare_socket(&self.owner)?;
        self.place.prepare_log(&self.owner)?;
        self.forget_stale_process()?;
        self.owner.write(&self.place.data.join("trailmap.conf"), &self.configuration())?;
        let until = Instant::now() + REMAINS;
        loop {
            let log_before = fs::metadata(&self.place.log).map(|log| log.len()).unwrap_or(0);
            let mut start = self.pg_ctl("start");
            start.arg("--log").arg(&self.place.log).args(["--silent", "--wait", "--timeout"]);
            start.arg(START.as_secs().to_string());
            let Err(error) = self.owner.run(&mut start) else { break };
            // A start by somebody who was killed has come first.
            if self.is_running() {
                return self.ensure_running();
            }
            let log = self.log_since(log_before);
            if log.contains("shared memory block") && Instant::now() < until {
                thread::sleep(Duration::from_millis(200));
                continue;
            }
            bail!("the private Postgres does not start: {error:#}\n{}:\n{log}", self.place.log.display());
        }
        tracing::info!(socket = %self.place.socket.display(), version = self.programs.major, "private Postgres started");
        Ok(())
    }

    /// Ends all sessions and stops the server.
    pub fn stop(&self) -> anyhow::Result<()> {
        if !self.is_running() {
            return Ok(());
        }
        let stop = |mode| {
            let options = ["--silent", "--wait", "--timeout", STOP_SECONDS, "--mode", mode];
            self.owner.run(self.pg_ctl("stop").args(options))
        };
        stop("fast").or_else(|_| stop("immediate")).context("the private Postgres does not stop")?;
        tracing::info!("private Postgres stopped");
        Ok(())
    }

    /// Whether a server runs on this cluster. The process of the recorded id may be another program by now.
    pub fn is_running(&self) -> bool {
        let Some(process) = self.recorded_process() else { return false };
        if !Path::new("/proc/self").exists() {
            return self.owner.run(&mut self.pg_ctl("status")).is_ok();
        }
        let arguments = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
        arguments.split(|byte| *byte == 0).any(|argument| argument == self.place.data.as_os_str().as_bytes())
    }

    /// Whether the program of the running server has been replaced on disk.
    pub fn is_outdated(&self) -> bool {
        let program = self.recorded_process().and_then(|id| fs::read_link(format!("/proc/{id}/exe")).ok());
        program.is_some_and(|program| program.to_string_lossy().ends_with(" (deleted)"))
    }

    /// Whether the running server takes connections: the eighth line of its record says so.
    fn is_ready(&self) -> bool {
        let record = fs::read_to_string(self.place.data.join("postmaster.pid")).unwrap_or_default();
        record.lines().nth(7).is_some_and(|state| state.trim() == "ready")
    }

    /// The id of the server that last started on this cluster and has not stopped in order.
    fn recorded_process(&self) -> Option<u32> {
        let record = fs::read_to_string(self.place.data.join("postmaster.pid")).ok()?;
        record.lines().next()?.trim().parse().ok()
    }

    /// Postgres takes any live process of the recorded id for its own server and then refuses to start.
    fn forget_stale_process(&self) -> anyhow::Result<()> {
        let record = self.place.data.join("postmaster.pid");
        if record.exists() && !self.is_running() {
            fs::remove_file(&record).with_context(|| record.display().to_string())?;
        }
        Ok(())
    }

    fn pg_ctl(&self, action: &str) -> Command {
        let mut command = self.owner.command(self.programs.program("pg_ctl"));
        command.arg(action).arg("--pgdata").arg(&self.place.data);
        command
    }

    fn configuration(&self) -> String {
        // A list of folders, each in double quotes, in the single quotes of a setting.
        let folder = self.place.socket.display().to_string().replace('"', "\"\"").replace('\'', "''");
        let durable = if self.durable { "" } else { NOT_DURABLE };
        let log = log_sizes(disk::measure(&self.place.data).map(|(_, total)| total));
        format!("{TUNING}{log}port = {PORT}\nunix_socket_directories = '\"{folder}\"'\n{durable}")
    }

    /// The last lines that were logged after the first `bytes`.
    fn log_since(&self, bytes: u64) -> String {
        let log = fs::read(&self.place.log).unwrap_or_default();
        let new = log.get(bytes as usize..).unwrap_or_default();
        let text = String::from_utf8_lossy(new).into_owned();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }
}

/// How large the write-ahead log may grow between checkpoints, and how much of it is kept to be used again: a twentieth of the disk,
/// as a fast load makes more of it than of rows. On a large one as much as a load writes in some minutes.
fn log_sizes(disk: Option<u64>) -> String {
    let most = disk.map_or(4096, |bytes| (bytes / 20) >> 20).clamp(64, 4096);
    // Four segments at the least: a database that is not written to goes on with them when the disk is full.
    format!("max_wal_size = {most}MB\nmin_wal_size = {}MB\n", (most / 4).clamp(64, 256))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_as_large_as_the_disk_allows() {
        let sizes = [Some(300 << 20), Some(20 << 30), Some(1 << 40), None].map(log_sizes);
        let told = [(64, 64), (1024, 256), (4096, 256), (4096, 256)];
        assert_eq!(sizes, told.map(|(most, least)| format!("max_wal_size = {most}MB\nmin_wal_size = {least}MB\n")));
    }
}
