//! What is in the pictures of ordinary answers.

use expect_test::{Expect, expect};
use model::{
    chart::{Land, Link, Size, Target, Theme, svg, world::outline::outlines},
    field::Field,
    panel::Mark,
    series::{Cell, Series},
    time::Timestamp,
    view::View,
};
use roxmltree::{Document, Node};

use super::fixture::{self, EXAMPLES, HOUR, NOW, detail, example, panel, series, table, text};

pub fn page(id: &str, width: u32, height: u32) -> String {
    let (panel, series) = example(id);
    let view = View { filter: "actor:alice".to_owned(), ..View::default() };
    let link = Some(Link { path: "/d/overview", view: &view });
    svg(&panel, &series, Target { size: Size { width, height }, theme: Theme::Page, link, land: Land::Asset })
}

fn file(id: &str, theme: Theme) -> String {
    let (panel, series) = example(id);
    svg(
        &panel,
        &series,
        Target { size: Size { width: 900, height: 480 }, theme, link: None, land: Land::Inline(outlines()) },
    )
}

/// The elements with their links, titles and texts, without coordinates.
fn outline(node: Node<'_, '_>, depth: usize, out: &mut String) {
    let class = node.attribute("class").unwrap_or_default();
    let said = |name: &str| {
        let child = node.children().find(|child| child.has_tag_name(name));
        child.and_then(|child| child.text()).map(|text| text.replace('\n', " / "))
    };
    let mut line = match node.tag_name().name() {
        "a" => format!("a.{class} {}", node.attribute("href").unwrap_or_default()),
        "g" | "svg" if !class.is_empty() => format!("{}.{class}", node.tag_name().name()),
        "text" => format!("\"{}\"", node.text().unwrap_or_default()),
        _ => String::new(),
    };
    if !line.is_empty() {
        line.extend(said("title").map(|title| format!(" — {title}")));
        out.push_str(&format!("{}{line}\n", "  ".repeat(depth)));
    }
    for child in node.children().filter(Node::is_element) {
        outline(child, depth + usize::from(!line.is_empty()), out);
    }
}

fn check(svg: &str, expected: Expect) {
    let document = Document::parse(svg).expect("well-formed");
    let mut out = String::new();
    outline(document.root_element(), 0, &mut out);
    expected.assert_eq(&out);
}

fn small(mark: Mark, id: &str, series: &Series) -> String {
    let panel = model::panel::Panel { mark, ..panel(id) };
    let view = View::default();
    let link = Some(Link { path: "/d/overview", view: &view });
    svg(&panel, series, Target { size: Size { width: 360, height: 200 }, theme: Theme::Page, link, land: Land::Asset })
}

fn outcomes() -> Series {
    let row = |hours: i64, outcome: &str, events| {
        vec![Cell::Time(Timestamp(NOW - hours * HOUR)), text(outcome), Cell::Int(events)]
    };
    let rows = vec![row(5, "success", 1_200), row(5, "failure", 2), row(3, "success", 40)];
    let table = table(&[Field::EventTime, Field::Outcome], &[model::panel::Measure::Events], rows);
    series(&panel("sign-ins"), table, Vec::new())
}

#[test]
fn bars_over_time() {
    check(
        &small(Mark::Bars, "sign-ins", &outcomes()),
        expect![[r#"
        svg.chart
          g.plot
            a.mark /d/overview?q=outcome:success — Success: 1,240 events
            a.mark /d/overview?q=outcome:failure — Failure: 2 events
              g.mark
          "0"
          "500"
          "1k"
          "1.5k"
          "00:00"
          "24 Nov"
          "12:00"
          g.legend
            a.entry /d/overview?q=outcome:success — Success: 1,240 events
              "Success"
              "1.2k"
            a.entry /d/overview?q=outcome:failure — Failure: 2 events
              "Failure"
              "2"
    "#]],
    );
}

#[test]
fn area_over_time() {
    check(
        &small(Mark::Area, "events-by-outcome", &outcomes()),
        expect![[r#"
        svg.chart
          g.plot
            a.mark /d/overview?q=outcome:success — Success: 1,240 events
            a.mark /d/overview?q=outcome:failure — Failure: 2 events
              g.mark
          "0"
          "500"
          "1k"
          "1.5k"
          "00:00"
          "24 Nov"
          "12:00"
          g.legend
            a.entry /d/overview?q=outcome:success — Success: 1,240 events
              "Success"
              "1.2k"
            a.entry /d/overview?q=outcome:failure — Failure: 2 events
              "Failure"
              "2"
    "#]],
    );
}

#[test]
fn ranking() {
    let row = |code: Cell, events| vec![code, Cell::Int(events)];
    let rows = vec![row(text("AccessDenied"), 30), row(Cell::Null, 9), row(text("other"), 1)];
    let series = series(
        &panel("errors"),
        table(&[Field::ErrorCode], &[model::panel::Measure::Events], rows),
        vec![detail(
            "timeline",
            table(&[Field::EventTime, Field::ErrorCode], &[model::panel::Measure::Events], Vec::new()),
        )],
    );
    check(
        &small(Mark::Ranking, "errors", &series),
        expect![[r#"
        svg.chart
          g.bars
            a.row /d/overview?q=error_code:AccessDenied — AccessDenied: events 30
              "AccessDenied"
              "30"
              "75 %"
            a.row /d/overview?q=not+error_code:* — (none): events 9
              "(none)"
              "9"
              "22.5 %"
            a.row /d/overview?q=error_code:other — other: events 1
              "other"
              "1"
              "2.5 %"
    "#]],
    );
}

#[test]
fn empty() {
    let none = series(&panel("sign-ins"), table(&[Field::EventTime, Field::Outcome], &[], Vec::new()), Vec::new());
    let before = Series { last_event: Some(Timestamp(NOW - 100 * HOUR)), ..none.clone() };
    check(
        &small(Mark::Bars, "sign-ins", &before),
        expect![[r#"
        svg.chart
          "No events in this range."
          "The last event was 2026-11-20 11:20 UTC."
    "#]],
    );
    check(
        &small(Mark::Map, "access-map", &none),
        expect![[r#"
        svg.chart
          "No events in this range."
          "The last event of any kind was 2026-11-24 15:19 UTC."
    "#]],
    );
    check(
        &small(Mark::Table, "sign-ins", &Series { last_event: None, ..none }),
        expect![[r#"
        svg.chart
          "No events in this range."
          "There are no events yet."
    "#]],
    );
}

#[test]
fn the_maps_marks_link_and_speak() {
    let svg = page("access-map", 900, 440);
    let document = Document::parse(&svg).expect("well-formed");
    let names: Vec<(String, String)> = document
        .descendants()
        .filter(|node| node.has_tag_name("a"))
        .map(|link| {
            let title = link.children().find(|child| child.has_tag_name("title")).and_then(|title| title.text());
            (title.unwrap_or_default().to_owned(), link.attribute("href").unwrap_or_default().to_owned())
        })
        .collect();
    let href = |start: &str| {
        let found = names.iter().find(|(name, _)| name.starts_with(start));
        found.unwrap_or_else(|| panic!("no link named {start}")).1.clone()
    };
    assert!(names.iter().any(|(name, _)| name == "Germany: 48,210 events, 41 actors, 320 failures"), "{names:?}");
    expect!["/d/overview?q=actor:alice+and+country:DE"].assert_eq(&href("Germany: "));
    expect!["/d/overview?q=actor:alice+and+country:DE+and+city:Berlin"].assert_eq(&href("Berlin, Germany: "));
    expect!["/d/overview?q=actor:alice+and+aws_region:us-east-1"].assert_eq(&href("us-east-1 "));
    expect!["/d/overview?q=actor:alice+and+country:DE+and+aws_region:us-east-1"]
        .assert_eq(&href("Germany → us-east-1"));
    // Countries too small for a shape are there as well.
    href("Malta: ");
    href("Singapore: ");
}

#[test]
fn the_plot_says_where_it_is() {
    for id in ["events-by-outcome", "events-by-name", "sign-ins", "errors"] {
        let svg = page(id, 600, 300);
        let document = Document::parse(&svg).expect("well-formed");
        let root = document.root_element();
        assert_eq!(root.attribute("data-from"), Some((NOW - 24 * HOUR).to_string().as_str()));
        assert_eq!(root.attribute("data-to"), Some(NOW.to_string().as_str()));
        let plot: Vec<f64> =
            root.attribute("data-plot").expect(id).split(' ').map(|number| number.parse().expect("a number")).collect();
        let [x, y, w, h] = plot[..] else { panic!("{plot:?}") };
        assert!(x > 10.0 && y >= 0.0 && x + w <= 600.0 && y + h < 300.0 && w > 500.0 && h > 60.0, "{id} {plot:?}");
    }
}

#[test]
fn links_have_names_and_files_have_no_links() {
    for id in EXAMPLES {
        let svg = page(id, 640, 360);
        let document = Document::parse(&svg).expect("well-formed");
        for link in document.descendants().filter(|node| node.has_tag_name("a")) {
            let title = link.children().find(|child| child.has_tag_name("title")).and_then(|title| title.text());
            assert!(title.is_some_and(|title| !title.is_empty()), "{id}: {link:?}");
            assert!(link.attribute("href").is_some_and(|href| href.starts_with("/d/overview?q=")), "{id}: {link:?}");
        }
        for theme in [Theme::Light, Theme::Dark] {
            let file = file(id, theme);
            assert!(!file.contains("<a ") && !file.contains("var(") && file.contains("Trailmap"), "{id}");
            assert!(file.contains("2026-11-23 15:20 to 2026-11-24 15:20 UTC"), "{id}");
        }
    }
}

#[test]
fn files_are_as_high_as_their_rows() {
    let svg = file("recent-events", Theme::Light);
    let document = Document::parse(&svg).expect("well-formed");
    let height: f64 = document.root_element().attribute("height").expect("a number").parse().expect("a number");
    assert!(height > 540.0, "{height}");
    assert!(!svg.contains("more rows"));
    assert!(page("recent-events", 1000, 240).contains("more rows"));
}

#[test]
fn pages_refer_to_outlines_and_files_carry_them() {
    for id in ["access-map", "sign-ins-by-region"] {
        let page = page(id, 900, 440);
        assert!(page.len() < 40_000 && page.contains("<use href=\"/pkg/world."), "{id}: {}", page.len());
        let file = file(id, Theme::Light);
        assert!(file.len() > 80_000 && !file.contains("<use"), "{id}: {}", file.len());
    }
}

#[test]
fn the_same_answer_is_the_same_picture() {
    for id in EXAMPLES {
        assert_eq!(page(id, 700, 400), page(id, 700, 400));
    }
    let _ = fixture::window();
}

#[test]
fn donut() {
    let svg = page("donut", 440, 300);
    let document = Document::parse(&svg).expect("well-formed");
    let slices = document.descendants().filter(|node| node.attribute("class") == Some("mark")).count();
    assert_eq!(slices, 5);
    for said in [
        "q=actor:alice+and+identity_type:AWSService",
        ">5.2k · 56.4 %<",
        ">56%<",
        ">9.2k<",
        "AssumedRole: events 5,200",
    ] {
        assert!(svg.contains(said), "{said}");
    }
}

#[test]
fn a_heat_map_names_its_numbers_or_sizes_them() {
    let wide = page("denied", 664, 320);
    assert!(wide.contains("alice · AssumeRole: events 900") && wide.contains(">900<"));
    assert!(wide.contains("q=actor:alice+and+event_name:AssumeRole\""), "the page's own filter is not doubled");
    let narrow = page("calendar", 340, 280);
    // All cells by size: no numbers but the hours' and no mixture.
    let document = Document::parse(&narrow).expect("well-formed");
    let heat = document.descendants().find(|node| node.attribute("class") == Some("heat")).expect("cells");
    assert_eq!(heat.descendants().filter(|node| node.has_tag_name("text")).count(), 0);
    let sizes: std::collections::BTreeSet<_> = heat
        .descendants()
        .filter(|node| node.has_tag_name("a"))
        .filter_map(|cell| cell.descendants().filter(|node| node.has_tag_name("rect")).nth(1)?.attribute("width"))
        .collect();
    assert!(sizes.len() > 5, "{sizes:?}");
}

#[test]
fn lines_differ_in_more_than_colour_and_stop_where_there_is_nothing() {
    let svg = page("line", 664, 300);
    let dashes: std::collections::BTreeSet<_> =
        svg.split("stroke-dasharray=\"").skip(1).map(|rest| &rest[..4]).collect();
    assert_eq!(dashes.len(), 4, "the fifth has none");
    let rates = page("rates", 664, 300);
    let line = rates.split("class=\"line\"").nth(1).and_then(|rest| rest.split("d=\"").nth(1)).expect("a line");
    assert!(line[..line.find('"').expect("an end")].matches('M').count() > 1, "{line}");
    assert!(rates.contains(">6 %<"));
}

#[test]
fn parts_stand_under_their_whole() {
    let svg = page("nested", 440, 340);
    let at = |text: &str| svg.find(text).unwrap_or_else(|| panic!("no {text}"));
    assert!(at(">s3.amazonaws.com<") < at(">GetObject<") && at(">ListBuckets<") < at(">sts.amazonaws.com<"));
    assert!(svg.contains("q=actor:alice+and+event_source:s3.amazonaws.com+and+event_name:GetObject"));
    assert!(svg.contains(">940<") && svg.contains(">44.7 %<"));
}

#[test]
fn levels_are_words_and_nothing_is_zero() {
    let svg = page("levels", 780, 260);
    for said in [">Critical: Logging stopped<", ">Keys disabled<", ">0<", ">▲ 50 %<", ">new<"] {
        assert!(svg.contains(said), "{said}");
    }
    assert!(svg.contains("q=actor:alice+and+event_name:*BucketPolicy"));
}
