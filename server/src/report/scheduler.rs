//! Sends what is due, while `trailmap serve` runs.
//!
//! A report that falls due becomes a run: a row whose key is report and time, so that of several servers one makes it. A run is taken by
//! one server for a while, and by another where that one ends. Who has had it is noted at once; what did not go through is tried again for the
//! others, a few times.

use std::time::Duration;

use app::api::Outcome;
use model::{
    error::{Error, Kind},
    time::Timestamp,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Trouble, schedule};
use crate::{
    access::{
        Access, Act, Reader,
        report::{Maker, destinations, maker},
    },
    query::Query,
    store::{
        access::{
            audit,
            report::{self as store, Report, Run},
        },
        instant,
    },
};

/// How often it is looked whether something is due.
const PACE: Duration = Duration::from_secs(10);
/// Runs that one server tries at a time.
const HANDS: usize = 2;
/// A run that a server has taken is left to it for so long,
const LEASE_MS: i64 = 15 * 60_000;
/// and given up by it before.
const PATIENCE: Duration = Duration::from_secs(10 * 60);
/// Pauses before further tries, in minutes.
const AGAIN_MIN: [i64; 3] = [1, 5, 15];
/// What was missed while no server ran is sent once, unless it is older.
const LATE_MS: i64 = 24 * 3_600_000;
/// What is under way when the server is stopped may end within so long.
const GRACE: Duration = Duration::from_secs(8);

#[derive(Clone)]
pub struct Scheduler {
    access: Access,
    query: Query,
}

/// Its tasks.
pub struct Running {
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl Running {
    pub async fn stop(self) {
        self.stop.cancel();
        let end = async |mut task: JoinHandle<()>| {
            if tokio::time::timeout(GRACE, &mut task).await.is_err() {
                task.abort();
            }
        };
        futures::future::join_all(self.tasks.into_iter().map(end)).await;
    }
}

impl Scheduler {
    /// `query`: sees all; what a report sees is narrowed to its maker.
    pub fn new(access: Access, query: Query) -> Scheduler {
        Scheduler { access, query }
    }

    pub fn start(self) -> Running {
        let stop = CancellationToken::new();
        let tasks = (0..HANDS).map(|_| tokio::spawn(self.clone().keep(stop.clone()))).collect();
        Running { stop, tasks }
    }

    async fn keep(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            match self.turn().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "reports cannot be looked after for now"),
            }
            let _ = tokio::time::timeout(PACE, stop.cancelled()).await;
        }
    }

    /// Makes runs of what is due, and tries one. False: there was none.
    pub async fn turn(&self) -> sqlx::Result<bool> {
        let now = self.query.clock.now();
        while self.fall_due(now).await? {}
        let until = instant(Timestamp(now.0 + LEASE_MS));
        let Some(run) = store::run_take(self.access.pool(), instant(now), until).await? else { return Ok(false) };
        let Some(report) = store::find(self.access.pool(), run.report_id, None).await? else { return Ok(true) };
        let end = match tokio::time::timeout(PATIENCE, self.attempt(&report, &run)).await {
            Ok(end) => end?,
            Err(_) => End::failed(Trouble { what: "It took too long.".to_owned(), passes: true }),
        };
        self.end(&report, &run, end, now).await?;
        Ok(true)
    }

    /// Makes a run of one report that is due. False: none is.
    async fn fall_due(&self, now: Timestamp) -> sqlx::Result<bool> {
        let mut transaction = self.access.pool().begin().await?;
        let Some((id, text, was)) = store::due(&mut transaction, instant(now)).await? else { return Ok(false) };
        let was = crate::query::timestamp(was);
        let planned =
            serde_json::from_str(&text).map_err(|_| Error::invalid("every", "When it is sent cannot be read."));
        let planned = planned.and_then(|schedule| {
            // Of all that was missed the last, as long as it is worth reading.
            let after = Timestamp((was.0 - 1).max(now.0 - LATE_MS));
            Ok((schedule::last(&schedule, after, now)?, schedule::next(&schedule, now)?))
        });
        match planned {
            Ok((due, next)) => {
                match due {
                    Some(due) => store::run_insert(&mut transaction, id, instant(due)).await?,
                    None => {
                        let said = "No server ran then.";
                        store::run_note(&mut transaction, id, instant(was), Outcome::Missed.name(), said).await?;
                    }
                }
                store::set_next(&mut transaction, id, Some(instant(next))).await?;
            }
            Err(error) => store::pause(&mut transaction, id, Some(&error.message), None).await?,
        }
        transaction.commit().await?;
        Ok(true)
    }

    async fn attempt(&self, report: &Report, run: &Run) -> sqlx::Result<End> {
        if let Some(why) = &report.paused {
            return Ok(End::failed(Trouble::lasting(why)));
        }
        let made_by = match maker(report) {
            Ok(made_by) => made_by,
            Err(why) => return Ok(End { pause: true, ..End::failed(Trouble::lasting(why)) }),
        };
        match self.send(report, run, &made_by).await? {
            Ok(end) => Ok(end),
            Err(error) => Ok(End::failed(trouble(error))),
        }
    }

    async fn send(&self, report: &Report, run: &Run, made_by: &Maker) -> sqlx::Result<Result<End, Error>> {
        let content = match self.access.report_content(&self.query, report, made_by).await {
            Ok(content) => content,
            Err(error) => return Ok(Err(error)),
        };
        if report.only_with_events && content.events == 0 {
            return Ok(Ok(End {
                outcome: Outcome::Nothing,
                said: "There were no events.".to_owned(),
                ..End::default()
            }));
        }
        let key = format!("{} {}", run.report_id, run.due_at.unix_timestamp());
        let (mut said, mut troubles) = (Vec::new(), Vec::new());
        for whom in destinations(report) {
            if run.done.contains(&whom.name()) {
                continue;
            }
            match self.access.deliver(&content, report, &whom, &key).await {
                Ok(words) => {
                    store::run_done(self.access.pool(), run, &whom.name()).await?;
                    said.push(words);
                }
                Err(Trouble { what, passes }) => {
                    troubles.push(Trouble { what: format!("{}: {what}", whom.shown(report)), passes });
                }
            }
        }
        Ok(Ok(End::of(said, troubles)))
    }

    async fn end(&self, report: &Report, run: &Run, end: End, now: Timestamp) -> sqlx::Result<()> {
        let tried = usize::try_from(run.tries - 1).unwrap_or(0);
        let pause_min = AGAIN_MIN.get(tried).copied().filter(|_| end.passes);
        let again = pause_min.map(|minutes| instant(Timestamp(now.0 + minutes * 60_000)));
        let outcome = if again.is_some() { Outcome::Trying } else { end.outcome };
        let mut transaction = self.access.pool().begin().await?;
        store::run_end(&mut transaction, run, outcome.name(), &end.said, again).await?;
        if end.pause {
            store::pause(&mut transaction, run.report_id, Some(&end.said), None).await?;
        }
        tracing::info!(report = run.report_id, outcome = outcome.name(), said = end.said, "a report's time has come");
        if outcome != Outcome::Trying {
            let name = report.name.clone().unwrap_or_default();
            let act = Act::new(&Reader { name, ..Reader::open("schedule".to_owned()) }, "report_send", &report.title);
            let act = act.with(&end.said);
            let act = if outcome == Outcome::Failed { act.refused() } else { act };
            audit::append(&mut transaction, &[act.text()]).await?;
        }
        transaction.commit().await
    }
}

/// How a try ended.
struct End {
    outcome: Outcome,
    said: String,
    /// It is worth another try.
    passes: bool,
    /// It is not sent any more, until somebody sees to it.
    pause: bool,
}

impl Default for End {
    fn default() -> End {
        End { outcome: Outcome::Sent, said: String::new(), passes: false, pause: false }
    }
}

impl End {
    fn failed(trouble: Trouble) -> End {
        End { outcome: Outcome::Failed, said: trouble.what, passes: trouble.passes, pause: false }
    }

    fn of(mut said: Vec<String>, troubles: Vec<Trouble>) -> End {
        if troubles.is_empty() {
            said.dedup();
            return End { said: said.join(" "), ..End::default() };
        }
        let passes = troubles.iter().any(|trouble| trouble.passes);
        let told: Vec<_> = troubles.into_iter().map(|trouble| trouble.what).collect();
        End::failed(Trouble { what: told.join(" "), passes })
    }
}

/// The database may be busy; a dashboard that is gone stays so.
fn trouble(error: Error) -> Trouble {
    let passes = matches!(error.kind, Kind::Timeout | Kind::Unavailable | Kind::Internal);
    Trouble { what: error.message, passes }
}
