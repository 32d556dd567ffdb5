//! In whose name a `Query` answers, and what that one does with users.

use std::sync::Arc;

use app::api::{
    AuditEntry, Factor, Login, Means, NewReport, NewShare, NewToken, People, Report, Reports, SharedLink, Sharing,
    ShortLink, Token, User, Who,
};
use async_trait::async_trait;
use model::{
    access::{Accounts, Role},
    error::{Error, Kind},
};

use super::Query;
use crate::access::{Access, Act, By, Reader};

/// Somebody who asks, and what they can be asked about.
#[derive(Clone, Debug)]
pub struct Desk {
    access: Access,
    reader: Arc<Reader>,
}

impl Query {
    /// The same, in the name of `reader`: with what they may see and do.
    pub fn read_by(&self, access: &Access, reader: Reader) -> Query {
        let desk = Desk { access: access.clone(), reader: Arc::new(reader) };
        let accounts = desk.reader.accounts.clone();
        let named = match desk.reader.by {
            By::Open => self.clone(),
            _ => self.with_turns_of(&desk.reader.name),
        };
        Query { desk: Some(desk), ..named.within(accounts) }
    }

    /// Errors: the reader's role is a lesser one.
    pub(super) fn need(&self, role: Role) -> Result<(), Error> {
        self.desk.as_ref().map_or(Ok(()), |desk| desk.reader.need(role))
    }

    /// Writes down that the reader has changed something.
    pub(super) async fn did(&self, action: &str, object: &str, detail: &str) {
        if let Some(desk) = &self.desk {
            desk.access.journal().note(&Act::new(&desk.reader, action, object).with(detail)).await;
        }
    }

    pub(super) fn desk(&self) -> Result<(&Access, &Reader), Error> {
        match &self.desk {
            Some(desk) => Ok((&desk.access, &desk.reader)),
            None => Err(Error::new(Kind::Forbidden, "This server asks nobody to sign in: it has no users.")),
        }
    }
}

#[async_trait]
impl People for Query {
    fn who(&self) -> Who {
        self.desk.as_ref().map(|desk| desk.reader.who()).unwrap_or_default()
    }

    async fn users(&self) -> Result<Vec<User>, Error> {
        let (access, reader) = self.desk()?;
        access.users(reader).await
    }

    async fn user_create(&self, name: &str, role: Role, accounts: &Accounts) -> Result<String, Error> {
        let (access, reader) = self.desk()?;
        access.user_create(reader, name, role, accounts).await
    }

    async fn user_change(&self, id: i64, role: Role, accounts: &Accounts, disabled: bool) -> Result<(), Error> {
        let (access, reader) = self.desk()?;
        access.user_change(reader, id, role, accounts, disabled).await
    }

    async fn user_delete(&self, id: i64) -> Result<(), Error> {
        let (access, reader) = self.desk()?;
        access.user_delete(reader, id).await
    }

    async fn user_welcome(&self, id: i64) -> Result<String, Error> {
        let (access, reader) = self.desk()?;
        access.user_welcome(reader, id).await
    }

    async fn user_sign_out(&self, id: i64) -> Result<(), Error> {
        let (access, reader) = self.desk()?;
        access.user_sign_out(reader, id).await
    }

    async fn logins(&self) -> Result<Vec<Login>, Error> {
        let (access, reader) = self.desk()?;
        access.logins(reader).await
    }

    async fn login_end(&self, id: Option<i64>) -> Result<(), Error> {
        let (access, reader) = self.desk()?;
        access.login_end(reader, id).await
    }

    async fn password_change(&self, old: &str, new: &str) -> Result<(), Error> {
        let (access, reader) = self.desk()?;
        access.password_change(reader, old, new).await
    }

    async fn factor(&self) -> Result<Factor, Error> {
        let (access, reader) = self.desk()?;
        access.factor(reader).await
    }

    async fn factor_begin(&self, password: &str) -> Result<(), Error> {
        let (access, reader) = self.desk()?;
        access.factor_begin(reader, password).await
    }

    async fn factor_confirm(&self, code: &str) -> Result<Vec<String>, Error> {
        let (access, reader) = self.desk()?;
        access.factor_confirm(reader, code).await
    }

    async fn factor_recovery(&self, password: &str) -> Result<Vec<String>, Error> {
        let (access, reader) = self.desk()?;
        access.factor_recovery(reader, password).await
    }

    async fn factor_end(&self, password: &str) -> Result<(), Error> {
        let (access, reader) = self.desk()?;
        access.factor_end(reader, password).await
    }

    async fn user_factor_reset(&self, id: i64) -> Result<(), Error> {
        let (access, reader) = self.desk()?;
        access.user_factor_reset(reader, id).await
    }

    async fn tokens(&self) -> Result<Vec<Token>, Error> {
        let (access, reader) = self.desk()?;
        access.tokens(reader).await
    }

    async fn token_create(&self, token: &NewToken) -> Result<String, Error> {
        let (access, reader) = self.desk()?;
        access.token_create(reader, token).await
    }

    async fn token_delete(&self, id: i64) -> Result<(), Error> {
        let (access, reader) = self.desk()?;
        access.token_delete(reader, id).await
    }

    async fn audit(&self, before: Option<i64>) -> Result<Vec<AuditEntry>, Error> {
        let (access, reader) = self.desk()?;
        access.audit(reader, before).await
    }
}

#[async_trait]
impl Sharing for Query {
    async fn share_create(&self, share: &NewShare) -> Result<String, Error> {
        let (access, reader) = self.desk()?;
        access.share_create(self, reader, share).await
    }

    async fn shares(&self) -> Result<Vec<SharedLink>, Error> {
        let (access, reader) = self.desk()?;
        access.shares(reader).await
    }

    async fn share_revoke(&self, id: i64) -> Result<(), Error> {
        let (access, reader) = self.desk()?;
        access.share_revoke(reader, id).await
    }

    async fn short_link(&self, address: &str) -> Result<String, Error> {
        let (access, reader) = self.desk()?;
        access.short_link(reader, address).await
    }

    async fn short_links(&self) -> Result<Vec<ShortLink>, Error> {
        let (access, reader) = self.desk()?;
        access.short_links(reader).await
    }

    async fn short_link_delete(&self, code: &str) -> Result<(), Error> {
        let (access, reader) = self.desk()?;
        access.short_link_delete(reader, code).await
    }
}

#[async_trait]
impl Reports for Query {
    fn report_means(&self) -> Means {
        self.desk.as_ref().map(|desk| desk.access.report_means()).unwrap_or_default()
    }

    async fn reports(&self) -> Result<Vec<Report>, Error> {
        let (access, reader) = self.desk()?;
        access.reports(reader).await
    }

    async fn report_save(&self, id: Option<i64>, report: &NewReport) -> Result<i64, Error> {
        let (access, reader) = self.desk()?;
        access.report_save(self, reader, id, report).await
    }

    async fn report_delete(&self, id: i64) -> Result<(), Error> {
        let (access, reader) = self.desk()?;
        access.report_delete(reader, id).await
    }

    async fn report_pause(&self, id: i64, paused: bool) -> Result<(), Error> {
        let (access, reader) = self.desk()?;
        access.report_pause(reader, id, paused, self.clock.now()).await
    }

    async fn report_send(&self, id: i64, to: Option<&str>) -> Result<String, Error> {
        let (access, reader) = self.desk()?;
        access.report_send(self, reader, id, to).await
    }
}
