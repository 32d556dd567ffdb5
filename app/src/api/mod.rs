//! What pages ask of the server: the trait that it implements, and the server functions that call it.

use std::sync::Arc;

use async_trait::async_trait;
use leptos::{prelude::*, server_fn::codec::GetUrl};
use model::{
    error::{Error, Kind},
    filter::Target,
    inspection::Inspection,
    series::Series,
    time::Timestamp,
    view::View,
};
use serde::{Deserialize, Serialize};

use crate::{status, wire};

mod completion;
mod dashboard;
mod discover;
mod entity;
mod ingest;
mod inspect;
mod integrity;
mod people;
mod reporting;
mod served;
mod sharing;

pub use completion::completion_html;
pub use dashboard::{Dashboards, Found, Info, Named, Source, Version, dashboard_get, dashboards_get};
pub use discover::{Discover, Listing, Rows, control_html, discover_page, values_html};
pub use entity::{Entities, Known, Profile, Step, entity_html};
pub use ingest::{
    Backfill, ByHand, Counts, DiskRoom, FailedObject, Ingest, Ingests, Listed, Place, PoisonMessage, Quiet, QuietAfter,
    Rejected, RetentionRun, Retry, Source as IngestSource, SourceState, quiet_html,
};
pub use inspect::panel_inspect;
pub use integrity::{Checked, Integrity, IntegrityProblem, IntegrityReport, IntegritySource, IntegrityTrail};
pub use people::{AuditEntry, Factor, Login, NewToken, People, Token, User, Who};
pub use reporting::{Means, NewReport, NewWebhook, Outcome, Report, Reports, Run, channel_shown};
pub use served::{Opened, Served, served_get, served_send};
pub use sharing::{NewShare, SharedLink, Sharing, ShortLink};

/// One event, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Every field of the catalogue that has a value, in catalogue order.
    pub fields: Vec<(model::field::Field, model::series::Cell)>,
    /// The event as it was delivered.
    pub raw: String,
    /// The URI of the object that it came from.
    pub object: String,
    pub integrity: Integrity,
}

/// What the foot of every page shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    pub version: String,
    /// Events stored, as the planner estimates it.
    pub events_estimate: i64,
    pub last_event: Option<Timestamp>,
    /// Places come from these databases; their licences ask for the link.
    pub attributions: Vec<Attribution>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Attribution {
    pub label: String,
    pub url: String,
}

/// A value that events have, and how many of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueCount {
    pub text: String,
    pub events: i64,
}

/// What the server offers to pages. `app` never knows Postgres.
#[async_trait]
pub trait Backend: Dashboards + Discover + Entities + Ingests + People + Reports + Sharing {
    /// The data of one panel. Errors: no such dashboard or panel, a bad filter or range, time-out, no database.
    async fn panel(&self, dashboard: &str, panel: &str, view: &View) -> Result<Series, Error>;

    /// How a panel is answered: its statements and what they take. Errors as of `panel`.
    async fn inspect(&self, dashboard: &str, panel: &str, view: &View) -> Result<Inspection, Error>;

    /// One event by its id.
    async fn event(&self, event_id: &str) -> Result<Event, Error>;

    /// Values of `target` that have `typed` in them, in either case, among the newest events of the view: the most
    /// frequent first, those that begin with `typed` before all others. Errors: as `panel`; the time-out is short.
    /// `dashboard`: on whose page it is typed, since those of the audit log are not those of events; else empty.
    async fn values(
        &self,
        dashboard: &str,
        target: &Target,
        typed: &str,
        view: &View,
    ) -> Result<Vec<ValueCount>, Error>;

    async fn about(&self) -> Result<About, Error>;

    /// What all answers depend on beside what is asked: for whom they are, and how often events were stored or changed. While it stays
    /// the same, so do they. `None`: that is not known.
    async fn edition(&self) -> Option<String> {
        None
    }
}

/// An error on its way to the browser: a status over HTTP, `model::error::Error` as its body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ApiError(pub Error);

impl FromServerFnError for ApiError {
    type Encoder = wire::Text;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        use ServerFnErrorErr as E;
        let (kind, message) = match error {
            E::Args(_) | E::MissingArg(_) | E::Deserialization(_) => {
                (Kind::Invalid, "The server and this page do not understand each other. Reload the page.")
            }
            E::Request(_) => (Kind::Unavailable, "The server cannot be reached."),
            _ => (Kind::Internal, "Something went wrong on the server."),
        };
        fail(Error::new(kind, message))
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The error for the caller, with its status when the call came over HTTP.
fn fail(error: Error) -> ApiError {
    status::call(error.status());
    ApiError(error)
}

/// The `Backend` of the server that renders or answers.
pub fn backend() -> Result<Arc<dyn Backend>, ApiError> {
    use_context().ok_or_else(|| fail(Error::new(Kind::Internal, "Something went wrong on the server.")))
}

/// The data of one panel, words as HTML; `query` is a view's canonical query string.
#[server(prefix = "/api", endpoint = "panel", input = GetUrl, output = wire::Answer)]
pub async fn panel_series(dashboard: String, panel: String, query: String) -> Result<Series, ApiError> {
    let (view, mut errors) = View::from_query(&query);
    if !errors.is_empty() {
        return Err(fail(errors.swap_remove(0)));
    }
    let backend = backend()?;
    let answer = async { backend.panel(&dashboard, &panel, &view).await.map(crate::fragment::markdown::set) };
    crate::guard::answered(answer).await.map_err(fail)
}

/// One event, whole, as HTML whose links lead on from the page at `address`.
#[server(prefix = "/api", endpoint = "event", input = GetUrl, output = wire::Answer)]
pub async fn event_html(id: String, address: String) -> Result<String, ApiError> {
    let event = backend()?.event(&id).await.map_err(fail)?;
    Ok(crate::fragment::event::html(event, &address))
}

/// The foot of every page, as HTML.
#[server(prefix = "/api", endpoint = "about", input = GetUrl, output = wire::Answer)]
pub async fn about_html() -> Result<String, ApiError> {
    backend()?.about().await.map(crate::fragment::about::html).map_err(fail)
}
