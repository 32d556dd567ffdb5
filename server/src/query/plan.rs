//! A panel and a view, resolved: windows, filters, bucket width, and the tables to ask for.

use std::sync::Arc;

use model::{
    dashboard::Dashboard,
    error::{Error, Kind},
    field::Field,
    filter::{self, Ast},
    panel::{Group, Grouping, Mark, Measure, Order, Panel},
    series::{Detail, PanelName, Series, Table},
    time::{Range, Timestamp, Window},
    view::View,
};

use super::{
    reach::{Reach, Visible},
    sql::{Counted, Known, Questions},
};

/// One table to ask for.
pub struct Ask<'a> {
    pub by: &'a [Group],
    /// What the group `class` tells apart: ids and conditions, in order.
    pub classes: &'a [(String, Ast)],
    /// Also by time bucket of this width in milliseconds.
    pub bucket_ms: Option<i64>,
    pub measures: &'a [Measure],
    pub order: Option<&'a Order>,
    /// Rows at most; over time: groups that stand alone; with `inner`: values of the first group.
    pub limit: u32,
    pub inner: Option<Inner>,
    pub filter: Visible,
    /// What the database said of the filter's conditions.
    pub known: Arc<Known>,
    /// What is known of whole hours and days.
    pub counted: Arc<[Counted]>,
    pub window: Window,
    /// The window before, for measures that compare.
    pub previous: Window,
    /// Whether each measure stands beside that of the window before.
    pub beside: bool,
}

/// So many values of the second of two groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inner {
    /// For each value of the first.
    Within(u32),
    /// Over all.
    Across(u32),
}

/// Everything that the tables of a panel depend on.
pub struct Plan<'a> {
    pub panel: &'a Panel,
    pub window: Window,
    /// Where the panel compares with the window before.
    pub previous: Option<Window>,
    /// The reader's filter, printed.
    pub filter: String,
    pub bucket_ms: Option<i64>,
    pub main: Ask<'a>,
    /// Of a list: how many events there are.
    pub total: Option<Ask<'a>>,
    pub details: Vec<(&'a str, Ask<'a>)>,
}

/// The conditions of a panel's classes, which its tables borrow.
pub fn classes(panel: &Panel) -> Result<Vec<(String, Ast)>, Error> {
    panel.classes.iter().map(|class| Ok((class.id.clone(), built_in(&panel.id, &class.filter)?))).collect()
}

/// The panel of a dashboard.
pub fn panel<'a>(dashboard: &'a Dashboard, panel: &str) -> Result<&'a Panel, Error> {
    Ok(&dashboard.tile(panel).ok_or_else(|| Error::not_found("There is no such panel."))?.panel)
}

impl<'a> Plan<'a> {
    /// Errors: a range or filter that cannot be read.
    pub fn of(
        panel: &'a Panel,
        classes: &'a [(String, Ast)],
        view: &View,
        now: Timestamp,
        reach: &Reach,
    ) -> Result<Plan<'a>, Error> {
        let window = view.range.or(panel.range).unwrap_or(Range::DEFAULT).window(now)?;
        let reader = view.condition()?;
        let printed = filter::print(&reader);
        let condition = own_filter(panel, view)?.and(reader);
        let main = Ask {
            by: &panel.by,
            classes,
            bucket_ms: panel.bucket.map(|bucket| bucket.width_ms(window)),
            measures: &panel.measures,
            order: panel.order.as_ref(),
            limit: panel.limit,
            inner: panel.inner_limit.map(Inner::Within),
            filter: reach.visible(condition),
            known: Arc::default(),
            counted: Arc::default(),
            window,
            previous: before(window),
            beside: panel.mark == Mark::Figures,
        };
        let main = if panel.mark == Mark::HeatMap { crossed(main, panel.inner_limit) } else { main };
        let details = panel
            .details
            .iter()
            .map(|detail| Ok((detail.id.as_str(), detail_ask(detail, &main)?)))
            .collect::<Result<Vec<_>, Error>>()?;
        let (previous, bucket_ms) = {
            let asks = || [&main].into_iter().chain(details.iter().map(|(_, ask)| ask));
            (asks().any(compares).then_some(main.previous), asks().find_map(|ask| ask.bucket_ms))
        };
        let total = (panel.mark == Mark::List).then(|| total(&main));
        Ok(Plan { panel, window, previous, filter: printed, bucket_ms, main, total, details })
    }
}

impl<'a> Plan<'a> {
    fn asks(&mut self) -> impl Iterator<Item = &mut Ask<'a>> {
        let details = self.details.iter_mut().map(|(_, ask)| ask);
        [&mut self.main].into_iter().chain(&mut self.total).chain(details)
    }

    /// What the database is to be asked before the tables.
    pub fn questions(&self) -> Questions {
        let asks = [&self.main].into_iter().chain(self.details.iter().map(|(_, ask)| ask));
        Questions::of(asks.filter(|ask| !ask.filter.is_audit()).map(|ask| ask.filter.all()))
    }

    /// With the answer to that.
    pub fn know(&mut self, known: Known) {
        let known = Arc::new(known);
        self.asks().for_each(|ask| ask.known = known.clone());
    }

    /// With what is known of whole hours and days.
    pub fn count(&mut self, counted: Vec<Counted>) {
        let counted: Arc<[Counted]> = counted.into();
        self.asks().for_each(|ask| ask.counted = counted.clone());
    }

    /// The answer that these tables are, without what the database alone knows.
    pub fn answer(&self, table: Table, details: Vec<Detail>) -> Series {
        Series {
            panel: PanelName { id: self.panel.id.clone(), title: self.panel.title.clone() },
            window: self.window,
            previous: self.previous,
            filter: self.filter.clone(),
            bucket_ms: self.bucket_ms,
            table,
            details,
            last_event: None,
            took_ms: 0,
        }
    }
}

/// How many events an ask is about.
fn total<'a>(ask: &Ask<'a>) -> Ask<'a> {
    Ask {
        by: &[],
        measures: &[],
        filter: ask.filter.clone(),
        known: ask.known.clone(),
        counted: ask.counted.clone(),
        ..*ask
    }
}

fn compares(ask: &Ask<'_>) -> bool {
    ask.beside || ask.measures.contains(&Measure::Change)
}

/// A heat map's limits hold for each of its axes as a whole; days and hours are always all there.
fn crossed<'a>(ask: Ask<'a>, inner_limit: Option<u32>) -> Ask<'a> {
    const HOURS: u32 = 24;
    let is_calendar = |at: usize| matches!(ask.by.get(at), Some(Group::Field(Field::Weekday | Field::Hour)));
    let least = |at: usize, limit: u32| if is_calendar(at) { limit.max(HOURS) } else { limit };
    let inner = Some(Inner::Across(least(1, inner_limit.unwrap_or(ask.limit))));
    Ask { limit: least(0, ask.limit), inner, ..ask }
}

/// The panel's filter and those of its switches that are on.
fn own_filter(panel: &Panel, view: &View) -> Result<Ast, Error> {
    let mut condition = built_in(&panel.id, &panel.filter)?;
    for switch in &panel.switches {
        let chosen = view.switches.get(&format!("{}.{}", panel.id, switch.id)).copied();
        if chosen.unwrap_or(switch.on) {
            condition = condition.and(built_in(&panel.id, &switch.filter)?);
        }
    }
    Ok(condition)
}

fn detail_ask<'a>(detail: &'a Grouping, main: &Ask<'a>) -> Result<Ask<'a>, Error> {
    Ok(Ask {
        by: &detail.by,
        classes: main.classes,
        bucket_ms: detail.bucket.map(|bucket| bucket.width_ms(main.window)),
        measures: &detail.measures,
        order: detail.order.as_ref(),
        limit: detail.limit,
        inner: detail.inner_limit.map(Inner::Within),
        filter: main.filter.clone().and(built_in(&detail.id, &detail.filter)?),
        known: Arc::default(),
        counted: Arc::default(),
        window: main.window,
        previous: main.previous,
        beside: detail.mark == Some(Mark::Figures),
    })
}

/// A filter of the dashboard's own: if it cannot be read, that is no mistake of the reader's.
fn built_in(place: &str, text: &str) -> Result<Ast, Error> {
    filter::parse(text).map_err(|error| {
        tracing::error!(place, %error, "a dashboard's own filter cannot be read");
        Error::new(Kind::Internal, "This panel's own filter cannot be read.")
    })
}

/// The window before, cut at 1970 where the reader's window is longer than history.
fn before(window: Window) -> Window {
    let previous = window.previous();
    Window { from: previous.from.max(Timestamp(0)).min(previous.to), ..previous }
}
