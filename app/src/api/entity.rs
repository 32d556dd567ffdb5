//! What is known of one actor, address, resource, access key or account, on its way to pages.

use async_trait::async_trait;
use leptos::{prelude::*, server_fn::codec::GetUrl};
use model::{entity::Entity, error::Error, field::Field, series::Cell, time::Timestamp};
use serde::{Deserialize, Serialize};

use super::ApiError;
use crate::wire;

/// What is known of one thing, over everything that is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub actor: Option<String>,
    pub session: Option<String>,
    pub access_key: Option<String>,
    /// The event by which this caller got the next one's key; the last of a chain has none.
    pub event_id: Option<String>,
}

/// A thing, and what was found of it.
pub type Known = (Entity, Result<Profile, ApiError>);

/// What the server knows of things.
#[async_trait]
pub trait Entities: Send + Sync + 'static {
    /// What is known of one thing. Errors: not found where no event has it; time-out, no database.
    async fn entity(&self, entity: &Entity) -> Result<Profile, Error>;
}

/// What is known of one thing: `kind` and `value` as in its address.
#[server(prefix = "/api", endpoint = "entity", input = GetUrl, output = wire::Answer)]
pub async fn entity_get(kind: String, value: String) -> Result<Profile, ApiError> {
    let entity = model::entity::Kind::from_key(&kind).and_then(|kind| Entity::new(kind, &value));
    let entity = entity.ok_or_else(|| super::fail(Error::not_found("There is no such page.")))?;
    super::backend()?.entity(&entity).await.map_err(super::fail)
}
