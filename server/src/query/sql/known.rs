//! Conditions upon one of the tables that events share, asked before all else: of which of its rows they hold. With the ids at hand,
//! Postgres knows from its statistics how many events there will be, where it would have to guess.

use model::filter::Ast;
use sqlx::{Postgres, QueryBuilder, Row, postgres::PgRow};

use super::narrow;
use crate::query::filter::condition;

/// Ids at most that a statement is sent; where there are more, it looks them up itself.
const MOST_IDS: i64 = 5_000;
/// The tables that always have few rows, so that it is also asked of which a condition does not hold.
const FEW: [&str; 5] = ["action", "scope", "identity", "agent", "result"];

/// What is known.
#[derive(Debug, Default)]
pub struct Known(Vec<(Question, Ids)>);

#[derive(Clone, Debug, PartialEq)]
struct Question {
    table: &'static str,
    /// All of which must hold.
    parts: Vec<Ast>,
}

/// Of which rows of a table something holds: whichever list is the shorter.
#[derive(Debug, PartialEq, Eq)]
pub enum Ids {
    Only(Vec<i64>),
    AllBut(Vec<i64>),
}

impl Known {
    pub fn get(&self, table: &str, parts: &[&Ast]) -> Option<&Ids> {
        let same = |question: &Question| question.table == table && question.parts.iter().eq(parts.iter().copied());
        self.0.iter().find(|(question, _)| same(question)).map(|(_, ids)| ids)
    }
}

/// What there is to ask so that statements under these filters need not.
pub struct Questions(Vec<Question>);

impl Questions {
    pub fn of<'a>(filters: impl IntoIterator<Item = &'a Ast>) -> Questions {
        let mut questions = Vec::new();
        for (table, parts) in filters.into_iter().flat_map(narrow::known_parts) {
            let question = Question { table, parts: parts.into_iter().cloned().collect() };
            if !questions.contains(&question) {
                questions.push(question);
            }
        }
        Questions(questions)
    }

    /// One statement with one row: two columns for each question.
    pub fn statement(&self) -> Option<QueryBuilder<Postgres>> {
        let mut sql = QueryBuilder::new("select ");
        for (at, Question { table, parts }) in self.0.iter().enumerate() {
            sql.push(if at > 0 { ",\n  " } else { "" });
            let holds = |sql: &mut QueryBuilder<Postgres>| {
                for (at, part) in parts.iter().enumerate() {
                    sql.push(if at > 0 { " and (" } else { "(" });
                    condition(part, sql);
                    sql.push(")");
                }
            };
            if !FEW.contains(table) {
                sql.push(format_args!("array(select {table}_id from {table} where "));
                holds(&mut sql);
                sql.push(" limit ").push_bind(MOST_IDS + 1).push("), null::bigint[]");
                continue;
            }
            sql.push(format_args!("array(select {table}_id from {table} where "));
            holds(&mut sql);
            sql.push(format_args!("),\n  array(select {table}_id from {table} where ("));
            holds(&mut sql);
            sql.push(") is not true)");
        }
        (!self.0.is_empty()).then_some(sql)
    }

    /// What the row of that statement says.
    pub fn answered(self, row: &PgRow) -> Result<Known, sqlx::Error> {
        let mut known = Vec::new();
        for (at, question) in self.0.into_iter().enumerate() {
            let only: Vec<i64> = row.try_get(2 * at)?;
            let all_but: Option<Vec<i64>> = row.try_get(2 * at + 1)?;
            let ids = match all_but {
                Some(all_but) if all_but.len() < only.len() => Ids::AllBut(all_but),
                _ => Ids::Only(only),
            };
            let (Ids::Only(list) | Ids::AllBut(list)) = &ids;
            if list.len() as i64 <= MOST_IDS {
                known.push((question, ids));
            }
        }
        Ok(Known(known))
    }
}
