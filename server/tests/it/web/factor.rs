//! The second factor of users with a password.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::http::{Method, StatusCode};
use data_encoding::BASE32_NOPAD;
use model::access::Role;
use ring::hmac;

use server::access::Settings;

use super::{
    access::{House, PASSWORD, Visitor, addresses, refused, secret, settings},
    client::{Answer, send},
};

/// What an app shows so many half-minutes from now.
fn code(secret: &str, later: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &BASE32_NOPAD.decode(secret.as_bytes()).unwrap());
    let step = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 30;
    let hash = hmac::sign(&key, &step.checked_add_signed(later).unwrap().to_be_bytes());
    let at = usize::from(hash.as_ref()[19] & 15);
    let number = u32::from_be_bytes(hash.as_ref()[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

#[track_caller]
fn part(answer: &Answer, role: &str) -> String {
    let text =
        answer.text().split(&format!("data-role=\"{role}\"")).nth(1).unwrap_or_else(|| panic!("{}", answer.text()));
    text.split(['<', '>']).nth(1).unwrap().replace(' ', "")
}

#[track_caller]
fn codes(answer: &Answer) -> Vec<String> {
    let shown = answer.text().split("data-role=\"codes\"").nth(1).unwrap_or_else(|| panic!("{}", answer.text()));
    let codes = shown.split("<code>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned());
    codes.collect()
}

/// Sets one up; returns its secret and the codes for emergencies.
async fn set_up(house: &House, who: &Visitor) -> (String, Vec<String>) {
    let begun = who.post(house, "/account", &[("do", "factor-begin"), ("password", PASSWORD)]).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text());
    let secret = part(&who.get(house, "/account").await, "factor-secret");
    let on = who.post(house, "/account", &[("do", "factor-confirm"), ("code", &code(&secret, -1))]).await;
    assert_eq!(on.status, StatusCode::OK, "{}", on.text());
    (secret, codes(&on))
}

async fn password(house: &House, name: &str) -> Answer {
    Visitor::default().post(house, "/login", &[("name", name), ("password", PASSWORD), ("next", "/dashboards")]).await
}

/// The browser after its password.
#[track_caller]
fn half(answer: &Answer) -> Visitor {
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/login/code"), "{}", answer.text());
    let set = answer.header("set-cookie");
    assert!(
        set.starts_with("trailmap-begun=") && set.ends_with("; Max-Age=600; Path=/; HttpOnly; SameSite=Lax"),
        "{set}"
    );
    Visitor { cookie: set.split(';').next().unwrap().to_owned(), ..Visitor::default() }
}

#[track_caller]
fn entered(answer: &Answer) -> Visitor {
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/dashboards"), "{}", answer.text());
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    assert!(cookie.starts_with("trailmap="), "{cookie}");
    Visitor { cookie, ..Visitor::default() }
}

async fn prove(house: &House, browser: &Visitor, code: &str) -> Answer {
    browser.post(house, "/login/code", &[("code", code)]).await
}

#[tokio::test]
async fn a_password_alone_lets_nobody_in_any_more() {
    let (house, admin) = House::with_admin().await;
    let vera = house.user(&admin, "vera", Role::Viewer, "*").await;
    assert!(vera.get(&house, "/account").await.text().contains("Set up"));
    let other = entered(&password(&house, "vera").await);
    assert_eq!(other.status(&house).await, StatusCode::OK);
    let begun = vera.post(&house, "/account", &[("do", "factor-begin"), ("password", PASSWORD)]).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER);
    let page = vera.get(&house, "/account").await;
    let secret = part(&page, "factor-secret");
    assert!(page.text().contains("class=\"factor-picture\"") && secret.len() == 32, "{}", page.text());
    let wrong = vera.post(&house, "/account", &[("do", "factor-confirm"), ("code", "000000")]).await;
    refused(&wrong, StatusCode::BAD_REQUEST, "not the code of now");
    assert_eq!(part(&wrong, "factor-secret"), secret, "the same may be tried again");
    // Not confirmed, it is not asked for.
    assert_eq!(password(&house, "vera").await.header("location"), "/dashboards");
    let on = vera.post(&house, "/account", &[("do", "factor-confirm"), ("code", &code(&secret, -1))]).await;
    let recovery = codes(&on);
    assert_eq!((recovery.len(), recovery[0].len()), (10, 19), "{recovery:?}");
    assert!(!on.text().contains(&secret) && on.text().contains("10 recovery codes are left"), "{}", on.text());
    assert_eq!((vera.status(&house).await, other.status(&house).await), (StatusCode::OK, StatusCode::UNAUTHORIZED));

    let browser = half(&password(&house, "VERA").await);
    assert_eq!(browser.status(&house).await, StatusCode::UNAUTHORIZED);
    assert!(browser.open(&house, "/login/code").await.text().contains("Your code"));
    assert_eq!(Visitor::default().open(&house, "/login/code").await.header("location"), "/login");
    refused(&prove(&house, &Visitor::default(), "000000").await, StatusCode::UNAUTHORIZED, "begin again");
    // The code that switched it on is used up, and so is one that let in.
    refused(&prove(&house, &browser, &code(&secret, -1)).await, StatusCode::BAD_REQUEST, "wrong, over, or was used");
    let typed = code(&secret, 0);
    let spaced = format!(" {} {} ", &typed[..3], &typed[3..]);
    let inside = entered(&prove(&house, &browser, &spaced).await);
    assert_eq!(inside.status(&house).await, StatusCode::OK);
    refused(&prove(&house, &browser, &code(&secret, 1)).await, StatusCode::UNAUTHORIZED, "begin again");
    let again = half(&password(&house, "vera").await);
    refused(&prove(&house, &again, &typed).await, StatusCode::BAD_REQUEST, "wrong, over, or was used");
}

#[tokio::test]
async fn recovery_codes_let_in_once_each() {
    let (house, admin) = House::with_admin().await;
    let (_, recovery) = set_up(&house, &admin).await;
    let browser = half(&password(&house, "root").await);
    let typed = recovery[3].replace('-', " ").to_uppercase();
    let inside = entered(&prove(&house, &browser, &typed).await);
    assert!(inside.get(&house, "/account").await.text().contains("9 recovery codes are left"));
    let browser = half(&password(&house, "root").await);
    refused(&prove(&house, &browser, &recovery[3]).await, StatusCode::BAD_REQUEST, "wrong, over, or was used");
    // New ones end those before.
    let form = [("do", "factor-recovery"), ("password", PASSWORD)];
    let renewed = codes(&inside.post(&house, "/account", &form).await);
    refused(&prove(&house, &browser, &recovery[4]).await, StatusCode::BAD_REQUEST, "wrong, over, or was used");
    entered(&prove(&house, &browser, &renewed[0]).await);
    let off = inside.post(&house, "/account", &[("do", "factor-end"), ("password", PASSWORD)]).await;
    assert!(off.text().contains("password alone") && off.text().contains("Set up"), "{}", off.text());
    let log = house.audit().await;
    for action in ["second_factor_on", "recovery_code_use", "recovery_codes", "second_factor_off"] {
        assert!(log.iter().any(|entry| entry["action"] == action && entry["user"] == "Root"), "{action}: {log:#?}");
    }
}

#[tokio::test]
async fn codes_are_not_guessed() {
    let (house, admin) = House::with_admin().await;
    set_up(&house, &admin).await;
    let browser = half(&password(&house, "root").await);
    for what in ["factor-begin", "factor-end", "factor-recovery"] {
        let guessed = admin.post(&house, "/account", &[("do", what), ("password", "guess")]).await;
        refused(&guessed, StatusCode::BAD_REQUEST, "not your password");
    }
    // One of the five tries was to switch it on.
    for at in 0..4 {
        refused(&prove(&house, &browser, &format!("00000{at}")).await, StatusCode::BAD_REQUEST, "wrong, over");
    }
    let held = prove(&house, &browser, "aaaa-bbbb-cccc-dddd").await;
    refused(&held, StatusCode::TOO_MANY_REQUESTS, "too often");
    assert!(held.header("retry-after").parse::<u64>().unwrap() > 30);
    let log = house.audit().await;
    let guesses = log.iter().filter(|entry| entry["detail"] == "wrong second factor" && entry["done"] == false);
    assert_eq!(guesses.count(), 4);
}

#[tokio::test]
async fn an_administrator_takes_it_away_and_a_link_does_not() {
    let (house, admin) = House::with_admin().await;
    let vera = house.user(&admin, "vera", Role::Viewer, "*").await;
    assert!(!admin.get(&house, "/users").await.text().contains("Reset second factor"));
    let (vera_secret, _) = set_up(&house, &vera).await;
    let users = admin.get(&house, "/users").await;
    assert!(users.text().contains("Reset second factor vera"), "{}", users.text());
    refused(
        &vera.post(&house, "/users", &[("do", "factor-reset"), ("id", "2")]).await,
        StatusCode::FORBIDDEN,
        "Only administrators",
    );
    // A new password by a link: the code is asked for as before.
    let link = admin.post(&house, "/users", &[("do", "welcome"), ("id", "2")]).await;
    let key = secret(&link).split_once("key=").unwrap().1;
    let fields = [("key", key), ("name", ""), ("password", PASSWORD), ("again", PASSWORD)];
    let chosen = Visitor::default().post(&house, "/welcome", &fields).await;
    half(&chosen);
    let waiting = half(&password(&house, "vera").await);
    assert_eq!(
        admin.post(&house, "/users", &[("do", "factor-reset"), ("id", "2")]).await.status,
        StatusCode::SEE_OTHER
    );
    refused(&prove(&house, &waiting, &code(&vera_secret, 0)).await, StatusCode::UNAUTHORIZED, "begin again");
    assert_eq!(password(&house, "vera").await.header("location"), "/dashboards");
    let again = admin.post(&house, "/users", &[("do", "factor-reset"), ("id", "2")]).await;
    refused(&again, StatusCode::BAD_REQUEST, "no second factor");
    let log = house.audit().await;
    let reset = |entry: &serde_json::Value| {
        entry["action"] == "second_factor_off" && entry["object"] == "vera" && entry["user"] == "Root"
    };
    assert!(log.iter().any(reset), "{log:#?}");

    // Whoever owns the database.
    let (_, _) = set_up(&house, &admin).await;
    half(&password(&house, "root").await);
    server::access::link(&house.pool, "http://localhost", "root", true).await.unwrap();
    assert_eq!(password(&house, "root").await.header("location"), "/dashboards");
}

#[tokio::test]
async fn the_database_tells_no_second_factor() {
    let (house, admin) = House::with_admin().await;
    let vera = house.user(&admin, "vera", Role::Viewer, "*").await;
    let (secret, recovery) = set_up(&house, &admin).await;
    let (vera_secret, _) = set_up(&house, &vera).await;
    assert_ne!(secret, vera_secret);
    house.audit().await;
    let all: Vec<String> = sqlx::query_scalar(
        "select second_factor::text from access.second_factor union all select recovery_code::text from access.recovery_code
         union all select sign_in::text from access.sign_in union all select audit::text from access.audit",
    )
    .fetch_all(&house.pool)
    .await
    .unwrap();
    let bytes = BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    for hidden in [secret, hex, recovery[0].clone(), recovery[0].replace('-', "")] {
        assert!(all.len() > 20 && !all.join("\n").contains(&hidden), "{hidden}");
    }
    // Put into another's row it opens nothing.
    let copied = "update access.second_factor set last_step = 0,
                  secret = (select secret from access.second_factor where user_id = 2) where user_id = 1";
    house.sql(copied).await;
    let browser = half(&password(&house, "root").await);
    refused(&prove(&house, &browser, &code(&vera_secret, 0)).await, StatusCode::BAD_REQUEST, "wrong, over");
    entered(&prove(&house, &browser, &recovery[0]).await);
}

/// With an administrator, who has told a password alone.
async fn asking() -> (House, Visitor) {
    let house = House::built(Settings { require_second_factor: true, ..settings() }, None).await;
    let root = house.accept(&house.access.first_link().await.unwrap(), "Root").await;
    (house, root)
}

/// Sets one up where everybody has to.
async fn set_up_at_the_door(house: &House, who: &Visitor) -> String {
    let begun = who.post(house, "/login/factor", &[("do", "begin"), ("password", PASSWORD), ("next", "/users")]).await;
    assert_eq!((begun.status, begun.header("location")), (StatusCode::SEE_OTHER, "/login/factor?next=%2Fusers"));
    let secret = part(&who.open(house, "/login/factor?next=%2Fusers").await, "factor-secret");
    let fields = [("do", "confirm"), ("code", &code(&secret, -1)), ("next", "/users")];
    let on = who.post(house, "/login/factor", &fields).await;
    assert_eq!((on.status, codes(&on).len()), (StatusCode::OK, 10), "{}", on.text());
    assert!(on.text().contains("href=\"/users\"") && !on.text().contains(&secret), "{}", on.text());
    secret
}

#[tokio::test]
async fn who_must_have_one_reaches_nothing_before() {
    let (house, root) = asking().await;
    let told = "Set up your second factor first: open /login/factor";
    for (method, path) in
        addresses().into_iter().chain([(Method::GET, "/nope".to_owned()), (Method::POST, "/x".to_owned())])
    {
        let headers = [root.headers(), vec![("sec-fetch-site", "same-origin")]].concat();
        let answer = send(&house.site, method.clone(), &path, &headers).await;
        refused(&answer, StatusCode::FORBIDDEN, told);
        assert!(!answer.text().contains("alice") && !answer.text().contains("CreateUser"), "{method} {path}");
    }
    let token = [("do", "token"), ("label", "x"), ("role", "viewer"), ("accounts", "*"), ("days", "9")];
    let user = [("do", "create"), ("name", "vera"), ("role", "viewer"), ("accounts", "*")];
    for (path, fields) in [("/account", &token[..]), ("/users", &user), ("/account", &[("do", "factor-begin")])] {
        refused(&root.post(&house, path, fields).await, StatusCode::FORBIDDEN, told);
    }
    let made: i64 = sqlx::query_scalar(
        "select (select count(*) from access.api_token) + (select count(*) from access.app_user) + (select count(*) from access.second_factor)",
    )
    .fetch_one(&house.pool)
    .await
    .unwrap();
    assert_eq!(made, 1, "there is the administrator alone");

    // A browser is led there, and says there what is wrong.
    let led = root.open(&house, "/d/overview?range=7d").await;
    let there = "/login/factor?next=%2Fd%2Foverview%3Frange%3D7d";
    assert_eq!((led.status, led.header("location")), (StatusCode::SEE_OTHER, there));
    let page = root.open(&house, there).await;
    assert!(
        page.text().contains("Set it up now") && page.text().contains("value=\"/d/overview?range=7d\""),
        "{}",
        page.text()
    );
    assert!(page.header("content-security-policy").contains("form-action 'self'") && !page.text().contains("<script"));
    let wrong = root.post(&house, "/login/factor", &[("do", "begin"), ("password", "guess")]).await;
    refused(&wrong, StatusCode::BAD_REQUEST, "not your password");
    refused(
        &root.post(&house, "/login/factor", &[("do", "end")]).await,
        StatusCode::BAD_REQUEST,
        "nothing that is known",
    );
    let early = root.post(&house, "/login/factor", &[("do", "confirm"), ("code", "000000")]).await;
    refused(&early, StatusCode::BAD_REQUEST, "not the code of now");
    // From another site nothing is set up; who is not signed in is led to sign in.
    let forged = root.post_as(&house, "/login/factor", &[("do", "begin"), ("password", PASSWORD)], &[]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    assert_eq!(Visitor::default().get(&house, "/login/factor").await.status, StatusCode::UNAUTHORIZED);
    let away = root.open(&house, "/login/factor?next=https%3A%2F%2Fevil.example").await;
    assert!(!away.text().contains("evil"), "{}", away.text());

    set_up_at_the_door(&house, &root).await;
    for path in ["/", "/account", "/users", "/d/overview/errors.json", "/discover.csv", "/api/v1/audit", "/metrics"] {
        assert_eq!(root.get(&house, path).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(root.get(&house, "/login/factor?next=%2Fusers").await.header("location"), "/users");
    half(&password(&house, "root").await);
}

#[tokio::test]
async fn without_one_again_its_tokens_go_on_and_nothing_else() {
    let (house, root) = asking().await;
    set_up_at_the_door(&house, &root).await;
    let vera = house.user(&root, "vera", Role::Viewer, "*").await;
    assert_eq!(vera.status(&house).await, StatusCode::FORBIDDEN);
    let out = vera.post(&house, "/logout", &[]).await;
    assert_eq!((out.status, out.header("location")), (StatusCode::SEE_OTHER, "/login"));
    assert_eq!(vera.status(&house).await, StatusCode::UNAUTHORIZED);

    let vera = entered(&password(&house, "vera").await);
    set_up_at_the_door(&house, &vera).await;
    let token = [("do", "token"), ("label", "x"), ("role", "viewer"), ("accounts", "*"), ("days", "9")];
    let made = vera.post(&house, "/account", &token).await;
    let program = Visitor { token: format!("Bearer {}", secret(&made)), ..Visitor::default() };
    assert_eq!((vera.status(&house).await, program.status(&house).await), (StatusCode::OK, StatusCode::OK));
    let reset = root.post(&house, "/users", &[("do", "factor-reset"), ("id", "2")]).await;
    assert_eq!(reset.status, StatusCode::SEE_OTHER);
    assert_eq!((vera.status(&house).await, program.status(&house).await), (StatusCode::FORBIDDEN, StatusCode::OK));
    assert_eq!(vera.post(&house, "/account", &token).await.status, StatusCode::FORBIDDEN);
    // A program sets nothing up.
    let begun = program.post(&house, "/login/factor", &[("do", "begin"), ("password", PASSWORD)]).await;
    refused(&begun, StatusCode::FORBIDDEN, "A token may not do this");
    // Switched off by its user: the same.
    let off = root.post(&house, "/account", &[("do", "factor-end"), ("password", PASSWORD)]).await;
    assert!(off.status.is_success(), "{}", off.text());
    assert_eq!(root.status(&house).await, StatusCode::FORBIDDEN);
    // Where nobody is asked to sign in, nobody is asked for a second factor.
    let open = House::built(Settings { open: true, require_second_factor: true, ..settings() }, None).await;
    assert_eq!(Visitor::default().status(&open).await, StatusCode::OK);
}
