//! The same address with another suffix: `/d/overview.json`, `.png`, `.pdf`; `/d/overview/errors.json`, `.csv`, `.svg`, `.png`, `.pdf`;
//! `/event/<id>.json`; `/entity/actor/alice.json`; and `/d/overview/errors/inspect.json`, how a panel is answered.
//!
//! A middleware, because axum's routes cannot tell suffixes apart within the segment that the page's route takes.

use std::{borrow::Cow, sync::Arc};

use app::api::{Backend, Profile};
use axum::{
    body::Body,
    extract::{Extension, Request},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::{StreamExt, stream};
use model::{
    chart::{self, Land, Size, Theme, sheet, world::outline::outlines},
    dashboard::{Dashboard, Tile},
    entity::Entity,
    error::{Error, Kind},
    export, filter,
    panel::Panel,
    series::Series,
    time::{Range, Timestamp},
    view::View,
};

use super::{
    NO_STORE, entity,
    error::{self, Format},
    picture::{self, File},
    policy,
};
use crate::clock::Clock;

/// Beside an event that stands as it was delivered: what digests say about its log file.
const INTEGRITY: &str = "trailmap-integrity";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Suffix {
    Json,
    Csv,
    Svg,
    Drawn(File),
}

#[derive(Debug, PartialEq, Eq)]
enum Export {
    Panel {
        dashboard: String,
        panel: String,
        suffix: Suffix,
    },
    Inspection {
        dashboard: String,
        panel: String,
    },
    Event {
        id: String,
    },
    Dashboard {
        id: String,
    },
    /// All panels of a dashboard in one picture.
    Sheet {
        id: String,
        file: File,
    },
    /// `None`: the address names nothing that has a page.
    Entity(Option<Entity>),
}

pub async fn answer(Extension(backend): Extension<Arc<dyn Backend>>, request: Request, next: Next) -> Response {
    let Some(export) = Export::of(request.uri().path()) else {
        return next.run(request).await;
    };
    let profile = match &export {
        Export::Entity(Some(entity)) => match backend.entity(entity).await {
            Err(error) if error.kind == Kind::NotFound && is_known(&*backend, request.uri().path()).await => {
                return next.run(request).await;
            }
            profile => profile,
        },
        _ => Err(Error::not_found("There is no such page.")),
    };
    let query = request.uri().query().unwrap_or_default();
    match *request.method() {
        Method::GET => export.respond(&*backend, profile, query).await,
        // As GET, with the headers alone.
        Method::HEAD => {
            let (mut parts, body) = export.respond(&*backend, profile, query).await.into_parts();
            if let Some(length) = http_body::Body::size_hint(&body).exact() {
                parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
            }
            Response::from_parts(parts, Body::empty())
        }
        _ => (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response(),
    }
}

impl Export {
    /// What `path` asks for; `None` where it has none of the suffixes.
    fn of(path: &str) -> Option<Export> {
        let mut segments = path.strip_prefix('/')?.split('/');
        let export = match (segments.next()?, segments.next()?, segments.next()) {
            ("event", id, None) => Export::Event { id: decoded(id.strip_suffix(".json")?)? },
            ("entity", kind, Some(value)) => Export::Entity(Entity::from_segments(kind, value.strip_suffix(".json")?)),
            ("d", dashboard, Some(panel)) if path.ends_with("/inspect.json") => {
                let inspection = Export::Inspection { dashboard: decoded(dashboard)?, panel: decoded(panel)? };
                return (segments.next() == Some("inspect.json") && segments.next().is_none()).then_some(inspection);
            }
            ("d", id, None) => {
                let (id, suffix) = id.rsplit_once('.')?;
                match (decoded(id)?, suffix) {
                    (id, "json") => Export::Dashboard { id },
                    (id, "png") => Export::Sheet { id, file: File::Png },
                    (id, "pdf") => Export::Sheet { id, file: File::Pdf },
                    _ => return None,
                }
            }
            ("d", dashboard, Some(panel)) => {
                let (panel, suffix) = panel.rsplit_once('.')?;
                let suffix = match suffix {
                    "json" => Suffix::Json,
                    "csv" => Suffix::Csv,
                    "svg" => Suffix::Svg,
                    "png" => Suffix::Drawn(File::Png),
                    "pdf" => Suffix::Drawn(File::Pdf),
                    _ => return None,
                };
                Export::Panel { dashboard: decoded(dashboard)?, panel: decoded(panel)?, suffix }
            }
            _ => return None,
        };
        segments.next().is_none().then_some(export)
    }

    /// `profile`: of the thing that it is about, if it is about one.
    async fn respond(&self, backend: &dyn Backend, profile: Result<Profile, Error>, query: &str) -> Response {
        match self {
            Export::Event { id } => match backend.event(id).await {
                Ok(event) => {
                    let integrity =
                        (HeaderName::from_static(INTEGRITY), HeaderValue::from_static(event.integrity.name()));
                    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
                    let (no_store, never) = NO_STORE;
                    ([kind, (no_store, HeaderValue::from_static(never)), integrity], event.raw).into_response()
                }
                Err(error) => error::response(&error, Format::Json),
            },
            Export::Entity(_) => match entity_json(profile, query) {
                Ok(json) => ([NO_STORE], axum::Json(json)).into_response(),
                Err(error) => error::response(&error, Format::Json),
            },
            Export::Inspection { dashboard, panel } => {
                let answer = match exact_view(query) {
                    Ok(view) => backend.inspect(dashboard, panel, &view).await,
                    Err(mistake) => Err(mistake),
                };
                match answer {
                    Ok(inspection) => ([NO_STORE], axum::Json(export::inspection(&inspection))).into_response(),
                    Err(error) => error::response(&error, Format::Json),
                }
            }
            Export::Dashboard { id } => match dashboard_file(backend, id, query).await {
                Ok(text) => {
                    let disposition = format!("attachment; filename=\"{id}.json\"");
                    let headers = [
                        (header::CONTENT_TYPE, "application/json"),
                        (header::CONTENT_DISPOSITION, &disposition),
                        NO_STORE,
                    ];
                    (headers, text).into_response()
                }
                Err(error) => error::response(&error, Format::Json),
            },
            Export::Sheet { id, file } => {
                let answer = drawn_sheet(backend, id, *file, query).await;
                answer.unwrap_or_else(|error| error::response(&error, Format::Text))
            }
            Export::Panel { dashboard, panel, suffix } => {
                let answer = match panel_series(backend, dashboard, panel, query).await {
                    Ok(series) => render(backend, dashboard, *suffix, &series, query).await,
                    Err(error) => Err(error),
                };
                let format = if *suffix == Suffix::Json { Format::Json } else { Format::Text };
                answer.unwrap_or_else(|error| error::response(&error, format))
            }
        }
    }
}

/// The dashboard as it is, or as it was in the version that the query names. Its id is of letters, digits and dashes.
async fn dashboard_file(backend: &dyn Backend, id: &str, query: &str) -> Result<String, Error> {
    let version = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "version");
    let dashboard = match version {
        Some((_, number)) => {
            let number = number.parse().map_err(|_| Error::invalid("version", "Write a version's number."))?;
            backend.dashboard_version(id, number).await?
        }
        None => backend.dashboard(id).await?.dashboard,
    };
    Ok(dashboard.to_json())
}

/// Names of objects in S3 end in `.json` as well. Trailmap's own links write that dot as an escape, others and what
/// normalises addresses on the way do not: then the whole name is meant, unless the one without its end is known.
async fn is_known(backend: &dyn Backend, path: &str) -> bool {
    match Entity::from_path(path) {
        Some(whole) => backend.entity(&whole).await.is_ok(),
        None => false,
    }
}

fn entity_json(profile: Result<Profile, Error>, query: &str) -> Result<serde_json::Value, Error> {
    let view = exact_view(query)?;
    filter::parse(&view.filter)?;
    Ok(entity::json(&profile?, &view))
}

/// `None` where the escapes are not UTF-8.
fn decoded(segment: &str) -> Option<String> {
    percent_encoding::percent_decode_str(segment).decode_utf8().ok().map(Cow::into_owned)
}

/// A file must not answer another question than the one that was asked: what a page would leave out is an error here.
fn exact_view(query: &str) -> Result<View, Error> {
    let (view, mistakes) = View::from_query(query);
    mistakes.into_iter().next().map_or(Ok(view), Err)
}

async fn panel_series(backend: &dyn Backend, dashboard: &str, panel: &str, query: &str) -> Result<Series, Error> {
    backend.panel(dashboard, panel, &exact_view(query)?).await
}

async fn render(
    backend: &dyn Backend,
    dashboard: &str,
    suffix: Suffix,
    series: &Series,
    query: &str,
) -> Result<Response, Error> {
    let answer = match suffix {
        Suffix::Json => as_json(series),
        Suffix::Csv => as_csv(series),
        Suffix::Svg => {
            let svg = svg(backend, dashboard, series, &Wanted::of(query)?).await?;
            let headers =
                [(header::CONTENT_TYPE, "image/svg+xml"), (header::CONTENT_SECURITY_POLICY, policy::PICTURE), NO_STORE];
            (headers, svg).into_response()
        }
        Suffix::Drawn(file) => {
            let wanted = Wanted::of(query)?;
            let svg = svg(backend, dashboard, series, &wanted).await?;
            drawn(svg, file, &wanted, &stem(series)).await?
        }
    };
    Ok(answer)
}

/// A panel's answer as a file: `png`, `csv` or `json`; `None`: there is no such file.
pub async fn of_series(panel: &Panel, series: &Series, suffix: &str) -> Option<Result<Response, Error>> {
    Some(match suffix {
        "json" => Ok(as_json(series)),
        "csv" => Ok(as_csv(series)),
        "png" => {
            let wanted = Wanted { theme: Theme::Light, size: None, scale: 2.0 };
            let svg = chart::svg(panel, series, target(SIZE, wanted.theme));
            drawn(svg, File::Png, &wanted, &stem(series)).await
        }
        _ => return None,
    })
}

fn as_json(series: &Series) -> Response {
    ([NO_STORE], axum::Json(export::json(series))).into_response()
}

fn as_csv(series: &Series) -> Response {
    let disposition = format!("attachment; filename=\"{}.csv\"", stem(series));
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, &disposition), NO_STORE];
    (headers, export::csv(series)).into_response()
}

/// Of a picture whose address names no size.
const SIZE: Size = Size { width: 960, height: 480 };

async fn svg(backend: &dyn Backend, dashboard: &str, series: &Series, wanted: &Wanted) -> Result<String, Error> {
    let found = backend.dashboard(dashboard).await?.dashboard;
    let tile = found.tile(&series.panel.id);
    let panel = &tile.ok_or_else(|| Error::not_found("There is no such panel."))?.panel;
    let size = wanted.size.unwrap_or(SIZE);
    Ok(chart::svg(panel, series, target(size, wanted.theme)))
}

fn target(size: Size, theme: Theme) -> chart::Target<'static> {
    chart::Target { size, theme, link: None, land: Land::Inline(outlines()) }
}

async fn drawn(svg: String, file: File, wanted: &Wanted, stem: &str) -> Result<Response, Error> {
    let bytes = picture::draw(svg, file, wanted.scale).await?;
    let disposition = format!("inline; filename=\"{stem}.{}\"", file.ending());
    let headers = [(header::CONTENT_TYPE, file.content_type()), (header::CONTENT_DISPOSITION, &disposition), NO_STORE];
    Ok((headers, bytes).into_response())
}

/// Panels of a dashboard that are asked for at a time.
const PANELS_AT_A_TIME: usize = 4;
/// Of a panel's picture, around its body.
const FRAME: u32 = 100;

async fn drawn_sheet(backend: &dyn Backend, id: &str, file: File, query: &str) -> Result<Response, Error> {
    let (view, wanted) = (exact_view(query)?, Wanted::of(query)?);
    let dashboard = backend.dashboard(id).await?.dashboard;
    let ask = async |tile: &Tile| backend.panel(id, &tile.panel.id, &view).await;
    let answers: Vec<_> = stream::iter(&dashboard.tiles).map(ask).buffered(PANELS_AT_A_TIME).collect().await;
    let svg = sheet(&dashboard, &view, &answers, wanted.theme, Clock::System.now())?;
    drawn(svg, file, &wanted, &format!("trailmap-{}", plain(id))).await
}

/// All panels of a dashboard in one picture; `answers`: one for each, in their order. Errors: the view's filter is none.
pub fn sheet(
    dashboard: &Dashboard,
    view: &View,
    answers: &[Result<Series, Error>],
    theme: Theme,
    now: Timestamp,
) -> Result<String, Error> {
    let range = view.range.unwrap_or(Range::DEFAULT).label();
    let filter = filter::print(&view.condition()?);
    let about = if filter.is_empty() { range } else { format!("{range} · {filter}") };
    let cell = |(tile, answer): (&Tile, &Result<Series, Error>)| {
        let Tile { place, panel } = tile;
        let size = Size { width: sheet::width(*place), height: place.height + FRAME };
        let picture = match answer {
            Ok(series) => Ok(chart::svg_within(panel, series, target(size, theme))),
            Err(error) => Err(error.clone()),
        };
        sheet::Cell { place: *place, title: panel.title.clone(), picture }
    };
    let cells: Vec<_> = dashboard.tiles.iter().zip(answers).map(cell).collect();
    let drawn_at = format!("Drawn {} UTC", chart::format::minute(now));
    Ok(sheet::sheet(&dashboard.title, [&about, &drawn_at], &cells, theme))
}

/// What a picture's address says of it.
struct Wanted {
    theme: Theme,
    size: Option<Size>,
    /// Pixels of a PNG to one of the picture.
    scale: f32,
}

impl Wanted {
    /// `theme`, `width`, `height` and `scale`.
    fn of(query: &str) -> Result<Wanted, Error> {
        let mut theme = Theme::Light;
        let (mut width, mut height, mut scale) = (None, None, 2.0);
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                "theme" => {
                    theme = match &*value {
                        "light" => Theme::Light,
                        "dark" => Theme::Dark,
                        _ => return Err(Error::invalid("theme", "Write light or dark.")),
                    }
                }
                "width" => width = Some(pixels("width", &value)?),
                "height" => height = Some(pixels("height", &value)?),
                "scale" => {
                    let number = value.parse().ok().filter(|scale| (0.5..=4.0).contains(scale));
                    scale = number.ok_or_else(|| Error::invalid("scale", "Write a number from 0.5 to 4."))?;
                }
                _ => {}
            }
        }
        let size = (width.is_some() || height.is_some())
            .then(|| Size { width: width.unwrap_or(960), height: height.unwrap_or(480) });
        Ok(Wanted { theme, size, scale })
    }
}

fn pixels(parameter: &str, value: &str) -> Result<u32, Error> {
    let pixels = value.parse().ok().filter(|pixels| (200..=4000).contains(pixels));
    pixels.ok_or_else(|| Error::invalid(parameter, "Write a number of pixels from 200 to 4000."))
}

/// `trailmap-errors-20261124T000000Z-20261125T000000Z`.
fn stem(series: &Series) -> String {
    let at = |time: model::time::Timestamp| plain(&time.rfc3339().replace(['-', ':'], ""));
    let (from, to) = (at(series.window.from), at(series.window.to));
    format!("trailmap-{}-{from}-{to}", plain(&series.panel.id))
}

/// ASCII letters, digits and dashes alone: what a file's name may have everywhere.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect()
}

#[cfg(test)]
mod tests {
    use model::entity::Kind;

    use super::*;

    #[test]
    fn suffixes_are_told_from_pages() {
        let panel = |suffix| Export::Panel { dashboard: "overview".into(), panel: "errors".into(), suffix };
        assert_eq!(Export::of("/d/overview/errors.json"), Some(panel(Suffix::Json)));
        assert_eq!(Export::of("/d/overview/errors.csv"), Some(panel(Suffix::Csv)));
        assert_eq!(Export::of("/d/overview/err%6Frs.svg"), Some(panel(Suffix::Svg)));
        let inspection = Export::Inspection { dashboard: "overview".into(), panel: "errors".into() };
        assert_eq!(Export::of("/d/overview/errors/inspect.json"), Some(inspection));
        assert_eq!(Export::of("/event/a%2Fb.json"), Some(Export::Event { id: "a/b".into() }));
        assert_eq!(Export::of("/d/overview/errors.png"), Some(panel(Suffix::Drawn(File::Png))));
        assert_eq!(Export::of("/d/overview.pdf"), Some(Export::Sheet { id: "overview".into(), file: File::Pdf }));
        assert_eq!(Export::of("/d/overview.json"), Some(Export::Dashboard { id: "overview".into() }));
        let key = Entity { kind: Kind::Resource, value: "arn:aws:s3:::b/x.json".into() };
        assert_eq!(Export::of(&format!("{}.json", key.path())), Some(Export::Entity(Some(key.clone()))));
        assert_eq!(Export::of("/entity/land/DE.json"), Some(Export::Entity(None)));
        let path = key.path();
        for page in [
            path.as_str(),
            "/entity/actor/alice",
            "/entity/actor/alice.csv",
            "/",
            "/d/overview",
            "/d/overview/errors",
            "/d/overview/errors.gif",
            "/d/overview.svg",
            "/event/x",
            "/d/a/b.csv/c",
            "/d/a/b/c/inspect.json",
            "/d/a/inspect",
            "/d/%ff/x.json",
        ] {
            assert_eq!(Export::of(page), None, "{page}");
        }
    }
}
