//! One read-only snapshot for all tables of a panel, with a time limit; and what goes wrong in it.

use std::{sync::Arc, time::Duration};

use foldhash::HashMap;
use futures::TryStreamExt;
use model::{
    error::{Error, Kind},
    series::{Cell, Column, Table},
    time::{Timestamp, Window},
};
use sqlx::{AssertSqlSafe, PgConnection, PgTransaction, Postgres, QueryBuilder, postgres::PgRow};
use time::OffsetDateTime;

use super::{
    about,
    counts::{
        Count, Counts, Found, MOST_ASKED, MOST_ROWS, Missing,
        span::{self, Cover, DAY_MS, HOUR_MS},
    },
    plan::{Ask, Plan},
    reach::Reach,
    read,
    sql::{self, Counted, Known, Pass, Questions, Reading, Rows, Statement, Tally},
};
use crate::store::{
    change::{self, Changes},
    is_full,
};

/// How long a panel waits for its turn; a statement's own limit is in `BEGIN`.
pub const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// A view of events joins so many tables: all their orders are looked at.
macro_rules! any_order {
    () => {
        "set local join_collapse_limit = 11"
    };
}
pub(super) use any_order;

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
             set local parallel_setup_cost = 4000; ",
            $crate::query::session::any_order!(),
            "; set local from_collapse_limit = 11; \
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
        error if is_full(error) => unavailable(),
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
    plans: Plans,
}

/// How Postgres plans a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plans {
    /// For its very values.
    Anew,
    /// As before, whatever its values: where little is read, planning takes longer than that.
    Kept,
}

/// In which order the tables of a statement are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joins {
    AnyOrder,
    /// To look at every order of nine tables takes longer than to read a page of rows that were chosen before.
    AsWritten,
    /// The same, of what one id names: Postgres takes a bloom of blocks for one that sorts out nothing, and would read a small month as a
    /// whole, and all ids of a larger one.
    ByIndex,
}

impl Joins {
    /// What is set for a statement, and what is set back.
    fn settings(self) -> Option<(&'static str, &'static str)> {
        match self {
            Joins::AnyOrder => None,
            Joins::AsWritten => Some(("set local join_collapse_limit = 1", any_order!())),
            Joins::ByIndex => Some((
                "set local join_collapse_limit = 1; set local enable_seqscan = off; set local cpu_index_tuple_cost = 1; \
                 set local max_parallel_workers_per_gather = 0",
                concat!(
                    any_order!(),
                    "; reset enable_seqscan; reset cpu_index_tuple_cost; reset max_parallel_workers_per_gather"
                ),
            )),
        }
    }
}

impl Session {
    pub async fn begin(reach: &Reach) -> Result<Session, Trouble> {
        Ok(Session { transaction: reach.begin(BEGIN).await?, reach: reach.clone(), plans: Plans::Anew })
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

    async fn plan(&mut self, plans: Plans) -> Result<(), Trouble> {
        if self.plans != plans {
            let set = match plans {
                Plans::Anew => {
                    "set local plan_cache_mode = force_custom_plan; \
                     reset enable_hashjoin; reset enable_mergejoin; reset enable_bitmapscan; reset enable_seqscan; \
                     reset max_parallel_workers_per_gather"
                }
                // Whatever the times are, Postgres reckons with half a percent of all events: for so many it would start workers, hash
                // all names and ask every index. Of an hour there is the one on time, and a name for each of its rows.
                Plans::Kept => {
                    "set local plan_cache_mode = force_generic_plan; \
                     set local enable_hashjoin = off; set local enable_mergejoin = off; \
                     set local enable_bitmapscan = off; set local enable_seqscan = off; \
                     set local max_parallel_workers_per_gather = 0"
                }
            };
            sqlx::raw_sql(set).execute(&mut *self.transaction).await?;
            self.plans = plans;
        }
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

    /// What is known of the whole hours and days of a plan's windows: kept, or counted now and kept.
    pub async fn counted(&mut self, counts: &Counts, plan: &Plan<'_>) -> Result<Vec<Counted>, Trouble> {
        let passes = sql::passes(plan);
        let mut counted: Vec<Counted> = Vec::new();
        if passes.iter().all(|pass| Cover::of(pass.window, pass.bucket_ms).whole().is_none()) {
            return Ok(counted);
        }
        let changes = self.changes(counts).await?;
        for pass in passes {
            let sum = match counts.find(&pass, &changes) {
                None => None,
                Some(Found::Sum(sum)) => Some(sum),
                Some(Found::Some(count, missing)) => self.count(counts, count, &missing, &pass).await?,
            };
            if let Some(sum) = sum {
                counted.push(self.cut(counts.few, sum, &pass).await?);
            }
        }
        Ok(counted)
    }

    /// Where much is known and little of it is shown, this alone, of the whole window.
    async fn cut(&mut self, few: usize, known: Counted, pass: &Pass<'_>) -> Result<Counted, Trouble> {
        let Some(cut) = pass.cut().filter(|cut| known.rows.len() > few.max(2 * cut.limit())) else { return Ok(known) };
        let Some(left) = self.spans(pass, &known.tally, &known.left, HOUR_MS).await? else { return Ok(known) };
        let (rows, rest) = known.tally.cut(&known.rows, &known.tally.sum(left.values()), cut);
        Ok(Counted { left: Vec::new(), rows: Arc::new(rows), cut: Some(cut), rest, ..known })
    }

    /// `None`: there are too many rows.
    async fn count(
        &mut self,
        counts: &Counts,
        mut count: Count,
        missing: &Missing,
        pass: &Pass<'_>,
    ) -> Result<Option<Counted>, Trouble> {
        let most = if pass.cut().is_some() { MOST_ROWS } else { MOST_ASKED };
        for (spans, length_ms) in [(&missing.days, DAY_MS), (&missing.hours, HOUR_MS)] {
            let counted = self.spans(pass, count.tally(), &span::runs(spans.clone(), length_ms), length_ms).await?;
            let counted = counted.filter(|counted| counted.values().map(Rows::len).sum::<usize>() <= most);
            let Some(counted) = counted else {
                counts.give_up(count);
                return Ok(None);
            };
            counts.keep(&mut count, spans, length_ms, counted);
        }
        Ok(Some(counts.sum(count, pass)))
    }

    /// What there is of each hour or day in some windows. `None`: too many rows.
    async fn spans(
        &mut self,
        pass: &Pass<'_>,
        tally: &Tally,
        windows: &[Window],
        length_ms: i64,
    ) -> Result<Option<HashMap<i64, Rows>>, Trouble> {
        let mut reading = Reading::new(tally);
        for window in windows {
            let before = reading.count;
            self.plan(sql::plans([*window])).await?;
            let mut sql = pass.spans(tally, *window, length_ms, MOST_ROWS);
            let mut rows = sql.build().fetch(&mut *self.transaction);
            while let Some(row) = rows.try_next().await? {
                reading.add(&row)?;
            }
            if reading.count - before > MOST_ROWS {
                return Ok(None);
            }
        }
        Ok(Some(reading.spans()))
    }

    /// The changes of each hour, as this snapshot sees them.
    async fn changes(&mut self, counts: &Counts) -> Result<Arc<Changes>, Trouble> {
        let all: i64 = sqlx::query_scalar(change::COUNT).fetch_one(&mut *self.transaction).await?;
        if let Some(changes) = counts.changes(all) {
            return Ok(changes);
        }
        let changes = Arc::new(Changes::read(&mut self.transaction).await?);
        counts.set_changes(all, changes.clone());
        Ok(changes)
    }

    /// The panel's own table.
    pub async fn main(&mut self, plan: &Plan<'_>) -> Result<Table, Trouble> {
        let table = self.run(sql::table(plan.panel.mark, &plan.main)).await?;
        if let Some(total) = &plan.total {
            let total = self.run(sql::grouped(total)).await?.total;
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

    pub async fn fetch_joined(
        &mut self,
        sql: &mut QueryBuilder<Postgres>,
        joins: Joins,
    ) -> Result<Vec<PgRow>, Trouble> {
        let Some((set, back)) = joins.settings() else { return self.fetch(sql).await };
        sqlx::raw_sql(set).execute(&mut *self.transaction).await?;
        let rows = self.fetch(sql).await?;
        sqlx::raw_sql(back).execute(&mut *self.transaction).await?;
        Ok(rows)
    }

    async fn run(&mut self, mut statement: Statement) -> Result<Table, Trouble> {
        self.plan(statement.plans).await?;
        let rows = self.fetch_joined(&mut statement.sql, statement.joins).await?;
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
