//! A condition on a path into the event's own JSON.

use model::filter::{NUMBER, Pattern, number};
use sqlx::{Postgres, QueryBuilder};

use super::{is_storable, push, push_like};

/// Takes what the steps before found, `v`, apart.
const LAST_STEP: &str = "(select json_array_elements(\
    case json_typeof(v) when 'array' then v else json_build_array(v) end) as e from ";
const STEP: &str = "(select json_array_elements(\
    case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> ";

/// Some value at `path` matches: lists on the way and at its end count as their elements, as
/// `model::filter::path_values` has it.
///
/// `json`, not `jsonb`: it keeps numbers as they are written and fails on none, however large. Each step is a
/// subselect that takes the step before apart; `offset 0` keeps the innermost, which reads the whole event, from being
/// copied into every place that uses it.
pub(super) fn push_path(path: &[String], pattern: &Pattern, sql: &mut QueryBuilder<Postgres>) {
    if path.is_empty() || !path.iter().all(|segment| is_storable(segment)) {
        return push(sql, "false");
    }
    push(sql, "(");
    let needles = needles(path, pattern);
    if !needles.is_empty() {
        push_needles(needles, sql);
        push(sql, " and ");
    }
    push(sql, "exists (select from ");
    push_elements(path, sql);
    push(sql, " as value where ");
    push_element(pattern, sql);
    push(sql, "))");
}

/// The values at `path` as rows of one column, `e`, in parentheses.
pub(in crate::query) fn push_elements(path: &[String], sql: &mut QueryBuilder<Postgres>) {
    let Some((first, rest)) = path.split_first() else { return push(sql, "(select null::json as e)") };
    push(sql, LAST_STEP);
    for segment in rest.iter().rev() {
        push(sql, STEP);
        sql.push_bind(segment.clone());
        push(sql, " as v from ");
    }
    push(sql, "(select coalesce(raw_json, raw)::json -> ");
    sql.push_bind(first.clone());
    push(sql, " as v offset 0) as step");
    for _ in rest {
        push(sql, ") as step");
    }
    push(sql, ")");
}

/// That `e`, one of the values found, matches.
fn push_element(pattern: &Pattern, sql: &mut QueryBuilder<Postgres>) {
    const SCALAR: &str = "json_typeof(e) in ('string', 'number', 'boolean') and ";
    const TEXT: &str = "e #>> '{}'";
    if *pattern == Pattern::Exists {
        return push(sql, "json_typeof(e) <> 'null'");
    }
    push(sql, SCALAR);
    match pattern {
        Pattern::Exists => {}
        Pattern::Exactly(value) => {
            sql.push(format_args!("{TEXT} = ")).push_bind(value.clone());
        }
        Pattern::Wildcard(pieces) => {
            push(sql, TEXT);
            push_like(pieces, sql);
        }
        Pattern::Range(comparison, bound) => match number(bound) {
            // The case keeps the cast from what is no number.
            Some(bound) => {
                sql.push(format_args!("case when {TEXT} ~ '{NUMBER}' then ({TEXT})::float8 {} ", comparison.sign()));
                sql.push_bind(bound).push(" else false end");
            }
            None => {
                sql.push(format_args!("({TEXT}) collate \"C\" {} ", comparison.sign())).push_bind(bound.clone());
            }
        },
    }
}

/// What the event's text must hold for the path to match: looking for it costs a quarter of taking JSON apart.
/// JSON writes these characters as they are unless it escapes them with `\u`; then only the JSON can tell.
fn needles(path: &[String], pattern: &Pattern) -> Vec<String> {
    let is_plain = |text: &&String| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':'))
    };
    let key = path.last().filter(is_plain).map(|key| format!("\"{key}\""));
    let value = match pattern {
        Pattern::Exists | Pattern::Range(..) => None,
        Pattern::Exactly(text) => Some(text),
        Pattern::Wildcard(pieces) => pieces.iter().max_by_key(|piece| piece.len()),
    };
    value.filter(is_plain).cloned().into_iter().chain(key).collect()
}

fn push_needles(needles: Vec<String>, sql: &mut QueryBuilder<Postgres>) {
    push(sql, "(");
    for (at, needle) in needles.into_iter().enumerate() {
        push(sql, if at > 0 { " and strpos(raw, " } else { "strpos(raw, " });
        sql.push_bind(needle);
        push(sql, ") > 0");
    }
    push(sql, r" or strpos(raw, '\u') > 0)");
}
