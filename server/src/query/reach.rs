//! How far a reader sees: the accounts whose events are shown, between all questions and the database.
//!
//! Nobody else in `query` holds the pools, and what reads events takes a `Visible`, which is made here alone. So whoever adds a
//! question has to say for whom it is asked; `tests/it/query/scope.rs` walks all of them.

use model::{
    access::Accounts,
    error::{Error, Kind},
    filter::Ast,
};
use sqlx::{PgPool, PgTransaction, Postgres, QueryBuilder, SqlSafeStr};

use super::filter::condition;
use crate::store::reader::Readers;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Events,
    /// Trailmap's own audit log, whose entries are read as events: `access.audit_event`.
    Audit,
}

/// The database as one reader sees it.
#[derive(Clone, Debug)]
pub struct Reach {
    owner: PgPool,
    /// Logged in as those who may read and do nothing else.
    readers: Readers,
    accounts: Accounts,
    of: Of,
}

impl Reach {
    /// Everything.
    pub fn all(owner: PgPool, readers: Readers) -> Reach {
        Reach { owner, readers, accounts: Accounts::All, of: Of::Events }
    }

    /// The audit log in the place of events, for who may read it.
    pub fn audit(&self) -> Reach {
        Reach { of: Of::Audit, ..self.clone() }
    }

    pub fn is_audit(&self) -> bool {
        self.of == Of::Audit
    }

    /// Never more than before.
    pub fn within(&self, accounts: Accounts) -> Reach {
        Reach { accounts: accounts.and(&self.accounts), ..self.clone() }
    }

    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// Whether events may be there that are not shown.
    pub fn is_limited(&self) -> bool {
        self.accounts != Accounts::All
    }

    pub fn visible(&self, filter: Ast) -> Visible {
        Visible { of: self.of, ..Visible::new(filter, &self.accounts) }
    }

    /// For reading events, within `visible`; Postgres shows no others. Logins that read events have no right to the audit log.
    pub async fn begin(&self, begin: impl SqlSafeStr) -> sqlx::Result<PgTransaction<'static>> {
        match (&self.accounts, &self.readers.limited) {
            _ if self.is_audit() => self.owner.begin_with(begin).await,
            (Accounts::Only(accounts), Some(limited)) => limited.begin(begin, accounts).await,
            _ => self.readers.all.begin_with(begin).await,
        }
    }

    /// For what is no event and belongs to no account: dashboards, how often something was stored, an object that an event
    /// which was found came from.
    pub fn beside_events(&self) -> &PgPool {
        &self.readers.all
    }

    /// For what concerns all accounts. Errors: not all are shown.
    pub fn everything(&self) -> Result<&PgPool, Error> {
        if self.is_limited() {
            return Err(Error::new(Kind::Forbidden, "This concerns all accounts, and you see the events of some."));
        }
        Ok(&self.readers.all)
    }

    /// For changing what is no event: dashboards, and what is to be read again.
    pub fn writer(&self) -> &PgPool {
        &self.owner
    }
}

/// A filter within what its reader may see.
#[derive(Clone, Debug, PartialEq)]
pub struct Visible {
    all: Ast,
    /// What holds whatever the filter says.
    scope: Ast,
    of: Of,
}

impl Visible {
    pub fn new(filter: Ast, accounts: &Accounts) -> Visible {
        let scope = accounts.condition().unwrap_or(Ast::All);
        Visible { all: filter.and(scope.clone()), scope, of: Of::Events }
    }

    /// Whether entries of the audit log are asked for, which are one table and share nothing with others.
    pub fn is_audit(&self) -> bool {
        self.of == Of::Audit
    }

    /// The filter and what its reader may see, together.
    pub fn all(&self) -> &Ast {
        &self.all
    }

    /// Fewer of them.
    #[must_use]
    pub fn and(self, more: Ast) -> Visible {
        Visible { all: self.all.and(more), ..self }
    }

    /// Whether events may be there that are not shown.
    pub fn is_limited(&self) -> bool {
        self.scope != Ast::All
    }

    /// ` and (…)`, where there is anything to say: to a condition that no filter tells.
    pub fn push_scope(&self, sql: &mut QueryBuilder<Postgres>) {
        if self.is_limited() {
            sql.push(" and (");
            condition(&self.scope, sql);
            sql.push(")");
        }
    }
}
