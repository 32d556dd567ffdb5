//! Panels to SQL to series: the server's `Backend`.
//!
//! `plan` resolves a panel and a view into windows and filters, `sql` writes the statements, `session` runs them in one
//! read-only snapshot with a time limit, and `read` turns rows into cells.

use std::{sync::Arc, time::Instant};

use app::api::{About, Backend, Dashboards, Event, ValueCount};
use async_trait::async_trait;
use model::{
    error::Error,
    filter::Target,
    inspection::Inspection,
    panel::{Mark, Panel},
    series::{Detail, Series, TEXT, Table},
    time::Range,
    view::View,
};
use sqlx::PgPool;
use tokio::sync::Semaphore;

pub use self::sql::Source;
use crate::{clock::Clock, config::quiet::Quiet, disk::Disk, ingest::enrich::GeoIp, store::change};

mod about;
pub(crate) mod answers;
mod dashboard;
mod discover;
mod entity;
mod event;
pub mod filter;
mod ingest;
mod inspect;
mod measure;
mod plan;
mod read;
mod session;
mod sql;
mod values;

/// Answers pages and exports from Postgres; cheap to clone.
#[derive(Clone)]
pub struct Query {
    pub pool: PgPool,
    pub clock: Clock,
    pub geoip: GeoIp,
    disk: Disk,
    /// Who counts as silent.
    silence: Arc<Quiet>,
    /// Panels that may run at once: fewer than the pool has connections, so that health checks, single events and
    /// ingest always find one.
    panels: Arc<Semaphore>,
    /// Exports that may run at once: each holds a connection for as long as its reader takes.
    exports: Arc<Semaphore>,
    fixed: Arc<dashboard::Fixed>,
    answers: Arc<answers::Answers>,
    quiet: ingest::KeptQuiet,
    integrity: ingest::KeptIntegrity,
}

impl Query {
    pub fn new(pool: PgPool, clock: Clock, geoip: GeoIp) -> Query {
        let connections = pool.options().get_max_connections();
        let panels = Arc::new(Semaphore::new((connections * 3 / 4).max(1) as usize));
        let exports = Arc::new(Semaphore::new((connections / 4).max(1) as usize));
        Query {
            pool,
            clock,
            geoip,
            disk: Disk::default(),
            silence: Arc::default(),
            panels,
            exports,
            fixed: Arc::default(),
            answers: Arc::default(),
            quiet: Arc::default(),
            integrity: Arc::default(),
        }
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
        let plan = plan::Plan::of(panel, &classes, view, self.clock.now())?;
        Ok(sql::statements(&plan).into_iter().map(|(id, statement)| (id, statement.text())).collect())
    }

    /// The data of any panel, also one that no dashboard has.
    pub async fn answer(&self, panel: &Panel, view: &View) -> Result<Series, Error> {
        let classes = plan::classes(panel)?;
        let range = view.range.or(panel.range).unwrap_or(Range::DEFAULT);
        let now = answers::shared_moment(self.clock.now(), range);
        let plan = plan::Plan::of(panel, &classes, view, now)?;
        if panel.mark == Mark::Text {
            return Ok(plan.answer(Table::of_text(TEXT, panel.text.clone()), Vec::new()));
        }
        let answer = async {
            let changes = self.answers.shown(change::count(&self.pool).await?);
            let key = answers::Key::new(changes, panel, &plan)?;
            self.answers.get(&key, self.series(plan)).await
        };
        let series = answer.await.map_err(|trouble: session::Trouble| trouble.tell(&panel.id, &view.filter))?;
        Ok(Arc::unwrap_or_clone(series))
    }

    /// How any panel is answered.
    pub async fn inspect_panel(&self, panel: &Panel, view: &View) -> Result<Inspection, Error> {
        let classes = plan::classes(panel)?;
        let plan = plan::Plan::of(panel, &classes, view, self.clock.now())?;
        let answer = inspect::read(self, plan).await;
        answer.map_err(|trouble| trouble.tell(&panel.id, &view.filter))
    }

    async fn series(&self, mut plan: plan::Plan<'_>) -> Result<Series, session::Trouble> {
        let started = Instant::now();
        let _permit = session::permit(&self.panels).await?;
        let mut session = session::Session::begin(&self.pool).await?;
        plan.know(session.known(plan.questions()).await?);
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
        let series = self.answer(plan::panel(&found.dashboard, panel)?, view).await?;
        tracing::debug!(dashboard, panel, took_ms = series.took_ms, total = series.table.total, "panel answered");
        Ok(series)
    }

    async fn inspect(&self, dashboard: &str, panel: &str, view: &View) -> Result<Inspection, Error> {
        let found = self.dashboard(dashboard).await?;
        self.inspect_panel(plan::panel(&found.dashboard, panel)?, view).await
    }

    async fn event(&self, event_id: &str) -> Result<Event, Error> {
        event::find(&self.pool, event_id).await
    }

    async fn values(&self, target: &Target, typed: &str, view: &View) -> Result<Vec<ValueCount>, Error> {
        values::read(&self.pool, target, typed, view, self.clock.now()).await
    }

    async fn about(&self) -> Result<About, Error> {
        about::read(&self.pool, &self.geoip).await
    }
}
