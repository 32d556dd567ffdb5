//! What could not be read: whole objects, messages of a queue, single records.

use leptos::prelude::*;
use model::{chart::format, view::View};

use super::{PATH, when};
use crate::{
    api::{FailedObject, Ingest, Listed, PoisonMessage, Rejected},
    served::html::button,
};

pub fn failed(view: &View, ingest: &Ingest) -> Option<AnyView> {
    let row = |object: &FailedObject| {
        let FailedObject { uri, error, at, repeatable, retry, .. } = object;
        let action = match (repeatable, retry) {
            (_, true) => waiting(),
            (true, _) => button(&view.href(PATH), &[("do", "retry-object"), ("uri", uri)], "Retry", uri),
            (false, _) => ().into_any(),
        };
        row(uri, object.source.as_deref(), error, when(*at, ingest.at), action)
    };
    let any = ingest.failed.first.iter().any(|object| object.repeatable && !object.retry);
    let all = any.then(|| button(&view.href(PATH), &[("do", "retry-failed")], "Retry all", "objects that failed"));
    let hint = "What stands before the damage is stored. Sources try again what may have been the network’s fault.";
    card("failed", "Objects that could not be read", hint, &ingest.failed, row, all)
}

pub fn poison(view: &View, ingest: &Ingest) -> Option<AnyView> {
    let row = |message: &PoisonMessage| {
        let PoisonMessage { message_id, source, reason, receives, at, retry } = message;
        let action = match retry {
            true => waiting(),
            false => button(&view.href(PATH), &[("do", "retry-message"), ("message", message_id)], "Retry", message_id),
        };
        let reason = format!("{reason} (received {receives} times)");
        row(message_id, Some(source), &reason, when(*at, ingest.at), action)
    };
    let any = ingest.poison.first.iter().any(|message| !message.retry);
    let all = any.then(|| button(&view.href(PATH), &[("do", "retry-messages")], "Retry all", "messages kept aside"));
    let hint = "They left the queue so that the others go on, and are kept here.";
    card("poison", "Messages kept aside", hint, &ingest.poison, row, all)
}

pub fn rejected(view: &View, ingest: &Ingest) -> Option<AnyView> {
    let row = |rejected: &Rejected| {
        let Rejected { uri, source, reason, records, repeatable, at, rejected_id } = rejected;
        let again =
            repeatable.then(|| button(&view.href(PATH), &[("do", "retry-object"), ("uri", uri)], "Read again", uri));
        let text = format!("/ingest/rejected/{rejected_id}");
        let name = format!("Text of a record of {uri}");
        let actions = view! {
            <a class="control" rel="external" download="" href=text aria-label=name>"Text"</a>
            {again}
        };
        let count = if *records == 1 { "1 record".to_owned() } else { format!("{} records", format::count(*records)) };
        row(uri, source.as_deref(), &format!("{count}: {reason}"), when(*at, ingest.at), actions.into_any())
    };
    let hint = "Records that are no CloudTrail events, with their text. All else of their objects is stored.";
    card("rejected", "Records kept aside", hint, &ingest.rejected, row, None)
}

/// None where there is nothing to show.
fn card<T>(
    id: &'static str,
    title: &'static str,
    hint: &'static str,
    list: &Listed<T>,
    row: impl Fn(&T) -> AnyView,
    action: Option<AnyView>,
) -> Option<AnyView> {
    if list.total == 0 {
        return None;
    }
    let rows: Vec<_> = list.first.iter().map(row).collect();
    let heading = format!("{title} ({})", format::count(list.total));
    let shown = list.first.len();
    let more = (shown < list.total as usize).then(|| {
        view! { <p class="hint">{format!("The newest {shown} are shown; all of them are in the database and in the exports of trailmap rejected.")}</p> }
    });
    let card = view! {
        <section class="card" aria-labelledby=id data-role=id>
            <div class="source-head"><h2 id=id>{heading}</h2>{action}</div>
            <p class="hint">{hint}</p>
            <ul class="rows">{rows}</ul>
            {more}
        </section>
    };
    Some(card.into_any())
}

fn row(name: &str, source: Option<&str>, reason: &str, when: AnyView, action: AnyView) -> AnyView {
    let source = source.map(|source| view! { <span class="tag">{source.to_owned()}</span> });
    view! {
        <li>
            <div class="rows-main">
                <code class="rows-title"><bdi>{name.to_owned()}</bdi></code>{source}
                <p><bdi>{reason.to_owned()}</bdi>" · "{when}</p>
            </div>
            <div class="rows-actions">{action}</div>
        </li>
    }
    .into_any()
}

fn waiting() -> AnyView {
    view! { <span class="tag own">"Will be read again"</span> }.into_any()
}
