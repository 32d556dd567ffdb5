use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::time::tests::any_range;

/// A query string's canonical form, and what was wrong with it.
fn check(query: &str, expected: Expect) {
    let (view, errors) = View::from_query(query);
    let mut text = view.href("/") + "\n";
    for error in errors {
        text += &format!("{error}\n");
    }
    expected.assert_eq(&text);
}

#[test]
fn addresses_are_read_and_written() {
    check(
        "",
        expect![[r#"
            /
        "#]],
    );
    check(
        "range=24h",
        expect![[r#"
            /?range=24h
        "#]],
    );
    check(
        "from=now-7d/d&to=now",
        expect![[r#"
            /?from=now-7d/d&to=now
        "#]],
    );
    check(
        "from=now-1h",
        expect![[r#"
            /?from=now-1h&to=now
        "#]],
    );
    check(
        "from=2026-11-01T02:00:00+02:00&to=now+1d/d",
        expect![[r#"
            /?from=2026-11-01T00:00:00Z&to=now%2B1d/d
        "#]],
    );
    check(
        "q=event_name:Delete*+and+not+actor:%22ci+%26+co%22&range=7d",
        expect![[r#"
            /?range=7d&q=event_name:Delete*+and+not+actor:%22ci+%26+co%22
        "#]],
    );
    check(
        "on=recent-events.writes&on=access-map.sign-ins,a.b&off=c.d&off=a.b",
        expect![[r#"
            /?on=access-map.sign-ins,recent-events.writes&off=a.b,c.d
        "#]],
    );
    check(
        "refresh=60s",
        expect![[r#"
            /?refresh=1m
        "#]],
    );
    check(
        "refresh=live",
        expect![[r#"
            /?refresh=live
        "#]],
    );
    check(
        "refresh=off&utm_source=chat",
        expect![[r#"
            /
        "#]],
    );
    check(
        "q=a&q=b",
        expect![[r#"
            /?q=b
        "#]],
    );
    check(
        "pin=account:1&kiosk=1&annotate=event_name:Deploy*&annotate=&annotate=actor:ci&annotate=actor:ci&q=x",
        expect![[r#"
            /?q=x&pin=account:1&annotate=event_name:Deploy*&annotate=actor:ci&kiosk=1
        "#]],
    );
    check(
        "kiosk=yes&annotate=a&annotate=b&annotate=c&annotate=d&annotate=e&annotate=f",
        expect![[r#"
            /?annotate=a&annotate=b&annotate=c&annotate=d&annotate=e
        "#]],
    );
    check(
        "from=now-1d&to=now&range=7d",
        expect![[r#"
            /?from=now-1d&to=now
        "#]],
    );
}

#[test]
fn what_cannot_be_read_is_left_out_and_told() {
    check(
        "range=soon&q=x",
        expect![[r#"
            /?q=x
            range, column 1: Expected a number and a unit (s, m, h, d, w, mo, y), for example 24h, 7d or 3mo.
        "#]],
    );
    check(
        "from=then&range=7d",
        expect![[r#"
            /
            from, column 1: Expected a time such as 2026-11-24T00:00:00Z, or one relative to now such as now-7d/d.
        "#]],
    );
    check(
        "to=now",
        expect![[r#"
            /
            to: There is a to without a from.
        "#]],
    );
    check(
        "on=writes,a.b",
        expect![[r#"
            /?on=a.b
            on: Expected a panel and its switch, for example recent-events.writes.
        "#]],
    );
    check(
        "off=a.b.c,,é.x",
        expect![[r#"
            /
            off: Expected a panel and its switch, for example recent-events.writes.
            off: Expected a panel and its switch, for example recent-events.writes.
        "#]],
    );
    check(
        "refresh=1s",
        expect![[r#"
            /
            refresh, column 1: Expected 5s to 24h, for example 30s or 5m, or live.
        "#]],
    );
    check(
        "refresh=5",
        expect![[r#"
            /
            refresh, column 1: Expected 5s to 24h, for example 30s or 5m, or live.
        "#]],
    );
    check(
        "refresh=99999999999h",
        expect![[r#"
            /
            refresh, column 1: Expected 5s to 24h, for example 30s or 5m, or live.
        "#]],
    );
    check(
        "q=%FF%00&%=&&=",
        expect![[r#"
            /?q=%EF%BF%BD%00
        "#]],
    );
}

#[test]
fn a_click_adds_its_term_once() {
    let term = |text| filter::parse(text).expect(text);
    let view = |text: &str| View { filter: text.to_owned(), ..View::default() };
    assert_eq!(view("").and(&term("country: DE")).filter, "country:DE");
    assert_eq!(view("actor:ci").and(&term("country:DE")).filter, "actor:ci and country:DE");
    assert_eq!(view("actor:ci or actor:x").and(&term("country:DE")).filter, "actor:(ci or x) and country:DE");
    assert_eq!(view("country: DE and  actor:ci").and(&term("country:DE")).filter, "country: DE and  actor:ci");
    assert_eq!(view("country:(").and(&term("country:DE")).filter, "country:DE");
    let pinned = View { pinned: "country:DE and account:1".to_owned(), ..view("actor:ci") };
    assert_eq!(pinned.and(&term("country:DE")), pinned);
}

#[test]
fn events_meet_the_pinned_filter_and_the_filter() {
    let view =
        |pinned: &str, filter: &str| View { pinned: pinned.to_owned(), filter: filter.to_owned(), ..View::default() };
    let condition = |pinned, filter| view(pinned, filter).condition().map(|ast| filter::print(&ast));
    assert_eq!(condition("", ""), Ok(String::new()));
    assert_eq!(condition("account:1 or account:2", "actor:ci").as_deref(), Ok("account:(1 or 2) and actor:ci"));
    assert_eq!(condition("account:(", "").map_err(|error| error.parameter), Err(Some("pin".to_owned())));
    assert_eq!(condition("", "account:(").map_err(|error| error.parameter), Err(Some("q".to_owned())));
}

#[test]
fn another_page_gets_what_goes_along() {
    let (view, _) = View::from_query("range=7d&q=a&pin=account:1&on=a.b&refresh=30s&kiosk=1&annotate=c");
    assert_eq!(view.across().to_query(), "range=7d&pin=account:1&annotate=c&refresh=30s");
}

#[test]
fn a_link_is_the_path_and_what_differs_from_the_default() {
    assert_eq!(View::default().href("/d/overview"), "/d/overview");
    let view = View { filter: "event_name:Delete* and not actor:\"<a&b>\"".to_owned(), ..View::default() };
    assert_eq!(
        view.with_range(Range::DEFAULT).href("/"),
        "/?range=24h&q=event_name:Delete*+and+not+actor:%22%3Ca%26b%3E%22"
    );
}

fn any_view() -> impl Strategy<Value = View> {
    let switches = prop::collection::btree_map("[a-z0-9-]{1,8}\\.[a-z0-9_]{1,8}", any::<bool>(), 0..5);
    let annotate = prop::collection::btree_set(".{1,8}", 0..=ANNOTATIONS);
    let texts = (any::<String>(), any::<String>(), annotate);
    let refresh = prop_oneof![Just(Refresh::Live), REFRESH_S.prop_map(|seconds| Refresh::Every { seconds })];
    (prop::option::of(any_range()), texts, switches, prop::option::of(refresh), any::<bool>()).prop_map(
        |(range, (filter, pinned, annotate), switches, refresh, kiosk)| View {
            range,
            filter,
            pinned,
            annotate: annotate.into_iter().collect(),
            switches,
            refresh,
            kiosk,
        },
    )
}

proptest! {
    #[test]
    fn a_view_is_the_same_after_its_address(view in any_view()) {
        prop_assert_eq!(View::from_query(&view.to_query()), (view, vec![]));
    }

    #[test]
    fn reading_an_address_is_idempotent(query in "(range|from|to|q|on|off|refresh)?=?[^#]{0,40}(&(from|to|q|pin|on|refresh|annotate|kiosk)=[^#]{0,20}){0,3}") {
        let (view, _) = View::from_query(&query);
        prop_assert_eq!(View::from_query(&view.to_query()).0, view);
    }
}
