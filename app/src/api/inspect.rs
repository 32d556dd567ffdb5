//! How a panel is answered, on its way to pages.

use leptos::{prelude::*, server_fn::codec::GetUrl};
use model::inspection::Inspection;

use super::ApiError;
use crate::wire;

/// The statements behind a panel; `query` is a view's canonical query string.
#[server(prefix = "/api", endpoint = "inspect", input = GetUrl, output = wire::Answer)]
pub async fn panel_inspect(dashboard: String, panel: String, query: String) -> Result<Inspection, ApiError> {
    let (view, mut errors) = model::view::View::from_query(&query);
    if !errors.is_empty() {
        return Err(super::fail(errors.swap_remove(0)));
    }
    super::backend()?.inspect(&dashboard, &panel, &view).await.map_err(super::fail)
}
