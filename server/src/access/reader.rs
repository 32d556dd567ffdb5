//! Who asks, and what they may.

use app::api::Who;
use model::{
    access::{Accounts, Role},
    error::{Error, Kind},
};

/// The one in whose name a request is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The user's name; empty where nobody is asked to sign in.
    pub name: String,
    pub role: Role,
    pub accounts: Accounts,
    pub by: By,
    /// From where, as the log of what was done has it.
    pub address: String,
}

/// How it is known who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// It is not: nobody is asked to sign in.
    Open,
    /// A browser's cookie.
    Login { user_id: i64, login_id: i64 },
    /// A program's token, and its label.
    Token { user_id: i64, label: String },
}

impl Reader {
    /// Everybody, where nobody is asked to sign in.
    pub fn open(address: String) -> Reader {
        Reader { name: String::new(), role: Role::Admin, accounts: Accounts::All, by: By::Open, address }
    }

    pub fn who(&self) -> Who {
        let Reader { name, role, accounts, .. } = self.clone();
        Who { name, role, accounts: accounts.to_string(), open: self.by == By::Open }
    }

    /// Errors: the reader's role is a lesser one.
    pub fn need(&self, role: Role) -> Result<(), Error> {
        match role {
            _ if self.role >= role => Ok(()),
            Role::Admin => Err(Error::new(Kind::Forbidden, "Only administrators may do this.")),
            _ => Err(Error::new(
                Kind::Forbidden,
                "You may look, but not change this. Ask an administrator for the role Editor.",
            )),
        }
    }

    /// The session that asks, where one does.
    pub fn login_id(&self) -> Option<i64> {
        match self.by {
            By::Login { login_id, .. } => Some(login_id),
            By::Open | By::Token { .. } => None,
        }
    }

    /// The user's id. Errors: nobody signed in, or a program asks, which may not change what its user is.
    pub fn in_person(&self) -> Result<i64, Error> {
        match self.by {
            By::Login { user_id, .. } => Ok(user_id),
            By::Token { .. } => Err(Error::new(Kind::Forbidden, "A token may not do this: sign in.")),
            By::Open => Err(Error::new(Kind::Forbidden, "This server asks nobody to sign in: it has no users.")),
        }
    }
}
