//! The login that queries run in, and all that it cannot do.

use std::collections::BTreeSet;

use app::api::{Backend, Dashboards, Discover, Entities, Ingests};
use model::{
    discover::Discover as Page,
    entity::{Entity, Kind},
    error,
    field::Field,
    filter::Target,
};
use server::store::reader::{self, LIMITED, NAME};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, postgres::PgConnectOptions};

use crate::{
    ingest::fixture::{events, ingest, write},
    query::fixture::{query, view},
    support::{database, empty_database, opened, reader_options},
};

/// With events, and so with partitions of months.
async fn filled() -> PgPool {
    let (pool, folder) = (database().await, tempfile::tempdir().unwrap());
    let records = serde_json::json!({ "Records": events(0..20) }).to_string();
    ingest(&pool, &write(folder.path(), "events.json", records)).await;
    pool
}

async fn log_in(pool: &PgPool) -> PgConnection {
    PgConnection::connect_with(&reader_options(pool)).await.unwrap()
}

/// The code of the error that a statement ends with; none if it goes well, after which all is as before.
async fn refusal(connection: &mut PgConnection, begin: &'static str, sql: &str) -> Option<String> {
    let mut transaction = connection.begin_with(begin).await.unwrap();
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut *transaction).await;
    transaction.rollback().await.unwrap();
    let error = done.err()?;
    Some(error.as_database_error().unwrap_or_else(|| panic!("{sql}: {error}")).code().unwrap().into_owned())
}

const FORBIDDEN: &str = "42501";
const READ_ONLY: &str = "25006";
/// Of what cannot be written to by anybody, as a view of many tables.
const IMPOSSIBLE: &str = "55000";

#[tokio::test]
async fn what_it_is_not_given_it_cannot_do() {
    let pool = filled().await;
    // Every table, view and sequence that there is, by the catalogue.
    let relations: Vec<(String, String, String)> = sqlx::query_as(
        "select pg_class.oid::regclass::text, relkind::text, attname::text
         from pg_class join pg_attribute on attrelid = pg_class.oid and attnum = 1
         where relnamespace::regnamespace::text !~ '^(pg_|information_schema)' and relkind in ('r', 'p', 'v', 'm', 'f', 'S')
         order by 1",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let schemas = relations.iter().filter(|(name, ..)| name.starts_with("access.")).count();
    assert!(relations.len() > 60 && schemas > 10, "{relations:?}");
    let mut connection = log_in(&pool).await;
    let mut hidden = BTreeSet::new();
    for (name, kind, column) in &relations {
        let writes = [
            format!("insert into {name} default values"),
            format!("update {name} set {column} = default"),
            format!("update {name} set {column} = default where false"),
            format!("delete from {name}"),
            format!("truncate {name}"),
            format!("lock table {name} in exclusive mode"),
            format!("drop table {name}"),
            format!("drop view {name}"),
            format!("alter table {name} rename to taken"),
            format!(
                "create trigger taken after insert on {name} execute function pg_catalog.suppress_redundant_updates_trigger()"
            ),
            format!("comment on table {name} is 'taken'"),
        ];
        for sql in writes {
            let told = refusal(&mut connection, "begin", &sql).await;
            let known = [FORBIDDEN, READ_ONLY, IMPOSSIBLE, "42809"];
            assert!(told.as_deref().is_some_and(|code| known.contains(&code)), "{sql}: {told:?}");
            // That transactions are read-only is what a session says; that it may not is what its role says.
            let told = refusal(&mut connection, "begin read write", &sql).await;
            let known = [FORBIDDEN, IMPOSSIBLE, "42809"];
            assert!(told.as_deref().is_some_and(|code| known.contains(&code)), "{sql}: {told:?}");
        }
        if kind == "S" {
            for sql in [format!("select nextval('{name}')"), format!("select setval('{name}', 1)")] {
                assert_eq!(
                    refusal(&mut connection, "begin read write", &sql).await.as_deref(),
                    Some(FORBIDDEN),
                    "{sql}"
                );
            }
        } else {
            match refusal(&mut connection, "begin", &format!("select * from {name}")).await.as_deref() {
                None => assert!(!name.starts_with("access."), "{name}"),
                Some(code) => {
                    assert_eq!(code, FORBIDDEN, "{name}");
                    hidden.insert(name.as_str());
                }
            }
        }
    }
    // Who may read: nothing. What is not asked for: neither the key of the hashes, nor how far sources have come. Months by their tables.
    let rest: Vec<_> = hidden.into_iter().filter(|name| !name.starts_with("access.")).collect();
    expect_test::expect![[r#"
        _sqlx_migrations
        instance
        limited.delivered
        limited.event
        limited.segment
        listing_checkpoint
        lookup_checkpoint
        segment_2026_01
        segment_2026_11
        segment_2026_12
        segment_rest
        stored_event_2026_01
        stored_event_2026_11
        stored_event_2026_12
        stored_event_rest
    "#]]
    .assert_eq(&(rest.join("\n") + "\n"));
}

#[tokio::test]
async fn it_does_not_get_out() {
    let pool = filled().await;
    let mut connection = log_in(&pool).await;
    let owner: String = sqlx::query_scalar("select current_user::text").fetch_one(&pool).await.unwrap();
    for sql in [
        "create table taken (a int)",
        "create temporary table stored_event (a int)",
        "create temporary view event as select 1",
        "select 1 into temporary taken",
        "create view taken as select 1",
        "create schema taken",
        "create function taken() returns int language sql as 'select 1'",
        "create role taken",
        "create extension if not exists dblink",
        "create extension if not exists file_fdw",
        "copy (select 1) to program 'true'",
        "copy (select 1) to '/tmp/taken'",
        "copy event from program 'true'",
        "select pg_read_file('/etc/passwd')",
        "select pg_read_binary_file('/etc/passwd')",
        "select pg_ls_dir('/')",
        "select pg_stat_file('/etc/passwd')",
        "select lo_import('/etc/passwd')",
        "select lo_creat(-1)",
        "select lo_from_bytea(0, '\\x00')",
        "select set_config('statement_timeout', '0', false)",
        "select pg_sleep(0)",
        "select pg_notify('trailmap', '')",
        "select pg_advisory_lock(1)",
        "select pg_try_advisory_xact_lock_shared(1, 1)",
        "select query_to_xml('select 1', true, true, '')",
        "select pg_logical_emit_message(false, 'a', 'b')",
        "select pg_terminate_backend(pg_backend_pid())",
        "select pg_cancel_backend(pg_backend_pid())",
        "select pg_reload_conf()",
        "select pg_rotate_logfile()",
        "select rolpassword from pg_authid",
        "select * from pg_stat_get_wal_receiver(), pg_hba_file_rules",
        "alter role trailmap_reader superuser",
        "alter role trailmap_reader nologin",
        "set session_replication_role = replica",
        "set session authorization postgres",
        "do $$ begin execute 'create table taken (a int)'; end $$",
    ] {
        let told = refusal(&mut connection, "begin read write", sql).await;
        let known = [FORBIDDEN, "22023", "0A000", "58P01", "55000"];
        assert!(told.as_deref().is_some_and(|code| known.contains(&code)), "{sql}: {told:?}");
    }
    for sql in ["alter system set port = 1", "create database taken", "drop database postgres", "checkpoint"] {
        let error = sqlx::raw_sql(sql).execute(&mut connection).await.unwrap_err();
        let told = error.as_database_error().unwrap().code();
        assert!(matches!(told.as_deref(), Some(FORBIDDEN | READ_ONLY)), "{sql}: {error}");
    }
    let become_owner = format!("set role {owner}");
    assert_eq!(refusal(&mut connection, "begin", &become_owner).await.as_deref(), Some(FORBIDDEN));
    let terminate = "select pg_terminate_backend(pid) from pg_stat_activity where usename <> current_user";
    assert_eq!(refusal(&mut connection, "begin", terminate).await.as_deref(), Some(FORBIDDEN));

    // Out of the transaction that it was put in, and with what a session may change changed.
    for sql in ["commit", "set default_transaction_read_only = off", "set statement_timeout = 0", "begin read write"] {
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    }
    let insert = "insert into change (changes) values (1)";
    let error = sqlx::raw_sql(insert).execute(&mut connection).await.unwrap_err();
    assert_eq!(error.as_database_error().unwrap().code().as_deref(), Some(FORBIDDEN), "{error}");
}

#[tokio::test]
async fn what_takes_too_long_ends() {
    let pool = database().await;
    let mut connection = log_in(&pool).await;
    let show = async |connection: &mut PgConnection, sql: &'static str| {
        sqlx::query_scalar::<_, String>(sql).fetch_one(connection).await.unwrap()
    };
    assert_eq!(show(&mut connection, "show statement_timeout").await, "1min");
    assert_eq!(show(&mut connection, "show idle_in_transaction_session_timeout").await, "10min");
    assert_eq!(show(&mut connection, "show default_transaction_read_only").await, "on");
    // The same by the role's default, sooner in this database.
    let name: String = sqlx::query_scalar("select current_database()::text").fetch_one(&pool).await.unwrap();
    for limit in ["statement_timeout", "idle_in_transaction_session_timeout"] {
        let sql = format!("alter role {NAME} in database {name} set {limit} = '200ms'");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&pool).await.unwrap();
    }
    let mut connection = log_in(&pool).await;
    let long = "select count(*) from generate_series(1, 1000000000)";
    let error = sqlx::raw_sql(long).execute(&mut connection).await.unwrap_err();
    assert_eq!(error.as_database_error().unwrap().code().as_deref(), Some("57014"), "{error}");
    let mut transaction = connection.begin().await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    assert!(sqlx::raw_sql("select 1").execute(&mut *transaction).await.is_err(), "a forgotten transaction ends");
}

/// Whatever is asked is asked in that login: without its rights nothing is answered, and with them all.
#[tokio::test]
async fn every_question_is_asked_in_its_name() {
    let pool = filled().await;
    let answers = async || {
        // Nothing is kept.
        let query = query(&pool);
        let view = view("range=3650d");
        let entity = Entity::new(Kind::Actor, "alice").unwrap();
        let named = |error: error::Error| Some(error.kind).filter(|kind| *kind != error::Kind::NotFound);
        vec![
            ("panel", query.panel("overview", "errors", &view).await.err().and_then(named)),
            ("inspect", query.inspect("overview", "errors", &view).await.err().and_then(named)),
            ("discover", query.discover(&view, &Page::default()).await.err().and_then(named)),
            ("discover_all", query.discover_all(&view, &Page::default()).await.err().and_then(named)),
            ("field_values", query.field_values(&view, Field::Actor, "", 5).await.err().and_then(named)),
            ("values", query.values("", &Target::Field(Field::Actor), "", &view).await.err().and_then(named)),
            ("event", query.event("none").await.err().and_then(named)),
            ("entity", query.entity(&entity).await.err().and_then(named)),
            ("about", query.about().await.err().and_then(named)),
            ("ingest", query.ingest().await.err().and_then(named)),
            ("quiet", query.quiet().await.err().and_then(named)),
            ("rejected_text", query.rejected_text(1).await.err().and_then(named)),
            ("dashboards", query.dashboards().await.err().and_then(named)),
            ("edition", query.edition().await.is_none().then_some(error::Kind::Internal)),
        ]
    };
    for (question, refused) in answers().await {
        assert_eq!(refused, None, "{question}");
    }
    let revoke = format!("revoke all on all tables in schema public from {NAME}");
    sqlx::raw_sql(AssertSqlSafe(revoke)).execute(&pool).await.unwrap();
    for (question, refused) in answers().await {
        assert_eq!(refused, Some(error::Kind::Internal), "{question}");
    }
}

/// A role of this test's own, as SQL makes it; the roles of a cluster are those of all tests.
async fn role(pool: &PgPool, made: &str) -> String {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let name = format!("reader_{}_{number}", std::process::id());
    sqlx::raw_sql(AssertSqlSafe(made.replace("READER", &name))).execute(pool).await.unwrap();
    name
}

/// The lines of the README that make a role.
fn lines() -> String {
    let readme = include_str!("../../../README.md");
    let (_, block) = readme.split_once("```sql\n").unwrap();
    block.split_once("```").unwrap().0.replace(NAME, "READER").replace('…', "READER")
}

async fn tried(pool: &PgPool, name: &str) -> anyhow::Result<PgPool> {
    reader::open(pool, reader_options(pool).username(name).password(name), 1).await
}

#[tokio::test]
async fn the_lines_of_the_readme_make_one_and_it_is_given_what_it_reads() {
    let pool = opened(empty_database().await, 4).await;
    assert_eq!(lines().lines().count(), 6, "{}", lines());
    let name = role(&pool, &lines()).await;
    let (first, again) = tokio::join!(tried(&pool, &name), tried(&pool, &name));
    let (first, _) = (first.unwrap(), again.unwrap());
    let rights = "select string_agg(oid::regclass::text, ' ' order by oid) from pg_class
                  where relnamespace = 'public'::regnamespace and relkind <> 'i' and has_table_privilege($1, oid, 'select')";
    let of = async |name: &str| sqlx::query_scalar::<_, String>(rights).bind(name).fetch_one(&pool).await.unwrap();
    assert_eq!(of(&name).await, of(NAME).await);
    sqlx::query("select * from event").execute(&first).await.unwrap();
    let limited = format!("{name}_limited");
    let options = || reader_options(&pool).username(&limited).password(&name);
    let (first, again) = tokio::join!(open_limited(&pool, options()), open_limited(&pool, options()));
    let (first, _) = (first.unwrap(), again.unwrap());
    assert_eq!(of(&limited).await, of(LIMITED).await);
    sqlx::query("select * from event").execute(&first).await.unwrap();
    // One that is shown everything is not shown some of it.
    let told = format!("{:#}", open_limited(&pool, reader_options(&pool)).await.unwrap_err());
    assert!(told.contains("is shown all of"), "{told}");
}

async fn open_limited(pool: &PgPool, login: PgConnectOptions) -> anyhow::Result<PgPool> {
    reader::open_limited(pool, login, 1).await
}

#[test]
fn the_compose_file_has_the_same_lines() {
    let compose = include_str!("../../../compose.yaml")
        .replace("${POSTGRES_PASSWORD:-trailmap}", "READER")
        .replace(NAME, "READER");
    for line in lines().lines() {
        assert!(compose.contains(line), "{line}");
    }
}

#[tokio::test]
async fn one_that_may_do_more_is_refused_with_what_it_may() {
    let pool = database().await;
    let owner: String = sqlx::query_scalar("select current_user::text").fetch_one(&pool).await.unwrap();
    let name: String = sqlx::query_scalar("select current_database()::text").fetch_one(&pool).await.unwrap();
    let told = format!("{:#}", tried(&pool, &owner).await.unwrap_err());
    assert!(told.contains(&format!("the login {owner} is a superuser, owns the tables")), "{told}");
    assert!(told.contains("the README has the lines"), "{told}");

    let more = [
        ("alter role READER superuser", "is a superuser"),
        ("alter role READER createrole", "may create roles"),
        ("alter role READER createdb", "may create databases"),
        ("alter role READER replication", "may replicate"),
        ("grant OWNER to READER", "owns the tables"),
        ("grant pg_execute_server_program to READER", "has the role pg_execute_server_program"),
        ("grant pg_read_all_data to READER", "may use the schema access"),
        ("grant pg_write_all_data to READER", "may use the schema access"),
        ("grant usage on schema access to READER", "may use the schema access"),
        ("grant create on schema public to READER", "may create in the schema public"),
        ("grant create on database DATABASE to READER", "may create schemas"),
        ("grant insert on stored_event to READER", "may write to stored_event"),
        ("grant update (title) on dashboard to READER", "may write to dashboard"),
        ("grant truncate on segment_rest to READER", "may write to segment_rest"),
        ("grant delete on event to READER", "may write to event"),
        ("grant usage, update on sequence segment_id_sequence to READER", "may write to segment_id_sequence"),
        ("alter role READER reset default_transaction_read_only", "begins transactions that may write"),
        ("alter role READER reset statement_timeout", "has no limit of time"),
    ];
    for (sql, expected) in more {
        let login = role(&pool, &lines()).await;
        tried(&pool, &login).await.unwrap().close().await;
        let sql = sql.replace("READER", &login).replace("OWNER", &owner).replace("DATABASE", &name);
        sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(&pool).await.unwrap();
        let told = format!("{:#}", tried(&pool, &login).await.err().unwrap_or_else(|| panic!("{sql}")));
        assert!(told.contains(&format!("the login {login}")) && told.contains(expected), "{sql}: {told}");
        // What a role that it may take on can do, it can.
        let behind = role(&pool, "create role READER nologin").await;
        let taken = role(&pool, &lines()).await;
        let sql = sql.replace(&login, &behind);
        if sql.contains("reset") {
            continue;
        }
        sqlx::raw_sql(AssertSqlSafe(format!("{sql}; grant {behind} to {taken}"))).execute(&pool).await.unwrap();
        let told = format!("{:#}", tried(&pool, &taken).await.err().unwrap_or_else(|| panic!("by another: {sql}")));
        assert!(told.contains(expected), "{sql}: {told}");
        // Roles are of the whole cluster.
        let end = format!("alter role {behind} nosuperuser; drop owned by {behind}; drop role {behind}");
        sqlx::raw_sql(AssertSqlSafe(end)).execute(&pool).await.unwrap();
    }
}

#[tokio::test]
async fn another_database_is_refused() {
    let (pool, other) = (database().await, database().await);
    let told = format!("{:#}", reader::open(&pool, reader_options(&other), 1).await.unwrap_err());
    assert!(told.contains("it is not in the database of --database-url"), "{told}");
    let sql = format!("alter role {NAME} in database {} set search_path = nowhere", {
        sqlx::query_scalar::<_, String>("select current_database()::text").fetch_one(&pool).await.unwrap()
    });
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&pool).await.unwrap();
    let told = format!("{:#}", reader::open(&pool, reader_options(&pool), 1).await.unwrap_err());
    assert!(told.contains("search_path"), "{told}");
}
