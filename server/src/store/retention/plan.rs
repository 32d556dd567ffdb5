//! What would go: by month, account and source, with the rule that says so.

use std::collections::HashMap;

use sqlx::{FromRow, PgConnection, QueryBuilder};
use time::{Date, OffsetDateTime};

use super::{
    Way,
    cutoff::{self, Cutoffs},
    proof, unread,
};
use crate::{
    config::retention::{Retention, Rule},
    store::month::{self, Month},
};

/// What is expired on a day.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub today: Date,
    /// By month, then account, then source.
    pub shares: Vec<Share>,
    /// Records and messages that were kept aside.
    pub rejected: u64,
    pub poison_messages: u64,
    pub digests: u64,
    /// Rules that name an account or a source of which nothing is known: perhaps a mistake.
    pub unknown: Vec<Rule>,
}

/// What of a month, an account and a source is expired, by one rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    pub month: Month,
    pub account: Option<String>,
    pub source: Option<String>,
    pub rule: Rule,
    pub events: u64,
    /// On disk, estimated: the month's, by the share of its events.
    pub bytes: i64,
    pub first: OffsetDateTime,
    pub last: OffsetDateTime,
    pub way: Way,
}

/// A month of which something goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub month: Month,
    pub way: Way,
    pub events: u64,
}

impl Plan {
    pub fn months(&self) -> Vec<Part> {
        let mut months: Vec<Part> = Vec::new();
        for share in &self.shares {
            match months.last_mut().filter(|part| part.month == share.month) {
                Some(part) => part.events += share.events,
                None => months.push(Part { month: share.month, way: share.way, events: share.events }),
            }
        }
        months
    }
}

/// Of a month, an account and a source.
#[derive(FromRow)]
struct Found {
    month: OffsetDateTime,
    account: Option<String>,
    source: Option<String>,
    events: i64,
    expired: i64,
    first_time: Option<OffsetDateTime>,
    last_time: Option<OffsetDateTime>,
}

pub async fn plan(connection: &mut PgConnection, retention: &Retention, today: Date) -> sqlx::Result<Plan> {
    let cutoffs = Cutoffs::read(connection, retention, today).await?;
    let found = match cutoffs.latest {
        Some(latest) => find(connection, &cutoffs, latest).await?,
        None => Vec::new(),
    };
    let mut totals: HashMap<Month, (i64, i64)> = HashMap::new();
    for found in &found {
        let (events, expired) = totals.entry(Month::from(found.month)).or_default();
        (*events, *expired) = (*events + found.events, *expired + found.expired);
    }
    let mut months = HashMap::new();
    for (month, (events, expired)) in totals.iter().filter(|(_, (_, expired))| *expired > 0) {
        let apart = month::has_partition(connection, *month).await?;
        let way = if apart && events == expired { Way::Drop } else { Way::Delete };
        // What is with the rest is a part of that.
        let events = if apart { *events } else { rest(connection).await? };
        months.insert(*month, (way, month::bytes(connection, *month).await? as f64 / events.max(1) as f64));
    }
    let shares = found.into_iter().filter_map(|found| {
        let month = Month::from(found.month);
        let (way, bytes) = months.get(&month).copied()?;
        Some(Share {
            month,
            rule: retention.rule(found.account.as_deref(), found.source.as_deref())?.clone(),
            account: found.account,
            source: found.source,
            events: found.expired as u64,
            bytes: (found.expired as f64 * bytes) as i64,
            first: found.first_time?,
            last: found.last_time?,
            way,
        })
    });
    let shares = shares.collect();
    let (rejected, poison_messages) = unread::count(connection, retention, today).await?;
    let digests = proof::count(connection, retention, today).await?;
    let unknown = unknown(connection, retention).await?;
    Ok(Plan { today, shares, rejected, poison_messages, digests, unknown })
}

async fn find(connection: &mut PgConnection, cutoffs: &Cutoffs, latest: OffsetDateTime) -> sqlx::Result<Vec<Found>> {
    let mut sql = QueryBuilder::new("with ");
    cutoffs.push(&mut sql);
    sql.push(
        " select date_trunc('month', event.event_time, 'UTC') as month, scope.account, object.source, count(*) as events,
            count(*) filter (where event.event_time < cutoff.before) as expired,
            min(event.event_time) filter (where event.event_time < cutoff.before) as first_time,
            max(event.event_time) filter (where event.event_time < cutoff.before) as last_time
          from ",
    );
    // Months to their ends, to tell whether all of one is expired.
    let last = Month::from(latest - time::Duration::MICROSECOND);
    let times = Month::EARLIEST.start()..last.plus(1).start();
    cutoffs.push_tables(&mut sql, &times, true);
    sql.push(" left join scope on scope.scope_id = event.scope_id where ");
    cutoff::push_times(&mut sql, &times);
    sql.push(" group by 1, 2, 3 order by 1, 2, 3");
    sql.build_query_as().fetch_all(connection).await
}

async fn rest(connection: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar("select count(*) from stored_event_rest").fetch_one(connection).await
}

async fn unknown(connection: &mut PgConnection, retention: &Retention) -> sqlx::Result<Vec<Rule>> {
    let accounts: Vec<String> = sqlx::query_scalar("select distinct account from scope where account is not null")
        .fetch_all(&mut *connection)
        .await?;
    let sources: Vec<String> = sqlx::query_scalar("select name from source").fetch_all(connection).await?;
    let knows = |known: &[String], name: &Option<String>| name.as_ref().is_none_or(|name| known.contains(name));
    let unknown =
        retention.rules.iter().filter(|rule| !knows(&accounts, &rule.account) || !knows(&sources, &rule.source));
    Ok(unknown.cloned().collect())
}
