//! All sources at once, each a task of its own: one that fails is tried again and stops no other.

use std::{
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

use futures::FutureExt;
use sqlx::PgPool;
use tokio::task::JoinSet;

use super::{
    aws,
    folder::Folder,
    intake::Intake,
    lease::Leases,
    listing::Listing,
    lookup::Lookup,
    push::{self, Endpoints},
    queue::Queue,
    retry,
};
use crate::{
    config::source::{Kind, Source},
    disk::Disk,
    ingest::{self, enrich::GeoIp},
    integrity::watch,
    store::{self, source::Lock},
};

/// After an error: so long, then twice as long, and so on.
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
const LAST_BACKOFF: Duration = Duration::from_secs(60);
/// A database that does not answer is asked more often: it is ours, and nothing is taken from outside until it does.
const LAST_BACKOFF_OF_DATABASE: Duration = Duration::from_secs(4);
/// What is being stored when the program ends may still take so long; then it is dropped, and read again at the next start.
const GRACE: Duration = Duration::from_secs(5);
/// How often a source that has nothing to do says that it is well.
const WELL: Duration = Duration::from_secs(30);
/// How often rollups are folded and Postgres is told what there is.
const SETTLE: Duration = Duration::from_secs(60);

/// A source went through once.
#[derive(Debug, Default)]
pub struct Round {
    /// Until there may be more.
    pub pause: Duration,
    /// Something that did not hold up the rest.
    pub complaint: Option<String>,
    pub left: Left,
}

/// What is still to be read, as far as a source knows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Messages that wait in the queue.
    pub backlog: Option<i64>,
    /// Pieces of older time; none where nothing older is wanted.
    pub backfill: Option<i64>,
}

/// The running sources.
pub struct Runner {
    intake: Intake,
    tasks: JoinSet<()>,
    leases: Leases,
    /// Where those that are sent to come in.
    pub endpoints: Endpoints,
}

impl Runner {
    /// Starts all sources, of a database on this disk.
    pub fn start(pool: PgPool, geoip: GeoIp, disk: Disk, sources: Vec<Source>) -> Runner {
        let intake = Intake::new(pool, geoip).on(disk.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(disk.watch(intake.pool.clone(), intake.stop.clone()));
        let names: Vec<_> = sources.iter().map(|source| source.name.clone()).collect();
        tasks.spawn(settle(intake.clone(), names));
        let locks = sources.iter().map(|source| (source.name.as_str().into(), source.kind.lock()));
        let leases = Leases::take(intake.pool.clone(), locks.collect());
        let mut endpoints = Endpoints::new();
        for source in sources {
            let own = intake.named(&source.name);
            let lease = leases.of(&source.name);
            if let Some(verify) = source.verify {
                let (own, lease) = (own.clone(), lease.clone());
                tasks.spawn(async move { lease.alone(&own, || watch::keep(own.clone(), verify.clone())).await });
            }
            match source.kind {
                Kind::Push(settings) => {
                    let (endpoint, lanes) = push::open(&own, settings);
                    lanes.into_iter().for_each(|lane| drop(tasks.spawn(lane.run())));
                    tasks.spawn(endpoint.clone().keep(own));
                    endpoints.insert(source.name, endpoint);
                }
                kind => drop(tasks.spawn(async move { lease.alone(&own, || keep(own.clone(), kind.clone())).await })),
            }
        }
        Runner { intake, tasks, leases, endpoints }
    }

    /// Ends all sources within ten seconds; what is dropped comes again at the next start.
    pub async fn stop(mut self) {
        self.intake.stop.cancel();
        if tokio::time::timeout(GRACE + Duration::from_secs(2), async {
            while self.tasks.join_next().await.is_some() {}
        })
        .await
        .is_err()
        {
            tracing::warn!("sources were still at work and are cut off");
            self.tasks.abort_all();
        }
        self.leases.give_back().await;
        let said = tokio::time::timeout(Duration::from_secs(2), store::source::stopped(&self.intake.pool)).await;
        if !matches!(said, Ok(Ok(()))) {
            tracing::warn!("the database does not answer: sources are not marked as stopped");
        }
    }
}

impl Kind {
    fn lock(&self) -> Lock {
        if matches!(self, Kind::Push(_)) { Lock::Shared } else { Lock::Alone }
    }
}

/// A source, opened.
pub enum Reader {
    Listing(Box<Listing>),
    Queue(Box<Queue>),
    Lookup(Box<Lookup>),
    Folder(Folder),
}

impl Reader {
    /// As `type` in the file.
    fn kind(&self) -> &'static str {
        match self {
            Reader::Listing(_) => "s3",
            Reader::Queue(_) => "sqs",
            Reader::Lookup(_) => "lookup-events",
            Reader::Folder(_) => "folder",
        }
    }

    /// Nothing where there is nothing to go and read: others come to us.
    async fn open(kind: &Kind) -> Option<Reader> {
        Some(match kind {
            Kind::Push(_) => return None,
            Kind::S3(settings) => {
                let config = aws::config(&settings.aws).await;
                Reader::Listing(Box::new(Listing::new(settings.clone(), &config)))
            }
            Kind::Sqs(settings) => {
                let config = aws::config(&settings.aws).await;
                Reader::Queue(Box::new(Queue::new(settings.clone(), config)))
            }
            Kind::LookupEvents(settings) => {
                let config = aws::config(&settings.aws).await;
                Reader::Lookup(Box::new(Lookup::new(settings.clone(), config)))
            }
            Kind::Folder(settings) => Reader::Folder(Folder::new(settings.clone())),
        })
    }

    async fn round(&mut self, intake: &Intake) -> anyhow::Result<Round> {
        match self {
            Reader::Listing(listing) => listing.round(intake).boxed().await,
            Reader::Queue(queue) => queue.round(intake).boxed().await,
            Reader::Lookup(lookup) => lookup.round(intake).boxed().await,
            Reader::Folder(folder) => folder.round(intake).boxed().await,
        }
    }
}

/// Keeps a source going until the program ends.
async fn keep(intake: Intake, kind: Kind) {
    tracing::info!(source = %intake.name, kind = kind.name(), "a source starts");
    let Some(reader) = Reader::open(&kind).await else { return };
    let mut running = Running::new(reader, intake);
    let mut backoff = FIRST_BACKOFF;
    // While reading is paused, nobody outside is asked for anything: what would be handed out in vain counts as a try there.
    while running.intake.room().await {
        let pause = match running.round().await {
            None => return,
            Some(Ok(round)) => {
                backoff = FIRST_BACKOFF;
                round.pause
            }
            Some(Err(error)) if running.intake.disk.is_full(&error) => {
                running.well = None;
                Duration::ZERO
            }
            Some(Err(error)) => {
                let reason = format!("{error:#}");
                let away = error.downcast_ref().is_some_and(store::is_away);
                let pause = if away { backoff.min(LAST_BACKOFF_OF_DATABASE) } else { backoff };
                tracing::error!(source = %running.intake.name, reason, again_in_s = pause.as_secs(), "a source fails");
                if !away {
                    running.failed(&reason).await;
                }
                backoff = LAST_BACKOFF.min(pause * 2);
                pause
            }
        };
        if !pause.is_zero() && !running.intake.pause(pause).await {
            return;
        }
    }
}

/// A source at work, and what its row says.
pub struct Running {
    reader: Reader,
    intake: Intake,
    /// When it was told that all goes well; never, where that does not hold any more.
    well: Option<Instant>,
    left: Left,
}

impl Running {
    pub fn new(reader: Reader, intake: Intake) -> Running {
        Running { reader, intake, well: None, left: Left::default() }
    }

    /// One round, and its end in the source's row. None when the program ended before it did.
    pub async fn round(&mut self) -> Option<anyhow::Result<Round>> {
        let stop = self.intake.stop.clone();
        let mut round = std::pin::pin!(AssertUnwindSafe(self.whole_round()).catch_unwind());
        let ended = tokio::select! {
            ended = &mut round => ended,
            () = stop.cancelled() => tokio::time::timeout(GRACE, round).await.ok()?,
        };
        Some(ended.unwrap_or_else(|_| Err(anyhow::anyhow!("the source broke down: this is a bug of Trailmap"))))
    }

    async fn whole_round(&mut self) -> anyhow::Result<Round> {
        let (pool, name) = (&self.intake.pool, &self.intake.name);
        if self.well.is_none() {
            store::source::running(pool, name, self.reader.kind()).await?;
        }
        // Nothing is taken from outside while the database does not answer.
        retry::round(&mut self.reader, &self.intake).await?;
        let round = self.reader.round(&self.intake).await?;
        let worked = self.intake.worked();
        match &round.complaint {
            Some(reason) => {
                store::source::left(pool, name, round.left).await?;
                store::source::failed(pool, name, reason).await?;
                self.well = None;
            }
            None if worked || self.is_news(round.left) => {
                store::source::left(pool, name, round.left).await?;
                store::source::waiting(pool, name).await?;
                (self.well, self.left) = (Some(Instant::now()), round.left);
            }
            None => {}
        }
        Ok(round)
    }

    fn is_news(&self, left: Left) -> bool {
        self.left != left || self.well.is_none_or(|at| at.elapsed() >= WELL)
    }

    async fn failed(&mut self, reason: &str) {
        self.well = None;
        // When it is the database that does not answer, this is told in the log alone.
        let _ = store::source::failed(&self.intake.pool, &self.intake.name, reason).await;
    }
}

/// Now and then brings the rollups together: after each small batch it would cost more than the batch.
async fn settle(intake: Intake, names: Vec<String>) {
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    if let Err(error) = store::source::declare(&intake.pool, &names).await {
        tracing::warn!(%error, "sources that are no longer in the file are not marked as stopped");
    }
    while intake.pause(SETTLE).await && intake.room().await {
        let stored = std::mem::take(&mut *intake.stored());
        let settled = tokio::select! {
            () = intake.stop.cancelled() => return,
            settled = ingest::settle(&intake.pool, &stored) => settled,
        };
        if let Err(error) = settled {
            intake.stored().add(stored.events, stored.times);
            tracing::warn!(%error, "the rollups could not be folded");
        }
    }
}
