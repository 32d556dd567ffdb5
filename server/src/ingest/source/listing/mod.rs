//! A bucket whose keys are listed: new ones at each look, late ones at rarer looks, old ones from the newest day back.
//!
//! A day's keys are in the order of their delivery, so that a look goes on an hour before the last key that it saw. What is
//! delivered later still is found when today and yesterday are listed whole (`recheck`), and when the last 30 days are, once a
//! day: for so long AWS tries again. What is stored is passed over by its row in `object`.

use std::{
    collections::{HashMap, VecDeque},
    io::ErrorKind,
    time::{Duration, Instant},
};

use aws_config::SdkConfig;
use futures::{StreamExt, TryStreamExt, future, stream};
use time::{Date, OffsetDateTime};

use self::layout::Leaf;
use super::{
    Object,
    aws::Failure,
    intake::{Intake, MOST_OBJECTS},
    queue::is_log,
    runner::{Left, Round},
    s3::{self, Bucket, Page},
};
use crate::{
    clock::Clock,
    config::source::S3,
    store::{checkpoint, instant},
};

pub mod layout;

/// New accounts and regions are looked for so often.
const LEAVES: Duration = Duration::from_secs(600);
/// Days before yesterday are looked at again so often,
const OLD_DAYS: Duration = Duration::from_secs(86_400);
/// and for so many days after them: so long AWS tries to deliver.
const LATE: time::Duration = time::Duration::days(30);
/// In the first hours of a day, keys of yesterday still arrive; the more so where our clock is ahead.
const NIGHT: u8 = 2;

pub struct Listing {
    bucket: Bucket,
    settings: S3,
    leaves: Vec<Leaf>,
    found: Option<Instant>,
    polled: Option<Instant>,
    rechecked: Option<Instant>,
    /// When old days are to be gone through; none: now.
    plan_at: Option<Instant>,
    /// Old days, the newest first.
    backfill: VecDeque<Stretch>,
}

/// Keys that are listed one after the other.
#[derive(Clone, Debug)]
struct Stretch {
    prefix: String,
    after: Option<String>,
    /// The last key that the checkpoint has; empty: none.
    known: String,
    /// A key could not be read in an earlier part of it.
    blocked: bool,
    /// The day is over: listed to its end it is complete.
    over: bool,
}

/// Keys that were listed and are not stored yet.
#[derive(Default)]
struct Gathered {
    objects: Vec<Object>,
    /// Each key with its URI where it is to be read, by the prefix of its stretch.
    keys: Vec<(String, Option<String>, String)>,
    marks: HashMap<String, Mark>,
    complaint: Option<String>,
}

/// How far a stretch is stored.
#[derive(Default)]
struct Mark {
    last_key: String,
    /// A key before could not be read: nothing behind it counts.
    blocked: bool,
    complete: bool,
    changed: bool,
}

impl Listing {
    pub fn new(settings: S3, config: &SdkConfig) -> Listing {
        let bucket = Bucket { client: s3::client(config), name: settings.bucket.clone() };
        let (found, polled, rechecked, plan_at) = Default::default();
        Listing { bucket, settings, leaves: Vec::new(), found, polled, rechecked, plan_at, backfill: VecDeque::new() }
    }

    /// Looks for new keys when it is time to, and reads some of the old ones. Errors: the bucket's or the database's.
    pub async fn round(&mut self, intake: &Intake) -> anyhow::Result<Round> {
        if self.leaves.is_empty() || is_due(self.found, LEAVES) {
            self.leaves = layout::leaves(&self.bucket, &self.settings.prefix).await?;
            self.found = Some(Instant::now());
        }
        let mut complaint = None;
        if is_due(self.polled, self.settings.poll) {
            let began = Instant::now();
            complaint = self.recent(intake).await?;
            self.polled = Some(began);
        }
        if self.plan_at.is_none_or(|at| Instant::now() >= at) {
            self.plan(intake).await?;
        }
        let next = self.polled.map_or_else(Instant::now, |polled| polled + self.settings.poll);
        if !self.backfill.is_empty() {
            let mut stretches = std::mem::take(&mut self.backfill);
            // After an error planned again, with what is stored by then.
            let planned = self.plan_at.take();
            let old = self.read(intake, &mut stretches, Some(next)).await?;
            self.plan_at = if old.is_some() { Some(Instant::now() + LEAVES) } else { planned };
            self.backfill = stretches;
            complaint = complaint.or(old);
        }
        let left = Left { backfill: i64::try_from(self.backfill.len()).ok(), ..Left::default() };
        Ok(Round { pause: next.saturating_duration_since(Instant::now()), complaint, left })
    }

    /// The object of a URI as it is now. None: the URI is of another bucket.
    pub async fn object(&self, uri: &str) -> Option<Result<Object, Failure>> {
        let key = s3::split(uri).filter(|(bucket, _)| *bucket == self.bucket.name)?.1.to_owned();
        let (client, bucket) = (self.bucket.client.clone(), self.bucket.name.clone());
        Some(s3::Key { client, bucket, key }.look().await)
    }

    /// Days of delivery before it are not read: nobody wants them, or what they have would be deleted at once.
    fn since(&self) -> Option<Date> {
        let today = instant(Clock::System.now()).date();
        let kept = self.settings.keep_days.map(|days| today.saturating_sub(time::Duration::days(i64::from(days))));
        self.settings.since.max(kept)
    }

    /// What is new today; at times all of today and yesterday.
    async fn recent(&mut self, intake: &Intake) -> anyhow::Result<Option<String>> {
        let began = Instant::now();
        let whole = is_due(self.rechecked, self.settings.recheck);
        let now = instant(Clock::System.now());
        let mut days = vec![now.date()];
        if whole || now.hour() < NIGHT {
            days.extend(now.date().previous_day());
        }
        let since = self.since().unwrap_or(Date::MIN);
        days.retain(|day| *day >= since);
        let folders = |leaf: &Leaf| match leaf.dated {
            true => days.iter().map(|day| layout::day(leaf, *day)).collect(),
            false => vec![leaf.prefix.clone()],
        };
        let prefixes: Vec<_> = self.leaves.iter().flat_map(folders).collect();
        let known = checkpoint::listing(&intake.pool, &intake.name, Some(&prefixes)).await?;
        let mut stretches: VecDeque<_> = prefixes
            .into_iter()
            .map(|prefix| {
                let known = known.get(&prefix).map(|known| known.last_key.clone()).unwrap_or_default();
                let after = (!whole && !known.is_empty()).then(|| resume(&prefix, &known)).flatten();
                Stretch { prefix, after, known, blocked: false, over: false }
            })
            .collect();
        let complaint = self.read(intake, &mut stretches, None).await?;
        if whole && !intake.stopping() {
            self.rechecked = Some(began);
        }
        Ok(complaint)
    }

    /// Old days that were never listed to their ends, and those to which something may still be delivered.
    async fn plan(&mut self, intake: &Intake) -> anyhow::Result<()> {
        let today = instant(Clock::System.now()).date();
        let (bucket, since) = (&self.bucket, self.since());
        let mut dated = self.leaves.clone();
        dated.retain(|leaf| leaf.dated);
        let days = stream::iter(dated).map(|leaf| async move { layout::days(bucket, &leaf, since).await });
        let days: Vec<Vec<(Date, String)>> = days.buffered(layout::AT_A_TIME).try_collect().await?;
        let known = checkpoint::listing(&intake.pool, &intake.name, None).await?;
        let mut days: Vec<_> = days.into_iter().flatten().collect();
        days.sort_by(|one, other| other.cmp(one));
        let young = today.saturating_sub(LATE);
        let yesterday = today.saturating_sub(time::Duration::days(1));
        let now = OffsetDateTime::now_utc();
        self.backfill = days
            .into_iter()
            .filter(|(day, _)| *day < yesterday)
            .filter_map(|(day, prefix)| {
                let stretch =
                    |after, known| Stretch { prefix: prefix.clone(), after, known, blocked: false, over: true };
                match known.get(&prefix) {
                    None => Some(stretch(None, String::new())),
                    Some(known) if !known.complete => {
                        let after = Some(known.last_key.clone()).filter(|key| !key.is_empty());
                        Some(stretch(after.and_then(|key| resume(&prefix, &key)), known.last_key.clone()))
                    }
                    Some(known) if day >= young && now - known.listed_at > OLD_DAYS / 2 => {
                        Some(stretch(None, known.last_key.clone()))
                    }
                    Some(_) => None,
                }
            })
            .collect();
        self.plan_at = Some(Instant::now() + OLD_DAYS);
        Ok(())
    }

    /// Lists stretches and stores their objects, batch by batch; ends after a batch when it is `until`, and leaves what is left.
    /// Returns the reason of an object that could not be reached.
    async fn read(
        &self,
        intake: &Intake,
        stretches: &mut VecDeque<Stretch>,
        until: Option<Instant>,
    ) -> anyhow::Result<Option<String>> {
        let mut gathered = Gathered::default();
        let enough = || intake.stopping() || until.is_some_and(|until| Instant::now() >= until);
        'all: while !stretches.is_empty() {
            let some: Vec<_> = stretches.drain(..stretches.len().min(layout::AT_A_TIME)).collect();
            let firsts = some.iter().map(|stretch| self.bucket.page(&stretch.prefix, stretch.after.as_deref(), None));
            let firsts = future::join_all(firsts).await;
            let mut listed: VecDeque<_> = some.into_iter().zip(firsts).collect();
            while let Some((mut stretch, page)) = listed.pop_front() {
                let mut page = page?;
                loop {
                    let next = page.next.take();
                    self.gather(&mut gathered, &mut stretch, page);
                    if gathered.keys.len() >= MOST_OBJECTS {
                        gathered.store(intake).await?;
                        if enough() {
                            stretch.blocked |= gathered.is_blocked(&stretch);
                            let left = listed.into_iter().map(|(stretch, _)| stretch);
                            let unfinished = next.is_some().then_some(stretch);
                            unfinished.into_iter().chain(left).rev().for_each(|stretch| stretches.push_front(stretch));
                            break 'all;
                        }
                    }
                    let Some(next) = next else { break };
                    page = self.bucket.page(&stretch.prefix, None, Some(next)).await?;
                }
                gathered.end(&stretch);
            }
        }
        gathered.store(intake).await?;
        Ok(gathered.complaint)
    }

    fn gather(&self, gathered: &mut Gathered, stretch: &mut Stretch, page: Page) {
        let since = self.since().map(|since| since.midnight().assume_utc().unix_timestamp());
        for listed in &page.objects {
            let Some(key) = listed.key() else { continue };
            let written = listed.last_modified().map_or(i64::MAX, |written| written.secs());
            let wanted = is_log(key) && since.is_none_or(|since| written >= since);
            let object = wanted.then(|| self.bucket.object(listed)).flatten();
            let uri = object.as_ref().map(|object| object.uri.clone());
            gathered.keys.push((key.to_owned(), uri, stretch.prefix.clone()));
            gathered.objects.extend(object);
            stretch.after = Some(key.to_owned());
        }
        let mark = gathered.marks.entry(stretch.prefix.clone());
        mark.or_insert_with(|| {
            let (last_key, blocked) = (stretch.known.clone(), stretch.blocked);
            Mark { last_key, blocked, ..Mark::default() }
        });
    }
}

impl Gathered {
    fn is_blocked(&self, stretch: &Stretch) -> bool {
        self.marks.get(&stretch.prefix).is_some_and(|mark| mark.blocked)
    }

    /// The stretch is listed to its end.
    fn end(&mut self, stretch: &Stretch) {
        if let Some(mark) = self.marks.get_mut(&stretch.prefix) {
            mark.complete = stretch.over;
        }
    }

    /// Stores the objects, then moves the checkpoints on.
    async fn store(&mut self, intake: &Intake) -> anyhow::Result<()> {
        let batch = intake.take(std::mem::take(&mut self.objects)).await?;
        for (key, uri, prefix) in std::mem::take(&mut self.keys) {
            let Some(mark) = self.marks.get_mut(&prefix) else { continue };
            let failed = uri.and_then(|uri| Some((batch.failed.get(&uri)?.clone(), uri)));
            // What is gone between the listing and the reading is gone; what is damaged has its row and its reason.
            match failed.and_then(|(failed, uri)| Some((failed.trouble?, failed.reason, uri))) {
                Some((kind, reason, uri)) if kind != ErrorKind::NotFound => {
                    mark.blocked = true;
                    self.complaint.get_or_insert_with(|| format!("{uri}: {reason}"));
                }
                _ if !mark.blocked && key > mark.last_key => {
                    mark.last_key = key;
                    mark.changed = true;
                }
                _ => {}
            }
        }
        let moved = self.marks.iter().filter(|(_, mark)| mark.changed || mark.complete && !mark.blocked);
        let moved: Vec<_> = moved
            .map(|(prefix, mark)| (prefix.clone(), mark.last_key.clone(), mark.complete && !mark.blocked))
            .collect();
        checkpoint::listing_save(&intake.pool, &intake.name, &moved).await?;
        self.marks.retain(|_, mark| {
            mark.changed = false;
            !mark.complete
        });
        Ok(())
    }
}

/// Where to go on after the last key of a stretch.
fn resume(prefix: &str, last_key: &str) -> Option<String> {
    match layout::before(last_key) {
        Some(before) if before.as_str() > prefix => Some(before),
        // The first hour of a day: all of it.
        None if prefix.ends_with('/') && last_key.contains("_CloudTrail") => None,
        _ => Some(last_key.to_owned()),
    }
}

fn is_due(last: Option<Instant>, every: Duration) -> bool {
    last.is_none_or(|last| last.elapsed() >= every)
}
