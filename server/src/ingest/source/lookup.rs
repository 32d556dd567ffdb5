//! LookupEvents: the 90 days that AWS remembers of each region without a trail, management events and Insights.
//!
//! Time is cut into slices. A slice is asked for once it is over and a while has passed, the newest first, and is then never
//! asked for again; what is newer is asked for at every look, with an overlap, since events arrive late. A page's token is used
//! within a run alone: after a start, a slice is asked for from its beginning, and what is stored changes nothing.

use std::{
    collections::{BTreeSet, HashMap},
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow};
use aws_config::{Region, SdkConfig, retry::RetryConfig};
use aws_sdk_cloudtrail::{
    Client, operation::lookup_events::LookupEventsOutput, primitives::DateTime, types::EventCategory,
};
use bytes::Bytes;
use futures::{FutureExt, future};
use sha2::{Digest, Sha256};

use self::pace::Pace;
use super::{
    Object, Place,
    aws::{Failure, Trouble},
    intake::Intake,
    runner::{Left, Round},
};
use crate::{clock::Clock, config::source::LookupEvents, store::checkpoint};

mod pace;

/// Seconds of a slice.
const SLICE: i64 = 6 * 3_600;
/// Events arrive late, and our clock may be wrong by the five minutes that AWS allows: a slice is whole so many seconds after its end,
const LATE: i64 = 1_800;
/// and a look begins so many seconds before the end of the one before.
const OVERLAP: i64 = 1_200;
/// AWS remembers so long; less a little, so that the oldest slice is still there when it is asked for.
const MEMORY: i64 = 90 * 86_400 - 3_600;
/// Events in one object.
const OBJECT_BYTES: usize = 4 << 20;
const PAGE: i32 = 50;
/// A page that AWS does not give is asked for so often.
const ATTEMPTS: u32 = 8;
/// A token that AWS does not know any more: the slice is asked for again, so often.
const RESTARTS: u32 = 3;
/// Regions are looked for so often.
const REGIONS: Duration = Duration::from_secs(3_600);

pub struct Lookup {
    settings: LookupEvents,
    config: SdkConfig,
    account: String,
    tracks: Vec<Track>,
    found: Option<Instant>,
}

/// One region and category.
struct Track {
    uri: String,
    region: String,
    category: Option<EventCategory>,
    client: Client,
    pace: Pace,
    /// All before this second was asked for.
    until: Option<i64>,
    polled: Option<Instant>,
    /// Slices that are to be asked for, by their first second.
    slices: Vec<i64>,
    /// Up to which second they were planned.
    planned: Option<i64>,
    /// Events of the overlap, by id, with their second: they need not be stored again at every look.
    seen: HashMap<String, i64>,
}

impl Lookup {
    pub fn new(settings: LookupEvents, config: SdkConfig) -> Lookup {
        Lookup { settings, config, account: String::new(), tracks: Vec::new(), found: None }
    }

    /// Looks at what is new in every region, and asks for one old slice of each. Errors: of all regions, or the database's.
    pub async fn round(&mut self, intake: &Intake) -> anyhow::Result<Round> {
        if self.found.is_none_or(|found| found.elapsed() >= REGIONS) {
            self.find().await?;
        }
        let (days, poll) = (i64::from(self.settings.days), self.settings.poll);
        let rounds = self.tracks.iter_mut().map(|track| track.round(intake, days, poll).boxed());
        let rounds = future::join_all(rounds.collect::<Vec<_>>()).await;
        let (mut pause, mut complaint, mut well) = (poll, None, 0);
        for round in rounds {
            match round {
                Ok(next) => {
                    pause = pause.min(next);
                    well += 1;
                }
                Err(error) => complaint = complaint.or(Some(format!("{error:#}"))),
            }
        }
        if let Some(reason) = &complaint {
            if well == 0 {
                return Err(anyhow!(reason.clone()));
            }
            // Regions that fail are not asked in haste.
            pause = pause.max(Duration::from_secs(5));
        }
        let slices = self.tracks.iter().map(|track| track.slices.len()).sum::<usize>();
        let left = Left { backfill: i64::try_from(slices).ok(), ..Left::default() };
        Ok(Round { pause, complaint, left })
    }

    /// Asks for one event of each region. Errors: the first that AWS does not give.
    pub async fn check(&mut self) -> anyhow::Result<String> {
        self.find().await?;
        for track in self.tracks.iter_mut().filter(|track| track.category.is_none()) {
            let now = Clock::System.now().0 / 1_000;
            track.page(now - 900, now, None).await?;
        }
        let regions: BTreeSet<_> = self.tracks.iter().map(|track| track.region.as_str()).collect();
        let regions: Vec<_> = regions.into_iter().collect();
        Ok(format!("LookupEvents answers for account {} in {}", self.account, regions.join(", ")))
    }

    /// The account and its regions.
    async fn find(&mut self) -> anyhow::Result<()> {
        let sts = aws_sdk_sts::Client::new(&self.config);
        let who = sts.get_caller_identity().send().await;
        let who = who.map_err(|error| Failure::of(&error, "sts:GetCallerIdentity", "the account"))?;
        self.account = who.account().context("AWS does not say which account we are in")?.to_owned();
        let regions =
            if self.settings.regions.is_empty() { self.enabled().await? } else { self.settings.regions.clone() };
        self.tracks.retain(|track| regions.contains(&track.region));
        for region in regions {
            if self.tracks.iter().any(|track| track.region == region) {
                continue;
            }
            let pace = Pace::of(self.config.endpoint_url(), &self.account, &region);
            for category in [None, Some(EventCategory::Insight)] {
                self.tracks.push(self.track(&region, category, pace.clone()));
            }
        }
        self.found = Some(Instant::now());
        Ok(())
    }

    fn track(&self, region: &str, category: Option<EventCategory>, pace: Pace) -> Track {
        // Not the SDK's retries: each request has to wait for its turn.
        let config = aws_sdk_cloudtrail::config::Builder::from(&self.config);
        let config = config.region(Region::new(region.to_owned())).retry_config(RetryConfig::disabled());
        let kind = if category.is_none() { "management" } else { "insight" };
        Track {
            uri: format!("cloudtrail://{}/{region}/{kind}", self.account),
            region: region.to_owned(),
            category,
            client: Client::from_conf(config.build()),
            pace,
            until: None,
            polled: None,
            slices: Vec::new(),
            planned: None,
            seen: HashMap::new(),
        }
    }

    /// The regions that the account has enabled. Asked of the account's own API: EC2 knows them too, and is a hundred times larger.
    async fn enabled(&self) -> anyhow::Result<Vec<String>> {
        use aws_sdk_account::types::RegionOptStatus::{Enabled, EnabledByDefault};
        let client = aws_sdk_account::Client::new(&self.config);
        let (mut regions, mut next) = (Vec::new(), None);
        loop {
            let request = client.list_regions().max_results(50).set_next_token(next);
            let request = request.region_opt_status_contains(Enabled).region_opt_status_contains(EnabledByDefault);
            let answer = request.send().await.map_err(|error| {
                Failure::of(&error, "account:ListRegions", "the account's regions (or list them: regions = [\"…\"])")
            })?;
            regions.extend(answer.regions().iter().filter_map(|region| region.region_name().map(str::to_owned)));
            next = answer.next_token().map(str::to_owned);
            if next.is_none() {
                return Ok(regions);
            }
        }
    }
}

impl Track {
    /// Returns how long there is nothing to do.
    async fn round(&mut self, intake: &Intake, days: i64, poll: Duration) -> anyhow::Result<Duration> {
        let now = Clock::System.now().0 / 1_000;
        if self.polled.is_none_or(|polled| polled.elapsed() >= poll) {
            let began = Instant::now();
            let from = self.until.map_or_else(|| whole(now), |until| until - OVERLAP);
            if self.read(intake, from, now, true).await? {
                (self.until, self.polled) = (Some(now), Some(began));
            }
            self.seen.retain(|_, second| *second >= now - 2 * OVERLAP);
        }
        if self.planned != Some(whole(now)) {
            self.slices = self.missing(intake, now, days).await?;
            self.planned = Some(whole(now));
        }
        // Planned again after an error: the slice is among the missing ones then.
        let planned = self.planned.take();
        if let Some(slice) = self.slices.pop()
            && self.read(intake, slice, slice + SLICE, false).await?
        {
            let category = self.category_name();
            checkpoint::lookup_save(&intake.pool, &intake.name, &self.region, category, (slice, slice + SLICE)).await?;
        }
        self.planned = planned;
        let next = self.polled.map_or(Duration::ZERO, |polled| poll.saturating_sub(polled.elapsed()));
        Ok(if !self.slices.is_empty() { Duration::ZERO } else { next })
    }

    fn category_name(&self) -> &'static str {
        if self.category.is_none() { "management" } else { "insight" }
    }

    /// Slices that are whole and were not asked for, the newest last.
    async fn missing(&self, intake: &Intake, now: i64, days: i64) -> sqlx::Result<Vec<i64>> {
        let done = checkpoint::lookup(&intake.pool, &intake.name, &self.region, self.category_name()).await?;
        let oldest = now - MEMORY.min(days * 86_400);
        let mut slice = oldest.div_euclid(SLICE) * SLICE;
        let mut missing = Vec::new();
        while slice + SLICE <= whole(now) {
            if !done.contains(&slice) {
                missing.push(slice);
            }
            slice += SLICE;
        }
        Ok(missing)
    }

    /// Asks for all events between two seconds and stores them. False when the program ends meanwhile.
    async fn read(&mut self, intake: &Intake, from: i64, to: i64, recent: bool) -> anyhow::Result<bool> {
        let mut restarts = 0;
        loop {
            match self.pages(intake, from, to, recent).await {
                Err(error) if is_expired(&error) && restarts < RESTARTS => restarts += 1,
                read => return read,
            }
        }
    }

    async fn pages(&mut self, intake: &Intake, from: i64, to: i64, recent: bool) -> anyhow::Result<bool> {
        let (mut next, mut text, mut number) = (None, String::new(), 0);
        let mut fresh = Vec::new();
        loop {
            if intake.stopping() {
                return Ok(false);
            }
            let page = self.page(from, to, next).await?;
            for event in page.events() {
                let Some(content) = event.cloud_trail_event() else { continue };
                let id = event.event_id().unwrap_or_default();
                if recent && self.seen.contains_key(id) {
                    continue;
                }
                fresh.push((id.to_owned(), event.event_time().map_or(to, DateTime::secs)));
                text.push_str(content);
                text.push('\n');
            }
            next = page.next_token().map(str::to_owned);
            if text.len() >= OBJECT_BYTES || next.is_none() && !text.is_empty() {
                self.store(intake, (from, to, number), std::mem::take(&mut text)).await?;
                number += 1;
                let stored = std::mem::take(&mut fresh);
                self.seen.extend(stored.into_iter().filter(|_| recent));
            }
            if next.is_none() {
                return Ok(true);
            }
        }
    }

    async fn store(&self, intake: &Intake, (from, to, number): (i64, i64, u32), text: String) -> anyhow::Result<()> {
        let moment = |second: i64| DateTime::from_secs(second).to_string();
        let object = Object {
            uri: format!("{}/{}/{}/{number}", self.uri, moment(from), moment(to)),
            version: Sha256::digest(&text).iter().take(16).map(|byte| format!("{byte:02x}")).collect(),
            bytes: text.len() as u64,
            place: Place::Memory(Bytes::from(text)),
            source: None,
        };
        intake.take(vec![object]).await?;
        Ok(())
    }

    /// One page, in its turn; asked for again while AWS is busy or not reached.
    async fn page(&mut self, from: i64, to: i64, next: Option<String>) -> Result<LookupEventsOutput, Failure> {
        let mut attempt = 1;
        loop {
            self.pace.turn().await;
            let request = self.client.lookup_events().max_results(PAGE).set_event_category(self.category.clone());
            let request = request.start_time(DateTime::from_secs(from)).end_time(DateTime::from_secs(to));
            let error = match request.set_next_token(next.clone()).send().await {
                Ok(page) => return Ok(page),
                Err(error) => error,
            };
            let failure = Failure::of(&error, "cloudtrail:LookupEvents", format!("LookupEvents in {}", self.region));
            let again = matches!(failure.trouble, Trouble::Throttled) || error.as_service_error().is_none();
            if !again || attempt >= ATTEMPTS {
                return Err(failure);
            }
            self.pace.back_off(attempt).await;
            attempt += 1;
        }
    }
}

/// Slices that end before it are whole.
fn whole(now: i64) -> i64 {
    (now - LATE).div_euclid(SLICE) * SLICE
}

fn is_expired(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Failure>().is_some_and(|failure| failure.reason.contains("NextToken"))
}
