//! Events that others send to this server: what `web::push` hands on, stored a batch at a time.
//!
//! A request is an object. Those that come within a few milliseconds, or while a batch is being stored, make the next batch: a
//! sender of single events costs no commit for each of them. Each request waits for the commit of its own batch.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::sync::mpsc;

use self::{
    key::Keys,
    lane::{Lane, Parcel},
};
use super::{Object, intake::Intake};
use crate::{
    config::source::{Push, Secret},
    disk::Disk,
    store,
};

pub mod key;
mod lane;

/// How often the keys are read again and the source's row is brought up to date.
const LOOK: Duration = Duration::from_secs(10);
/// As long as nothing is taken yet.
const FIRST_LOOK: Duration = Duration::from_secs(1);
/// Larger bodies have a lane of their own, so that single events need not wait for them.
const LARGE_BYTES: u64 = 1 << 20;
/// Requests that wait in a lane.
const WAITING: usize = 1_024;

/// All push sources, by name.
pub type Endpoints = HashMap<String, Arc<Endpoint>>;

/// Why a request was not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It cannot be read to its end; what stands before the damage is stored.
    Damaged(String),
    /// The same request may go well later.
    Unavailable(&'static str),
    /// Nothing is stored for now, and why.
    Paused(String),
}

/// Whether a request may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    Open,
    WrongKey,
    /// The key is not known yet, or the database was not reached yet.
    NotReady,
}

/// Where the requests of one source come in.
#[derive(Debug)]
pub struct Endpoint {
    pub name: Arc<str>,
    access_key: Secret,
    keys: RwLock<Result<Keys, String>>,
    /// The source has its row.
    ready: AtomicBool,
    /// For small bodies and for large ones.
    lanes: [mpsc::Sender<Parcel>; 2],
    told: Mutex<Told>,
    disk: Disk,
}

/// What came in since the last look.
#[derive(Debug, Default)]
struct Told {
    stored: bool,
    complaint: Option<String>,
}

/// An endpoint, and the work behind it.
pub fn open(intake: &Intake, settings: Push) -> (Arc<Endpoint>, [Lane; 2]) {
    // Turns of their own: a sender waits for its answer, and gives up while others fill the database from a bucket.
    let lanes = [(); 2].map(|()| mpsc::channel(WAITING));
    let senders = lanes.each_ref().map(|(sender, _)| sender.clone());
    let endpoint = Arc::new(Endpoint {
        name: intake.name.clone(),
        keys: RwLock::new(Keys::read(&settings.access_key)),
        access_key: settings.access_key,
        ready: AtomicBool::new(false),
        lanes: senders,
        told: Mutex::default(),
        disk: intake.disk.clone(),
    });
    (endpoint, lanes.map(|(_, parcels)| Lane::new(intake.apart(), parcels)))
}

impl Endpoint {
    /// Looks at the keys that a request brings: one of them has to open.
    pub fn admits(&self, given: &[Vec<u8>]) -> Admission {
        match &*self.keys.read().unwrap_or_else(PoisonError::into_inner) {
            Ok(_) if !self.ready.load(Ordering::Acquire) => Admission::NotReady,
            Ok(keys) if given.iter().fold(false, |any, key| any | keys.include(key)) => Admission::Open,
            Ok(_) => Admission::WrongKey,
            Err(_) => Admission::NotReady,
        }
    }

    /// Errors: nothing is stored for now. Asked before a body is read.
    pub fn room(&self) -> Result<(), Refused> {
        self.disk.look().map_err(|full| Refused::Paused(full.to_string()))
    }

    /// Stores an object; when it returns well, it is committed, now or before. `room` is given back then.
    pub async fn store(&self, object: Object, room: impl Send + 'static) -> Result<(), Refused> {
        let lane = &self.lanes[usize::from(object.bytes > LARGE_BYTES)];
        let (parcel, answer) = Parcel::new(object, Box::new(room));
        if let Err(error) = lane.try_send(parcel) {
            return Err(Refused::Unavailable(match error {
                mpsc::error::TrySendError::Full(_) => "too many requests wait",
                mpsc::error::TrySendError::Closed(_) => "the server is stopping",
            }));
        }
        // Dropped unanswered: the program ends before its turn came, or the batch broke down.
        let stored = answer.await.unwrap_or(Err(Refused::Unavailable("the request was not stored")));
        self.told(|told| told.stored |= stored.is_ok());
        stored
    }

    /// Notes what a request was refused for; the source's row tells it.
    pub fn complain(&self, reason: String) {
        self.told(|told| told.complaint = Some(reason));
    }

    fn told<T>(&self, change: impl FnOnce(&mut Told) -> T) -> T {
        change(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the keys again, since they may be changed, and keeps the source's row until the program ends.
    pub async fn keep(self: Arc<Endpoint>, intake: Intake) {
        tracing::info!(source = %intake.name, kind = "push", "a source starts");
        loop {
            let trouble = self.read_keys();
            let pause = match self.tell(&intake, trouble).await {
                Ok(()) => LOOK,
                // As of the others: when the database does not answer, the log alone can tell it.
                Err(error) => {
                    tracing::warn!(source = %intake.name, %error, "the source's row cannot be written");
                    FIRST_LOOK
                }
            };
            if !intake.pause(pause).await {
                return;
            }
        }
    }

    /// Why there are no keys.
    fn read_keys(&self) -> Option<String> {
        let keys = Keys::read(&self.access_key);
        let trouble = keys.as_ref().err().map(|what| format!("no request can be taken: {what}"));
        let mut known = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if *known != keys {
            match &trouble {
                Some(reason) => tracing::error!(source = %self.name, reason, "a source fails"),
                None => tracing::info!(source = %self.name, "the access keys have changed"),
            }
            *known = keys;
        }
        trouble
    }

    async fn tell(&self, intake: &Intake, trouble: Option<String>) -> sqlx::Result<()> {
        let Told { stored, complaint } = self.told(std::mem::take);
        let told = async {
            match &trouble {
                None => store::source::listening(&intake.pool, &intake.name, "push").await?,
                Some(reason) => {
                    store::source::running(&intake.pool, &intake.name, "push").await?;
                    store::source::failed(&intake.pool, &intake.name, reason).await?;
                }
            }
            if stored {
                store::source::waiting(&intake.pool, &intake.name).await?;
            }
            match &complaint {
                Some(reason) => store::source::complained(&intake.pool, &intake.name, reason).await,
                None => Ok(()),
            }
        };
        let told = told.await;
        match &told {
            Ok(()) => self.ready.store(true, Ordering::Release),
            Err(_) => self.told(|told| {
                told.stored |= stored;
                told.complaint = told.complaint.take().or(complaint);
            }),
        }
        told
    }
}
