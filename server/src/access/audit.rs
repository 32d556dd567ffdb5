//! The log of what was done, and whether it was tampered with.
//!
//! What changes something is written down in the transaction that changes it. That something was looked at is written soon after, many at
//! a time: whoever looks does not wait.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use app::api::AuditEntry;
use model::time::Timestamp;
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tokio::{sync::mpsc, task::JoinHandle};

use super::reader::{By, Reader};
use crate::{clock::Clock, store::access::audit as store};

/// What is kept of one thing that was done. The order of the fields is that of the text that is hashed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    pub time: String,
    pub user: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub token: String,
    pub address: String,
    pub action: String,
    pub object: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    pub done: bool,
}

impl Act {
    pub fn new(reader: &Reader, action: &str, object: &str) -> Act {
        let token = match &reader.by {
            By::Token { label, .. } => label.clone(),
            By::Open | By::Login { .. } => String::new(),
        };
        Act {
            time: Clock::System.now().rfc3339(),
            user: reader.name.clone(),
            token,
            address: reader.address.clone(),
            action: action.to_owned(),
            object: short(object),
            detail: String::new(),
            done: true,
        }
    }

    #[must_use]
    pub fn with(self, detail: impl AsRef<str>) -> Act {
        Act { detail: short(detail.as_ref()), ..self }
    }

    #[must_use]
    pub fn refused(self) -> Act {
        Act { done: false, ..self }
    }

    /// As it is stored and hashed.
    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("texts and a bool")
    }
}

/// Names and addresses that others send may be of any length.
fn short(text: &str) -> String {
    const LONGEST: usize = 2_000;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// As pages and exports show it. What cannot be read is shown as it is.
pub fn shown(entry: store::Entry) -> AuditEntry {
    let hash = super::hex(&entry.hash);
    match serde_json::from_str::<Act>(&entry.entry) {
        Ok(Act { time, user, token, address, action, object, detail, done }) => {
            let time = Timestamp::parse(&time).unwrap_or(Timestamp(0));
            AuditEntry { id: entry.entry_id, time, user, token, address, action, object, detail, done, hash }
        }
        Err(_) => AuditEntry {
            id: entry.entry_id,
            time: Timestamp(0),
            user: String::new(),
            token: String::new(),
            address: String::new(),
            action: "unreadable".to_owned(),
            object: entry.entry,
            detail: String::new(),
            done: false,
            hash,
        },
    }
}

/// What is wrong with the chain; `Ok` has the number of entries.
pub async fn verify(pool: &PgPool) -> sqlx::Result<Result<i64, String>> {
    const AT_ONCE: i64 = 10_000;
    let (mut next, mut hash) = (1, Vec::new());
    loop {
        let entries = store::from(pool, next, AT_ONCE).await?;
        if entries.is_empty() {
            return Ok(Ok(next - 1));
        }
        for entry in entries {
            if entry.entry_id != next {
                return Ok(Err(format!("entry {next} is missing")));
            }
            hash = store::chained(&hash, &entry.entry);
            if hash != entry.hash {
                return Ok(Err(format!("entry {next} or one before it was changed")));
            }
            next += 1;
        }
    }
}

/// Takes what was looked at, and writes it down.
#[derive(Clone, Debug)]
pub struct Journal {
    sender: mpsc::Sender<String>,
    /// What was looked at, and when it was last written down.
    seen: Arc<Cache<String, Instant>>,
}

/// The same page, looked at by the same reader from the same address, is written down again after so long.
const AGAIN: Duration = Duration::from_secs(600);
/// Pages of readers that are remembered for that.
const REMEMBERED: usize = 10_000;

/// Acts that wait at most: a burst of exports, not more.
const WAITING: usize = 4_096;
/// How long acts are gathered.
const GATHERED: Duration = Duration::from_millis(200);

impl Journal {
    /// The task ends, with all written that was taken, when the last journal is gone.
    pub fn start(pool: PgPool) -> (Journal, JoinHandle<()>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        let seen = Arc::new(Cache::new(REMEMBERED));
        (Journal { sender, seen }, tokio::spawn(write(pool, receiver)))
    }

    /// The same, unless it was noted a moment ago.
    pub async fn note_once(&self, act: &Act) {
        let key = [&act.user, &act.token, &act.address, &act.object, &act.detail].map(String::as_str).join("\n");
        if self.seen.get(&key).is_none_or(|seen| seen.elapsed() >= AGAIN) {
            self.seen.insert(key, Instant::now());
            self.note(act).await;
        }
    }

    /// Takes an act. Waits only while the database takes longer than acts come.
    pub async fn note(&self, act: &Act) {
        if self.sender.send(act.text()).await.is_err() {
            tracing::error!(act = act.text(), "an act could not be written to the audit log");
        }
    }
}

async fn write(pool: PgPool, mut acts: mpsc::Receiver<String>) {
    let mut gathered = Vec::new();
    while acts.recv_many(&mut gathered, WAITING).await > 0 {
        let pause = Duration::from_secs(1);
        while let Err(error) = append(&pool, &gathered).await {
            tracing::warn!(%error, acts = gathered.len(), "the audit log cannot be written; trying again");
            if acts.is_closed() {
                return;
            }
            tokio::time::sleep(pause).await;
        }
        gathered.clear();
        tokio::time::sleep(GATHERED).await;
    }
}

async fn append(pool: &PgPool, acts: &[String]) -> sqlx::Result<()> {
    let mut transaction = pool.begin().await?;
    store::append(&mut transaction, acts).await?;
    transaction.commit().await
}
