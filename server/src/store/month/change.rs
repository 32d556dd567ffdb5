//! A month's partitions are dropped, or a copy takes their place: in a moment, since readers and writers wait for it.

use sqlx::{AssertSqlSafe, PgConnection};

use super::{Month, TABLES};

/// Dropping one, or putting another in its place, takes no longer than this.
const CHANGE_TIMEOUT: &str = "400ms";
const QUERY_CANCELED: &str = "57014";

/// What becomes of a month's partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Drop,
    /// The copy takes their place.
    Swap,
}

/// Changes the partitions of a month that has some, in a transaction; until it ends, everybody waits. Errors: also that it would have
/// taken too long (`took_too_long`).
pub async fn change(connection: &mut PgConnection, month: Month, change: Change) -> sqlx::Result<()> {
    let tables = TABLES.map(|(table, ..)| format!("only {table}")).join(", ");
    let parts = TABLES.map(|(table, ..)| {
        let partition = month.partition(table);
        let drop = format!("alter table {table} detach partition {partition}; drop table {partition};");
        match change {
            Change::Drop => drop,
            Change::Swap => format!(
                "{drop} alter table {partition}_copy rename to {partition};
                 alter table {table} attach partition {partition} for values from ('{month}') to ('{}');
                 alter table {partition} drop constraint {partition}_times;",
                month.plus(1)
            ),
        }
    });
    // One statement, since all of it together may take so long and no longer.
    let sql = format!("do $$ begin lock table {tables} in access exclusive mode; {} end $$", parts.join(" "));
    run(connection, format!("set local statement_timeout = '{CHANGE_TIMEOUT}'")).await?;
    run(connection, sql).await?;
    run(connection, "set local statement_timeout = 0".to_owned()).await
}

async fn run(connection: &mut PgConnection, sql: String) -> sqlx::Result<()> {
    sqlx::query(AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}

/// Copies what a month's partitions have of segments up to this one, in a transaction. Nobody waits.
pub async fn copy(connection: &mut PgConnection, month: Month, segments: i64) -> sqlx::Result<()> {
    drop_copy(connection, month).await?;
    for (table, time, settings) in TABLES {
        let partition = month.partition(table);
        run(connection, format!("create table {partition}_copy (like {table} including all) {settings}")).await?;
        let order = if table == "segment" { "segment_id" } else { time };
        let copied = format!("select * from {partition} where segment_id <= {segments} order by {order}");
        run(connection, format!("insert into {partition}_copy {copied}")).await?;
        // So that its times need not be looked through when it becomes a partition.
        let times = format!("check ({time} >= '{month}' and {time} < '{}')", month.plus(1));
        run(connection, format!("alter table {partition}_copy add constraint {partition}_times {times}")).await?;
        run(connection, format!("analyze {partition}_copy")).await?;
    }
    Ok(())
}

/// Copies what later segments have.
pub async fn copy_later(connection: &mut PgConnection, month: Month, segments: i64) -> sqlx::Result<()> {
    for (table, ..) in TABLES {
        let partition = month.partition(table);
        let later = format!("select * from {partition} where segment_id > {segments}");
        run(connection, format!("insert into {partition}_copy {later}")).await?;
    }
    Ok(())
}

pub async fn drop_copy(connection: &mut PgConnection, month: Month) -> sqlx::Result<()> {
    for (table, ..) in TABLES {
        run(connection, format!("drop table if exists {}_copy", month.partition(table))).await?;
    }
    Ok(())
}

/// Drops copies that were begun and took nobody's place.
pub async fn drop_copies(connection: &mut PgConnection) -> sqlx::Result<()> {
    let copies: Vec<String> = sqlx::query_scalar(
        "select oid::regclass::text from pg_class where relkind = 'r' and pg_table_is_visible(oid)
         and relname ~ '^(stored_event|segment)_[0-9]{4}_[0-9]{2}_copy$'",
    )
    .fetch_all(&mut *connection)
    .await?;
    for copy in copies {
        run(connection, format!("drop table {copy}")).await?;
    }
    Ok(())
}

pub fn took_too_long(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.code().as_deref() == Some(QUERY_CANCELED))
}
