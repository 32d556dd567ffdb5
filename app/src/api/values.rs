//! Values that a filter can be completed with.

use leptos::{prelude::*, server_fn::codec::GetUrl};

use super::{ApiError, ValueCount};
use crate::wire;

/// Values of a field or path that have `typed` in them; `query` is a view's canonical query string.
#[server(prefix = "/api", endpoint = "completion", input = GetUrl, output = wire::Answer)]
pub async fn values_get(target: String, typed: String, query: String) -> Result<Vec<ValueCount>, ApiError> {
    let (view, mut errors) = model::view::View::from_query(&query);
    if !errors.is_empty() {
        return Err(super::fail(errors.swap_remove(0)));
    }
    let target = model::filter::target(&target).map_err(super::fail)?;
    super::backend()?.values(&target, &typed, &view).await.map_err(super::fail)
}
