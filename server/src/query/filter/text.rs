//! A condition on the event's whole text, as `model::filter::event_text` has it.

use model::filter::Pattern;
use sqlx::{Postgres, QueryBuilder};

use super::{like, push};

/// The text that Postgres' JSON takes, as it was delivered.
const TEXT: &str = "coalesce(raw_json, raw)";

/// `TEXT` with the escapes of its strings resolved, by reading it as the inside of one JSON string: quotes become escaped
/// quotes wherever they stand (pairs of backslashes step aside for that, as a character that JSON cannot hold), and line
/// ends and tabs between values are escaped.
const RESOLVED: &str = r#"(('"' || replace(replace(replace(replace(replace(replace(replace(coalesce(raw_json, raw), '\\', chr(1)), '\"', '"'), '"', '\"'), chr(1), '\\'), chr(10), '\n'), chr(13), '\r'), chr(9), '\t') || '"')::json #>> '{}')"#;

/// The event's text has the pattern somewhere, A to Z in either case: `lower` in collation "C" knows no other letters.
///
/// Most events have no escapes, and most texts need none: the text is compared as it is first, and resolved only where
/// it could decide otherwise.
pub(super) fn push_text(pattern: &Pattern, sql: &mut QueryBuilder<Postgres>) {
    let pieces = match pattern {
        Pattern::Exists => return push(sql, "true"),
        Pattern::Range(..) => return push(sql, "false"),
        Pattern::Exactly(text) => std::slice::from_ref(text),
        Pattern::Wildcard(pieces) => pieces,
    };
    let sought = format!("%{}%", like(pieces)).to_ascii_lowercase();
    // JSON writes these as they are, unless it escapes them with \u.
    let is_plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | ':' | '*' | '@' | ',' | '=');
    let escape = if pieces.iter().all(|piece| piece.chars().all(is_plain)) { r"\u" } else { r"\" };
    sql.push(format_args!("((lower({TEXT} collate \"C\") like ")).push_bind(sought.clone());
    sql.push(format_args!(
        " or strpos({TEXT}, '{escape}') > 0) and (strpos({TEXT}, '\\') = 0 or lower({RESOLVED} collate \"C\") like "
    ));
    sql.push_bind(sought).push("))");
}
