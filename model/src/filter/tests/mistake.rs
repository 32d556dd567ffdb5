//! What is said of a text that is no filter.

use expect_test::expect;

use super::*;

#[test]
fn mistakes_of_names() {
    check(
        "event_nam:x",
        expect![[r#"
        event_nam:x
        ^^^^^^^^^
        There is no field event_nam. Did you mean event_name?
    "#]],
    );
    check(
        "EventName:x",
        expect![[r#"
        EventName:x
        ^^^^^^^^^
        There is no field EventName. Did you mean eventName?
    "#]],
    );
    check(
        "region:x",
        expect![[r#"
        region:x
        ^^^^^^
        There is no field region. Did you mean aws_region?
    "#]],
    );
    check(
        "zzz:x",
        expect![[r#"
            zzz:x
            ^^^
            There is no field zzz. Write a field such as event_name, or a path such as requestParameters.bucketName; to look for this as text, put it in quotes.
        "#]],
    );
    check(
        "requestParameter.bucketName:x",
        expect![[r#"
        requestParameter.bucketName:x
        ^^^^^^^^^^^^^^^^
        There is no field requestParameter. Did you mean requestParameters?
    "#]],
    );
    check(
        "user_identity.type:x",
        expect![[r#"
        user_identity.type:x
        ^^^^^^^^^^^^^
        There is no field user_identity. Did you mean userIdentity?
    "#]],
    );
    check(
        "requestParameters.:x",
        expect![[r#"
            requestParameters.:x
            ^^^^^^^^^^^^^^^^^^^^
            Before : stands a field, for example event_name. To look for this as text, put it in quotes.
        "#]],
    );
    check(
        ".x:y",
        expect![[r#"
            .x:y
            ^^^^
            Before : stands a field, for example event_name. To look for this as text, put it in quotes.
        "#]],
    );
    check(
        "requestParameters.a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p:x",
        expect![[r#"
        requestParameters.a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p:x
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        A path has at most 16 parts.
    "#]],
    );
    check(
        "*:x",
        expect![[r#"
            *:x
            ^^^
            Before : stands a field, for example event_name. To look for this as text, put it in quotes.
        "#]],
    );
}

#[test]
fn mistakes_of_values() {
    check(
        "event_name:",
        expect![[r#"
        event_name:
                   ^
        Expected a value: field:value, field:"a value", field:Begin* or field:* for any.
    "#]],
    );
    check(
        "event_name: and actor:x",
        expect![[r#"
        event_name: and actor:x
                    ^^^
        Expected a value. To look for the word and, write "and".
    "#]],
    );
    check(
        "event_name: Delete Bucket",
        expect![[r#"
            event_name: Delete Bucket
                               ^^^^^^
            Expected and, or, or the end of the filter. Text with spaces needs quotes: "two words".
        "#]],
    );
    check(
        "event_name:a, actor:b",
        expect![[r#"
            event_name:a, actor:b
                          ^^^^^^^
            Expected and, or, or the end of the filter. Text with spaces needs quotes: "two words".
        "#]],
    );
    check(
        "event_name:a && actor:b",
        expect![[r#"
            event_name:a && actor:b
                         ^^
            Expected and, or, or the end of the filter. Text with spaces needs quotes: "two words".
        "#]],
    );
    check(
        r#"event_name:"Delete"#,
        expect![[r#"
        event_name:"Delete
                   ^
        This quote is never closed.
    "#]],
    );
    check(
        r#"event_name:"a"b"#,
        expect![[r#"
            event_name:"a"b
                          ^
            Expected and, or, or the end of the filter. Text with spaces needs quotes: "two words".
        "#]],
    );
    check(
        r#"event_name:a"b c""#,
        expect![[r#"
            event_name:a"b c"
                        ^^^^^
            Expected and, or, or the end of the filter. Text with spaces needs quotes: "two words".
        "#]],
    );
    check(
        r"actor:CORP\dave",
        expect![[r#"
            actor:CORP\dave
                      ^^
            A backslash stands before a sign of this language (such as * or "), before n, r, t, u0041 or another backslash: write \\ for one backslash.
        "#]],
    );
    check(
        r"actor:a\u00g0",
        expect![[r#"
            actor:a\u00g0
                   ^^
            A backslash stands before a sign of this language (such as * or "), before n, r, t, u0041 or another backslash: write \\ for one backslash.
        "#]],
    );
    check(
        r"actor:\ud800",
        expect![[r#"
            actor:\ud800
                  ^^
            A backslash stands before a sign of this language (such as * or "), before n, r, t, u0041 or another backslash: write \\ for one backslash.
        "#]],
    );
    check(
        "actor:a\\",
        expect![[r#"
            actor:a\
                   ^
            A backslash stands before a sign of this language (such as * or "), before n, r, t, u0041 or another backslash: write \\ for one backslash.
        "#]],
    );
    check(
        "actor:(a country:b)",
        expect![[r#"
            actor:(a country:b)
                     ^^^^^^^^^
            Expected and, or, or a closing parenthesis. Text with spaces needs quotes: "two words".
        "#]],
    );
    check(
        "actor:()",
        expect![[r#"
        actor:()
               ^
        Expected a value: field:value, field:"a value", field:Begin* or field:* for any.
    "#]],
    );
    check(
        "actor:(a or)",
        expect![[r#"
        actor:(a or)
                   ^
        Expected a value: field:value, field:"a value", field:Begin* or field:* for any.
    "#]],
    );
}

#[test]
fn mistakes_of_known_values() {
    check(
        "outcome:failed",
        expect![[r#"
        outcome:failed
                ^^^^^^
        outcome is success or failure. Did you mean failure?
    "#]],
    );
    check(
        "outcome:(Success or fail*)",
        expect![[r#"
        outcome:(Success or fail*)
                 ^^^^^^^
        outcome is success or failure. Did you mean success?
    "#]],
    );
    check(
        "country:Germany",
        expect![[r#"
        country:Germany
                ^^^^^^^
        country takes a code of two capital letters, for example DE. Did you mean DE?
    "#]],
    );
    check(
        "country:de",
        expect![[r#"
        country:de
                ^^
        country takes a code of two capital letters, for example DE. Did you mean DE?
    "#]],
    );
    check(
        "not country:XYZ",
        expect![[r#"
        not country:XYZ
                    ^^^
        country takes a code of two capital letters, for example DE.
    "#]],
    );
    check(
        "country:XX or country:D*",
        expect![[r#"
        country:(XX or D*)
    "#]],
    );
    check(
        "mfa_used:Yes",
        expect![[r#"
        mfa_used:Yes
                 ^^^
        mfa_used takes true or false; mfa_used:* means any. Did you mean true?
    "#]],
    );
    check(
        "read_only:0",
        expect![[r#"
        read_only:0
                  ^
        read_only takes true or false; read_only:* means any. Did you mean false?
    "#]],
    );
}

#[test]
fn mistakes_of_structure() {
    check(
        "actor:a and",
        expect![[r#"
        actor:a and
                   ^
        Something is missing at the end. Write field: value, for example event_name: DeleteBucket.
    "#]],
    );
    check(
        "or actor:a",
        expect![[r#"
        or actor:a
        ^^
        There is nothing before this or. Write field: value, for example event_name: DeleteBucket.
    "#]],
    );
    check(
        "actor:a or or actor:b",
        expect![[r#"
        actor:a or or actor:b
                   ^^
        There is nothing before this or. Write field: value, for example event_name: DeleteBucket.
    "#]],
    );
    check(
        "(actor:a",
        expect![[r#"
        (actor:a
        ^
        This parenthesis is never closed.
    "#]],
    );
    check(
        "actor:a)",
        expect![[r#"
        actor:a)
               ^
        No parenthesis is open that this one could close.
    "#]],
    );
    check(
        "()",
        expect![[r#"
        ()
         ^
        There is nothing before this parenthesis. Write field: value, for example event_name: DeleteBucket.
    "#]],
    );
    check(
        "not",
        expect![[r#"
        not
           ^
        Something is missing at the end. Write field: value, for example event_name: DeleteBucket.
    "#]],
    );
    check(
        "(actor:ä and Ünknown:b",
        expect![[r#"
            (actor:ä and Ünknown:b
                         ^^^^^^^^^
            Before : stands a field, for example event_name. To look for this as text, put it in quotes.
        "#]],
    );
}

#[test]
fn nesting_and_length_have_limits() {
    let nested = |depth| format!("{}actor:a{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(print(&parse(&nested(MAX_DEPTH)).expect("as deep as may be")), "actor:a");
    let error = parse(&nested(MAX_DEPTH + 1)).expect_err("too deep");
    assert_eq!(error.to_string(), "q, column 65: This is nested too deep: at most 64 parentheses and nots.");
    assert!(parse(&("not ".repeat(2000) + "actor:a")).is_err());
    assert!(parse(&"actor:(".repeat(1000)).is_err());

    let long = |length: usize| format!("actor:{}", "ä".repeat((length - 6) / 2));
    assert!(parse(&long(MAX_BYTES)).is_ok());
    let error = parse(&long(MAX_BYTES + 2)).expect_err("too long");
    assert_eq!(error.to_string(), "q, column 4100: A filter has at most 8 KiB.");
}
