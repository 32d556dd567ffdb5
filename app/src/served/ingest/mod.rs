//! How ingest goes: each source, what could not be read, and from where events come.

mod integrity;
mod places;
mod retention;
mod source;
mod trouble;

use leptos::prelude::*;
use model::{chart::format, error::Error, time::Timestamp, view::View};

use super::{
    Answer, Form,
    html::{html, refused},
};
use crate::api::{Backend, Ingest, Retry, Served, SourceState};

pub const PATH: &str = "/ingest";

pub async fn page(backend: &dyn Backend, view: &View, answer: &Answer) -> Result<Served, Error> {
    let ingest = backend.ingest().await?;
    let summary = summary(&ingest);
    let sources: Vec<_> = ingest.sources.iter().map(|source| source::card(source, ingest.at)).collect();
    let none = ingest.sources.is_empty().then(source::none);
    let by_hand = ingest.by_hand.as_ref().map(|by_hand| source::by_hand(by_hand, ingest.at));
    let page = view! {
        <div class="page-head">
            <div><h1>"Ingest"</h1><p>{summary}</p></div>
            <nav class="page-actions" aria-label="As data"><a href="/api/v1/ingest" rel="external">"JSON"</a></nav>
        </div>
        {refused(answer.refused.as_ref())}
        {none}
        {sources}
        {by_hand}
        {trouble::failed(view, &ingest)}
        {trouble::poison(view, &ingest)}
        {trouble::rejected(view, &ingest)}
        {integrity::card(&ingest)}
        {places::card(view, &ingest)}
        {retention::card(&ingest)}
    };
    Ok(Served { title: "Ingest".to_owned(), html: html(page), ..Served::default() })
}

/// Does what a form of the page asks for.
pub async fn act(backend: &dyn Backend, form: &Form) -> Result<String, Error> {
    let retry = match form.get("do") {
        "retry-failed" => Retry::Failed,
        "retry-object" => Retry::Object(form.get("uri").to_owned()),
        "retry-messages" => Retry::Messages,
        "retry-message" => Retry::Message(form.get("message").to_owned()),
        _ => return Err(Error::invalid("do", "This form asks for nothing that is known here.")),
    };
    match backend.retry(&retry).await? {
        0 => Err(Error::invalid("do", "There is nothing left of it to be read again.")),
        _ => Ok(PATH.to_owned()),
    }
}

/// The state of all in one line.
fn summary(ingest: &Ingest) -> String {
    let count = |state: SourceState| ingest.sources.iter().filter(|source| source.state == state).count();
    let (failing, stopped) = (count(SourceState::Error), count(SourceState::Stopped));
    let running = ingest.sources.len() - stopped;
    let newest = ingest.sources.iter().filter_map(|source| source.newest_event).max();
    let mut parts = vec![match running {
        0 => "No source is running".to_owned(),
        1 => "1 source is running".to_owned(),
        _ => format!("{running} sources are running"),
    }];
    parts.extend(ingest.disk.paused.as_ref().map(|reason| format!("paused: {reason}")));
    if failing > 0 {
        parts.push(format!("{failing} failing"));
    }
    parts.extend(newest.map(|newest| format!("newest event {}", ago(newest, ingest.at))));
    let rate: f64 = ingest.sources.iter().map(|source| source.events_per_minute).sum();
    if running > 0 {
        parts.push(format!("{} new events a minute", format::short(rate)));
    }
    parts.join(" · ")
}

/// `just now`, `3 min ago`, `5 h ago`, `12 days ago`.
fn ago(time: Timestamp, now: Timestamp) -> String {
    match now.0 - time.0 {
        ..5_000 => "just now".to_owned(),
        past => format!("{} ago", lasting(past / 1_000)),
    }
}

/// Seconds in the largest unit that fits: `50 s`, `3 min`, `5 h`, `12 days`.
pub fn lasting(seconds: i64) -> String {
    match seconds {
        ..90 => format!("{seconds} s"),
        90..5_400 => format!("{} min", (seconds + 30) / 60),
        5_400..172_800 => format!("{} h", (seconds + 1_800) / 3_600),
        _ => format!("{} days", (seconds + 43_200) / 86_400),
    }
}

/// How long ago, with the moment itself for whoever points at it.
fn when(time: Timestamp, now: Timestamp) -> AnyView {
    let moment = format!("{} UTC", format::time(time));
    view! { <time datetime=time.rfc3339() title=moment>{ago(time, now)}</time> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_the_largest_unit_that_fits() {
        let told = [3, 89, 90, 3_599, 5_399, 5_400, 172_799, 172_800, 864_000].map(lasting);
        assert_eq!(told, ["3 s", "89 s", "2 min", "60 min", "90 min", "2 h", "48 h", "2 days", "10 days"]);
        assert_eq!(ago(Timestamp(10_000), Timestamp(12_000)), "just now");
        assert_eq!(ago(Timestamp(60_000), Timestamp(0)), "just now", "a clock that is ahead");
    }
}
