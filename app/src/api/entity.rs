//! What is known of one actor, address, resource, access key or account, on its way to pages.

use async_trait::async_trait;
use leptos::{prelude::*, server_fn::codec::GetUrl};
use model::{entity::Entity, error::Error, field::Field, series::Cell, time::Timestamp};

use super::ApiError;
use crate::wire;

/// What is known of one thing, over everything that is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    pub entity: Entity,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    /// Of its newest event: what tells more about it.
    pub facts: Vec<(Field, Cell)>,
    /// Of a session's access key: who took which role with whose key, the first caller first, the key's session last.
    pub chain: Vec<Step>,
}

/// One caller in a chain of sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub actor: Option<String>,
    pub session: Option<String>,
    pub access_key: Option<String>,
    /// The event by which this caller got the next one's key; the last of a chain has none.
    pub event_id: Option<String>,
}

/// A thing, and what is known of it as HTML.
pub type Known = (Entity, Result<String, ApiError>);

/// What the server knows of things.
#[async_trait]
pub trait Entities: Send + Sync + 'static {
    /// What is known of one thing. Errors: not found where no event has it; time-out, no database.
    async fn entity(&self, entity: &Entity) -> Result<Profile, Error>;
}

/// What is known of the thing whose page is at `address`, as HTML whose links keep the page's range.
#[server(prefix = "/api", endpoint = "entity", input = GetUrl, output = wire::Answer)]
pub async fn entity_html(address: String) -> Result<String, ApiError> {
    let (_, known) = known(&*super::backend()?, &address)
        .await
        .ok_or_else(|| super::fail(Error::not_found("There is no such page.")))?;
    known.map_err(|error| super::fail(error.0))
}

/// `None` where the address is no such page's.
#[cfg(feature = "ssr")]
pub async fn known(backend: &dyn super::Backend, address: &str) -> Option<Known> {
    let entity = Entity::from_path(address.split('?').next()?)?;
    let profile = backend.entity(&entity).await;
    let html = profile.map(|profile| crate::fragment::entity::html(profile, address)).map_err(ApiError);
    Some((entity, html))
}
