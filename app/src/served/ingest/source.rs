//! A source: whether it is at work, how far behind, how fast, and what it has read.

use leptos::prelude::*;
use model::{
    chart::{Size, Theme, format, sparkline},
    time::Timestamp,
};

use super::{lasting, when};
use crate::api::{Backfill, ByHand, Counts, IngestSource, SourceState};

pub fn card(source: &IngestSource, now: Timestamp) -> AnyView {
    let (state, class) = state(source.state);
    let error = error(source, now);
    let lag = source.newest_event.map(|newest| lasting(((now.0 - newest.0) / 1_000).max(0)));
    let rate = format!("{} / min", format::short(source.events_per_minute));
    let backlog = source.backlog.map(|messages| figure("Waiting in the queue", format::count(messages)));
    let values: Vec<_> = source.events_by_hour.iter().map(|events| *events as f64).collect();
    let line = sparkline(&values, Size { width: 168, height: 32 }, Theme::Page);
    let last_day = format::events(source.events_by_hour.iter().sum());
    let (name, title, label) = (source.name.clone(), source.name.clone(), format!("Source {}", source.name));
    view! {
        <section class="card source" aria-label=label data-source=name>
            <div class="source-head">
                <h2>{title}</h2>
                <span class="tag">{kind(&source.kind)}</span>
                <span class=format!("state {class}")>{state}</span>
            </div>
            {error}
            <div class="source-body">
                <dl class="figures">
                    {figure("Behind", lag.unwrap_or_else(|| "—".to_owned()))}
                    {figure("New events", rate)}
                    {backlog}
                    {counts(&source.counts)}
                </dl>
                <figure class="source-day">
                    <span inner_html=line></span>
                    <figcaption>{format!("{last_day} in the last 24 hours")}</figcaption>
                </figure>
            </div>
            {source.backfill.as_ref().map(backfill)}
            {source.last_object.as_deref().map(|uri| last(uri, source.last_success_at, now))}
        </section>
    }
    .into_any()
}

/// What runs of `trailmap ingest` have read.
pub fn by_hand(by_hand: &ByHand, now: Timestamp) -> AnyView {
    view! {
        <section class="card source" aria-label="Read by hand" data-source="">
            <div class="source-head"><h2>"Read by hand"</h2><span class="tag">"trailmap ingest"</span></div>
            <div class="source-body"><dl class="figures">{counts(&by_hand.counts)}</dl></div>
            {last(&by_hand.last_object, Some(by_hand.last_at), now)}
        </section>
    }
    .into_any()
}

/// Where there is no source: how to get one.
pub fn none() -> AnyView {
    const EXAMPLE: &str =
        "[[source]]\nname = \"trail\"\ntype = \"s3\"\nbucket = \"my-cloudtrail-logs\"\nregion = \"eu-central-1\"";
    view! {
        <section class="card source" aria-label="No source" data-role="no-source">
            <div class="source-head"><h2>"No source is set up"</h2></div>
            <p>"Trailmap reads a bucket, a queue, the LookupEvents API, what is pushed to it, or a folder, all the time. Write a file:"</p>
            <pre><code>{EXAMPLE}</code></pre>
            <p>"and start the server with " <code>"trailmap serve --config FILE"</code>
                ". " <code>"trailmap check --config FILE"</code> " says whether it can work, and what is missing."</p>
        </section>
    }
    .into_any()
}

fn kind(kind: &str) -> &'static str {
    match kind {
        "s3" => "S3 bucket",
        "sqs" => "S3 through SQS",
        "lookup-events" => "LookupEvents",
        "push" => "Push",
        "folder" => "Folder",
        _ => "Source",
    }
}

fn state(state: SourceState) -> (&'static str, &'static str) {
    match state {
        SourceState::Running => ("Reading", "good"),
        SourceState::Waiting => ("Up to date", "good"),
        SourceState::Paused => ("Paused", "bad"),
        SourceState::Error => ("Failing", "bad"),
        SourceState::Stopped => ("Stopped", "off"),
    }
}

/// The last error, while it holds or where it is less than a day old.
fn error(source: &IngestSource, now: Timestamp) -> Option<AnyView> {
    const DAY_MS: i64 = 86_400_000;
    let (reason, at) = (source.last_error.clone()?, source.last_error_at?);
    let holds = matches!(source.state, SourceState::Error | SourceState::Paused);
    (holds || now.0 - at.0 < DAY_MS).then(|| {
        let class = if holds { "source-error bad" } else { "source-error" };
        let label = if holds { "" } else { "Last error: " };
        view! { <p class=class>{label}<bdi>{reason}</bdi>" · "{when(at, now)}</p> }.into_any()
    })
}

fn counts(counts: &Counts) -> AnyView {
    let more = |label, value| (value > 0).then(|| figure(label, format::count(value)));
    view! {
        {figure("Events stored", format::count(counts.events_inserted))}
        {figure("Duplicates", format::count(counts.events_duplicate))}
        {more("Kept aside", counts.events_rejected)}
        {figure("Objects", format::count(counts.objects))}
        {more("Failed to read", counts.objects_failed)}
    }
    .into_any()
}

fn figure(label: &'static str, value: String) -> AnyView {
    view! { <div><dt>{label}</dt><dd>{value}</dd></div> }.into_any()
}

fn backfill(backfill: &Backfill) -> AnyView {
    let Backfill { left, total, seconds_left, .. } = *backfill;
    let done = total - left;
    let share = format::percent(done as f64 / total.max(1) as f64);
    let time = seconds_left.map(|seconds| format!(", about {} left", lasting(seconds)));
    let told = format!("Backfill: {share}{}", time.unwrap_or_default());
    view! {
        <div class="backfill" data-role="backfill">
            <label>{told}<progress max=total.to_string() value=done.to_string()></progress></label>
        </div>
    }
    .into_any()
}

fn last(uri: &str, at: Option<Timestamp>, now: Timestamp) -> AnyView {
    let at = at.map(|at| when(at, now));
    view! {
        <p class="source-last">"Last object "<code title=uri.to_owned()><bdi>{uri.to_owned()}</bdi></code>" "{at}</p>
    }
    .into_any()
}
