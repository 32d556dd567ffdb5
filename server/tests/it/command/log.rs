//! What the program logs of what strangers send: a line for each record, nothing that steers a terminal, no secret.

use std::{
    fs::{self, File},
    io::{BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::Stdio,
};

use nix::sys::signal::Signal;
use serde_json::Value;

use super::{Home, Server, no_database, stderr, stdout};

/// Characters that steer terminals or turn text around, as a header can have them.
const HOSTILE: &str = "forged\u{202e}\u{2066}\u{9b}2J\u{e0041}";
/// The same, and lines, as an address can have them.
const ENCODED: &str = "%0d%0aINFO%20forged%1b%5b2J%00%e2%80%ae";
const PASSWORD: &str = "plum-anchor-violin-72";
const SHARE_PASSWORD: &str = "ferry-lantern-orchid";
const PUSH_KEY: &str = "the-right-push-key-0123456789";

/// The program, logging all that there is to log.
struct Logged {
    server: Server,
    host: String,
    path: PathBuf,
    /// The key of the first administrator.
    welcome: String,
    /// The request id of each answer.
    ids: Vec<String>,
}

struct Answer {
    head: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let of = |line: &'_ str| line.to_ascii_lowercase().starts_with(&format!("{name}: "));
        self.head.lines().find(|line| of(line))?.split_once(": ").map(|(_, value)| value)
    }

    /// What the page shows this once.
    fn secret(&self) -> &str {
        let after = self.body.split_once("data-role=\"secret\"").unwrap_or_else(|| panic!("{}", self.body)).1;
        after.split_once('>').unwrap().1.split_once('<').unwrap().0
    }
}

impl Logged {
    fn start(home: &Home, format: &str) -> Logged {
        let drop = home.path().join("drop");
        fs::create_dir(&drop).unwrap();
        // A source tells its files' names, and what is wrong with them.
        let name = "a\r\n2026-11-28T00:00:00Z  INFO forged\u{1b}[2J\u{202e}.json";
        fs::write(drop.join(name), "no event").unwrap();
        let dashboards = home.path().join("dashboards");
        fs::create_dir(&dashboards).unwrap();
        fs::write(dashboards.join(name), "no dashboard").unwrap();
        let key = home.write("key", PUSH_KEY);
        let sources = format!(
            "[[source]]\nname = \"drop\"\ntype = \"folder\"\npath = {drop:?}\npoll = \"1s\"\n\
             [[source]]\nname = \"events\"\ntype = \"push\"\naccess_key_file = {key:?}\n"
        );
        let config = home.write("sources.toml", &sources);
        let path = home.path().join("log");
        let mut command = home.command(&["serve", "--listen", "127.0.0.1:0", "--access", "accounts"]);
        command
            .args(["--config", &config, "--log", "trace", "--log-format", format])
            .arg("--dashboards")
            .arg(dashboards);
        let log = File::create(&path).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut server = Server(child, stdout);
        let line = server.line();
        let host = line.trim().strip_prefix("Trailmap is at http://").unwrap_or_else(|| panic!("{line}")).to_owned();
        server.line();
        let welcome = server.line().trim().split_once("key=").unwrap().1.to_owned();
        Logged { server, host, path, welcome, ids: Vec::new() }
    }

    /// Sends a request as it is written here.
    fn send(&mut self, method: &str, address: &str, headers: &[&str], body: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        let mut request = format!("{method} {address} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.host);
        request += &format!("User-Agent: {HOSTILE}\r\nContent-Length: {}\r\n", body.len());
        request.extend(headers.iter().map(|header| format!("{header}\r\n")));
        stream.write_all(format!("{request}\r\n{body}").as_bytes()).unwrap();
        let mut answer = Vec::new();
        // What is no HTTP may be hung up on.
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let answer = Answer { head: head.to_owned(), body: body.to_owned() };
        self.ids.extend(answer.header("x-request-id").map(str::to_owned));
        answer
    }

    /// Sends a form as a page of ours does.
    fn post(&mut self, address: &str, cookie: &str, form: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let cookie = format!("Cookie: {cookie}");
        let headers = ["Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: same-origin", &cookie];
        self.send("POST", address, &headers, &body)
    }

    /// Signs in, and makes a token and a link; returns the cookie, the token and the link's path.
    fn enter(&mut self) -> [String; 3] {
        let key = self.welcome.clone();
        let form = [("key", key.as_str()), ("name", "Root"), ("password", PASSWORD), ("again", PASSWORD)];
        let entered = self.post("/welcome", "", &form);
        let cookie = entered.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        let form = [("do", "token"), ("label", "\u{202e}forged"), ("role", "viewer"), ("days", "1"), ("accounts", "*")];
        let token = self.post("/account", &cookie, &form).secret().to_owned();
        let form = [("do", "share"), ("days", "1"), ("kind", "live"), ("exports", "1"), ("password", SHARE_PASSWORD)];
        let link = self.post("/share?of=%2Fd%2Foverview", &cookie, &form);
        let link = link.secret().strip_prefix(&format!("http://{}", self.host)).unwrap().to_owned();
        [cookie, token, link]
    }

    /// Sends what is right and what is wrong, of each kind; returns the secrets that were right.
    fn trouble(&mut self) -> Vec<String> {
        let [cookie, token, link] = self.enter();
        for name in [HOSTILE, "a\r\nINFO forged\u{1b}[2J"] {
            self.post("/login", "", &[("name", name), ("password", "canary-password")]);
        }
        for password in ["canary-share-password", SHARE_PASSWORD] {
            self.post(&link, "", &[("password", password)]);
        }
        self.send("GET", &format!("{link}/errors.csv?{ENCODED}"), &[], "");
        self.send("POST", &link, &["Sec-Fetch-Site: cross-site"], "");
        let session = format!("Cookie: {cookie}");
        let bearer = format!("Authorization: Bearer {token}");
        for who in ["Authorization: Bearer canary-token", &bearer, "Cookie: trailmap=canary-cookie", &session] {
            for address in ["/", "/event/", "/s/", "/entity/actor/", "/d/overview/errors.json?q=", "/api/v1/"] {
                self.send("GET", &format!("{address}{ENCODED}"), &[who, "X-Request-Id: canary-id"], "");
            }
            self.send("POST", &format!("/users/{ENCODED}"), &[who], "");
        }
        let body = format!("{{\"Records\": [\"a\r\nINFO forged\u{1b}[2J{HOSTILE}\", {{\"userAgent\": \"{HOSTILE}\"}}");
        for (name, key) in [("events", PUSH_KEY), ("events", "canary-push-key"), (ENCODED, PUSH_KEY)] {
            let key = format!("X-Amz-Firehose-Access-Key: {key}");
            for headers in [&[key.as_str()][..], &[&key, "X-Amz-Firehose-Request-Id: forged\u{202e}"]] {
                self.send("POST", &format!("/api/v1/push/{name}"), headers, &body);
            }
        }
        self.send("GET", "/\u{1b}[2J", &["X-Other: \u{1b}[2J"], "");
        let bare = |text: &str, before: &str| text.strip_prefix(before).unwrap().to_owned();
        let own = [PASSWORD, SHARE_PASSWORD, PUSH_KEY, &self.welcome, &token].map(str::to_owned);
        [own.to_vec(), vec![bare(&link, "/s/"), bare(&cookie, "trailmap=")]].concat()
    }
}

fn check(format: &str) {
    let home = Home::new();
    let mut logged = Logged::start(&home, format);
    let mut secrets = logged.trouble();
    secrets.push("canary".to_owned());
    let Logged { server, path, ids, .. } = logged;
    assert!(server.stop(Signal::SIGTERM).1);
    let log = fs::read_to_string(path).unwrap();
    for secret in &secrets {
        let found = log.lines().find(|line| line.contains(secret.as_str()));
        assert_eq!(found, None, "{secret}");
    }
    let hidden = |c: char| c.is_control() || "\u{202e}\u{2066}\u{e0041}".contains(c);
    for line in log.lines() {
        assert!(!line.contains(hidden), "{line:?}");
        match format {
            "json" => assert!(serde_json::from_str::<Value>(line).unwrap()["timestamp"].is_string(), "{line}"),
            // The time that each record begins with: 2026-11-28T10:00:00.000000Z.
            _ => assert!(line.get(10..11) == Some("T") && line.get(26..28) == Some("Z "), "{line}"),
        }
    }
    // Each request has an id of ours, under which the log tells of it.
    assert!(ids.len() > 30 && ids.iter().all(|id| id.len() == 36), "{ids:?}");
    for id in ids {
        assert!(log.lines().any(|line| line.contains(&id)), "{id}");
    }
    for told in
        ["forged", "a dashboard is left out", "/s/…/errors.csv", "a change from another site", "a push was refused"]
    {
        assert!(log.contains(told), "{told} is told of");
    }
}

#[test]
fn a_log_for_people_has_a_line_for_each_record_and_no_secret() {
    check("text");
}

#[test]
fn a_log_for_programs_has_an_object_for_each_record_and_no_secret() {
    check("json");
}

#[test]
fn the_password_of_the_database_is_in_no_log() {
    let home = Home::new();
    let url = format!("postgres://ada:canary-secret@{}/trail?password=canary-other", no_database());
    for format in ["text", "json"] {
        let mut command = home.command(&["migrate", "--log", "trace", "--log-format", format]);
        let output = command.env("DATABASE_URL", &url).output().unwrap();
        let told = stderr(&output) + &stdout(&output);
        assert!(told.contains("ada@") && !told.contains("canary"), "{told}");
    }
}
