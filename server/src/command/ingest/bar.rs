//! How far an ingest run is: a bar on a terminal, nothing elsewhere; failures as lines in both.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use crate::ingest::Progress;

const WITH_TOTAL: &str = "{bar:30} {bytes}/{total_bytes}  {msg}  {eta} left";
const WITHOUT_TOTAL: &str = "{spinner} {bytes}  {msg}";

/// Hidden by indicatif when standard error is no terminal.
pub struct Bar {
    bar: ProgressBar,
    events: AtomicU64,
}

impl Bar {
    pub fn new() -> Bar {
        let bar = ProgressBar::no_length().with_style(style(WITHOUT_TOTAL));
        if !bar.is_hidden() {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Bar { bar, events: AtomicU64::new(0) }
    }

    /// Takes the bar away; the summary stands for it.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Progress for Bar {
    fn total_bytes(&self, bytes: u64) {
        if bytes > 0 {
            self.bar.set_length(bytes);
            self.bar.set_style(style(WITH_TOTAL));
        }
    }

    fn advanced(&self, bytes: u64, events: u64) {
        let events = self.events.fetch_add(events, Ordering::Relaxed) + events;
        self.bar.inc(bytes);
        if !self.bar.is_hidden() {
            let rate = events as f64 / self.bar.elapsed().as_secs_f64().max(0.001);
            self.bar.set_message(format!("{} events, {}/s", HumanCount(events), HumanCount(rate as u64)));
        }
    }

    fn failed(&self, uri: &str, reason: &str) {
        self.bar.suspend(|| eprintln!("trailmap: {uri}: {reason}"));
    }
}
