//! One read-only snapshot for all tables of a panel, with a time limit; and what goes wrong in it.

use std::time::Duration;

use model::{
    error::{Error, Kind},
    panel::Mark,
    series::{Cell, Column, Table},
    time::Timestamp,
};
use sqlx::{AssertSqlSafe, PgConnection, PgTransaction, Postgres, QueryBuilder, postgres::PgRow};
use time::OffsetDateTime;

use super::{
    about,
    plan::{Ask, Plan},
    reach::Reach,
    read,
    sql::{self, Known, Questions, Statement},
};

/// How long a panel waits for its turn; a statement's own limit is in `BEGIN`.
pub const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// How every reading transaction begins: with a limit for each statement, and further settings. All its answers come from one
/// snapshot. Plans are made for the very window: a cached plan that fits an hour
/// is wrong for a month. JIT compiles for longer than these queries run. Postgres' default takes handing a row from a
/// worker to its leader for ten times of what it costs and starting workers for a quarter, and joins an event to all that it
/// refers to before it looks whether the event is wanted. And it would rather look through a kept list again and again than hash it, if it expects few rows.
macro_rules! begin {
    ($statement_timeout:literal $(, $more:literal)*) => {
        concat!(
            "begin isolation level repeatable read read only; \
             set local plan_cache_mode = force_custom_plan; \
             set local parallel_tuple_cost = 0.01; \
             set local parallel_setup_cost = 4000; \
             set local join_collapse_limit = 11; \
             set local from_collapse_limit = 11; \
             set local enable_material = off; \
             set local jit = off; \
             set local statement_timeout = '", $statement_timeout, "'"
            $(, "; set local ", $more)*
        )
    };
}
pub(super) use begin;

pub const BEGIN: &str = begin!("10s");

/// What kept a panel from being answered.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error("no turn within {LONGEST_WAIT:?}")]
    Busy,
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl Trouble {
    /// What the reader sees. The details, which may name tables and hosts, go to the log with the panel's name.
    pub fn tell(&self, panel: &str, filter: &str) -> Error {
        let error = match self {
            Trouble::Busy => Error::new(Kind::Timeout, "The server is busy with other queries. Try again shortly."),
            Trouble::Database(error) => database(error),
        };
        tracing::warn!(panel, filter, kind = ?error.kind, trouble = %self, "panel failed");
        error
    }
}

/// Whether a statement was stopped by its time limit.
pub fn is_timeout(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.code().as_deref() == Some("57014"))
}

/// The reader's view of an error of the database.
pub fn database(error: &sqlx::Error) -> Error {
    let unavailable = || Error::new(Kind::Unavailable, "The database cannot be reached. Try again shortly.");
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => unavailable(),
        sqlx::Error::Database(error) => match error.code().as_deref() {
            Some("57014") => Error::new(
                Kind::Timeout,
                "The query took longer than 10 seconds. Choose a shorter range or add a filter.",
            ),
            // 08: connection; 57P: shutting down or starting; 53: out of connections, memory or disk.
            Some(code) if ["08", "57P", "53"].iter().any(|class| code.starts_with(class)) => unavailable(),
            _ => Error::new(Kind::Internal, "The query failed. The server's log says why."),
        },
        _ => Error::new(Kind::Internal, "The query failed. The server's log says why."),
    }
}

pub struct Session {
    transaction: PgTransaction<'static>,
    reach: Reach,
}

impl Session {
    pub async fn begin(reach: &Reach) -> Result<Session, Trouble> {
        Ok(Session { transaction: reach.begin(BEGIN).await?, reach: reach.clone() })
    }

    pub async fn end(self) -> Result<(), Trouble> {
        Ok(self.transaction.commit().await?)
    }

    /// The next statements are given up after this, and `unlimited` goes on as if they had not been.
    pub async fn limit(&mut self, longest: Duration) -> Result<(), Trouble> {
        let milliseconds = longest.as_millis().max(1);
        let sql = format!("savepoint limited; set local statement_timeout = {milliseconds}");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *self.transaction).await?;
        Ok(())
    }

    pub async fn unlimited(&mut self) -> Result<(), Trouble> {
        sqlx::raw_sql("rollback to limited; release limited").execute(&mut *self.transaction).await?;
        Ok(())
    }

    /// For statements of one's own.
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }

    /// Of which rows of the tables that events share conditions hold.
    pub async fn known(&mut self, questions: Questions) -> Result<Known, Trouble> {
        let Some(mut statement) = questions.statement() else { return Ok(Known::default()) };
        Ok(questions.answered(&statement.build().fetch_one(&mut *self.transaction).await?)?)
    }

    /// The panel's own table.
    pub async fn main(&mut self, plan: &Plan<'_>) -> Result<Table, Trouble> {
        let table = self.run(sql::table(plan.panel.mark, &plan.main)).await?;
        if plan.panel.mark == Mark::List {
            let total = self.run(sql::count(&plan.main)).await?.total;
            return Ok(Table { total, ..table });
        }
        self.beside(&plan.main, table).await
    }

    /// The table of a detail.
    pub async fn table(&mut self, ask: &Ask<'_>) -> Result<Table, Trouble> {
        let table = self.run(sql::grouped(ask)).await?;
        self.beside(ask, table).await
    }

    /// Where it is wanted, each measure beside that of the window before.
    async fn beside(&mut self, ask: &Ask<'_>, table: Table) -> Result<Table, Trouble> {
        if !ask.beside {
            return Ok(table);
        }
        let previous = self.run(sql::grouped(&sql::before(ask))).await?;
        Ok(beside(table, &previous, ask.by.len()))
    }

    /// The newest event of all that the reader may see.
    pub async fn last_event(&mut self) -> Result<Option<Timestamp>, Trouble> {
        let mut newest = about::newest(&self.reach);
        let last: Option<OffsetDateTime> = newest.build_query_scalar().fetch_one(&mut *self.transaction).await?;
        Ok(last.map(read::timestamp))
    }

    /// The rows of any statement.
    pub async fn fetch(&mut self, sql: &mut QueryBuilder<Postgres>) -> Result<Vec<PgRow>, Trouble> {
        Ok(sql.build().fetch_all(&mut *self.transaction).await?)
    }

    async fn run(&mut self, mut statement: Statement) -> Result<Table, Trouble> {
        let rows = statement.sql.build().fetch_all(&mut *self.transaction).await?;
        Ok(read::table(&statement, &rows)?)
    }
}

/// Each measure beside the same of the window before. The first `groups` columns tell which rows belong together.
fn beside(now: Table, previous: &Table, groups: usize) -> Table {
    let (of_group, measures) = now.columns.split_at(groups);
    let paired = measures.iter().flat_map(|column| {
        let key = format!("{}_previous", column.key);
        [column.clone(), Column { key, kind: column.kind, label: format!("{}, previous", column.label) }]
    });
    let columns = of_group.iter().cloned().chain(paired).collect();
    let row = |row: &Vec<Cell>| {
        let before = previous.rows.iter().find(|before| before[..groups] == row[..groups]);
        let pair = |at: usize| [row[at].clone(), before.map_or(Cell::Null, |before| before[at].clone())];
        row[..groups].iter().cloned().chain((groups..row.len()).flat_map(pair)).collect()
    };
    let rows = now.rows.iter().map(row).collect();
    Table { columns, rows, ..now }
}
