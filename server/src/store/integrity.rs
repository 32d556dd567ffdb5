//! Log file integrity: what was found of each digest and log file, and what that says about an event.

use async_trait::async_trait;
use sqlx::{FromRow, PgPool};
use time::OffsetDateTime;

use super::instant;
use crate::integrity::{
    chain::Trust,
    finding::Finding,
    ledger::{DigestResult, Ledger, LogFileResult},
    signature,
};

/// Writes results into the database.
#[derive(Clone)]
pub struct Book {
    pub pool: PgPool,
    /// That is verified; none for `trailmap verify`.
    pub source: Option<String>,
}

fn word(trust: Trust) -> &'static str {
    match trust {
        Trust::Valid => "valid",
        Trust::Unchecked => "unchecked",
        Trust::Failed => "failed",
    }
}

/// Postgres' text has no NUL; digests are anybody's.
fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Why it is not valid. Without a finding of its own, it is for want of public keys.
fn why(trust: Trust, finding: Option<&Finding>) -> (Option<&'static str>, Option<String>) {
    let unknown = Finding::PublicKeysUnknown;
    let finding = finding.or_else(|| (trust == Trust::Unchecked).then_some(&unknown));
    (finding.map(Finding::name), finding.map(|finding| clean(&finding.to_string())))
}

#[async_trait]
impl Ledger for Book {
    async fn known(&self, files: &[(String, String)]) -> anyhow::Result<Vec<(String, String)>> {
        let (uris, versions): (Vec<_>, Vec<_>) =
            files.iter().filter(|(uri, _)| !uri.contains('\0')).map(|(uri, version)| (&**uri, &**version)).unzip();
        let known = sqlx::query_as(
            "with given as (select * from unnest($1::text[], $2::text[]) as given (uri, version))
             select uri, encode(sha256, 'hex') from object join given using (uri, version)
             where state = 'done' and sha256 is not null
             union
             select uri, encode(sha256, 'hex') from log_file join given using (uri, version)
             where state = 'valid' and sha256 is not null",
        )
        .bind(uris)
        .bind(versions)
        .fetch_all(&self.pool)
        .await?;
        Ok(known)
    }

    async fn digest(&self, result: &DigestResult<'_>) -> anyhow::Result<()> {
        let mut transaction = self.pool.begin().await?;
        let digest_id = self.insert(&mut transaction, result).await?;
        // An object of S3's has no NUL in its key, and one digest names it once.
        let files: Vec<_> = result.log_files.iter().filter(|file| !file.uri.contains('\0')).collect();
        insert_log_files(&mut transaction, digest_id, result.trust == Trust::Valid, &files).await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn unexpected(&self, uris: &[String]) -> anyhow::Result<()> {
        let finding = Finding::LogFileUnexpected;
        sqlx::query(
            "insert into log_file (uri, state, finding, reason)
             select distinct uri, 'failed', $2, $3 from unnest($1::text[]) as given (uri)
             on conflict (uri) do update set checked_at = now() where log_file.digest_id is null",
        )
        .bind(uris)
        .bind(finding.name())
        .bind(finding.to_string())
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

impl Book {
    async fn insert(&self, connection: &mut sqlx::PgConnection, result: &DigestResult<'_>) -> sqlx::Result<i64> {
        let DigestResult { uri, name, digest, trust, finding, log_files } = result;
        let (finding, reason) = why(*trust, *finding);
        let count = |trust| log_files.iter().filter(|file| file.trust == trust).count() as i32;
        sqlx::query_scalar(
            "insert into digest (uri, source, account, aws_region, trail, home_region, backfill, start_time, end_time,
                                 starts_chain, log_files, log_files_failed, log_files_unchecked, state, finding, reason)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
             on conflict (uri) do update set
                source = excluded.source, start_time = excluded.start_time, end_time = excluded.end_time,
                starts_chain = excluded.starts_chain, log_files = excluded.log_files,
                log_files_failed = excluded.log_files_failed, log_files_unchecked = excluded.log_files_unchecked,
                state = excluded.state, finding = excluded.finding, reason = excluded.reason, checked_at = now()
             returning digest_id",
        )
        .bind(clean(uri))
        .bind(&self.source)
        .bind(clean(&name.account))
        .bind(clean(&name.region))
        .bind(clean(&name.trail))
        .bind(clean(&name.home_region))
        .bind(name.backfill)
        .bind(digest.map(|digest| instant(digest.start)))
        .bind(instant(digest.map_or(name.time, |digest| digest.end)))
        .bind(digest.is_some_and(|digest| digest.previous.is_none()))
        .bind(log_files.len() as i32)
        .bind(count(Trust::Failed))
        .bind(count(Trust::Unchecked))
        .bind(word(*trust))
        .bind(finding)
        .bind(reason)
        .fetch_one(connection)
        .await
    }
}

/// What is known to be valid is not taken back for a word that is not signed, nor because it could not be read once.
async fn insert_log_files(
    connection: &mut sqlx::PgConnection,
    digest_id: i64,
    signed: bool,
    files: &[&LogFileResult],
) -> sqlx::Result<()> {
    let whys: Vec<_> = files.iter().map(|file| why(file.trust, file.finding.as_ref())).collect();
    sqlx::query(
        "insert into log_file (uri, digest_id, sha256, version, state, finding, reason)
         select distinct on (uri) uri, $1, sha256, nullif(version, ''), state, finding, reason
         from unnest($3::text[], $4::bytea[], $5::text[], $6::text[], $7::text[], $8::text[])
            as given (uri, sha256, version, state, finding, reason)
         on conflict (uri) do update set
            digest_id = excluded.digest_id, sha256 = excluded.sha256, version = excluded.version,
            state = excluded.state, finding = excluded.finding, reason = excluded.reason, checked_at = now()
         where log_file.state <> 'valid' or $2 and excluded.state <> 'unchecked'",
    )
    .bind(digest_id)
    .bind(signed)
    .bind(files.iter().map(|file| file.uri.as_str()).collect::<Vec<_>>())
    .bind(files.iter().map(|file| signature::bytes(&file.hash)).collect::<Vec<_>>())
    .bind(files.iter().map(|file| clean(&file.version)).collect::<Vec<_>>())
    .bind(files.iter().map(|file| word(file.trust)).collect::<Vec<_>>())
    .bind(whys.iter().map(|(finding, _)| *finding).collect::<Vec<_>>())
    .bind(whys.iter().map(|(_, reason)| reason.as_deref()).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Those of the URIs that are digests known to be valid.
pub async fn valid(pool: &PgPool, uris: &[String]) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar("select uri from digest where state = 'valid' and uri = any($1)")
        .bind(uris)
        .fetch_all(pool)
        .await
}

/// Folders of a day in which something is not valid and was not looked at since `before`, the longest ago first. They end
/// with `/`; those of unexpected log files are folders of log files.
pub async fn troubled(pool: &PgPool, source: &str, before: OffsetDateTime, most: i64) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "select folder from (
            select substring(uri from '^.*/') as folder, checked_at from digest where state <> 'valid' and source = $1
            union all
            select substring(digest.uri from '^.*/'), log_file.checked_at
            from log_file join digest using (digest_id) where log_file.state <> 'valid' and source = $1
            union all
            select substring(uri from '^.*/'), checked_at
            from log_file where state <> 'valid' and digest_id is null and uri like 's3://%'
         ) as trouble
         where checked_at < $2
         group by folder order by min(checked_at), folder limit $3",
    )
    .bind(source)
    .bind(before)
    .bind(most)
    .fetch_all(pool)
    .await
}

/// After a day was verified: what was wrong there and is no longer there is forgotten, but for log files that were ingested.
/// `folders` are those of digests and of log files, `present` what is in them.
pub async fn sweep(pool: &PgPool, folders: &[String; 2], present: &[String]) -> sqlx::Result<()> {
    let [digests, log_files] = folders;
    // In the order of bytes, nothing that begins with the folder stands behind it.
    let end = |folder: &str| format!("{folder}\u{10ffff}");
    sqlx::query(
        "delete from digest where uri >= $1 and uri < $2 and state <> 'valid'
            and finding is distinct from 'digest_missing' and uri <> all($3)",
    )
    .bind(digests)
    .bind(end(digests))
    .bind(present)
    .execute(pool)
    .await?;
    sqlx::query(
        "delete from log_file where uri >= $1 and uri < $2 and digest_id is null and uri <> all($3)
            and not exists (select from object where object.uri = log_file.uri)",
    )
    .bind(log_files)
    .bind(end(log_files))
    .bind(present)
    .execute(pool)
    .await?;
    // What could not be told anew waits like all others.
    sqlx::query("update log_file set checked_at = now() where state <> 'valid' and uri >= $1 and uri < $2")
        .bind(log_files)
        .bind(end(log_files))
        .execute(pool)
        .await?;
    sqlx::query("update digest set checked_at = now() where state <> 'valid' and uri >= $1 and uri < $2")
        .bind(digests)
        .bind(end(digests))
        .execute(pool)
        .await?;
    Ok(())
}

/// How the verification of a source went; `error`: why it did not go through.
pub async fn tell(pool: &PgPool, source: &str, error: Option<&str>, days_left: usize) -> sqlx::Result<()> {
    sqlx::query(
        "insert into verification (source, last_error, last_error_at, last_success_at, days_left)
         values ($1, $2, case when $2 is not null then now() end, case when $2 is null then now() end, $3)
         on conflict (source) do update set
            last_error = coalesce(excluded.last_error, verification.last_error),
            last_error_at = coalesce(excluded.last_error_at, verification.last_error_at),
            last_success_at = coalesce(excluded.last_success_at, verification.last_success_at),
            days_left = excluded.days_left",
    )
    .bind(source)
    .bind(error.map(clean))
    .bind(days_left as i64)
    .execute(pool)
    .await?;
    Ok(())
}

/// What digests say about an object that was ingested.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Mark {
    pub uri: String,
    /// `verified`, `not_covered`, `unchecked` or `failed`.
    pub integrity: String,
    /// Why it is `unchecked` or `failed`.
    pub reason: Option<String>,
    /// The URI of the digest that names it.
    pub digest: Option<String>,
    pub checked_at: Option<OffsetDateTime>,
}

pub async fn mark(pool: &PgPool, object_id: i64) -> sqlx::Result<Mark> {
    sqlx::query_as("select uri, integrity, reason, digest, checked_at from object_integrity where object_id = $1")
        .bind(object_id)
        .fetch_one(pool)
        .await
}

/// What the verification of log files has come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    pub sources: Vec<Verification>,
    pub trails: Vec<Trail>,
    /// The newest first.
    pub problems: Vec<Problem>,
    /// Of all that there are.
    pub problems_total: i64,
    /// And of those, digests and log files that are wrong.
    pub problems_failed: i64,
}

/// How it goes for a source.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Verification {
    pub source: String,
    pub last_error: Option<String>,
    pub last_error_at: Option<OffsetDateTime>,
    pub last_success_at: Option<OffsetDateTime>,
    pub days_left: i64,
}

/// The digests of a trail in one region of one account.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Trail {
    /// `None`: recorded by `trailmap verify`.
    pub source: Option<String>,
    pub account: String,
    pub aws_region: String,
    pub trail: String,
    /// The end of the newest hour whose digest is valid.
    pub verified_to: Option<OffsetDateTime>,
    pub digests: i64,
    pub digests_failed: i64,
    pub digests_unchecked: i64,
    pub log_files: i64,
    pub log_files_failed: i64,
    pub log_files_unchecked: i64,
}

/// Something that is not as it should be: `failed`, `unchecked`, or `gap`, a stretch without digests.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Problem {
    pub severity: String,
    /// As in `Finding::name`.
    pub finding: String,
    pub uri: String,
    pub reason: String,
    /// Of the hour that it is about; for a log file that no digest names, when it was found.
    pub at: OffsetDateTime,
    /// `None` for a log file that no digest names.
    pub account: Option<String>,
    pub aws_region: Option<String>,
    pub trail: Option<String>,
}

/// Trails by their digests that end after `since`, and the newest problems, at most so many. Errors: the database's.
pub async fn report(pool: &PgPool, since: OffsetDateTime, most: i64) -> sqlx::Result<Report> {
    let sources = sqlx::query_as(
        "select source, last_error, last_error_at, last_success_at, days_left from verification order by source",
    )
    .fetch_all(pool)
    .await?;
    let trails = sqlx::query_as(
        "select source, account, aws_region, trail,
                max(end_time) filter (where state = 'valid' and not backfill) as verified_to,
                count(*) as digests,
                count(*) filter (where state = 'failed') as digests_failed,
                count(*) filter (where state = 'unchecked') as digests_unchecked,
                sum(log_files) as log_files,
                sum(log_files_failed) as log_files_failed,
                sum(log_files_unchecked) as log_files_unchecked
         from digest where end_time > $1
         group by source, account, aws_region, trail order by account, aws_region, trail, source",
    )
    .bind(since)
    .fetch_all(pool)
    .await?;
    let problems = problems(pool, most).await?;
    let (problems_total, problems_failed) = problems.first().map_or((0, 0), |row| (row.total, row.failed));
    let problems = problems.into_iter().map(|row| row.problem).collect();
    Ok(Report { sources, trails, problems, problems_total, problems_failed })
}

/// A problem, with how many there are, and how many of them are failures.
#[derive(FromRow)]
struct Row {
    #[sqlx(flatten)]
    problem: Problem,
    total: i64,
    failed: i64,
}

async fn problems(pool: &PgPool, most: i64) -> sqlx::Result<Vec<Row>> {
    sqlx::query_as(
        "select problem.*, count(*) over () as total, count(*) filter (where severity = 'failed') over () as failed from (
            select state as severity, coalesce(finding, '') as finding, uri, coalesce(reason, '') as reason, end_time as at,
                   account, aws_region, trail
            from digest where state <> 'valid'
            union all
            select log_file.state, coalesce(log_file.finding, ''), log_file.uri, coalesce(log_file.reason, ''), end_time,
                   account, aws_region, trail
            from log_file join digest using (digest_id)
            where log_file.state <> 'valid'
                -- That its digest is not checked is told there.
                and not (log_file.state = 'unchecked' and digest.state = 'unchecked')
            union all
            select state, coalesce(finding, ''), uri, coalesce(reason, ''), checked_at, null, null, null
            from log_file where state <> 'valid' and digest_id is null
            union all
            select 'gap', 'gap', digest.uri,
                   'no digests from ' || to_char(before, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') || ' to '
                   || to_char(start_time, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') || ': logging or validation was switched off',
                   start_time, account, aws_region, trail
            from digest cross join lateral (
                select max(end_time) as before from digest as earlier
                where (earlier.account, earlier.aws_region, earlier.trail) = (digest.account, digest.aws_region, digest.trail)
                    and not earlier.backfill and earlier.end_time < digest.end_time
            ) as earlier
            where starts_chain and not backfill and state <> 'failed' and before < start_time
         ) as problem
         order by at desc, uri limit $1",
    )
    .bind(most)
    .fetch_all(pool)
    .await
}
