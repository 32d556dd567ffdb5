//! What readers do with users, logins and tokens: each time their role is looked at first, and what is done is written down.

use app::api::{AuditEntry, Login, NewToken, Token, User};
use model::{
    access::{Accounts, Role},
    error::{Error, Kind},
};

use super::{
    Access, Act, By, Reader, Secret, TOKEN_PREFIX, accounts, audit, broken, door, failed, password, role, stored,
    too_often, write_down,
};
use crate::{query::timestamp, store::access as store};

/// Entries of the log on a page.
const SHOWN: i64 = 100;
/// How long a token may hold, in days.
const LONGEST_TOKEN: u32 = 366;

impl Access {
    pub async fn users(&self, reader: &Reader) -> Result<Vec<User>, Error> {
        administrates(reader)?;
        Ok(store::user::list(&self.pool).await.map_err(failed)?.into_iter().map(|user| self.shown(user)).collect())
    }

    pub async fn user_create(
        &self,
        reader: &Reader,
        name: &str,
        role: Role,
        accounts: &Accounts,
    ) -> Result<String, Error> {
        administrates(reader)?;
        let name = door::named(name)?;
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        let id = store::user::insert(&mut transaction, name, role.name(), stored(accounts).as_deref()).await;
        let id = id.map_err(failed)?.ok_or_else(door::taken)?;
        let link = self.welcome_link(&mut transaction, id).await?;
        write_down(&mut transaction, Act::new(reader, "user_create", name).with(may(role, accounts))).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(link)
    }

    pub async fn user_change(
        &self,
        reader: &Reader,
        id: i64,
        role: Role,
        accounts: &Accounts,
        disabled: bool,
    ) -> Result<(), Error> {
        administrates(reader)?;
        let user = self.found(id).await?;
        let name = user.name;
        // What a provider says of its users stands.
        let (role, accounts) = match user.issuer {
            Some(_) => (self::role(&user.role), &self::accounts(user.accounts)),
            None => (role, accounts),
        };
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        store::user::is_administered(&mut transaction).await.map_err(failed)?;
        let allowed = stored(accounts);
        store::user::update(&mut transaction, id, role.name(), allowed.as_deref(), disabled).await.map_err(failed)?;
        if disabled {
            store::login::delete_all(&mut transaction, id, None).await.map_err(failed)?;
        }
        stays_administered(&mut transaction).await?;
        let off = if disabled { ", may not sign in" } else { "" };
        let act = Act::new(reader, "user_change", &name).with(format!("{}{off}", may(role, accounts)));
        write_down(&mut transaction, act).await?;
        transaction.commit().await.map_err(failed)
    }

    pub async fn user_delete(&self, reader: &Reader, id: i64) -> Result<(), Error> {
        administrates(reader)?;
        let name = self.name_of(id).await?;
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        store::user::is_administered(&mut transaction).await.map_err(failed)?;
        store::user::delete(&mut transaction, id).await.map_err(failed)?;
        stays_administered(&mut transaction).await?;
        write_down(&mut transaction, Act::new(reader, "user_delete", &name)).await?;
        transaction.commit().await.map_err(failed)
    }

    pub async fn user_welcome(&self, reader: &Reader, id: i64) -> Result<String, Error> {
        administrates(reader)?;
        let user = self.found(id).await?;
        if user.issuer.is_some() {
            return Err(Error::invalid("id", "This user comes from a provider and has no password here."));
        }
        let name = user.name;
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        let link = self.welcome_link(&mut transaction, id).await?;
        write_down(&mut transaction, Act::new(reader, "user_welcome", &name)).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(link)
    }

    pub async fn user_sign_out(&self, reader: &Reader, id: i64) -> Result<(), Error> {
        administrates(reader)?;
        let name = self.name_of(id).await?;
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        store::login::delete_all(&mut transaction, id, None).await.map_err(failed)?;
        write_down(&mut transaction, Act::new(reader, "user_sign_out", &name)).await?;
        transaction.commit().await.map_err(failed)
    }

    fn shown(&self, user: store::user::User) -> User {
        let settings = self.provider().map(|provider| &provider.settings);
        let named = |issuer: String| match settings {
            Some(settings) if settings.issuer == issuer => settings.name.clone(),
            _ => issuer,
        };
        User {
            id: user.user_id,
            name: user.name,
            role: role(&user.role),
            accounts: accounts(user.accounts),
            disabled: user.disabled,
            welcomed: user.has_password,
            provider: user.issuer.map(named),
            second_factor: user.has_second_factor,
            created: timestamp(user.created_at),
            last_sign_in: user.last_sign_in_at.map(timestamp),
        }
    }

    pub(super) async fn name_of(&self, user_id: i64) -> Result<String, Error> {
        Ok(self.found(user_id).await?.name)
    }

    async fn found(&self, user_id: i64) -> Result<store::user::User, Error> {
        let found = store::user::find(&self.pool, user_id).await.map_err(failed)?;
        found.ok_or_else(|| Error::not_found("There is no such user."))
    }

    pub async fn logins(&self, reader: &Reader) -> Result<Vec<Login>, Error> {
        let user_id = reader.in_person()?;
        let own = reader.login_id();
        let logins = store::login::list(&self.pool, user_id, self.lifetime()).await.map_err(failed)?;
        let shown = |login: store::login::Listed| Login {
            id: login.login_id,
            created: timestamp(login.created_at),
            last_used: timestamp(login.last_used_at),
            address: login.address,
            user_agent: login.user_agent,
            own: own == Some(login.login_id),
        };
        Ok(logins.into_iter().map(shown).collect())
    }

    pub async fn login_end(&self, reader: &Reader, id: Option<i64>) -> Result<(), Error> {
        let user_id = reader.in_person()?;
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        match (id, &reader.by) {
            (Some(id), _) => {
                if !store::login::delete(&mut transaction, user_id, id).await.map_err(failed)? {
                    return Err(Error::not_found("This session has ended already."));
                }
            }
            (None, By::Login { login_id, .. }) => {
                store::login::delete_all(&mut transaction, user_id, Some(*login_id)).await.map_err(failed)?;
            }
            (None, _) => {}
        }
        write_down(&mut transaction, Act::new(reader, "session_end", &reader.name)).await?;
        transaction.commit().await.map_err(failed)
    }

    pub async fn password_change(&self, reader: &Reader, old: &str, new: &str) -> Result<(), Error> {
        let user_id = reader.in_person()?;
        self.limits.sign_in_name.take(&reader.name.to_lowercase()).map_err(too_often)?;
        let kept = store::user::password_of(&self.pool, user_id).await.map_err(failed)?;
        if !password::verify(old.to_owned(), kept).await.map_err(broken)? {
            self.journal.note(&Act::new(reader, "password_change", &reader.name).refused()).await;
            return Err(Error::invalid("old", "This is not your password."));
        }
        password::check(new, &[&reader.name])?;
        let hash = password::hash(new.to_owned()).await.map_err(broken)?;
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        store::user::set_password(&mut transaction, user_id, &hash).await.map_err(failed)?;
        store::login::delete_all(&mut transaction, user_id, reader.login_id()).await.map_err(failed)?;
        write_down(&mut transaction, Act::new(reader, "password_change", &reader.name)).await?;
        transaction.commit().await.map_err(failed)
    }

    pub async fn tokens(&self, reader: &Reader) -> Result<Vec<Token>, Error> {
        let user_id = reader.in_person()?;
        let whose = whose(reader, user_id);
        let shown = |token: store::token::Listed| Token {
            id: token.token_id,
            user: token.name,
            label: token.label,
            role: role(&token.role),
            accounts: accounts(token.accounts),
            created: timestamp(token.created_at),
            expires: timestamp(token.expires_at),
            last_used: token.last_used_at.map(timestamp),
        };
        Ok(store::token::list(&self.pool, whose).await.map_err(failed)?.into_iter().map(shown).collect())
    }

    pub async fn token_create(&self, reader: &Reader, token: &NewToken) -> Result<String, Error> {
        let user_id = reader.in_person()?;
        let label = token.label.trim();
        if label.is_empty() || label.chars().count() > 100 {
            return Err(Error::invalid("label", "Write what the token is for, in at most 100 characters."));
        }
        if token.role > reader.role {
            return Err(Error::invalid("role", "A token may do no more than you may."));
        }
        if !is_within(&token.accounts, &reader.accounts) {
            return Err(Error::invalid("accounts", "A token sees no more accounts than you see."));
        }
        if !(1..=LONGEST_TOKEN).contains(&token.days) {
            return Err(Error::invalid("days", "A token holds for 1 to 366 days."));
        }
        let secret = Secret::new(TOKEN_PREFIX);
        let allowed = stored(&token.accounts);
        let days = i32::try_from(token.days).unwrap_or(1);
        let write = store::token::Write { user_id, label, role: token.role.name(), accounts: allowed.as_deref(), days };
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        store::token::insert(&mut transaction, &secret.sha256(), write).await.map_err(failed)?;
        let detail = format!("{}, {days} days", may(token.role, &token.accounts));
        write_down(&mut transaction, Act::new(reader, "token_create", label).with(detail)).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(secret.text().to_owned())
    }

    pub async fn token_delete(&self, reader: &Reader, id: i64) -> Result<(), Error> {
        let user_id = reader.in_person()?;
        let whose = whose(reader, user_id);
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        let label = store::token::delete(&mut transaction, id, whose).await.map_err(failed)?;
        let label = label.ok_or_else(|| Error::not_found("There is no such token."))?;
        write_down(&mut transaction, Act::new(reader, "token_delete", &label)).await?;
        transaction.commit().await.map_err(failed)
    }

    pub async fn audit(&self, reader: &Reader, before: Option<i64>) -> Result<Vec<AuditEntry>, Error> {
        administrates(reader)?;
        let entries = store::audit::list(&self.pool, before, SHOWN).await.map_err(failed)?;
        Ok(entries.into_iter().map(audit::shown).collect())
    }
}

/// Decides about others, and so about what they see: only who sees all may.
pub(crate) fn administrates(reader: &Reader) -> Result<(), Error> {
    reader.need(Role::Admin)?;
    if reader.by == By::Open {
        return reader.in_person().map(|_| ());
    }
    match reader.accounts {
        Accounts::All => Ok(()),
        Accounts::Only(_) => Err(Error::new(Kind::Forbidden, "Only administrators of all accounts may do this.")),
    }
}

/// Whose tokens and links the reader manages: their own, or (`None`) everybody's.
pub(super) fn whose(reader: &Reader, user_id: i64) -> Option<i64> {
    if administrates(reader).is_ok() { None } else { Some(user_id) }
}

/// Errors: nobody would be left who may change users.
async fn stays_administered(connection: &mut sqlx::PgConnection) -> Result<(), Error> {
    match store::user::is_administered(connection).await.map_err(failed)? {
        true => Ok(()),
        false => Err(Error::invalid(
            "role",
            "Nobody would be left to administer: somebody must be an administrator of all accounts.",
        )),
    }
}

fn is_within(accounts: &Accounts, whole: &Accounts) -> bool {
    match (accounts, whole) {
        (_, Accounts::All) => true,
        (Accounts::All, Accounts::Only(_)) => false,
        (Accounts::Only(some), Accounts::Only(all)) => some.is_subset(all),
    }
}

/// `viewer of accounts 111111111111, 222222222222`.
pub(super) fn may(role: Role, accounts: &Accounts) -> String {
    match accounts {
        Accounts::All => format!("{role} of all accounts"),
        Accounts::Only(_) => format!("{role} of accounts {accounts}"),
    }
}
