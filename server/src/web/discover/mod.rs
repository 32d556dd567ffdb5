//! Events as data: `/discover.json` page by page, `/discover.ndjson` and `/discover.csv` whole, as a stream.

mod body;
mod line;

use std::sync::Arc;

use app::api::Backend;
use axum::{
    Router,
    extract::{Extension, RawQuery},
    http::{HeaderName, HeaderValue, Method, header},
    response::{IntoResponse, Response},
    routing::get,
};
use model::{
    discover::{Discover, JSON_ROWS, MOST_JSON_ROWS, PATH, Place, Standing},
    error::Error,
    export,
    series::Series,
    time::{Timestamp, Window},
    view::View,
};
use serde_json::{Value, json};

use super::{
    NO_STORE,
    error::{self, Format},
};
use line::Lines;

pub fn routes() -> Router {
    let path = |suffix: &str| format!("{PATH}.{suffix}");
    Router::new().route(&path("json"), get(page)).route(&path("ndjson"), get(ndjson)).route(&path("csv"), get(csv))
}

/// What the address says. A file must not answer another question than the one that was asked: what a page would leave
/// out is an error here.
fn asked(query: &str) -> Result<(View, Discover), Error> {
    let (view, mut errors) = View::from_query(query);
    let (discover, more) = Discover::from_query(query);
    errors.extend(more);
    errors.into_iter().next().map_or(Ok((view, discover)), Err)
}

async fn page(Extension(backend): Extension<Arc<dyn Backend>>, RawQuery(query): RawQuery) -> Response {
    let answer = async {
        let (view, discover) = asked(&query.unwrap_or_default())?;
        let limit = discover.limit.unwrap_or(JSON_ROWS);
        if limit > MOST_JSON_ROWS {
            let most = format!("At most {MOST_JSON_ROWS} rows. Take .ndjson for more, or page by next.");
            return Err(Error::invalid("limit", most));
        }
        let discover = Discover { limit: Some(limit), ..discover };
        Ok(json(&backend.discover(&view, &discover).await?, &view, &discover))
    };
    match answer.await {
        Ok(text) => ([(header::CONTENT_TYPE, "application/json"), NO_STORE], text).into_response(),
        Err(error) => error::response(&error, Format::Json),
    }
}

/// The page as one object; whole events stand in it as they were delivered.
fn json(series: &Series, view: &View, discover: &Discover) -> String {
    let Standing { offset, next, previous, looked } = Standing::of(series);
    let table = &series.table;
    let address = |place: Option<Place>| match place {
        Some(place) => json!(discover.at(place).href(view, &format!("{PATH}.json"))),
        None => Value::Null,
    };
    let head = json!({
        "window": export::window(series.window),
        "filter": series.filter,
        "columns": table.columns.iter().map(export::column).collect::<Value>(),
        "total": table.total,
        "offset": offset,
        "looked_back_to": looked.map(Timestamp::rfc3339),
        "next": next.as_ref().map(ToString::to_string),
        "next_url": address(next.map(Place::After)),
        "previous": previous.as_ref().map(ToString::to_string),
        "previous_url": address(previous.map(Place::Before)),
    });
    let mut text = head.to_string();
    text.pop();
    text.push_str(",\"rows\":[");
    for (at, row) in table.rows.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        line::push_object(&mut text, &table.columns, row);
    }
    text.push_str("]}");
    text
}

async fn ndjson(
    Extension(backend): Extension<Arc<dyn Backend>>,
    method: Method,
    RawQuery(query): RawQuery,
) -> Response {
    all(&*backend, method, &query.unwrap_or_default(), Lines::Json).await
}

async fn csv(Extension(backend): Extension<Arc<dyn Backend>>, method: Method, RawQuery(query): RawQuery) -> Response {
    all(&*backend, method, &query.unwrap_or_default(), Lines::Csv).await
}

async fn all(backend: &dyn Backend, method: Method, query: &str, lines: Lines) -> Response {
    let answer = async {
        let (view, discover) = asked(query)?;
        if matches!(discover.place, Place::Before(_) | Place::Around(_)) {
            let parameter = if matches!(discover.place, Place::Before(_)) { "before" } else { "around" };
            return Err(Error::invalid(parameter, "A file begins at the first row, or after a place."));
        }
        // HEAD asks for no more than whether and how it would be answered: a page of one row tells.
        if method == Method::HEAD {
            let first = Discover { limit: Some(1), ..discover };
            let window = backend.discover(&view, &first).await?.window;
            return Ok(headers(lines, window).into_response());
        }
        let listing = backend.discover_all(&view, &discover).await?;
        let headers = headers(lines, listing.window);
        let body = body::stream(listing, lines).await?;
        Ok((headers, body).into_response())
    };
    answer.await.unwrap_or_else(|error| error::response(&error, Format::Text))
}

fn headers(lines: Lines, window: Window) -> [(HeaderName, HeaderValue); 3] {
    let (kind, suffix) = match lines {
        Lines::Json => ("application/x-ndjson", "ndjson"),
        Lines::Csv => ("text/csv; charset=utf-8", "csv"),
    };
    let (no_store, never) = NO_STORE;
    [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, disposition(window, suffix)),
        (no_store, HeaderValue::from_static(never)),
    ]
}

/// `trailmap-events-20261124T000000Z-20261125T000000Z.csv`: ASCII letters, digits and dashes alone.
fn disposition(window: Window, suffix: &str) -> HeaderValue {
    let at = |time: Timestamp| time.rfc3339().replace(['-', ':', '.'], "");
    let text = format!("attachment; filename=\"trailmap-events-{}-{}.{suffix}\"", at(window.from), at(window.to));
    HeaderValue::try_from(text).expect("digits and letters")
}
