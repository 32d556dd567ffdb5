//! The program killed in the middle of its work; the next run finishes it.

use std::{path::Path, process::Child, time::Duration};

use rand::{Rng, SeedableRng};
use serde_json::Value;
use server::store::{self, retention};
use sqlx::{PgPool, postgres::PgConnectOptions};

use super::{
    command::command,
    fixture::{A, B, at, checked, count, occurrences, store as add},
};
use crate::{
    ingest::fixture::write,
    source::crash::until,
    support::{database, empty_database},
};

/// Months of which one account's events go, and months that go as a whole; a few days of this one.
fn corpus() -> Vec<Value> {
    let user = |n: u64| format!("user{}", n % 300);
    let old = (0..4_000).map(|n| {
        let account = if n % 2 == 0 { A } else { B };
        at(n, &format!("2025-{:02}-{:02}T{:02}:00:00Z", 1 + n % 2, 1 + n % 28, n % 24), account, &user(n))
    });
    let whole = (6_000..7_000).map(|n| at(n, &format!("2024-{:02}-03T00:00:00Z", 1 + n % 2), A, &user(n)));
    old.chain(whole).collect()
}

fn spawn(database: &PgConnectOptions, config: &Path) -> Child {
    command(database, config, &["retain"]).spawn().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_the_next_run_finishes() {
    let folder = tempfile::tempdir().unwrap();
    let rules = format!(
        "[[retention.rule]]\naccount = \"{A}\"\ndays = 30\n[[retention.rule]]\naccount = \"{B}\"\ndays = 3650\n"
    );
    let config = write(folder.path(), "trailmap.toml", rules);
    let corpus = corpus();
    let clean = database().await;
    let kept: Vec<_> = corpus.iter().filter(|event| event["recipientAccountId"] == B).cloned().collect();
    add(&clean, None, "1.json", &kept).await;
    let expected = checked(&clean).await;
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(5);
    let (mut whole, mut killed) = (Duration::ZERO, 0);
    for round in 0..5 {
        let options = empty_database().await;
        let pool = store::open(options.clone(), 4).await.unwrap();
        add(&pool, None, "1.json", &corpus).await;
        // The first round is not disturbed, and tells how long a run takes.
        for _ in 0..if round == 0 { 0 } else { 2 } {
            let mut child = spawn(&options, &config);
            until("it begins", async || runs(&pool).await || child.try_wait().unwrap().is_some()).await;
            tokio::time::sleep(whole.mul_f64(random.random_range(0.0..0.9))).await;
            child.kill().unwrap();
            child.wait().unwrap();
            // Postgres ends what it was told to do before it notices.
            let lock = "select count(*) from pg_locks where locktype = 'advisory'
                        and database = (select oid from pg_database where datname = current_database())";
            until("nobody is at it", async || count(&pool, lock).await == 0).await;
            killed += u32::from(runs(&pool).await);
            checked(&pool).await;
        }
        assert_eq!(spawn(&options, &config).wait().unwrap().code(), Some(0));
        let last = retention::last(&pool).await.unwrap().unwrap();
        if round == 0 {
            whole = Duration::try_from(last.finished_at.unwrap() - last.started_at).unwrap();
        }
        assert!(checked(&pool).await == expected, "round {round}");
        assert!(occurrences(&pool, "canary-111111111111").await.is_empty());
        for table in server::store::dimension::TABLES {
            let rows = format!("select count(*) from {table}");
            assert_eq!(count(&pool, &rows).await, count(&clean, &rows).await, "{table}");
        }
    }
    assert!(killed > 2, "{killed} were still at work");
}

/// A run has begun and not ended.
async fn runs(pool: &PgPool) -> bool {
    retention::last(pool).await.unwrap().is_some_and(|last| last.finished_at.is_none())
}
