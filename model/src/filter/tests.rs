use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

/// The canonical text of a filter and its structure, or the mistake under its text.
fn check(text: &str, expected: Expect) {
    let seen = match parse(text) {
        Ok(ast) => {
            assert_eq!(parse(&print(&ast)).as_ref(), Ok(&ast), "{text} printed and read again");
            match ast {
                Ast::All => "everything\n".to_owned(),
                ast => format!("{}\n", print(&ast)),
            }
        }
        Err(error) => {
            assert_eq!(error.parameter.as_deref(), Some("q"));
            format!("{}\n{}\n", caret(text, error.span.expect("a span")), error.message)
        }
    };
    expected.assert_eq(&seen);
}

#[test]
fn terms() {
    check(
        "event_name:DeleteBucket",
        expect![[r#"
        event_name:DeleteBucket
    "#]],
    );
    check(
        "event_name : DeleteBucket",
        expect![[r#"
        event_name:DeleteBucket
    "#]],
    );
    check(
        "eventName: Delete*",
        expect![[r#"
        event_name:Delete*
    "#]],
    );
    check(
        "userIdentity.type: Root",
        expect![[r#"
        identity_type:Root
    "#]],
    );
    check(
        r#""eventName": "DeleteBucket""#,
        expect![[r#"
        event_name:DeleteBucket
    "#]],
    );
    check(
        "country:*",
        expect![[r#"
        country:*
    "#]],
    );
    check(
        "country:**",
        expect![[r#"
        country:*
    "#]],
    );
    check(
        "error_code:*Unauthorized**Operation*",
        expect![[r#"
        error_code:*Unauthorized*Operation*
    "#]],
    );
    check(
        r"error_code: a\*b",
        expect![[r#"
        error_code:"a*b"
    "#]],
    );
    check(
        r#"error_code:"a*b""#,
        expect![[r#"
        error_code:"a*b"
    "#]],
    );
    check(
        r#"user_agent: "say \"hi\" \\ \n\t\u0007""#,
        expect![[r#"
        user_agent:"say \"hi\" \\ \n\t\u0007"
    "#]],
    );
    check(
        r#"error_message:"""#,
        expect![[r#"
        error_message:""
    "#]],
    );
    check(
        r"error_message:*not\ authorized*\(x\)*",
        expect![[r#"
        error_message:*not\ authorized*\(x\)*
    "#]],
    );
    check(
        "actor_arn: arn:aws:iam::123456789012:user/ci",
        expect![[r#"
        actor_arn:arn:aws:iam::123456789012:user/ci
    "#]],
    );
    check(
        "city:Zürich",
        expect![[r#"
        city:Zürich
    "#]],
    );
    check(
        "actor:\"and\"",
        expect![[r#"
        actor:"and"
    "#]],
    );
    check(
        "actor:android",
        expect![[r#"
        actor:android
    "#]],
    );
    check(
        "actor:\u{202e}evil",
        expect![[r#"
        actor:"\u202eevil"
    "#]],
    );
}

#[test]
fn structure() {
    check(
        "",
        expect![[r#"
            everything
        "#]],
    );
    check(
        "  \n ",
        expect![[r#"
            everything
        "#]],
    );
    check(
        "*",
        expect![[r#"
            everything
        "#]],
    );
    check(
        "not *",
        expect![[r#"
        not *
    "#]],
    );
    check(
        "* and actor:a",
        expect![[r#"
        actor:a
    "#]],
    );
    check(
        "actor:a AND country:b Or NOT city:c",
        expect![[r#"
        actor:a and country:b or not city:c
    "#]],
    );
    check(
        "actor:a and (country:b or city:c)",
        expect![[r#"
        actor:a and (country:b or city:c)
    "#]],
    );
    check(
        "(actor:a and country:b) or city:c",
        expect![[r#"
        actor:a and country:b or city:c
    "#]],
    );
    check(
        "((actor:a)) and (country:b and (city:c and client:d))",
        expect![[r#"
        actor:a and country:b and city:c and client:d
    "#]],
    );
    check(
        "not (actor:a and country:b)",
        expect![[r#"
        not (actor:a and country:b)
    "#]],
    );
    check(
        "not(actor:a)and(country:b)",
        expect![[r#"
        not actor:a and country:b
    "#]],
    );
    check(
        "not not not actor:a",
        expect![[r#"
        not actor:a
    "#]],
    );
    check(
        "actor:a or actor:b",
        expect![[r#"
        actor:(a or b)
    "#]],
    );
    check(
        "actor:(a or b*) and country:(not DE)",
        expect![[r#"
        actor:(a or b*) and not country:DE
    "#]],
    );
    check(
        "actor:(a and not (b or c))",
        expect![[r#"
        actor:a and not actor:(b or c)
    "#]],
    );
    check(
        "actor:(a)",
        expect![[r#"
        actor:a
    "#]],
    );
    check(
        "actor:a or actor:b or city:c",
        expect![[r#"
        actor:a or actor:b or city:c
    "#]],
    );
}

#[test]
fn paths() {
    check(
        "requestParameters.bucketName: logs",
        expect![[r#"
        requestParameters.bucketName:logs
    "#]],
    );
    check(
        r#"requestParameters."aws:SourceIp"."a.b": x"#,
        expect![[r#"
        requestParameters."aws:SourceIp"."a.b":x
    "#]],
    );
    check(
        r#"requestParameters.tags."": x"#,
        expect![[r#"
        requestParameters.tags."":x
    "#]],
    );
    check(
        "resources:*",
        expect![[r#"
        resources:*
    "#]],
    );
    check(
        "newDetails.some-thing.@type: x",
        expect![[r#"
            newDetails.some-thing.@type:x
        "#]],
    );
    check(
        r#""newAttribute": x"#,
        expect![[r#"
        "newAttribute":x
    "#]],
    );
    check(
        r#""requestParameter".bucketName: x"#,
        expect![[r#"
        "requestParameter".bucketName:x
    "#]],
    );
    check(
        "userIdentity.sessionContext.attributes.mfaAuthenticated:true",
        expect![[r#"
        userIdentity.sessionContext.attributes.mfaAuthenticated:true
    "#]],
    );
}

#[test]
fn typed_values() {
    check(
        "read_only:true",
        expect![[r#"
        read_only:true
    "#]],
    );
    check(
        "read_only:*",
        expect![[r#"
        read_only:*
    "#]],
    );
    check(
        "read_only:yes",
        expect![[r#"
        read_only:yes
                  ^^^
        read_only takes true or false; read_only:* means any.
    "#]],
    );
    check(
        "read_only:tr*",
        expect![[r#"
        read_only:tr*
                  ^^^
        read_only takes true or false; read_only:* means any.
    "#]],
    );
    check(
        "as_number:016509",
        expect![[r#"
        as_number:16509
    "#]],
    );
    check(
        "as_number:AS16509",
        expect![[r#"
        as_number:AS16509
                  ^^^^^^^
        as_number takes a whole number, for example 16509; as_number:* means any.
    "#]],
    );
    check(
        "latitude:-0.0 or longitude:1e1",
        expect![[r#"
        latitude:0 or longitude:10
    "#]],
    );
    check(
        "latitude:inf",
        expect![[r#"
        latitude:inf
                 ^^^
        latitude takes a number, for example 52.5; latitude:* means any.
    "#]],
    );
    check(
        "event_time:2026-11-24T23:04:29+01:00",
        expect![[r#"
        event_time:2026-11-24T22:04:29Z
    "#]],
    );
    check(
        "event_time:2026-11-24",
        expect![[r#"
        event_time:2026-11-24
                   ^^^^^^^^^^
        event_time takes a time, for example "2026-11-24T23:04:29Z"; event_time:* means any.
    "#]],
    );
    check(
        "source_ip:2001:DB8:0:0::1",
        expect![[r#"
        source_ip:2001:db8::1
    "#]],
    );
    check(
        "source_ip:10.1.2.3/8 or source_ip:10.1.2.3/32",
        expect![[r#"
        source_ip:(10.0.0.0/8 or 10.1.2.3)
    "#]],
    );
    check(
        "source_ip:198.51.*",
        expect![[r#"
        source_ip:198.51.*
    "#]],
    );
    check(
        "source_ip:AWS",
        expect![[r#"
        source_ip:AWS
                  ^^^
        source_ip takes an address, for example 198.51.100.7, 198.51.100.0/24 or 198.51.100.*; source_ip:* means any.
    "#]],
    );
    check(
        "source_ip:10.0.0.300",
        expect![[r#"
        source_ip:10.0.0.300
                  ^^^^^^^^^^
        source_ip takes an address, for example 198.51.100.7, 198.51.100.0/24 or 198.51.100.*; source_ip:* means any.
    "#]],
    );
}

#[test]
fn mistakes_of_names() {
    check(
        "DeleteBucket",
        expect![[r#"
        DeleteBucket
        ^^^^^^^^^^^^
        This is no field with a value. Write field: value, for example event_name: DeleteBucket.
    "#]],
    );
    check(
        "actor:ci and DeleteBucket",
        expect![[r#"
        actor:ci and DeleteBucket
                     ^^^^^^^^^^^^
        This is no field with a value. Write field: value, for example event_name: DeleteBucket.
    "#]],
    );
    check(
        r#""Delete Bucket" and x"#,
        expect![[r#"
        "Delete Bucket" and x
        ^^^^^^^^^^^^^^^
        This is no field with a value. Write field: value, for example event_name: DeleteBucket.
    "#]],
    );
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
        There is no field zzz. Write a field such as event_name, or a path such as requestParameters.bucketName.
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
        This is no field with a value. Write field: value, for example event_name: DeleteBucket.
    "#]],
    );
    check(
        ".x:y",
        expect![[r#"
        .x:y
        ^^^^
        This is no field with a value. Write field: value, for example event_name: DeleteBucket.
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
        ":x",
        expect![[r#"
        :x
        ^^
        This is no field with a value. Write field: value, for example event_name: DeleteBucket.
    "#]],
    );
    check(
        "bytes > 5",
        expect![[r#"
        bytes > 5
        ^^^^^
        This is no field with a value. Write field: value, for example event_name: DeleteBucket.
    "#]],
    );
    check(
        "*:x",
        expect![[r#"
        *:x
        ^^^
        This is no field with a value. Write field: value, for example event_name: DeleteBucket.
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
            Expected and, or, or the end of the filter. A value with spaces needs quotes: field:"a value".
        "#]],
    );
    check(
        "event_name:a, actor:b",
        expect![[r#"
            event_name:a, actor:b
                          ^^^^^^^
            Expected and, or, or the end of the filter. A value with spaces needs quotes: field:"a value".
        "#]],
    );
    check(
        "event_name:a && actor:b",
        expect![[r#"
            event_name:a && actor:b
                         ^^
            Expected and, or, or the end of the filter. A value with spaces needs quotes: field:"a value".
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
            Expected and, or, or the end of the filter. A value with spaces needs quotes: field:"a value".
        "#]],
    );
    check(
        r#"event_name:a"b c""#,
        expect![[r#"
            event_name:a"b c"
                        ^^^^^
            Expected and, or, or the end of the filter. A value with spaces needs quotes: field:"a value".
        "#]],
    );
    check(
        r"actor:CORP\dave",
        expect![[r#"
        actor:CORP\dave
                  ^^
        A backslash stands before *, ", (, ), n, r, t, u0041 or another backslash: write \\ for one backslash.
    "#]],
    );
    check(
        r"actor:a\u00g0",
        expect![[r#"
        actor:a\u00g0
               ^^
        A backslash stands before *, ", (, ), n, r, t, u0041 or another backslash: write \\ for one backslash.
    "#]],
    );
    check(
        r"actor:\ud800",
        expect![[r#"
        actor:\ud800
              ^^
        A backslash stands before *, ", (, ), n, r, t, u0041 or another backslash: write \\ for one backslash.
    "#]],
    );
    check(
        "actor:a\\",
        expect![[r#"
        actor:a\
               ^
        A backslash stands before *, ", (, ), n, r, t, u0041 or another backslash: write \\ for one backslash.
    "#]],
    );
    check(
        "actor:(a country:b)",
        expect![[r#"
            actor:(a country:b)
                     ^^^^^^^^^
            Expected and, or, or a closing parenthesis. A value with spaces needs quotes: field:"a value".
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
        This is no field with a value. Write field: value, for example event_name: DeleteBucket.
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

#[test]
fn clicks_make_terms() {
    let equals = |field, cell| print(&Ast::equals(field, &cell));
    assert_eq!(equals(Field::Country, Cell::Text("DE".into())), "country:DE");
    assert_eq!(equals(Field::Country, Cell::Null), "not country:*");
    assert_eq!(equals(Field::Actor, Cell::Text("*".into())), r#"actor:"*""#);
    assert_eq!(equals(Field::ReadOnly, Cell::Bool(false)), "read_only:false");
    assert_eq!(equals(Field::AsNumber, Cell::Int(16509)), "as_number:16509");
    assert_eq!(equals(Field::Latitude, Cell::Float(52.0)), "latitude:52");
    assert_eq!(
        equals(Field::EventTime, Cell::Time(crate::time::Timestamp(1500))),
        "event_time:1970-01-01T00:00:01.500Z"
    );
}

#[test]
fn pills_are_the_conditions_that_hold_together() {
    let pills = |text| parse(text).expect(text).terms().iter().map(print).collect::<Vec<_>>();
    assert_eq!(pills(""), Vec::<String>::new());
    assert_eq!(pills("actor:a"), ["actor:a"]);
    assert_eq!(pills("actor:a and not (city:b or country:c)"), ["actor:a", "not (city:b or country:c)"]);
    assert_eq!(pills("actor:a or city:b"), ["actor:a or city:b"]);
    let ast = parse("actor:a or city:b").expect("a filter").and(parse("client:c").expect("a filter"));
    assert_eq!(print(&ast), "(actor:a or city:b) and client:c");
    assert_eq!(print(&ast.clone().negated()), "not ((actor:a or city:b) and client:c)");
    assert_eq!(ast.clone().negated().negated(), ast);
}

/// An event with a list of objects, and fields of every kind.
fn holds(text: &str) -> bool {
    let event = serde_json::json!({
        "requestParameters": {
            "bucketName": "logs", "port": 443, "ratio": 1.5, "force": true, "none": null, "empty": [], "object": {"a": 1},
            "items": [{"cidr": "10.0.0.0/8", "tags": ["a", "b"]}, {"cidr": "0.0.0.0/0"}, "text"],
            "nested": [[{"a": 1}]]
        }
    });
    let cell = |field| match field {
        Field::EventName => Cell::Text("DeleteBucket".into()),
        Field::ReadOnly => Cell::Bool(false),
        Field::SourceIp => Cell::Text("2001:db8::1".into()),
        Field::AsNumber => Cell::Int(7),
        Field::Latitude => Cell::Float(52.5),
        Field::EventTime => Cell::Time(crate::time::Timestamp(0)),
        _ => Cell::Null,
    };
    eval_values(&parse(text).expect(text), &|target| match target {
        Target::Path(path) => path_values(&event, path),
        Target::Field(field) => Some(cell(*field)).filter(|cell| !cell.is_null()).into_iter().collect(),
    })
}

#[test]
fn filters_match() {
    for text in [
        "",
        "event_name:DeleteBucket",
        "event_name:Delete*",
        "event_name:*lete*ket",
        "event_name:D*e*B*t",
        "not event_name:delete*",
        "not country:DE",
        "not country:*",
        "event_name:(x or DeleteBucket)",
        "read_only:false",
        "source_ip:2001:db8:0::1",
        "source_ip:2001:db8::/32",
        "source_ip:2001:*",
        "as_number:7 and latitude:52.50 and event_time:1970-01-01T00:00:00Z",
        "requestParameters.bucketName:logs",
        "requestParameters.port:443",
        "requestParameters.ratio:1.5",
        "requestParameters.force:true",
        "requestParameters.object:*",
        "requestParameters:*",
        "requestParameters.items.cidr:0.0.0.0/0",
        "requestParameters.items.tags:b",
        "requestParameters.items:text",
        "requestParameters.nested:*",
    ] {
        assert!(holds(text), "{text}");
    }
}

#[test]
fn filters_do_not_match() {
    for text in [
        "not *",
        "event_name:deletebucket",
        "event_name:Delete",
        "event_name:*Bucket*Bucket",
        "event_name:DeleteBucketDelete*Bucket",
        "country:*",
        "country:DE or not event_name:*",
        "source_ip:10.0.0.0/8",
        "read_only:true",
        "requestParameters.none:*",
        "requestParameters.empty:*",
        "requestParameters.object:a",
        "requestParameters.items.cidr:0.0.0.0",
        "requestParameters.nested.a:1",
        "requestParameters.bucketName.x:*",
        "bucketName.x:logs",
    ] {
        assert!(!holds(text), "{text}");
    }
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-c*\\\\\"() :\n\u{a0}\u{202e}]{0,6}", "and|OR|not|true|[0-9]{1,3}", any::<String>()]
}

fn any_pattern() -> impl Strategy<Value = Pattern> {
    prop_oneof![
        Just(Pattern::Exists),
        any_text().prop_map(Pattern::Exactly),
        prop::collection::vec(any_text(), 2..5).prop_map(lex::pattern)
    ]
}

/// Terms as `parse` makes them: known names as fields, values in their one spelling.
fn any_term() -> impl Strategy<Value = Ast> {
    let segment = prop_oneof!["[a-zA-Z0-9_@-]{1,8}", any_text()];
    let first = prop_oneof![Just("requestParameters".to_owned()), Just("requestParameter".to_owned()), segment.clone()];
    let path = (first, prop::collection::vec(segment, 0..4)).prop_map(|(first, mut rest)| {
        rest.insert(0, first);
        name::field(&rest).map_or(Target::Path(rest), Target::Field)
    });
    let target = prop_oneof![prop::sample::select(Field::ALL).prop_map(Target::Field), path];
    (target, any_pattern()).prop_map(|(target, pattern)| {
        let pattern = value::checked(&target, pattern).unwrap_or(Pattern::Exists);
        Ast::Term(Term { target, pattern })
    })
}

fn any_ast() -> impl Strategy<Value = Ast> {
    prop_oneof![4 => any_term(), 1 => Just(Ast::All)].prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(Ast::negated),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Ast::all_of),
            prop::collection::vec(inner, 0..4).prop_map(Ast::any_of),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_filter_is_the_same_after_its_text(ast in any_ast()) {
        let text = print(&ast);
        if text.len() <= MAX_BYTES {
            prop_assert_eq!(parse(&text), Ok(ast), "{}", text);
        }
    }

    #[test]
    fn no_text_panics(text in prop_oneof![any::<String>(), "(not |and |or |\\(|\\)|\"|:|\\*|\\\\|actor|read_only| |requestParameters|\\.|x|é){0,20}"]) {
        match parse(&text) {
            Ok(ast) => {
                prop_assert_eq!(parse(&print(&ast)), Ok(ast));
            }
            Err(error) => {
                let span = error.span.expect("a span");
                prop_assert!(span.start <= span.end && span.end as usize <= text.chars().count());
            }
        }
    }

    #[test]
    fn wildcards_match_what_they_are_made_of(pieces in prop::collection::vec("[ab]{0,2}", 2..5), between in prop::collection::vec("[ab]{0,2}", 4)) {
        let text: String = pieces.iter().enumerate().map(|(at, piece)| if at == 0 { piece.clone() } else { between[at - 1].clone() + piece }).collect();
        let term = Ast::Term(Term { target: Target::Field(Field::Actor), pattern: lex::pattern(pieces) });
        prop_assert!(eval(&term, &|_| Cell::Text(text.clone())));
    }
}
