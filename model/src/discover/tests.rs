use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::time::Timestamp;

/// A query string's canonical form, and what was wrong with it.
fn check(query: &str, expected: Expect) {
    let (discover, errors) = Discover::from_query(query);
    let mut text = discover.path(PATH) + "\n";
    for error in errors {
        text += &format!("{error}\n");
    }
    expected.assert_eq(&text);
}

#[test]
fn addresses_are_read_and_written() {
    check(
        "range=7d&q=a:b",
        expect![[r#"
        /discover
    "#]],
    );
    check(
        "columns=event_time,actor,,eventName,actor&sort=actor&limit=20&field=country&raw=true&integrity=true",
        expect![[r#"
        /discover?columns=event_time,actor,event_name&sort=actor:asc&limit=20&field=country&raw=true&integrity=true
    "#]],
    );
    check(
        r#"columns=requestParameters.bucketName,requestParameters."a,b".c"#,
        expect![[r#"
        /discover?columns=requestParameters.bucketName,requestParameters.%22a,b%22.c
    "#]],
    );
    check(
        "sort=event_time:desc&raw=false&field=",
        expect![[r#"
        /discover
    "#]],
    );
    check(
        "sort=eventTime:asc&after=1,2,a%2520b%252C,x",
        expect![[r#"
        /discover?sort=event_time:asc&after=1,2,a%2520b%252C,x
    "#]],
    );
    check(
        "around=a/b&limit=5",
        expect![[r#"
        /discover?limit=5&around=a/b
    "#]],
    );
}

#[test]
fn what_cannot_be_read_is_left_out_and_told() {
    check(
        "columns=actor,evnt_name",
        expect![[r#"
        /discover
        columns: There is no field evnt_name. Did you mean event_name?
    "#]],
    );
    check(
        "columns=actor:x or not country",
        expect![[r#"
        /discover
        columns: actor:x or not country is neither a field nor a path.
    "#]],
    );
    check(
        "sort=actor:up&limit=0&limit=-1&limit=1e3&raw=1&field=requestParameters.x",
        expect![[r#"
        /discover
        sort: After the field comes :asc or :desc, for example event_time:desc.
        limit: Expected a number of rows, from 1.
        limit: Expected a number of rows, from 1.
        limit: Expected a number of rows, from 1.
        raw: Write true or false.
        field: requestParameters.x is no field.
    "#]],
    );
    for place in
        ["", "x", "1,2", "1,x,id", "1,2,id,v,w", "1,2,%2500", "1,2,%25ff", "-1,2,id", "1,999999999999999999,id"]
    {
        let (discover, errors) = Discover::from_query(&format!("after={place}"));
        assert_eq!((discover.place, errors.len()), (Place::First, 1), "{place}");
        assert_eq!(errors[0].parameter.as_deref(), Some("after"));
    }
}

#[test]
fn columns_come_go_and_move() {
    let discover = Discover::default();
    let path = Target::Path(vec!["requestParameters".into(), "x".into()]);
    let more = discover.toggled(&path);
    assert_eq!(more.columns.len(), COLUMNS.len() + 1);
    assert_eq!(more.toggled(&path), discover, "the usual columns need no parameter");
    let keys = |discover: &Discover| discover.shown().iter().map(name).collect::<Vec<_>>().join(",");
    let two = discover.with_columns(vec![Target::Field(Field::Actor), path.clone()]);
    assert_eq!(keys(&two.moved(0, true)), "requestParameters.x,actor");
    assert_eq!(two.moved(0, false), two);
    assert_eq!(two.moved(1, true), two);
    assert_eq!(two.moved(7, true), two);
    let one = two.toggled(&path);
    assert_eq!(one.toggled(&Target::Field(Field::Actor)), one, "a list has a column");
}

#[test]
fn sorting_starts_at_the_beginning() {
    let cursor = Cursor { now: Timestamp(1), time_us: 2, event_id: "x".into(), value: None };
    let discover = Discover { place: Place::After(cursor), ..Discover::default() };
    let sorted = discover.sorted(Field::Actor);
    assert_eq!((sorted.sort.descending, &sorted.place), (false, &Place::First));
    assert!(sorted.sorted(Field::Actor).sort.descending);
    assert!(discover.sorted(Field::AsNumber).sort.descending);
    assert!(!discover.sorted(Field::EventTime).sort.descending, "the other way round");
}

#[test]
fn the_panel_is_valid() {
    assert_eq!(dashboard().validate(), Ok(()));
    assert!(dashboard().tile("events").is_some());
}

fn any_column() -> impl Strategy<Value = Target> {
    prop_oneof![
        prop::sample::select(Field::ALL).prop_map(Target::Field),
        prop::collection::vec("[a-z]{1,3}|[\\PC,\" ]{1,4}", 1..4).prop_map(|mut path| {
            path.insert(0, "requestParameters".into());
            Target::Path(path)
        }),
    ]
}

fn any_cursor() -> impl Strategy<Value = Cursor> {
    let text = "[^\0]{0,8}";
    (0..=Timestamp::MAX.0, -1_000_000..1_000_000_000_000_000_i64, text, prop::option::of(text))
        .prop_map(|(now, time_us, event_id, value)| Cursor { now: Timestamp(now), time_us, event_id, value })
}

fn any_place() -> impl Strategy<Value = Place> {
    prop_oneof![
        Just(Place::First),
        any_cursor().prop_map(Place::After),
        any_cursor().prop_map(Place::Before),
        "[^\0]{0,9}".prop_map(Place::Around),
    ]
}

proptest! {
    #[test]
    fn print_and_parse_are_inverse(
        columns in prop::collection::vec(any_column(), 0..5),
        field in prop::sample::select(Field::ALL),
        descending: bool,
        limit in prop::option::of(1..u32::MAX),
        raw: bool,
        integrity: bool,
        place in any_place(),
    ) {
        let mut unique = Vec::new();
        for column in columns {
            if !unique.contains(&column) {
                unique.push(column);
            }
        }
        let discover = Discover {
            columns: unique, sort: Sort { field, descending }, limit, field: Some(field), raw, integrity, place,
        };
        prop_assert_eq!(Discover::from_query(&discover.to_query()), (discover, vec![]));
    }

    #[test]
    fn no_query_panics(query in "(columns|sort|limit|field|raw|integrity|after|before|around)=\\PC{0,30}") {
        let (discover, _) = Discover::from_query(&query);
        let again = Discover::from_query(&discover.to_query());
        prop_assert_eq!(again, (discover, vec![]));
    }
}
