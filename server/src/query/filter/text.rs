//! A condition on the event's whole text, as `model::filter::event_text` has it.

use model::filter::Pattern;
use sqlx::{Postgres, QueryBuilder};

use super::{like, push};

/// The event's text has the pattern somewhere, A to Z in either case: `folded` is in lower case.
pub(super) fn push_text(pattern: &Pattern, sql: &mut QueryBuilder<Postgres>) {
    match pattern {
        Pattern::Exists => push(sql, "true"),
        Pattern::Range(..) => push(sql, "false"),
        Pattern::Exactly(text) => {
            push(sql, "strpos(folded, ");
            sql.push_bind(text.to_ascii_lowercase()).push(") > 0");
        }
        Pattern::Wildcard(pieces) => {
            push(sql, "folded like ");
            sql.push_bind(format!("%{}%", like(pieces)).to_ascii_lowercase());
        }
    }
}
