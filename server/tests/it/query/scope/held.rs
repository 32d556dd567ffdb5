//! What Postgres itself shows to the login of readers of some accounts, whatever it is asked: no condition of ours is in these statements.

use std::collections::BTreeSet;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use server::store::reader::{LIMITED, NAME};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, Row, postgres::PgRow};

use super::tenant::{self, NOBODY, ONE, OTHER};
use crate::support::{limited_options, reader_options, readers};

/// Of two accounts and of none, mixed within segments.
async fn mixed() -> PgPool {
    let mut rng = ChaCha8Rng::seed_from_u64(0x4e1d);
    let mut own = tenant::events(&ONE, 150, &mut rng);
    let mut others = [tenant::events(&OTHER, 150, &mut rng), tenant::events(&NOBODY, 40, &mut rng)].concat();
    // Postgres' json has no such character: the text is stored twice.
    own.iter_mut().chain(&mut others).for_each(|event| event["note"] = json!("a\u{0}b"));
    tenant::stored(&own, &others, &mut rng).await.0.pool
}

async fn log_in(pool: &PgPool) -> PgConnection {
    PgConnection::connect_with(&limited_options(pool)).await.unwrap()
}

fn accounts(accounts: &[&str]) -> BTreeSet<String> {
    accounts.iter().map(|account| (*account).to_owned()).collect()
}

/// The answer to a statement as text, in a transaction that was opened for these accounts.
async fn told(pool: &PgPool, to: &[&str], sql: &str) -> Result<String, sqlx::Error> {
    let mut transaction = readers(pool).limited.unwrap().begin("begin read only", &accounts(to)).await.unwrap();
    text(&mut transaction, sql).await
}

async fn text(connection: &mut PgConnection, sql: &str) -> Result<String, sqlx::Error> {
    let rows = sqlx::raw_sql(AssertSqlSafe(format!("select row_to_json(found)::text from ({sql}) as found")));
    let rows: Vec<PgRow> = rows.fetch_all(connection).await?;
    let mut lines: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    lines.sort();
    Ok(lines.join("\n"))
}

/// What has events of accounts in it, one statement each.
const ASKED: [&str; 11] = [
    "select * from stored_event",
    "select * from event_field",
    "select * from event",
    "select event_id, raw, raw_json, object_id from event where event_name like '%'",
    "select * from limited.delivered",
    "select unnest(raw) as raw from segment",
    "select unnest(raw_json) as raw from segment",
    "select unnest(folded) as raw from segment",
    "select * from access_day",
    "select * from access_hour",
    "select * from action_day",
];

#[tokio::test]
async fn a_statement_without_a_condition_is_answered_from_ones_own_events() {
    let pool = mixed().await;
    let mut owner = pool.acquire().await.unwrap();
    for sql in ASKED {
        const TEXTS: &str = "(select event_time, event_key, raw, raw_json, object_id from event) as whole";
        let own = told(&pool, &[ONE.account], sql).await.unwrap();
        let all = text(&mut owner, &sql.replace("limited.delivered", TEXTS)).await;
        assert!(own.lines().count() > 20, "{sql}: {own}");
        assert!(!own.contains(OTHER.account) && !own.contains(NOBODY.mark), "{sql}: {own}");
        // Their own, and of no other.
        let held = format!(
            "select * from ({sql}) as asked where {}",
            match sql {
                _ if sql.contains("as raw from segment") =>
                    format!("raw like '%{}%'", "\"recipientAccountId\":\"111111111111\""),
                _ if sql.contains("limited.") || sql.contains("raw,") =>
                    format!("raw like '%\"recipientAccountId\":\"{}\"%'", ONE.account),
                _ if sql.ends_with("event_field") || sql.ends_with("event") && !sql.ends_with("stored_event") =>
                    format!("account = '{}'", ONE.account),
                _ => format!("scope_id in (select scope_id from scope where account = '{}')", ONE.account),
            }
        );
        if sql.contains("folded") {
            assert_eq!(own.matches("\"raw\":\"").count(), 150);
        } else {
            let expected = text(&mut owner, &held.replace("limited.delivered", TEXTS)).await.unwrap();
            let found = own.replace("{\"raw\":null}\n", "").replace("{\"raw\":null}", "");
            assert_eq!(found.trim(), expected.trim(), "{sql}");
        }
        let both = told(&pool, &[ONE.account, OTHER.account], sql).await.unwrap();
        assert!(both.lines().count() > 20 && both != own && !both.contains(NOBODY.mark), "{sql}");
        assert!(all.unwrap().len() > both.len(), "{sql}: nobody's are theirs alone");
        for nothing in [told(&pool, &[], sql).await, text(&mut log_in(&pool).await, sql).await] {
            assert_eq!(nothing.unwrap().replace("{\"raw\":null}", "").trim(), "", "{sql}");
        }
    }
    assert_eq!(
        told(&pool, &[ONE.account], "select account from scope group by 1").await.unwrap(),
        "{\"account\":\"111111111111\"}"
    );
}

/// Whoever has found a hole in a statement of ours speaks to Postgres in this login.
#[tokio::test]
async fn no_statement_widens_it() {
    let pool = mixed().await;
    let limited = readers(&pool).limited.unwrap();
    let count = "select count(*) as n from stored_event where true";
    // By settings: those of all, those of others with one's own seal, with no seal, with that of nobody.
    for set in [
        "set trailmap.accounts = '222222222222'",
        "set local trailmap.accounts = '111111111111,222222222222'",
        "set trailmap.accounts = '*'",
        "set trailmap.seal = ''; set trailmap.accounts = '222222222222'",
        "set local trailmap.seal to default",
        "reset all",
        "discard all",
        "set trailmap.accounts = '111111111111,222222222222'; set trailmap.seal = '0'",
        "select limited.enter('222222222222', current_setting('trailmap.seal'))",
        "select limited.enter('222222222222', encode(sha256('222222222222'), 'hex'))",
        "select limited.enter('222222222222', null)",
        "select limited.enter(null, null)",
    ] {
        let mut transaction = limited.begin("begin read only", &accounts(&[ONE.account])).await.unwrap();
        let before = text(&mut transaction, count).await.unwrap();
        assert_eq!(before, "{\"n\":150}");
        let done = sqlx::raw_sql(set).execute(&mut *transaction).await;
        if let Err(error) = done {
            let code = error.as_database_error().unwrap().code().unwrap().into_owned();
            assert!(["25001", "42501"].contains(&code.as_str()), "{set}: {error}");
            continue;
        }
        assert_eq!(text(&mut transaction, count).await.unwrap(), "{\"n\":0}", "{set}");
    }
    // By other names, by roles, by what it was not given, by what a condition gives away.
    let mut owner = pool.acquire().await.unwrap();
    let months: Vec<String> = sqlx::query_scalar(
        "select oid::regclass::text from pg_class where relname ~ '^(stored_event|segment)_[0-9r]' and relkind = 'r'",
    )
    .fetch_all(&mut *owner)
    .await
    .unwrap();
    assert!(months.len() > 4, "{months:?}");
    let asked = months.iter().map(|month| format!("select * from {month}")).chain(
        [
            "select * from public.segment",
            "select * from public.event",
            "select * from event_text",
            "select * from rejected",
            "select * from instance",
            "select seal_key from public.instance",
            "set row_security = off; select * from stored_event",
            "set session authorization trailmap_reader",
            "set role trailmap_reader",
            "select set_config('trailmap.accounts', '222222222222', true)",
            "create function pg_temp.told(text) returns boolean language sql as 'select true'",
            "create or replace view limited.event as select 1",
            "alter table stored_event disable row level security",
            "drop policy trailmap_reader_limited on stored_event",
            "create policy mine on stored_event using (true)",
            "grant trailmap_reader to trailmap_reader_limited",
            "select limited.enter('222222222222', encode(sha256(seal_key), 'hex')) from instance",
        ]
        .map(str::to_owned),
    );
    for sql in asked {
        let mut transaction = limited.begin("begin read only", &accounts(&[ONE.account])).await.unwrap();
        let error = sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(&mut *transaction).await.expect_err(&sql);
        let code = error.as_database_error().unwrap_or_else(|| panic!("{sql}: {error}")).code().unwrap().into_owned();
        assert!(["42501", "25006", "0LP01"].contains(&code.as_str()), "{sql}: {error}");
        transaction.rollback().await.unwrap();
    }
    assert_eq!(
        told(&pool, &[ONE.account, OTHER.account], "select * from action_hour").await.unwrap(),
        "",
        "it tells no accounts apart"
    );
    // A condition that fails for an event of another account's is never asked of one.
    let theirs: i64 = sqlx::query_scalar("select scope_id from scope where account = '222222222222' limit 1")
        .fetch_one(&mut *owner)
        .await
        .unwrap();
    for sql in [
        format!(
            "select count(*) as n from stored_event where 1 / (case when scope_id = {theirs} then 0 else 1 end) = 1"
        ),
        "select count(*) as n from event where (event_id || account)::text !~ '222222222222'".to_owned(),
        format!("select count(*) as n from access_day where 1 / (case when scope_id = {theirs} then 0 else 1 end) = 1"),
        format!("select count(*) as n from scope where 1 / (case when scope_id = {theirs} then 0 else 1 end) = 1"),
    ] {
        told(&pool, &[ONE.account], &sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    // Statistics tell values of a table; not of one with policies. What others set is not shown.
    let values =
        "select most_common_vals::text from pg_stats where tablename ~ '^(stored_event|segment|access_|action_|scope)'";
    assert_eq!(told(&pool, &[ONE.account], values).await.unwrap(), "");
    let mut other = limited.begin("begin read only", &accounts(&[OTHER.account])).await.unwrap();
    text(&mut other, count).await.unwrap();
    let running = "select query from pg_stat_activity where datname = current_database()";
    let running = told(&pool, &[ONE.account], running).await.unwrap();
    assert!(running.contains("stored_event") && !running.contains(OTHER.account), "{running}");
}

/// The same connection serves one reader after the other.
#[tokio::test]
async fn what_a_transaction_was_opened_for_ends_with_it() {
    let pool = mixed().await;
    let mut connection = log_in(&pool).await;
    let seal = {
        let mut transaction =
            readers(&pool).limited.unwrap().begin("begin read only", &accounts(&[ONE.account])).await.unwrap();
        sqlx::query_scalar::<_, String>("select current_setting('trailmap.seal')")
            .fetch_one(&mut *transaction)
            .await
            .unwrap()
    };
    let count = "select count(*) as n from event";
    for end in ["commit", "rollback"] {
        let mut transaction = connection.begin().await.unwrap();
        let enter = sqlx::query("select limited.enter($1, $2)").bind(ONE.account).bind(&seal);
        enter.execute(&mut *transaction).await.unwrap();
        assert_eq!(text(&mut transaction, count).await.unwrap(), "{\"n\":150}");
        if end == "commit" {
            transaction.commit().await.unwrap()
        } else {
            transaction.rollback().await.unwrap()
        }
        assert_eq!(text(&mut connection, count).await.unwrap(), "{\"n\":0}", "{end}");
    }
}

/// The login of readers of all accounts is another one, and neither can become the other.
#[tokio::test]
async fn one_login_is_not_the_other() {
    let pool = mixed().await;
    assert!(NAME != LIMITED);
    let mut all = PgConnection::connect_with(&reader_options(&pool)).await.unwrap();
    assert_eq!(text(&mut all, "select count(*) as n from event").await.unwrap(), "{\"n\":340}");
    for sql in ["set role trailmap_reader_limited", "select limited.scope_ids()", "select * from limited.segment"] {
        let error = sqlx::raw_sql(sql).execute(&mut all).await.expect_err(sql);
        assert_eq!(error.as_database_error().unwrap().code().as_deref(), Some("42501"), "{sql}: {error}");
    }
}
