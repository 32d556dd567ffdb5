//! Where dashboards are found, and where own ones are kept.

use std::{collections::BTreeSet, path::Path};

use app::api::{Dashboards, Found, Info, Source, Version};
use async_trait::async_trait;
use model::{
    access::Role,
    dashboard::{self, Dashboard, diff, slug},
    error::{Error, Kind},
    inspection::Inspection,
    panel::Panel,
    series::Series,
    view::View,
};

use super::{Query, read, session};
use crate::{
    provision,
    store::dashboard::{self as store, Write},
};

/// How many versions the history shows.
const VERSIONS_SHOWN: i64 = 100;

/// What is known when the server has started: dashboards that need no database.
#[derive(Debug)]
pub struct Fixed {
    built_in: Vec<Dashboard>,
    provisioned: Vec<Dashboard>,
    /// Ids that own dashboards had before this program or its files brought one with the same: the own one stays.
    hidden: BTreeSet<String>,
}

impl Default for Fixed {
    fn default() -> Fixed {
        let (provisioned, hidden) = Default::default();
        Fixed { built_in: dashboard::built_in().to_vec(), provisioned, hidden }
    }
}

impl Fixed {
    fn all(&self) -> impl Iterator<Item = (&Dashboard, Source)> {
        let built_in = self.built_in.iter().map(|dashboard| (dashboard, Source::BuiltIn));
        let provisioned = self.provisioned.iter().map(|dashboard| (dashboard, Source::Provisioned));
        built_in.chain(provisioned).filter(|(dashboard, _)| !self.hidden.contains(&dashboard.id))
    }

    fn find(&self, id: &str) -> Option<(&Dashboard, Source)> {
        // Discover's panels, and those of pages about one thing, are dashboards, too, but none to be listed.
        let unlisted =
            || dashboard::dashboard(id).filter(|_| !self.hidden.contains(id)).map(|of| (of, Source::BuiltIn));
        self.all().find(|(dashboard, _)| dashboard.id == id).or_else(unlisted)
    }

    /// An own dashboard may not have it: what is fixed is found first.
    fn has(&self, id: &str) -> bool {
        self.find(id).is_some() || self.hidden.contains(id)
    }
}

impl Query {
    /// Reads the folder of dashboards, if any, and sees which own ones were there first. `allowed_regions`: the panel of
    /// regions tells others apart, unless it is empty.
    pub async fn with_dashboards(mut self, folder: Option<&Path>, allowed_regions: &[String]) -> anyhow::Result<Query> {
        let mut fixed = Fixed { provisioned: folder.map(provision::read).unwrap_or_default(), ..Fixed::default() };
        fixed.built_in.iter_mut().for_each(|dashboard| dashboard.allow_regions(allowed_regions));
        let ids: Vec<_> = fixed.all().map(|(dashboard, _)| dashboard.id.as_str()).collect();
        let hidden = store::among(self.reach.beside_events(), &ids).await?;
        for id in &hidden {
            tracing::warn!(id, "your own dashboard stands in the place of a new one with the same id");
        }
        fixed.hidden = hidden.into_iter().collect();
        self.fixed = fixed.into();
        Ok(self)
    }

    /// What is fixed cannot be changed here.
    fn own(&self, id: &str) -> Result<(), Error> {
        match self.fixed.find(id) {
            Some((dashboard, source)) => {
                let why = if source == Source::BuiltIn { "is built in" } else { "comes from a file of the server’s" };
                let message = format!("“{}” {why} and stays as it is. Save a copy of it.", dashboard.title);
                Err(Error::new(Kind::Forbidden, message))
            }
            None => Ok(()),
        }
    }
}

#[async_trait]
impl Dashboards for Query {
    async fn dashboard(&self, id: &str) -> Result<Found, Error> {
        self.of(id)?;
        if let Some((dashboard, source)) = self.fixed.find(id) {
            return Ok(Found { dashboard: dashboard.clone(), source, version: 0 });
        }
        // No id holds anything else, and Postgres' text refuses NUL.
        let row = if dashboard::is_id(id) {
            store::find(self.reach.beside_events(), id).await.map_err(failed)?
        } else {
            None
        };
        let row = row.ok_or_else(|| missing(id))?;
        let dashboard = kept(id, row.version, &row.spec)?;
        Ok(Found { dashboard, source: Source::Own, version: row.version.unsigned_abs() })
    }

    async fn dashboards(&self) -> Result<Vec<Info>, Error> {
        let fixed = self.fixed.all().map(|(dashboard, source)| {
            let Dashboard { id, title, description, .. } = dashboard.clone();
            Info { id, title, description, source }
        });
        let mut all: Vec<_> = fixed.collect();
        all.extend(listed(store::list(self.reach.beside_events(), false).await.map_err(failed)?));
        Ok(all)
    }

    async fn dashboards_deleted(&self) -> Result<Vec<Info>, Error> {
        Ok(listed(store::list(self.reach.beside_events(), true).await.map_err(failed)?).collect())
    }

    async fn dashboard_create(&self, dashboard: &Dashboard, note: &str) -> Result<String, Error> {
        self.need(Role::Editor)?;
        dashboard.validate()?;
        let mut dashboard = dashboard.clone();
        let wanted = dashboard.id.clone();
        // Somebody else may take the id between the question and the answer.
        for _ in 0..10 {
            let taken = store::taken(self.reach.beside_events(), &wanted).await.map_err(failed)?;
            dashboard.id = slug::free(&wanted, |id| self.fixed.has(id) || taken.iter().any(|taken| taken == id));
            let spec = dashboard.to_json();
            if store::insert(self.reach.writer(), &dashboard.id, write(&dashboard, &spec, note))
                .await
                .map_err(failed)?
            {
                self.did("dashboard_create", &dashboard.id, note).await;
                return Ok(dashboard.id);
            }
        }
        Err(Error::new(Kind::Conflict, "Others take the same address all the time. Try again."))
    }

    async fn dashboard_save(&self, dashboard: &Dashboard, base: u32, note: &str) -> Result<u32, Error> {
        self.need(Role::Editor)?;
        dashboard.validate()?;
        self.own(&dashboard.id)?;
        let spec = dashboard.to_json();
        let base = i32::try_from(base).unwrap_or(i32::MAX);
        let saved = store::update(self.reach.writer(), &dashboard.id, base, write(dashboard, &spec, note)).await;
        match saved.map_err(failed)? {
            Some(version) => {
                self.did("dashboard_save", &dashboard.id, &format!("version {version}")).await;
                Ok(version.unsigned_abs())
            }
            None => {
                let now = self.dashboard(&dashboard.id).await?.version;
                let message = format!(
                    "Somebody saved version {now} of this dashboard while you worked on version {base}. Save yours as a \
                     copy, or open the dashboard again to work on theirs."
                );
                Err(Error::new(Kind::Conflict, message))
            }
        }
    }

    async fn dashboard_delete(&self, id: &str, deleted: bool) -> Result<(), Error> {
        self.need(Role::Editor)?;
        self.own(id)?;
        let done =
            dashboard::is_id(id) && store::set_deleted(self.reach.writer(), id, deleted).await.map_err(failed)?;
        if !done {
            return Err(missing(id));
        }
        self.did(if deleted { "dashboard_delete" } else { "dashboard_restore" }, id, "").await;
        Ok(())
    }

    async fn dashboard_history(&self, id: &str) -> Result<Vec<Version>, Error> {
        if self.fixed.find(id).is_some() || !dashboard::is_id(id) {
            return Ok(Vec::new());
        }
        let rows = store::versions(self.reach.beside_events(), id, VERSIONS_SHOWN + 1).await.map_err(failed)?;
        let read: Vec<_> = rows.iter().map(|row| kept(id, row.version, &row.spec).ok()).collect();
        let versions = rows.iter().enumerate().map(|(at, row)| {
            let changes = match (read.get(at + 1), &read[at]) {
                (Some(Some(before)), Some(after)) => diff::changes(before, after),
                _ => Vec::new(),
            };
            let saved_at = read::timestamp(row.saved_at);
            Version { version: row.version.unsigned_abs(), saved_at, note: row.note.clone(), changes }
        });
        Ok(versions.take(VERSIONS_SHOWN as usize).collect())
    }

    async fn panel_preview(&self, panel: &Panel, view: &View) -> Result<(Series, Inspection), Error> {
        Ok((self.answer(panel, view).await?, self.inspect_panel(panel, view).await?))
    }

    async fn dashboard_version(&self, id: &str, version: u32) -> Result<Dashboard, Error> {
        let number = i32::try_from(version).unwrap_or(i32::MAX);
        let row = if dashboard::is_id(id) {
            store::version(self.reach.beside_events(), id, number).await.map_err(failed)?
        } else {
            None
        };
        let row = row.ok_or_else(|| Error::not_found(format!("The dashboard “{id}” has no version {version}.")))?;
        kept(id, row.version, &row.spec)
    }
}

fn listed(rows: Vec<store::Listed>) -> impl Iterator<Item = Info> {
    rows.into_iter().map(|store::Listed { id, title, description, .. }| Info {
        id,
        title,
        description,
        source: Source::Own,
    })
}

fn write<'a>(dashboard: &'a Dashboard, spec: &'a str, note: &'a str) -> Write<'a> {
    Write { title: &dashboard.title, description: &dashboard.description, spec, note }
}

/// Reads what was kept. It was valid when it was saved: what it is not by now is no mistake of the reader's.
fn kept(id: &str, version: i32, spec: &str) -> Result<Dashboard, Error> {
    Dashboard::from_json(spec).map_err(|error| {
        tracing::error!(id, version, %error, "a dashboard that was saved cannot be read");
        Error::new(Kind::Internal, format!("This dashboard cannot be read any more: {}", error.message))
    })
}

fn missing(id: &str) -> Error {
    Error::not_found(format!("There is no dashboard “{id}”."))
}

fn failed(error: sqlx::Error) -> Error {
    tracing::warn!(%error, "dashboards failed");
    session::database(&error)
}
