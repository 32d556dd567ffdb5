//! Tests of `server::postgres`, each with a cluster of its own.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use server::postgres::{Cluster, Settings};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

/// A folder that the user who runs Postgres can enter, removed at the end.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn settings(data_dir: &Path) -> Settings {
    Settings { durable: false, ..Settings::new(data_dir) }
}

async fn start(data_dir: &Path) -> anyhow::Result<Cluster> {
    Cluster::start_with(settings(data_dir)).await
}

async fn query(cluster: &Cluster, sql: &'static str) -> sqlx::Result<String> {
    let mut connection = PgConnection::connect_with(&cluster.options()).await?;
    let value = sqlx::query_scalar(sql).fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(value)
}

/// The id of the server that runs on the cluster in `data_dir`.
fn server_process(data_dir: &Path) -> Option<u32> {
    let record = fs::read_to_string(data_dir.join("postgres/postmaster.pid")).ok()?;
    let process = record.lines().next()?.parse().ok()?;
    Path::new(&format!("/proc/{process}")).exists().then_some(process)
}

fn root() -> bool {
    nix::unistd::geteuid().is_root()
}

#[tokio::test]
async fn a_restart_keeps_what_was_stored() {
    let folder = folder();
    let cluster = start(folder.path()).await.unwrap();
    let mut connection = PgConnection::connect_with(&cluster.options()).await.unwrap();
    sqlx::raw_sql("create table kept as select 'still here' as text").execute(&mut connection).await.unwrap();
    // A session that stays open does not hold up the stop.
    cluster.stop().await.unwrap();
    assert_eq!(server_process(folder.path()), None);

    let cluster = start(folder.path()).await.unwrap();
    assert_eq!(query(&cluster, "select text from kept").await.unwrap(), "still here");
    // Dropped without `stop`, it is stopped all the same.
    drop(cluster);
    assert_eq!(server_process(folder.path()), None);
}

#[tokio::test]
async fn reachable_by_its_owner_alone_and_never_root() {
    let folder = folder();
    let cluster = start(folder.path()).await.unwrap();
    assert_eq!(query(&cluster, "show listen_addresses").await.unwrap(), "");
    let sockets = query(&cluster, "show unix_socket_directories").await.unwrap();
    let socket = fs::metadata(sockets.trim_matches('"')).unwrap();
    assert_eq!(socket.permissions().mode() & 0o077, 0);
    let process = fs::metadata(format!("/proc/{}", server_process(folder.path()).unwrap())).unwrap();
    assert_eq!(process.uid(), socket.uid());
    assert_ne!(process.uid(), 0);
    // The log is for its owner, too.
    let log = fs::metadata(folder.path().join("postgres.log")).unwrap();
    assert_eq!(log.permissions().mode() & 0o077, 0);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn shared_until_the_last_has_left() {
    let folder = folder();
    // Both find no cluster: one makes it and the other waits for it.
    let (first, second) = tokio::join!(start(folder.path()), start(folder.path()));
    let (first, second) = (first.unwrap(), second.unwrap());
    let process = server_process(folder.path()).unwrap();
    first.stop().await.unwrap();
    assert_eq!(server_process(folder.path()), Some(process), "stopped while it was in use");
    assert_eq!(query(&second, "select 'answers'").await.unwrap(), "answers");
    second.stop().await.unwrap();
    assert_eq!(server_process(folder.path()), None);
}

/// The program is killed while it uses the cluster, whose server outlives it: the next one goes on with that server.
#[tokio::test]
async fn a_killed_process_leaves_a_cluster_that_is_used_again() {
    let folder = folder();
    let mut program = reading(folder.path());
    program.kill().unwrap();
    program.wait().unwrap();
    let process = server_process(folder.path()).expect("the server outlives the program");

    let cluster = start(folder.path()).await.unwrap();
    assert_eq!(server_process(folder.path()), Some(process));
    cluster.stop().await.unwrap();
    assert_eq!(server_process(folder.path()), None);
}

/// Program and server are killed, as when the machine loses its power.
#[tokio::test]
async fn a_killed_server_recovers() {
    let folder = folder();
    let cluster = Cluster::start(folder.path()).await.unwrap();
    let process = server_process(folder.path()).unwrap();
    let mut connection = PgConnection::connect_with(&cluster.options()).await.unwrap();
    sqlx::raw_sql("create table kept as select 'still here' as text").execute(&mut connection).await.unwrap();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(process as i32), nix::sys::signal::Signal::SIGKILL).unwrap();
    let until = Instant::now() + Duration::from_secs(10);
    while server_process(folder.path()).is_some() && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The record of the killed server now names a process that lives and is no Postgres: ourselves.
    let record = folder.path().join("postgres/postmaster.pid");
    let lines = fs::read_to_string(&record).unwrap();
    fs::write(&record, lines.replacen(&process.to_string(), &std::process::id().to_string(), 1)).unwrap();

    let again = Cluster::start(folder.path()).await.unwrap();
    assert_eq!(query(&again, "select text from kept").await.unwrap(), "still here");
    drop(cluster);
    assert_eq!(query(&again, "select 'answers'").await.unwrap(), "answers");
    again.stop().await.unwrap();
}

#[tokio::test]
async fn a_half_made_cluster_is_made_anew() {
    let folder = folder();
    let unfinished = folder.path().join("postgres.unfinished");
    fs::create_dir_all(unfinished.join("base")).unwrap();
    fs::write(unfinished.join("PG_VERSION"), "15\n").unwrap();
    let cluster = start(folder.path()).await.unwrap();
    assert_eq!(query(&cluster, "select 'answers'").await.unwrap(), "answers");
    assert!(!unfinished.exists());
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn another_version_is_refused_with_what_to_do() {
    let folder = folder();
    start(folder.path()).await.unwrap().stop().await.unwrap();
    let version = folder.path().join("postgres/PG_VERSION");
    let made_by = fs::read_to_string(&version).unwrap();
    fs::write(&version, "12\n").unwrap();
    let error = format!("{:#}", start(folder.path()).await.err().unwrap());
    for part in ["made by Postgres 12", &format!("{} in /", made_by.trim()), "/bin", "pg_dump", "--data-dir"] {
        assert!(error.contains(part), "{part} is missing: {error}");
    }
}

#[tokio::test]
async fn no_programs_is_told_with_the_line_that_installs_them() {
    let folder = folder();
    let nothing = folder.path().join("nothing");
    let settings = Settings { path: None, versions: nothing, ..settings(folder.path()) };
    let error = format!("{:#}", Cluster::start_with(settings).await.err().unwrap());
    assert!(error.contains("apt-get install --no-install-recommends postgresql"), "{error}");
    assert!(error.contains("--database-url"), "{error}");
    assert!(!folder.path().join("postgres").exists());
}

/// What Postgres says when it does not start is in the message.
#[tokio::test]
async fn a_server_that_does_not_start_says_why() {
    let folder = folder();
    start(folder.path()).await.unwrap().stop().await.unwrap();
    let settings = folder.path().join("postgres/postgresql.conf");
    let text = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, format!("{text}\nno_such_setting = on\n")).unwrap();
    let error = format!("{:#}", start(folder.path()).await.err().unwrap());
    assert!(error.contains("no_such_setting") && error.contains("postgres.log"), "{error}");
}

#[tokio::test]
async fn a_long_path_has_its_socket_in_the_temporary_folder() {
    let folder = folder();
    let long = folder.path().join("x".repeat(100)).join("it's, well, 100 % here");
    let cluster = start(&long).await.unwrap();
    assert_eq!(query(&cluster, "select 'answers'").await.unwrap(), "answers");
    let sockets = query(&cluster, "show unix_socket_directories").await.unwrap();
    cluster.stop().await.unwrap();
    let socket = PathBuf::from(sockets.trim_matches('"'));
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o700);
    fs::remove_dir_all(&socket).unwrap();

    // Somebody else was there first, with a folder that all may enter.
    fs::create_dir(&socket).unwrap();
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o777)).unwrap();
    let error = format!("{:#}", start(&long).await.err().unwrap());
    assert!(error.contains("not a private folder"), "{error}");
    fs::remove_dir(&socket).unwrap();
}

/// Postgres' own programs pass paths through a shell: what it would take for something else is refused before.
#[tokio::test]
async fn a_path_that_a_shell_would_change_is_refused() {
    let folder = folder();
    for name in ["a\"b", "$(touch x)", "a`b"] {
        let error = format!("{:#}", start(&folder.path().join(name)).await.err().unwrap());
        assert!(error.contains("--data-dir"), "{error}");
    }
}

/// Root's own folders are closed to the user that Postgres runs as: the cluster then lies elsewhere, and stays there.
#[tokio::test]
async fn a_folder_of_root_alone_has_its_cluster_aside() {
    if !root() {
        return;
    }
    let (folder, aside) = (folder(), folder());
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let data_dir = closed.join("data");
    let settings = || Settings { fallback: aside.path().join("clusters"), ..settings(&data_dir) };
    let cluster = Cluster::start_with(settings()).await.unwrap();
    let at = cluster.folder().to_owned();
    assert!(at.starts_with(aside.path()), "{}", at.display());
    cluster.stop().await.unwrap();

    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    let cluster = Cluster::start_with(settings()).await.unwrap();
    assert_eq!(cluster.folder(), at, "the cluster that exists is used");
    cluster.stop().await.unwrap();
}

/// A running program that uses the cluster: an ingest of a standard input that stays open.
fn reading(data_dir: &Path) -> std::process::Child {
    let mut program = Command::new(env!("CARGO_BIN_EXE_trailmap"));
    program.args(["ingest", "-", "--data-dir"]).arg(data_dir).env_remove("DATABASE_URL");
    program.env_remove("TRAILMAP_DATABASE_URL").stdin(Stdio::piped()).stdout(Stdio::null());
    let program = program.spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    while server_process(data_dir).is_none() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(20));
    }
    program
}
