//! Share links, on their way to pages.

use async_trait::async_trait;
use model::{
    error::{Error, Kind},
    share::Hidden,
    time::Timestamp,
};

/// A link to make.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewShare {
    /// The page that is shared, with its view: `/d/overview/errors?range=7d`.
    pub address: String,
    pub days: u32,
    /// Empty: the link is enough.
    pub password: String,
    /// As it is now, for good.
    pub snapshot: bool,
    pub hidden: Vec<Hidden>,
    pub drills: bool,
    pub exports: bool,
    /// Pages of these may show it in a frame: `https://wiki.example.com`.
    pub origins: Vec<String>,
}

/// A link as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedLink {
    pub id: i64,
    /// Who made it.
    pub user: String,
    pub title: String,
    pub address: String,
    pub snapshot: bool,
    pub password: bool,
    pub origins: Vec<String>,
    pub created: Timestamp,
    pub expires: Timestamp,
    pub revoked: Option<Timestamp>,
    /// It has expired.
    pub over: bool,
    pub views: i64,
    pub last_viewed: Option<Timestamp>,
    pub last_address: Option<String>,
}

/// A short address as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShortLink {
    /// `/go/CODE` leads to `address`.
    pub code: String,
    /// Who made it; nothing where that user is gone.
    pub user: Option<String>,
    pub address: String,
    pub created: Timestamp,
    pub last_used: Option<Timestamp>,
}

/// What the server offers of links for who does not sign in.
#[async_trait]
pub trait Sharing: Send + Sync + 'static {
    /// Returns the link, which is never seen again. Errors: the reader's role does not allow it; this cannot be shared; a setting of the
    /// link is wrong.
    async fn share_create(&self, _share: &NewShare) -> Result<String, Error> {
        Err(shares_none())
    }

    /// The reader's links; those of all for administrators.
    async fn shares(&self) -> Result<Vec<SharedLink>, Error> {
        Err(shares_none())
    }

    async fn share_revoke(&self, _id: i64) -> Result<(), Error> {
        Err(shares_none())
    }

    /// A short address of one of our own pages, for whoever is signed in.
    async fn short_link(&self, _address: &str) -> Result<String, Error> {
        Err(shares_none())
    }

    /// The reader's short addresses; those of all for administrators.
    async fn short_links(&self) -> Result<Vec<ShortLink>, Error> {
        Err(shares_none())
    }

    async fn short_link_delete(&self, _code: &str) -> Result<(), Error> {
        Err(shares_none())
    }
}

fn shares_none() -> Error {
    Error::new(Kind::Forbidden, "Links are made by users, and this server has none: start it with --access accounts.")
}
