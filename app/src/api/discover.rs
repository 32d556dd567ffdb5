//! Events one by one on their way to pages and exports.

use async_trait::async_trait;
use leptos::{prelude::*, server_fn::codec::GetUrl};
use model::{
    discover,
    error::Error,
    field::Field,
    series::{Cell, Column, Series},
    time::Window,
    view::View,
};

use super::ApiError;
use crate::wire;

/// What the server offers of single events.
#[async_trait]
pub trait Discover: Send + Sync + 'static {
    /// A page of events with the columns that are asked for, all fields unless some are named. Its place in the list is
    /// told as `model::discover::Standing` reads it.
    async fn discover(&self, view: &View, discover: &discover::Discover) -> Result<Series, Error>;

    /// The `limit` most frequent values of a field among the view's events, of those that have `typed` in them, in either
    /// case; `model::discover::counts` reads the rest.
    async fn field_values(&self, view: &View, field: Field, typed: &str, limit: u32) -> Result<Series, Error>;

    /// All events, or `limit` of them, from the beginning or after a place.
    async fn discover_all(&self, view: &View, discover: &discover::Discover) -> Result<Listing, Error>;
}

/// Events that come batch by batch.
pub struct Listing {
    pub columns: Vec<Column>,
    pub window: Window,
    pub rows: Box<dyn Rows>,
}

/// Dropped before its end, it stops.
#[async_trait]
pub trait Rows: Send {
    /// The next rows; none at the end.
    async fn next(&mut self) -> Result<Vec<Vec<Cell>>, Error>;
}

/// A page of events; `query` is Discover's canonical query string and the view's.
#[server(prefix = "/api", endpoint = "discover", input = GetUrl, output = wire::Answer)]
pub async fn discover_page(query: String) -> Result<Series, ApiError> {
    let (view, discover) = read::page(&query)?;
    super::backend()?.discover(&view, &discover).await.map_err(super::fail)
}

/// Values that stand below a field's name.
#[cfg(feature = "ssr")]
const TOP: u32 = 10;

/// The most frequent values of a field among the events of Discover's page at `address`, as HTML whose links lead on from
/// there.
#[server(prefix = "/api", endpoint = "values", input = GetUrl, output = wire::Answer)]
pub async fn values_html(field: String, address: String) -> Result<String, ApiError> {
    let (view, field) = read::field(&field, &address)?;
    let values = super::backend()?.field_values(&view, field, "", TOP).await.map_err(super::fail)?;
    Ok(crate::fragment::values::html(&values, &address))
}

/// Values of a field, for the control of a dashboard at `address`: `about` is the field's key, a space, and what the values
/// shall have in them. As HTML whose links choose them.
#[server(prefix = "/api", endpoint = "control", input = GetUrl, output = wire::Answer)]
pub async fn control_html(about: String, address: String) -> Result<String, ApiError> {
    let (key, typed) = about.split_once(' ').unwrap_or((&about, ""));
    let (_, field) = read::field(key, &address)?;
    crate::fragment::control::html(&*super::backend()?, field, typed, &address).await.map_err(super::fail)
}

/// What a call asks for.
#[cfg(feature = "ssr")]
mod read {
    use model::{
        discover::{Discover, MOST_PAGE_ROWS, PAGE_ROWS},
        error::Error,
        field::Field,
        filter::Target,
        view::View,
    };

    use crate::api::{ApiError, fail};

    /// What a page needs of each row beside the columns that it shows: to link, to mark failures, and to say who
    /// stands behind a name.
    const BESIDE: [Field; 7] = [
        Field::EventId,
        Field::Outcome,
        Field::ErrorCode,
        Field::Session,
        Field::Origin,
        Field::SourceAddress,
        Field::Country,
    ];

    pub fn page(query: &str) -> Result<(View, Discover), ApiError> {
        let (view, discover) = query_string(query)?;
        let mut columns = discover.shown();
        columns.extend(BESIDE.map(Target::Field).into_iter().filter(|field| !discover.shown().contains(field)));
        let limit = Some(discover.limit.unwrap_or(PAGE_ROWS).min(MOST_PAGE_ROWS));
        Ok((view, Discover { columns, limit, raw: false, ..discover }))
    }

    pub fn field(key: &str, address: &str) -> Result<(View, Field), ApiError> {
        let (view, _) = query_string(address.split_once('?').map_or("", |(_, query)| query))?;
        let field = Field::from_key(key).ok_or_else(|| fail(Error::invalid("field", "There is no such field.")))?;
        Ok((view, field))
    }

    fn query_string(query: &str) -> Result<(View, Discover), ApiError> {
        let (view, mut errors) = View::from_query(query);
        let (discover, more) = Discover::from_query(query);
        errors.extend(more);
        match errors.into_iter().next() {
            Some(error) => Err(fail(error)),
            None => Ok((view, discover)),
        }
    }
}
