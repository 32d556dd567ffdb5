//! Ranges: how they are written, and what lies in them.

use expect_test::expect;

use super::{matching::holds, *};

#[test]
fn ranges_have_one_spelling() {
    check(
        "as_number>=05",
        expect![[r#"
        as_number >= 5
    "#]],
    );
    check(
        "as_number < 5 and not as_number<=3",
        expect![[r#"
        as_number < 5 and not as_number <= 3
    "#]],
    );
    check(
        "latitude>-0.0 or latitude > 1e1",
        expect![[r#"
        latitude > 0 or latitude > 10
    "#]],
    );
    check(
        "event_time >= 2026-11-24",
        expect![[r#"
        event_time >= 2026-11-24T00:00:00Z
    "#]],
    );
    check(
        "event_time < 2026-11-24T23:04:29+01:00",
        expect![[r#"
        event_time < 2026-11-24T22:04:29Z
    "#]],
    );
    check(
        "source_ip >= 2001:DB8::1",
        expect![[r#"
        source_ip >= 2001:db8::1
    "#]],
    );
    check(
        "event_name >= \"a b\"",
        expect![[r#"
        event_name >= "a b"
    "#]],
    );
    check(
        "requestParameters.maxKeys >= 1e3",
        expect![[r#"
        requestParameters.maxKeys >= 1e3
    "#]],
    );
    check(
        r#"requestParameters."a b" > x"#,
        expect![[r#"
        requestParameters."a b" > x
    "#]],
    );
    check(
        "as_number:1 or as_number > 5",
        expect![[r#"
        as_number:1 or as_number > 5
    "#]],
    );
    check(
        "actor:>x",
        expect![[r#"
        actor:>x
    "#]],
    );
}

#[test]
fn mistakes_of_ranges() {
    check(
        "bytes > 5",
        expect![[r#"
        bytes > 5
        ^^^^^
        There is no field bytes. Write a field such as event_name, or a path such as requestParameters.bucketName; to look for this as text, put it in quotes.
    "#]],
    );
    check(
        "event_nam >= x",
        expect![[r#"
        event_nam >= x
        ^^^^^^^^^
        There is no field event_nam. Did you mean event_name?
    "#]],
    );
    check(
        "as_number >= many",
        expect![[r#"
        as_number >= many
                     ^^^^
        as_number takes a whole number, for example 16509; as_number:* means any.
    "#]],
    );
    check(
        "as_number:>=5",
        expect![[r#"
        as_number:>=5
                  ^^^
        A range has no colon: write as_number >= 5.
    "#]],
    );
    check(
        "as_number >= 5*",
        expect![[r#"
        as_number >= 5*
                     ^^
        A range takes a whole value, without stars.
    "#]],
    );
    check(
        "as_number >= *",
        expect![[r#"
        as_number >= *
                     ^
        A range takes a whole value, without stars.
    "#]],
    );
    check(
        "as_number >= ",
        expect![[r#"
        as_number >= 
                     ^
        Expected a value: field:value, field:"a value", field:Begin* or field:* for any.
    "#]],
    );
    check(
        "as_number >= (1 or 2)",
        expect![[r#"
        as_number >= (1 or 2)
                     ^
        Expected a value: field:value, field:"a value", field:Begin* or field:* for any.
    "#]],
    );
    check(
        "as_number >= and actor:x",
        expect![[r#"
        as_number >= and actor:x
                     ^^^
        Expected a value. To look for the word and, write "and".
    "#]],
    );
    check(
        "read_only > false",
        expect![[r#"
        read_only > false
                    ^^^^^
        read_only is true or false and has no ranges: write read_only:true.
    "#]],
    );
    check(
        "source_ip > 10.0.0.0/8",
        expect![[r#"
        source_ip > 10.0.0.0/8
                    ^^^^^^^^^^
        A range of source_ip takes an address, for example source_ip >= 198.51.100.7.
    "#]],
    );
    check(
        "event_time > yesterday",
        expect![[r#"
        event_time > yesterday
                     ^^^^^^^^^
        event_time takes a time, for example event_time >= 2026-11-24 or event_time < 2026-11-24T23:04:29Z.
    "#]],
    );
    check(
        "as_number = 5",
        expect![[r#"
        as_number = 5
                  ^
        There is no sign =. Write as_number:value; to look for this as text, put it in quotes.
    "#]],
    );
    check(
        "actor!=root",
        expect![[r#"
        actor!=root
             ^^
        There is no sign !=. Write not actor:value; to look for this as text, put it in quotes.
    "#]],
    );
    check(
        "actor == root",
        expect![[r#"
        actor == root
              ^
        There is no sign =. Write actor:value; to look for this as text, put it in quotes.
    "#]],
    );
    check(
        "> 5",
        expect![[r#"
        > 5
        ^
        Before > stands a field, for example event_name. To look for this as text, put it in quotes.
    "#]],
    );
}

#[test]
fn values_lie_in_ranges() {
    for text in [
        "as_number >= 7 and as_number <= 7 and as_number > 6 and as_number < 8",
        "latitude > 52.4 and latitude < 52.6",
        "event_time >= 1970-01-01 and event_time < 1970-01-01T00:00:00.001Z",
        "source_ip > 2001:db8:: and source_ip > 255.255.255.255 and source_ip <= 2001:db8::1",
        "event_name >= DeleteBucket and event_name < DeleteBucketPolicy and event_name > Delete",
        // As numbers where both are, else byte by byte.
        "requestParameters.port > 5 and requestParameters.port < 1e3",
        "requestParameters.ratio >= 1.50 and requestParameters.ratio <= 15e-1",
        "requestParameters.written > 9 and requestParameters.written < 11",
        "requestParameters.bucketName >= logs and requestParameters.bucketName < logt",
        "requestParameters.items.size > 2",
        "requestParameters.force > fals",
    ] {
        assert!(holds(text), "{text}");
    }
    for text in [
        "as_number > 7 or as_number < 7",
        "country >= A or country < Z",
        "event_time > 1970-01-01",
        "source_ip < 255.255.255.255",
        "requestParameters.bucketName > 5",
        "requestParameters.object > 0 or requestParameters.none > 0 or requestParameters.missing < z",
        "requestParameters.items.size > 3",
        r#"event_name > "\u0000""#,
    ] {
        assert!(!holds(text), "{text}");
    }
}

#[test]
fn numbers_are_what_a_float_holds() {
    for (text, value) in [("0", 0.0), ("-12.50", -12.5), ("007", 7.0), ("1e3", 1000.0), ("1.5E-2", 0.015)] {
        assert_eq!(number(text), Some(value), "{text}");
    }
    let (longest, too_long) = ("9".repeat(200), "9".repeat(201));
    assert!(number(&longest).is_some_and(f64::is_finite));
    assert!(number(&format!("{longest}e99")).is_some_and(f64::is_finite));
    for text in ["", "-", "+1", " 1", "1 ", ".5", "5.", "1e", "1e100", "0x10", "inf", "NaN", "١", "1_000", &too_long] {
        assert_eq!(number(text), None, "{text}");
    }
}
