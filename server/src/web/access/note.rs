//! What is written down of requests that look: pages, and what is taken away. What changes something is written down where it is changed.

use axum::{
    extract::Request,
    http::{Method, StatusCode},
};

use crate::access::{Act, By, Journal, Reader};

/// Suffixes of what leaves as a file.
const FILES: [&str; 6] = ["json", "ndjson", "csv", "svg", "png", "pdf"];

/// Something to be written down once it is known how it ended.
pub struct Noted {
    act: Act,
    /// The same, looked at again, is not written down again for a while: pages follow by themselves.
    once: bool,
}

/// `None`: nothing that is looked at, or there is nobody to be named.
pub fn of(request: &Request, reader: &Reader) -> Option<Noted> {
    if request.method() != Method::GET || reader.by == By::Open {
        return None;
    }
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
    Some(match looked_at(path, query)? {
        Looked::File => Noted { act: Act::new(reader, "export", path).with(query), once: false },
        Looked::Page { object, detail } => Noted { act: Act::new(reader, "view", &object).with(detail), once: true },
    })
}

impl Noted {
    /// Something leaves as a file.
    pub fn is_export(&self) -> bool {
        !self.once
    }

    pub async fn write(self, journal: &Journal, status: StatusCode) {
        let done = status.is_success() || status == StatusCode::NOT_MODIFIED;
        match (done, self.once) {
            (true, true) => journal.note_once(&self.act).await,
            (true, false) => journal.note(&self.act).await,
            (false, _) => journal.note(&self.act.refused()).await,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Looked {
    File,
    Page { object: String, detail: String },
}

/// A page that is already there asks for what it shows by `/api/…`, with the page's own address or what it consists of.
fn looked_at(path: &str, query: &str) -> Option<Looked> {
    let is_file = path.rsplit_once('.').is_some_and(|(_, suffix)| FILES.contains(&suffix));
    let value = |name: &str| {
        form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    let page = |address: String| match address.split_once('?') {
        Some((path, query)) => Looked::Page { object: path.to_owned(), detail: query.to_owned() },
        None => Looked::Page { object: address, detail: String::new() },
    };
    match path.strip_prefix("/api/") {
        None if path == "/live" || path == "/metrics" => None,
        None if is_file => Some(Looked::File),
        None => Some(page(if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") })),
        Some("panel") => {
            let object = format!("/d/{}", value("dashboard")?);
            Some(Looked::Page { object, detail: value("query").unwrap_or_default() })
        }
        Some("event") => Some(page(format!("/event/{}", value("id")?))),
        Some("served" | "entity") => value("address").map(page),
        Some("discover") => Some(page(format!("/discover?{}", value("query").or_else(|| value("address"))?))),
        Some(rest) if rest.starts_with("v1/") => Some(Looked::File),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_at_has_the_address_of_its_page() {
        let page = |object: &str, detail: &str| Some(Looked::Page { object: object.into(), detail: detail.into() });
        assert_eq!(looked_at("/d/overview", "range=7d"), page("/d/overview", "range=7d"));
        assert_eq!(
            looked_at("/api/panel", "dashboard=overview&panel=errors&query=range%3D7d"),
            page("/d/overview", "range=7d")
        );
        assert_eq!(looked_at("/api/served", "address=%2Faudit%3Fbefore%3D3"), page("/audit", "before=3"));
        assert_eq!(looked_at("/api/event", "id=a"), page("/event/a", ""));
        assert_eq!(looked_at("/d/overview/errors.csv", ""), Some(Looked::File));
        assert_eq!(looked_at("/discover.ndjson", ""), Some(Looked::File));
        assert_eq!(looked_at("/api/v1/ingest", ""), Some(Looked::File));
        assert_eq!((looked_at("/api/about", ""), looked_at("/live", "")), (None, None));
    }
}
