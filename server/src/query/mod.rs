//! Panels to SQL to series: the server's `Backend`.
//!
//! `plan` resolves a panel and a view into windows and filters, `sql` writes the statements, `session` runs them in one
//! read-only snapshot with a time limit, and `read` turns rows into cells.

use std::{sync::Arc, time::Instant};

use app::api::{About, Backend, Dashboards, Event};
use async_trait::async_trait;
use model::{
    error::Error,
    series::{Detail, PanelName, Series},
    view::View,
};
use sqlx::PgPool;
use tokio::sync::Semaphore;

use crate::{clock::Clock, ingest::enrich::GeoIp};

mod about;
mod dashboard;
mod discover;
mod event;
pub mod filter;
mod measure;
mod plan;
mod read;
mod session;
mod sql;

/// Answers pages and exports from Postgres; cheap to clone.
#[derive(Clone)]
pub struct Query {
    pub pool: PgPool,
    pub clock: Clock,
    pub geoip: GeoIp,
    /// Panels that may run at once: fewer than the pool has connections, so that health checks, single events and
    /// ingest always find one.
    panels: Arc<Semaphore>,
    /// Exports that may run at once: each holds a connection for as long as its reader takes.
    exports: Arc<Semaphore>,
}

impl Query {
    pub fn new(pool: PgPool, clock: Clock, geoip: GeoIp) -> Query {
        let connections = pool.options().get_max_connections();
        let panels = Arc::new(Semaphore::new((connections * 3 / 4).max(1) as usize));
        let exports = Arc::new(Semaphore::new((connections / 4).max(1) as usize));
        Query { pool, clock, geoip, panels, exports }
    }

    /// The statements that a panel runs, for reading and for tests: the id of the table (empty for the panel's own)
    /// and its SQL.
    pub async fn explain(&self, dashboard: &str, panel: &str, view: &View) -> Result<Vec<(String, String)>, Error> {
        let found = self.dashboard(dashboard).await?;
        let plan = plan::Plan::of(&found.dashboard, panel, view, self.clock.now())?;
        Ok(sql::statements(&plan).into_iter().map(|(id, statement)| (id, statement.text())).collect())
    }

    async fn series(&self, plan: &plan::Plan<'_>) -> Result<Series, session::Trouble> {
        let started = Instant::now();
        let _permit = session::permit(&self.panels).await?;
        let mut session = session::Session::begin(&self.pool).await?;
        let table = session.main(plan).await?;
        let mut details = Vec::with_capacity(plan.details.len());
        for (id, ask) in &plan.details {
            details.push(Detail { id: (*id).to_owned(), table: session.table(ask).await? });
        }
        let last_event = session.last_event().await?;
        session.end().await?;
        Ok(Series {
            panel: PanelName { id: plan.panel.id.clone(), title: plan.panel.title.clone() },
            window: plan.window,
            previous: plan.previous,
            filter: plan.filter.clone(),
            bucket_ms: plan.bucket_ms,
            table,
            details,
            last_event,
            took_ms: u32::try_from(started.elapsed().as_millis()).unwrap_or(u32::MAX),
        })
    }
}

#[async_trait]
impl Backend for Query {
    async fn panel(&self, dashboard: &str, panel: &str, view: &View) -> Result<Series, Error> {
        let found = self.dashboard(dashboard).await?;
        let plan = plan::Plan::of(&found.dashboard, panel, view, self.clock.now())?;
        let series = self.series(&plan).await.map_err(|trouble| trouble.tell(panel, &view.filter))?;
        tracing::debug!(dashboard, panel, took_ms = series.took_ms, total = series.table.total, "panel answered");
        Ok(series)
    }

    async fn event(&self, event_id: &str) -> Result<Event, Error> {
        event::find(&self.pool, event_id).await
    }

    async fn about(&self) -> Result<About, Error> {
        about::read(&self.pool, &self.geoip).await
    }
}
