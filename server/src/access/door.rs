//! The way in: a name and a password, a link that was handed out, a cookie, a token.

use std::{net::IpAddr, time::Duration};

use model::{
    access::Role,
    error::{Error, Kind},
};

use super::{
    Access, Act, By, Reader, Secret, WELCOME_HOURS, accounts, broken, failed, oidc::MINUTES, password, role,
    secret::sha256, write_down,
};
use crate::store::access::{self as store, Sha256};

/// Somebody has signed in: the secret for their cookie.
pub struct Entered {
    pub secret: Secret,
}

/// A password was right.
pub enum Passed {
    In(Entered),
    /// The user has a second factor, and is to be asked for it in the browser that has this cookie.
    Half(Secret),
}

/// Why somebody was not let in.
#[derive(Debug)]
pub enum Refused {
    /// It was tried too often; again in so long.
    TooOften(Duration),
    Wrong(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Refused {
        Refused::Wrong(error)
    }
}

/// From where somebody asks.
#[derive(Clone, Debug)]
pub struct Origin {
    pub address: IpAddr,
    pub user_agent: String,
}

/// Who asks by a cookie, and the secret that is to follow the one in it.
pub struct Recognised {
    pub reader: Reader,
    pub next: Option<Secret>,
    /// A second factor is asked of them that they do not have: they are to be let nowhere but where they set it up.
    pub lacks_factor: bool,
}

/// What a link to choose a password is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Welcome {
    /// The first administrator, who also chooses a name.
    First,
    User {
        user_id: i64,
        name: String,
    },
}

impl Access {
    /// Errors: wrong, without telling what of it; or tried too often. `next`: where the browser goes then.
    pub async fn sign_in(&self, name: &str, password: &str, next: &str, origin: &Origin) -> Result<Passed, Refused> {
        let limits = &self.limits;
        let asked = limits.sign_in_address.take(&origin.address);
        asked.and_then(|()| limits.sign_in_name.take(&key(name))).map_err(Refused::TooOften)?;
        let found = store::user::password(&self.pool, name).await.map_err(failed)?;
        let (user_id, kept) = found.unzip();
        let fits = password::verify(password.to_owned(), kept).await.map_err(broken)?;
        match user_id.filter(|_| fits) {
            Some(user_id) => Ok(self.pass(user_id, next, origin).await?),
            None => {
                let act = Act::new(&nobody(origin), "sign_in", name).refused();
                self.journal.note(&act).await;
                Err(Error::new(Kind::Invalid, "Name or password is wrong.").into())
            }
        }
    }

    /// Lets somebody in whose password was right, or half in where there is a second factor. Errors: passwords are for administrators alone.
    async fn pass(&self, user_id: i64, next: &str, origin: &Origin) -> Result<Passed, Error> {
        let user = store::user::find(&self.pool, user_id).await.map_err(failed)?.ok_or_else(over)?;
        if let Some(provider) = self.provider()
            && !provider.settings.local
            && role(&user.role) < Role::Admin
        {
            let act =
                Act::new(&nobody(origin), "sign_in", &user.name).with("passwords are for administrators").refused();
            self.journal.note(&act).await;
            let name = &provider.settings.name;
            let message = format!("Passwords are for administrators alone here. Sign in with {name}.");
            return Err(Error::new(Kind::Forbidden, message));
        }
        if !user.has_second_factor {
            return Ok(Passed::In(self.enter(user_id, origin).await?));
        }
        let secret = Secret::new("");
        store::sign_in::insert(&self.pool, &secret.sha256(), Some(user_id), next, MINUTES).await.map_err(failed)?;
        Ok(Passed::Half(secret))
    }

    /// A new login, whose secret nobody had before.
    pub(super) async fn enter(&self, user_id: i64, origin: &Origin) -> Result<Entered, Error> {
        let secret = Secret::new("");
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        let user = store::user::find(&self.pool, user_id).await.map_err(failed)?;
        let name = user.map(|user| user.name).unwrap_or_default();
        let (address, agent) = (origin.address.to_string(), short(&origin.user_agent));
        let hash = secret.sha256();
        store::login::insert(&mut transaction, user_id, &hash, &address, agent, self.lifetime())
            .await
            .map_err(failed)?;
        store::user::signed_in(&mut transaction, user_id).await.map_err(failed)?;
        write_down(&mut transaction, Act::new(&Reader { name: name.clone(), ..nobody(origin) }, "sign_in", &name))
            .await?;
        transaction.commit().await.map_err(failed)?;
        Ok(Entered { secret })
    }

    /// Ends the login that asks. Returns where the browser goes to sign out at the provider that its user comes from, where there is such a place.
    pub async fn sign_out(&self, reader: &Reader) -> Result<Option<String>, Error> {
        let By::Login { user_id, login_id } = reader.by else { return Ok(None) };
        let user = store::user::find(&self.pool, user_id).await.map_err(failed)?;
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        store::login::delete(&mut transaction, user_id, login_id).await.map_err(failed)?;
        write_down(&mut transaction, Act::new(reader, "sign_out", &reader.name)).await?;
        transaction.commit().await.map_err(failed)?;
        match (user.and_then(|user| user.issuer), self.provider()) {
            (Some(issuer), Some(provider)) if issuer == provider.settings.issuer => Ok(provider.way_out().await),
            _ => Ok(None),
        }
    }

    /// Who has a cookie with this text; nobody where it is none of ours or is over. `renews`: the answer can carry another cookie.
    pub async fn by_cookie(&self, text: &str, renews: bool, address: IpAddr) -> Result<Option<Recognised>, Error> {
        let hash = sha256(text);
        let Some(login) =
            store::login::find(&self.pool, &hash, self.lifetime(), self.issuer()).await.map_err(failed)?
        else {
            return Ok(None);
        };
        let reader = Reader {
            name: login.name.clone(),
            role: role(&login.role),
            accounts: accounts(login.accounts.clone()),
            by: By::Login { user_id: login.user_id, login_id: login.login_id },
            address: address.to_string(),
        };
        let next = self.keep(&login, &hash, renews).await.map_err(failed)?;
        Ok(Some(Recognised { reader, next, lacks_factor: login.lacks_factor && self.settings.require_second_factor }))
    }

    /// Writes down that a login was used, and has another secret follow one that is old.
    async fn keep(&self, login: &store::login::Login, hash: &Sha256, renews: bool) -> sqlx::Result<Option<Secret>> {
        if login.is_next {
            store::login::seen(&self.pool, login.login_id, hash).await?;
        } else if login.is_due && renews {
            let next = Secret::new("");
            let is_ours = store::login::renew(&self.pool, login.login_id, &next.sha256()).await?;
            return Ok(is_ours.then_some(next));
        } else if login.is_stale {
            store::login::used(&self.pool, login.login_id).await?;
        }
        Ok(None)
    }

    /// Who has this token. It may no more than its user may by now.
    pub async fn by_token(&self, text: &str, address: IpAddr) -> Result<Option<Reader>, Error> {
        let Some(holder) =
            store::token::find(&self.pool, &sha256(text), self.issuer(), self.tokens_rest_s()).await.map_err(failed)?
        else {
            return Ok(None);
        };
        if holder.is_stale {
            store::token::used(&self.pool, holder.token_id).await.map_err(failed)?;
        }
        Ok(Some(Reader {
            name: holder.name,
            role: role(&holder.role).min(role(&holder.user_role)),
            accounts: accounts(holder.accounts).and(&accounts(holder.user_accounts)),
            by: By::Token { user_id: holder.user_id, label: holder.label },
            address: address.to_string(),
        }))
    }

    /// Everybody, where nobody is asked to sign in.
    pub fn everybody(&self, address: IpAddr) -> Reader {
        Reader::open(address.to_string())
    }

    /// What the link with this key is for. Errors: it is none, was used, or is over.
    pub async fn welcome(&self, key: &str) -> Result<Welcome, Error> {
        match store::welcome::find(&self.pool, &sha256(key)).await.map_err(failed)? {
            Some(whom) => self.welcomed(whom).await,
            None => Err(over()),
        }
    }

    async fn welcomed(&self, whom: Option<i64>) -> Result<Welcome, Error> {
        let Some(user_id) = whom else { return Ok(Welcome::First) };
        let user = store::user::find(&self.pool, user_id).await.map_err(failed)?.ok_or_else(over)?;
        Ok(Welcome::User { user_id, name: user.name })
    }

    /// Chooses a password by such a link and signs in. Errors: as `welcome`; the name is taken or none; the password is too weak. Then the
    /// link still holds.
    pub async fn accept(&self, key: &str, name: &str, password: &str, origin: &Origin) -> Result<Passed, Refused> {
        self.limits.sign_in_address.take(&origin.address).map_err(Refused::TooOften)?;
        let welcome = self.welcome(key).await?;
        let name = match &welcome {
            Welcome::First => named(name)?,
            Welcome::User { name, .. } => name,
        };
        password::check(password, &[name])?;
        let hash = password::hash(password.to_owned()).await.map_err(broken)?;
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        store::welcome::take(&mut transaction, &sha256(key)).await.map_err(failed)?.ok_or_else(over)?;
        let user_id = match welcome {
            Welcome::First => {
                store::welcome::end_first(&mut transaction).await.map_err(failed)?;
                let id = store::user::insert(&mut transaction, name, "admin", None).await.map_err(failed)?;
                id.ok_or_else(taken)?
            }
            Welcome::User { user_id, .. } => user_id,
        };
        store::user::set_password(&mut transaction, user_id, &hash).await.map_err(failed)?;
        store::login::delete_all(&mut transaction, user_id, None).await.map_err(failed)?;
        let reader = Reader { name: name.to_owned(), ..nobody(origin) };
        write_down(&mut transaction, Act::new(&reader, "password_choose", name)).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(self.pass(user_id, "/", origin).await?)
    }

    /// A link at which a user chooses a password, for whoever hands it on.
    pub(super) async fn welcome_link(
        &self,
        connection: &mut sqlx::PgConnection,
        user_id: i64,
    ) -> Result<String, Error> {
        let secret = Secret::new("");
        store::welcome::insert(connection, &secret.sha256(), user_id, WELCOME_HOURS).await.map_err(failed)?;
        Ok(self.link(&secret))
    }
}

/// A user's name. Errors: there is none, or it is too long.
pub(super) fn named(name: &str) -> Result<&str, Error> {
    let name = name.trim();
    match name.chars().count() {
        0 => Err(Error::invalid("name", "Write a name.")),
        1..=100 if !name.chars().any(char::is_control) => Ok(name),
        _ => Err(Error::invalid("name", "A name has at most 100 characters, in one line.")),
    }
}

pub(super) fn taken() -> Error {
    Error::invalid("name", "Somebody has this name already.")
}

fn over() -> Error {
    Error::not_found("This link was used, or is over. Ask an administrator for another.")
}

/// Who has not signed in.
pub(super) fn nobody(origin: &Origin) -> Reader {
    Reader { role: Role::Viewer, ..Reader::open(origin.address.to_string()) }
}

/// One name in all its spellings.
fn key(name: &str) -> String {
    name.trim().to_lowercase().chars().take(100).collect()
}

fn short(agent: &str) -> &str {
    agent.char_indices().nth(300).map_or(agent, |(end, _)| &agent[..end])
}
