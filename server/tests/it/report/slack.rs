//! Reports in Slack: by a webhook, and in a channel through an app, with their picture.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::http::StatusCode;
use serde_json::{Value, json};
use server::{
    access::Seal,
    config::slack::Slack,
    outgoing::{Client, Policy},
    report::{App, Content, Post, Trouble},
};

use super::{CANARY, OK, Office, TOKEN, app, content, hostile_event};
use crate::{
    outgoing::far::Far,
    query::fixture,
    web::access::{House, refused},
};

mod check;

const CHANNEL: &str = "C0123ABCD";
const FIRST: &str = "/api/files.getUploadURLExternal";
const UPLOAD: &str = "/upload/v1/AbC123";
const LAST: &str = "/api/files.completeUploadExternal";

pub fn answer(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn told(slack: &Far, path: &str, body: &Value) {
    slack.answer_at(path, &answer("200 OK", &body.to_string()));
}

/// Answers an app as Slack does.
pub fn agree(slack: &Far) {
    let place = slack.url("localhost", UPLOAD);
    told(slack, FIRST, &json!({ "ok": true, "upload_url": place, "file_id": "F0123" }));
    slack.answer_at(UPLOAD, &answer("200 OK", "OK - 3"));
    told(slack, LAST, &json!({ "ok": true, "files": [{ "id": "F0123" }] }));
}

/// The fields of a form.
fn fields(body: &[u8]) -> HashMap<String, String> {
    url::form_urlencoded::parse(body).into_owned().collect()
}

/// The path of each request, in order.
fn paths(slack: &Far) -> Vec<String> {
    let path = |request: &String| request.split(' ').nth(1).unwrap_or_default().to_owned();
    slack.requests().iter().map(path).collect()
}

#[tokio::test]
async fn a_channel_gets_one_message_with_the_picture() {
    let office = Office::new().await;
    fixture::insert(&office.house.pool, [hostile_event(0, "<!channel> *x* :tada:\u{202e}")]).await;
    office.saved(&[("recipients", ""), ("channel", CHANNEL), ("title", "<@U0123> & *co*")]).await;
    office.at("2026-11-25T12:00:00Z").await;
    assert_eq!(office.runs().await, ["11-25 12:00 sent Slack took it"]);
    assert_eq!(paths(&office.slack), [FIRST, UPLOAD, LAST]);
    let (requests, bodies) = (office.slack.requests(), office.slack.bodies());
    let bearer = format!("authorization: Bearer {TOKEN}\r\n");
    assert!(requests[0].contains(&bearer) && requests[2].contains(&bearer), "{requests:?}");
    // Where files go is another host.
    assert!(!requests[1].contains("authorization") && !requests[1].contains(TOKEN));
    assert!(requests[1].contains("content-type: image/png\r\n"));

    let place = fields(&bodies[0]);
    assert_eq!((place["filename"].as_str(), place["length"].as_str()), ("overview.png", &*bodies[1].len().to_string()));
    let mut picture = png::Decoder::new(&bodies[1][..]).read_info().unwrap();
    let mut pixels = vec![0; picture.output_buffer_size()];
    assert!(picture.next_frame(&mut pixels).unwrap().width > 500, "whole");

    let message = fields(&bodies[2]);
    assert_eq!((message["channel_id"].as_str(), message.len()), (CHANNEL, 3));
    assert_eq!(
        serde_json::from_str::<Value>(&message["files"]).unwrap(),
        json!([{ "id": "F0123", "title": "Overview" }])
    );
    let blocks: Value = serde_json::from_str(&message["blocks"]).unwrap();
    are_words(&blocks, "<@U0123> & *co*", "<!channel> *x* :tada:U+202E");
    assert!(office.page(&office.admin).await.contains("<p>To Slack C0123ABCD<"));
    let audit = office.house.audit().await;
    assert!(
        audit.iter().any(|act| act["detail"].as_str().is_some_and(|text| text.ends_with("UTC, to Slack C0123ABCD")))
    );
}

/// Blocks in which nothing is read as markup, and of kinds that go with a file.
fn are_words(blocks: &Value, title: &str, name: &str) {
    let list = blocks.as_array().unwrap();
    let kinds: Vec<_> = list.iter().map(|block| block["type"].as_str().unwrap()).collect();
    assert!(kinds.iter().all(|kind| ["rich_text", "section"].contains(kind)), "{kinds:?}");
    let elements = |block: &Value| block["elements"][0]["elements"].clone();
    let head = elements(&list[0]);
    assert_eq!(head[0], json!({ "type": "text", "text": title, "style": { "bold": true } }));
    assert!(head[1]["text"].as_str().unwrap().starts_with("\nOverview · Last 7 days"), "{head}");
    let texts = blocks.to_string();
    assert!(!texts.contains("mrkdwn") && !texts.contains("\"emoji\":true") && texts.contains(name), "{texts}");
    let link = &elements(list.last().unwrap())[0];
    assert_eq!((&link["type"], &link["text"]), (&json!("link"), &json!("Open the dashboard")));
    assert!(link["url"].as_str().unwrap().starts_with("http://localhost:8080/d/overview?from="), "{link}");
}

async fn slack_and_app() -> (Far, App, tempfile::TempDir) {
    let (slack, folder) = (Far::answering(OK).await, tempfile::tempdir().unwrap());
    agree(&slack);
    let app = opened(&slack, &app(&slack, folder.path()));
    (slack, app, folder)
}

fn opened(slack: &Far, settings: &Slack) -> App {
    let allow = vec!["127.0.0.1/32".parse().unwrap()];
    let policy = Policy { allow, ca: Some(slack.ca()), body_bytes: 10_000, ..Policy::default() };
    App::open(settings, Client::new(policy).unwrap()).unwrap()
}

async fn trouble(app: &App, content: &Content) -> Trouble {
    let post = Post { slack: Some(app.clone()), ..Post::default() };
    post.share(content, CHANNEL).await.unwrap_err()
}

#[tokio::test]
async fn panels_that_did_not_answer_are_told() {
    let (slack, app, _folder) = slack_and_app().await;
    let content = Content { missing: vec!["Top\r\nusers".into(), "Errors".into()], ..content() };
    let post = Post { slack: Some(app), ..Post::default() };
    assert_eq!(post.share(&content, CHANNEL).await.as_deref(), Ok("Slack took it"));
    let bodies = slack.bodies();
    assert_eq!(bodies[1], [1], "the picture, to the byte");
    assert!(fields(&bodies[2])["blocks"].contains("Not answered in time: Top  users, Errors."), "{bodies:?}");
}

#[tokio::test]
async fn each_step_that_fails_says_why_and_whether_to_try_again() {
    let (slack, app, _folder) = slack_and_app().await;
    let content = content();
    for (path, words, asked) in [(FIRST, "", 1), (UPLOAD, "The picture: ", 2), (LAST, "", 3)] {
        for (status, passes) in
            [("500 No", true), ("429 Slow", true), ("503 No", true), ("404 No", false), ("302 Found", false)]
        {
            slack.answer_at(path, &answer(status, "{\"ok\":true}"));
            let before = slack.requests().len();
            let what = format!("{words}Slack answered {}.", &status[..3]);
            assert_eq!(trouble(&app, &content).await, Trouble { what, passes });
            assert_eq!(slack.requests().len() - before, asked, "{path}: what follows is not asked");
        }
        agree(&slack);
    }
    for path in [FIRST, LAST] {
        for (code, words, passes) in [
            ("not_in_channel", "invite the app into the channel first.", false),
            ("channel_not_found", "the id is at the end of the channel's About tab, ", false),
            ("invalid_auth", "the token is not valid any more; whoever runs Trailmap renews it.", false),
            ("token_revoked", "the token is not valid any more", false),
            ("account_inactive", "the token is not valid any more", false),
            ("not_authed", "the token is not valid any more", false),
            ("missing_scope", "the app needs files:write,x.", false),
            ("is_archived", "the channel is archived.", false),
            ("ratelimited", "", true),
            ("internal_error", "", true),
            ("fatal_error", "", true),
            ("service_unavailable", "", true),
            ("request_timeout", "", true),
            ("team_added_to_org", "", true),
            ("some_new_code", "", false),
        ] {
            told(&slack, path, &json!({ "ok": false, "error": code, "needed": "files:write,x" }));
            let trouble = trouble(&app, &content).await;
            assert!(trouble.what.starts_with(&format!("Slack refused it: {code}")), "{trouble:?}");
            assert!(trouble.what.contains(words) && trouble.passes == passes, "{trouble:?}");
        }
        let evil = format!("<b>\u{202e}\r\n{}", "x".repeat(500));
        told(&slack, path, &json!({ "ok": false, "error": evil }));
        let what = trouble(&app, &content).await.what;
        assert_eq!(what, "Slack refused it, in words that are none of its own.");
        told(&slack, path, &json!({ "ok": false, "error": "x".repeat(500), "needed": "<b>" }));
        assert!(trouble(&app, &content).await.what.len() < 150);
        for strange in ["<html>", "", "[]", "{}", "{\"ok\":false}", "{\"ok\":\"true\"}"] {
            slack.answer_at(path, &answer("200 OK", strange));
            let what = "Slack's answer cannot be understood.".to_owned();
            assert_eq!(trouble(&app, &content).await, Trouble { what, passes: true }, "{strange}");
        }
        slack.answer_at(path, &answer("200 OK", &format!("{{\"ok\":true,\"x\":\"{}\"}}", "x".repeat(10_000))));
        let what = "Its answer is longer than is read.".to_owned();
        assert_eq!(trouble(&app, &content).await, Trouble { what, passes: false });
        agree(&slack);
    }
    for incomplete in [json!({ "ok": true }), json!({ "ok": true, "upload_url": "https://localhost/", "file_id": 1 })] {
        told(&slack, FIRST, &incomplete);
        assert_eq!(trouble(&app, &content).await.what, "Slack's answer cannot be understood.");
    }
}

/// What Slack names is asked as little as what users type.
#[tokio::test]
async fn pictures_go_to_no_address_within() {
    let (slack, app, _folder) = slack_and_app().await;
    let within = Far::answering(OK).await;
    for (address, why) in [
        (format!("http://localhost:{}/upload", within.port), "Only https addresses are asked."),
        ("https://169.254.169.254/latest".to_owned(), "169.254.169.254 is not an address of the public internet."),
        (format!("https://[::1]:{}/upload", within.port), "is not an address of the public internet."),
        ("https://a@localhost/".to_owned(), "no user name or password"),
        ("file:///etc/passwd".to_owned(), ""),
        ("https://a b/".to_owned(), "Slack named no address for it."),
        (String::new(), ""),
    ] {
        told(&slack, FIRST, &json!({ "ok": true, "upload_url": address, "file_id": "F0" }));
        let trouble = trouble(&app, &content()).await;
        assert!(trouble.what.starts_with("The picture: ") && trouble.what.contains(why), "{address}: {trouble:?}");
        assert!(!trouble.passes, "{trouble:?}");
    }
    assert_eq!(within.connections(), 0);
    assert!(paths(&slack).iter().all(|path| path == FIRST), "nothing is told as done");
}

#[tokio::test]
async fn several_servers_put_it_into_a_channel_once() {
    let office = Office::new().await;
    for title in ["A", "B"] {
        office.saved(&[("title", title), ("recipients", ""), ("channel", CHANNEL)]).await;
    }
    let servers: Vec<_> = (0..5).map(|_| office.server("2026-11-25T12:00:01Z")).collect();
    let work = servers.iter().map(|server| async { while server.turn().await.unwrap() {} });
    futures::future::join_all(work).await;
    let count = |path: &str| paths(&office.slack).iter().filter(|one| *one == path).count();
    assert_eq!([count(FIRST), count(UPLOAD), count(LAST)], [2, 2, 2]);
    assert_eq!(office.runs().await.len(), 2);
}

#[tokio::test]
async fn only_who_has_not_had_it_is_tried_again() {
    let office = Office::new().await;
    office.saved(&[("channel", CHANNEL), ("webhook", &office.webhook())]).await;
    told(&office.slack, LAST, &json!({ "ok": false, "error": "internal_error" }));
    office.at("2026-11-25T12:00:00Z").await;
    let why = "Slack C0123ABCD: Slack refused it: internal_error.";
    assert_eq!(office.runs().await, [format!("11-25 12:00 trying {why}")]);
    let done: Vec<String> =
        sqlx::query_scalar("select done from access.report_run").fetch_one(&office.house.pool).await.unwrap();
    assert_eq!(done, ["ops@example.com", "webhook"]);
    assert_eq!(office.slack.requests().len(), 4);
    agree(&office.slack);
    office.at("2026-11-25T12:01:00Z").await;
    assert_eq!(paths(&office.slack)[4..], [FIRST, UPLOAD, LAST], "the webhook had it");
    assert_eq!(office.postbox.recipients(), ["ops@example.com"]);
    assert_eq!(office.runs().await, ["11-25 12:00 sent Slack took it"]);

    // By hand all are tried, and it is told who has it.
    told(&office.slack, LAST, &json!({ "ok": false, "error": "not_in_channel" }));
    let words = "Slack C0123ABCD: Slack refused it: not_in_channel: invite the app into the channel first.";
    let have = format!("ops@example.com has it. localhost:{} …7Qx9 has it.", office.slack.port);
    office.postbox.answer("dev@example.org", "550 5.1.1 no such user");
    office
        .saved(&[
            ("id", "1"),
            ("recipients", "dev@example.org ops@example.com"),
            ("channel", CHANNEL),
            ("webhook-kept", "1"),
        ])
        .await;
    let answer = office.does("send", &[]).await;
    let refused_mail = "dev@example.org: The mail server refused it: 550 5.1.1 no such user";
    refused(&answer, StatusCode::SERVICE_UNAVAILABLE, &format!("{refused_mail} {words} {have}"));
    assert_eq!(office.postbox.recipients(), ["ops@example.com", "ops@example.com"]);
    let last = office.house.audit().await.pop().unwrap();
    assert_eq!((&last["action"], &last["done"]), (&json!("report_send"), &json!(false)));
}

#[tokio::test]
async fn a_channel_is_an_id_that_reports_may_go_to() {
    let office = Office::new().await;
    for typed in ["#general", "general", "c0123abcd", "U0123ABCD", "C0123ABCD?x", "<script>"] {
        let answer = office.save(&office.admin, &[("channel", typed)]).await;
        refused(&answer, StatusCode::BAD_REQUEST, "is no channel's id such as C0123ABCD: open the channel");
        assert!(answer.text().contains("value=\"Morning\"") && !answer.text().contains("<script>“"));
    }
    office.saved(&[("channel", " G0123ABCD "), ("recipients", "")]).await;
    let edit = office.admin.get(&office.house, "/reports?edit=1").await;
    assert!(edit.text().contains("value=\"G0123ABCD\""), "{}", edit.text());
    assert!(!edit.text().contains("names an app in [slack]"));

    // The operator's list counts when it is sent, too.
    let (slack, _, folder) = slack_and_app().await;
    let app = opened(&slack, &Slack { channels: vec![CHANNEL.to_owned()], ..app(&slack, folder.path()) });
    assert_eq!(app.channel(CHANNEL).as_deref(), Ok(CHANNEL));
    let why = "Reports go to the channels C0123ABCD alone, and G0123ABCD is none of them.";
    assert_eq!(app.channel("G0123ABCD").unwrap_err(), why);
    let post = Post { slack: Some(app), ..Post::default() };
    let closed = Trouble { what: why.to_owned(), passes: false };
    assert_eq!(post.share(&content(), "G0123ABCD").await, Err(closed));
    assert_eq!(slack.connections(), 0);
    assert_eq!(post.means().channels, Some(vec![CHANNEL.to_owned()]));
    assert_eq!(Post::default().means().channels, None);
}

#[tokio::test]
async fn without_an_app_no_channel_is_asked_for_and_none_is_lost() {
    let (house, admin) = House::with_post(Post::default()).await;
    let page = admin.get(&house, "/reports").await;
    assert!(page.text().contains("names an app in [slack]") && !page.text().contains("name=\"channel\""));
    house
        .sql(
            "insert into access.report (user_id, title, address, schedule, recipients, channel, only_with_events)
             select user_id, 'Old', '/d/overview', '{\"every\":\"day\",\"hour\":12,\"minute\":0,\"zone\":\"UTC\"}', '{}', 'C0123ABCD', false
             from access.app_user",
        )
        .await;
    let edit = admin.get(&house, "/reports?edit=1").await;
    assert!(edit.text().contains("name=\"channel\"") && edit.text().contains("value=\"C0123ABCD\""), "{}", edit.text());
    let fields = [
        ("do", "save"),
        ("id", "1"),
        ("title", "Old"),
        ("dashboard", "overview"),
        ("range", "7d"),
        ("every", "day"),
        ("time", "12:00"),
        ("zone", "UTC"),
        ("channel", CHANNEL),
    ];
    let why = "No app of Slack is set: whoever runs Trailmap names one in [slack]";
    refused(&admin.post(&house, "/reports", &fields).await, StatusCode::BAD_REQUEST, why);
    refused(
        &admin.post(&house, "/reports", &[("do", "send"), ("id", "1")]).await,
        StatusCode::SERVICE_UNAVAILABLE,
        "Slack C0123ABCD: No app of Slack is set.",
    );
}

#[tokio::test]
async fn a_webhook_is_told_in_blocks() {
    let office = Office::new().await;
    fixture::insert(&office.house.pool, [hostile_event(0, "<!channel> *x*\u{202e}")]).await;
    office.saved(&[("recipients", ""), ("webhook", &office.webhook()), ("title", "<!here> & co")]).await;
    office.at("2026-11-25T12:00:00Z").await;
    assert_eq!(office.runs().await, ["11-25 12:00 sent Slack answered 200"]);
    let requests = office.slack.requests();
    let [request] = requests.as_slice() else { panic!("{requests:?}") };
    assert!(request.starts_with(&format!("POST /services/T0/B0/{CANARY} HTTP/1.1\r\n")), "{request}");
    let message: Value = serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert!(message["text"].as_str().unwrap().starts_with("&lt;!here&gt; &amp; co: "), "{message}");
    // What others wrote stands where nothing is read as markup.
    are_words(&message["blocks"], "<!here> & co", "<!channel> *x*U+202E");

    office.slack.answer(b"HTTP/1.1 404 Not Found\r\ncontent-length: 10\r\n\r\nno_service");
    office.at("2026-11-26T12:00:00Z").await;
    let told = format!("localhost:{} …7Qx9: The webhook answered 404: no_service", office.slack.port);
    assert_eq!(office.runs().await[1], format!("11-26 12:00 failed {told}"));
    office.slack.answer(b"HTTP/1.1 302 Found\r\nlocation: https://169.254.169.254/\r\ncontent-length: 0\r\n\r\n");
    office.at("2026-11-27T12:00:00Z").await;
    assert!(office.runs().await[2].contains("failed") && office.runs().await[2].contains("answered 302"));
    office.slack.answer(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n");
    office.at("2026-11-28T12:00:00Z").await;
    assert!(office.runs().await[3].contains("trying"));
}

/// Lines of the log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_webhooks_address_and_a_token_are_seen_nowhere() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter("trace,hyper=off,rustls=off,sqlx=trace")
        .with_writer(move || writer.clone())
        .finish();
    // Beside a second one: where there is but one, a line of code that another test's thread comes to first is asked of that thread, which
    // has none, and is told by nobody from then on.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::new());
    let _guard = tracing::subscriber::set_default(subscriber);
    let office = Office::new().await;
    office.saved(&[("webhook", &office.webhook()), ("channel", CHANNEL)]).await;
    let shown = format!("localhost:{} …7Qx9", office.slack.port);
    // What is wrong elsewhere does not bring it back.
    let mistaken = office.save(&office.admin, &[("webhook", &office.webhook()), ("time", "x")]).await;
    assert_eq!(office.does("send", &[]).await.status, StatusCode::OK);
    told(&office.slack, LAST, &json!({ "ok": false, "error": format!("you sent Bearer {TOKEN}") }));
    office.slack.answer(b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n");
    office.at("2026-11-25T12:00:00Z").await;
    // Kept where nothing was typed, and gone where that was wanted.
    let kept = [("id", "1"), ("webhook-kept", "1")];
    office.saved(&kept).await;
    let edit = office.admin.get(&office.house, "/reports?edit=1").await;
    assert!(edit.text().contains(&format!("Keep {shown}")), "{}", edit.text());
    let audit = format!("{:?}", office.house.audit().await);
    let mut seen = vec![mistaken.text().to_owned(), edit.text().to_owned(), audit, office.page(&office.admin).await];
    seen.push(String::from_utf8(log.0.lock().unwrap().clone()).unwrap());
    let tables: Vec<String> = sqlx::query_scalar(
        "select format('select coalesce(string_agg(t::text, e''\\n''), '''') from %I.%I t', schemaname, tablename)
         from pg_tables where schemaname in ('access', 'public')",
    )
    .fetch_all(&office.house.pool)
    .await
    .unwrap();
    assert!(tables.len() > 20);
    for table in tables {
        let text: String = sqlx::query_scalar(sqlx::AssertSqlSafe(table)).fetch_one(&office.house.pool).await.unwrap();
        seen.push(text);
    }
    assert!(seen.iter().any(|text| text.contains(&shown)) && seen[4].contains("report"), "{}", seen[4]);
    let hex: String = CANARY.bytes().map(|byte| format!("{byte:02x}")).collect();
    let (_slack, app, _folder) = slack_and_app().await;
    seen.push(format!("{app:?}"));
    let token = TOKEN.strip_prefix("xoxb-").unwrap();
    for text in &seen {
        assert!(!text.contains(CANARY) && !text.contains(&hex) && !text.contains(token), "{text}");
    }
    for letter in office.postbox.letters() {
        let text = String::from_utf8_lossy(&letter.text);
        assert!(!text.contains(CANARY) && !text.contains(token));
    }
    let asked = office.slack.requests();
    let has = |secret: &str| asked.iter().filter(|request| request.contains(secret)).count();
    assert_eq!((has(CANARY), has(TOKEN), asked.len()), (2, 4, 8), "they are what is asked");

    // With another key it cannot be read, and that is told.
    std::fs::remove_file(office.folder.path().join("secret.key")).unwrap();
    Seal::within(office.folder.path()).close("x", "y").unwrap();
    refused(&office.does("send", &[]).await, StatusCode::SERVICE_UNAVAILABLE, "type it again");
    office.saved(&[("id", "1")]).await;
    assert!(office.page(&office.admin).await.contains("<p>To ops@example.com<"));
}
