//! How a panel is answered, on its way to pages.

use leptos::{prelude::*, server_fn::codec::GetUrl};
#[cfg(feature = "ssr")]
use model::view::View;

use super::ApiError;
#[cfg(feature = "ssr")]
use super::{backend, fail};
use crate::wire;

/// The statements behind a panel, its data beside them, as HTML that the server writes: the browser holds none of the
/// code for it. `query` is a view's canonical query string.
#[server(prefix = "/api", endpoint = "inspect", input = GetUrl, output = wire::Answer)]
pub async fn panel_inspect(dashboard: String, panel: String, query: String) -> Result<String, ApiError> {
    let (view, mut errors) = View::from_query(&query);
    if !errors.is_empty() {
        return Err(fail(errors.swap_remove(0)));
    }
    let backend = backend()?;
    let inspection = crate::guard::answered(backend.inspect(&dashboard, &panel, &view)).await.map_err(fail)?;
    let series = crate::guard::answered(backend.panel(&dashboard, &panel, &view)).await.map_err(fail)?;
    Ok(crate::inspection::html(&inspection, &series))
}
