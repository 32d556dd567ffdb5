//! A filter's `Ast` to SQL. Values travel as binds only; columns come from an exhaustive match on `Field`.

pub(super) mod path;
mod text;

use model::{
    field::{Field, Kind},
    filter::{Ast, Comparison, Pattern, Target, Term},
    time::Timestamp,
};
use sqlx::{Postgres, QueryBuilder};
use std::net::IpAddr;
use time::{Duration, OffsetDateTime};

use crate::store::key::Key;

/// Pushes the condition that a row of `event` matches, in parentheses where it needs them.
///
/// It is true exactly where `model::filter::eval_values` says so. Elsewhere it is false or null: right for `where`,
/// `filter (where …)` and below `and` and `or`, and index-friendly; whoever negates it writes `(…) is not true`, as
/// this function does for `not`.
pub fn condition(ast: &Ast, sql: &mut QueryBuilder<Postgres>) {
    condition_over(ast, &[], sql);
}

/// The same where some parts have been asked already: the row's `text_0` tells of the first of them, and so on.
pub fn condition_over(ast: &Ast, asked: &[&Ast], sql: &mut QueryBuilder<Postgres>) {
    if let Some(at) = asked.iter().position(|asked| *asked == ast) {
        sql.push(format_args!("text_{at}"));
        return;
    }
    match ast {
        Ast::All => push(sql, "true"),
        Ast::Term(term) => push_term(term, sql),
        Ast::Not(inner) => {
            push(sql, "((");
            condition_over(inner, asked, sql);
            push(sql, ") is not true)");
        }
        Ast::And(parts) => push_parts(parts, asked, (" and ", "true"), sql),
        Ast::Or(parts) => match same_text(parts) {
            Some((field, values)) => {
                push(sql, column(field));
                push(sql, if field.kind() == Kind::List { " && (" } else { " = any(" });
                sql.push_bind(values);
                push(sql, ")");
            }
            None => push_parts(parts, asked, (" or ", "false"), sql),
        },
    }
}

/// Whether a condition is upon the event's text and nothing else.
pub fn is_text(ast: &Ast) -> bool {
    match ast {
        Ast::All => false,
        Ast::Term(term) => !matches!(term.target, Target::Field(_)),
        Ast::Not(inner) => is_text(inner),
        Ast::And(parts) | Ast::Or(parts) => parts.iter().all(is_text),
    }
}

/// The field's value in a row of `event`: the column that stores it, or what follows from its time. Its name, in what a
/// statement gives, is the field's key.
pub fn column(field: Field) -> &'static str {
    match field {
        Field::EventTime => "event_time",
        Field::Weekday => "extract(isodow from event_time at time zone 'UTC')::bigint",
        Field::Hour => "extract(hour from event_time at time zone 'UTC')::bigint",
        Field::EventId => "event_id",
        Field::EventName => "event_name",
        Field::EventSource => "event_source",
        Field::EventType => "event_type",
        Field::EventCategory => "event_category",
        Field::ReadOnly => "read_only",
        Field::Outcome => "outcome",
        Field::ErrorCode => "error_code",
        Field::ErrorMessage => "error_message",
        Field::AwsRegion => "aws_region",
        Field::Account => "account",
        Field::Actor => "actor",
        Field::Session => "session",
        Field::IdentityType => "identity_type",
        Field::ActorArn => "actor_arn",
        Field::IdentityAccount => "identity_account",
        Field::AccessKey => "access_key",
        Field::InvokedBy => "invoked_by",
        Field::SourceAddress => "source_address",
        Field::SourceIp => "source_ip",
        Field::Country => "country",
        Field::City => "city",
        Field::Latitude => "latitude",
        Field::Longitude => "longitude",
        Field::TimeZone => "time_zone",
        Field::AsNumber => "as_number",
        Field::AsOrganisation => "as_organisation",
        Field::UserAgent => "user_agent",
        Field::Client => "client",
        Field::MfaUsed => "mfa_used",
        Field::RequestId => "request_id",
        Field::Resource => "resource",
        Field::Origin => "origin",
        Field::SourceIdentity => "source_identity",
        Field::IssuedAccessKey => "issued_access_key",
        Field::CrossAccount => "cross_account",
        Field::Console => "console",
        Field::TlsVersion => "tls_version",
        Field::VpcEndpoint => "vpc_endpoint",
    }
}

/// The field's value as a list of events selects it: an origin is looked up for the rows that are given, after they are
/// sorted and cut, and not for all that are found.
pub fn listed(field: Field) -> &'static str {
    match field {
        Field::Origin => {
            "coalesce(own_origin, (select origin from credential where access_key = event.access_key), source_identity)"
        }
        field => column(field),
    }
}

fn push(sql: &mut QueryBuilder<Postgres>, fragment: &'static str) {
    sql.push(fragment);
}

fn push_parts(
    parts: &[Ast],
    asked: &[&Ast],
    (between, without): (&'static str, &'static str),
    sql: &mut QueryBuilder<Postgres>,
) {
    if parts.is_empty() {
        return push(sql, without);
    }
    push(sql, "(");
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            push(sql, between);
        }
        condition_over(part, asked, sql);
    }
    push(sql, ")");
}

/// The texts that one field is asked for, where the parts ask for nothing else: one index condition instead of many.
fn same_text(parts: &[Ast]) -> Option<(Field, Vec<String>)> {
    let text = |part: &Ast| match part {
        Ast::Term(Term { target: Target::Field(field), pattern: Pattern::Exactly(value) })
            if matches!(field.kind(), Kind::Text | Kind::List) && *field != Field::EventId && is_storable(value) =>
        {
            Some((*field, value.clone()))
        }
        _ => None,
    };
    let (field, _) = text(parts.first()?)?;
    let values = parts.iter().map(|part| text(part).filter(|(other, _)| *other == field).map(|(_, value)| value));
    Some((field, values.collect::<Option<_>>()?))
}

/// Postgres stores no NUL, and refuses it in a bind: nothing is equal to a text with one.
pub fn is_storable(text: &str) -> bool {
    !text.contains('\0')
}

fn push_term(term: &Term, sql: &mut QueryBuilder<Postgres>) {
    let storable = match &term.pattern {
        Pattern::Exists => true,
        Pattern::Exactly(text) | Pattern::Range(_, text) => is_storable(text),
        Pattern::Wildcard(pieces) => pieces.iter().all(|piece| is_storable(piece)),
    };
    match &term.target {
        _ if !storable => push(sql, "false"),
        Target::Field(field) => push_field(*field, &term.pattern, sql),
        Target::Path(path) => path::push_path(path, &term.pattern, sql),
        Target::Event => text::push_text(&term.pattern, sql),
    }
}

fn push_field(field: Field, pattern: &Pattern, sql: &mut QueryBuilder<Postgres>) {
    let column = column(field);
    match (pattern, field.kind()) {
        (Pattern::Exists, _) => {
            push(sql, column);
            push(sql, " is not null");
        }
        (Pattern::Exactly(id), _) if field == Field::EventId => push_id(id, sql),
        (Pattern::Exactly(value), kind) => push_exactly(column, kind, value, sql),
        (Pattern::Wildcard(pieces), Kind::Text) => {
            push(sql, column);
            push_like(pieces, sql);
        }
        (Pattern::Wildcard(pieces), Kind::Address) => {
            push(sql, "host(");
            push(sql, column);
            push(sql, ")");
            push_like(pieces, sql);
        }
        (Pattern::Wildcard(pieces), Kind::List) => {
            push(sql, "exists (select from unnest(");
            push(sql, column);
            push(sql, ") as element where element");
            push_like(pieces, sql);
            push(sql, ")");
        }
        (Pattern::Range(comparison, bound), kind) => push_range(column, kind, *comparison, bound, sql),
        // The language refuses wildcards on other kinds.
        (Pattern::Wildcard(_), Kind::Time | Kind::Bool | Kind::Integer | Kind::Float) => push(sql, "false"),
    }
}

/// By the key, which an index answers; two ids may share it only by being one.
pub fn push_id(event_id: &str, sql: &mut QueryBuilder<Postgres>) {
    push(sql, "(event_key = cast(");
    sql.push_bind(Key::of(event_id).to_string());
    push(sql, " as text)::uuid and event_id = ");
    sql.push_bind(event_id.to_owned());
    push(sql, ")");
}

/// `column = value`; a value that is none of the column's kind is equal to nothing.
fn push_exactly(column: &'static str, kind: Kind, value: &str, sql: &mut QueryBuilder<Postgres>) {
    match kind {
        Kind::Text => push_compared(column, "=", Some(value.to_owned()), sql),
        // What a GIN index can answer, as `= any(…)` is not.
        Kind::List => {
            push(sql, column);
            push(sql, " @> ");
            sql.push_bind(vec![value.to_owned()]);
        }
        Kind::Bool => push_compared(column, "=", value.parse::<bool>().ok(), sql),
        Kind::Integer => push_compared(column, "=", value.parse::<i64>().ok(), sql),
        Kind::Float => push_compared(column, "=", value.parse::<f64>().ok(), sql),
        Kind::Time => push_moment(column, value, sql),
        Kind::Address => {
            push(sql, column);
            // An address, or a network that contains it.
            push(sql, if value.contains('/') { " <<= cast(" } else { " = cast(" });
            sql.push_bind(value.to_owned());
            push(sql, " as text)::inet");
        }
    }
}

/// `column >= value`; what is no bound of the column's kind has nothing in its range.
fn push_range(column: &'static str, kind: Kind, comparison: Comparison, bound: &str, sql: &mut QueryBuilder<Postgres>) {
    let sign = comparison.sign();
    match kind {
        Kind::Text => push_compared(column, sign, Some(bound.to_owned()), sql),
        Kind::Integer => push_compared(column, sign, bound.parse::<i64>().ok(), sql),
        Kind::Float => push_compared(column, sign, bound.parse::<f64>().ok(), sql),
        Kind::Time => {
            // The column is finer than a filter's times: what is beyond a millisecond begins with the next one.
            let (sign, later) = match comparison {
                Comparison::Greater => (">=", Duration::MILLISECOND),
                Comparison::AtMost => ("<", Duration::MILLISECOND),
                Comparison::Less | Comparison::AtLeast => (sign, Duration::ZERO),
            };
            push_compared(column, sign, instant(bound).map(|at| at.saturating_add(later)), sql);
        }
        Kind::Address if bound.parse::<IpAddr>().is_ok() => {
            push(sql, column);
            sql.push(format_args!(" {sign} cast(")).push_bind(bound.to_owned());
            push(sql, " as text)::inet");
        }
        Kind::List => {
            push(sql, "exists (select from unnest(");
            push(sql, column);
            sql.push(format_args!(") as element where element collate \"C\" {sign} ")).push_bind(bound.to_owned());
            push(sql, ")");
        }
        // The language refuses these.
        Kind::Address | Kind::Bool => push(sql, "false"),
    }
}

/// `column sign value`; without a value nothing.
fn push_compared<T>(column: &'static str, sign: &'static str, value: Option<T>, sql: &mut QueryBuilder<Postgres>)
where
    T: sqlx::Encode<'static, Postgres> + sqlx::Type<Postgres> + Send + 'static,
{
    match value {
        None => push(sql, "false"),
        Some(value) => {
            sql.push(format_args!("{column} {sign} ")).push_bind(value);
        }
    }
}

/// The whole millisecond: the column is finer than a filter's times.
fn push_moment(column: &'static str, value: &str, sql: &mut QueryBuilder<Postgres>) {
    let Some(at) = instant(value) else { return push(sql, "false") };
    push(sql, "(");
    push(sql, column);
    push(sql, " >= ");
    sql.push_bind(at);
    push(sql, " and ");
    push(sql, column);
    push(sql, " < ");
    sql.push_bind(at.saturating_add(Duration::MILLISECOND));
    push(sql, ")");
}

fn instant(text: &str) -> Option<OffsetDateTime> {
    let at = Timestamp::parse(text)?;
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.0) * 1_000_000).ok()
}

fn push_like(pieces: &[String], sql: &mut QueryBuilder<Postgres>) {
    push(sql, " like ");
    sql.push_bind(like(pieces));
}

/// The pieces as a pattern of `like`, whose own signs stand for themselves.
pub fn like(pieces: &[String]) -> String {
    let escaped: Vec<_> =
        pieces.iter().map(|piece| piece.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_")).collect();
    escaped.join("%")
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use model::filter::parse;

    use super::*;

    /// The condition, a line for each `from`.
    fn check(filter: &str, expected: Expect) {
        let mut sql = QueryBuilder::new("");
        condition(&parse(filter).expect(filter), &mut sql);
        expected.assert_eq(&(sql.into_string().replace(" from (", "\n from (") + "\n"));
    }

    #[test]
    fn filters_become_conditions() {
        check(
            "",
            expect![[r#"
            true
        "#]],
        );
        check(
            "event_name:DeleteBucket",
            expect![[r#"
            event_name = $1
        "#]],
        );
        check(
            "event_name:(a or b)",
            expect![[r#"
            event_name = any($1)
        "#]],
        );
        check(
            "event_name:(a or b*)",
            expect![[r#"
            (event_name = $1 or event_name like $2)
        "#]],
        );
        check(
            "not country:*",
            expect![[r#"
            ((country is not null) is not true)
        "#]],
        );
        check(
            "not (actor:a and read_only:true) or as_number:1",
            expect![[r#"
            ((((actor = $1 and read_only = $2)) is not true) or as_number = $3)
        "#]],
        );
        check(
            "event_time:2026-11-24T00:00:00Z",
            expect![[r#"
            (event_time >= $1 and event_time < $2)
        "#]],
        );
        check(
            "source_ip:(10.0.0.1 or 10.0.0.0/8 or 10.*)",
            expect![[r#"
            (source_ip = cast($1 as text)::inet or source_ip <<= cast($2 as text)::inet or host(source_ip) like $3)
        "#]],
        );
        check(
            "as_number >= 5 and as_number < 9",
            expect![[r#"
            (as_number >= $1 and as_number < $2)
        "#]],
        );
        check(
            "event_time > 2026-11-24 and source_ip <= 10.0.0.9",
            expect![[r#"
            (event_time >= $1 and source_ip <= cast($2 as text)::inet)
        "#]],
        );
        check(
            "requestParameters.maxKeys >= 1000",
            expect![[r#"
            ((strpos(raw, $1) > 0 or strpos(raw, '\u') > 0) and exists (select
             from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e
             from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $2 as v
             from (select coalesce(raw_json, raw)::json -> $3 as v offset 0) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and case when e #>> '{}' ~ '^-?[0-9]{1,200}(\.[0-9]{1,200})?([eE][+-]?[0-9]{1,2})?$' then (e #>> '{}')::float8 >= $4 else false end))
        "#]],
        );
        check(
            "requestParameters.bucketName < m",
            expect![[r#"
            ((strpos(raw, $1) > 0 or strpos(raw, '\u') > 0) and exists (select
             from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e
             from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $2 as v
             from (select coalesce(raw_json, raw)::json -> $3 as v offset 0) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and (e #>> '{}') collate "C" < $4))
        "#]],
        );
        check(
            "DeleteBucket",
            expect![[r#"
                strpos(folded, $1) > 0
            "#]],
        );
        check(
            r#""a/b" or x*y"#,
            expect![[r#"
                (strpos(folded, $1) > 0 or folded like $2)
            "#]],
        );
        check(
            "resource:a and resource:(b or c) and resource:d* and resource:*",
            expect![[r#"
                (resource @> $1 and resource && ($2) and exists (select from unnest(resource) as element where element like $3) and resource is not null)
            "#]],
        );
        check(
            "resources:*",
            expect![[r#"
            ((strpos(raw, $1) > 0 or strpos(raw, '\u') > 0) and exists (select
             from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e
             from (select coalesce(raw_json, raw)::json -> $2 as v offset 0) as step) as value where json_typeof(e) <> 'null'))
        "#]],
        );
        check(
            "requestParameters.\"a b\":\"c d\"",
            expect![[r#"
            (exists (select
             from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e
             from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $1 as v
             from (select coalesce(raw_json, raw)::json -> $2 as v offset 0) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $3))
        "#]],
        );
        check(
            "requestParameters.items.cidr:0.0.0.0",
            expect![[r#"
            ((strpos(raw, $1) > 0 and strpos(raw, $2) > 0 or strpos(raw, '\u') > 0) and exists (select
             from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e
             from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $3 as v
             from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $4 as v
             from (select coalesce(raw_json, raw)::json -> $5 as v offset 0) as step) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $6))
        "#]],
        );
        check(
            "requestParameters.items.cidr:*0.0*",
            expect![[r#"
            ((strpos(raw, $1) > 0 and strpos(raw, $2) > 0 or strpos(raw, '\u') > 0) and exists (select
             from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e
             from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $3 as v
             from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $4 as v
             from (select coalesce(raw_json, raw)::json -> $5 as v offset 0) as step) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' like $6))
        "#]],
        );
    }

    #[test]
    fn patterns_of_like_are_escaped() {
        assert_eq!(like(&["10%".into(), r"a_b\".into(), String::new()]), r"10\%%a\_b\\%");
    }
}
