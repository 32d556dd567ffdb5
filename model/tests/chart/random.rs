//! Random answers at random sizes: always well-formed, always numbers, always inside of the frame.

use model::{
    chart::{Land, Link, Size, Target, Theme, sparkline, svg, world::outline::outlines},
    dashboard::built_in,
    field::Field,
    panel::{Group, Mark, Panel},
    series::{Cell, Column, Detail, PanelName, Series, Table},
    time::{Timestamp, Window},
    view::View,
};
use proptest::prelude::*;
use roxmltree::Document;

use super::fixture::{HOUR, NOW};

fn a_cell(key: String) -> BoxedStrategy<Cell> {
    let number = prop_oneof![
        4 => (0..2_000_i64).prop_map(Cell::Int),
        1 => Just(Cell::Int(0)),
        1 => any::<i64>().prop_map(Cell::Int),
        1 => any::<f64>().prop_map(Cell::Float),
        1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(-0.0)].prop_map(Cell::Float),
        1 => Just(Cell::Null),
    ];
    let words = prop_oneof![
        3 => prop::sample::select(vec!["DE", "US", "SG", "MT", "us-east-1", "eu-central-1", "other", "success", "failure", ""])
            .prop_map(|word| Cell::Text(word.to_owned())),
        1 => any::<String>().prop_map(Cell::Text),
        1 => Just(Cell::Null),
        1 => any::<bool>().prop_map(Cell::Bool),
    ];
    match key.as_str() {
        "event_time" | "first_seen" | "last_seen" => prop_oneof![
            6 => (NOW - 30 * HOUR..NOW + HOUR).prop_map(|at| Cell::Time(Timestamp(at))),
            1 => any::<i64>().prop_map(|at| Cell::Time(Timestamp(at))),
            1 => Just(Cell::Null),
        ]
        .boxed(),
        "country" | "city" | "aws_region" | "event_name" | "outcome" | "error_code" | "actor" => words.boxed(),
        _ => number.boxed(),
    }
}

fn a_table(keys: Vec<String>) -> BoxedStrategy<Table> {
    let columns: Vec<Column> = keys
        .iter()
        .map(|key| Column {
            key: key.clone(),
            kind: Field::from_key(key).map_or(model::field::Kind::Integer, Field::kind),
            label: key.clone(),
        })
        .collect();
    let row: Vec<BoxedStrategy<Cell>> = keys.into_iter().map(a_cell).collect();
    let rows = prop_oneof![
        1 => prop::collection::vec(row.clone(), 0..2),
        3 => prop::collection::vec(row, 0..40),
    ];
    (rows, any::<i64>(), any::<bool>())
        .prop_map(move |(rows, total, truncated)| Table { columns: columns.clone(), rows, total, truncated })
        .boxed()
}

fn keys(groups: &[Group], over_time: bool, measures: &[model::panel::Measure]) -> Vec<String> {
    let time = over_time.then(|| "event_time".to_owned());
    let groups = groups.iter().map(|group| group.key().to_owned());
    time.into_iter().chain(groups).chain(measures.iter().map(|measure| measure.key().into_owned())).collect()
}

fn a_window() -> impl Strategy<Value = Window> {
    prop_oneof![
        6 => (1..200 * HOUR).prop_map(|length| Window { from: Timestamp(NOW - length), to: Timestamp(NOW) }),
        1 => (0..253_402_300_799_999_i64, 0..i64::from(i32::MAX)).prop_map(|(from, length)| Window {
            from: Timestamp(from),
            to: Timestamp(from + length),
        }),
        1 => Just(Window { from: Timestamp(0), to: Timestamp(253_402_300_799_000) }),
    ]
}

fn a_bucket() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![4 => Just(Some(HOUR / 2)), 1 => Just(None), 1 => any::<i64>().prop_map(Some), 1 => Just(Some(1))]
}

fn an_answer() -> impl Strategy<Value = (Panel, Series)> {
    let panels: Vec<Panel> =
        built_in().iter().flat_map(|dashboard| &dashboard.tiles).map(|tile| tile.panel.clone()).collect();
    (prop::sample::select(panels), prop::sample::select(Mark::ALL.to_vec()), any::<bool>()).prop_flat_map(
        |(panel, mark, own_mark)| {
            let panel = if own_mark { panel } else { Panel { mark, ..panel } };
            let mut main = keys(&panel.by, panel.bucket.is_some(), &panel.measures);
            if panel.mark == Mark::Figures {
                main.extend(panel.measures.iter().map(|measure| format!("{}_previous", measure.key())));
            }
            let details: Vec<_> = panel
                .details
                .iter()
                .map(|detail| {
                    let id = detail.id.clone();
                    a_table(keys(&detail.by, detail.bucket.is_some(), &detail.measures))
                        .prop_map(move |table| Detail { id: id.clone(), table })
                })
                .collect();
            let name = PanelName { id: panel.id.clone(), title: panel.title.clone() };
            (a_table(main), details, a_window(), a_bucket(), any::<String>()).prop_map(
                move |(table, details, window, bucket_ms, filter)| {
                    let series = Series {
                        panel: name.clone(),
                        window,
                        previous: None,
                        filter,
                        bucket_ms,
                        table,
                        details,
                        last_event: None,
                        took_ms: 0,
                    };
                    (panel.clone(), series)
                },
            )
        },
    )
}

/// Rectangles of negative size, text outside of the frame, and numbers that are none.
fn check(svg: &str, size: Size, page: bool) {
    let document = Document::parse(svg).unwrap_or_else(|error| panic!("{error}\n{svg}"));
    let root = document.root_element();
    let number = |node: roxmltree::Node<'_, '_>, name: &str| -> Option<f64> {
        node.attribute(name).map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} in\n{svg}")))
    };
    let (width, height) = (number(root, "width").expect("a number"), number(root, "height").expect("a number"));
    if page {
        assert_eq!(width, f64::from(size.width));
    }
    for node in document.descendants().filter(|node| node.is_element()) {
        for name in ["x", "y", "width", "height", "cx", "cy", "r"] {
            let Some(value) = number(node, name) else { continue };
            assert!(value.is_finite(), "{name} of {node:?}");
            assert!(value >= 0.0 || !matches!(name, "width" | "height" | "r"), "{name}={value} of {node:?}\n{svg}");
            let text = node.has_tag_name("text");
            assert!(!text || name != "x" || (-1.0..=width + 1.0).contains(&value), "{node:?} {value}\n{svg}");
            assert!(!text || name != "y" || (-1.0..=height + 1.0).contains(&value), "{node:?} {value}\n{svg}");
        }
        for name in ["d", "points", "transform", "data-plot", "viewBox", "stroke-width"] {
            let value = node.attribute(name).unwrap_or_default();
            assert!(!value.contains("NaN") && !value.contains("inf"), "{name}: {value}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_answer_is_a_picture(
        (panel, series) in an_answer(),
        width in 200_u32..2_000,
        height in 100_u32..1_000,
        page in any::<bool>(),
    ) {
        let view = View::default();
        let size = Size { width, height };
        let target = match page {
            true => Target { size, theme: Theme::Page, link: Some(Link { path: "/d/overview", view: &view }), land: Land::Asset },
            false => Target { size, theme: Theme::Dark, link: None, land: Land::Inline(outlines()) },
        };
        check(&svg(&panel, &series, target), size, page);
    }

    #[test]
    fn any_values_are_a_line(values in prop::collection::vec(any::<f64>(), 0..50)) {
        let size = Size { width: 120, height: 32 };
        check(&sparkline(&values, size, Theme::Page), size, true);
    }
}

/// The legend has no more room when the amounts beside the plot take much.
#[test]
fn long_amounts_leave_the_legend_in_the_picture() {
    let tiles = || built_in().iter().flat_map(|dashboard| &dashboard.tiles);
    let panel = &tiles().find(|tile| tile.panel.id == "error-rate").expect("a line").panel;
    let row = |group: i64, rate: i64| vec![Cell::Time(Timestamp(NOW - HOUR)), Cell::Int(group), Cell::Int(rate)];
    let columns = ["event_time", "event_source", "error_rate"].map(|key| Column {
        key: key.to_owned(),
        kind: Field::from_key(key).map_or(model::field::Kind::Integer, Field::kind),
        label: key.to_owned(),
    });
    let rows = (0..8).map(|group| row(group * 1_000_000_000, 80_000_000_020_000_009 >> (group * 7))).collect();
    let series = Series {
        panel: PanelName { id: panel.id.clone(), title: panel.title.clone() },
        window: Window { from: Timestamp(NOW - 30 * HOUR), to: Timestamp(NOW) },
        previous: None,
        filter: String::new(),
        bucket_ms: Some(HOUR / 2),
        table: Table { columns: columns.into(), rows, total: 0, truncated: false },
        details: Vec::new(),
        last_event: None,
        took_ms: 0,
    };
    for width in [200, 500, 1196] {
        let size = Size { width, height: 606 };
        let target = Target { size, theme: Theme::Dark, link: None, land: Land::Inline(outlines()) };
        check(&svg(panel, &series, target), size, false);
    }
}
