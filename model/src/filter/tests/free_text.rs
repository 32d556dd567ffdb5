//! Values without a field.

use expect_test::expect;

use super::*;

#[test]
fn texts_have_one_spelling() {
    check(
        "DeleteBucket",
        expect![[r#"
        DeleteBucket
    "#]],
    );
    check(
        "actor:ci and DeleteBucket or not 'x'",
        expect![[r#"
        actor:ci and DeleteBucket or not 'x'
    "#]],
    );
    check(
        r#""Delete Bucket" and x"#,
        expect![[r#"
        "Delete Bucket" and x
    "#]],
    );
    check(
        "*Delete*",
        expect![[r#"
        Delete
    "#]],
    );
    check(
        "**Delete**Bucket",
        expect![[r#"
        Delete*Bucket
    "#]],
    );
    check(
        r#""0.0.0.0/0""#,
        expect![[r#"
        0.0.0.0/0
    "#]],
    );
    check(
        "10.0.0.1",
        expect![[r#"
        10.0.0.1
    "#]],
    );
    check(
        r#""a:b" or a\:b* or "<" or "=" or "a*b" or "and""#,
        expect![[r#"
        "a:b" or "a:b" or "<" or "=" or "a*b" or "and"
    "#]],
    );
    check(
        r"*\<script\>*x",
        expect![[r#"
        \<script\>*x
    "#]],
    );
    check(
        "a or b",
        expect![[r#"
        a or b
    "#]],
    );
    check(
        "(a or b) and not (c d)",
        expect![[r#"
        (a or b) and not (c d)
                            ^
        Expected and, or, or a closing parenthesis. Text with spaces needs quotes: "two words".
    "#]],
    );
    check(
        "*",
        expect![[r#"
        everything
    "#]],
    );
    check(
        "requestParameters.",
        expect![[r#"
        requestParameters.
    "#]],
    );
    check(
        "a!b",
        expect![[r#"
        a!b
    "#]],
    );
}

#[test]
fn mistakes_of_texts() {
    check(
        "Delete Bucket",
        expect![[r#"
        Delete Bucket
               ^^^^^^
        Expected and, or, or the end of the filter. Text with spaces needs quotes: "two words".
    "#]],
    );
    check(
        r#""""#,
        expect![[r#"
        ""
        ^^
        There is nothing to look for.
    "#]],
    );
    check(
        "arn:aws:iam::123456789012:root",
        expect![[r#"
        arn:aws:iam::123456789012:root
        ^^^
        There is no field arn. Write a field such as event_name, or a path such as requestParameters.bucketName; to look for this as text, put it in quotes.
    "#]],
    );
    check(
        "https://example.com",
        expect![[r#"
        https://example.com
        ^^^^^
        There is no field https. Write a field such as event_name, or a path such as requestParameters.bucketName; to look for this as text, put it in quotes.
    "#]],
    );
    check(
        "10.0.0.1:443",
        expect![[r#"
        10.0.0.1:443
        ^^
        There is no field 10. Write a field such as event_name, or a path such as requestParameters.bucketName; to look for this as text, put it in quotes.
    "#]],
    );
    check(
        ":x",
        expect![[r#"
        :x
        ^^
        Before : stands a field, for example event_name. To look for this as text, put it in quotes.
    "#]],
    );
    check(
        "a+b=c",
        expect![[r#"
        a+b=c
        ^^^^^
        Before = stands a field, for example event_name. To look for this as text, put it in quotes.
    "#]],
    );
    check(
        "Ünknown:b",
        expect![[r#"
        Ünknown:b
        ^^^^^^^^^
        Before : stands a field, for example event_name. To look for this as text, put it in quotes.
    "#]],
    );
    check(
        r#""never closed"#,
        expect![[r#"
        "never closed
        ^
        This quote is never closed.
    "#]],
    );
}

/// Whether the event with this text matches.
fn found(filter: &str, raw: &str) -> bool {
    assert!(serde_json::from_str::<serde_json::Value>(raw).is_ok(), "{raw}");
    let ast = parse(filter).expect(filter);
    eval(&ast, &|_| Cell::Text(event_text(raw).into_owned()))
}

#[test]
fn texts_stand_anywhere() {
    let raw = r#"{"eventName":"DeleteBucket","n":[443,true,null],"p":"{\"Action\":\"s3:*\",\n\"Resource\":\"a\/b\"}","u":"caf\u00e9 é \ud83d\ude00"}"#;
    for text in [
        "deletebucket",
        "eventname",
        "delete*cket",
        "name*443*true",
        r#""Action\":\"s3:\*""#,
        r#""\"Action\":\"s3:*\"""#,
        "a/b",
        "café",
        "\"CAFé\"",
        "😀",
        r#""\n\"resource""#,
        "\"[443,true,null]\"",
        "not DeleteTable",
    ] {
        assert!(found(text, raw), "{text}");
    }
    for text in ["deletetable", "bucket*delete", "CAFÉ", r"\\", r"u00e9", "nresource", "not caf*é"] {
        assert!(!found(text, raw), "{text}");
    }
}

#[test]
fn escapes_are_resolved() {
    for (raw, text) in [
        (r#""a\"b\\c\/d\b\f\n\r\te""#, "\"a\"b\\c/d\u{8}\u{c}\n\r\te\""),
        (r#""\\u0041\\\u0041""#, r#""\u0041\A""#),
        (r#""\ud83d\ude00\ud83dx\ude00\u0000""#, "\"😀\u{fffd}x\u{fffd}\u{fffd}\""),
        ("{ \"plain\" : 1 }", "{ \"plain\" : 1 }"),
    ] {
        assert_eq!(event_text(raw), text);
    }
    // No JSON, but nothing to fail on.
    for broken in [r"\", r"\u", r"\u00", r"\uzzzz", r"\ü"] {
        let _ = event_text(broken);
    }
}
