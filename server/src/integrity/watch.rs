//! A bucket whose new digests are verified all the time, and its old ones from the newest day back.
//!
//! A round lists the digests of today and yesterday and verifies those that are not known to be valid; then days that had
//! something wrong, so that a repair is seen; then old days: each once, and for 30 days once a day, since digests, too, come
//! late, and what was right may be changed later. A day that is verified again costs its listing and its digests: log files
//! whose version was hashed before, by ingest or here, are not read.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::FutureExt;
use model::time::Timestamp;
use sqlx::PgPool;
use time::{Date, OffsetDateTime};
use tokio_util::sync::CancellationToken;

use super::{
    day::{self, Days, EVER},
    files::{Entry, Files},
    keys::Keys,
    room::Span,
};
use crate::{
    clock::Clock,
    config::source::Verify,
    ingest::source::{
        aws,
        intake::Intake,
        listing::layout::{self, Leaf},
        s3::{self, Bucket},
    },
    store::{
        checkpoint, instant,
        integrity::{self, Book},
    },
};

/// New accounts and regions are looked for so often.
const LEAVES: Duration = Duration::from_secs(3600);
/// Old days are planned anew so often; those that are younger than `YOUNG` are verified again after half of it.
const OLD_DAYS: Duration = Duration::from_secs(86_400);
const YOUNG: time::Duration = time::Duration::days(30);
/// Days with something wrong that one round looks at again.
const TROUBLED: i64 = 20;
/// After a round that failed.
const BACKOFF: Duration = Duration::from_secs(60);
/// The program ends: what is being verified may take so long, and is verified again at the next start.
const GRACE: Duration = Duration::from_secs(2);

pub struct Watch {
    source: String,
    pool: PgPool,
    bucket: Arc<Bucket>,
    settings: Verify,
    keys: Keys,
    book: Book,
    leaves: Vec<Watched>,
    found: Option<Instant>,
    planned: Option<Instant>,
    /// Old days, the newest first.
    old: VecDeque<(Date, Leaf)>,
}

/// A folder of digests, and the oldest day in it.
struct Watched {
    leaf: Leaf,
    oldest: Option<Date>,
}

/// Verifies until the program ends.
pub async fn keep(intake: Intake, settings: Verify) {
    let config = aws::config(&settings.aws).await;
    let (source, pool) = (intake.name.to_string(), intake.pool.clone());
    let keys = Keys::read(&settings.public_keys).unwrap_or_else(|error| {
        tracing::error!(
            source,
            reason = format!("{error:#}"),
            "public keys cannot be read: those of AWS are asked for"
        );
        None
    });
    let (client, keys) = (s3::client(&config), keys.unwrap_or_else(|| Keys::asked(config)));
    let mut watch = Watch::new(&source, pool, client, keys, settings);
    let poll = watch.settings.poll;
    while intake.room().await {
        let pause = {
            let mut round = std::pin::pin!(AssertUnwindSafe(watch.round(&intake.stop)).catch_unwind());
            let ended = tokio::select! {
                ended = &mut round => Ok(ended),
                () = intake.stop.cancelled() => tokio::time::timeout(GRACE, round).await,
            };
            match ended {
                Err(_) => return,
                Ok(Ok(Ok(()))) => None,
                Ok(Ok(Err(error))) => Some(format!("{error:#}")),
                Ok(Err(_)) => Some("the verification broke down: this is a bug of Trailmap".to_owned()),
            }
        };
        if let Some(reason) = &pause {
            tracing::error!(source, reason, "log files cannot be verified");
        }
        // When it is the database that does not answer, this is told in the log alone.
        let _ = integrity::tell(&intake.pool, &source, pause.as_deref(), watch.old.len()).await;
        let pause = match pause {
            Some(_) => BACKOFF,
            None if watch.old.is_empty() => poll,
            None => Duration::ZERO,
        };
        if !intake.pause(pause).await {
            return;
        }
    }
}

impl Watch {
    pub fn new(source: &str, pool: PgPool, client: aws_sdk_s3::Client, keys: Keys, settings: Verify) -> Watch {
        let bucket = Arc::new(Bucket { client, name: settings.bucket.clone() });
        let book = Book { pool: pool.clone(), source: Some(source.to_owned()) };
        let (leaves, found, planned, old) = Default::default();
        Watch { source: source.to_owned(), pool, bucket, settings, keys, book, leaves, found, planned, old }
    }

    /// Days that are still to be verified.
    pub fn days_left(&self) -> usize {
        self.old.len()
    }

    /// Verifies what is new, and some of what is old. Errors: keys cannot be listed; the database's.
    pub async fn round(&mut self, stop: &CancellationToken) -> anyhow::Result<()> {
        let until = Instant::now() + self.settings.poll;
        if is_due(self.found, LEAVES) {
            self.leaves = self.find().await?;
            self.found = Some(Instant::now());
        }
        let today = today();
        for watched in &self.leaves {
            if stop.is_cancelled() {
                return Ok(());
            }
            self.recent(watched, today).await?;
        }
        self.troubled(stop).await?;
        if is_due(self.planned, OLD_DAYS) {
            self.old = self.plan(today).await?;
            self.planned = Some(Instant::now());
        }
        while let Some((date, leaf)) = self.old.front().cloned() {
            if stop.is_cancelled() || Instant::now() >= until {
                break;
            }
            self.whole(&leaf, date).await?;
            self.old.pop_front();
        }
        Ok(())
    }

    async fn find(&self) -> anyhow::Result<Vec<Watched>> {
        let mut watched = Vec::new();
        for leaf in day::leaves(&self.bucket, &self.settings.prefix).await? {
            let oldest = self.oldest(&leaf).await?;
            watched.push(Watched { leaf, oldest });
        }
        Ok(watched)
    }

    /// The keys of a folder are in the order of their days.
    async fn oldest(&self, leaf: &Leaf) -> anyhow::Result<Option<Date>> {
        let page = self.bucket.page(&leaf.prefix, None, None).await?;
        let mut keys = page.objects.iter().filter_map(|listed| listed.key());
        Ok(keys.find_map(super::name::digest).map(|name| instant(name.time).date()))
    }

    /// What is to be there from when on: the oldest digest of all may name one that has expired.
    fn span(&self, oldest: Option<Date>, first: Date, goes_on: bool) -> Span {
        let since = self.settings.since.map(|since| Timestamp(since.midnight().assume_utc().unix_timestamp() * 1000));
        let complete_from = match oldest {
            Some(oldest) if oldest < first => Some(since.unwrap_or(EVER)),
            _ => since,
        };
        Span { from: since, to: None, complete_from, goes_on }
    }

    /// Digests of today and yesterday that are not known to be valid.
    async fn recent(&self, Watched { leaf, oldest }: &Watched, today: Date) -> anyhow::Result<()> {
        let yesterday = today.saturating_sub(time::Duration::days(1));
        let days = [yesterday, today];
        let mut digests = day::list(&self.bucket, leaf, &days).await?;
        let uris: Vec<_> = digests.iter().map(|digest| self.bucket.uri(&digest.key)).collect();
        let valid: HashSet<_> = integrity::valid(&self.pool, &uris).await?.into_iter().collect();
        let new: HashSet<_> =
            digests.iter().zip(uris).filter(|(_, uri)| !valid.contains(uri)).map(|(new, _)| new.key.clone()).collect();
        if new.is_empty() {
            return Ok(());
        }
        digests.extend(day::list(&self.bucket, leaf, &[yesterday.saturating_sub(time::Duration::days(1))]).await?);
        let span = self.span(*oldest, yesterday, true);
        self.days(span).verify(leaf, &days, digests, |key| new.contains(key)).await?;
        tracing::debug!(source = self.source, prefix = leaf.prefix, digests = new.len(), "verified");
        Ok(())
    }

    fn days(&self, span: Span) -> Days<'_> {
        Days { bucket: &self.bucket, keys: &self.keys, ledger: &self.book, span }
    }

    /// A day, whatever is known of it.
    async fn whole(&self, leaf: &Leaf, date: Date) -> anyhow::Result<()> {
        let oldest = self.leaves.iter().find(|watched| watched.leaf == *leaf).and_then(|watched| watched.oldest);
        let (folder, log_files) = (layout::day(leaf, date), layout::day(&day::log_files(leaf), date));
        let mut near: Vec<_> = date.previous_day().into_iter().collect();
        near.push(date);
        near.extend(date.next_day());
        let digests = day::list(&self.bucket, leaf, &near).await?;
        let mut present: Vec<_> = digests.iter().filter(|digest| digest.key.starts_with(&folder)).cloned().collect();
        present.extend(day::list(&self.bucket, &day::log_files(leaf), &[date]).await?);
        let span = self.span(oldest, date, date >= today().saturating_sub(time::Duration::days(1)));
        self.days(span).verify(leaf, &[date], digests, |key| key.starts_with(&folder)).await?;
        let uri = |entry: &Entry| self.bucket.uri(&entry.key);
        let present: Vec<_> = present.iter().map(uri).collect();
        let folders = [self.bucket.uri(&folder), self.bucket.uri(&log_files)];
        integrity::sweep(&self.pool, &folders, &present).await?;
        checkpoint::listing_save(&self.pool, &self.source, &[(folder, String::new(), true)]).await?;
        Ok(())
    }

    /// Days in which something was wrong, the longest ago first.
    async fn troubled(&self, stop: &CancellationToken) -> anyhow::Result<()> {
        let before = OffsetDateTime::now_utc() - self.settings.recheck;
        let mut done = HashSet::new();
        for folder in integrity::troubled(&self.pool, &self.source, before, TROUBLED).await? {
            let Some((leaf, date)) = self.day_of(&folder) else { continue };
            if stop.is_cancelled() {
                return Ok(());
            }
            if done.insert((leaf.prefix.clone(), date)) {
                self.whole(leaf, date).await?;
            }
        }
        Ok(())
    }

    /// The day that a folder of digests or of log files is of; `None` for what is not ours to verify.
    fn day_of(&self, folder: &str) -> Option<(&Leaf, Date)> {
        let leaves = self.leaves.iter().map(|watched| &watched.leaf);
        leaves.into_iter().find_map(|leaf| {
            let prefixes = [leaf.prefix.clone(), day::log_files(leaf).prefix];
            let date = prefixes.iter().find_map(|prefix| folder.strip_prefix(&self.bucket.uri(prefix)))?;
            Some((leaf, date_of(date)?))
        })
    }

    /// Old days that were never verified, and young ones that were not for long.
    async fn plan(&self, today: Date) -> anyhow::Result<VecDeque<(Date, Leaf)>> {
        let known: HashMap<_, _> = checkpoint::listing(&self.pool, &self.source, None).await?;
        let (now, young) = (OffsetDateTime::now_utc(), today.saturating_sub(YOUNG));
        let yesterday = today.saturating_sub(time::Duration::days(1));
        // Of what is expired, nothing is kept that would be verified.
        let kept = self.settings.keep_days.map(|days| today.saturating_sub(time::Duration::days(days.into())));
        let first = self.settings.since.max(kept);
        let mut old = Vec::new();
        for Watched { leaf, .. } in &self.leaves {
            for (date, folder) in layout::days(&self.bucket, leaf, first).await? {
                let again = |listed_at: OffsetDateTime| date >= young && now - listed_at > OLD_DAYS / 2;
                if date < yesterday && known.get(&folder).is_none_or(|known| !known.complete || again(known.listed_at))
                {
                    old.push((date, leaf.clone()));
                }
            }
        }
        old.sort_by(|one, other| other.cmp(one));
        Ok(old.into())
    }
}

fn today() -> Date {
    instant(Clock::System.now()).date()
}

/// `2026/11/24/`.
fn date_of(folder: &str) -> Option<Date> {
    let mut parts = folder.trim_end_matches('/').split('/');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let month = time::Month::try_from(month.parse::<u8>().ok()?).ok()?;
    let date = Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok();
    date.filter(|_| parts.next().is_none())
}

fn is_due(last: Option<Instant>, every: Duration) -> bool {
    last.is_none_or(|last| last.elapsed() >= every)
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn folders_of_days() {
        assert_eq!(date_of("2026/11/24/"), Some(date!(2026 - 11 - 24)));
        for other in ["", "2026/11/", "2026/11/24/more/", "2026/13/24/", "a/b/c/"] {
            assert_eq!(date_of(other), None, "{other}");
        }
    }
}
