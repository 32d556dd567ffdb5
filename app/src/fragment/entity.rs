//! The head of a page about one thing: what is known of it, and who stands behind it. Rendered by the server alone; it
//! holds text and links and nothing that runs.

use leptos::prelude::*;
use model::{
    chart::visible,
    entity::{Entity, Kind},
    view::View,
};

use crate::{
    api::{Profile, Step},
    ui::{entity, event, value},
};

/// `address`: of the page that it stands on; its links keep the range.
pub fn html(profile: Profile, address: &str) -> String {
    let query = address.split_once('?').map_or("", |(_, query)| query);
    let view = View::from_query(query).0;
    let times = [("First seen", profile.first_seen), ("Last seen", profile.last_seen)]
        .map(|(label, time)| view! { <div><dt>{label}</dt><dd>{super::time(time)}</dd></div> }.into_any());
    // The thing itself is the page's name.
    let own = profile.entity.kind.field();
    let facts = profile.facts.iter().filter(|(field, _)| *field != own).map(|(field, cell)| {
        let shown = match Entity::of(*field, cell) {
            Some(entity) => link(&view, &entity.path(), &entity.value),
            None => text(&value::short(*field, cell)),
        };
        view! { <div data-key=field.key()><dt title=field.help()>{field.label()}</dt><dd>{shown}</dd></div> }.into_any()
    });
    let steps = profile.chain.into_iter().map(|step| self::step(&view, step)).collect::<Vec<_>>();
    let chain = (!steps.is_empty())
        .then(|| view! { <ol class="chain" aria-label="From the first caller to this key">{steps}</ol> }.into_any());
    view! { <dl class="facts">{times.into_iter().collect_view()}{facts.collect_view()}</dl> {chain} }
        .into_any()
        .to_html()
}

/// Text of an event: what would turn or hide the text around it is shown.
fn text(text: &str) -> AnyView {
    view! { <bdi>{visible(text).into_owned()}</bdi> }.into_any()
}

fn link(view: &View, path: &str, name: &str) -> AnyView {
    view! { <a href=entity::href(view, path)>{text(name)}</a> }.into_any()
}

/// `alice → Deploy (ci) → Prod (p)`, each with its key and the event that led on.
fn step(view: &View, step: Step) -> AnyView {
    let to = |kind: Kind, name: Option<String>| {
        let name = name.filter(|name| !name.is_empty())?;
        let path = Entity { kind, value: name.clone() }.path();
        Some(link(view, &path, &name))
    };
    let session =
        step.session.map(|session| view! { <span class="code" title="Session">{text(&session)}</span> }.into_any());
    let led = step.event_id.map(|id| {
        let href = view.href(&event::path(&id));
        view! { <a class="step-event" href=href title="The event that opened the next session">"opened"</a> }.into_any()
    });
    view! {
        <li>
            <strong>{to(Kind::Actor, step.actor)}</strong>
            {session}
            <span class="step-key">{to(Kind::AccessKey, step.access_key)}</span>
            {led}
        </li>
    }
    .into_any()
}
