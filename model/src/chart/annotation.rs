//! Annotations: events that time charts mark, as lines over the plot of a chart that is drawn already, each with a name
//! and a link.

use super::{
    Theme,
    canvas::{Rect, n},
    escape::escape,
    format,
    paint::Paint,
};
use crate::{
    discover,
    field::Field,
    order::sort_by,
    series::{Cell, Series},
    time::{Edge, Range, Timestamp, Window},
    view::View,
};

/// What a filter found: in the order of time, each bucket that has events, and how many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Annotated {
    /// What it is called; else its filter says it.
    pub title: Option<String>,
    pub filter: String,
    pub notes: Vec<(Window, i64)>,
}

impl Annotated {
    /// From events over time.
    pub fn of(title: Option<String>, filter: &str, series: &Series) -> Annotated {
        let (table, width) = (&series.table, series.bucket_ms.unwrap_or(1).max(1));
        let mut notes: Vec<(Window, i64)> = Vec::new();
        for row in &table.rows {
            let (Cell::Time(from), Some(events)) =
                (table.cell(row, Field::EventTime.key()), table.cell(row, "events").number())
            else {
                continue;
            };
            let to = Timestamp(from.0.saturating_add(width)).min(series.window.to);
            let window = Window { from: (*from).max(series.window.from), to };
            match notes.iter_mut().find(|(known, _)| *known == window) {
                Some((_, sum)) => *sum += events as i64,
                None => notes.push((window, events as i64)),
            }
        }
        notes.retain(|(_, events)| *events > 0);
        sort_by(&mut notes, |(a, _), (b, _)| a.from.cmp(&b.from));
        Annotated { title, filter: filter.to_owned(), notes }
    }
}

/// `svg` with the notes that lie in its window. `shift_ms`: by how much its times are ahead of UTC.
pub fn annotated(mut svg: String, annotations: &[Annotated], shift_ms: i64, view: &View) -> String {
    let Some(chart) = Chart::of(&svg) else { return svg };
    let mut drawn = String::new();
    // Many lines would hide what they stand in: then the flags alone are clear.
    let opacity = if annotations.iter().map(|found| found.notes.len()).sum::<usize>() > FEW { "0.15" } else { "1" };
    for annotation in annotations {
        for (window, events) in &annotation.notes {
            let shifted = |at: Timestamp| Timestamp(at.0.saturating_add(shift_ms));
            let shown = Window { from: shifted(window.from), to: shifted(window.to) };
            if shown.from < chart.window.to && shown.to > chart.window.from {
                let words = words(annotation.title.as_ref().unwrap_or(&annotation.filter), *events, shown);
                drawn += &mark(&chart, shown, &words, &href(&annotation.filter, *window, view), opacity);
            }
        }
    }
    if let Some(end) = svg.rfind("</svg>").filter(|_| !drawn.is_empty()) {
        svg.insert_str(end, &format!("<g class=\"annotations\">{drawn}</g>"));
    }
    svg
}

/// What the plot of a chart says of itself.
struct Chart {
    plot: Rect,
    window: Window,
}

impl Chart {
    fn of(svg: &str) -> Option<Chart> {
        let plot = svg.split_once("<g class=\"plot\"")?.1.split('>').next()?;
        let value = |name: &str| Some(plot.split_once(&format!(" {name}=\""))?.1.split_once('"')?.0);
        let mut place = value("data-plot")?.split(' ').filter_map(|part| part.parse::<f64>().ok());
        Some(Chart {
            plot: Rect::new(place.next()?, place.next()?, place.next()?, place.next()?),
            window: Window {
                from: Timestamp(value("data-from")?.parse().ok()?),
                to: Timestamp(value("data-to")?.parse().ok()?),
            },
        })
    }

    fn x(&self, at: Timestamp) -> f64 {
        let length = self.window.to.0.saturating_sub(self.window.from.0).max(1) as f64;
        let share = at.0.saturating_sub(self.window.from.0) as f64 / length;
        self.plot.x + share.clamp(0.0, 1.0) * self.plot.w
    }
}

/// So many lines are clear.
const FEW: usize = 24;
/// Half of the width that can be pointed at, in pixels.
const REACH: f64 = 4.0;

fn mark(chart: &Chart, shown: Window, words: &str, href: &str, opacity: &str) -> String {
    let Rect { y, h, .. } = chart.plot;
    let middle = (chart.x(shown.from) + chart.x(shown.to)) / 2.0;
    let paint = Paint::Region.text(Theme::Page);
    let (left, top, flag) = (n(middle - REACH), n(y - 2.0), n(y - 1.0));
    format!(
        "<a href=\"{}\" class=\"annotation\" tabindex=\"-1\" data-at=\"{}\"><title>{}</title>\
         <path d=\"M{left} {top}h{}v{}h-{}z\" fill=\"transparent\"/>\
         <path d=\"M{} {}v{}\" stroke=\"{paint}\" stroke-opacity=\"{opacity}\" stroke-dasharray=\"3 2\"/><path d=\"M{left} {flag}h8l-4 6z\" fill=\"{paint}\"/></a>",
        escape(href),
        shown.from.0,
        words.lines().map(escape).collect::<Vec<_>>().join("\n"),
        n(2.0 * REACH),
        n(h + 2.0),
        n(2.0 * REACH),
        n(middle),
        n(y),
        n(h),
    )
}

fn href(filter: &str, window: Window, view: &View) -> String {
    let range = Range::Between { from: Edge::At(window.from), to: Edge::At(window.to) };
    View { filter: filter.to_owned(), ..view.across().with_range(range) }.href(discover::PATH)
}

fn words(name: &str, events: i64, shown: Window) -> String {
    format!("{name}\n{}, {}", format::events(events), format::span(shown.from, shown.to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        field::Kind,
        series::{Column, PanelName, Table},
    };

    const SVG: &str = "<svg><g class=\"plot\" data-plot=\"50 7 100 60\" data-from=\"0\" data-to=\"100000\"></g></svg>";

    fn drawn(notes: &[(i64, i64, i64)], shift_ms: i64) -> String {
        let note = |(from, to, events): &(i64, i64, i64)| (window(*from, *to), *events);
        let filter = "event_name:<b>".to_owned();
        let annotation = Annotated { title: None, filter, notes: notes.iter().map(note).collect() };
        let view = View { filter: "actor:ci".into(), pinned: "account:1".into(), ..View::default() };
        annotated(SVG.to_owned(), &[annotation], shift_ms, &view)
    }

    fn window(from: i64, to: i64) -> Window {
        Window { from: Timestamp(from), to: Timestamp(to) }
    }

    #[test]
    fn a_note_stands_in_its_bucket_and_leads_to_its_events() {
        let svg = drawn(&[(50_000, 60_000, 2)], 0);
        assert!(svg.contains("M105 7v60"), "{svg}");
        assert!(svg.contains("event_name:&lt;b&gt;\n2 events, "), "{svg}");
        let href = "/discover?from=1970-01-01T00:00:50Z&amp;to=1970-01-01T00:01:00Z&amp;q=event_name:%3Cb%3E&amp;pin=account:1";
        assert!(svg.contains(href), "{svg}");
        assert!(svg.ends_with("</g></svg>"), "{svg}");
    }

    #[test]
    fn what_lies_outside_is_left_out() {
        assert_eq!(drawn(&[(100_000, 101_000, 1), (-5_000, 0, 1)], 0), SVG);
        assert_ne!(drawn(&[(-5_000, -4_000, 1)], 10_000), SVG, "a chart in local time");
        assert_eq!(annotated("<svg></svg>".to_owned(), &[], 0, &View::default()), "<svg></svg>");
    }

    #[test]
    fn groups_of_a_bucket_are_one_note() {
        let column = |key: &str, kind| Column { key: key.to_owned(), kind, label: String::new() };
        let row = |at: i64, events: i64| vec![Cell::Time(Timestamp(at)), Cell::Null, Cell::Int(events)];
        let table = Table {
            columns: vec![
                column("event_time", Kind::Time),
                column("outcome", Kind::Text),
                column("events", Kind::Integer),
            ],
            rows: vec![row(2_000, 1), row(0, 2), row(2_000, 3), row(3_000, 0)],
            ..Table::default()
        };
        let series = Series {
            panel: PanelName { id: "events".into(), title: "Events".into() },
            window: window(500, 2_800),
            previous: None,
            filter: String::new(),
            bucket_ms: Some(1_000),
            table,
            details: Vec::new(),
            last_event: None,
            took_ms: 0,
        };
        let found = Annotated::of(None, "x", &series);
        assert_eq!(found.notes, [(window(500, 1_000), 2), (window(2_000, 2_800), 4)]);
    }
}
