//! Dashboards on their way to pages.

use async_trait::async_trait;
use leptos::{prelude::*, server_fn::codec::GetUrl};
use model::{dashboard::Dashboard, entity::Entity, error::Error};
use serde::{Deserialize, Serialize};

use super::{ApiError, Known};
use crate::wire;

/// Where a dashboard comes from, and so whether it can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Part of this program.
    BuiltIn,
    /// Made here, and the only ones that can be changed here.
    Own,
}

/// A dashboard as it is found under its id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    pub dashboard: Dashboard,
    pub source: Source,
}

/// What stands under the dashboard's id that a page's address names, and what is known of the thing that it names;
/// `None` where it names none. The server looks them up before it renders the page: what a page waits for inside of what
/// it waits for is asked for more than once, and may never be sent (leptos' `Suspense` walks its children again whenever
/// something has arrived).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Named(pub Option<Result<Found, ApiError>>, pub Option<Known>);

impl Named {
    /// Looks up what `path` names.
    pub async fn of(backend: &dyn super::Backend, path: &str) -> Self {
        let dashboard = match crate::state::dashboard_of(path) {
            Some(id) => Some(backend.dashboard(&id).await.map_err(ApiError)),
            None => None,
        };
        let known = match Entity::from_path(path) {
            Some(entity) => {
                let profile = backend.entity(&entity).await.map_err(ApiError);
                Some((entity, profile))
            }
            None => None,
        };
        Self(dashboard, known)
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

/// What the server offers of dashboards.
#[async_trait]
pub trait Dashboards: Send + Sync + 'static {
    /// A dashboard by its id. Built-in ones are answered without the database.
    async fn dashboard(&self, id: &str) -> Result<Found, Error>;

    /// All dashboards: the built-in ones in their order, then the others by title.
    async fn dashboards(&self) -> Result<Vec<Info>, Error>;
}

/// A dashboard by its id.
#[server(prefix = "/api", endpoint = "dashboard", input = GetUrl, output = wire::Answer)]
pub async fn dashboard_get(id: String) -> Result<Found, ApiError> {
    super::backend()?.dashboard(&id).await.map_err(super::fail)
}

/// All dashboards, for navigation and lists.
#[server(prefix = "/api", endpoint = "dashboards", input = GetUrl, output = wire::Answer)]
pub async fn dashboards_get() -> Result<Vec<Info>, ApiError> {
    super::backend()?.dashboards().await.map_err(super::fail)
}
