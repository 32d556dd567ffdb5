//! This process, as Linux tells of it: under the names that all Prometheus clients use.

use std::{fs, time::SystemTime};

use prometheus_client::{metrics::gauge::Gauge, registry::Registry};

/// Elsewhere than on Linux, only since when it runs.
pub fn register(registry: &mut Registry, started: SystemTime) {
    let started = started.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let facts = [
        ("process_start_time_seconds", "When the server started", Some(started.as_secs() as i64)),
        ("process_resident_memory_bytes", "Memory in use", resident_bytes()),
        ("process_open_fds", "Open file descriptors", open_files()),
    ];
    for (name, help, value) in facts {
        if let Some(value) = value {
            let gauge: Gauge = Gauge::default();
            gauge.set(value);
            registry.register(name, help, gauge);
        }
    }
}

fn resident_bytes() -> Option<i64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    kib.trim().strip_suffix(" kB")?.parse::<i64>().ok().map(|kib| kib << 10)
}

fn open_files() -> Option<i64> {
    i64::try_from(fs::read_dir("/proc/self/fd").ok()?.count()).ok()
}
