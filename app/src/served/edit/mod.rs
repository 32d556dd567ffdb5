//! The editor of a dashboard. The whole draft travels in its form: every button sends it, and is answered with the draft
//! after it. Nothing is kept on the server before it is saved, and everything works without scripts.

mod arrange;
mod fields;
mod icon;
mod panel;
mod step;

use model::{
    dashboard::{Annotation, Dashboard},
    error::{Error, Kind},
    field::Field,
    view::View,
};

use self::fields::Fields;
use super::{Answer, Form, Outcome};
use crate::api::{Backend, Found, Served, Source};

/// A dashboard that is being changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    pub dashboard: Dashboard,
    /// The version that it was made from.
    pub base: u32,
    /// The panel whose form is open.
    pub editing: Option<Editing>,
    /// What the last step did, to be read out.
    pub said: String,
    /// The button that has the focus, by its value.
    pub focus: String,
    pub note: String,
    /// JSON that could not be taken over.
    pub json: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Editing {
    /// Of the panel; it is new where the draft has none of this id.
    pub id: String,
    pub fields: Fields,
}

impl Draft {
    fn of(dashboard: Dashboard, base: u32) -> Draft {
        let (said, focus, note, json) = Default::default();
        Draft { dashboard, base, editing: None, said, focus, note, json }
    }

    /// What a form holds.
    fn read(id: &str, form: &Form) -> Result<Draft, Error> {
        let base = form.get("base").parse().map_err(|_| Error::invalid("base", "This is not a version."))?;
        let dashboard = Dashboard { id: id.to_owned(), ..Dashboard::from_json(form.get("spec"))? };
        let mut draft = Draft::of(dashboard, base);
        if form.all("title").next().is_some() {
            draft.dashboard.title = form.get("title").to_owned();
            draft.dashboard.description = form.get("description").to_owned();
            draft.dashboard.controls = form.all("control").filter_map(Field::from_key).collect();
            draft.dashboard.annotations = annotations(form);
        }
        draft.note = form.get("note").to_owned();
        let panel = form.get("panel");
        if !panel.is_empty() {
            draft.editing = Some(Editing { id: panel.to_owned(), fields: Fields::read(form) });
        }
        Ok(draft)
    }
}

/// Those with a filter; one without a title is called by it.
fn annotations(form: &Form) -> Vec<Annotation> {
    let pairs = form.all("annotation-title").zip(form.all("annotation-filter"));
    let filled = pairs.filter(|(_, filter)| !filter.trim().is_empty());
    let annotation = |(title, filter): (&str, &str)| {
        let title = if title.trim().is_empty() { filter } else { title };
        Annotation { title: title.trim().to_owned(), filter: filter.trim().to_owned() }
    };
    filled.map(annotation).collect()
}

/// The draft of an answer, or of what is stored.
pub async fn page(backend: &dyn Backend, view: &View, id: &str, answer: &Answer) -> Result<Served, Error> {
    let draft = match &answer.draft {
        Some(draft) => draft.clone(),
        None => stored(backend, id).await?,
    };
    let title = format!("Edit {}", draft.dashboard.title);
    let refused = answer.refused.as_ref();
    let html = match &draft.editing {
        Some(editing) => panel::page(backend, view, &draft, editing, refused).await,
        None => arrange::page(backend, view, &draft, refused).await?,
    };
    Ok(Served { title, html, said: draft.said, ..Served::default() })
}

async fn stored(backend: &dyn Backend, id: &str) -> Result<Draft, Error> {
    let Found { dashboard, source, version } = backend.dashboard(id).await?;
    if source != Source::Own {
        let message =
            format!("“{}” comes with the server and stays as it is. Clone it, and change the copy.", dashboard.title);
        return Err(Error::new(Kind::Forbidden, message));
    }
    Ok(Draft::of(dashboard, version))
}

/// Does what the form's button asks for.
pub async fn act(backend: &dyn Backend, id: &str, form: &Form) -> Outcome {
    let refused = |draft, error| Outcome::Show(Box::new(Answer { refused: Some(error), draft, ..Answer::default() }));
    let mut draft = match Draft::read(id, form) {
        Ok(draft) => draft,
        Err(error) => return refused(None, error),
    };
    match step::take(backend, &mut draft, form).await {
        Ok(Some(to)) => Outcome::Go(to),
        Ok(None) => Outcome::Show(Box::new(Answer { draft: Some(draft), ..Answer::default() })),
        Err(error) => refused(Some(draft), error),
    }
}
