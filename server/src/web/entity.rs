//! The page about one thing as data: what is known of it, and where its panels' data is.

use app::api::{Profile, Step};
use model::{dashboard, export, view::View};
use serde_json::{Map, Value, json};

pub fn json(profile: &Profile, view: &View) -> Value {
    let entity = &profile.entity;
    let facts = profile.facts.iter().map(|(field, cell)| (field.key().to_owned(), export::value(cell)));
    let scoped = View { filter: entity.within(&view.filter), ..view.clone() };
    let of = dashboard::dashboard(entity.kind.dashboard());
    let panels = of.into_iter().flat_map(|of| of.tiles.iter().map(move |tile| (&of.id, &tile.panel)));
    let panels = panels.map(|(dashboard, panel)| {
        let address = scoped.href(&format!("/d/{dashboard}/{}.json", panel.id));
        json!({ "id": panel.id, "title": panel.title, "url": address })
    });
    json!({
        "entity": { "kind": entity.kind.key(), "value": entity.value },
        "first_seen": profile.first_seen.rfc3339(),
        "last_seen": profile.last_seen.rfc3339(),
        "facts": facts.collect::<Map<_, _>>(),
        "chain": profile.chain.iter().map(step).collect::<Value>(),
        "panels": panels.collect::<Value>(),
    })
}

fn step(step: &Step) -> Value {
    let Step { actor, session, access_key, event_id } = step;
    json!({ "actor": actor, "session": session, "access_key": access_key, "event_id": event_id })
}
