//! All rows of a list, from one snapshot, in batches: memory holds one batch however many there are.

use app::api::{Listing, Rows};
use async_trait::async_trait;
use model::{error::Error, series::Cell};
use sqlx::{PgTransaction, Postgres, QueryBuilder};

use super::{
    super::{
        reach::Reach,
        session::{self, Trouble},
        turns::{Turn, Turns},
    },
    ask::{Ask, From},
    rows,
    sql::{self, Way},
};

/// Rows of one batch: with whole events, some megabytes at most.
const BATCH: u32 = 500;

/// As for a panel, but each batch may take longer: a rare match in many events takes its time, and somebody waits for
/// the file. The cursor is read to its end, so the plan is for all rows.
const BEGIN: &str = session::begin!("50s", "cursor_tuple_fraction = 1");

/// Begins an export. `exports` bounds how many run at once.
pub async fn start(reach: &Reach, exports: &Turns, ask: &Ask) -> Result<Listing, Trouble> {
    let turn = exports.take().await?;
    let mut transaction = reach.begin(BEGIN).await?;
    declare(ask).build().execute(&mut *transaction).await?;
    let columns = ask.heads();
    let export = Export { transaction, ask: ask.clone(), left: ask.limit, ended: false, _turn: turn };
    Ok(Listing { columns, window: ask.window, rows: Box::new(export) })
}

fn declare(ask: &Ask) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new("declare export no scroll cursor for\n");
    match &ask.from {
        From::After(from) => sql::push_rows(&mut sql, ask, Some(from), Way::On),
        From::First | From::Before(_) | From::Around(_) => sql::push_rows(&mut sql, ask, None, Way::On),
    }
    sql
}

struct Export {
    transaction: PgTransaction<'static>,
    ask: Ask,
    /// Rows that may still come; `None`: all.
    left: Option<u32>,
    ended: bool,
    _turn: Turn,
}

#[async_trait]
impl Rows for Export {
    async fn next(&mut self) -> Result<Vec<Vec<Cell>>, Error> {
        if self.ended {
            return Ok(Vec::new());
        }
        let batch = self.left.map_or(BATCH, |left| left.min(BATCH));
        let rows = self.fetch(batch).await.map_err(|error| Trouble::from(error).tell("discover", &self.ask.filter))?;
        self.left = self.left.map(|left| left - batch);
        self.ended = rows.len() < batch as usize || self.left == Some(0);
        Ok(rows)
    }
}

impl Export {
    async fn fetch(&mut self, batch: u32) -> Result<Vec<Vec<Cell>>, sqlx::Error> {
        let sql = format!("fetch {batch} from export");
        // Not kept by the connection: the next export says the same and has other columns.
        let fetch = sqlx::query(sqlx::AssertSqlSafe(sql)).persistent(false);
        let rows = fetch.fetch_all(&mut *self.transaction).await?;
        rows.iter().map(|row| rows::cells(row, &self.ask)).collect()
    }
}
