//! What can stand at the cursor, which is `|` here.

use expect_test::expect;

use super::{
    complete::{Place, Wanted, accepted, of_value, place, suggestions},
    *,
};

fn at(text: &str) -> (String, Option<Place>) {
    let cursor = text.chars().position(|c| c == '|').expect("a cursor");
    let text = text.replacen('|', "", 1);
    let found = place(&text, cursor);
    (text, found)
}

/// The place, and the first suggestions in it.
fn seen(text: &str, expected: Expect) {
    let (text, place) = at(text);
    let Some(place) = place else { return expected.assert_eq("nothing\n") };
    let chars: Vec<char> = text.chars().collect();
    let replaced: String = chars[place.start..place.end].iter().collect();
    let wanted = match &place.wanted {
        Wanted::Name => "name".to_owned(),
        Wanted::Operator(target) => format!("operator of {}", print_target(target)),
        Wanted::Value(target) => format!("value of {}", print_target(target)),
        Wanted::Joint => "joint".to_owned(),
    };
    let first: Vec<_> = suggestions(&place).into_iter().take(4).map(|suggestion| suggestion.text).collect();
    let rest = if place.rest.is_empty() { String::new() } else { format!(" where {}", place.rest) };
    expected.assert_eq(&format!("{wanted} {:?} for {replaced:?}{rest}\n{first:?}\n", place.typed));
}

#[test]
fn names() {
    seen(
        "|",
        expect![[r#"
        name "" for ""
        ["event_time:", "weekday:", "hour:", "event_id:"]
    "#]],
    );
    seen(
        "event_n|",
        expect![[r#"
        name "event_n" for "event_n"
        ["event_name:"]
    "#]],
    );
    seen(
        "event_n|ame:x",
        expect![[r#"
        name "event_n" for "event_name:"
        ["event_name:"]
    "#]],
    );
    seen(
        "region|",
        expect![[r#"
        name "region" for "region"
        ["aws_region:"]
    "#]],
    );
    seen(
        "reques|",
        expect![[r#"
        name "reques" for "reques"
        ["request_id:", "requestParameters."]
    "#]],
    );
    seen(
        "requestParameters.buck|",
        expect![[r#"
        name "requestParameters.buck" for "requestParameters.buck"
        []
    "#]],
    );
    seen(
        "not|",
        expect![[r#"
        name "not" for "not"
        ["not "]
    "#]],
    );
    seen(
        "not |",
        expect![[r#"
            name "" for ""
            ["event_time:", "weekday:", "hour:", "event_id:"]
        "#]],
    );
    seen(
        "actor:a and (country:b or |",
        expect![[r#"
            name "" for ""
            ["event_time:", "weekday:", "hour:", "event_id:"]
        "#]],
    );
    seen(
        "zzz|",
        expect![[r#"
        name "zzz" for "zzz"
        []
    "#]],
    );
    seen(
        "Tor:a and no|",
        expect![[r#"
        nothing
    "#]],
    );
}

#[test]
fn operators() {
    seen(
        "actor |",
        expect![[r#"
        operator of actor "" for ""
        [":", ":* "]
    "#]],
    );
    seen(
        "as_number |",
        expect![[r#"
        operator of as_number "" for ""
        [":", ":* ", ">= ", "<= "]
    "#]],
    );
    seen(
        "requestParameters.maxKeys |",
        expect![[r#"
        operator of requestParameters.maxKeys "" for ""
        [":", ":* ", ">= ", "<= "]
    "#]],
    );
    seen(
        "DeleteBucket |",
        expect![[r#"
        joint "" for ""
        ["and ", "or "]
    "#]],
    );
    seen(
        "nothing_known |",
        expect![[r#"
        joint "" for ""
        ["and ", "or "]
    "#]],
    );
}

#[test]
fn values() {
    seen(
        "actor:|",
        expect![[r#"
        value of actor "" for ""
        []
    "#]],
    );
    seen(
        "actor: al|ice and country:DE",
        expect![[r#"
        value of actor "al" for "alice"
        []
    "#]],
    );
    seen(
        "outcome:failure and not actor:\"al i|",
        expect![[r#"
        value of actor "al i" for "\"al i" where outcome:failure
        []
    "#]],
    );
    seen(
        "outcome:failure and (country:DE or actor:(a or b and not |",
        expect![[r#"
        value of actor "" for "" where outcome:failure
        []
    "#]],
    );
    seen(
        "actor:(a or (|",
        expect![[r#"
        value of actor "" for ""
        []
    "#]],
    );
    seen(
        "as_number >= 1|",
        expect![[r#"
        value of as_number "1" for "1"
        []
    "#]],
    );
    seen(
        "requestParameters.bucketName:l|",
        expect![[r#"
        value of requestParameters.bucketName "l" for "l"
        []
    "#]],
    );
    seen(
        "nothing_known:|",
        expect![[r#"
        nothing
    "#]],
    );
    seen(
        "actor:\"a\"|",
        expect![[r#"
        nothing
    "#]],
    );
}

#[test]
fn joints() {
    seen(
        "actor:a |",
        expect![[r#"
        joint "" for ""
        ["and ", "or "]
    "#]],
    );
    seen(
        "actor:a a|",
        expect![[r#"
        joint "a" for "a"
        ["and "]
    "#]],
    );
    seen(
        "actor:a and|",
        expect![[r#"
        joint "and" for "and"
        ["and "]
    "#]],
    );
    seen(
        "actor:(a |",
        expect![[r#"
        joint "" for ""
        ["and ", "or "]
    "#]],
    );
    seen(
        "actor:(a or b)|",
        expect![[r#"
        nothing
    "#]],
    );
    seen(
        "actor:(a or b) |",
        expect![[r#"
        joint "" for ""
        ["and ", "or "]
    "#]],
    );
    seen(
        "\"a b\" o|",
        expect![[r#"
        joint "o" for "o"
        ["or "]
    "#]],
    );
    seen(
        "actor:a x |",
        expect![[r#"
        nothing
    "#]],
    );
    seen(
        "actor:a)|",
        expect![[r#"
        nothing
    "#]],
    );
}

#[test]
fn a_suggestion_takes_the_place() {
    let write = |text: &str, choose: &dyn Fn(&Place) -> complete::Suggestion| {
        let (text, place) = at(text);
        let place = place.expect("a place");
        let (text, cursor) = accepted(&text, &place, &choose(&place));
        let (before, after): (Vec<_>, Vec<_>) = text.chars().enumerate().partition(|(at, _)| *at < cursor);
        let side = |chars: Vec<(usize, char)>| chars.into_iter().map(|(_, c)| c).collect::<String>();
        format!("{}|{}", side(before), side(after))
    };
    let first = |place: &Place| suggestions(place).remove(0);
    assert_eq!(write("event_n|", &first), "event_name:|");
    assert_eq!(write("ü and event_n|ame:x", &first), "ü and event_name:|x");
    assert_eq!(write("actor:a a| country:b", &first), "actor:a and |country:b");
    assert_eq!(write("as_number |", &first), "as_number :|");
    let named = |name: &'static str| move |_: &Place| of_value(name, String::new());
    assert_eq!(write("actor:al|", &named("alice")), "actor:alice |");
    assert_eq!(write("actor:al|i and x", &named("a b")), "actor:\"a b\" |and x");
    assert_eq!(write("actor:\"a |", &named("and")), "actor:\"and\" |");
}

#[test]
fn a_suggested_value_is_that_value() {
    for text in ["alice", "a b", "and", "*", "a\"b", r"a\b", "<b>", "\u{202e}x", ""] {
        let filter = format!("actor:{}", of_value(text, String::new()).text);
        assert_eq!(parse(&filter), Ok(Ast::equals(Field::Actor, &Cell::Text(text.to_owned()))), "{filter}");
    }
}
