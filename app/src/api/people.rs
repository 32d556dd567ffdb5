//! Users, their logins and tokens, and the log of what they did, on their way to pages.

use async_trait::async_trait;
use model::{
    access::{Accounts, Role},
    error::{Error, Kind},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// Who reads, as pages show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    pub name: String,
    pub role: Role,
    /// Whose events are seen, as `Accounts` writes them: the browser need not read it.
    pub accounts: String,
    /// Nobody signed in, since the server asks nobody to.
    pub open: bool,
}

impl Who {
    /// Whether dashboards may be changed.
    pub fn edits(&self) -> bool {
        self.role >= Role::Editor
    }

    /// Whether users may be changed. The server asks again.
    pub fn administrates(&self) -> bool {
        self.role == Role::Admin && self.accounts == "*" && !self.open
    }
}

impl Default for Who {
    fn default() -> Who {
        Who { name: String::new(), role: Role::Admin, accounts: Accounts::All.to_string(), open: true }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: i64,
    pub name: String,
    pub role: Role,
    pub accounts: Accounts,
    pub disabled: bool,
    /// Has chosen a password.
    pub welcomed: bool,
    /// The name of the provider that the user comes from.
    pub provider: Option<String>,
    pub second_factor: bool,
    pub created: Timestamp,
    pub last_sign_in: Option<Timestamp>,
}

/// A browser that a user signed in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    pub id: i64,
    pub created: Timestamp,
    /// To the minute.
    pub last_used: Timestamp,
    pub address: String,
    pub user_agent: String,
    /// It is the one that asks.
    pub own: bool,
}

/// How it stands with what a user is asked for after the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Factor {
    /// The server has no key to keep its secret with.
    Unavailable,
    /// The user comes from the provider of this name, which asks for what it likes.
    Elsewhere(String),
    Off,
    /// The secret is there, and no code by it was typed yet. `address` is for a picture that apps read.
    Begun {
        secret: String,
        address: String,
    },
    /// `recovery`: codes for emergencies that are left.
    On {
        recovery: i64,
    },
}

/// With which a program asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub id: i64,
    /// Its user's name.
    pub user: String,
    pub label: String,
    pub role: Role,
    pub accounts: Accounts,
    pub created: Timestamp,
    pub expires: Timestamp,
    /// To the minute.
    pub last_used: Option<Timestamp>,
}

/// A token to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewToken {
    pub label: String,
    pub role: Role,
    pub accounts: Accounts,
    pub days: u32,
}

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Counts from 1 without gaps.
    pub id: i64,
    #[serde(serialize_with = "super::ingest::rfc3339")]
    pub time: Timestamp,
    /// A user's name, as it was then; empty where nobody had signed in.
    pub user: String,
    /// The label of the token, where a program did it.
    pub token: String,
    pub address: String,
    /// `sign_in`, `export`, `user_create`, …
    pub action: String,
    /// What it was done to: a path, a user's name, a token's label.
    pub object: String,
    pub detail: String,
    /// Whether it was done, and not refused.
    pub done: bool,
    /// SHA-256 of the entry before's hash and this one's text, in hexadecimal.
    pub hash: String,
}

/// What the server offers about those who read. A backend that knows no users lets everybody do everything.
#[async_trait]
pub trait People: Send + Sync + 'static {
    fn who(&self) -> Who {
        Who::default()
    }

    /// Errors, here and below: the reader's role does not allow it.
    async fn users(&self) -> Result<Vec<User>, Error> {
        Err(knows_none())
    }

    /// Returns the address at which the user chooses a password. Errors also: the name is taken or none.
    async fn user_create(&self, _name: &str, _role: Role, _accounts: &Accounts) -> Result<String, Error> {
        Err(knows_none())
    }

    /// Errors also: nobody would be left to administer.
    async fn user_change(&self, _id: i64, _role: Role, _accounts: &Accounts, _disabled: bool) -> Result<(), Error> {
        Err(knows_none())
    }

    async fn user_delete(&self, _id: i64) -> Result<(), Error> {
        Err(knows_none())
    }

    /// Returns an address at which the user chooses a new password.
    async fn user_welcome(&self, _id: i64) -> Result<String, Error> {
        Err(knows_none())
    }

    /// Ends all of the user's logins.
    async fn user_sign_out(&self, _id: i64) -> Result<(), Error> {
        Err(knows_none())
    }

    /// The reader's own logins.
    async fn logins(&self) -> Result<Vec<Login>, Error> {
        Err(knows_none())
    }

    /// Ends one of the reader's logins, or all but this one.
    async fn login_end(&self, _id: Option<i64>) -> Result<(), Error> {
        Err(knows_none())
    }

    /// Changes the reader's own password and ends all other logins. Errors also: the old one is wrong, the new one too weak.
    async fn password_change(&self, _old: &str, _new: &str) -> Result<(), Error> {
        Err(knows_none())
    }

    /// The reader's own.
    async fn factor(&self) -> Result<Factor, Error> {
        Err(knows_none())
    }

    /// Errors also, here and below: this is not the reader's password, or there is a second factor already, or none.
    async fn factor_begin(&self, _password: &str) -> Result<(), Error> {
        Err(knows_none())
    }

    /// Switches it on by a first code, and returns codes for emergencies, which are never seen again. All other logins end.
    async fn factor_confirm(&self, _code: &str) -> Result<Vec<String>, Error> {
        Err(knows_none())
    }

    /// Other codes for emergencies in the place of those before.
    async fn factor_recovery(&self, _password: &str) -> Result<Vec<String>, Error> {
        Err(knows_none())
    }

    async fn factor_end(&self, _password: &str) -> Result<(), Error> {
        Err(knows_none())
    }

    /// Takes a user's second factor away, who then signs in with the password alone.
    async fn user_factor_reset(&self, _id: i64) -> Result<(), Error> {
        Err(knows_none())
    }

    /// The reader's tokens; those of all for administrators.
    async fn tokens(&self) -> Result<Vec<Token>, Error> {
        Err(knows_none())
    }

    /// Returns the token itself, which is never seen again.
    async fn token_create(&self, _token: &NewToken) -> Result<String, Error> {
        Err(knows_none())
    }

    async fn token_delete(&self, _id: i64) -> Result<(), Error> {
        Err(knows_none())
    }

    /// A hundred entries before this one, the newest first.
    async fn audit(&self, _before: Option<i64>) -> Result<Vec<AuditEntry>, Error> {
        Err(knows_none())
    }
}

fn knows_none() -> Error {
    Error::new(Kind::Forbidden, "This server asks nobody to sign in: it has no users.")
}
