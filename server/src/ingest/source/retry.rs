//! What somebody asked to have read again: objects that failed, and messages that were kept aside.

use super::{Object, intake::Intake, runner::Reader};
use crate::store::{object, poison_message};

/// Objects and messages of one round.
const MOST: i64 = 500;

/// Reads what is marked for it, and takes the marks away. Errors: the database's; what cannot be read keeps its new reason.
pub async fn round(reader: &mut Reader, intake: &Intake) -> anyhow::Result<()> {
    let uris = object::marked(&intake.pool, &intake.name, MOST).await?;
    let mut objects = Vec::with_capacity(uris.len());
    for uri in &uris {
        match reader.object(uri).await {
            Ok(object) => objects.push(object),
            Err(reason) => object::unmark(&intake.pool, uri, &reason).await?,
        }
    }
    intake.take(objects).await?;
    if let Reader::Queue(queue) = reader {
        for kept in poison_message::marked(&intake.pool, &intake.name, MOST).await? {
            let reason = queue.deal_again(intake, &kept.body).await?;
            poison_message::dealt(&intake.pool, &kept, reason.as_deref()).await?;
        }
    }
    Ok(())
}

impl Reader {
    /// The object of a URI as it is now; or why there is none.
    async fn object(&mut self, uri: &str) -> Result<Object, String> {
        let found = match self {
            Reader::Listing(listing) => listing.object(uri).await,
            Reader::Queue(queue) => queue.object_of(uri).await,
            Reader::Folder(folder) => return folder.object(uri),
            Reader::Lookup(_) => None,
        };
        match found {
            Some(found) => found.map_err(|failure| failure.to_string()),
            None => Err("its source cannot read it a second time".to_owned()),
        }
    }
}
