//! Tests of the program `trailmap`: its command line, its exit codes, what it prints.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, ChildStdout, Command, Output, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use tempfile::TempDir;

mod log;
mod reader;

const EVENT: &str = r#"{"eventVersion":"1.08","eventID":"one","eventTime":"2026-11-24T10:00:00Z","eventName":"A","eventSource":"s3.amazonaws.com"}"#;

/// A data folder of a test, with the program's private Postgres in it.
struct Home(TempDir);

impl Home {
    fn new() -> Home {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        Home(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trailmap"));
        let ours = std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("TRAILMAP_"));
        for name in ours.chain(["DATABASE_URL".to_owned()]) {
            command.env_remove(name);
        }
        command.args(arguments).arg("--data-dir").arg(self.path().join("data"));
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).stdin(Stdio::null()).output().unwrap()
    }

    /// Starts a server and returns it with its address.
    fn serve(&self, arguments: &[&str]) -> (Server, String) {
        let mut command = self.command(&[arguments, &["--listen", "127.0.0.1:0"]].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("Trailmap is at ").unwrap_or_else(|| panic!("{line}")).to_owned();
        (Server(child, stdout), url)
    }

    fn postgres_runs(&self) -> bool {
        self.path().join("data/postgres/postmaster.pid").exists()
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

/// A running server, and its standard output, which stays open as long as it runs.
struct Server(Child, BufReader<ChildStdout>);

impl Server {
    /// The next line that it prints.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.1.read_line(&mut line).unwrap();
        line
    }

    /// Sends the signal and waits for the end; returns how long it took and whether it went well.
    fn stop(mut self, signal: Signal) -> (Duration, bool) {
        let began = Instant::now();
        kill(Pid::from_raw(self.0.id() as i32), signal).unwrap();
        let status = self.0.wait().unwrap();
        (began.elapsed(), status.success())
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn ingest_prints_one_object_and_says_by_its_status_how_it_went() {
    let home = Home::new();
    let good = home.write("good.json", EVENT);
    let output = home.run(&["ingest", &good, "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let summary: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(summary["events_inserted"], 1);
    let keys: Vec<_> = summary.as_object().unwrap().keys().map(String::as_str).collect();
    let told = "objects objects_failed objects_skipped events_read events_inserted events_duplicate events_rejected \
                bytes_uncompressed seconds";
    assert_eq!(keys.join(" "), told);

    // A damaged gzip: named on standard error, and the status tells.
    let bad = home.path().join("bad.json.gz");
    fs::write(&bad, b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03broken").unwrap();
    let output = home.run(&["ingest", &good, bad.to_str().unwrap(), "--format", "json"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("bad.json.gz"), "{}", stderr(&output));
    let summary: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!((&summary["objects_failed"], &summary["objects_skipped"]), (&1.into(), &1.into()));

    // The same event from standard input changes nothing.
    let mut child = home.command(&["ingest", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(EVENT.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(stdout(&output).contains("0 new, 1 already there"), "{}", stdout(&output));
    assert!(!home.postgres_runs(), "the private Postgres is stopped with the program");
}

/// Ctrl-C at any time, here while the private Postgres is being made: it ends in order and leaves nothing running.
#[test]
fn an_interrupted_ingest_says_so_and_stops_its_database() {
    for wait in [300, 4_000] {
        let home = Home::new();
        let mut command = home.command(&["ingest", "-"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
        // Standard input stays open until the program has ended: only the signal ends it.
        let stdin = child.stdin.take();
        let output = child.wait_with_output().unwrap();
        drop(stdin);
        assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
        assert!(stderr(&output).contains("interrupted"), "{}", stderr(&output));
        assert!(!home.postgres_runs());
    }
}

#[test]
fn a_missing_path_is_told_before_anything_is_done() {
    let home = Home::new();
    let output = home.run(&["ingest", "/nowhere/logs"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("/nowhere/logs: no such file or folder"), "{}", stderr(&output));
    assert!(!home.path().join("data").exists());
}

#[test]
fn rejected_lists_what_was_kept_aside() {
    let home = Home::new();
    let output = home.run(&["rejected"]);
    assert_eq!(stdout(&output), "Nothing was kept aside.\n", "{}", stderr(&output));
    let lines = home.write("lines.json", &format!("{EVENT}\n{{\"eventVersion\":\"1.08\",\"eventID\":\"two\"}}\n"));
    let output = home.run(&["ingest", &lines]);
    assert!(stdout(&output).contains("1 rejected"), "{}", stdout(&output));
    let output = home.run(&["rejected", "--format", "json"]);
    let piece: Value = serde_json::from_str(stdout(&output).trim()).unwrap();
    assert!(piece["object"].as_str().unwrap().ends_with("lines.json"), "{piece}");
    assert_eq!((&piece["ordinal"], &piece["byte_offset"]), (&1.into(), &(EVENT.len() + 1).into()));
    assert!(!piece["reason"].as_str().unwrap().is_empty() && piece["text"].as_str().unwrap().contains("two"));
    assert!(stdout(&home.run(&["rejected"])).contains("lines.json record 1 at byte"));
}

#[test]
fn serve_answers_shares_its_database_and_ends_with_it() {
    let home = Home::new();
    let (server, url) = home.serve(&["serve"]);
    assert_eq!(home.run(&["health", "--url", &url]).status.code(), Some(0));
    let file = home.write("good.json", EVENT);
    assert_eq!(home.run(&["ingest", &file]).status.code(), Some(0));
    // The ingest has left; the server still has its database.
    assert_eq!(home.run(&["health", "--url", &url]).status.code(), Some(0));

    let address = url.strip_prefix("http://").unwrap();
    let taken = home.run(&["serve", "--listen", address]);
    assert_eq!(taken.status.code(), Some(1));
    assert!(stderr(&taken).contains("is another program using it?"), "{}", stderr(&taken));

    let (took, well) = server.stop(Signal::SIGTERM);
    assert!(well && took < Duration::from_secs(10), "{took:?}");
    assert!(!home.postgres_runs());
    assert_eq!(home.run(&["health", "--url", &url]).status.code(), Some(1));
}

#[test]
fn the_demo_fills_an_empty_database_once() {
    let home = Home::new();
    let demo = ["demo", "--events", "300", "--days", "3"];
    for _ in 0..2 {
        let (server, url) = home.serve(&demo);
        assert_eq!(home.run(&["health", "--url", &url]).status.code(), Some(0));
        assert!(server.stop(Signal::SIGINT).1);
        assert!(!home.path().join("data/sample").exists());
    }
    let database = home.run(&["ingest", &home.write("good.json", EVENT), "--format", "json"]);
    let summary: Value = serde_json::from_str(&stdout(&database)).unwrap();
    assert_eq!(summary["events_inserted"], 1);
}

/// An address that hangs up on everybody: where nobody listens, a database that is about to start is waited for.
fn no_database() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    address
}

#[test]
fn passwords_are_not_shown() {
    let home = Home::new();
    let place = no_database();
    let url = format!("postgres://ada:s3cret@{place}/trail");
    let run = |arguments: &[&str]| home.command(arguments).env("DATABASE_URL", &url).output().unwrap();
    let output = run(&["migrate", "--log", "debug"]);
    assert_eq!(output.status.code(), Some(1));
    let told = stderr(&output) + &stdout(&output);
    assert!(told.contains(&format!("postgres://ada@{place}/trail")) && !told.contains("s3cret"), "{told}");
    let help = home.command(&["serve", "--help"]).env("TRAILMAP_DATABASE_URL", &url).output().unwrap();
    assert!(stdout(&help).contains("TRAILMAP_DATABASE_URL") && !stdout(&help).contains("s3cret"));
}

#[test]
fn a_server_for_others_is_never_open() {
    let home = Home::new();
    let output = home.run(&["serve", "--listen", "0.0.0.0:0", "--access", "open"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("--access open is for loopback addresses alone"), "{}", stderr(&output));
}

/// The terminal has the link, the link makes the administrator, and whoever is locked out gets another.
#[test]
fn who_starts_the_server_gets_in() {
    let home = Home::new();
    let (mut server, url) = home.serve(&["serve", "--access", "accounts"]);
    let (_, link) = (server.line(), server.line());
    let key = link.trim().strip_prefix(&format!("{url}/welcome?key=")).unwrap_or_else(|| panic!("{link}")).to_owned();
    let status = |path: &str| match ureq::get(&format!("{url}{path}")).call() {
        Ok(answer) => answer.status().as_u16(),
        Err(ureq::Error::StatusCode(code)) => code,
        Err(error) => panic!("{error}"),
    };
    assert_eq!((status("/d/overview.json"), status(&format!("/welcome?key={key}"))), (401, 200));
    let again = stdout(&home.run(&["welcome", "Ada", "--public-url", "https://trailmap.example.com/"]));
    let other =
        again.trim().strip_prefix("https://trailmap.example.com/welcome?key=").unwrap_or_else(|| panic!("{again}"));
    assert_eq!(status(&format!("/welcome?key={other}")), 200);
    let log = stdout(&home.run(&["audit"]));
    let entry: Value = serde_json::from_str(log.trim()).unwrap();
    assert_eq!((&entry["action"], &entry["object"], &entry["id"]), (&"user_create".into(), &"Ada".into(), &1.into()));
    assert_eq!(stdout(&home.run(&["audit", "--verify"])), "1 entries, each as it was written.\n");
    assert!(server.stop(Signal::SIGTERM).1);
}

/// Without a proxy: with a certificate of one's own, and in no other way.
#[test]
fn connections_can_be_encrypted() {
    let home = Home::new();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = home.write("certificate.pem", &made.cert.pem());
    let key = home.write("key.pem", &made.signing_key.serialize_pem());
    let wrong = home.run(&["serve", "--tls-certificate", &certificate, "--tls-key", &certificate]);
    assert!(!wrong.status.success() && stderr(&wrong).contains("no certificate and its key"), "{}", stderr(&wrong));
    let missing = home.run(&["serve", "--tls-certificate", "/nowhere.pem", "--tls-key", &key]);
    assert!(stderr(&missing).contains("/nowhere.pem cannot be read"), "{}", stderr(&missing));

    let tls = ["--tls-certificate", &certificate, "--tls-key", &key, "--access", "accounts"];
    let (server, url) = home.serve(&[&["serve"], &tls[..]].concat());
    let port = url.strip_prefix("https://127.0.0.1:").unwrap_or_else(|| panic!("{url}"));
    let roots = ureq::tls::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
    let config = ureq::tls::TlsConfig::builder().root_certs(ureq::tls::RootCerts::new_with_certs(&[roots])).build();
    let agent: ureq::Agent =
        ureq::Agent::config_builder().tls_config(config).http_status_as_error(false).build().into();
    let answer = agent.get(format!("https://localhost:{port}/d/overview.json")).call().unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000");
    assert!(agent.get(format!("http://localhost:{port}/healthz")).call().is_err(), "not encrypted");
    assert!(server.stop(Signal::SIGTERM).1);
}
