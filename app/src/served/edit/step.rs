//! What the editor's buttons do: `earlier:errors`, `add`, `save`.

use model::{
    dashboard::{
        Dashboard, Place, Tile,
        slug::{free, slug},
    },
    error::Error,
    panel::{Mark, Measure, Panel},
};

use super::{Draft, Editing, Fields, Form};
use crate::{api::Backend, served::act::titled};

/// Steps of height at once: a single one is hardly seen.
const STEPS: i32 = 2;

/// Where to go when the editor is left.
type Done = Option<String>;

pub async fn take(backend: &dyn Backend, draft: &mut Draft, form: &Form) -> Result<Done, Error> {
    let button = form.get("do");
    let (verb, of) = button.split_once(':').unwrap_or((button, ""));
    draft.focus = button.to_owned();
    match verb {
        "save" | "copy" => return save(backend, draft, verb == "copy").await.map(Some),
        "keep" | "preview" => {}
        "add" => add(backend, draft, form.get("library")).await?,
        "new" => draft.editing = Some(new_panel(&draft.dashboard)),
        "edit" => {
            let tile = draft.dashboard.tile(of).ok_or_else(|| unknown(of))?;
            draft.editing = Some(Editing { id: of.to_owned(), fields: Fields::of(tile) });
        }
        "cancel" => close(draft),
        "apply" => apply(draft)?,
        "json" => {
            draft.json = form.get("json").to_owned();
            let read = Dashboard::from_json(&draft.json)?;
            draft.dashboard = Dashboard { id: draft.dashboard.id.clone(), ..read };
            draft.json.clear();
            draft.said = "The JSON is taken over.".to_owned();
        }
        _ => {
            draft.said = arrange(&mut draft.dashboard, verb, of).ok_or_else(|| unknown(of))?;
            if verb == "remove" {
                draft.focus = "add".to_owned();
            }
        }
    }
    Ok(None)
}

/// Steps that move and size panels; what they did.
fn arrange(dashboard: &mut Dashboard, verb: &str, of: &str) -> Option<String> {
    match verb {
        "earlier" => dashboard.step(of, false),
        "later" => dashboard.step(of, true),
        "wider" => dashboard.grow(of, 1, 0),
        "narrower" => dashboard.grow(of, -1, 0),
        "higher" => dashboard.grow(of, 0, STEPS),
        "lower" => dashboard.grow(of, 0, -STEPS),
        "duplicate" => dashboard.duplicate(of),
        "remove" => dashboard.remove(of),
        // As dragged: the panel, its place in the order, its size.
        "place" => {
            let mut parts = of.split(':');
            let id = parts.next()?;
            let mut number = || parts.next()?.parse::<u32>().ok();
            let (to, columns, height) = (number()?, number()?, number()?);
            let was = dashboard.tile(id)?.place;
            let moved = dashboard.move_to(id, to as usize)?;
            if was == (Place { columns, height }) { Some(moved) } else { dashboard.resize(id, columns, height) }
        }
        _ => None,
    }
}

fn unknown(of: &str) -> Error {
    Error::invalid("do", format!("There is no panel “{of}” here, or nothing of the kind can be done with it."))
}

async fn save(backend: &dyn Backend, draft: &Draft, copy: bool) -> Result<String, Error> {
    titled(&draft.dashboard.title)?;
    let id = &draft.dashboard.id;
    if copy {
        let copy = Dashboard { id: slug(&draft.dashboard.title), ..draft.dashboard.clone() };
        let note = if draft.note.is_empty() { "Saved as a copy" } else { &draft.note };
        return Ok(format!("/d/{}", backend.dashboard_create(&copy, note).await?));
    }
    backend.dashboard_save(&draft.dashboard, draft.base, &draft.note).await?;
    Ok(format!("/d/{id}"))
}

/// Adds a panel of the library, `overview/errors`, with its size there.
async fn add(backend: &dyn Backend, draft: &mut Draft, panel: &str) -> Result<(), Error> {
    let (dashboard, id) = panel.split_once('/').ok_or_else(|| Error::invalid("library", "Choose a panel."))?;
    let found = backend.dashboard(dashboard).await?.dashboard;
    let tile = found.tile(id).cloned().ok_or_else(|| unknown(id))?;
    let title = tile.panel.title.clone();
    draft.dashboard.add(tile);
    draft.said = format!("{title} is added at the end.");
    Ok(())
}

fn new_panel(dashboard: &Dashboard) -> Editing {
    let id = free("panel", |id| dashboard.tile(id).is_some());
    let panel = Panel { id: id.clone(), ..blank() };
    Editing { id, fields: Fields::of(&Tile { place: Place { columns: 6, height: 300 }, panel }) }
}

/// Events by name: a start that shows something.
fn blank() -> Panel {
    Panel {
        id: String::new(),
        title: "New panel".to_owned(),
        description: String::new(),
        empty: String::new(),
        mark: Mark::Ranking,
        by: vec![model::field::Field::EventName.into()],
        bucket: None,
        measures: vec![Measure::Events],
        filter: String::new(),
        order: None,
        limit: 10,
        inner_limit: None,
        classes: Vec::new(),
        details: Vec::new(),
        switches: Vec::new(),
        range: None,
        text: String::new(),
    }
}

/// Takes the panel's form over into the draft. A new panel is called after its title.
fn apply(draft: &mut Draft) -> Result<(), Error> {
    let Some(Editing { id, fields }) = &draft.editing else { return Ok(()) };
    let mut tile = fields.tile(id)?;
    let mut changed = draft.dashboard.clone();
    let title = tile.panel.title.clone();
    let id = match changed.tiles.iter_mut().find(|other| other.panel.id == *id) {
        Some(there) => {
            *there = tile;
            id.clone()
        }
        None => {
            tile.panel.id = slug(&title);
            changed.add(tile)
        }
    };
    changed.validate().map_err(|error| Error::invalid("panel", error.message))?;
    draft.dashboard = changed;
    draft.editing = None;
    draft.focus = format!("edit:{id}");
    draft.said = format!("{title} is changed. Save the dashboard to keep it.");
    Ok(())
}

fn close(draft: &mut Draft) {
    if let Some(editing) = draft.editing.take() {
        draft.focus = format!("edit:{}", editing.id);
    }
}
