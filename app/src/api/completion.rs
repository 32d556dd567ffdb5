//! What a filter can be completed with.

use leptos::{prelude::*, server_fn::codec::GetUrl};

use super::ApiError;
use crate::wire;

/// What can stand at the cursor of a filter that is being typed, as the options of a list box: see
/// `fragment::completion`. `cursor`: before which UTF-16 unit of `text` it stands. `query`: a view's canonical query string;
/// values come from its range. `dashboard`: see `Backend::values`.
#[server(prefix = "/api", endpoint = "completion", input = GetUrl, output = wire::Answer)]
pub async fn completion_html(
    text: String,
    cursor: u32,
    query: String,
    #[server(default)] dashboard: String,
) -> Result<String, ApiError> {
    let (view, mut errors) = model::view::View::from_query(&query);
    if !errors.is_empty() {
        return Err(super::fail(errors.swap_remove(0)));
    }
    let backend = super::backend()?;
    crate::fragment::completion::html(&*backend, &dashboard, &text, cursor as usize, view).await.map_err(super::fail)
}
