//! The login that queries run in: it reads what they ask for, and does nothing else.
//!
//! A login of its own: whoever is logged in as the owner and takes on another role puts it down again with a word. Its rights are
//! what holds. That its transactions are read-only and its statements end is a default, which a session may change.

use anyhow::{Context, ensure};
use sqlx::{
    AssertSqlSafe, Connection, PgConnection, PgPool, Postgres,
    postgres::{PgArguments, PgConnectOptions, PgPoolOptions},
    query::QueryScalar,
};

use super::{dimension, rollup, session};

/// Its name in the private Postgres.
pub const NAME: &str = "trailmap_reader";

/// What queries name beside the shared tables and the rollups. What a view reads is read in the name of its owner, and months through
/// their table: partitions to come need no right.
const READ: [&str; 18] = [
    "stored_event",
    "segment",
    "credential",
    "change",
    "event_field",
    "event",
    "event_text",
    "object",
    "rejected",
    "poison_message",
    "source",
    "retention",
    "digest",
    "log_file",
    "object_integrity",
    "verification",
    "dashboard",
    "dashboard_version",
];

/// Makes the role, or makes it again what it should be: a login may change its own defaults. A statement has somewhat longer than the
/// longest limit that `query` sets, who takes an export has ten minutes for each piece of it, and some connections are left to the owner.
const ROLE: &str = "
    do $$ begin
        if not exists (select from pg_roles where rolname = 'trailmap_reader') then create role trailmap_reader; end if;
    end $$;
    alter role trailmap_reader login nosuperuser nocreatedb nocreaterole noinherit noreplication nobypassrls connection limit 80;
    alter role trailmap_reader set default_transaction_read_only = on;
    alter role trailmap_reader set statement_timeout = '60s';
    alter role trailmap_reader set idle_in_transaction_session_timeout = '10min'";

/// What everybody may do in a database and no query does: temporary tables, which would come before ours; and functions that change
/// settings, wait, signal, lock, tell, run a text as SQL, or write in a read-only transaction.
const CONFINE: &str = r"
    select format('revoke temporary on database %I from public', current_database())
    where has_database_privilege('public', current_database(), 'temporary')
    union all
    select format('revoke execute on function %s from public', oid::regprocedure) from pg_proc
    where pronamespace = 'pg_catalog'::regnamespace and has_function_privilege('public', oid, 'execute')
      and proname ~ '^(set_config|pg_sleep.*|pg_(cancel|terminate)_backend|pg_(try_)?advisory_.*|pg_notify|.*_to_xml.*'
                    '|lo_.*|loread|lowrite|pg_logical_emit_message)$'";

const GRANT: &str = "
    select format('grant usage on schema %I to %I', nspname, $1) from pg_namespace
    where oid = (select relnamespace from pg_class where oid = 'stored_event'::regclass) and not has_schema_privilege($1, oid, 'usage')
    union all
    select format('grant select on %s to %I', name::regclass, $1) from unnest($2) as name
    where not has_table_privilege($1, name::regclass, 'select')";

/// More than it should be able to do, itself or as a role that it may take on: in words, what says most first.
const POWERS: &str = "
    with who as (select * from pg_roles where pg_has_role(oid, 'member')),
    owner as (select relowner as oid from pg_class where oid = 'stored_event'::regclass),
    ours as (
        select oid, relnamespace from pg_class
        where relowner = (select oid from owner) and relkind in ('r', 'p', 'v', 'S') and relpersistence <> 't'
          and relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
    ),
    power (rank, what) as (
        select 1, 'is a superuser' from who where rolsuper
        union all select 2, 'owns the tables' from who where oid = (select oid from owner)
        union all select 3, 'may create roles' from who where rolcreaterole
        union all select 3, 'may create databases' from who where rolcreatedb
        union all select 3, 'may replicate' from who where rolreplication
        union all select 3, 'has the role ' || rolname from who
        where rolname in ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files')
        union all select 4, format('may use the schema %s', nspname) from pg_namespace, who
        where nspname = 'access' and has_schema_privilege(who.oid, pg_namespace.oid, 'usage, create')
        union all select 4, format('may create in the schema %s', nspname) from pg_namespace, who
        where pg_namespace.oid in (select relnamespace from ours) and has_schema_privilege(who.oid, pg_namespace.oid, 'create')
        union all select 4, 'may create schemas' from who where has_database_privilege(who.oid, current_database(), 'create')
        union all select 5, format('may write to %s', ours.oid::regclass) from ours, who
        where has_table_privilege(who.oid, ours.oid, 'insert, update, delete, truncate, trigger')
           or has_any_column_privilege(who.oid, ours.oid, 'insert, update')
        union all select 6, 'begins transactions that may write (default_transaction_read_only is off)'
        where not current_setting('default_transaction_read_only')::boolean
        union all select 6, 'has no limit of time (statement_timeout is 0)' where current_setting('statement_timeout') = '0'
    )
    select what from power group by rank, what order by rank, what limit 3";

/// Makes the role of the private Postgres; for one process at a time.
pub async fn make(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::raw_sql(ROLE).execute(connection).await?;
    Ok(())
}

/// Takes from everybody what no query does, in a database that is Trailmap's alone.
pub async fn confine(owner: &PgPool) -> sqlx::Result<()> {
    run(owner, sqlx::query_scalar(CONFINE)).await
}

/// A pool of a login that is given what queries read. Errors: it is in another database, or may do more.
pub async fn open(owner: &PgPool, login: PgConnectOptions, connections: u32) -> anyhow::Result<PgPool> {
    let pool = PgPoolOptions::new().max_connections(connections).connect_with(session(login)).await?;
    let mut reader = pool.acquire().await?;
    same_database(owner, &mut reader).await.context("it is not in the database of --database-url")?;
    let name: String = sqlx::query_scalar("select current_user::text").fetch_one(&mut *reader).await?;
    let tables: Vec<_> =
        dimension::TABLES.into_iter().chain(rollup::ROLLUPS.map(|rollup| rollup.table)).chain(READ).collect();
    let granted = run(owner, sqlx::query_scalar(GRANT).bind(&name).bind(tables)).await;
    granted.with_context(|| format!("the login {name} cannot be given the right to read"))?;
    const FOUND: &str = "select to_regclass('stored_event')::oid::bigint";
    let theirs: Option<i64> = sqlx::query_scalar(FOUND).fetch_one(&mut *reader).await?;
    ensure!(
        theirs == sqlx::query_scalar(FOUND).fetch_one(owner).await?,
        "the login {name} does not find the tables: its search_path is another one than that of --database-url"
    );
    let powers: Vec<String> = sqlx::query_scalar(POWERS).fetch_all(&mut *reader).await?;
    ensure!(
        powers.is_empty(),
        "the login {name} {}: queries need one that reads and does nothing else; the README has the lines that make it",
        powers.join(", ")
    );
    Ok(pool)
}

/// A snapshot can be shared within a database alone.
async fn same_database(owner: &PgPool, reader: &mut PgConnection) -> sqlx::Result<()> {
    const BEGIN: &str = "begin isolation level repeatable read read only";
    let mut owner = owner.begin_with(BEGIN).await?;
    let mut reader = reader.begin_with(BEGIN).await?;
    let snapshot: String = sqlx::query_scalar("select pg_export_snapshot()").fetch_one(&mut *owner).await?;
    sqlx::raw_sql(AssertSqlSafe(format!("set transaction snapshot '{snapshot}'"))).execute(&mut *reader).await?;
    reader.rollback().await?;
    owner.rollback().await
}

/// Runs the statements that another one makes, for one process at a time: Postgres refuses to change rights that are being changed.
async fn run(owner: &PgPool, made: QueryScalar<'_, Postgres, String, PgArguments>) -> sqlx::Result<()> {
    let mut transaction = owner.begin().await?;
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('trailmap reader', 0))")
        .execute(&mut *transaction)
        .await?;
    let statements = made.fetch_all(&mut *transaction).await?.join(";\n");
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut *transaction).await?;
    transaction.commit().await
}
