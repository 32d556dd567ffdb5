//! One event: its fields and the raw JSON, each value a filter, and ways on from it.

use leptos::prelude::*;
use model::{
    chart::visible,
    discover::{self, Place},
    field::Field,
    filter::{self, Ast, Pattern, Target, Term},
    series::Cell,
    time::{Edge, Range, Timestamp},
    view::View,
};

use super::{
    actions, browser, entity,
    json::{self, Leaf},
    value::{Value, plain},
    zone,
};
use crate::{
    api::Event,
    state::{State, use_state},
};

/// The event's own page.
pub fn path(id: &str) -> String {
    format!("/event/{}", encoded(id))
}

fn encoded(segment: &str) -> String {
    // As a segment: `+` would be a plus there.
    form_urlencoded::byte_serialize(segment.as_bytes()).collect::<String>().replace('+', "%20")
}

/// The inside of an opened row and of the event's own page. `path`: the page that the filters lead to; `None`: this one.
pub fn event(event: Event, path: Option<&'static str>) -> impl IntoView {
    let ways = ways(&event);
    let raw = raw(&event.raw, path);
    let fields = event.fields.into_iter().map(|(key, cell)| field(key, cell, path).into_any()).collect_view();
    view! {
        <div class="event" data-role="event">
            {ways}
            <dl class="event-fields">{fields}<div><dt>"Object"</dt><dd><span class="plain">{visible(&event.object).into_owned()}</span></dd></div></dl>
            {raw}
        </div>
    }
}

fn field(field: Field, cell: Cell, path: Option<&'static str>) -> impl IntoView {
    let state = use_state();
    let value = match cell {
        Cell::Time(time) => view! {
            <zone::Time time/>
            <span class="code">{move || zone::name(state.local.get())}</span>
        }
        .into_any(),
        Cell::List(texts) => {
            let item =
                |text| view! { <span class="event-item">{value(field, Cell::Text(text), path)}</span> }.into_any();
            texts.into_iter().map(item).collect_view().into_any()
        }
        cell => value(field, cell, path),
    };
    view! {
        <div data-key=field.key()>
            <dt title=field.help()>{field.label()}</dt>
            <dd>{value}</dd>
        </div>
    }
}

/// A value, with what can be done with it.
fn value(field: Field, cell: Cell, path: Option<&'static str>) -> AnyView {
    let term = Ast::equals(field, &cell);
    let more = Some((exists(Target::Field(field)), plain(&cell)));
    let entity = entity::link(field, &cell);
    view! {
        <Value field cell path/>
        {entity}
        {actions::actions(term, more, field.label(), path)}
    }
    .into_any()
}

fn exists(target: Target) -> Ast {
    Ast::Term(Term { target, pattern: Pattern::Exists })
}

/// What happened around the event, and its own address.
fn ways(event: &Event) -> impl IntoView + use<> {
    let state = use_state();
    let cell = |field: Field| event.fields.iter().find(|(key, _)| *key == field).map(|(_, cell)| cell.clone());
    let id = cell(Field::EventId).and_then(|cell| cell.text().map(str::to_owned)).unwrap_or_default();
    let Some(Cell::Time(time)) = cell(Field::EventTime) else { return ().into_any() };
    let link = |action: &'static str, text: &'static str, term: Ast, minutes: i64| {
        let id = id.clone();
        view! { <a data-action=action href=move || around(state, &id, time, &term, minutes)>{text}</a> }.into_any()
    };
    let of = |field: Field| cell(field).map(|cell| Ast::equals(field, &cell));
    let actor = of(Field::Actor).map(|term| link("around-actor", "same actor", term, 60));
    let account = of(Field::Account).map(|term| link("around-account", "same account", term, 15));
    let own = path(&id);
    view! {
        <p class="event-ways">
            <span>"Surrounding events:"</span>
            {actor}
            {account}
            {link("around", "all", Ast::All, 5)}
            <a class="event-own" data-action="event" href=move || state.view.get().href(&own)>"Permanent address"</a>
        </p>
    }
    .into_any()
}

/// Discover with the event in the middle of those that happened so many minutes before and after.
fn around(state: State, id: &str, time: Timestamp, term: &Ast, minutes: i64) -> String {
    let edge = |by: i64| Edge::At(Timestamp((time.0 + by * 60_000).clamp(0, Timestamp::MAX.0)));
    let range = Range::Between { from: edge(-minutes), to: edge(minutes) };
    let view = View { filter: filter::print(term), refresh_s: None, ..state.view.get() }.with_range(range);
    let discover = state.discover.get().at(Place::Around(id.to_owned()));
    discover.href(&view, discover::PATH)
}

/// The event as it was delivered, laid out over lines.
fn raw(raw: &str, path: Option<&'static str>) -> impl IntoView + use<> {
    let (copied, leaves) = json::laid_out(raw);
    let mut leaves = leaves.into_iter().peekable();
    let lines = copied.lines().enumerate().map(|(at, text)| {
        // What would turn or hide the text around it is shown, but copied as it is.
        let text = visible(text).into_owned();
        let mut actions = None;
        while let Some(leaf) = leaves.next_if(|leaf| leaf.line <= at) {
            actions = (leaf.line == at).then(|| leaf_actions(leaf, path)).flatten();
        }
        view! { <span class="line">{text}{actions}</span>"\n" }.into_any()
    });
    let lines = lines.collect_view();
    view! {
        <div class="event-raw">
            <div class="event-raw-head">
                <h3>"Raw event"</h3>
                <button type="button" class="control small needs-scripts" on:click=move |_| browser::copy_text(&copied)>
                    "Copy JSON"
                </button>
            </div>
            <pre data-role="raw" tabindex="0" aria-label="Raw event"><code>{lines}</code></pre>
        </div>
    }
}

/// Nothing where the filter language cannot say it: a value that is too long or not of its field's type.
fn leaf_actions(leaf: Leaf, path: Option<&'static str>) -> Option<AnyView> {
    let target = Target::Path(leaf.path);
    let label = discover::name(&target);
    // As the language understands it: CloudTrail's own name of a field becomes the field.
    let said = |ast: Ast| filter::parse(&filter::print(&ast)).ok();
    let pattern = Pattern::Exactly(leaf.value.clone());
    let term = said(Ast::Term(Term { target: target.clone(), pattern }))?;
    let exists = said(exists(target))?;
    Some(actions::actions(term, Some((exists, leaf.value)), &label, path))
}
