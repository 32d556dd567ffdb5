//! Who is let in, and what they may do then.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    Router,
    http::{Method, StatusCode},
};
use model::{access::Role, dashboard::Dashboard};
use serde_json::{Value, json};
use server::{
    access::{Access, Journal, Seal, Settings, audit, oidc::Provider},
    query::Query,
    report::Post,
    web::{self, Gate, needs},
};
use sqlx::PgPool;

use super::client::{Answer, ask, send};
use crate::query::fixture;

pub const PASSWORD: &str = "plum-anchor-violin-72";

/// A server with users.
pub struct House {
    pub site: Router,
    pub access: Access,
    pub query: Query,
    pub pool: PgPool,
    /// Of the key for secrets.
    _folder: tempfile::TempDir,
}

/// A browser, or a program: what it sends along.
#[derive(Clone, Default)]
pub struct Visitor {
    pub cookie: String,
    pub token: String,
}

impl House {
    async fn new(settings: Settings) -> House {
        House::made(settings, Post::default(), None).await
    }

    async fn sending(settings: Settings, post: Post) -> House {
        House::made(settings, post, None).await
    }

    pub async fn built(settings: Settings, provider: Option<Provider>) -> House {
        House::made(settings, Post::default(), provider).await
    }

    async fn made(settings: Settings, post: Post, provider: Option<Provider>) -> House {
        let events = ["111111111111", "222222222222"].map(|account| {
            json!({ "event_name": "CreateUser", "event_source": "iam.amazonaws.com", "account": account, "actor": "alice" })
        });
        let pool = crate::support::database().await;
        fixture::insert(&pool, events).await;
        let query = fixture::query(&pool);
        let (journal, _) = Journal::start(pool.clone());
        let access = Access::new(pool.clone(), settings, journal).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let access = access.with_provider(provider).with_seal(Some(Seal::within(folder.path()))).with_post(post);
        let gate = Gate { access: access.clone(), query: query.clone(), proxies: Arc::new([]) };
        let settings = web::Settings { gate: Some(gate), ..web::Settings::default() };
        House { site: web::router_with(Arc::new(query.clone()), settings), access, query, pool, _folder: folder }
    }

    async fn closed() -> House {
        House::new(settings()).await
    }

    /// With an administrator, who is signed in.
    pub async fn with_admin() -> (House, Visitor) {
        House::with_post(Post::default()).await
    }

    /// The same, where reports can be sent.
    pub async fn with_post(post: Post) -> (House, Visitor) {
        let house = House::sending(settings(), post).await;
        let link = house.access.first_link().await.unwrap();
        let admin = house.accept(&link, "Root").await;
        (house, admin)
    }

    pub async fn accept(&self, link: &str, name: &str) -> Visitor {
        let key = link.split_once("key=").unwrap().1;
        let fields = [("key", key), ("name", name), ("password", PASSWORD), ("again", PASSWORD)];
        entered(&Visitor::default().post(self, "/welcome", &fields).await)
    }

    /// A user of this role, made by the administrator and signed in.
    pub async fn user(&self, admin: &Visitor, name: &str, role: Role, accounts: &str) -> Visitor {
        let fields = [("do", "create"), ("name", name), ("role", role.name()), ("accounts", accounts)];
        let answer = admin.post(self, "/users", &fields).await;
        self.accept(secret(&answer), "").await
    }

    /// What is answered to who does not sign in.
    pub async fn site_status(&self, path: &str) -> StatusCode {
        send(&self.site, Method::GET, path, &[]).await.status
    }

    pub async fn sql(&self, sql: &'static str) {
        sqlx::query(sql).execute(&self.pool).await.unwrap();
    }

    /// The audit log, once all is in it that was taken.
    pub async fn audit(&self) -> Vec<Value> {
        tokio::time::sleep(Duration::from_millis(600)).await;
        let texts: Vec<String> =
            sqlx::query_scalar("select entry from access.audit order by entry_id").fetch_all(&self.pool).await.unwrap();
        texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
    }
}

pub fn settings() -> Settings {
    Settings {
        open: false,
        idle: Duration::from_secs(1_800),
        lifetime: Duration::from_secs(43_200),
        base: "http://localhost:8080".to_owned(),
        require_second_factor: false,
    }
}

impl Visitor {
    pub fn headers(&self) -> Vec<(&str, &str)> {
        let mut headers = Vec::new();
        if !self.cookie.is_empty() {
            headers.push(("cookie", self.cookie.as_str()));
        }
        if !self.token.is_empty() {
            headers.push(("authorization", self.token.as_str()));
        }
        headers
    }

    pub async fn get(&self, house: &House, address: &str) -> Answer {
        send(&house.site, Method::GET, address, &self.headers()).await
    }

    /// Opens a page.
    pub async fn open(&self, house: &House, address: &str) -> Answer {
        let headers = [self.headers(), vec![("accept", "text/html")]].concat();
        send(&house.site, Method::GET, address, &headers).await
    }

    pub async fn post(&self, house: &House, address: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_as(house, address, fields, &[("sec-fetch-site", "same-origin")]).await
    }

    pub async fn post_as(
        &self,
        house: &House,
        address: &str,
        fields: &[(&str, &str)],
        more: &[(&str, &str)],
    ) -> Answer {
        let encode =
            |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let body: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let headers =
            [self.headers(), vec![("content-type", "application/x-www-form-urlencoded")], more.to_vec()].concat();
        ask(&house.site, Method::POST, address, &headers, body.join("&")).await
    }

    pub async fn status(&self, house: &House) -> StatusCode {
        self.get(house, "/d/overview/errors.json").await.status
    }
}

/// The browser after its sign-in.
#[track_caller]
fn entered(answer: &Answer) -> Visitor {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    Visitor { cookie: cookie(answer), ..Visitor::default() }
}

#[track_caller]
fn cookie(answer: &Answer) -> String {
    let set = answer.header("set-cookie");
    assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{set:?}");
    set.split(';').next().unwrap().to_owned()
}

/// A link or token that a page shows once.
#[track_caller]
pub fn secret(answer: &Answer) -> &str {
    let shown = answer.text().split("data-role=\"secret\"").nth(1).unwrap_or_else(|| panic!("{}", answer.text()));
    shown.split(['<', '>']).nth(1).unwrap()
}

#[track_caller]
pub fn refused(answer: &Answer, status: StatusCode, why: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert!(answer.text().contains(why), "no {why:?} in {}", answer.text());
}

/// Every address that there is, with something in the place of its parameters.
pub fn addresses() -> Vec<(Method, String)> {
    let of_app = web::addresses().into_iter().map(|(method, path)| {
        let filled = path.split('/').map(|segment| if segment.starts_with([':', '{', '*']) { "x" } else { segment });
        (method, filled.collect::<Vec<_>>().join("/"))
    });
    let rest = [
        "/discover.json",
        "/discover.ndjson",
        "/discover.csv",
        "/d/overview.json",
        "/d/overview.png",
        "/d/overview.pdf",
        "/d/overview/errors.json",
        "/d/overview/errors.csv",
        "/d/overview/errors.svg",
        "/d/overview/errors.png",
        "/d/overview/errors.pdf",
        "/d/overview/errors/inspect.json",
        "/event/id-000.json",
        "/entity/actor/alice.json",
        "/ingest/rejected/1",
        "/go/abc",
        "/api/v1/ingest",
        "/api/v1/audit",
        "/metrics",
        "/live",
    ];
    let forms = ["/dashboards", "/ingest", "/account", "/users", "/d/overview/edit", "/d/overview/history"];
    let get = rest.map(|path| (Method::GET, path.to_owned()));
    of_app.chain(get).chain(forms.map(|path| (Method::POST, path.to_owned()))).collect()
}

#[tokio::test]
async fn every_address_is_listed_and_shows_nothing_to_strangers() {
    let (house, admin) = House::with_admin().await;
    let (stranger, forged) = (Visitor::default(), Visitor { cookie: "trailmap=AAAA".into(), token: String::new() });
    let wrong = Visitor { token: "Bearer tm_AAAA".into(), cookie: String::new() };
    assert!(addresses().len() > 40);
    for (method, path) in addresses() {
        assert_eq!(needs::need(&method, &path), needs::Need::Reader, "{method} {path}: not listed");
        for visitor in [&stranger, &forged, &wrong] {
            let headers = [visitor.headers(), vec![("sec-fetch-site", "same-origin")]].concat();
            let answer = send(&house.site, method.clone(), &path, &headers).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}: {}", answer.text());
            assert_eq!(answer.header("www-authenticate"), "Bearer");
            assert!(!answer.text().contains("alice") && !answer.text().contains("CreateUser"), "{path}");
        }
    }
    // As pages' scripts read it, which then say that one is signed out.
    assert_eq!(
        stranger.get(&house, "/api/panel?dashboard=overview&panel=errors&query=").await.json()["kind"],
        "signed_out"
    );
    assert_eq!(stranger.get(&house, "/api/v1/ingest").await.json()["error"]["kind"], "signed_out");
    let opened = stranger.open(&house, "/d/overview?range=7d&q=a:b").await;
    assert_eq!(opened.status, StatusCode::SEE_OTHER);
    assert_eq!(opened.header("location"), "/login?next=%2Fd%2Foverview%3Frange%3D7d%26q%3Da%3Ab");
    assert_eq!(admin.open(&house, "/nope").await.status, StatusCode::NOT_FOUND);
    for unlisted in ["/nope", "/d%2foverview", "//d/overview", "/LOGIN"] {
        assert_ne!(stranger.get(&house, unlisted).await.status, StatusCode::OK, "{unlisted}");
    }
    for open in ["/healthz", "/readyz", "/login"] {
        assert_eq!(stranger.get(&house, open).await.status, StatusCode::OK, "{open}");
    }
}

/// There or not, as the site was built: for nobody a reason to fail, or to sign in.
#[tokio::test]
async fn files_beside_the_pages_are_for_everybody() {
    let (house, _) = House::with_admin().await;
    for path in ["/favicon.svg", "/robots.txt", "/pkg/nothing.js"] {
        let status = Visitor::default().get(&house, path).await.status;
        assert!(matches!(status, StatusCode::OK | StatusCode::NOT_FOUND), "{path}: {status}");
    }
}

#[tokio::test]
async fn the_first_administrator_comes_by_a_link_that_works_once() {
    let house = House::closed().await;
    assert!(Visitor::default().get(&house, "/login").await.text().contains("Nobody can sign in yet"));
    let (link, other) = (house.access.first_link().await.unwrap(), house.access.first_link().await.unwrap());
    let path = link.strip_prefix("http://localhost:8080").unwrap();
    let page = Visitor::default().get(&house, path).await;
    assert!(page.text().contains("Welcome to Trailmap"), "{}", page.text());
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("cache-control"), "no-store");

    let key = link.split_once("key=").unwrap().1;
    let choose = async |password: &str, again: &str| {
        let fields = [("key", key), ("name", "Root"), ("password", password), ("again", again)];
        Visitor::default().post(&house, "/welcome", &fields).await
    };
    refused(&choose("short", "short").await, StatusCode::BAD_REQUEST, "at least 10");
    refused(&choose("password1234", "password1234").await, StatusCode::BAD_REQUEST, "guessed too soon");
    refused(&choose(PASSWORD, "another-one-altogether").await, StatusCode::BAD_REQUEST, "in two ways");
    let admin = entered(&choose(PASSWORD, PASSWORD).await);
    assert_eq!(admin.status(&house).await, StatusCode::OK);
    // Neither this link nor any that was printed before makes another.
    refused(&choose(PASSWORD, PASSWORD).await, StatusCode::NOT_FOUND, "This link was used");
    let other = other.strip_prefix("http://localhost:8080").unwrap();
    refused(&Visitor::default().get(&house, other).await, StatusCode::NOT_FOUND, "This link was used");
    for wrong in ["/welcome", "/welcome?key=", "/welcome?key=%00%ff", "/welcome?key=:key"] {
        assert_eq!(Visitor::default().get(&house, wrong).await.status, StatusCode::NOT_FOUND, "{wrong}");
    }
}

#[tokio::test]
async fn signing_in_gives_a_new_cookie_and_tells_nothing_of_what_was_wrong() {
    let (house, _) = House::with_admin().await;
    let sign_in = async |visitor: Visitor, name: &str, password: &str, next: &str| {
        visitor.post(&house, "/login", &[("name", name), ("password", password), ("next", next)]).await
    };
    let nobody = Visitor::default();
    let wrong = sign_in(nobody.clone(), "root", "no", "/").await;
    let unknown = sign_in(nobody.clone(), "<b>nobody", "no", "/").await;
    refused(&wrong, StatusCode::BAD_REQUEST, "Name or password is wrong.");
    refused(&unknown, StatusCode::BAD_REQUEST, "Name or password is wrong.");
    assert!(!unknown.text().contains("<b>nobody"));
    // A cookie that somebody else put there does not become theirs.
    let fixed = Visitor { cookie: "trailmap=chosen-by-another".into(), token: String::new() };
    let answer = sign_in(fixed.clone(), "ROOT", PASSWORD, "/d/overview?range=7d").await;
    assert_eq!(answer.header("location"), "/d/overview?range=7d");
    let first = entered(&answer);
    let second = entered(&sign_in(first.clone(), "root", PASSWORD, "//evil.example").await);
    assert_ne!(first.cookie, second.cookie);
    assert_eq!(fixed.status(&house).await, StatusCode::UNAUTHORIZED);
    assert_eq!((first.status(&house).await, second.status(&house).await), (StatusCode::OK, StatusCode::OK));
    // Signed out, the same cookie is worth nothing.
    let out = first.post(&house, "/logout", &[]).await;
    assert_eq!((out.status, out.header("location")), (StatusCode::SEE_OTHER, "/login"));
    assert!(out.header("set-cookie").starts_with("trailmap=; Max-Age=0"), "{}", out.header("set-cookie"));
    assert_eq!((first.status(&house).await, second.status(&house).await), (StatusCode::UNAUTHORIZED, StatusCode::OK));
}

#[tokio::test]
async fn guessing_is_slowed_down() {
    let (house, admin) = House::with_admin().await;
    let guess =
        async |name: &str| Visitor::default().post(&house, "/login", &[("name", name), ("password", "guess")]).await;
    for _ in 0..5 {
        assert_eq!(guess("root").await.status, StatusCode::BAD_REQUEST);
    }
    let sixth = guess("Root ").await;
    refused(&sixth, StatusCode::TOO_MANY_REQUESTS, "too often");
    assert!((1..=12).contains(&sixth.header("retry-after").parse().unwrap_or(0)), "{}", sixth.header("retry-after"));
    // Who is in stays in, and another name is not held up.
    assert_eq!(admin.status(&house).await, StatusCode::OK);
    assert_eq!(guess("other").await.status, StatusCode::BAD_REQUEST);
    // All from one address: however many names.
    let mut answers = Vec::new();
    for at in 0..20 {
        answers.push(guess(&format!("name {at}")).await.status);
    }
    assert!(answers.contains(&StatusCode::TOO_MANY_REQUESTS), "{answers:?}");
}

#[tokio::test]
async fn roles_decide_what_may_be_changed() {
    let (house, admin) = House::with_admin().await;
    let viewer = house.user(&admin, "vera", Role::Viewer, "*").await;
    let editor = house.user(&admin, "edgar", Role::Editor, "*").await;
    let scoped_admin = house.user(&admin, "adam", Role::Admin, "111111111111").await;
    let create = [("do", "create"), ("title", "Mine")];
    for (visitor, status) in
        [(&viewer, StatusCode::FORBIDDEN), (&editor, StatusCode::SEE_OTHER), (&admin, StatusCode::SEE_OTHER)]
    {
        assert_eq!(visitor.post(&house, "/dashboards", &create).await.status, status);
    }
    let body = Dashboard::empty("mine", "Changed").to_json();
    let save = [("do", "save"), ("base", "1"), ("spec", body.as_str())];
    refused(&viewer.post(&house, "/d/mine/edit", &save).await, StatusCode::FORBIDDEN, "You may look");
    refused(
        &viewer.post(&house, "/dashboards", &[("do", "delete"), ("id", "mine")]).await,
        StatusCode::FORBIDDEN,
        "You may look",
    );
    refused(&viewer.post(&house, "/ingest", &[("do", "retry-failed")]).await, StatusCode::FORBIDDEN, "You may look");
    // The same through what scripts of pages call.
    let call = [("address", "/dashboards"), ("form", "do=create&title=Mine")];
    assert_eq!(viewer.post(&house, "/api/send", &call).await.json()["status"], 403);
    for visitor in [&viewer, &editor, &scoped_admin] {
        for path in ["/users", "/audit", "/api/v1/audit"] {
            assert_eq!(visitor.get(&house, path).await.status, StatusCode::FORBIDDEN, "{path}");
        }
        for what in ["create", "change", "delete", "welcome", "sign-out"] {
            let fields = [("do", what), ("id", "1"), ("name", "eve"), ("role", "admin"), ("accounts", "*")];
            assert_eq!(visitor.post(&house, "/users", &fields).await.status, StatusCode::FORBIDDEN, "{what}");
        }
    }
    for path in ["/users", "/audit", "/api/v1/audit", "/account"] {
        assert_eq!(admin.get(&house, path).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(viewer.get(&house, "/account").await.status, StatusCode::OK);
}

#[tokio::test]
async fn somebody_can_always_administer() {
    let (house, admin) = House::with_admin().await;
    house.user(&admin, "vera", Role::Viewer, "*").await;
    let send = async |fields: &[(&str, &str)]| admin.post(&house, "/users", fields).await;
    let left = "Nobody would be left";
    let change = |role, accounts, disabled| {
        let mut fields = vec![("do", "change"), ("id", "1"), ("role", role), ("accounts", accounts)];
        if disabled {
            fields.push(("disabled", "1"));
        }
        fields
    };
    refused(&send(&change("editor", "*", false)).await, StatusCode::BAD_REQUEST, left);
    refused(&send(&change("admin", "111111111111", false)).await, StatusCode::BAD_REQUEST, left);
    refused(&send(&change("admin", "*", true)).await, StatusCode::BAD_REQUEST, left);
    refused(&send(&[("do", "delete"), ("id", "1")]).await, StatusCode::BAD_REQUEST, left);
    assert_eq!(admin.status(&house).await, StatusCode::OK);
    refused(
        &send(&[("do", "create"), ("name", " VERA "), ("role", "viewer"), ("accounts", "*")]).await,
        StatusCode::BAD_REQUEST,
        "has this name",
    );
    refused(
        &send(&[("do", "create"), ("name", "eve"), ("role", "viewer"), ("accounts", "1,,2")]).await,
        StatusCode::BAD_REQUEST,
        "no account",
    );
    refused(&send(&[("do", "delete"), ("id", "99")]).await, StatusCode::NOT_FOUND, "no such user");
}

#[tokio::test]
async fn who_may_not_sign_in_any_more_is_out_at_once() {
    let (house, admin) = House::with_admin().await;
    let vera = house.user(&admin, "vera", Role::Viewer, "*").await;
    let token = secret(&vera.post(&house, "/account", &token("viewer", "*", "30")).await).to_owned();
    let program = Visitor { token: format!("Bearer {token}"), ..Visitor::default() };
    assert_eq!((vera.status(&house).await, program.status(&house).await), (StatusCode::OK, StatusCode::OK));
    let off = [("do", "change"), ("id", "2"), ("role", "viewer"), ("accounts", "*"), ("disabled", "1")];
    assert_eq!(admin.post(&house, "/users", &off).await.status, StatusCode::SEE_OTHER);
    assert_eq!(
        (vera.status(&house).await, program.status(&house).await),
        (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED)
    );
    let fields = [("name", "vera"), ("password", PASSWORD)];
    assert_eq!(Visitor::default().post(&house, "/login", &fields).await.status, StatusCode::BAD_REQUEST);
    // Sessions do not come back with the right to sign in.
    let on = [("do", "change"), ("id", "2"), ("role", "viewer"), ("accounts", "*")];
    assert_eq!(admin.post(&house, "/users", &on).await.status, StatusCode::SEE_OTHER);
    assert_eq!((vera.status(&house).await, program.status(&house).await), (StatusCode::UNAUTHORIZED, StatusCode::OK));
    // A new password ends all sessions.
    let vera = entered(&Visitor::default().post(&house, "/login", &fields).await);
    let link = admin.post(&house, "/users", &[("do", "welcome"), ("id", "2")]).await;
    house.accept(secret(&link), "").await;
    assert_eq!(vera.status(&house).await, StatusCode::UNAUTHORIZED);
}

fn token<'a>(role: &'a str, accounts: &'a str, days: &'a str) -> [(&'a str, &'a str); 5] {
    [("do", "token"), ("label", "Nightly export"), ("role", role), ("accounts", accounts), ("days", days)]
}

#[tokio::test]
async fn tokens_may_no_more_than_who_made_them() {
    let (house, admin) = House::with_admin().await;
    let editor = house.user(&admin, "edgar", Role::Editor, "111111111111").await;
    let make = async |role: &str, accounts: &str, days: &str| {
        editor.post(&house, "/account", &token(role, accounts, days)).await
    };
    refused(&make("admin", "111111111111", "1").await, StatusCode::BAD_REQUEST, "no more than you may");
    refused(&make("viewer", "*", "1").await, StatusCode::BAD_REQUEST, "no more accounts");
    refused(&make("viewer", "222222222222", "1").await, StatusCode::BAD_REQUEST, "no more accounts");
    refused(&make("viewer", "111111111111", "0").await, StatusCode::BAD_REQUEST, "1 to 366 days");
    refused(&make("viewer", "111111111111", "1000").await, StatusCode::BAD_REQUEST, "1 to 366 days");
    let made = make("editor", "111111111111", "30").await;
    assert!(secret(&made).starts_with("tm_"), "{}", made.text());
    let program = Visitor { token: format!("bearer {}", secret(&made)), ..Visitor::default() };
    for path in [
        "/d/overview/errors.json",
        "/d/overview/errors.csv",
        "/d/overview/errors.png",
        "/discover.ndjson",
        "/discover.csv",
    ] {
        assert_eq!(program.get(&house, path).await.status, StatusCode::OK, "{path}");
    }
    // A program needs no page to come from; and is no person, who could make itself another key.
    let create = [("do", "create"), ("title", "Mine")];
    assert_eq!(program.post_as(&house, "/dashboards", &create, &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(program.get(&house, "/account").await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        program.post_as(&house, "/account", &token("viewer", "111111111111", "1"), &[]).await.status,
        StatusCode::FORBIDDEN
    );
    // Its user's role is a lesser one by now: so is its own.
    let demote = [("do", "change"), ("id", "2"), ("role", "viewer"), ("accounts", "111111111111")];
    assert_eq!(admin.post(&house, "/users", &demote).await.status, StatusCode::SEE_OTHER);
    assert_eq!(program.post_as(&house, "/dashboards", &create, &[]).await.status, StatusCode::FORBIDDEN);
    // Somebody else's cannot be revoked, but by an administrator.
    let vera = house.user(&admin, "vera", Role::Viewer, "*").await;
    let revoke = [("do", "revoke"), ("id", "1")];
    assert_eq!(vera.post(&house, "/account", &revoke).await.status, StatusCode::NOT_FOUND);
    house.sql("update access.api_token set expires_at = now() - interval '1 second'").await;
    assert_eq!(program.status(&house).await, StatusCode::UNAUTHORIZED);
    house.sql("update access.api_token set expires_at = now() + interval '1 hour'").await;
    assert_eq!(program.status(&house).await, StatusCode::OK);
    assert_eq!(admin.post(&house, "/account", &revoke).await.status, StatusCode::SEE_OTHER);
    assert_eq!(program.status(&house).await, StatusCode::UNAUTHORIZED);
}

/// What the tests of `query::scope` prove of the backend holds of whoever signs in.
#[tokio::test]
async fn users_of_one_account_see_that_account() {
    let (house, admin) = House::with_admin().await;
    let vera = house.user(&admin, "vera", Role::Viewer, "222222222222").await;
    let made = vera.post(&house, "/account", &token("viewer", "222222222222", "1")).await;
    let program = Visitor { token: format!("Bearer {}", secret(&made)), ..Visitor::default() };
    let accounts = async |visitor: &Visitor| {
        let rows = visitor.get(&house, "/discover.json?columns=account&range=7d").await.json();
        rows["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["account"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(accounts(&admin).await.len(), 2);
    assert_eq!(accounts(&vera).await, ["222222222222"]);
    assert_eq!(accounts(&program).await, ["222222222222"]);
    for path in ["/event/id-000.json", "/event/id-000"] {
        assert_eq!(
            (admin.get(&house, path).await.status, vera.get(&house, path).await.status),
            (StatusCode::OK, StatusCode::NOT_FOUND)
        );
    }
    for path in ["/ingest", "/api/v1/ingest", "/ingest/rejected/1", "/metrics"] {
        assert_eq!(vera.get(&house, path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    // The very next request sees what the user sees by now.
    let change = [("do", "change"), ("id", "2"), ("role", "viewer"), ("accounts", "111111111111")];
    assert_eq!(admin.post(&house, "/users", &change).await.status, StatusCode::SEE_OTHER);
    assert_eq!(accounts(&vera).await, ["111111111111"]);
    assert_eq!(accounts(&program).await, Vec::<String>::new(), "its own account and its user's: none");
}

/// Pages are rendered once for all who ask for the same: that is, in the same name and role.
#[tokio::test]
async fn no_reader_is_shown_the_page_of_another() {
    let (house, admin) = House::with_admin().await;
    let vera = house.user(&admin, "vera", Role::Viewer, "222222222222").await;
    let path = "/d/overview?range=7d";
    let page = async |visitor: &Visitor| {
        let headers = [visitor.headers(), vec![("accept", "text/html"), ("accept-encoding", "gzip")]].concat();
        let answer = send(&house.site, Method::GET, path, &headers).await;
        assert_eq!((answer.status, answer.header("content-encoding")), (StatusCode::OK, "gzip"));
        let mut text = String::new();
        std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(&answer.body[..]), &mut text).unwrap();
        text
    };
    let (of_admin, of_vera) = (page(&admin).await, page(&vera).await);
    assert!(of_admin.contains("Root") && of_admin.contains("111111111111"));
    assert!(of_vera.contains("vera") && !of_vera.contains("Root") && !of_vera.contains("111111111111"));
    assert!(page(&admin).await.contains("Root"));
    let demote = [("do", "change"), ("id", "2"), ("role", "viewer"), ("accounts", "")];
    assert_eq!(admin.post(&house, "/users", &demote).await.status, StatusCode::SEE_OTHER);
    assert!(!page(&vera).await.contains("222222222222"), "the next page is of what may be seen by now");
}

#[tokio::test]
async fn other_sites_change_nothing_in_a_readers_name() {
    let (house, admin) = House::with_admin().await;
    let forms = addresses().into_iter().filter(|(method, _)| method == Method::POST).map(|(_, path)| path);
    for path in forms.chain(["/login".into(), "/login/code".into(), "/logout".into(), "/welcome".into()]) {
        for foreign in [
            vec![("sec-fetch-site", "cross-site")],
            vec![("sec-fetch-site", "same-site")],
            vec![("origin", "https://evil.example")],
            vec![("origin", "null")],
        ] {
            let answer = admin.post_as(&house, &path, &[("do", "create"), ("title", "Mine")], &foreign).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {foreign:?}");
        }
    }
    // With a cookie, but from nowhere.
    for path in ["/dashboards", "/users", "/account", "/logout", "/api/send"] {
        assert_eq!(admin.post_as(&house, path, &[("do", "create")], &[]).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(admin.status(&house).await, StatusCode::OK);
    let dashboards: i64 = sqlx::query_scalar("select count(*) from dashboard").fetch_one(&house.pool).await.unwrap();
    assert_eq!(dashboards, 0);
}

#[tokio::test]
async fn sessions_end_and_their_secrets_change() {
    let (house, admin) = House::with_admin().await;
    // Old enough for another secret: it comes with a page, and only there.
    house.sql("update access.login set seen_at = now() - interval '20 minutes'").await;
    assert_eq!(admin.get(&house, "/d/overview/errors.json").await.header("set-cookie"), "");
    let renewed = Visitor { cookie: cookie(&admin.open(&house, "/dashboards").await), ..Visitor::default() };
    assert_ne!(renewed.cookie, admin.cookie);
    // Until the browser is seen with it, the one before holds; another page that opens meanwhile gets no third.
    assert_eq!(admin.open(&house, "/dashboards").await.header("set-cookie"), "");
    assert_eq!(admin.status(&house).await, StatusCode::OK);
    assert_eq!(renewed.status(&house).await, StatusCode::OK);
    // Then for a minute more.
    assert_eq!(admin.status(&house).await, StatusCode::OK);
    house.sql("update access.login set seen_at = seen_at - interval '61 seconds'").await;
    assert_eq!((admin.status(&house).await, renewed.status(&house).await), (StatusCode::UNAUTHORIZED, StatusCode::OK));

    house.sql("update access.login set last_used_at = now() - interval '31 minutes'").await;
    assert_eq!(renewed.status(&house).await, StatusCode::UNAUTHORIZED);
    house
        .sql("update access.login set last_used_at = now(), created_at = now() - interval '11 hours 59 minutes'")
        .await;
    assert_eq!(renewed.status(&house).await, StatusCode::OK);
    house.sql("update access.login set created_at = now() - interval '12 hours 1 minute'").await;
    assert_eq!(renewed.status(&house).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn own_sessions_and_the_password_are_the_readers_to_change() {
    let (house, admin) = House::with_admin().await;
    let other = entered(&Visitor::default().post(&house, "/login", &[("name", "root"), ("password", PASSWORD)]).await);
    let vera = house.user(&admin, "vera", Role::Viewer, "*").await;
    assert_eq!(
        vera.post(&house, "/account", &[("do", "end"), ("id", "1")]).await.status,
        StatusCode::NOT_FOUND,
        "another's"
    );
    assert_eq!(admin.post(&house, "/account", &[("do", "end-others")]).await.status, StatusCode::SEE_OTHER);
    assert_eq!((other.status(&house).await, admin.status(&house).await), (StatusCode::UNAUTHORIZED, StatusCode::OK));
    assert_eq!(vera.status(&house).await, StatusCode::OK);
    let change = async |old: &str, new: &str| {
        admin.post(&house, "/account", &[("do", "password"), ("old", old), ("new", new), ("again", new)]).await
    };
    refused(&change("wrong", "olive-harbour-kettle-9").await, StatusCode::BAD_REQUEST, "not your password");
    refused(&change(PASSWORD, "root-root-root").await, StatusCode::BAD_REQUEST, "guessed too soon");
    let other = entered(&Visitor::default().post(&house, "/login", &[("name", "root"), ("password", PASSWORD)]).await);
    assert_eq!(change(PASSWORD, "olive-harbour-kettle-9").await.status, StatusCode::OK);
    assert_eq!((other.status(&house).await, admin.status(&house).await), (StatusCode::UNAUTHORIZED, StatusCode::OK));
}

#[tokio::test]
async fn what_is_done_is_written_down_and_cannot_be_rewritten() {
    let (house, admin) = House::with_admin().await;
    let vera = house.user(&admin, "vera", Role::Viewer, "111111111111").await;
    Visitor::default().post(&house, "/login", &[("name", "vera"), ("password", "secret-typo")]).await;
    vera.open(&house, "/d/overview?range=7d").await;
    vera.open(&house, "/d/overview?range=7d").await;
    vera.get(&house, "/d/overview/errors.csv?q=actor:alice").await;
    vera.get(&house, "/users").await;
    let made = vera.post(&house, "/account", &token("viewer", "111111111111", "30")).await;
    let program = Visitor { token: format!("Bearer {}", secret(&made)), ..Visitor::default() };
    program.get(&house, "/discover.ndjson").await;
    admin.post(&house, "/dashboards", &[("do", "create"), ("title", "Mine")]).await;
    admin.post(&house, "/dashboards", &[("do", "delete"), ("id", "mine")]).await;
    vera.post(&house, "/logout", &[]).await;
    let log = house.audit().await;
    let mut acts: BTreeMap<String, usize> = BTreeMap::new();
    for entry in &log {
        let text = |key: &str| entry[key].as_str().unwrap_or_default();
        *acts
            .entry(format!(
                "{} {} {} {} {}",
                text("user"),
                text("token"),
                text("action"),
                text("object"),
                entry["done"]
            ))
            .or_default() += 1;
    }
    for expected in [
        "Root  password_choose Root true",
        "Root  user_create vera true",
        "vera  password_choose vera true",
        "  sign_in vera false",
        "vera  view /d/overview true",
        "vera  export /d/overview/errors.csv true",
        "vera  view /users false",
        "vera  token_create Nightly export true",
        "vera Nightly export export /discover.ndjson true",
        "Root  dashboard_create mine true",
        "Root  dashboard_delete mine true",
        "vera  sign_out vera true",
    ] {
        assert_eq!(acts.get(expected), Some(&1), "{expected}: {acts:#?}");
    }
    let page = admin.get(&house, "/audit?from=2020-01-01T00:00:00Z&to=2090-01-01T00:00:00Z").await;
    assert!(page.text().contains("Nightly export") && page.text().contains("dashboard_create"), "{}", page.text());
    let json = admin.get(&house, "/api/v1/audit").await.json();
    assert!(json["entries"].as_array().unwrap().len() >= log.len());

    let pool = &house.pool;
    assert!(matches!(audit::verify(pool).await.unwrap(), Ok(entries) if entries >= log.len() as i64));
    for attempt in [
        "update access.audit set entry = '{}' where entry_id = 3",
        "delete from access.audit where entry_id = 3",
        "truncate access.audit",
    ] {
        let refused = sqlx::query(attempt).execute(pool).await.unwrap_err().to_string();
        assert!(refused.contains("only added to"), "{refused}");
    }
    // Whoever owns the database can still rewrite it; then it shows.
    house.sql("alter table access.audit disable trigger all").await;
    house.sql("update access.audit set entry = replace(entry, 'vera', 'vega') where entry_id = 3").await;
    assert_eq!(audit::verify(pool).await.unwrap(), Err("entry 3 or one before it was changed".to_owned()));
    house.sql("delete from access.audit where entry_id = 3").await;
    assert_eq!(audit::verify(pool).await.unwrap(), Err("entry 3 is missing".to_owned()));
}

#[tokio::test]
async fn no_secret_is_kept_as_it_is() {
    let (house, admin) = House::with_admin().await;
    let vera = house.user(&admin, "vera", Role::Viewer, "*").await;
    let made = vera.post(&house, "/account", &token("viewer", "*", "30")).await;
    let link = admin.post(&house, "/users", &[("do", "welcome"), ("id", "2")]).await;
    house.audit().await;
    let all: Vec<String> = sqlx::query_scalar(
        "select app_user::text from access.app_user union all select login::text from access.login
         union all select api_token::text from access.api_token union all select welcome::text from access.welcome
         union all select audit::text from access.audit",
    )
    .fetch_all(&house.pool)
    .await
    .unwrap();
    let all = all.join("\n");
    assert!(all.contains("$argon2id$v=19$m=19456,t=2,p=1$"));
    let (_, cookie) = vera.cookie.split_once('=').unwrap();
    let key = secret(&link).split_once("key=").unwrap().1;
    for secret in [PASSWORD, cookie, secret(&made), key] {
        assert!(secret.len() > 15 && !all.contains(secret), "{secret}");
    }
    // Nor shown again.
    let page = vera.get(&house, "/account").await;
    assert!(page.text().contains("Nightly export") && !page.text().contains(secret(&made)));
}

#[tokio::test]
async fn an_open_server_answers_this_machine_alone_and_until_there_are_users() {
    let house = House::new(Settings { open: true, ..settings() }).await;
    let anybody = Visitor::default();
    assert_eq!(anybody.status(&house).await, StatusCode::OK);
    let page = anybody.open(&house, "/dashboards").await;
    assert!(page.text().contains("data-role=\"open\""), "no notice");
    for proxied in ["x-forwarded-for", "forwarded", "x-forwarded-host"] {
        let answer = send(&house.site, Method::GET, "/d/overview/errors.json", &[(proxied, "198.51.100.1")]).await;
        refused(&answer, StatusCode::FORBIDDEN, "--access accounts");
    }
    refused(&anybody.get(&house, "/users").await, StatusCode::FORBIDDEN, "no users");
    assert_eq!(anybody.get(&house, "/login").await.status, StatusCode::SEE_OTHER);
    let link = house.access.first_link().await.unwrap();
    let admin = house.accept(&link, "Root").await;
    assert_eq!((anybody.status(&house).await, admin.status(&house).await), (StatusCode::UNAUTHORIZED, StatusCode::OK));
    assert!(!admin.open(&house, "/dashboards").await.text().contains("data-role=\"open\""));
}

#[tokio::test]
async fn behind_tls_cookies_and_browsers_are_told_so() {
    let house = House::new(Settings { base: "https://trailmap.example.com".to_owned(), ..settings() }).await;
    let link = house.access.first_link().await.unwrap();
    let key = link.strip_prefix("https://trailmap.example.com/welcome?key=").unwrap();
    let fields = [("key", key), ("name", "Root"), ("password", PASSWORD), ("again", PASSWORD)];
    let answer = Visitor::default().post(&house, "/welcome", &fields).await;
    let set = answer.header("set-cookie");
    assert!(set.starts_with("__Host-trailmap=") && set.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{set}");
    let (_, value) = set.split(';').next().unwrap().split_once('=').unwrap();
    let plain = Visitor { cookie: format!("trailmap={value}"), ..Visitor::default() };
    let secure = Visitor { cookie: format!("__Host-trailmap={value}"), ..Visitor::default() };
    assert_eq!((plain.status(&house).await, secure.status(&house).await), (StatusCode::UNAUTHORIZED, StatusCode::OK));
    let settings = web::Settings { secure: true, ..web::Settings::default() };
    let site = web::router_with(Arc::new(house.query.clone()), settings);
    let answer = send(&site, Method::GET, "/healthz", &[]).await;
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
}
