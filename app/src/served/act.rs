//! What forms do.

use model::{
    dashboard::{Dashboard, slug::slug},
    error::Error,
};

use super::{Answer, Done, Form, Place, account, edit, ingest, nowhere, report, share, unknown, users};
use crate::api::Backend;

/// What a form leads to.
#[derive(Debug)]
pub enum Outcome {
    /// It is done; the reader goes to this path.
    Go(String),
    /// The same page again.
    Show(Box<Answer>),
}

/// Does what the form that was sent to `address` asks for.
pub async fn act(backend: &dyn Backend, address: &str, form: &Form) -> Outcome {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let done = match Place::of(path) {
        Some(Place::List) => of_list(backend, form).await.map(Done::Go),
        Some(Place::Ingest) => ingest::act(backend, form).await.map(Done::Go),
        Some(Place::Account) => account::act(backend, form).await,
        Some(Place::Share) => share::create(backend, query, form).await,
        Some(Place::Shares) => share::revoke(backend, form).await,
        Some(Place::Reports) => return report::act(backend, form).await,
        Some(Place::Users) => users::act(backend, form).await,
        Some(Place::Edit(id)) => return edit::act(backend, &id, form).await,
        Some(Place::History(id)) => restore(backend, &id, form).await.map(Done::Go),
        None => Err(nowhere()),
    };
    let show = |answer| Outcome::Show(Box::new(answer));
    match done {
        Ok(Done::Go(to)) => Outcome::Go(to),
        Ok(Done::Say(said)) => show(Answer { said: Some(said), ..Answer::default() }),
        Ok(Done::Secret(secret)) => show(Answer { secret: Some(secret), ..Answer::default() }),
        Ok(Done::Codes(codes)) => show(Answer { codes, ..Answer::default() }),
        Err(error) => {
            let text = form.get("text").to_owned();
            let form = (form.get("do") == "share").then(|| form.without("password"));
            show(Answer { refused: Some(error), text, form, ..Answer::default() })
        }
    }
}

async fn of_list(backend: &dyn Backend, form: &Form) -> Result<String, Error> {
    let id = form.get("id");
    match form.get("do") {
        "create" => {
            let title = titled(form.get("title"))?;
            let dashboard = Dashboard::empty(&slug(title), title);
            Ok(format!("/d/{}/edit", backend.dashboard_create(&dashboard, "Created").await?))
        }
        "clone" => {
            let found = backend.dashboard(id).await?;
            let title = format!("Copy of {}", found.dashboard.title);
            let note = format!("Cloned from “{}”", found.dashboard.title);
            let copy = Dashboard { title, ..found.dashboard };
            Ok(format!("/d/{}", backend.dashboard_create(&copy, &note).await?))
        }
        "import" => {
            // The file, where one was chosen; browsers send an empty one where none was.
            let text = form.all("file").chain(form.all("text")).find(|text| !text.is_empty());
            let text = text.ok_or_else(|| Error::invalid("file", "Choose a file, or paste its text."))?;
            let dashboard = Dashboard::from_json(text)?;
            Ok(format!("/d/{}", backend.dashboard_create(&dashboard, "Imported").await?))
        }
        "delete" => {
            backend.dashboard_delete(id, true).await?;
            Ok(format!("/dashboards?deleted={id}"))
        }
        "restore" => {
            backend.dashboard_delete(id, false).await?;
            Ok(format!("/d/{id}"))
        }
        _ => Err(unknown()),
    }
}

/// Saves an older version as the newest.
async fn restore(backend: &dyn Backend, id: &str, form: &Form) -> Result<String, Error> {
    let number = |name: &str| form.get(name).parse().map_err(|_| Error::invalid(name, "This is not a version."));
    let (version, base) = (number("version")?, number("base")?);
    let dashboard = backend.dashboard_version(id, version).await?;
    backend
        .dashboard_save(&Dashboard { id: id.to_owned(), ..dashboard }, base, &format!("Version {version} restored"))
        .await?;
    Ok(format!("/d/{id}/history"))
}

/// A title that was typed.
pub(super) fn titled(title: &str) -> Result<&str, Error> {
    match title.chars().count() {
        0 => Err(Error::invalid("title", "A dashboard has a title.")),
        1..=120 => Ok(title),
        _ => Err(Error::invalid("title", "A title has at most 120 characters.")),
    }
}
