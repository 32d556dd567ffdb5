//! One event: its fields and the raw JSON, each value a filter, and ways on from it.

use leptos::prelude::*;
use model::{
    chart::visible,
    discover::{self, Discover, Place as At},
    entity::Entity,
    field::Field,
    filter::{self, Ast, Pattern, Target, Term},
    series::Cell,
    time::Timestamp,
    view::View,
};

use super::{
    Place, actions, between,
    json::{self, Leaf},
    text,
};
use crate::{
    api::{Event, Integrity},
    ui::{entity, event::path, value::plain},
};

/// Values of the raw event that have actions. Beyond, an event is read and not clicked through.
const MOST_ACTIONS: usize = 1000;

/// The inside of an opened row of the page at `address`, or of the event's own page.
pub fn html(event: Event, address: &str) -> String {
    let place = Place::read(address);
    if !address.starts_with("/event/") {
        return self::event(event, &place).to_html();
    }
    let title = title(&event);
    let time = time(&event);
    let event = self::event(event, &place.discovering(time));
    view! { {title} <section class="panel event-page" aria-label="Event">{event}</section> }.to_html()
}

fn title(event: &Event) -> AnyView {
    let text = |field: Field| visible(cell(event, field).and_then(Cell::text).unwrap_or_default()).into_owned();
    let (name, actor) = (text(Field::EventName), text(Field::Actor));
    let by = if actor.is_empty() { String::new() } else { format!("by {actor}") };
    view! { <div class="page-head"><div><h1><bdi>{name}</bdi></h1><p><bdi>{by}</bdi></p></div></div> }.into_any()
}

fn cell(event: &Event, field: Field) -> Option<&Cell> {
    event.fields.iter().find(|(key, _)| *key == field).map(|(_, cell)| cell)
}

fn time(event: &Event) -> Option<Timestamp> {
    match cell(event, Field::EventTime) {
        Some(Cell::Time(time)) => Some(*time),
        _ => None,
    }
}

fn event(event: Event, place: &Place) -> AnyView {
    let fields = event.fields.iter().map(|(key, cell)| field(*key, cell, place)).collect_view();
    view! {
        <div class="event" data-role="event">
            {alarm(&event.integrity)}
            {ways(&event, place)}
            <dl class="event-fields">
                {fields}
                <div><dt>"Object"</dt><dd>{text(&event.object)}</dd></div>
                <div><dt>"Log file"</dt><dd>{integrity(&event.integrity)}</dd></div>
            </dl>
            {raw(&event.raw, place)}
        </div>
    }
    .into_any()
}

/// An event that cannot be relied on says so before all else.
fn alarm(integrity: &Integrity) -> Option<AnyView> {
    let Integrity::Failed { reason } = integrity else { return None };
    let reason = text(reason);
    let alarm = view! { <p class="event-alarm" role="alert"><strong>"Log file integrity: FAILED"</strong>{reason}</p> };
    Some(alarm.into_any())
}

fn integrity(integrity: &Integrity) -> AnyView {
    let (word, told) = match integrity {
        Integrity::Verified { digest } => ("Verified", format!("by digest {digest}")),
        Integrity::NotCovered => ("Not covered", "by a digest".to_owned()),
        Integrity::Unchecked { reason } => ("Not checked", reason.clone()),
        Integrity::Failed { reason } => ("FAILED", reason.clone()),
    };
    let name = integrity.name();
    view! {
        <span class="integrity" data-integrity=name><b>{word}</b>" "{text(&told)}</span>
    }
    .into_any()
}

fn field(field: Field, cell: &Cell, place: &Place) -> AnyView {
    let value = match cell {
        Cell::Time(_) => place.value(field, cell),
        Cell::List(texts) => {
            let item = |text: &String| {
                let cell = Cell::Text(text.clone());
                view! { <span class="event-item">{value(field, &cell, place)}</span> }.into_any()
            };
            texts.iter().map(item).collect_view().into_any()
        }
        cell => value(field, cell, place),
    };
    view! {
        <div data-key=field.key()>
            <dt title=field.help()>{field.label()}</dt>
            <dd>{value}</dd>
        </div>
    }
    .into_any()
}

/// A value, with what can be done with it.
fn value(field: Field, cell: &Cell, place: &Place) -> AnyView {
    let more = Some((exists(Target::Field(field)), plain(cell)));
    view! {
        {place.value(field, cell)}
        {entity(field, cell, place)}
        {actions::actions(place, &Ast::equals(field, cell), more, field.label())}
    }
    .into_any()
}

fn exists(target: Target) -> Ast {
    Ast::Term(Term { target, pattern: Pattern::Exists })
}

/// The page about the actor, address, resource, key or account, for values that have one.
fn entity(field: Field, cell: &Cell, place: &Place) -> Option<AnyView> {
    let entity = Entity::of(field, cell)?;
    let href = entity::href(&place.view, &entity.path());
    Some(entity::arrow(entity.kind, move || href.clone()))
}

/// What happened around the event: by number, whenever that was, and by time. And its own address.
fn ways(event: &Event, place: &Place) -> AnyView {
    const MINUTE_MS: i64 = 60_000;
    const WEEK_MS: i64 = 7 * 24 * 60 * MINUTE_MS;
    let id = cell(event, Field::EventId).and_then(Cell::text).unwrap_or_default();
    let Some(time) = time(event) else { return ().into_any() };
    let link = |action: &'static str, text: &'static str, term: &Ast, ms: i64| {
        view! { <a data-action=action href=around(place, id, time, term, ms)>{text}</a> }.into_any()
    };
    let of = |field: Field| cell(event, field).map(|cell| Ast::equals(field, cell));
    let (actor, account) = (of(Field::Actor), of(Field::Account));
    let half = discover::PAGE_ROWS / 2;
    view! {
        <p class="event-ways">
            <span>{format!("{half} events before and after:")}</span>
            {actor.as_ref().map(|term| link("near-actor", "same actor", term, WEEK_MS))}
            {account.as_ref().map(|term| link("near-account", "same account", term, WEEK_MS))}
            {link("near", "all", &Ast::All, WEEK_MS)}
            {own(id, place)}
        </p>
        <p class="event-ways">
            <span>"By time:"</span>
            {actor.as_ref().map(|term| link("around-actor", "same actor, ±1 hour", term, 60 * MINUTE_MS))}
            {account.as_ref().map(|term| link("around-account", "same account, ±15 minutes", term, 15 * MINUTE_MS))}
            {link("around", "all, ±5 minutes", &Ast::All, 5 * MINUTE_MS)}
        </p>
    }
    .into_any()
}

/// The event's own page; from there, the file.
fn own(id: &str, place: &Place) -> AnyView {
    let path = path(id);
    if place.alone {
        let file = format!("{path}.json");
        view! { <a class="event-own" data-export="json" rel="external" download="" href=file>"Download JSON"</a> }
            .into_any()
    } else {
        view! { <a class="event-own" data-action="event" href=place.view.href(&path)>"Permanent address"</a> }
            .into_any()
    }
}

/// Discover with the event in the middle of those that happened so long before and after.
fn around(place: &Place, id: &str, time: Timestamp, term: &Ast, ms: i64) -> String {
    let view = View { filter: filter::print(term), refresh: None, ..place.view.clone() };
    let columns = place.discover.columns.clone();
    let discover = Discover { columns, place: At::Around(id.to_owned()), ..Discover::default() };
    discover.href(&view.with_range(between(time, ms)), discover::PATH) + "#around"
}

/// The event as it was delivered, laid out over lines.
fn raw(raw: &str, place: &Place) -> AnyView {
    let (copied, leaves) = json::laid_out(raw);
    let mut leaves = leaves.into_iter().take(MOST_ACTIONS).peekable();
    let lines = copied.lines().enumerate().map(|(at, text)| {
        // What would turn or hide the text around it is shown, but copied as it is.
        let text = visible(text).into_owned();
        let mut actions = None;
        while let Some(leaf) = leaves.next_if(|leaf| leaf.line <= at) {
            actions = (leaf.line == at).then(|| leaf_actions(leaf, place)).flatten();
        }
        view! { <span class="line">{text}{actions}</span>"\n" }.into_any()
    });
    let lines = lines.collect_view();
    view! {
        <div class="event-raw">
            <div class="event-raw-head">
                <h3>"Raw event"</h3>
                <button type="button" class="control small needs-scripts" data-action="copy-json" data-copy=copied>
                    "Copy JSON"
                </button>
            </div>
            <pre data-role="raw" tabindex="0" aria-label="Raw event"><code>{lines}</code></pre>
        </div>
    }
    .into_any()
}

/// Nothing where the filter language cannot say it: a value that is too long or not of its field's type.
fn leaf_actions(leaf: Leaf, place: &Place) -> Option<AnyView> {
    let target = Target::Path(leaf.path);
    let label = discover::name(&target);
    // As the language understands it: CloudTrail's own name of a field becomes the field.
    let said = |ast: Ast| filter::parse(&filter::print(&ast)).ok();
    let pattern = Pattern::Exactly(leaf.value.clone());
    let term = said(Ast::Term(Term { target: target.clone(), pattern }))?;
    let exists = said(exists(target))?;
    Some(actions::actions(place, &term, Some((exists, leaf.value)), &label))
}
