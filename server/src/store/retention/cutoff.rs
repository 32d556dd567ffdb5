//! Before when events are expired, by what they are told apart by: their scope and their source.

use std::ops::Range;

use sqlx::{PgConnection, Postgres, QueryBuilder};
use time::{Date, OffsetDateTime};

use crate::config::retention::Retention;

/// The rules, resolved for the accounts that are stored. What is not in it is kept.
#[derive(Clone, Debug, Default)]
pub struct Cutoffs {
    scope_ids: Vec<i64>,
    /// Empty: none, or none that a rule names.
    sources: Vec<String>,
    before: Vec<OffsetDateTime>,
    named: Vec<String>,
    /// Whatever is expired is older than this.
    pub latest: Option<OffsetDateTime>,
}

impl Cutoffs {
    pub async fn read(connection: &mut PgConnection, retention: &Retention, today: Date) -> sqlx::Result<Cutoffs> {
        let scopes: Vec<(i64, Option<String>)> =
            sqlx::query_as("select scope_id, account from scope").fetch_all(connection).await?;
        let named = retention.sources();
        let mut cutoffs =
            Cutoffs { named: named.iter().map(|name| (*name).to_owned()).collect(), ..Cutoffs::default() };
        for (scope_id, account) in &scopes {
            for source in named.iter().map(|name| Some(*name)).chain([None]) {
                let rule = retention.rule(account.as_deref(), source);
                let Some(before) = rule.and_then(|rule| rule.cutoff(today)) else { continue };
                cutoffs.scope_ids.push(*scope_id);
                cutoffs.sources.push(source.unwrap_or_default().to_owned());
                cutoffs.before.push(before.midnight().assume_utc());
            }
        }
        cutoffs.latest = cutoffs.before.iter().max().copied();
        Ok(cutoffs)
    }

    /// A `with` query, `cutoff (scope_id, source, before)`.
    pub fn push(&self, sql: &mut QueryBuilder<Postgres>) {
        sql.push("cutoff as materialized (select * from unnest(").push_bind(self.scope_ids.clone());
        sql.push(", ").push_bind(self.sources.clone()).push(", ").push_bind(self.before.clone());
        sql.push(") as given (scope_id, source, before))");
    }

    /// The tables of events of these times with their sources and cutoffs: `event`, `object` (where a rule needs it, or
    /// `with_source`) and `cutoff`; nulls where there is none.
    pub fn push_tables(&self, sql: &mut QueryBuilder<Postgres>, times: &Range<OffsetDateTime>, with_source: bool) {
        sql.push("stored_event as event");
        if with_source || !self.named.is_empty() {
            // A segment's events are of one month: its first is of these times, too, where they are those of months.
            sql.push(" left join segment on segment.segment_id = event.segment_id and segment.first_time >= ");
            sql.push_bind(times.start).push(" and segment.first_time < ").push_bind(times.end);
            sql.push(" left join object on object.object_id = segment.object_id[event.ordinal]");
        }
        sql.push(" left join cutoff on cutoff.scope_id = event.scope_id");
        if !self.named.is_empty() {
            sql.push(" and cutoff.source = case when object.source = any(").push_bind(self.named.clone());
            sql.push(") then object.source else '' end");
        }
    }
}

/// The condition that an event is of these times.
pub fn push_times(sql: &mut QueryBuilder<Postgres>, times: &Range<OffsetDateTime>) {
    sql.push("event.event_time >= ").push_bind(times.start).push(" and event.event_time < ").push_bind(times.end);
}
