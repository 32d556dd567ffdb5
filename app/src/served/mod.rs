//! Pages of lists and forms, written by the server alone. A form is sent as HTML sends it; what it does is decided in
//! `act`, and answered with another address, or with the same page and what was wrong.

mod account;
mod act;
mod edit;
pub(crate) mod factor;
mod form;
mod history;
pub(crate) mod html;
mod ingest;
mod list;
mod report;
mod share;
mod users;

use model::{
    error::{Error, Kind},
    view::View,
};

pub use self::{
    act::{Outcome, act},
    form::Form,
    ingest::lasting,
};
use crate::api::{Backend, Served};

/// What a form has led to, for the page that is shown again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    pub refused: Option<Error>,
    /// The text that was sent, to be mended.
    pub text: String,
    /// A dashboard that is being changed.
    pub draft: Option<edit::Draft>,
    /// A link or a token that was made, and is shown this once.
    pub secret: Option<String>,
    /// Codes for emergencies that were made, and are shown this once.
    pub codes: Vec<String>,
    /// What was done, where the page stays.
    pub said: Option<String>,
    /// What was typed, to be mended.
    pub form: Option<Form>,
}

/// What a form has done.
enum Done {
    /// The reader goes to this path.
    Go(String),
    /// The same page again, with this beside it.
    Say(String),
    Secret(String),
    Codes(Vec<String>),
}

/// Whether this is the path of such a page.
pub fn takes_forms(path: &str) -> bool {
    Place::of(path).is_some()
}

/// The page at `address`.
pub async fn page(backend: &dyn Backend, address: &str, answer: Answer) -> Result<Served, Error> {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let (view, _) = View::from_query(query);
    let status = answer.refused.as_ref().map_or(200, Error::status);
    let page = match Place::of(path).ok_or_else(nowhere)? {
        Place::List => list::page(backend, &view, query, &answer).await?,
        Place::Ingest => ingest::page(backend, &view, &answer).await?,
        Place::Account => account::page(backend, &view, &answer).await?,
        Place::Share => share::create_page(backend, query, &answer).await?,
        Place::Shares => share::list_page(backend, &view, &answer).await?,
        Place::Reports => report::page(backend, &view, query, &answer).await?,
        Place::Users => users::page(backend, &view, &answer).await?,
        Place::Edit(id) => edit::page(backend, &view, &id, &answer).await?,
        Place::History(id) => history::page(backend, &view, &id, &answer).await?,
    };
    let said = answer.said.unwrap_or(page.said);
    Ok(Served { status, said, ..page })
}

/// What is shown after `form` was sent to `address`.
pub async fn send(backend: &dyn Backend, address: &str, form: &Form) -> Result<Served, Error> {
    let query = address.split_once('?').map_or("", |(_, query)| query);
    match act(backend, address, form).await {
        Outcome::Go(to) => Ok(Served { go: Some(View::from_query(query).0.href(&to)), ..Served::default() }),
        Outcome::Show(answer) => page(backend, address, *answer).await,
    }
}

/// A page that takes forms.
enum Place {
    List,
    Ingest,
    Account,
    Share,
    Shares,
    Reports,
    Users,
    /// Of the dashboard with this id.
    Edit(String),
    History(String),
}

impl Place {
    fn of(path: &str) -> Option<Place> {
        let mut segments = path.strip_prefix('/')?.split('/');
        let place = match (segments.next()?, segments.next(), segments.next()) {
            ("dashboards", None, None) => Place::List,
            ("ingest", None, None) => Place::Ingest,
            ("account", None, None) => Place::Account,
            ("share", None, None) => Place::Share,
            ("shares", None, None) => Place::Shares,
            ("reports", None, None) => Place::Reports,
            ("users", None, None) => Place::Users,
            ("d", Some(id), Some("edit")) => Place::Edit(id.to_owned()),
            ("d", Some(id), Some("history")) => Place::History(id.to_owned()),
            _ => return None,
        };
        segments.next().is_none().then_some(place)
    }
}

fn unknown() -> Error {
    Error::invalid("do", "This form asks for nothing that is known here.")
}

fn nowhere() -> Error {
    Error::new(Kind::NotFound, "There is no such page.")
}
