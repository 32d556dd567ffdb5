//! The logins that queries run in: they read what is asked for, and do nothing else.
//!
//! Logins of their own: whoever is logged in as the owner and takes on another role puts it down again with a word. Their rights are
//! what holds. That their transactions are read-only and their statements end is a default, which a session may change.
//!
//! One is shown all events. The other one is shown those of the accounts that its transaction was opened for, by row level security and
//! by the views of the schema `limited`, which stand in for the tables that it has no right to.

use std::{collections::BTreeSet, sync::Arc};

use anyhow::{Context, ensure};
use sha2::{Digest, Sha256};
use sqlx::{
    AssertSqlSafe, Connection, PgConnection, PgPool, PgTransaction, Postgres, SqlSafeStr,
    postgres::{PgArguments, PgConnectOptions, PgPoolOptions},
    query::QueryScalar,
};
use tokio::sync::OnceCell;

use super::{dimension, rollup, session};

/// Their names in the private Postgres.
pub const NAME: &str = "trailmap_reader";
pub const LIMITED: &str = "trailmap_reader_limited";

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

/// What queries within accounts name beside the shared tables and the rollups.
const READ_LIMITED: [&str; 9] = [
    "stored_event",
    "credential",
    "change",
    "event_field",
    "object",
    "object_integrity",
    "limited.segment",
    "limited.delivered",
    "limited.event",
];

/// Makes the roles, or makes them again what they should be: a login may change its own defaults. A statement has somewhat longer than the
/// longest limit that `query` sets, who takes an export has ten minutes for each piece of it, and some connections are left to the owner.
const ROLES: &str = "
    do $$ declare name text; begin
        foreach name in array array['trailmap_reader', 'trailmap_reader_limited'] loop
            if not exists (select from pg_roles where rolname = name) then execute format('create role %I', name); end if;
            execute format(
                'alter role %I login nosuperuser nocreatedb nocreaterole noinherit noreplication nobypassrls connection limit 80', name);
            execute format('alter role %I set default_transaction_read_only = on', name);
            execute format('alter role %I set statement_timeout = %L', name, '60s');
            execute format('alter role %I set idle_in_transaction_session_timeout = %L', name, '10min');
        end loop;
    end $$";

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

/// `$1` is given `$2`; of the tables that have row level security, the rows of which `$3` holds; of such that tell no accounts apart, none
/// where that is a condition.
const GRANT: &str = "
    select format('grant usage on schema %I to %I', nspname, $1) from pg_namespace
    where oid in (select relnamespace from pg_class where oid = any($2::text[]::regclass[])) and not has_schema_privilege($1, oid, 'usage')
    union all
    select format('grant select on %s to %I', name::regclass, $1) from unnest($2::text[]) as name
    where not has_table_privilege($1, name::regclass, 'select')
    union all
    select format('create policy %I on %s for select to %I using (%s)', $1, oid::regclass, $1, case
        when $3 = 'true' or exists (select from pg_attribute where attrelid = pg_class.oid and attname = 'scope_id') then $3 else 'false' end)
    from pg_class
    where oid = any($2::text[]::regclass[]) and relrowsecurity
      and not exists (select from pg_policy where polrelid = pg_class.oid and polname = $1)";

/// More than it should be able to do, itself or as a role that it may take on: in words, what says most first. `$1`: all that it may
/// read, where it is one that is not shown all events.
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
        union all select 6, format('may read %s', ours.oid::regclass) from who, ours join pg_class using (oid)
        where relkind <> 'S' and not ours.oid = any($1::text[]::regclass[]) and has_any_column_privilege(who.oid, ours.oid, 'select')
        union all select 6, format('is shown all of %s', polrelid::regclass) from pg_policy
        where $1::text[] is not null and polrelid in (select oid from ours)
          and (0 = any(polroles) or exists (select from who where who.oid = any(polroles)))
          and pg_get_expr(polqual, polrelid) <> 'false' and pg_get_expr(polqual, polrelid) not like '%scope_ids()%'
        union all select 6, 'begins transactions that may write (default_transaction_read_only is off)'
        where not current_setting('default_transaction_read_only')::boolean
        union all select 6, 'has no limit of time (statement_timeout is 0)' where current_setting('statement_timeout') = '0'
    )
    select what from power group by rank, what order by rank, what limit 3";

/// Connections for queries.
#[derive(Clone, Debug)]
pub struct Readers {
    pub all: PgPool,
    /// `None`: the database has no such login.
    pub limited: Option<Limited>,
}

/// Of readers of all accounts alone, or where one login has to do for all.
impl From<PgPool> for Readers {
    fn from(all: PgPool) -> Readers {
        Readers { all, limited: None }
    }
}

/// Connections of the login that is shown the events of some accounts.
#[derive(Clone, Debug)]
pub struct Limited {
    owner: PgPool,
    pool: PgPool,
    seal_key: Arc<OnceCell<Vec<u8>>>,
}

impl Limited {
    /// `owner` reads the key of the seals.
    pub fn new(owner: PgPool, pool: PgPool) -> Limited {
        Limited { owner, pool, seal_key: Arc::default() }
    }

    /// A transaction that is shown the events of these accounts and no others, whatever it asks.
    pub async fn begin(
        &self,
        begin: impl SqlSafeStr,
        accounts: &BTreeSet<String>,
    ) -> sqlx::Result<PgTransaction<'static>> {
        let read = || sqlx::query_scalar("select seal_key from instance").fetch_one(&self.owner);
        let key = self.seal_key.get_or_try_init(read).await?;
        let accounts = accounts.iter().map(String::as_str).collect::<Vec<_>>().join(",");
        let mut transaction = self.pool.begin_with(begin).await?;
        let enter = sqlx::query("select limited.enter($1, $2)").bind(&accounts).bind(seal(key, &accounts));
        enter.execute(&mut *transaction).await?;
        Ok(transaction)
    }
}

impl Readers {
    pub async fn close(&self) {
        if let Some(limited) = &self.limited {
            limited.pool.close().await;
        }
        self.all.close().await;
    }
}

/// As `limited.scope_ids` has it: hashed twice, so that no text can be put after the accounts.
fn seal(key: &[u8], accounts: &str) -> String {
    let hash = |text: &[u8]| Sha256::new().chain_update(key).chain_update(text).finalize();
    format!("{:x}", hash(&hash(accounts.as_bytes())))
}

/// Makes the roles of the private Postgres; for one process at a time.
pub async fn make(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::raw_sql(ROLES).execute(connection).await?;
    Ok(())
}

/// Takes from everybody what no query does, in a database that is Trailmap's alone.
pub async fn confine(owner: &PgPool) -> sqlx::Result<()> {
    run(owner, sqlx::query_scalar(CONFINE)).await
}

/// A pool of a login that is given what queries read. Errors: it is in another database, or may do more.
pub async fn open(owner: &PgPool, login: PgConnectOptions, connections: u32) -> anyhow::Result<PgPool> {
    let tables = shared().chain(READ).collect();
    open_for(owner, session(login), connections, tables, None).await
}

/// The same of a login that is shown the events of some accounts.
pub async fn open_limited(owner: &PgPool, login: PgConnectOptions, connections: u32) -> anyhow::Result<PgPool> {
    let tables = shared().chain(READ_LIMITED).collect();
    let login = limited_session(owner, login).await?;
    open_for(owner, login, connections, tables, Some("scope_id = any((select limited.scope_ids())::bigint[])")).await
}

fn shared() -> impl Iterator<Item = &'static str> {
    dimension::TABLES.into_iter().chain(rollup::ROLLUPS.map(|rollup| rollup.table))
}

/// What stands in for tables comes before these.
async fn limited_session(owner: &PgPool, login: PgConnectOptions) -> sqlx::Result<PgConnectOptions> {
    let schema: String = sqlx::query_scalar("select quote_ident(current_schema())").fetch_one(owner).await?;
    Ok(session(login).options([("search_path", format!("limited,{schema}"))]))
}

/// `shown`: of which rows this holds, where not all are shown.
async fn open_for(
    owner: &PgPool,
    login: PgConnectOptions,
    connections: u32,
    tables: Vec<&str>,
    shown: Option<&str>,
) -> anyhow::Result<PgPool> {
    let pool = PgPoolOptions::new().max_connections(connections).connect_with(login).await?;
    let mut reader = pool.acquire().await?;
    same_database(owner, &mut reader).await.context("it is not in the database of --database-url")?;
    let name: String = sqlx::query_scalar("select current_user::text").fetch_one(&mut *reader).await?;
    let grants = sqlx::query_scalar(GRANT).bind(&name).bind(&tables).bind(shown.unwrap_or("true"));
    let granted = run(owner, grants).await;
    granted.with_context(|| format!("the login {name} cannot be given the right to read"))?;
    const FOUND: &str = "select to_regclass('stored_event')::oid::bigint";
    let theirs: Option<i64> = sqlx::query_scalar(FOUND).fetch_one(&mut *reader).await?;
    ensure!(
        theirs == sqlx::query_scalar(FOUND).fetch_one(owner).await?,
        "the login {name} does not find the tables: its search_path is another one than that of --database-url"
    );
    let powers = sqlx::query_scalar(POWERS).bind(shown.map(|_| &tables));
    let powers: Vec<String> = powers.fetch_all(&mut *reader).await?;
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
