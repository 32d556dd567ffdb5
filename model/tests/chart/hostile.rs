//! Event text is written by attackers: nothing of it may become markup, a link elsewhere, or hidden text.

use model::{
    chart::{Land, Link, Size, Target, Theme, svg, world::outline::outlines},
    field::Field,
    panel::{Group, Mark, Measure, Panel},
    series::{Cell, Series},
    time::Timestamp,
    view::View,
};
use roxmltree::Document;

use super::fixture::{NOW, detail, panel, series, table, text};

const STRINGS: [&str; 9] = [
    "</title><script>alert(1)</script>",
    "\"><a href=\"javascript:alert(1)\">x</a>",
    "' onmouseover='alert(1)",
    "#F50A07 url(#x) var(--chart-ink)",
    "nul\0bell\u{7}del\u{7f}\u{fffe}\u{ffff}",
    "admin\u{202e}txt.exe\u{2066}\u{2069}",
    "]]><!--<![CDATA[&amp;&#0;&nbsp;",
    "a\nb\rc\td\u{2028}e",
    "東京 🦀 עברית \u{301}\u{301}\u{301}",
];

const FIELDS: [Field; 3] = [Field::Country, Field::City, Field::AwsRegion];

/// Every table that any mark reads, filled with hostile text.
fn answer(panel: &Panel) -> Series {
    let measures = [Measure::Events, Measure::Failures, Measure::ErrorMessage];
    let by = panel.by.first().copied().unwrap_or(Group::Field(Field::Actor));
    let rows = |with: &dyn Fn(&str) -> Vec<Cell>| STRINGS.iter().map(|string| with(string)).collect();
    let counts = |string: &str| vec![Cell::Int(5), Cell::Int(2), text(string)];
    let main = match panel.bucket.is_some() {
        true => table(
            &[Group::Field(Field::EventTime), by],
            &measures,
            rows(&|string| [vec![Cell::Time(Timestamp(NOW - 1)), text(string)], counts(string)].concat()),
        ),
        false => {
            table(&panel.by, &measures, rows(&|string| [vec![text(string); panel.by.len()], counts(string)].concat()))
        }
    };
    let timeline = table(
        &[Group::Field(Field::EventTime), by],
        &measures,
        rows(&|string| [vec![Cell::Time(Timestamp(NOW - 1)), text(string)], counts(string)].concat()),
    );
    let cities = table(
        &[FIELDS[0], FIELDS[1], Field::Latitude, Field::Longitude],
        &measures,
        rows(&|string| {
            [vec![text(string), text(string), Cell::Float(50.0), Cell::Float(8.0)], counts(string)].concat()
        }),
    );
    let flows = table(
        &[FIELDS[0], FIELDS[2]],
        &measures,
        rows(&|string| [vec![text(string), text(string)], counts(string)].concat()),
    );
    let details = vec![detail("timeline", timeline), detail("cities", cities), detail("flows", flows)];
    Series { filter: STRINGS.concat(), ..series(panel, main, details) }
}

fn check(panel: &Panel, target: Target<'_>) {
    let mut panel = panel.clone();
    panel.title = STRINGS.concat();
    panel.id = format!("x{}", STRINGS.concat());
    let drawn = svg(&panel, &answer(&panel), target);
    let document = Document::parse(&drawn).unwrap_or_else(|error| panic!("{:?}: {error}\n{drawn}", panel.mark));
    for node in document.descendants().filter(|node| node.is_element()) {
        assert_ne!(node.tag_name().name(), "script");
        for attribute in node.attributes() {
            assert!(!attribute.name().starts_with("on"), "{:?}", attribute);
            let ours = if node.has_tag_name("use") { "/pkg/world." } else { "/d/overview?" };
            assert!(attribute.name() != "href" || attribute.value().starts_with(ours), "{attribute:?}");
        }
    }
    let hidden = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\0'..='\u{8}' | '\u{7f}');
    assert!(!drawn.contains(hidden), "{:?}", panel.mark);
}

#[test]
fn nothing_of_an_event_is_markup() {
    let view = View { filter: "actor:\"<b>\"".to_owned(), ..View::default() };
    let marks = [
        (Mark::Area, "events-by-name"),
        (Mark::Bars, "events-by-name"),
        (Mark::Ranking, "errors"),
        (Mark::RankingOverTime, "errors"),
        (Mark::Map, "access-map"),
        (Mark::MapAndBars, "sign-ins-by-region"),
        (Mark::Table, "source-addresses"),
        (Mark::List, "recent-events"),
        (Mark::Figures, "key-figures"),
        (Mark::Line, "events-by-name"),
        (Mark::Donut, "errors"),
        (Mark::HeatMap, "sign-ins-by-region"),
        (Mark::Text, "errors"),
    ];
    for (mark, id) in marks {
        let panel = Panel { mark, ..panel(id) };
        for (width, height) in [(200, 100), (700, 400), (1400, 800)] {
            let size = Size { width, height };
            let link = Some(Link { path: "/d/overview", view: &view });
            check(&panel, Target { size, theme: Theme::Page, link, land: Land::Asset });
            check(&panel, Target { size, theme: Theme::Dark, link: None, land: Land::Inline(outlines()) });
        }
    }
}

#[test]
fn overrides_are_shown() {
    let panel = Panel { mark: Mark::Ranking, ..panel("errors") };
    let target = Target {
        size: Size { width: 900, height: 400 },
        theme: Theme::Light,
        link: None,
        land: Land::Inline(outlines()),
    };
    let drawn = svg(&panel, &answer(&panel), target);
    assert!(drawn.contains("adminU+202Etxt.exeU+2066U+2069"));
}
