//! Panels to SQL to series: the server's `Backend`.
//!
//! `plan` resolves a panel and a view into windows and filters, `sql` writes the statements, `session` runs them in one
//! read-only snapshot with a time limit, and `read` turns rows into cells.

use std::{sync::Arc, time::Instant};

use app::api::{About, Backend, Dashboards, Event, People, ValueCount};
use async_trait::async_trait;
use model::{
    access::Accounts,
    error::Error,
    filter::{Ast, Target},
    inspection::Inspection,
    panel::{Mark, Panel},
    series::{Detail, Series, TEXT, Table},
    time::Range,
    view::View,
};
use sqlx::PgPool;

pub use self::{discover::Patience, reach::Visible, read::timestamp, session::database as database_error, sql::Source};
use self::{reach::Reach, turns::Turns};
use crate::{
    clock::Clock,
    config::quiet::Quiet,
    disk::Disk,
    ingest::enrich::GeoIp,
    store::{change, reader::Readers},
};

mod about;
mod access;
pub(crate) mod answers;
mod audit;
mod counts;
mod dashboard;
mod discover;
mod entity;
mod event;
pub mod filter;
mod ingest;
mod inspect;
mod measure;
mod plan;
mod reach;
mod read;
mod session;
mod sql;
mod turns;
mod values;

/// Answers pages and exports from Postgres; cheap to clone.
#[derive(Clone)]
pub struct Query {
    reach: Reach,
    pub clock: Clock,
    pub geoip: GeoIp,
    /// How long a page of events is looked for by their texts.
    pub patience: Patience,
    disk: Disk,
    /// Who counts as silent.
    silence: Arc<Quiet>,
    /// Panels that may run at once: with the exports fewer than readers have connections, so that health checks, single events and
    /// suggestions always find one.
    panels: Turns,
    /// Exports that may run at once: each holds a connection for as long as its reader takes.
    exports: Turns,
    fixed: Arc<dashboard::Fixed>,
    answers: Arc<answers::Answers>,
    /// `None`: all events are counted each time.
    counts: Option<Arc<counts::Counts>>,
    quiet: ingest::KeptQuiet,
    /// Who asks; `None`: nobody is asked to sign in, and there are no users.
    desk: Option<access::Desk>,
    stored: Arc<about::Kept>,
    integrity: ingest::KeptIntegrity,
}

impl Query {
    /// What reads runs in the logins of `readers`.
    pub fn new(owner: PgPool, readers: impl Into<Readers>, clock: Clock, geoip: GeoIp) -> Query {
        let readers = readers.into();
        let connections = readers.all.options().get_max_connections();
        let panels = Turns::new((connections * 3 / 5).max(1) as usize);
        let exports = Turns::new((connections / 5).max(1) as usize);
        Query {
            reach: Reach::all(owner, readers),
            clock,
            geoip,
            patience: Patience::default(),
            disk: Disk::default(),
            silence: Arc::default(),
            panels,
            exports,
            fixed: Arc::default(),
            answers: Arc::default(),
            counts: Some(Arc::default()),
            quiet: Arc::default(),
            desk: None,
            stored: Arc::default(),
            integrity: Arc::default(),
        }
    }

    /// The same for a reader who may see events of these accounts alone, and never more than before. What is kept is shared.
    #[must_use]
    pub fn within(&self, accounts: Accounts) -> Query {
        Query { reach: self.reach.within(accounts), ..self.clone() }
    }

    /// The same for one of many who hold a share link: together they have the turns of one reader.
    #[must_use]
    pub fn of_link(&self, link: i64, accounts: Accounts) -> Query {
        self.with_turns_of(&format!("link {link}")).within(accounts)
    }

    /// The same for a report that is sent by itself, in the name of who made it.
    #[must_use]
    pub fn of_report(&self, report: i64, accounts: Accounts) -> Query {
        self.with_turns_of(&format!("report {report}")).within(accounts)
    }

    fn with_turns_of(&self, reader: &str) -> Query {
        Query { panels: self.panels.of(reader), exports: self.exports.of(reader), ..self.clone() }
    }

    /// The same that counts events anew each time.
    #[must_use]
    pub fn counting_anew(&self) -> Query {
        Query { counts: None, answers: Arc::default(), ..self.clone() }
    }

    /// The same that leaves groups which are not shown out of however few.
    #[must_use]
    pub fn cutting_few(&self) -> Query {
        Query { counts: Some(Arc::new(counts::Counts::cutting(0))), ..self.clone() }
    }

    /// A filter as this reader asks it.
    pub fn visible(&self, filter: Ast) -> Visible {
        self.reach.visible(filter)
    }

    /// The same, of a database on this disk.
    pub fn with_disk(self, disk: Disk) -> Query {
        Query { disk, ..self }
    }

    /// The same, with settings of its own for who counts as silent.
    pub fn with_quiet(self, quiet: Quiet) -> Query {
        Query { silence: Arc::new(quiet), ..self }
    }

    /// The statements that a panel runs, for reading and for tests: the id of the table (empty for the panel's own)
    /// and its SQL.
    pub fn explain(&self, panel: &Panel, view: &View) -> Result<Vec<(String, String)>, Error> {
        let classes = plan::classes(panel)?;
        let plan = plan::Plan::of(panel, &classes, view, self.clock.now(), &self.reach)?;
        Ok(sql::statements(&plan).into_iter().map(|(id, statement)| (id, statement.text())).collect())
    }

    /// The data of any panel, also one that no dashboard has.
    pub async fn answer(&self, panel: &Panel, view: &View) -> Result<Series, Error> {
        let classes = plan::classes(panel)?;
        let range = view.range.or(panel.range).unwrap_or(Range::DEFAULT);
        let now = answers::shared_moment(self.clock.now(), range);
        let plan = plan::Plan::of(panel, &classes, view, now, &self.reach)?;
        if panel.mark == Mark::Text {
            return Ok(plan.answer(Table::of_text(TEXT, panel.text.clone()), Vec::new()));
        }
        if self.reach.is_audit() {
            let series = self.series(plan).await.map_err(|trouble| trouble.tell(&panel.id, &view.filter))?;
            return Ok(audit::labelled(series));
        }
        let key = async {
            let changes = self.answers.shown(change::count(self.reach.beside_events()).await?);
            answers::Key::new(changes, panel, &plan, self.reach.accounts())
        };
        let tell = |trouble: &session::Trouble| trouble.tell(&panel.id, &view.filter);
        let key = key.await.map_err(|trouble| tell(&trouble))?;
        let series = self.answers.get(&key, self.series(plan)).await.map_err(|trouble| tell(&trouble))?;
        Ok(Arc::unwrap_or_clone(series))
    }

    /// How any panel is answered.
    pub async fn inspect_panel(&self, panel: &Panel, view: &View) -> Result<Inspection, Error> {
        let classes = plan::classes(panel)?;
        let plan = plan::Plan::of(panel, &classes, view, self.clock.now(), &self.reach)?;
        let answer = inspect::read(self, plan).await;
        answer.map_err(|trouble| trouble.tell(&panel.id, &view.filter))
    }

    async fn series(&self, mut plan: plan::Plan<'_>) -> Result<Series, session::Trouble> {
        let started = Instant::now();
        let _permit = self.panels.take().await?;
        let mut session = session::Session::begin(&self.reach).await?;
        plan.know(session.known(plan.questions()).await?);
        if let Some(counts) = &self.counts {
            plan.count(session.counted(counts, &plan).await?);
        }
        let table = session.main(&plan).await?;
        let mut details = Vec::with_capacity(plan.details.len());
        for (id, ask) in &plan.details {
            details.push(Detail { id: (*id).to_owned(), table: session.table(ask).await? });
        }
        let last_event = session.last_event().await?;
        session.end().await?;
        let took_ms = u32::try_from(started.elapsed().as_millis()).unwrap_or(u32::MAX);
        Ok(Series { last_event, took_ms, ..plan.answer(table, details) })
    }
}

#[async_trait]
impl Backend for Query {
    async fn panel(&self, dashboard: &str, panel: &str, view: &View) -> Result<Series, Error> {
        let found = self.dashboard(dashboard).await?;
        let series = self.of(dashboard)?.answer(plan::panel(&found.dashboard, panel)?, view).await?;
        tracing::debug!(dashboard, panel, took_ms = series.took_ms, total = series.table.total, "panel answered");
        Ok(series)
    }

    async fn inspect(&self, dashboard: &str, panel: &str, view: &View) -> Result<Inspection, Error> {
        let found = self.dashboard(dashboard).await?;
        self.of(dashboard)?.inspect_panel(plan::panel(&found.dashboard, panel)?, view).await
    }

    async fn event(&self, event_id: &str) -> Result<Event, Error> {
        event::find(&self.reach, event_id).await
    }

    async fn values(
        &self,
        dashboard: &str,
        target: &Target,
        typed: &str,
        view: &View,
    ) -> Result<Vec<ValueCount>, Error> {
        values::read(&self.of(dashboard)?.reach, target, typed, view, self.clock.now()).await
    }

    async fn about(&self) -> Result<About, Error> {
        about::read(&self.reach, &self.stored, &self.geoip).await
    }

    async fn edition(&self) -> Option<String> {
        let changes = change::count(self.reach.beside_events()).await.ok()?;
        let who = serde_json::to_string(&self.who()).ok()?;
        Some(format!("{} {} {who}", self.answers.shown(changes), self.reach.accounts()))
    }
}
