//! Links for who does not sign in: what they show, to whom, until when.

use std::net::IpAddr;

use app::api::{Dashboards, Discover as _, NewShare, SharedLink, ShortLink};
use model::{
    access::{Accounts, Role},
    dashboard::{self, Dashboard},
    discover::{self, Discover},
    error::{Error, Kind},
    panel::Panel,
    series::Series,
    share::{Share, What},
    view::View,
};
use serde::{Deserialize, Serialize};

use super::{
    Access, Act, Reader, Refused, Secret, accounts, broken, desk, failed, hex, password, secret::sha256, stored,
    write_down,
};
use crate::{
    query::{Query, timestamp},
    store::access as store,
};

const LONGEST_DAYS: u32 = 90;

/// The answers of the moment at which something was shared, by the ids of panels; a search's under its panel's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot(pub Vec<(String, Result<Series, Error>)>);

/// A link that was opened.
#[derive(Clone, Debug)]
pub struct Opened {
    pub id: i64,
    pub share: Share,
    pub snapshot: Option<Snapshot>,
    pub accounts: Accounts,
    pub origins: Vec<String>,
    pub shared_by: String,
    pub created: model::time::Timestamp,
    pub expires: model::time::Timestamp,
    /// As it is kept; `None`: the link is enough.
    password: Option<String>,
    /// What the cookie of somebody who gave the password has; none is asked for without.
    pub pass: Option<String>,
}

impl Access {
    /// `query`: in the reader's name.
    pub async fn share_create(&self, query: &Query, reader: &Reader, new: &NewShare) -> Result<String, Error> {
        reader.need(Role::Editor)?;
        let user_id = reader.in_person()?;
        if !(1..=LONGEST_DAYS).contains(&new.days) {
            return Err(Error::invalid("days", "A link holds for 1 to 90 days."));
        }
        let origins = new.origins.iter().map(|origin| self::origin(origin)).collect::<Result<Vec<_>, _>>()?;
        if !origins.is_empty() && !new.password.is_empty() {
            return Err(Error::invalid(
                "password",
                "In a frame nobody can be asked for a password: leave out one of the two.",
            ));
        }
        let share = shared(query, new).await?;
        let hash = match new.password.as_str() {
            "" => None,
            given => {
                password::check(given, &[share.title()])?;
                Some(password::hash(given.to_owned()).await.map_err(broken)?)
            }
        };
        let snapshot = match new.snapshot {
            true => Some(json(&taken(query, &share).await?)?),
            false => None,
        };
        let secret = Secret::new("");
        let (text, allowed) = (json(&share)?, stored(&reader.accounts));
        let days = i32::try_from(new.days).unwrap_or(1);
        let write = store::share::Write {
            user_id,
            title: share.title(),
            address: &new.address,
            share: &text,
            snapshot: snapshot.as_deref(),
            accounts: allowed.as_deref(),
            password: hash.as_deref(),
            origins: &origins,
            days,
        };
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        store::share::insert(&mut transaction, &secret.sha256(), write).await.map_err(failed)?;
        let detail = format!("{}{days} days", if new.snapshot { "snapshot, " } else { "" });
        write_down(&mut transaction, Act::new(reader, "share_create", &new.address).with(detail)).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(format!("{}/s/{}", self.settings.base, secret.text()))
    }

    pub async fn shares(&self, reader: &Reader) -> Result<Vec<SharedLink>, Error> {
        let user_id = reader.in_person()?;
        let whose = desk::whose(reader, user_id);
        let shown = |share: store::share::Listed| SharedLink {
            id: share.share_id,
            user: share.name,
            title: share.title,
            address: share.address,
            snapshot: share.is_snapshot,
            password: share.has_password,
            origins: share.origins,
            created: timestamp(share.created_at),
            expires: timestamp(share.expires_at),
            revoked: share.revoked_at.map(timestamp),
            over: timestamp(share.expires_at) <= crate::clock::Clock::System.now(),
            views: share.views,
            last_viewed: share.last_viewed_at.map(timestamp),
            last_address: share.last_address,
        };
        Ok(store::share::list(&self.pool, whose).await.map_err(failed)?.into_iter().map(shown).collect())
    }

    pub async fn share_revoke(&self, reader: &Reader, id: i64) -> Result<(), Error> {
        let user_id = reader.in_person()?;
        let whose = desk::whose(reader, user_id);
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        let title = store::share::revoke(&mut transaction, id, whose).await.map_err(failed)?;
        let title = title.ok_or_else(|| Error::not_found("There is no such link, or it is over already."))?;
        write_down(&mut transaction, Act::new(reader, "share_revoke", &title)).await?;
        transaction.commit().await.map_err(failed)
    }

    /// The share behind a link. Errors: there is none, it is over, or this address has tried too many: all told alike.
    pub async fn share_open(&self, secret: &str, address: IpAddr) -> Result<Opened, Refused> {
        self.limits.share.take(&address).map_err(Refused::TooOften)?;
        let found =
            store::share::find(&self.pool, &sha256(secret), self.issuer()).await.map_err(failed)?.ok_or_else(over)?;
        let unreadable = |error: serde_json::Error| {
            tracing::error!(share = found.share_id, %error, "a share cannot be read any more");
            over()
        };
        let snapshot = found.snapshot.as_deref().map(serde_json::from_str).transpose().map_err(unreadable)?;
        Ok(Opened {
            id: found.share_id,
            share: serde_json::from_str(&found.share).map_err(unreadable)?,
            snapshot,
            accounts: accounts(found.accounts).and(&accounts(found.user_accounts)),
            origins: found.origins,
            shared_by: found.name,
            created: timestamp(found.created_at),
            expires: timestamp(found.expires_at),
            password: found.password.clone(),
            // Known to who knows the link and was told, and to nobody without the database.
            pass: found.password.map(|hash| hex(&sha256(&format!("{secret}\n{hash}")))),
        })
    }

    /// What a link's cookie is to have. Errors: another password is right.
    pub async fn share_unlock(&self, secret: &str, given: &str, address: IpAddr) -> Result<String, Refused> {
        let opened = self.share_open(secret, address).await?;
        let tried = self.limits.share_password.take(&opened.id);
        tried.map_err(Refused::TooOften)?;
        let fits = password::verify(given.to_owned(), opened.password).await.map_err(broken)?;
        match opened.pass.filter(|_| fits) {
            Some(pass) => Ok(pass),
            None => Err(Error::invalid("password", "This is not the password.").into()),
        }
    }

    /// Counts that a link was opened, and writes it down.
    pub async fn share_viewed(
        &self,
        opened: &Opened,
        address: IpAddr,
        action: &str,
        object: &str,
    ) -> Result<(), Error> {
        store::share::viewed(&self.pool, opened.id, &address.to_string()).await.map_err(failed)?;
        let holder = Reader { role: Role::Viewer, ..Reader::open(address.to_string()) };
        let act = Act::new(&holder, action, object).with(format!("link {} of {}", opened.id, opened.shared_by));
        // A page that is left open asks again every minute.
        match action {
            "share_view" => self.journal.note_once(&act).await,
            _ => self.journal.note(&act).await,
        }
        Ok(())
    }

    pub async fn short_link(&self, reader: &Reader, address: &str) -> Result<String, Error> {
        let user_id = reader.in_person()?;
        let is_own = address.starts_with('/') && !address.starts_with("//") && !address.contains(['\\', '\r', '\n']);
        if !is_own || address.len() > 16_384 {
            return Err(Error::invalid("address", "Only pages of this Trailmap have short addresses."));
        }
        for _ in 0..5 {
            let code: String = Secret::new("").text().chars().filter(char::is_ascii_alphanumeric).take(10).collect();
            let mut transaction = self.pool.begin().await.map_err(failed)?;
            let found = store::short_link::code(&mut transaction, &code, address, user_id).await.map_err(failed)?;
            let Some(found) = found else { continue };
            if found == code {
                write_down(&mut transaction, Act::new(reader, "short_link_create", address).with(&code)).await?;
            }
            transaction.commit().await.map_err(failed)?;
            return Ok(format!("{}/go/{found}", self.settings.base));
        }
        Err(Error::new(Kind::Conflict, "No short address was free. Try again."))
    }

    /// Where a short address leads.
    pub async fn short_link_find(&self, code: &str) -> Result<String, Error> {
        store::short_link::used(&self.pool, code).await.map_err(failed)?.ok_or_else(no_short_link)
    }

    pub async fn short_links(&self, reader: &Reader) -> Result<Vec<ShortLink>, Error> {
        let user_id = reader.in_person()?;
        let shown = |link: store::short_link::Listed| ShortLink {
            code: link.code,
            user: link.name,
            address: link.address,
            created: timestamp(link.created_at),
            last_used: link.last_used_at.map(timestamp),
        };
        let links = store::short_link::list(&self.pool, desk::whose(reader, user_id)).await.map_err(failed)?;
        Ok(links.into_iter().map(shown).collect())
    }

    pub async fn short_link_delete(&self, reader: &Reader, code: &str) -> Result<(), Error> {
        let user_id = reader.in_person()?;
        let whose = desk::whose(reader, user_id);
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        let address = store::short_link::delete(&mut transaction, code, whose).await.map_err(failed)?;
        let address = address.ok_or_else(no_short_link)?;
        write_down(&mut transaction, Act::new(reader, "short_link_delete", &address).with(code)).await?;
        transaction.commit().await.map_err(failed)
    }
}

/// What is shared by this request, as it is now.
async fn shared(query: &Query, new: &NewShare) -> Result<Share, Error> {
    let (path, parameters) = new.address.split_once('?').unwrap_or((&new.address, ""));
    let (view, mistakes) = View::from_query(parameters);
    mistakes.into_iter().next().map_or(Ok(()), Err)?;
    view.condition()?;
    let view = View { refresh: None, kiosk: false, annotate: Vec::new(), ..view };
    let mut segments = path.strip_prefix('/').unwrap_or_default().split('/');
    if let (Some("d"), Some(id)) = (segments.clone().next(), segments.clone().nth(1)) {
        dashboard::may_leave(id)?;
    }
    let what = match (segments.next(), segments.next(), segments.next(), segments.next()) {
        (Some(""), None, ..) => What::Dashboard(Box::new(query.dashboard("overview").await?.dashboard)),
        (Some("d"), Some(id), None, _) => What::Dashboard(Box::new(query.dashboard(id).await?.dashboard)),
        (Some("d"), Some(id), Some(panel), None) => {
            let mut dashboard = query.dashboard(id).await?.dashboard;
            dashboard.tiles.retain(|tile| tile.panel.id == panel);
            if dashboard.tiles.is_empty() {
                return Err(Error::not_found("There is no such panel."));
            }
            What::Panel(Box::new(dashboard))
        }
        _ if path == discover::PATH => {
            let (discover, mistakes) = Discover::from_query(parameters);
            mistakes.into_iter().next().map_or(Ok(()), Err)?;
            What::Search(discover.to_query())
        }
        _ => return Err(Error::invalid("address", "Dashboards, panels and searches can be shared, and this is none.")),
    };
    let NewShare { hidden, drills, exports, .. } = new.clone();
    let share = Share { what, query: view.to_query(), hidden, drills: drills && !new.snapshot, exports };
    match &share.what {
        What::Panel(dashboard) if !panels(dashboard).all(|panel| share.shows(panel)) => {
            Err(Error::invalid("hide", "Nothing of this panel is left without what you keep to yourself."))
        }
        _ => Ok(share),
    }
}

/// All that the share shows, as it is now.
async fn taken(query: &Query, share: &Share) -> Result<Snapshot, Error> {
    let view = share.view("")?;
    match &share.what {
        What::Search(_) => {
            let discover = share.what.search().unwrap_or_default();
            let series = query.discover(&view, &discover).await?;
            Ok(Snapshot(vec![(series.panel.id.clone(), Ok(share.without_hidden(series)))]))
        }
        What::Dashboard(dashboard) | What::Panel(dashboard) => {
            let mut answers = Vec::new();
            for panel in panels(dashboard).filter(|panel| share.shows(panel)) {
                let answer = query.answer(panel, &view).await.map(|series| share.without_hidden(series));
                answers.push((panel.id.clone(), answer));
            }
            Ok(Snapshot(answers))
        }
    }
}

fn panels(dashboard: &Dashboard) -> impl Iterator<Item = &Panel> {
    dashboard.tiles.iter().map(|tile| &tile.panel)
}

/// Scheme, host and port, as a policy of frames takes it.
fn origin(text: &str) -> Result<String, Error> {
    let text = text.trim().trim_end_matches('/').to_ascii_lowercase();
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://localhost").map(|_| "localhost"));
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
    match host {
        Some(host) if !host.is_empty() && text.split("//").nth(1).unwrap_or_default().chars().all(is_plain) => Ok(text),
        _ => Err(Error::invalid("origins", "Write an origin as https://wiki.example.com: no path, no wildcard.")),
    }
}

fn json<T: Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| {
        tracing::error!(%error, "a share cannot be written");
        Error::new(Kind::Internal, "Something went wrong on the server.")
    })
}

fn no_short_link() -> Error {
    Error::not_found("There is no such short address.")
}

fn over() -> Error {
    Error::not_found("There is nothing here: the link is not whole, or is over.")
}

#[cfg(test)]
mod tests {
    use super::origin;

    #[test]
    fn origins_have_no_path_and_no_wildcard() {
        for (text, kept) in [
            ("https://Wiki.example.com/", "https://wiki.example.com"),
            ("http://localhost:3000", "http://localhost:3000"),
        ] {
            assert_eq!(origin(text).as_deref(), Ok(kept));
        }
        for wrong in [
            "",
            "*",
            "https://*.example.com",
            "https://a/b",
            "http://wiki.example.com",
            "https://a; script-src *",
            "https://",
            "javascript:",
        ] {
            assert!(origin(wrong).is_err(), "{wrong}");
        }
    }
}
