//! `/s/LINK`: what a link shows, to whoever has it; `/go/CODE`: a short address.

use std::net::IpAddr;

use app::{
    api::Discover as _,
    shared::{self, Answers, Embedded, Page},
};
use axum::{
    extract::{Path, RawQuery, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use futures::{StreamExt, stream};
use leptos::nonce::Nonce;
use model::{error::Error, panel::Panel, share::What};

use super::{Gate, cookie, door, peer};
use crate::{
    access::{Refused, share::Opened},
    web::{
        NO_STORE,
        error::{self, Format},
        export as file, policy,
    },
};

/// Panels of a link that are asked for at a time.
const PANELS_AT_A_TIME: usize = 4;

/// What the address says beside the link.
struct Wanted {
    theme: Option<&'static str>,
    embedded: bool,
    /// Conditions that were added.
    added: String,
    refresh_s: Option<u32>,
}

/// Seconds between loads: a link is opened thirty times a minute at most.
const REFRESH_S: std::ops::RangeInclusive<u32> = 30..=86_400;

impl Wanted {
    fn of(query: Option<&str>) -> Wanted {
        let mut wanted = Wanted { theme: None, embedded: false, added: String::new(), refresh_s: None };
        for (key, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match &*key {
                "theme" => wanted.theme = ["light", "dark"].into_iter().find(|theme| *theme == value),
                "embed" => wanted.embedded = value == "1",
                "refresh" => {
                    let seconds = value.strip_suffix('s').unwrap_or(&value).parse().ok();
                    wanted.refresh_s = seconds.filter(|seconds| REFRESH_S.contains(seconds));
                }
                "q" => wanted.added = value.into_owned(),
                _ => {}
            }
        }
        wanted
    }
}

pub async fn show(
    State(gate): State<Gate>,
    Path(secret): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Response {
    let asked = Asked::of(&gate, &request);
    drop(request);
    let opened = match asked.open(&gate, &secret).await {
        Ok(opened) => opened,
        Err(refused) => return asked.refused(refused),
    };
    let path = format!("/s/{secret}");
    if !asked.may_see(&opened) {
        return door::shown(StatusCode::OK, shared::locked(&asked.look, &path, None));
    }
    let wanted = Wanted::of(query.as_deref());
    let answers = match answers(&gate, &opened, &wanted.added).await {
        Ok(answers) => answers,
        Err(error) => return door::refused(&error, app::door::closed(&asked.look, &error)),
    };
    if let Err(error) = gate.access.share_viewed(&opened, asked.address, "share_view", opened.share.title()).await {
        return error::response(&error, Format::Page);
    }
    let nonce = Nonce::new().to_string();
    let embedded = wanted.embedded && !opened.origins.is_empty();
    let page = Page {
        look: &asked.look,
        theme: wanted.theme,
        embedded: embedded.then(|| Embedded { nonce: nonce.clone() }),
        path: &path,
        share: &opened.share,
        added: &wanted.added,
        refresh_s: wanted.refresh_s,
        shared_by: &opened.shared_by,
        taken: opened.snapshot.as_ref().map(|_| opened.created),
        expires: opened.expires,
    };
    let mut answer = Html(shared::page(&page, answers)).into_response();
    let script = if embedded { Some(nonce.as_str()) } else { None };
    answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy::shared(script, &opened.origins));
    closed_off(answer)
}

pub async fn unlock(State(gate): State<Gate>, Path(secret): Path<String>, request: Request) -> Response {
    let asked = Asked::of(&gate, &request);
    let form = door::form(request).await;
    let path = format!("/s/{secret}");
    match gate.access.share_unlock(&secret, form.raw("password"), asked.address).await {
        Ok(pass) => {
            let secure = if gate.access.is_secure() { "; Secure" } else { "" };
            let cookie = format!("share={pass}; Path={path}; HttpOnly; SameSite=Strict{secure}");
            match HeaderValue::from_str(&cookie) {
                Ok(cookie) => door::led(&path, cookie),
                Err(_) => StatusCode::NOT_FOUND.into_response(),
            }
        }
        Err(Refused::Wrong(error)) if error.parameter.is_some() => {
            door::refused(&error, shared::locked(&asked.look, &path, Some(&error)))
        }
        Err(refused) => asked.refused(refused),
    }
}

/// `/s/LINK/PANEL.csv`, `.json`, `.png`, where the link allows files.
pub async fn take(
    State(gate): State<Gate>,
    Path((secret, name)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Response {
    let asked = Asked::of(&gate, &request);
    drop(request);
    let opened = match asked.open(&gate, &secret).await {
        Ok(opened) if asked.may_see(&opened) => opened,
        Ok(_) => return asked.refused(missing().into()),
        Err(refused) => return asked.refused(refused),
    };
    let taken = taken(&gate, &opened, &name, &Wanted::of(query.as_deref()).added).await;
    match taken {
        Ok(answer) => {
            if let Err(error) = gate.access.share_viewed(&opened, asked.address, "share_export", &name).await {
                return error::response(&error, Format::Text);
            }
            closed_off(answer)
        }
        Err(error) => closed_off(error::response(&error, Format::Text)),
    }
}

pub async fn go(State(gate): State<Gate>, Path(code): Path<String>) -> Response {
    match gate.access.short_link_find(&code).await {
        Ok(address) => ([NO_STORE], Redirect::to(&address)).into_response(),
        Err(error) => error::response(&error, Format::Page),
    }
}

/// Who asks for a link's page.
struct Asked {
    address: IpAddr,
    look: app::door::Look,
    pass: Option<String>,
}

impl Asked {
    fn of(gate: &Gate, request: &Request) -> Asked {
        let headers = request.headers();
        Asked {
            address: peer::address(headers, request.extensions(), &gate.proxies),
            look: door::look(headers),
            pass: cookie::value_of(headers, "share").map(str::to_owned),
        }
    }

    async fn open(&self, gate: &Gate, secret: &str) -> Result<Opened, Refused> {
        gate.access.share_open(secret, self.address).await
    }

    fn may_see(&self, opened: &Opened) -> bool {
        match (&opened.pass, &self.pass) {
            (None, _) => true,
            (Some(pass), Some(given)) => subtle::ConstantTimeEq::ct_eq(pass.as_bytes(), given.as_bytes()).into(),
            (Some(_), None) => false,
        }
    }

    fn refused(&self, refused: Refused) -> Response {
        closed_off(door::answered(refused, |error| app::door::closed(&self.look, error)))
    }
}

/// What the link shows, from the snapshot or asked anew, without what it hides.
async fn answers(gate: &Gate, opened: &Opened, added: &str) -> Result<Answers, Error> {
    let share = &opened.share;
    let view = share.view(added)?;
    if let Some(snapshot) = &opened.snapshot {
        return Ok(snapshot.0.clone());
    }
    let query = gate.query.of_link(opened.id, opened.accounts.clone());
    match &share.what {
        What::Search(_) => {
            let discover = share.what.search().unwrap_or_default();
            let series = query.discover(&view, &discover).await.map(|series| share.without_hidden(series));
            Ok(vec![(String::new(), series)])
        }
        What::Dashboard(dashboard) | What::Panel(dashboard) => {
            let panels = dashboard.tiles.iter().map(|tile| tile.panel.clone());
            let panels: Vec<Panel> = panels.filter(|panel| share.shows(panel)).collect();
            let ask = |panel: Panel| {
                let (query, view, share) = (query.clone(), view.clone(), share.clone());
                async move {
                    let answer = query.answer(&panel, &view).await.map(|series| share.without_hidden(series));
                    (panel.id, answer)
                }
            };
            let asked: Vec<_> = panels.into_iter().map(ask).collect();
            Ok(stream::iter(asked).buffered(PANELS_AT_A_TIME).collect().await)
        }
    }
}

async fn taken(gate: &Gate, opened: &Opened, name: &str, added: &str) -> Result<Response, Error> {
    let (id, suffix) = name.rsplit_once('.').ok_or_else(missing)?;
    let (What::Dashboard(dashboard) | What::Panel(dashboard)) = &opened.share.what else { return Err(missing()) };
    let tile = dashboard.tile(id).filter(|_| opened.share.exports).ok_or_else(missing)?;
    let answers = answers(gate, opened, added).await?;
    let series = answers.into_iter().find(|(panel, _)| panel == id).ok_or_else(missing)?.1?;
    file::of_series(&tile.panel, &series, suffix).await.unwrap_or_else(|| Err(missing()))
}

fn missing() -> Error {
    Error::not_found("There is nothing here: the link is not whole, or is over.")
}

/// Kept by nobody, found by nobody, and telling nobody where the reader came from.
fn closed_off(mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow"));
    answer
}
