//! HTTP: pages, server functions, exports, assets, health.
//!
//! Layers, from the outside: request id and log span, security headers, a panic's answer, time limits, the check of the
//! host's name, that of a change's origin, who asks (`access`), then the routes: assets (compressed when they were built), and pages and data (compressed as they are sent).
//! What machines send (`push`) has limits of its own and passes no check but that of its access key.

use std::sync::Arc;

use app::api::Backend;
use axum::{
    Router,
    http::{HeaderName, HeaderValue, Request, header},
    middleware::from_fn,
    middleware::from_fn_with_state,
    routing::get,
};
use tower::util::option_layer;
use tower_http::{
    compression::CompressionLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, RequestId, SetRequestIdLayer},
    set_header::SetResponseHeaderLayer,
    timeout::ResponseBodyTimeoutLayer,
    trace::{DefaultOnResponse, TraceLayer},
};

pub mod access;
pub mod assets;
mod change;
mod discover;
mod entity;
mod error;
pub(crate) mod export;
mod health;
mod host;
mod ingest;
mod live;
mod metrics;
pub mod openapi;
mod origin;
mod packed;
mod page;
pub(crate) mod picture;
mod policy;
mod process;
pub mod push;
mod shared;
mod tls;

pub use access::{Gate, policy as needs};
pub use live::Live;
pub use page::addresses;
pub use tls::Tls;

use crate::{disk::Disk, ingest::source::push::Endpoints};

/// What a router is told beside its backend.
#[derive(Clone, Default)]
pub struct Settings {
    /// The names under which the server answers, without port; `None`: any. A server that listens on loopback only
    /// should answer to loopback's names alone, or a page of another site could reach it by its own name.
    pub hosts: Option<Vec<String>>,
    /// Tells pages that events were stored; `None`: they are not told.
    pub live: Option<Live>,
    /// Where others send events to.
    pub pushes: Endpoints,
    /// Who may ask; `None`: everybody, of the router's own backend.
    pub gate: Option<Gate>,
    /// Browsers reach the server over encrypted connections, and shall never do so otherwise.
    pub secure: bool,
    /// The database's.
    pub disk: Disk,
}

impl Settings {
    /// For a server that listens on a loopback address.
    pub fn loopback() -> Settings {
        Settings { hosts: Some(["localhost", "127.0.0.1", "[::1]"].map(str::to_owned).into()), ..Settings::default() }
    }
}

/// Everything that Trailmap answers to, under any host name.
pub fn router(backend: Arc<dyn Backend>) -> Router {
    router_with(backend, Settings::default())
}

/// Everything that Trailmap answers to.
pub fn router_with(backend: Arc<dyn Backend>, settings: Settings) -> Router {
    let metrics = metrics::Metrics::default();
    let collected = get(metrics::answer).with_state((metrics.clone(), settings.disk.clone()));
    let pages = page::routes().merge(discover::routes()).merge(ingest::routes()).layer(from_fn(export::answer));
    // Around the routes, not on each: a form that is refused is answered by the page's own route.
    let pages = Router::new().fallback_service(pages).layer(from_fn(change::answer)).layer(CompressionLayer::new());
    let doors = settings.gate.clone().map(access::routes).unwrap_or_default();
    let all = Router::new()
        .nest("/pkg", assets::routes())
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready).with_state((backend.clone(), settings.disk)))
        .route("/metrics", collected)
        .route("/api/v1/openapi.json", get(openapi::answer))
        .route("/live", get(live::answer).with_state(settings.live))
        .merge(doors)
        .merge(pages);
    let guarded = match settings.gate {
        Some(gate) => all.layer(from_fn_with_state(gate, access::check)),
        None => all.layer(axum::Extension(backend)),
    };
    let secure = settings.secure;
    guarded
        .layer(from_fn(origin::check))
        .layer(from_fn_with_state(settings.hosts.map(Arc::new), host::check))
        .layer(ResponseBodyTimeoutLayer::new(error::LONGEST))
        .layer(from_fn(error::overdue))
        .merge(push::routes(settings.pushes))
        .layer(from_fn_with_state(metrics, metrics::measure))
        .layer(from_fn(error::panics))
        .layer(option_layer(secure.then(|| header("strict-transport-security", "max-age=31536000"))))
        .layer(header("x-content-type-options", "nosniff"))
        .layer(header("referrer-policy", "same-origin"))
        .layer(header("content-security-policy", policy::STATIC))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(TraceLayer::new_for_http().make_span_with(span).on_response(DefaultOnResponse::new()))
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(axum::middleware::map_request(own_request_id))
}

/// Set unless the answer has its own.
fn header(name: &'static str, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(HeaderName::from_static(name), HeaderValue::from_static(value))
}

/// Ids are ours: one that a client chose could repeat or forge another's in the log.
async fn own_request_id<B>(mut request: Request<B>) -> Request<B> {
    request.headers_mut().remove("x-request-id");
    request
}

fn span<B>(request: &Request<B>) -> tracing::Span {
    let id = request.extensions().get::<RequestId>().and_then(|id| id.header_value().to_str().ok()).unwrap_or_default();
    tracing::info_span!("request", id, method = %request.method(), path = told(request.uri().path()))
}

/// A path as logs have it: who reads them shall not hold the links that are in them.
fn told(path: &str) -> String {
    match path.strip_prefix("/s/") {
        Some(link) => format!("/s/…{}", link.find('/').map_or("", |end| &link[end..])),
        None => path.to_owned(),
    }
}

/// `Cache-Control` of data: it changes with every event.
const NO_STORE: (HeaderName, &str) = (header::CACHE_CONTROL, "no-store");
