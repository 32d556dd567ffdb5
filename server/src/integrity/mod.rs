//! CloudTrail's log file integrity: whether log files are those that CloudTrail delivered, all of them and no others.
//!
//! Every hour CloudTrail delivers, for each account, region and trail, a digest: the hashes of the log files of that hour,
//! and hash and signature of the digest before. It is signed with a key of CloudTrail's; the signature is in the metadata of
//! the digest's object. So:
//! - A digest is valid when its signature holds, be it known from its metadata or from the digest after it.
//! - A log file is valid when a valid digest has its hash. A hash is that of the inflated content.
//! - A digest that is wrong proves nothing: its log files count as not covered.
//! - What is in no digest is wrong where the digests of its time are there, the backfill digests among them, which name log
//!   files that were late.
//! - What cannot be checked is told, and is neither right nor wrong.
//!
//! Digests are anybody's input until their signature holds: their size is bounded, and their keys lead nowhere outside.

use std::sync::Arc;

use futures::{StreamExt, stream};
use model::time::Timestamp;

use self::{
    digest::Digest,
    files::{Entry, Files, Signature},
    finding::{Finding, Found},
    inflate::Problem,
    keys::Keys,
    ledger::Ledger,
    place::Place,
    report::Report,
    room::{Span, Verified, Verifier},
};

mod bucket;
pub mod chain;
pub mod coverage;
pub mod day;
pub mod digest;
pub mod files;
pub mod finding;
pub mod folder;
pub mod inflate;
pub mod keys;
pub mod ledger;
pub mod name;
pub mod place;
pub mod report;
pub mod room;
pub mod signature;
pub mod watch;

/// Files that are read at a time.
const AT_A_TIME: usize = 16;
/// So many digests are asked where a copy lies in its bucket.
const ASKED_FOR_PLACE: usize = 50;

/// What is to be verified, and against what.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Of the keys to look at.
    pub prefix: String,
    pub keys: Keys,
    /// Log files that were delivered from here,
    pub from: Option<Timestamp>,
    /// to here.
    pub to: Option<Timestamp>,
}

/// Whether an object of this URI may be a log file that a digest names.
pub fn may_be_signed(uri: &str) -> bool {
    name::log_file(uri).is_some_and(|name| name.time.is_some())
}

/// Verifies all digests of a copy and the log files that they name. Errors: files cannot be listed; the ledger's.
pub async fn verify(files: Arc<dyn Files>, request: &Request, ledger: &dyn Ledger) -> anyhow::Result<Report> {
    let entries = files.list(&request.prefix).await?;
    let place = place(&files, &entries).await;
    let (rooms, aliens) = room::sort(entries, &place, |_| true);
    anyhow::ensure!(rooms.values().any(room::Room::has_digests), "there are no digests of CloudTrail");
    let mut report = report(request);
    report.found.extend(aliens.into_iter().map(alien));
    let Request { from, to, .. } = *request;
    let span = Span { from, to, complete_from: from, goes_on: true };
    let verifier = Verifier { files, place, keys: &request.keys, ledger, span };
    for (folder, room) in rooms {
        let Verified { trails, found } = verifier.room(&folder, room).await?;
        report.trails.extend(trails.into_values());
        report.found.extend(found);
    }
    report.tell_of_ends(request.to);
    Ok(report)
}

fn report(request: &Request) -> Report {
    let unknown = Found { key: String::new(), finding: Finding::PublicKeysUnknown };
    let found = request.keys.is_none().then_some(unknown).into_iter().collect();
    Report { found, ..Report::default() }
}

fn alien(key: String) -> Found {
    Found { key, finding: Finding::DigestAlien }
}

/// Where the files lie in their bucket.
async fn place(files: &Arc<dyn Files>, entries: &[Entry]) -> Place {
    if files.bucket().is_some() {
        return Place::Bucket;
    }
    let digests: Vec<_> = entries.iter().map(|entry| &entry.key).filter(|path| name::digest(path).is_some()).collect();
    let some = digests.iter().step_by(digests.len().div_ceil(ASKED_FOR_PLACE).max(1));
    let asked = some.map(async |path| (path.as_str(), load(files, path).await.0));
    let told: Vec<_> = stream::iter(asked).buffered(AT_A_TIME).collect().await;
    Place::most(told.iter().filter_map(|(path, digest)| Some((*path, digest.as_ref().ok()?.key.as_str()))))
}

/// A digest, or what is wrong with it, and its signature where it is known.
async fn load(files: &Arc<dyn Files>, path: &str) -> (Result<Digest, Finding>, Option<Signature>) {
    let unreadable = |reason: String| Finding::FileUnreadable { reason };
    let file = match files.read(path).await {
        Ok(Some(file)) => file,
        Ok(None) => return (Err(unreadable("it has gone".to_owned())), None),
        Err(error) => return (Err(unreadable(format!("{error:#}"))), None),
    };
    let read = tokio::task::spawn_blocking(move || match inflate::whole(file.content, digest::MOST_BYTES) {
        Ok(content) => digest::parse(&content).map_err(|reason| Finding::DigestDamaged { reason }),
        Err(Problem::Damaged(reason)) => Err(Finding::DigestDamaged { reason }),
        Err(Problem::Unreadable(reason)) => Err(Finding::FileUnreadable { reason }),
    });
    (read.await.unwrap_or_else(|error| Err(unreadable(error.to_string()))), file.signature)
}
