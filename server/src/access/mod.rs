//! Who may read: users and their passwords, logins, tokens, and the log of what they did.
//!
//! `door` lets people in and tells who asks; `desk` is what they do with users, logins and tokens once they are in. All secrets are
//! 256 bits of chance and are kept as hashes.

use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use model::{
    access::{Accounts, Role},
    error::{Error, Kind},
};
use sqlx::{PgConnection, PgPool};

pub mod audit;
mod desk;
pub mod door;
mod factor;
mod limit;
pub mod oidc;
mod password;
mod reader;
pub mod report;
mod seal;
mod secret;
pub mod share;
mod totp;

pub(crate) use self::desk::administrates;
pub use self::{
    audit::{Act, Journal},
    door::{Entered, Passed, Refused},
    reader::{By, Reader},
    seal::Seal,
    secret::{Secret, sha256},
};
use crate::{
    query::database_error,
    report::Post,
    store::access::{self as store, login::Lifetime},
};
use limit::Limit;
use oidc::Provider;

/// What begins a token's text.
pub const TOKEN_PREFIX: &str = "tm_";

/// How long a link to choose a password holds.
const WELCOME_HOURS: i32 = 72;
/// That of the first administrator: whoever starts the server is there.
const FIRST_WELCOME_HOURS: i32 = 24;

/// What is decided when the server starts.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Nobody is asked to sign in until there is a user.
    pub open: bool,
    /// Without a request.
    pub idle: Duration,
    /// Whatever happens.
    pub lifetime: Duration,
    /// Where browsers find the server, without a slash at the end: `https://trailmap.example.com`.
    pub base: String,
    /// Users with a password are let nowhere without a second factor.
    pub require_second_factor: bool,
}

/// Everything about those who read; cheap to clone.
#[derive(Clone, Debug)]
pub struct Access {
    pool: PgPool,
    settings: Arc<Settings>,
    /// There was a user once: never asked again.
    peopled: Arc<AtomicBool>,
    limits: Arc<Limits>,
    journal: Journal,
    /// By which ways reports leave.
    post: Post,
    provider: Option<Arc<Provider>>,
    /// With which second factors are kept; none: nobody can have one.
    seal: Option<Seal>,
}

#[derive(Debug)]
struct Limits {
    sign_in_name: Limit<String>,
    sign_in_address: Limit<IpAddr>,
    /// Both ways, there and back.
    provider: Limit<IpAddr>,
    /// Of a user: a million codes, of which three fit.
    second_factor: Limit<i64>,
    share: Limit<IpAddr>,
    share_password: Limit<i64>,
    export: Limit<String>,
    report: Limit<String>,
}

impl Access {
    /// Also looks whether there are users.
    pub async fn new(pool: PgPool, settings: Settings, journal: Journal) -> sqlx::Result<Access> {
        let peopled = store::user::exists(&pool).await?;
        let a_minute = |times| NonZeroU32::new(times).unwrap_or(NonZeroU32::MIN);
        let limits = Limits {
            sign_in_name: Limit::a_minute(a_minute(5)),
            sign_in_address: Limit::a_minute(a_minute(20)),
            provider: Limit::a_minute(a_minute(40)),
            second_factor: Limit::one_a_minute(a_minute(5)),
            share: Limit::a_minute(a_minute(30)),
            share_password: Limit::a_minute(a_minute(10)),
            export: Limit::a_minute(a_minute(60)),
            report: Limit::a_minute(a_minute(10)),
        };
        Ok(Access {
            pool,
            settings: Arc::new(settings),
            peopled: Arc::new(AtomicBool::new(peopled)),
            limits: Arc::new(limits),
            journal,
            post: Post::default(),
            provider: None,
            seal: None,
        })
    }

    /// The same, where reports can be sent.
    #[must_use]
    pub fn with_post(self, post: Post) -> Access {
        Access { post, ..self }
    }

    /// The same, where users may also sign in through a provider.
    #[must_use]
    pub fn with_provider(self, provider: Option<Provider>) -> Access {
        Access { provider: provider.map(Arc::new), ..self }
    }

    /// The same, with a key for secrets.
    #[must_use]
    pub fn with_seal(self, seal: Option<Seal>) -> Access {
        Access { seal, ..self }
    }

    /// Whether anybody can sign in. Where the database does not answer, what was known before.
    pub async fn has_users(&self) -> bool {
        if !self.peopled.load(Ordering::Relaxed) && store::user::exists(&self.pool).await.unwrap_or(false) {
            self.peopled.store(true, Ordering::Relaxed);
        }
        self.peopled.load(Ordering::Relaxed)
    }

    /// Whether everybody may do everything: nobody is asked to sign in.
    pub async fn is_open(&self) -> bool {
        self.settings.open && !self.has_users().await
    }

    /// Whether cookies may travel over encrypted connections alone.
    pub fn is_secure(&self) -> bool {
        self.settings.base.starts_with("https://")
    }

    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Errors: this reader has taken too many files; again in so long.
    pub fn export(&self, reader: &Reader) -> Result<(), Duration> {
        self.limits.export.take(&reader.name)
    }

    /// A new link at which the first administrator chooses name and password.
    pub async fn first_link(&self) -> Result<String, Error> {
        let secret = Secret::new("");
        let mut connection = self.pool.acquire().await.map_err(failed)?;
        store::welcome::insert_first(&mut connection, &secret.sha256(), FIRST_WELCOME_HOURS).await.map_err(failed)?;
        Ok(self.link(&secret))
    }

    fn link(&self, secret: &Secret) -> String {
        format!("{}/welcome?key={}", self.settings.base, secret.text())
    }

    fn lifetime(&self) -> Lifetime {
        Lifetime { idle_s: seconds(self.settings.idle), whole_s: seconds(self.settings.lifetime) }
    }

    /// The provider whose users may come in.
    fn issuer(&self) -> Option<&str> {
        self.provider.as_ref().map(|provider| provider.settings.issuer.as_str())
    }

    fn tokens_rest_s(&self) -> i32 {
        self.provider.as_ref().map_or(0, |provider| seconds(provider.settings.tokens_rest_after))
    }
}

/// A link at which the user of this name chooses a password, for whoever owns the database. Makes the user, as an administrator of all,
/// where there is none; `reset`: takes a second factor away. Errors: also no name, and a user who comes from a provider.
pub async fn link(pool: &PgPool, base: &str, name: &str, reset: bool) -> anyhow::Result<String> {
    let name = door::named(name).map_err(anyhow::Error::from)?;
    let secret = Secret::new("");
    let mut transaction = pool.begin().await?;
    let made = store::user::insert(&mut transaction, name, Role::Admin.name(), None).await?;
    let user_id = match made {
        Some(user_id) => Some(user_id),
        None => store::user::id(&mut transaction, name).await?,
    };
    let user_id = user_id.ok_or_else(|| anyhow::anyhow!("somebody else changes users right now: try again"))?;
    let is_local = made.is_some() || store::user::find(pool, user_id).await?.is_some_and(|user| user.issuer.is_none());
    anyhow::ensure!(is_local, "{name} comes from a provider and has no password here: choose another name");
    store::welcome::insert(&mut transaction, &secret.sha256(), user_id, WELCOME_HOURS).await?;
    let terminal = Reader { name: String::new(), ..Reader::open("terminal".to_owned()) };
    let action = if made.is_some() { "user_create" } else { "user_welcome" };
    let mut acts = vec![Act::new(&terminal, action, name).text()];
    if reset && store::factor::delete(&mut transaction, user_id).await? {
        acts.push(Act::new(&terminal, "second_factor_off", name).text());
    }
    store::audit::append(&mut transaction, &acts).await?;
    transaction.commit().await?;
    Ok(format!("{base}/welcome?key={}", secret.text()))
}

/// Writes down what a transaction does, in it.
async fn write_down(connection: &mut PgConnection, act: Act) -> Result<(), Error> {
    store::audit::append(connection, &[act.text()]).await.map_err(failed)
}

/// What somebody is told who tried something too often.
pub fn too_often(wait: Duration) -> Error {
    let seconds = wait.as_secs() + 1;
    Error::new(Kind::Forbidden, format!("This was tried too often. Try again in {seconds} seconds."))
}

fn seconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_secs()).unwrap_or(i32::MAX)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn failed(error: sqlx::Error) -> Error {
    tracing::warn!(%error, "users, logins or tokens could not be read or written");
    database_error(&error)
}

fn broken(error: anyhow::Error) -> Error {
    tracing::error!(%error, "a password could not be hashed");
    Error::new(Kind::Internal, "Something went wrong on the server.")
}

/// As stored: the database checks a role's name.
fn role(name: &str) -> Role {
    Role::parse(name).unwrap_or(Role::Viewer)
}

/// As stored: null for all.
fn accounts(stored: Option<Vec<String>>) -> Accounts {
    stored.map_or(Accounts::All, |ids| Accounts::Only(ids.into_iter().collect()))
}

fn stored(accounts: &Accounts) -> Option<Vec<String>> {
    match accounts {
        Accounts::All => None,
        Accounts::Only(ids) => Some(ids.iter().cloned().collect()),
    }
}
