//! Pages that are rendered once for all who ask for the same at the same time, or within a second of it while no events are
//! stored: rendering takes a hundred times what sending takes. Each reader is sent the page as it grows, with a nonce of its own.

use std::{
    collections::HashMap,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use app::{Preferences, api::Named, status::CallStatus};
use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::Response,
};
use bytes::BytesMut;
use futures::{StreamExt, stream};
use leptos::nonce::Nonce;
use model::error::{Error, Kind};
use tokio::sync::watch;
use tracing::Instrument;

use super::{
    error,
    packed::{Packer, Piece, Reading},
    policy,
};
use crate::query::answers::PACE;

/// Pages that are kept at a time; a page is some 100 kB.
const MOST: usize = 200;

/// All that a page depends on but the time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Who reads, and how often events had been stored or changed: see `Backend::edition`.
    edition: String,
    address: String,
    /// The dashboard, and what is known of the thing that the page is about.
    named: String,
    theme: Option<&'static str>,
    narrow: bool,
}

impl Key {
    /// `None`: a page that is rendered for each reader. Lists and forms show at once what their reader has changed.
    pub fn of(request: &Request, named: &Named, preferences: &Preferences) -> Option<Key> {
        if request.method() != Method::GET || !takes_gzip(request.headers()) || !matches!(named.0, Some(Ok(_))) {
            return None;
        }
        Some(Key {
            edition: String::new(),
            address: request.uri().path_and_query()?.as_str().to_owned(),
            named: serde_json::to_string(named).ok()?,
            theme: preferences.theme(),
            narrow: preferences.narrow,
        })
    }

    pub fn of_edition(self, edition: String) -> Key {
        Key { edition, ..self }
    }
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let names = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    names.flat_map(|names| names.split(',')).any(|name| name.trim().eq_ignore_ascii_case("gzip"))
}

/// In the request of a page that is rendered for all: what it is rendered with.
#[derive(Clone)]
pub struct Rendering {
    pub nonce: Nonce,
    trouble: Arc<AtomicBool>,
}

impl Rendering {
    fn new() -> Rendering {
        Rendering { nonce: Nonce::new(), trouble: Arc::default() }
    }

    /// Hears of answers that failed.
    pub fn trouble(&self) -> CallStatus {
        let trouble = self.trouble.clone();
        CallStatus(Arc::new(move |_| trouble.store(true, Ordering::Relaxed)))
    }
}

/// A page as far as it is rendered.
#[derive(Default)]
struct Page {
    head: Option<(StatusCode, HeaderMap)>,
    pieces: Vec<Piece>,
    ended: bool,
}

struct Kept {
    began: Instant,
    page: watch::Receiver<Page>,
}

impl Kept {
    /// On its way, or just rendered.
    fn holds(&self) -> bool {
        let is_on_its_way = self.page.has_changed().is_ok() && !self.page.borrow().ended;
        is_on_its_way || self.page.borrow().ended && self.began.elapsed() < PACE
    }
}

#[derive(Default)]
pub struct Pages(Mutex<HashMap<Key, Kept>>);

impl Pages {
    /// The page for one reader.
    pub async fn answer(self: Arc<Self>, key: Key, request: Request, next: Next) -> Response {
        let format = error::Format::of(&request);
        let mut page = self.find(key, request, next);
        let head = match page.wait_for(|page| page.head.is_some()).await {
            Ok(page) => page.head.clone(),
            Err(_) => None,
        };
        let Some((status, mut headers)) = head else {
            let error = Error::new(Kind::Internal, "Something went wrong on our side. The server's log says what.");
            return error::response(&error, format);
        };
        let nonce = Nonce::new();
        headers.insert(header::CONTENT_SECURITY_POLICY, policy::page(&nonce));
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        let mut response = Response::new(body(page, nonce.to_string()));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }

    /// The page that is kept, or one whose rendering has begun: it goes on whoever leaves, for those who come.
    fn find(self: Arc<Self>, key: Key, mut request: Request, next: Next) -> watch::Receiver<Page> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, kept| kept.holds());
        if let Some(kept) = kept.get(&key) {
            return kept.page.clone();
        }
        let (sender, page) = watch::channel(Page::default());
        if kept.len() < MOST {
            kept.insert(key.clone(), Kept { began: Instant::now(), page: page.clone() });
        }
        drop(kept);
        let rendering = Rendering::new();
        request.extensions_mut().insert(rendering.clone());
        let render = async move {
            let rendered = render(next.run(request).await, &rendering, &sender).await;
            if !matches!(rendered, Ok(StatusCode::OK)) || rendering.trouble.load(Ordering::Relaxed) {
                self.forget(&key, &sender);
            }
            if rendered.is_ok() {
                sender.send_modify(|page| page.ended = true);
            }
        };
        tokio::spawn(render.in_current_span());
        page
    }

    /// Who has it already is sent it nonetheless.
    fn forget(&self, key: &Key, page: &watch::Sender<Page>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.get(key).is_some_and(|kept| page.subscribe().same_channel(&kept.page)) {
            kept.remove(key);
        }
    }
}

/// Hands on the page as it comes. Errors: it broke off.
async fn render(response: Response, rendering: &Rendering, page: &watch::Sender<Page>) -> io::Result<StatusCode> {
    let (parts, body) = response.into_parts();
    let mut headers = parts.headers;
    headers.remove(header::CONTENT_LENGTH);
    page.send_modify(|page| page.head = Some((parts.status, headers)));
    let mut packer = Packer::new(&rendering.nonce);
    let mut body = body.into_data_stream();
    while let Some(part) = body.next().await {
        let pieces = packer.pack(&part.map_err(io::Error::other)?)?;
        page.send_modify(|page| page.pieces.extend(pieces));
    }
    Ok(parts.status)
}

/// The page's pieces as they come, as gzip.
fn body(page: watch::Receiver<Page>, nonce: String) -> Body {
    let state = Some((page, 0, Reading::new(nonce)));
    Body::from_stream(stream::unfold(state, async |state| {
        let (mut page, sent, mut reading) = state?;
        if page.wait_for(|page| page.ended || page.pieces.len() > sent).await.is_err() {
            return Some((Err(io::Error::other("the page broke off")), None));
        }
        let (pieces, ended) = {
            let page = page.borrow_and_update();
            (page.pieces[sent..].to_vec(), page.ended)
        };
        let mut out = BytesMut::new();
        if sent == 0 {
            out.extend_from_slice(&Reading::BEGIN);
        }
        pieces.iter().for_each(|piece| reading.push(piece, &mut out));
        if ended {
            reading.end(&mut out);
        }
        let next = (!ended).then(|| (page, sent + pieces.len(), reading));
        Some((Ok(out.freeze()), next))
    }))
}

#[cfg(test)]
mod tests {
    use std::{io::Read, sync::atomic::AtomicUsize, time::Duration};

    use axum::{
        Extension, Router,
        body::to_bytes,
        extract::State,
        middleware::from_fn_with_state,
        response::IntoResponse,
        routing::{MethodRouter, get},
    };
    use flate2::read::GzDecoder;
    use tower::ServiceExt;

    use super::*;

    fn key(edition: &str) -> Key {
        let (address, named) = ("/".to_owned(), String::new());
        Key { edition: edition.to_owned(), address, named, theme: None, narrow: false }
    }

    /// How often pages were rendered, and a site whose only page begins with its number and ends a little later.
    fn site(pages: &Arc<Pages>, fails: bool) -> (Arc<AtomicUsize>, Router) {
        let rendered = Arc::new(AtomicUsize::new(0));
        let count = rendered.clone();
        let page = async move |Extension(rendering): Extension<Rendering>| {
            let number = count.fetch_add(1, Ordering::Relaxed);
            if fails {
                let CallStatus(tell) = rendering.trouble();
                tell(504);
            }
            let begin = format!("{number}<script nonce=\"{}\">", rendering.nonce);
            let end = async {
                tokio::time::sleep(Duration::from_millis(50)).await;
                Ok("end".to_owned())
            };
            Body::from_stream(stream::iter([Ok::<_, io::Error>(begin)]).chain(stream::once(end))).into_response()
        };
        (rendered, sharing(pages, get(page)))
    }

    /// Its pages are of the edition that the query names.
    fn sharing(pages: &Arc<Pages>, page: MethodRouter) -> Router {
        async fn share(State(pages): State<Arc<Pages>>, request: Request, next: Next) -> Response {
            let key = key(request.uri().query().unwrap_or_default());
            pages.answer(key, request, next).await
        }
        Router::new().route("/", page).layer(from_fn_with_state(pages.clone(), share))
    }

    /// The number of the page, and its nonce.
    async fn read(site: &Router, changes: i64) -> (String, String) {
        let request = Request::get(format!("/?{changes}")).body(Body::empty()).unwrap();
        let answer = site.clone().oneshot(request).await.unwrap();
        let policy = answer.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        let mut text = String::new();
        GzDecoder::new(&body[..]).read_to_string(&mut text).unwrap();
        let (number, rest) = text.split_once("<script nonce=\"").unwrap();
        let nonce = rest.strip_suffix("\">end").unwrap();
        assert!(policy.contains(&format!("'nonce-{nonce}'")), "{policy}");
        (number.to_owned(), nonce.to_owned())
    }

    #[tokio::test]
    async fn who_asks_for_the_same_page_gets_it_with_a_nonce_of_his_own() {
        let (rendered, site) = site(&Arc::default(), false);
        let (a, b) = tokio::join!(read(&site, 1), read(&site, 1));
        let c = read(&site, 1).await;
        assert_eq!([&a.0, &b.0, &c.0], ["0", "0", "0"]);
        assert!(a.1 != b.1 && b.1 != c.1 && a.1 != c.1);
        assert_eq!(read(&site, 2).await.0, "1", "something was stored");
        assert_eq!(rendered.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_page_is_kept_for_a_second() {
        let (_, site) = site(&Arc::default(), false);
        assert_eq!(read(&site, 1).await.0, "0");
        tokio::time::sleep(PACE).await;
        assert_eq!(read(&site, 1).await.0, "1");
    }

    #[tokio::test]
    async fn a_page_with_an_error_is_sent_and_not_kept() {
        let (_, site) = site(&Arc::default(), true);
        let (a, b) = tokio::join!(read(&site, 1), read(&site, 1));
        assert_eq!([&a.0, &b.0], ["0", "0"], "nobody waits for a second error");
        assert_eq!(read(&site, 1).await.0, "1");
    }

    #[tokio::test]
    async fn a_page_is_sent_as_it_comes_and_goes_on_without_its_first_reader() {
        let (rendered, site) = site(&Arc::default(), false);
        let request = Request::get("/?1").body(Body::empty()).unwrap();
        let mut answer = site.clone().oneshot(request).await.unwrap().into_body().into_data_stream();
        let first = answer.next().await.unwrap().unwrap();
        let mut text = Vec::new();
        assert!(GzDecoder::new(&first[..]).read_to_end(&mut text).is_err(), "the end is still to come");
        assert!(text.starts_with(b"0<script"));
        drop(answer);
        assert_eq!((read(&site, 1).await.0.as_str(), rendered.load(Ordering::Relaxed)), ("0", 1));
    }

    #[tokio::test]
    async fn a_rendering_that_dies_is_an_error_and_not_kept() {
        let dies = get(async || -> String { panic!("no") });
        let site = sharing(&Arc::default(), dies);
        for _ in 0..2 {
            let request = Request::get("/?1").body(Body::empty()).unwrap();
            assert_eq!(site.clone().oneshot(request).await.unwrap().status(), StatusCode::INTERNAL_SERVER_ERROR);
        }
        let breaks = get(async || Body::from_stream(stream::iter([Ok("a"), Err(io::Error::other("no"))])));
        let request = Request::get("/?1").body(Body::empty()).unwrap();
        let answer = sharing(&Arc::default(), breaks).oneshot(request).await.unwrap();
        assert!(to_bytes(answer.into_body(), usize::MAX).await.is_err(), "nobody takes a part for the whole");
    }

    #[test]
    fn only_what_can_be_shared_is() {
        let found = || {
            let dashboard = model::dashboard::dashboard("overview").unwrap().clone();
            let found = app::api::Found { dashboard, source: app::api::Source::BuiltIn, version: 0 };
            Named(Some(Ok(found)), None)
        };
        let of = |method: &str, encoding: &str, named: &Named, preferences: &Preferences| {
            let request = Request::builder().method(method).uri("/?range=7d").header("accept-encoding", encoding);
            Key::of(&request.body(Body::empty()).unwrap(), named, preferences)
        };
        let plain = Preferences::default();
        let key = of("GET", "br, GZIP", &found(), &plain).unwrap();
        assert_eq!(of("GET", "gzip", &found(), &plain), Some(key.clone()));
        for other in
            [Preferences { theme: Some("dark".into()), narrow: false }, Preferences { theme: None, narrow: true }]
        {
            assert_ne!(of("GET", "gzip", &found(), &other), Some(key.clone()));
        }
        assert_eq!(of("HEAD", "gzip", &found(), &plain), None);
        assert_eq!(of("GET", "br", &found(), &plain), None);
        assert_eq!(of("GET", "gzip", &Named::default(), &plain), None);
        let failed = Named(Some(Err(app::api::ApiError(Error::not_found("no")))), None);
        assert_eq!(of("GET", "gzip", &failed, &plain), None);
        assert_ne!(key.clone().of_edition("1".to_owned()), key.of_edition("2".to_owned()));
    }
}
