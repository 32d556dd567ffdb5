//! In which login the program asks: the private Postgres has them by itself, others are named by `--reader-url`.

use std::process::{Output, Stdio};

use nix::sys::signal::Signal;
use server::postgres::Cluster;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};

use super::{EVENT, Home, stderr, stdout};
use crate::support::{database, reader_options};

fn status(url: &str) -> u16 {
    match ureq::get(url).call() {
        Ok(answer) => answer.status().as_u16(),
        Err(ureq::Error::StatusCode(code)) => code,
        Err(error) => panic!("{url}: {error}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_private_postgres_has_a_login_for_queries() {
    let home = Home::new();
    let file = home.write("event.json", EVENT);
    assert!(home.run(&["ingest", &file]).status.success());
    let (server, url) = home.serve(&["serve"]);
    let paths = ["/d/overview/errors.json", "/discover.json", "/discover.csv", "/ingest", "/dashboards"];
    let get = |range: &str| paths.map(|path| status(&format!("{url}{path}?range={range}")));
    assert_eq!(get("9000d"), [200; 5]);

    let cluster = Cluster::start(&home.path().join("data")).await.unwrap();
    let mut connection = PgConnection::connect_with(&cluster.options()).await.unwrap();
    let others = "select distinct usename::text from pg_stat_activity
                  where datname = 'trailmap' and application_name = 'trailmap' order by 1";
    let others: Vec<String> = sqlx::query_scalar(others).fetch_all(&mut connection).await.unwrap();
    assert_eq!(others, ["trailmap", "trailmap_reader", "trailmap_reader_limited"]);
    // Without its rights nothing that reads is answered any more, and pages go on.
    let revoke = "revoke all on all tables in schema public from trailmap_reader";
    sqlx::raw_sql(revoke).execute(&mut connection).await.unwrap();
    assert_eq!(get("9001d"), [500; 5]);
    assert_eq!(status(&format!("{url}/healthz")), 200);
    connection.close().await.unwrap();
    cluster.stop().await.unwrap();
    assert!(server.stop(Signal::SIGTERM).1);

    // They are given again at the start.
    let (server, url) = home.serve(&["serve"]);
    assert_eq!(status(&format!("{url}/d/overview/errors.json?range=9000d")), 200);
    assert!(server.stop(Signal::SIGTERM).1);
    assert!(!home.postgres_runs());
}

fn serve(home: &Home, database: Option<&PgConnectOptions>, reader: &PgConnectOptions) -> Output {
    let mut command = home.command(&["serve", "--listen", "127.0.0.1:0", "--log", "debug"]);
    if let Some(database) = database {
        command.env("DATABASE_URL", database.to_url_lossy().as_str());
    }
    command.env("TRAILMAP_READER_URL", reader.to_url_lossy().as_str()).stdin(Stdio::null()).output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_may_do_more_keeps_the_server_from_starting() {
    let home = Home::new();
    let (pool, elsewhere) = (database().await, database().await);
    let owner = (*pool.connect_options()).clone();
    let secret = |options: PgConnectOptions| options.password("s3cret");
    for (database, reader, expected) in [
        (Some(&owner), owner.clone(), "is a superuser, owns the tables"),
        (Some(&owner), reader_options(&elsewhere), "it is not in the database of --database-url"),
        (None, reader_options(&pool), "--reader-url goes with --database-url, which is not given"),
    ] {
        let output = serve(&home, database, &secret(reader));
        let told = stderr(&output) + &stdout(&output);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains("--reader-url") && told.contains(expected) && !told.contains("s3cret"), "{told}");
    }
    assert!(!home.path().join("data/postgres").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_ones_own_is_asked_by_the_login_that_is_named() {
    let home = Home::new();
    let pool = database().await;
    let (owner, reader) = (pool.connect_options().to_url_lossy(), reader_options(&pool).to_url_lossy());
    let asked_by = async |settings: &[&str]| {
        let (server, url) = home.serve(&[&["serve", "--database-url", owner.as_str()], settings].concat());
        assert_eq!(status(&format!("{url}/d/overview/errors.json")), 200);
        let readers = "select count(*) from pg_stat_activity
                       where datname = current_database() and usename = 'trailmap_reader'";
        let readers: i64 = sqlx::query_scalar(readers).fetch_one(&pool).await.unwrap();
        assert!(server.stop(Signal::SIGTERM).1);
        readers
    };
    assert!(asked_by(&["--reader-url", reader.as_str()]).await > 0);
    assert_eq!(asked_by(&[]).await, 0);

    // Where none is named, it is said.
    let config = home.write("trailmap.toml", "");
    let check = |settings: &[&str]| stdout(&home.run(&[&["check", "--config", &config], settings].concat()));
    let told = "Queries run in the login of --database-url, which may write: see --reader-url.\n";
    assert!(check(&["--database-url", owner.as_str()]).ends_with(told));
    assert!(!check(&["--database-url", owner.as_str(), "--reader-url", reader.as_str()]).contains("--reader-url"));
    assert!(!check(&[]).contains("--reader-url"));
    let told_by = |settings: &[&str]| {
        let serve = ["serve", "--database-url", owner.as_str(), "--listen", "127.0.0.1:0"];
        let mut command = home.command(&[&serve[..], settings].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line).unwrap();
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(child.id() as i32), Signal::SIGTERM).unwrap();
        stderr(&child.wait_with_output().unwrap())
    };
    let told = told_by(&[]);
    assert_eq!(
        told.matches("queries run in the login of --database-url, which may write: see --reader-url").count(),
        1,
        "{told}"
    );
    // So it is where one is named that has none beside it for readers of some accounts.
    let alone = format!("alone_{}", std::process::id());
    let role = format!(
        "create role {alone} login noinherit password '{alone}';
         alter role {alone} set default_transaction_read_only = on;
         alter role {alone} set statement_timeout = '60s'"
    );
    sqlx::raw_sql(AssertSqlSafe(role)).execute(&pool).await.unwrap();
    let url = reader_options(&pool).username(&alone).password(&alone).to_url_lossy();
    let told = told_by(&["--reader-url", url.as_str()]);
    assert_eq!(told.matches(&format!("there is no login {alone}_limited")).count(), 1, "{told}");
    assert!(!told_by(&["--reader-url", reader.as_str()]).contains("there is no login"));
}
