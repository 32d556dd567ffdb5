//! Reports: who gets what, when, and how often; with a real mail server and a real webhook on loopback.

use axum::http::StatusCode;
use mail_parser::{Message, MessageParser, MimeHeaders};
use model::{access::Role, time::Timestamp};
use serde_json::{Value, json};
use server::{
    access::Seal,
    clock::Clock,
    config::{slack::Slack, smtp::Encryption, source::Secret},
    outgoing::{Client, Policy},
    report::{App, Content, Mailer, Post, letter, scheduler::Scheduler},
};

use self::postbox::Postbox;
use crate::{
    outgoing::far::Far,
    query::fixture,
    web::{
        access::{House, Visitor, refused},
        client::Answer,
    },
};

mod check;
mod postbox;
mod slack;

/// Everything that reports need, and an administrator. The house has an event each of two accounts.
struct Office {
    house: House,
    admin: Visitor,
    postbox: Postbox,
    slack: Far,
    folder: tempfile::TempDir,
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
/// What nobody may see again.
const CANARY: &str = "CanaryWebhookSecret7Qx9";
const TOKEN: &str = "xoxb-CanaryTokenOfTheBot3Zk8";

impl Office {
    async fn new() -> Office {
        let (postbox, slack) = (Postbox::open(Encryption::None).await, Far::answering(OK).await);
        let folder = tempfile::tempdir().unwrap();
        let allow = vec!["127.0.0.1/32".parse().unwrap()];
        let outgoing = Client::new(Policy { allow, ca: Some(slack.ca()), ..Policy::default() }).unwrap();
        let seal = Seal::within(folder.path());
        let app = App::open(&app(&slack, folder.path()), outgoing.clone()).unwrap();
        let post = Post { mail: Some(postbox.mailer()), slack: Some(app), outgoing: Some(outgoing), seal: Some(seal) };
        let (house, admin) = House::with_post(post).await;
        slack::agree(&slack);
        Office { house, admin, postbox, slack, folder }
    }

    /// Saves a report that is sent on weekdays at noon, unless `more` says otherwise.
    async fn save(&self, visitor: &Visitor, more: &[(&str, &str)]) -> Answer {
        let mut fields = vec![
            ("do", "save"),
            ("title", "Morning"),
            ("dashboard", "overview"),
            ("range", "7d"),
            ("q", ""),
            ("every", "day"),
            ("time", "12:00"),
            ("zone", "UTC"),
            ("recipients", "ops@example.com"),
        ];
        fields.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
        fields.extend(more);
        visitor.post(&self.house, "/reports", &fields).await
    }

    async fn saved(&self, more: &[(&str, &str)]) {
        let answer = self.save(&self.admin, more).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    }

    async fn does(&self, what: &str, more: &[(&str, &str)]) -> Answer {
        let fields = [&[("do", what), ("id", "1")], more].concat();
        self.admin.post(&self.house, "/reports", &fields).await
    }

    fn webhook(&self) -> String {
        self.slack.url("localhost", &format!("/services/T0/B0/{CANARY}"))
    }

    /// One of the servers, at this time.
    fn server(&self, now: &str) -> Scheduler {
        let mut query = self.house.query.clone();
        query.clock = Clock::Fixed(Timestamp::parse(now).unwrap());
        Scheduler::new(self.house.access.clone(), query)
    }

    /// Does all that is due at this time.
    async fn at(&self, now: &str) {
        let server = self.server(now);
        while server.turn().await.unwrap() {}
    }

    /// `TIME outcome said`, the oldest first.
    async fn runs(&self) -> Vec<String> {
        let sql = "select to_char(due_at at time zone 'UTC', 'MM-DD HH24:MI') || ' ' || outcome || ' ' || said
                   from access.report_run order by report_id, due_at";
        sqlx::query_scalar(sql).fetch_all(&self.house.pool).await.unwrap()
    }

    async fn page(&self, visitor: &Visitor) -> String {
        visitor.get(&self.house, "/reports").await.text().to_owned()
    }
}

/// An app of this Slack, whose token stands in a file of the folder.
fn app(slack: &Far, folder: &std::path::Path) -> Slack {
    let token = folder.join("token");
    std::fs::write(&token, format!("{TOKEN}\n")).unwrap();
    Slack { token: Secret::File(token), channels: Vec::new(), api: slack.url("localhost", "/api/") }
}

/// A failure whose error is called so: it stands in a list.
fn hostile_event(at: usize, name: &str) -> Value {
    json!({ "event_id": format!("h{at}"), "error_code": name, "outcome": "failure", "object_id": 1 })
}

fn parsed(text: &[u8]) -> Message<'_> {
    MessageParser::default().parse(text).unwrap()
}

const SAID: &str = "The mail server said 250 2.0.0 Ok: queued as 4F2A";

#[tokio::test]
async fn a_letter_has_figures_picture_and_link() {
    let office = Office::new().await;
    let denied = |at| {
        let mut event = hostile_event(at, "AccessDenied");
        event["event_name"] = "CreateUser".into();
        event
    };
    fixture::insert(&office.house.pool, [1, 2].map(denied)).await;
    office.saved(&[("q", "event_name:CreateUser"), ("title", "Users made")]).await;
    let answer = office.does("send", &[("to", "ada@example.com")]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert!(answer.text().contains(&format!("Sent to ada@example.com. {SAID}")), "{}", answer.text());
    let letters = office.postbox.letters();
    let [sent] = letters.as_slice() else { panic!("{letters:?}") };
    assert_eq!(sent.to, "ada@example.com");
    let letter = parsed(&sent.text);
    assert_eq!(letter.subject(), Some("Users made"));
    assert_eq!(letter.from().unwrap().first().unwrap().address(), Some("trailmap@example.com"));
    assert_eq!(letter.to().unwrap().first().unwrap().address(), Some("ada@example.com"));
    assert_eq!(letter.header_raw("Auto-Submitted").map(str::trim), Some("auto-generated"));
    assert!(letter.message_id().unwrap().ends_with("@example.com"));

    let (text, html) = (letter.body_text(0).unwrap(), letter.body_html(0).unwrap());
    let link =
        "http://localhost:8080/d/overview?from=2026-11-17T12:00:00Z&to=2026-11-24T12:00:00Z&q=event_name:CreateUser";
    for expected in [
        "Users made",
        "Overview: Last 7 days · event_name:CreateUser",
        "2026-11-17 12:00 to 2026-11-24 12:00 UTC",
        link,
        "Events: 4",
        "Trailmap, for Root. Every day at 12:00, UTC.",
        "http://localhost:8080/reports",
        "  2  AccessDenied",
    ] {
        assert!(text.contains(expected), "no {expected:?} in {text}");
    }
    assert!(html.contains(&link.replace('&', "&amp;")) && html.contains(">AccessDenied</td>"), "{html}");
    // Nothing is loaded from anywhere, and nothing runs.
    assert_eq!(html.matches(" src=").count(), 1);
    assert!(html.contains("src=\"cid:dashboard@trailmap\"") && !html.contains("<script") && !html.contains("url("));

    let picture = letter.attachments().next().unwrap();
    assert_eq!(picture.content_id(), Some("dashboard@trailmap"));
    assert_eq!(picture.content_type().unwrap().subtype(), Some("png"));
    assert!(picture.contents().starts_with(b"\x89PNG\r\n\x1a\n") && picture.contents().len() > 10_000);
    // A trial is none of the report's times; sending it to all is.
    assert_eq!(office.runs().await, Vec::<String>::new());
    assert!(office.does("send", &[]).await.text().contains("Sent to all."));
    assert_eq!(office.runs().await, [format!("11-24 12:00 sent {SAID}")]);
    let audit = office.house.audit().await;
    let acts: Vec<_> = audit.iter().filter(|act| act["object"] == "Users made").collect();
    let of = |act: &Value| format!("{} {} {}", act["user"], act["action"], act["detail"]).replace('"', "");
    assert_eq!(
        of(acts[0]),
        "Root report_create /d/overview?range=7d&q=event_name:CreateUser, Every day at 12:00, UTC, to ops@example.com"
    );
    assert_eq!(of(acts[1]), format!("Root report_send by hand, to ada@example.com alone: {SAID}"));
    assert_eq!(of(acts[2]), format!("Root report_send by hand: {SAID}"));
}

#[tokio::test]
async fn what_stands_in_events_is_text_in_letters() {
    let office = Office::new().await;
    let hostile =
        ["<img src=x onerror=alert(1)>", "a\r\nBcc: mallory@example.org\r\n\r\nx", "gpj\u{202e}exe", "=cmd|' /C'!A1"];
    let row = |(at, name): (usize, &&str)| hostile_event(at, name);
    fixture::insert(&office.house.pool, hostile.iter().enumerate().map(row)).await;
    office.saved(&[("title", "Weekly\r\nBcc: mallory@example.org")]).await;
    assert_eq!(office.does("send", &[]).await.status, StatusCode::OK);
    assert_eq!(office.postbox.recipients(), ["ops@example.com"]);
    let letters = office.postbox.letters();
    let letter = parsed(&letters[0].text);
    assert!(letter.bcc().is_none(), "{:?}", letter.headers());
    assert_eq!(letter.subject(), Some("Weekly Bcc: mallory@example.org"));
    let (text, html) = (letter.body_text(0).unwrap(), letter.body_html(0).unwrap());
    println!("{text}");
    assert!(html.contains("&lt;img src=x onerror=alert(1)&gt;") && !html.contains("<img src=x"), "{html}");
    for body in [&text, &html] {
        assert!(body.contains("gpjU+202Eexe") && !body.contains('\u{202e}'), "{body}");
        assert!(
            body.contains("a  Bcc: mallory@example.org    x") || body.contains("a Bcc: mallory@example.org"),
            "{body}"
        );
    }
    assert_eq!(letter.attachments().count(), 1);
}

/// Whatever reaches the words of a letter: its head stays what it is.
#[test]
fn no_name_adds_a_header() {
    let evil = "x\r\nBcc: mallory@example.org\r\n\r\n<script>alert(1)</script>\0\u{202e}";
    let content = Content {
        title: evil.into(),
        dashboard: evil.into(),
        about: evil.into(),
        span: String::new(),
        link: "https://t/?q=\"><script>".into(),
        manage: String::new(),
        maker: evil.into(),
        schedule: String::new(),
        figures: Vec::new(),
        lists: Vec::new(),
        events: 0,
        missing: vec![evil.into()],
        picture: vec![1],
    };
    let from = "Trailmap <trailmap@example.com>".parse().unwrap();
    let text = letter(&content, &from, "ops@example.com", "1").unwrap().formatted();
    let letter = parsed(&text);
    assert!(letter.bcc().is_none() && letter.body_html(0).is_some_and(|html| !html.contains("<script")), "{letter:?}");
    assert!(server::report::letter(&content, &from, "a@b\r\nBcc: c@d", "1").is_err());
    let again = server::report::letter(&content, &from, "ops@example.com", "1").unwrap().formatted();
    assert_eq!(parsed(&again).message_id(), letter.message_id(), "one that comes twice is known");
}

#[tokio::test]
async fn a_report_is_sent_when_it_is_due() {
    let office = Office::new().await;
    office.saved(&[("every", "week"), ("days", "3"), ("time", "08:30"), ("zone", "europe/berlin")]).await;
    let page = office.page(&office.admin).await;
    assert!(
        page.contains("Every Wednesday at 08:30, Europe/Berlin") && page.contains("next 2026-11-25 07:30 UTC"),
        "{page}"
    );
    office.at("2026-11-25T07:29:59Z").await;
    assert_eq!(office.postbox.letters(), []);
    office.at("2026-11-25T07:30:05Z").await;
    office.at("2026-11-25T07:31:00Z").await;
    assert_eq!(office.postbox.recipients(), ["ops@example.com"]);
    assert_eq!(office.runs().await, [format!("11-25 07:30 sent {SAID}")]);
    let page = office.page(&office.admin).await;
    assert!(page.contains("next 2026-12-02 07:30 UTC") && page.contains(SAID) && page.contains(">Sent<"), "{page}");
    let audit = office.house.audit().await;
    let act = audit.last().unwrap();
    assert_eq!(
        (&act["user"], &act["address"], &act["action"]),
        (&json!("Root"), &json!("schedule"), &json!("report_send"))
    );

    assert_eq!(office.does("pause", &[]).await.status, StatusCode::SEE_OTHER);
    assert!(office.page(&office.admin).await.contains("Paused by Root."));
    office.at("2026-12-02T07:30:00Z").await;
    assert_eq!(office.postbox.letters().len(), 1);
    assert_eq!(office.does("resume", &[]).await.status, StatusCode::SEE_OTHER);
    assert!(office.page(&office.admin).await.contains("next 2026-11-25 07:30 UTC"), "by the page's clock");
    assert_eq!(office.does("delete", &[]).await.status, StatusCode::SEE_OTHER);
    office.at("2026-12-09T07:30:00Z").await;
    assert_eq!(office.postbox.letters().len(), 1);
}

#[tokio::test]
async fn several_servers_send_it_once() {
    let office = Office::new().await;
    for title in ["A", "B", "C"] {
        office.saved(&[("title", title), ("recipients", "ops@example.com, dev@example.org")]).await;
    }
    let servers: Vec<_> = (0..6).map(|_| office.server("2026-11-25T12:00:01Z")).collect();
    let work = servers.iter().map(|server| async { while server.turn().await.unwrap() {} });
    futures::future::join_all(work).await;
    let mut recipients = office.postbox.recipients();
    recipients.sort_unstable();
    assert_eq!(recipients, [["dev@example.org"; 3], ["ops@example.com"; 3]].concat());
    assert_eq!(office.runs().await.len(), 3);
}

#[tokio::test]
async fn what_does_not_go_through_is_tried_again_for_who_has_not_had_it() {
    let office = Office::new().await;
    office.saved(&[("recipients", "ops@example.com dev@example.org")]).await;
    office.postbox.answer("dev@example.org", "451 4.7.1 try later");
    office.at("2026-11-25T12:00:00Z").await;
    let told = "dev@example.org: The mail server refused it: 451 4.7.1 try later";
    assert_eq!(office.runs().await, [format!("11-25 12:00 trying {told}")]);
    assert!(office.page(&office.admin).await.contains(told));
    office.at("2026-11-25T12:00:59Z").await;
    assert_eq!(office.postbox.recipients(), ["ops@example.com"]);
    office.postbox.answer("dev@example.org", "");
    office.at("2026-11-25T12:01:00Z").await;
    assert_eq!(office.postbox.recipients(), ["ops@example.com", "dev@example.org"]);
    assert_eq!(office.runs().await, [format!("11-25 12:00 sent {SAID}")]);

    // It is given up some time, and at once where it is no use.
    office.postbox.answer("dev@example.org", "451 4.7.1 try later");
    for at in ["12:00:00", "12:01:00", "12:06:00", "12:21:00", "12:50:00"] {
        office.at(&format!("2026-11-26T{at}Z")).await;
    }
    assert_eq!(office.runs().await[1], format!("11-26 12:00 failed {told}"));
    office.postbox.answer("ops@example.com", "550 5.1.1 no such user");
    office.postbox.answer("dev@example.org", "");
    office.at("2026-11-27T12:00:00Z").await;
    let told = "ops@example.com: The mail server refused it: 550 5.1.1 no such user";
    assert_eq!(office.runs().await[2], format!("11-27 12:00 failed {told}"));
    assert_eq!(office.postbox.recipients()[2..], ["ops@example.com", "dev@example.org"]);
    let refused_now = office.does("send", &[("to", "ops@example.com")]).await;
    refused(&refused_now, StatusCode::SERVICE_UNAVAILABLE, told);
    let audit = office.house.audit().await;
    assert!(
        audit.iter().filter(|act| act["action"] == "report_send" && act["done"] == false).count() == 3,
        "{audit:?}"
    );
}

#[tokio::test]
async fn what_was_missed_is_sent_once_unless_it_is_old() {
    let office = Office::new().await;
    office.saved(&[("title", "Hourly"), ("every", "hour"), ("time", "00:00")]).await;
    office.saved(&[("title", "Daily")]).await;
    office.saved(&[("title", "Monthly"), ("every", "month"), ("day", "25"), ("time", "06:00")]).await;
    office.at("2026-11-28T17:30:00Z").await;
    assert_eq!(
        office.runs().await,
        [
            format!("11-28 17:00 sent {SAID}"),
            format!("11-28 12:00 sent {SAID}"),
            "11-25 06:00 missed No server ran then.".to_owned(),
        ]
    );
    assert_eq!(office.postbox.letters().len(), 2);
    office.at("2026-11-28T18:00:00Z").await;
    assert_eq!(office.postbox.letters().len(), 3);
}

/// A server that ended in the middle: another goes on, later, with who has not had it.
#[tokio::test]
async fn another_server_takes_over() {
    let office = Office::new().await;
    office.saved(&[("recipients", "ops@example.com dev@example.org")]).await;
    office
        .house
        .sql(
            "insert into access.report_run (report_id, due_at, tries, try_at, done)
              values (1, '2026-11-24T11:00Z', 1, '2026-11-24T11:15Z', '{ops@example.com}')",
        )
        .await;
    office.at("2026-11-24T11:14:00Z").await;
    assert_eq!(office.postbox.letters(), []);
    office.at("2026-11-24T11:15:00Z").await;
    assert_eq!(office.postbox.recipients(), ["dev@example.org"]);
}

#[tokio::test]
async fn a_report_sees_what_its_maker_may_see_when_it_is_sent() {
    let office = Office::new().await;
    let edgar = office.house.user(&office.admin, "Edgar", Role::Editor, "*").await;
    assert_eq!(office.save(&edgar, &[]).await.status, StatusCode::SEE_OTHER);
    let events = |at: usize| {
        let letters = office.postbox.letters();
        let text = parsed(&letters[at].text).body_text(0).unwrap().into_owned();
        text.lines().find(|line| line.starts_with("Events: ")).unwrap_or_default().to_owned()
    };
    office.at("2026-11-24T12:00:00Z").await;
    office.at("2026-11-25T12:00:00Z").await;
    assert!(events(0).starts_with("Events: 2"), "{}", events(0));
    let change = async |role: &str, accounts: &str, disabled: &str| {
        let fields = [("do", "change"), ("id", "2"), ("role", role), ("accounts", accounts), ("disabled", disabled)];
        let fields = &fields[..if disabled.is_empty() { 4 } else { 5 }];
        assert_eq!(office.admin.post(&office.house, "/users", fields).await.status, StatusCode::SEE_OTHER);
    };
    change("editor", "111111111111", "").await;
    office.at("2026-11-26T12:00:00Z").await;
    assert!(events(1).starts_with("Events: 1"), "{}", events(1));
    change("viewer", "*", "").await;
    office.at("2026-11-27T12:00:00Z").await;
    assert_eq!(office.postbox.letters().len(), 2);
    let told = "Edgar, who made it, is no editor any more.";
    assert_eq!(office.runs().await[2], format!("11-27 12:00 failed {told}"));
    let page = office.page(&office.admin).await;
    assert!(page.contains(">Paused<") && page.contains(told), "{page}");
    refused(&office.does("resume", &[]).await, StatusCode::BAD_REQUEST, told);
    refused(&office.does("send", &[]).await, StatusCode::BAD_REQUEST, told);
    change("editor", "*", "1").await;
    assert!(office.page(&office.admin).await.contains(">Paused<"));
    let deleted = office.admin.post(&office.house, "/users", &[("do", "delete"), ("id", "2")]).await;
    assert_eq!(deleted.status, StatusCode::SEE_OTHER);
    assert!(office.page(&office.admin).await.contains("by nobody who is left"));
    // Whoever changes it takes it over.
    assert_eq!(office.save(&office.admin, &[("id", "1")]).await.status, StatusCode::SEE_OTHER);
    assert!(office.page(&office.admin).await.contains("by you"));
    assert_eq!(office.does("send", &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn readers_and_others_do_not_touch_it() {
    let office = Office::new().await;
    office.saved(&[]).await;
    let house = &office.house;
    let vera = house.user(&office.admin, "Vera", Role::Viewer, "*").await;
    let edgar = house.user(&office.admin, "Edgar", Role::Editor, "*").await;
    refused(&office.save(&vera, &[]).await, StatusCode::FORBIDDEN, "Ask an administrator for the role Editor");
    for visitor in [&vera, &edgar] {
        assert!(!office.page(visitor).await.contains("ops@example.com"));
        for what in ["delete", "pause", "resume", "send", "save"] {
            let answer = match what {
                "save" => office.save(visitor, &[("id", "1")]).await,
                what => visitor.post(house, "/reports", &[("do", what), ("id", "1")]).await,
            };
            assert!(
                [StatusCode::NOT_FOUND, StatusCode::FORBIDDEN].contains(&answer.status),
                "{what}: {}",
                answer.status
            );
        }
    }
    assert_eq!(house.site_status("/reports").await, StatusCode::UNAUTHORIZED);
    assert_eq!(office.postbox.letters(), []);
    assert!(office.page(&office.admin).await.contains("ops@example.com"));
}

#[tokio::test]
async fn what_is_wrong_is_told_and_what_was_typed_stays() {
    let office = Office::new().await;
    for (field, value, why) in [
        ("title", " ", "A report has a name."),
        ("dashboard", "nope", "There is no dashboard"),
        ("range", "7x", "range"),
        ("q", "nonsense_field:x", "nonsense_field"),
        ("time", "25:00", "Write the time as 08:00."),
        ("zone", "Mars/Olympus", "There is no such time zone"),
        ("recipients", "", "Write who gets it"),
        ("recipients", "ops@example.com nobody", "“nobody” is no e-mail address."),
        ("recipients", "ops@example.net", "Mail goes to addresses in example.com, example.org alone"),
        ("recipients", "ops@example.com\r\nBcc:<x@example.com>", "is no e-mail address."),
        ("webhook", "http://hooks.slack.com/services/x", "Only https addresses are asked."),
        ("webhook", "https://10.0.0.1/services/x", "is not an address of the public internet"),
        ("webhook", "https://2852039166/latest", "169.254.169.254 is not an address of the public internet"),
        ("webhook", "https://hooks.slack.com", "copy it whole"),
    ] {
        let answer = office.save(&office.admin, &[(field, value)]).await;
        assert!(answer.status.is_client_error() && answer.text().contains(why), "{field} {value}: {}", answer.text());
        if field != "title" {
            assert!(answer.text().contains("value=\"Morning\""), "{}", answer.text());
        }
    }
    let many = (0..21).map(|at| format!("a{at}@example.com")).collect::<Vec<_>>().join(" ");
    refused(&office.save(&office.admin, &[("recipients", &many)]).await, StatusCode::BAD_REQUEST, "at most 20");
    assert_eq!(office.postbox.letters(), []);
}

#[tokio::test]
async fn it_can_be_sent_only_if_there_are_events() {
    let office = Office::new().await;
    office.saved(&[("only", "1"), ("q", "event_name:Nothing")]).await;
    office.at("2026-11-25T12:00:00Z").await;
    assert_eq!(office.runs().await, ["11-25 12:00 nothing There were no events."]);
    office.saved(&[("id", "1"), ("only", "1"), ("q", "event_name:CreateUser")]).await;
    office.at("2026-11-26T12:00:00Z").await;
    assert_eq!(office.runs().await.len(), 2);
    assert_eq!(office.postbox.letters().len(), 1);
}

#[tokio::test]
async fn mail_is_encrypted_as_it_was_set() {
    let (postbox, wrapped) = (Postbox::open(Encryption::Starttls).await, Postbox::open(Encryption::Tls).await);
    let content = content();
    let send = async |mail: anyhow::Result<Mailer>| {
        Post { mail: Some(mail.unwrap()), ..Post::default() }.mail(&content, "ops@example.com", "1").await
    };
    let starttls = postbox.with_user(postbox.settings(Encryption::Starttls), "right");
    send(Mailer::open(&starttls)).await.unwrap();
    send(Mailer::open(&wrapped.settings(Encryption::Tls))).await.unwrap();
    let [letter] = &postbox.letters()[..] else { panic!("one letter") };
    assert!(letter.encrypted && letter.user.as_deref() == Some("trailmap"));
    assert!(wrapped.letters()[0].encrypted && wrapped.letters()[0].user.is_none());

    let wrong = send(Mailer::open(&postbox.with_user(starttls.clone(), "wrong"))).await.unwrap_err();
    assert_eq!((wrong.what.as_str(), wrong.passes), ("The mail server refused it: 535 5.7.8 wrong password", false));
    assert!(!format!("{:?}", Mailer::open(&postbox.with_user(starttls.clone(), "right"))).contains("right"));
    let mut stranger = postbox.settings(Encryption::Starttls);
    stranger.ca = None;
    let told = send(Mailer::open(&stranger)).await.unwrap_err();
    assert!(told.what.starts_with("The mail server cannot be used: ") && told.passes, "{told:?}");
    // A server that does not encrypt is not told anything.
    let open = Postbox::open(Encryption::None).await;
    assert!(send(Mailer::open(&open.settings(Encryption::Starttls))).await.is_err());
    assert_eq!([&postbox, &wrapped, &open].map(|one| one.letters().len()), [1, 1, 0]);
    stranger.ca = Some("/nowhere.pem".into());
    assert!(format!("{:#}", Mailer::open(&stranger).unwrap_err()).contains("/nowhere.pem"));
}

fn content() -> Content {
    Content {
        title: "T".into(),
        dashboard: "D".into(),
        about: "A".into(),
        span: String::new(),
        link: String::new(),
        manage: String::new(),
        maker: String::new(),
        schedule: String::new(),
        figures: Vec::new(),
        lists: Vec::new(),
        events: 0,
        missing: Vec::new(),
        picture: vec![1],
    }
}
