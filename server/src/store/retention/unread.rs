//! What was kept aside, records that are no events and messages that could not be dealt with: it has no account and no time of its
//! own, and goes when it was kept as long as the events of its source are.

use sqlx::{AssertSqlSafe, PgConnection};
use time::{Date, OffsetDateTime};

use crate::config::retention::Retention;

/// Each with a condition on `cutoff`, whose `before` is that of the row's source.
const REJECTED: &str = "from rejected using object, cutoff where object.object_id = rejected.object_id
    and cutoff.source = case when object.source = any($3) then object.source else '' end and object.finished_at < cutoff.before";
const POISON_MESSAGES: &str = "from poison_message using cutoff
    where cutoff.source = case when poison_message.source = any($3) then poison_message.source else '' end
    and poison_message.kept_at < cutoff.before";

/// How many records and messages are expired.
pub async fn count(connection: &mut PgConnection, retention: &Retention, today: Date) -> sqlx::Result<(u64, u64)> {
    let counted = |from: &str| format!("select count(*) {}", from.replacen(" using ", ", ", 1));
    let mut counts = [0; 2];
    for (count, from) in counts.iter_mut().zip([REJECTED, POISON_MESSAGES]) {
        let sql = with(&counted(from));
        let (sources, before, named) = cutoffs(retention, today);
        let query = sqlx::query_scalar::<_, i64>(AssertSqlSafe(sql)).bind(sources).bind(before).bind(named);
        *count = query.fetch_one(&mut *connection).await? as u64;
    }
    Ok(counts.into())
}

pub async fn remove(connection: &mut PgConnection, retention: &Retention, today: Date) -> sqlx::Result<(u64, u64)> {
    let mut counts = [0; 2];
    for (count, from) in counts.iter_mut().zip([REJECTED, POISON_MESSAGES]) {
        let (sources, before, named) = cutoffs(retention, today);
        let query = sqlx::query(AssertSqlSafe(with(&format!("delete {from}")))).bind(sources).bind(before).bind(named);
        *count = query.execute(&mut *connection).await?.rows_affected();
    }
    Ok(counts.into())
}

fn with(statement: &str) -> String {
    format!(
        "with cutoff as (select * from unnest($1::text[], $2::timestamptz[]) as given (source, before)) {statement}"
    )
}

/// Sources that have a cutoff, "" standing for all that no rule names; their cutoffs; all that rules name.
fn cutoffs(retention: &Retention, today: Date) -> (Vec<String>, Vec<OffsetDateTime>, Vec<String>) {
    let named = retention.sources();
    let all = named.iter().map(|name| Some(*name)).chain([None]);
    let cutoffs = all.filter_map(|source| {
        let before = retention.rule(None, source)?.cutoff(today)?;
        Some((source.unwrap_or_default().to_owned(), before.midnight().assume_utc()))
    });
    let (sources, before) = cutoffs.unzip();
    (sources, before, named.into_iter().map(str::to_owned).collect())
}
