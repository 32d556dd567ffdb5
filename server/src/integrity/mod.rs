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
    files::{Files, Signature},
    finding::{Finding, Found},
    inflate::Problem,
    place::Place,
    report::Report,
    room::Verifier,
    signature::PublicKeys,
};

pub mod chain;
pub mod coverage;
pub mod digest;
pub mod files;
pub mod finding;
pub mod folder;
pub mod inflate;
pub mod name;
pub mod place;
pub mod report;
mod room;
pub mod signature;

/// Files that are read at a time.
const AT_A_TIME: usize = 16;
/// So many digests are asked where a copy lies in its bucket.
const ASKED_FOR_PLACE: usize = 50;

/// What is to be verified, and against what.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Of the keys to look at.
    pub prefix: String,
    /// `None`: signatures are not checked.
    pub keys: Option<PublicKeys>,
    /// Log files that were delivered from here,
    pub from: Option<Timestamp>,
    /// to here.
    pub to: Option<Timestamp>,
}

/// Verifies all digests and the log files that they name. Errors: files cannot be listed.
pub async fn verify(files: Arc<dyn Files>, request: &Request) -> anyhow::Result<Report> {
    let paths = files.list(&request.prefix).await?;
    let place = place(&files, &paths).await;
    let (rooms, aliens) = room::sort(paths, &place);
    anyhow::ensure!(rooms.values().any(room::Room::has_digests), "there are no digests of CloudTrail");
    let mut report = Report::default();
    if request.keys.is_none() {
        report.found.push(Found { key: String::new(), finding: Finding::PublicKeysUnknown });
    }
    report.found.extend(aliens.into_iter().map(|key| Found { key, finding: Finding::DigestAlien }));
    let verifier = Verifier { files, place, request };
    for (folder, room) in rooms {
        verifier.room(&folder, room, &mut report).await;
    }
    report.tell_of_ends(request.to);
    Ok(report)
}

/// Where the files lie in their bucket.
async fn place(files: &Arc<dyn Files>, paths: &[String]) -> Place {
    if files.bucket().is_some() {
        return Place::Bucket;
    }
    let digests: Vec<_> = paths.iter().filter(|path| name::digest(path).is_some()).collect();
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
