//! Terms, structure, paths and typed values in their canonical text.

use expect_test::expect;

use super::*;

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
            actor:a AND country:b Or NOT city:c
                                ^
            country takes a code of two capital letters, for example DE.
        "#]],
    );
    check(
        "actor:a and (country:b or city:c)",
        expect![[r#"
            actor:a and (country:b or city:c)
                                 ^
            country takes a code of two capital letters, for example DE.
        "#]],
    );
    check(
        "(actor:a and country:b) or city:c",
        expect![[r#"
            (actor:a and country:b) or city:c
                                 ^
            country takes a code of two capital letters, for example DE.
        "#]],
    );
    check(
        "((actor:a)) and (country:b and (city:c and client:d))",
        expect![[r#"
            ((actor:a)) and (country:b and (city:c and client:d))
                                     ^
            country takes a code of two capital letters, for example DE.
        "#]],
    );
    check(
        "not (actor:a and country:b)",
        expect![[r#"
            not (actor:a and country:b)
                                     ^
            country takes a code of two capital letters, for example DE.
        "#]],
    );
    check(
        "not(actor:a)and(country:b)",
        expect![[r#"
            not(actor:a)and(country:b)
                                    ^
            country takes a code of two capital letters, for example DE.
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
            read_only takes true or false; read_only:* means any. Did you mean true?
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
