//! Pages and server functions: rendered and answered by `app`, which finds the backend, the browser's files and the
//! reader's preferences in its context.

use std::sync::{Arc, LazyLock};

use app::{
    Assets, Preferences,
    api::{ApiError, Backend, Named, Opened},
    served, shell,
    status::{CallStatus, PageStatus},
};
use axum::{
    Router,
    extract::{Extension, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::{self, Next},
    response::Response,
};
use leptos::prelude::{LeptosOptions, provide_context, use_context};
use leptos_axum::{
    AxumRouteListing, LeptosRoutes, ResponseOptions, generate_route_list_with_exclusions_and_ssg_and_context,
    render_app_async_with_context,
};

use super::{
    assets, policy,
    shared::{Key, Pages, Rendering},
};

/// Where server functions answer.
const CALLS: &str = "/api/";

/// The paths of `app`, listed once: while leptos lists them, pages of the whole process wait for ever for what they load.
static ROUTES: LazyLock<Vec<AxumRouteListing>> =
    LazyLock::new(|| generate_route_list_with_exclusions_and_ssg_and_context(shell, None, || ()).0);

/// Every route of `app`, its server functions, and the page that says that there is none.
pub fn routes() -> Router {
    // Names of files come from the manifest: leptos' own options are not used.
    let options = LeptosOptions::builder().output_name("app").build();
    let look_up = middleware::from_fn_with_state(Arc::<Pages>::default(), look_up);
    let missing = render_app_async_with_context(provide, shell);
    Router::new()
        .leptos_routes_with_context(&options, ROUTES.clone(), provide, shell)
        .fallback(async move |request: Request| match assets::public(&request) {
            Some(file) => file,
            None => missing_page(missing(request).await),
        })
        .layer(look_up)
        .with_state(options)
}

/// The addresses of `app`: pages, as patterns, and server functions, each with its method.
pub fn addresses() -> Vec<(Method, String)> {
    let pages = ROUTES.iter().map(|route| (Method::GET, route.path().to_owned()));
    let calls = leptos::server_fn::axum::server_fn_paths().map(|(path, method)| (method, path.to_owned()));
    pages.chain(calls).collect()
}

/// Finds the dashboard that the address names, or the page that is written whole, before anything is rendered.
async fn look_up(
    State(pages): State<Arc<Pages>>,
    Extension(backend): Extension<Arc<dyn Backend>>,
    mut request: Request,
    next: Next,
) -> Response {
    let address = request.uri().path_and_query().map_or("/", |address| address.as_str());
    let named = Named::of(&*backend, address).await;
    request.extensions_mut().insert(named.clone());
    if served::takes_forms(request.uri().path()) {
        let address = request.uri().path_and_query().map_or("/", |address| address.as_str()).to_owned();
        let answer = request.extensions_mut().remove().unwrap_or_default();
        let page = served::page(&*backend, &address, answer).await.map_err(ApiError);
        request.extensions_mut().insert(Opened(Some(page)));
        return next.run(request).await;
    }
    let Some(key) = Key::of(&request, &named, &preferences(request.headers())) else { return next.run(request).await };
    match backend.edition().await {
        Some(edition) => pages.answer(key.of_edition(edition), request, next).await,
        None => next.run(request).await,
    }
}

/// The page is there; what was asked for is not.
fn missing_page(mut page: Response) -> Response {
    if page.status() == StatusCode::OK {
        *page.status_mut() = StatusCode::NOT_FOUND;
    }
    page
}

/// The context of one request.
fn provide() {
    let (Some(parts), Some(options)) = (use_context::<Parts>(), use_context::<ResponseOptions>()) else { return };
    let Some(backend) = parts.extensions.get::<Arc<dyn Backend>>().cloned() else { return };
    let who = backend.who();
    provide_context(backend);
    let to_status = options.clone();
    let set_status = Arc::new(move |code| {
        if let Ok(code) = StatusCode::from_u16(code) {
            to_status.set_status(code);
        }
    });
    if parts.uri.path().starts_with(CALLS) {
        options.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        provide_context(CallStatus(set_status));
        return;
    }
    provide_context(PageStatus(set_status));
    provide_context(parts.extensions.get::<Named>().cloned().unwrap_or_default());
    provide_context(parts.extensions.get::<Opened>().cloned().unwrap_or_default());
    provide_context(who);
    provide_context(files());
    provide_context(preferences(&parts.headers));
    options.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if let Some(rendering) = parts.extensions.get::<Rendering>() {
        provide_context(rendering.nonce.clone());
        provide_context(rendering.trouble());
    }
    if let Some(nonce) = leptos::nonce::use_nonce() {
        options.insert_header(header::CONTENT_SECURITY_POLICY, policy::page(&nonce));
    }
}

/// Where the browser's files are; empty where there are none.
pub(super) fn files() -> Assets {
    let manifest = assets::manifest().unwrap_or_default();
    let file = |key: &str| manifest[key].as_str().unwrap_or_default().to_owned();
    Assets { js: file("js"), wasm: file("wasm"), start: file("start"), css: file("css") }
}

pub(super) fn preferences(headers: &HeaderMap) -> Preferences {
    let text = |name| headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let theme = text(header::COOKIE)
        .flat_map(|cookies| cookies.split(';'))
        .find_map(|cookie| cookie.trim().strip_prefix("theme=").map(str::to_owned));
    Preferences { theme, narrow: text(header::USER_AGENT).any(|agent| agent.contains("Mobile")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preferences_come_from_the_cookie_and_the_user_agent() {
        let mut headers = HeaderMap::new();
        assert_eq!(preferences(&headers), Preferences::default());
        headers.insert(header::COOKIE, HeaderValue::from_static("a=b; theme=dark; c"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static("Mozilla/5.0 (iPhone) Mobile/15E148"));
        assert_eq!(preferences(&headers), Preferences { theme: Some("dark".into()), narrow: true });
        headers.insert(header::COOKIE, HeaderValue::from_static("mytheme=dark"));
        assert_eq!(preferences(&headers).theme, None);
    }
}
