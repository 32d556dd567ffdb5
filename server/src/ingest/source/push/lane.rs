//! A lane: requests that wait, and their batches one after the other.

use std::{any::Any, collections::HashMap, fmt, panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt;
use tokio::sync::{mpsc, oneshot};

use super::Refused;
use crate::ingest::{
    Batch, Failed,
    source::{
        Object,
        intake::{Intake, MOST_OBJECTS},
    },
};

/// What comes within this time of the first request is in its batch.
const GATHER: Duration = Duration::from_millis(5);
/// How long the database may take to say that it is there: senders give up after five seconds.
const PATIENCE: Duration = Duration::from_secs(3);
const UNREACHABLE: &str = "the database does not answer";

type Answer = Result<(), Refused>;

/// One request on its way.
pub struct Parcel {
    object: Object,
    answer: oneshot::Sender<Answer>,
    /// Given back when the object is stored.
    _room: Box<dyn Any + Send>,
}

impl fmt::Debug for Parcel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.object.uri)
    }
}

impl Parcel {
    pub fn new(object: Object, room: Box<dyn Any + Send>) -> (Parcel, oneshot::Receiver<Answer>) {
        let (answer, answered) = oneshot::channel();
        (Parcel { object, answer, _room: room }, answered)
    }
}

pub struct Lane {
    intake: Intake,
    parcels: mpsc::Receiver<Parcel>,
}

impl Lane {
    pub fn new(intake: Intake, parcels: mpsc::Receiver<Parcel>) -> Lane {
        Lane { intake, parcels }
    }

    /// Stores what comes until the program ends, and then what came before.
    pub async fn run(mut self) {
        let stop = self.intake.stop.clone();
        while let Some(first) = tokio::select! {
            first = self.parcels.recv() => first,
            () = stop.cancelled(), if !self.parcels.is_closed() => {
                self.parcels.close();
                self.parcels.recv().await
            }
        } {
            tokio::time::sleep(GATHER).await;
            let mut some = vec![first];
            while some.len() < MOST_OBJECTS
                && let Ok(parcel) = self.parcels.try_recv()
            {
                some.push(parcel);
            }
            let stored = AssertUnwindSafe(self.store(some)).catch_unwind().await;
            if stored.is_err() {
                tracing::error!(source = %self.intake.name, "a batch of requests broke down: this is a bug of Trailmap");
            }
        }
    }

    async fn store(&self, parcels: Vec<Parcel>) {
        let objects = parcels.iter().map(|parcel| parcel.object.clone()).collect();
        match self.take(objects).await {
            Ok(batch) => answer_all(parcels, |uri| answer(&batch.failed, uri)),
            // One that the database refuses must not hold up the others.
            Err(Trouble::Refused) if parcels.len() > 1 => {
                for parcel in parcels {
                    let stored = self.take(vec![parcel.object.clone()]).await;
                    let stored = stored
                        .map_or_else(|trouble| Err(trouble.told()), |batch| answer(&batch.failed, &parcel.object.uri));
                    answer_all(vec![parcel], |_| stored.clone());
                }
            }
            Err(trouble) => answer_all(parcels, |_| Err(trouble.told())),
        }
    }

    async fn take(&self, objects: Vec<Object>) -> Result<Batch, Trouble> {
        // A pool waits for a database that is gone for longer than any sender does.
        let asked = sqlx::query("select 1").execute(&self.intake.pool);
        if !matches!(tokio::time::timeout(PATIENCE, asked).await, Ok(Ok(_))) {
            tracing::warn!(source = %self.intake.name, "the database does not answer: requests are sent back");
            return Err(Trouble::Unreachable);
        }
        self.intake.take(objects).await.map_err(|error| {
            if self.intake.disk.is_full(&error) {
                return Trouble::Full(format!("{error:#}"));
            }
            tracing::error!(source = %self.intake.name, reason = format!("{error:#}"), "a batch of requests was not stored");
            let refused = error.downcast_ref::<sqlx::Error>().is_some_and(|error| error.as_database_error().is_some());
            if refused { Trouble::Refused } else { Trouble::Unreachable }
        })
    }
}

enum Trouble {
    Full(String),
    Unreachable,
    Refused,
}

impl Trouble {
    fn told(&self) -> Refused {
        match self {
            Trouble::Full(reason) => Refused::Paused(reason.clone()),
            Trouble::Unreachable => Refused::Unavailable(UNREACHABLE),
            Trouble::Refused => Refused::Unavailable("the database refused it: the server's log says why"),
        }
    }
}

fn answer(failed: &HashMap<String, Failed>, uri: &str) -> Answer {
    failed.get(uri).map_or(Ok(()), |failed| Err(Refused::Damaged(failed.reason.clone())))
}

/// A sender that went away is not told.
fn answer_all(parcels: Vec<Parcel>, answer: impl Fn(&str) -> Answer) {
    for parcel in parcels {
        let answered = answer(&parcel.object.uri);
        let _ = parcel.answer.send(answered);
    }
}
