//! How long events are kept: the last run of what deletes them, and the next one.

use leptos::prelude::*;
use model::{chart::format, time::Timestamp};

use super::{lasting, when};
use crate::api::{Ingest, RetentionRun};

/// None where nothing was ever deleted.
pub fn card(ingest: &Ingest) -> Option<AnyView> {
    let run = ingest.retention.as_ref()?;
    let (state, class) = state(run);
    let error = run.error.clone().map(|reason| view! { <p class="hint bad"><bdi>{reason}</bdi></p> });
    let card = view! {
        <section class="card" aria-labelledby="retention" data-role="retention">
            <div class="source-head">
                <h2 id="retention">"Retention"</h2>
                <span class=format!("state {class}")>{state}</span>
            </div>
            {error}
            <p class="hint">"Last run "{when(run.started_at, ingest.at)}": "{told(run)}" "{next(run, ingest.at)}</p>
        </section>
    };
    Some(card.into_any())
}

fn state(run: &RetentionRun) -> (&'static str, &'static str) {
    match (run.finished_at, &run.error) {
        (_, Some(_)) => ("Failing", "bad"),
        (None, None) => ("Running, or broken off", "off"),
        (Some(_), None) => ("Done", "good"),
    }
}

fn told(run: &RetentionRun) -> String {
    let months = match run.months {
        0 => String::new(),
        1 => ", 1 month of them as a whole".to_owned(),
        months => format!(", {months} months of them as a whole"),
    };
    let room = run.bytes_before.zip(run.bytes_after);
    let room = room.map_or(String::new(), |(before, after)| {
        format!(" The database had {} before and {} after.", megabytes(before), megabytes(after))
    });
    format!("{} deleted{months}.{room}", format::events(run.events))
}

fn next(run: &RetentionRun, now: Timestamp) -> Option<String> {
    let seconds = (run.next_at?.0 - now.0) / 1_000;
    Some(match seconds {
        ..1 => "The next one begins now.".to_owned(),
        seconds => format!("The next one is in {}.", lasting(seconds)),
    })
}

fn megabytes(bytes: i64) -> String {
    format!("{} MB", format::count(bytes / 1_000_000))
}
