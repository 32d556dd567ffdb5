//! A panel and a view, resolved: windows, filters, bucket width, and the tables to ask for.

use model::{
    dashboard::Dashboard,
    error::{Error, Kind},
    field::Field,
    filter::{self, Ast},
    panel::{Grouping, Mark, Measure, Panel},
    time::{Range, Timestamp, Window},
    view::View,
};

/// Buckets of a time chart at most: enough for a shape, few enough for the page.
const MOST_BUCKETS: u32 = 60;

/// One table to ask for.
pub struct Ask<'a> {
    pub by: &'a [Field],
    /// Also by time bucket of this width in milliseconds.
    pub bucket_ms: Option<i64>,
    pub measures: &'a [Measure],
    /// Rows at most; over time: groups that stand alone.
    pub limit: u32,
    pub filter: Ast,
    pub window: Window,
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
    pub details: Vec<(&'a str, Ask<'a>)>,
}

impl<'a> Plan<'a> {
    /// Errors: no such panel, a range or filter that cannot be read.
    pub fn of(dashboard: &'a Dashboard, panel: &str, view: &View, now: Timestamp) -> Result<Plan<'a>, Error> {
        let panel = &dashboard.tile(panel).ok_or_else(|| Error::not_found("There is no such panel."))?.panel;
        let window = view.range.or(panel.range).unwrap_or(Range::DEFAULT).window(now)?;
        let reader = filter::parse(&view.filter)?;
        let printed = filter::print(&reader);
        let condition = own_filter(panel, view)?.and(reader);
        let in_time = panel.over_time || panel.details.iter().any(|detail| detail.over_time);
        let bucket_ms = in_time.then(|| window.bucket_ms(MOST_BUCKETS));
        let main = Ask {
            by: &panel.by,
            bucket_ms: bucket_ms.filter(|_| panel.over_time),
            measures: &panel.measures,
            limit: panel.limit,
            filter: condition.clone(),
            window,
        };
        let details = panel
            .details
            .iter()
            .map(|detail| Ok((detail.id.as_str(), detail_ask(detail, &main, bucket_ms)?)))
            .collect::<Result<_, Error>>()?;
        let previous = (panel.mark == Mark::Figures).then(|| before(window));
        Ok(Plan { panel, window, previous, filter: printed, bucket_ms, main, details })
    }
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

fn detail_ask<'a>(detail: &'a Grouping, main: &Ask<'_>, bucket_ms: Option<i64>) -> Result<Ask<'a>, Error> {
    Ok(Ask {
        by: &detail.by,
        bucket_ms: bucket_ms.filter(|_| detail.over_time),
        measures: &detail.measures,
        limit: detail.limit,
        filter: main.filter.clone().and(built_in(&detail.id, &detail.filter)?),
        window: main.window,
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
