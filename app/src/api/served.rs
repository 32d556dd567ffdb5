//! Pages that the server writes whole, on their way to the browser: it holds none of the code that makes them.

use leptos::{
    prelude::*,
    server_fn::codec::{GetUrl, PostUrl},
};
use serde::{Deserialize, Serialize};

use super::ApiError;
use crate::wire;

/// A page between the bar at the top and the foot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Served {
    pub title: String,
    /// HTML, escaped where it was made.
    pub html: String,
    /// 200, or that of the mistake in the form that this page answers.
    pub status: u16,
    /// What a form has done, to be read out.
    pub said: String,
    /// Where to go instead of showing the page: the form is done.
    pub go: Option<String>,
}

/// The page at the address that is rendered; `None` where it is no such page. Made before, as `Named` is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened(pub Option<Result<Served, ApiError>>);

/// The page at an address of ours.
#[server(prefix = "/api", endpoint = "served", input = GetUrl, output = wire::Answer)]
pub async fn served_get(address: String) -> Result<Served, ApiError> {
    crate::served::page(&*super::backend()?, &address, Default::default()).await.map_err(super::fail)
}

/// The page after a form on it was sent; `form` is URL-encoded.
#[server(prefix = "/api", endpoint = "send", input = PostUrl, output = wire::Answer)]
pub async fn served_send(address: String, form: String) -> Result<Served, ApiError> {
    let form = crate::served::Form::parse(form.as_bytes());
    crate::served::send(&*super::backend()?, &address, &form).await.map_err(super::fail)
}
