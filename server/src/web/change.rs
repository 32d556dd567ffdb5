//! Forms: what a page of lists or forms was sent. Done, the reader is led on; not done, the page is shown again and says
//! why.
//!
//! A middleware around the routes: a page that is shown again is rendered by its own route, as for GET, with what the
//! form led to.

use std::sync::Arc;

use app::{
    api::Backend,
    served::{Form, Outcome, act, takes_forms},
};
use axum::{
    body::{Body, to_bytes},
    extract::{Extension, FromRequest, Multipart, Request},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use model::{error::Error, view::View};

use super::error::{self, Format};

/// Dashboards are small; what is larger is none.
const LONGEST: usize = 2 << 20;

pub async fn answer(Extension(backend): Extension<Arc<dyn Backend>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if request.method() != Method::POST || !takes_forms(path) {
        return next.run(request).await;
    }
    let (path, uri, headers) = (path.to_owned(), request.uri().clone(), request.headers().clone());
    let extensions = request.extensions().clone();
    let form = match read(request).await {
        Ok(form) => form,
        Err(error) => return error::response(&error, Format::Page),
    };
    let address = uri.path_and_query().map_or(path.as_str(), |address| address.as_str());
    match act(&*backend, address, &form).await {
        Outcome::Go(to) => led(&to, uri.query().unwrap_or_default()),
        Outcome::Show(answer) => {
            let mut page = Request::new(Body::empty());
            *page.uri_mut() = uri;
            *page.headers_mut() = headers;
            *page.extensions_mut() = extensions;
            page.headers_mut().remove(header::CONTENT_LENGTH);
            page.headers_mut().remove(header::CONTENT_TYPE);
            page.extensions_mut().insert(*answer);
            next.run(page).await
        }
    }
}

/// To another page, with the same view.
fn led(to: &str, query: &str) -> Response {
    match HeaderValue::from_str(&View::from_query(query).0.href(to)) {
        Ok(to) => (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn read(request: Request) -> Result<Form, Error> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("multipart/form-data") {
        return parts(request).await;
    }
    let body = to_bytes(request.into_body(), LONGEST).await.map_err(|_| too_long())?;
    Ok(Form::parse(&body))
}

async fn parts(request: Request) -> Result<Form, Error> {
    let unread = |_| Error::invalid("file", "The form did not arrive whole, or is longer than 2 MiB.");
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LONGEST).await.map_err(|_| too_long())?;
    let request = Request::from_parts(parts, Body::from(body));
    let mut all = Multipart::from_request(request, &()).await.map_err(|_| too_long())?;
    let mut form = Form::default();
    while let Some(field) = all.next_field().await.map_err(unread)? {
        let name = field.name().unwrap_or_default().to_owned();
        let bytes = field.bytes().await.map_err(unread)?;
        let text =
            String::from_utf8(bytes.into()).map_err(|_| Error::invalid("file", "The file is not text in UTF-8."))?;
        form.0.push((name, text.trim_start_matches('\u{feff}').replace("\r\n", "\n")));
    }
    Ok(form)
}

fn too_long() -> Error {
    Error::invalid("file", "The form cannot be read, or is longer than 2 MiB.")
}
