//! Dashboards on their way to pages.

use async_trait::async_trait;
use leptos::{prelude::*, server_fn::codec::GetUrl};
use model::{
    dashboard::Dashboard,
    error::{Error, Kind},
    inspection::Inspection,
    panel::Panel,
    series::Series,
    time::Timestamp,
    view::View,
};
use serde::{Deserialize, Serialize};

use super::{ApiError, Known};
use crate::wire;

/// Where a dashboard comes from, and so whether it can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Part of this program.
    BuiltIn,
    /// From a file that the server was started with.
    Provisioned,
    /// Made here, and the only ones that can be changed here.
    Own,
}

/// A dashboard as it is found under its id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    pub dashboard: Dashboard,
    pub source: Source,
    /// Counts the changes of an own dashboard; 0 for the others.
    pub version: u32,
}

/// What stands under the dashboard's id that a page's address names, and what is known of the thing that it names;
/// `None` where it names none. The server looks them up before it renders the page: what a page waits for inside of what
/// it waits for is asked for more than once, and may never be sent (leptos' `Suspense` walks its children again whenever
/// something has arrived).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Named(pub Option<Result<Found, ApiError>>, pub Option<Known>);

#[cfg(feature = "ssr")]
impl Named {
    /// Looks up what the page at `address`, a path and its query, names.
    pub async fn of(backend: &dyn super::Backend, address: &str) -> Self {
        let dashboard = match crate::state::dashboard_of(address.split('?').next().unwrap_or_default()) {
            Some(id) => Some(backend.dashboard(&id).await.map_err(ApiError)),
            None => None,
        };
        Self(dashboard, super::entity::known(backend, address).await)
    }
}

/// A dashboard as lists name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Info {
    pub id: String,
    pub title: String,
    pub description: String,
    pub source: Source,
}

/// A version in a dashboard's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    pub version: u32,
    pub saved_at: Timestamp,
    pub note: String,
    /// What is other than in the version before; a line a change.
    pub changes: Vec<String>,
}

/// What the server offers of dashboards.
#[async_trait]
pub trait Dashboards: Send + Sync + 'static {
    /// A dashboard by its id. Built-in ones are answered without the database.
    async fn dashboard(&self, id: &str) -> Result<Found, Error>;

    /// All dashboards: the built-in ones in their order, then the provisioned ones, then the own ones by title.
    async fn dashboards(&self) -> Result<Vec<Info>, Error>;

    /// Own dashboards that were deleted and can come back.
    async fn dashboards_deleted(&self) -> Result<Vec<Info>, Error> {
        Ok(Vec::new())
    }

    /// Keeps a new own dashboard; returns its id, which is the wanted one with a number where that is taken.
    async fn dashboard_create(&self, _dashboard: &Dashboard, _note: &str) -> Result<String, Error> {
        Err(keeps_none())
    }

    /// Keeps a changed own dashboard as the version after `base`. Errors: not an own one, another version by now.
    async fn dashboard_save(&self, _dashboard: &Dashboard, _base: u32, _note: &str) -> Result<u32, Error> {
        Err(keeps_none())
    }

    /// Deletes an own dashboard, or brings it back.
    async fn dashboard_delete(&self, _id: &str, _deleted: bool) -> Result<(), Error> {
        Err(keeps_none())
    }

    /// The versions of an own dashboard, the newest first; none of the others.
    async fn dashboard_history(&self, _id: &str) -> Result<Vec<Version>, Error> {
        Ok(Vec::new())
    }

    /// The data of a panel that no dashboard has yet, and how it is answered.
    async fn panel_preview(&self, _panel: &Panel, _view: &View) -> Result<(Series, Inspection), Error> {
        Err(keeps_none())
    }

    /// A version of an own dashboard.
    async fn dashboard_version(&self, _id: &str, _version: u32) -> Result<Dashboard, Error> {
        Err(keeps_none())
    }
}

/// A backend that only reads.
fn keeps_none() -> Error {
    Error::new(Kind::Forbidden, "Dashboards cannot be changed here.")
}

/// A dashboard by its id.
#[server(prefix = "/api", endpoint = "dashboard", input = GetUrl, output = wire::Answer)]
pub async fn dashboard_get(id: String) -> Result<Found, ApiError> {
    super::backend()?.dashboard(&id).await.map_err(super::fail)
}

/// All dashboards, for navigation.
#[server(prefix = "/api", endpoint = "dashboards", input = GetUrl, output = wire::Answer)]
pub async fn dashboards_get() -> Result<Vec<Info>, ApiError> {
    super::backend()?.dashboards().await.map_err(super::fail)
}
