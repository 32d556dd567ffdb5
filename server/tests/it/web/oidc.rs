//! Sign-in through a provider: who comes in, as whom, and what is not believed.

use std::time::Duration;

use axum::http::StatusCode;
use model::access::Role;
use serde_json::{Value, json};
use server::{
    access::Settings,
    clock::Clock,
    config::{file, oidc::Oidc},
    outgoing::{Client, Policy},
};

use self::provider::{At, Provider, SECRET, Signed, Trouble};
use super::{
    access::{House, Visitor, refused, secret, settings},
    client::Answer,
};

mod check;
mod provider;

const ROLES: &str = "
[[oidc.role]]
group = 'cloud-admins'
role = 'admin'
[[oidc.role]]
group = 'payments'
role = 'viewer'
accounts = ['111111111111']
[[oidc.role]]
group = 'builders'
role = 'editor'
accounts = ['222222222222']
";

fn configured(provider: &Provider, more: &str) -> Oidc {
    let secret = provider.ca().with_file_name("secret");
    std::fs::write(&secret, format!("{SECRET}\n")).unwrap();
    let (issuer, secret) = (provider.issuer(), secret.display());
    let text = format!(
        "[oidc]\nissuer = '{issuer}'\nclient_id = 'trailmap & co'\nname = 'Example ID'\nscopes = ['groups']\n\
         client_secret_file = '{secret}'\n{more}\n{ROLES}"
    );
    file::parse(&text).unwrap().oidc.unwrap()
}

async fn house(provider: &Provider, more: &str) -> House {
    house_with(provider, more, settings()).await
}

async fn house_with(provider: &Provider, more: &str, settings: Settings) -> House {
    let policy = Policy {
        allow: vec!["127.0.0.1/32".parse().unwrap(), "::1/128".parse().unwrap()],
        ca: Some(provider.ca()),
        whole: Duration::from_secs(2),
        ..Policy::default()
    };
    let client = Client::new(policy).unwrap();
    let provider =
        server::access::oidc::Provider::new(configured(provider, more), "http://localhost:8080", client, Clock::System);
    House::built(settings, Some(provider.unwrap())).await
}

async fn open(more: &str) -> (Provider, House) {
    let provider = Provider::start().await;
    let house = house(&provider, more).await;
    (provider, house)
}

/// The cookie of an answer by its name.
fn cookie(answer: &Answer, name: &str) -> Option<String> {
    let set = answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
    let found = set.filter_map(|set| set.split(';').next()).find(|pair| pair.starts_with(&format!("{name}=")));
    found.filter(|pair| !pair.ends_with('=')).map(str::to_owned)
}

/// A browser leaves; returns it with its cookie, and the provider's address.
async fn leave(house: &House) -> (Visitor, String) {
    let answer = Visitor::default().open(house, "/login/provider?next=%2Fd%2Foverview%3Frange%3D7d").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    let cookie = cookie(&answer, "trailmap-begun").unwrap();
    (Visitor { cookie, ..Visitor::default() }, answer.header("location").to_owned())
}

/// All of a sign-in, up to the answer.
async fn come(provider: &Provider, house: &House) -> Answer {
    let (browser, location) = leave(house).await;
    browser.open(house, &provider.sign_in(&location)).await
}

#[track_caller]
fn entered(answer: &Answer) -> Visitor {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    assert_eq!(answer.header("location"), "/d/overview?range=7d");
    Visitor { cookie: cookie(answer, "trailmap").unwrap(), ..Visitor::default() }
}

async fn users(house: &House) -> Vec<(String, String, Option<Vec<String>>)> {
    sqlx::query_as("select name, role, accounts from access.app_user order by user_id")
        .fetch_all(&house.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_user_comes_in_with_the_roles_and_accounts_of_their_groups() {
    let (provider, house) = open("").await;
    let page = Visitor::default().open(&house, "/login?next=%2Fdashboards").await;
    assert!(page.text().contains("Sign in with Example ID") && page.text().contains("next=%2Fdashboards"));
    let (browser, location) = leave(&house).await;
    let back = provider.sign_in(&location);
    let answer = browser.open(&house, &back).await;
    let ada = entered(&answer);
    let all: Vec<_> = answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    assert!(all[0].ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{all:?}");
    assert!(all[1].starts_with("trailmap-begun=; Max-Age=0"), "{all:?}");
    assert_eq!(ada.status(&house).await, StatusCode::OK);
    assert_eq!(users(&house).await, [("ada".to_owned(), "admin".to_owned(), None)]);
    let listed = ada.get(&house, "/users").await;
    assert!(listed.text().contains("from Example ID"), "{}", listed.text());

    // Another has other groups, by a key of another kind; the token's own groups come before those of userinfo.
    provider.change(|manner| {
        manner.user = json!({ "sub": "8", "email": "ben@example.com", "groups": ["payments", "builders", "other"] });
        manner.signed = Signed::Curve;
    });
    let ben = entered(&come(&provider, &house).await);
    let accounts = ["111111111111", "222222222222"].map(str::to_owned).to_vec();
    assert_eq!(users(&house).await[1], ("ben@example.com".to_owned(), "editor".to_owned(), Some(accounts)));
    assert_eq!(ben.get(&house, "/users").await.status, StatusCode::FORBIDDEN);
    assert_eq!((provider.asked("userinfo"), provider.asked("discovery"), provider.asked("keys")), (0, 1, 1));

    // Groups change at the provider: at the next sign-in, for the sessions that are there, too.
    provider.change(|manner| manner.user["groups"] = json!(["payments"]));
    entered(&come(&provider, &house).await);
    let create = [("do", "create"), ("title", "Mine")];
    assert_eq!(ben.post(&house, "/dashboards", &create).await.status, StatusCode::FORBIDDEN);
    assert_eq!(ben.get(&house, "/event/id-001.json").await.status, StatusCode::NOT_FOUND);

    let log = house.audit().await;
    let has = |action: &str, object: &str, detail: &str| {
        log.iter().any(|entry| {
            entry["action"] == action && entry["object"] == object && entry["detail"].as_str() == Some(detail)
        })
    };
    assert!(has("user_create", "ada", "admin of all accounts, by Example ID"), "{log:#?}");
    assert!(has("user_change", "ben@example.com", "viewer of accounts 111111111111, by Example ID"), "{log:#?}");
    assert_eq!(log.iter().filter(|entry| entry["action"] == "sign_in" && entry["done"] == true).count(), 3);
}

#[tokio::test]
async fn groups_that_are_not_in_the_token_are_asked_for() {
    let (provider, house) = open("groups_claim = 'realm_access.roles'").await;
    provider.change(|manner| {
        manner.places = json!({ "token_endpoint_auth_methods_supported": ["client_secret_post"] });
        manner.user = json!({ "sub": "9", "name": "Cy" });
        manner.info = json!({ "sub": "9", "realm_access": { "roles": ["payments"] }, "iss": "other", "name": "Other" });
    });
    entered(&come(&provider, &house).await);
    let accounts = Some(vec!["111111111111".to_owned()]);
    assert_eq!(users(&house).await, [("Cy".to_owned(), "viewer".to_owned(), accounts)]);
    // What is told of another is not this user's.
    provider.change(|manner| manner.info["sub"] = json!("10"));
    refused(&come(&provider, &house).await, StatusCode::FORBIDDEN, "it names nobody");
}

/// Each way in which a token can be wrong, and the word for it; then a right one, so that it is not for another reason.
#[tokio::test]
async fn a_token_that_is_not_right_in_everything_is_not_believed() {
    let provider = Provider::start().await;
    type Wrong = (&'static str, fn(&mut Value, &mut Value));
    let wrong: [Wrong; 22] = [
        ("(nonce)", |_, claims| claims["nonce"] = json!("another")),
        ("(nonce)", |_, claims| drop(claims.as_object_mut().unwrap().remove("nonce"))),
        ("(iss)", |_, claims| claims["iss"] = json!("https://evil.example")),
        ("(iss)", |_, claims| claims["iss"] = json!(format!("{}/", claims["iss"].as_str().unwrap()))),
        ("(aud)", |_, claims| claims["aud"] = json!("another")),
        ("(aud)", |_, claims| claims["aud"] = json!([])),
        ("(aud)", |_, claims| claims["aud"] = json!(["trailmap & co", "another"])),
        ("(aud)", |_, claims| claims["azp"] = json!("another")),
        ("(aud)", |_, claims| drop(claims.as_object_mut().unwrap().remove("aud"))),
        ("(exp)", |_, claims| claims["exp"] = json!(claims["iat"].as_i64().unwrap() - 61)),
        ("(exp)", |_, claims| claims["exp"] = json!("9999999999")),
        ("(exp)", |_, claims| drop(claims.as_object_mut().unwrap().remove("exp"))),
        ("(iat)", |_, claims| claims["iat"] = json!(claims["iat"].as_i64().unwrap() + 90)),
        ("(iat)", |_, claims| claims["iat"] = json!(claims["iat"].as_i64().unwrap() - 700)),
        ("(iat)", |_, claims| claims["nbf"] = json!(claims["iat"].as_i64().unwrap() + 90)),
        ("(at_hash)", |_, claims| claims["at_hash"] = json!("AAAA")),
        ("(sub)", |_, claims| claims["sub"] = json!("")),
        ("(sub)", |_, claims| claims["sub"] = json!(7)),
        ("not accepted", |header, _| header["crit"] = json!(["b64"])),
        ("not accepted", |header, _| header["alg"] = json!("rs256")),
        ("does not list", |header, _| header["kid"] = json!("unknown")),
        ("does not list", |header, _| header["alg"] = json!("ES256")),
    ];
    // Few for each server, which counts them.
    for some in wrong.chunks(11) {
        let house = house(&provider, "").await;
        for &(told, mend) in some {
            provider.change(|manner| manner.mend = Box::new(mend));
            let answer = come(&provider, &house).await;
            refused(&answer, StatusCode::FORBIDDEN, told);
            assert!(answer.text().contains("is not believed") && cookie(&answer, "trailmap").is_none(), "{told}");
        }
        let log = house.audit().await;
        let told: Vec<_> = log.iter().filter(|entry| entry["action"] == "sign_in" && entry["done"] == false).collect();
        assert_eq!((told.len(), users(&house).await.len()), (some.len(), 0));
        assert!(told.iter().all(|entry| entry["detail"].as_str().unwrap().contains("is not believed")), "{told:#?}");
    }
    let house = house(&provider, "").await;
    provider.change(|manner| manner.mend = Box::new(|_, _| ()));
    for (signed, told) in
        [(Signed::Not, "not accepted"), (Signed::Hmac, "not accepted"), (Signed::Other, "its signature does not hold")]
    {
        provider.change(|manner| manner.signed = signed);
        refused(&come(&provider, &house).await, StatusCode::FORBIDDEN, told);
    }
    assert_eq!(users(&house).await, []);
    provider.change(|manner| {
        manner.signed = Signed::Rsa;
        manner.mend = Box::new(|_, claims| {
            claims["aud"] = json!(["trailmap & co", "another"]);
            claims["azp"] = json!("trailmap & co");
            claims["exp"] = json!(claims["iat"].as_i64().unwrap() - 30);
        });
    });
    entered(&come(&provider, &house).await);
}

#[tokio::test]
async fn a_sign_in_ends_in_the_browser_that_began_it_and_once() {
    let (provider, house) = open("").await;
    let stale = "was begun in another browser";
    let (browser, location) = leave(&house).await;
    let (other, _) = leave(&house).await;
    let back = provider.sign_in(&location);
    refused(&Visitor::default().open(&house, &back).await, StatusCode::BAD_REQUEST, stale);
    refused(&other.open(&house, &back).await, StatusCode::BAD_REQUEST, stale);
    let forged = Visitor { cookie: "trailmap-begun=".to_owned(), ..Visitor::default() };
    refused(&forged.open(&house, &back).await, StatusCode::BAD_REQUEST, stale);
    let wrong = browser.open(&house, &format!("{back}x")).await;
    refused(&wrong, StatusCode::BAD_REQUEST, stale);
    assert_eq!(provider.asked("token"), 0);
    entered(&browser.open(&house, &back).await);
    refused(&browser.open(&house, &back).await, StatusCode::BAD_REQUEST, stale);
    assert_eq!(provider.asked("token"), 1);

    // A code is redeemed once: here in a sign-in of its own, where another has used it.
    let (browser, location) = leave(&house).await;
    let (another, elsewhere) = leave(&house).await;
    let (back, injected) = (provider.sign_in(&location), provider.sign_in(&elsewhere));
    let code = |path: &str| path.split_once("code=").unwrap().1.split_once('&').unwrap().0.to_owned();
    let mixed = back.replace(&code(&back), &code(&injected));
    refused(&browser.open(&house, &mixed).await, StatusCode::BAD_REQUEST, "used already or is over");
    refused(&another.open(&house, &injected).await, StatusCode::BAD_REQUEST, "used already or is over");

    // After ten minutes it is over.
    let (browser, location) = leave(&house).await;
    house.sql("update access.sign_in set expires_at = now() - interval '1 second'").await;
    refused(&browser.open(&house, &provider.sign_in(&location)).await, StatusCode::BAD_REQUEST, stale);

    // An answer of another provider (RFC 9207), and one that says no.
    let (browser, location) = leave(&house).await;
    let mixed = format!("{}&iss=https%3A%2F%2Fevil.example", provider.sign_in(&location));
    refused(&browser.open(&house, &mixed).await, StatusCode::FORBIDDEN, "(iss)");
    for (error, told) in
        [("access_denied", "did not let you in: access_denied"), ("%3Cb%3Eno", "that it does not name")]
    {
        let (browser, location) = leave(&house).await;
        let state = provider.sign_in(&location).split_once("state=").unwrap().1.to_owned();
        let denied = browser.open(&house, &format!("/login/callback?error={error}&state={state}")).await;
        refused(&denied, StatusCode::FORBIDDEN, told);
        assert!(!denied.text().contains("<b>"), "{}", denied.text());
    }
}

#[tokio::test]
async fn who_signs_in_is_told_by_the_provider_not_by_a_name() {
    let provider = Provider::start().await;
    let house = house(&provider, "").await;
    let link = house.access.first_link().await.unwrap();
    let root = house.accept(&link, "Ada").await;
    // A user of the provider with a local one's name is another.
    entered(&come(&provider, &house).await);
    let host = provider.issuer().trim_start_matches("https://").split('/').next().unwrap();
    let names: Vec<_> = users(&house).await.into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names, ["Ada".to_owned(), format!("ada ({host})")]);
    // Renamed there, the same here.
    provider.change(|manner| manner.user["preferred_username"] = json!("ada.lovelace"));
    let ada = entered(&come(&provider, &house).await);
    assert_eq!(users(&house).await[1].0, "ada.lovelace");
    let log = house.audit().await;
    let renamed =
        log.iter().any(|entry| entry["detail"].as_str().is_some_and(|detail| detail.contains(", before: ada (")));
    assert!(renamed, "{log:#?}");
    // The name is free for another.
    provider.change(|manner| {
        manner.user = json!({ "sub": "other", "preferred_username": "ADA.lovelace", "groups": ["payments"] })
    });
    entered(&come(&provider, &house).await);
    assert_eq!(users(&house).await[2].0, format!("ADA.lovelace ({host})"));
    // No password is theirs, by whatever way.
    let welcome = root.post(&house, "/users", &[("do", "welcome"), ("id", "2")]).await;
    refused(&welcome, StatusCode::BAD_REQUEST, "comes from a provider");
    let told = server::access::link(&house.pool, "http://localhost", "ada.lovelace", false).await.unwrap_err();
    assert!(told.to_string().contains("comes from a provider"), "{told}");
    let account = ada.get(&house, "/account").await;
    assert!(account.text().contains("You sign in with Example ID") && !account.text().contains("Change password"));
    // What the groups say, nobody says otherwise.
    let change = [("do", "change"), ("id", "3"), ("role", "admin"), ("accounts", "*")];
    assert_eq!(root.post(&house, "/users", &change).await.status, StatusCode::SEE_OTHER);
    assert_eq!(users(&house).await[2].1, "viewer");
}

fn token() -> [(&'static str, &'static str); 5] {
    [("do", "token"), ("label", "Nightly"), ("role", "viewer"), ("accounts", "*"), ("days", "300")]
}

#[tokio::test]
async fn who_may_no_longer_is_out_with_all_they_have() {
    let provider = Provider::start().await;
    let house = house(&provider, "tokens_rest_after = '10d'").await;
    let root = house.accept(&house.access.first_link().await.unwrap(), "Root").await;
    let ada = entered(&come(&provider, &house).await);
    let made = ada.post(&house, "/account", &token()).await;
    let program = Visitor { token: format!("Bearer {}", secret(&made)), ..Visitor::default() };
    assert_eq!((ada.status(&house).await, program.status(&house).await), (StatusCode::OK, StatusCode::OK));

    // Tokens of who does not come any more rest.
    house.sql("update access.app_user set last_sign_in_at = now() - interval '11 days'").await;
    assert_eq!(program.status(&house).await, StatusCode::UNAUTHORIZED);
    let ada = entered(&come(&provider, &house).await);
    assert_eq!(program.status(&house).await, StatusCode::OK);

    // Without a group that has a role: nothing is left, and the log alone says which groups there were.
    provider.change(|manner| manner.user["groups"] = json!(["secret-project"]));
    let answer = come(&provider, &house).await;
    refused(&answer, StatusCode::FORBIDDEN, "none of your groups may use Trailmap");
    assert!(!answer.text().contains("secret-project"));
    assert_eq!(ada.status(&house).await, StatusCode::UNAUTHORIZED);
    let rows = program.get(&house, "/discover.json?columns=account&range=7d").await.json();
    assert_eq!(rows["rows"], json!([]));

    // Switched off by an administrator.
    provider.change(|manner| manner.user["groups"] = json!("cloud-admins"));
    let ada = entered(&come(&provider, &house).await);
    let off = [("do", "change"), ("id", "2"), ("role", "viewer"), ("accounts", ""), ("disabled", "1")];
    assert_eq!(root.post(&house, "/users", &off).await.status, StatusCode::SEE_OTHER);
    refused(&come(&provider, &house).await, StatusCode::FORBIDDEN, "may not sign in any more");
    for visitor in [&ada, &program] {
        assert_eq!(visitor.status(&house).await, StatusCode::UNAUTHORIZED);
    }
    // Of a provider that is not configured any more, nobody is in.
    house.sql("update access.app_user set disabled = false").await;
    let ada = entered(&come(&provider, &house).await);
    assert_eq!((ada.status(&house).await, program.status(&house).await), (StatusCode::OK, StatusCode::OK));
    house.sql("update access.app_user set issuer = 'https://before.example' where issuer is not null").await;
    assert_eq!(
        (ada.status(&house).await, program.status(&house).await),
        (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED)
    );
    assert_eq!(root.status(&house).await, StatusCode::OK);
}

#[tokio::test]
async fn keys_that_change_are_read_again_but_not_for_whoever_asks() {
    let (provider, house) = open("").await;
    entered(&come(&provider, &house).await);
    provider.change(|manner| {
        manner.kids = vec!["new"];
        manner.mend = Box::new(|header, _| header["kid"] = json!("new"));
    });
    entered(&come(&provider, &house).await);
    assert_eq!((provider.asked("keys"), provider.asked("discovery")), (2, 1));
    provider.change(|manner| manner.mend = Box::new(|header, _| header["kid"] = json!("made up")));
    for _ in 0..8 {
        refused(&come(&provider, &house).await, StatusCode::FORBIDDEN, "does not list");
    }
    // Six looks a minute, of which one was for the new key.
    assert_eq!(provider.asked("keys"), 2 + 5);
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_told_of_without_a_secret() {
    for at in [At::Discovery, At::Keys, At::Token, At::UserInfo] {
        for trouble in [Trouble::Slow, Trouble::Broken, Trouble::Redirect, Trouble::Huge, Trouble::Garbage] {
            let (provider, house) = open("groups_claim = 'elsewhere'").await;
            provider.change(|manner| manner.trouble = Some((at, trouble)));
            let answer = match at {
                At::Discovery => Visitor::default().open(&house, "/login/provider").await,
                _ => come(&provider, &house).await,
            };
            refused(&answer, StatusCode::BAD_GATEWAY, "Example ID does not answer as it should");
            assert!(answer.text().contains("its log says more"), "{}", answer.text());
            let log = house.audit().await;
            let entry = log.last().unwrap();
            assert_eq!((&entry["action"], &entry["done"]), (&json!("sign_in"), &json!(false)));
            let detail = entry["detail"].as_str().unwrap();
            let place = match at {
                At::Discovery => "its discovery",
                At::Keys => "its jwks_uri",
                At::Token => "its token endpoint",
                At::UserInfo => "its userinfo",
            };
            assert!(detail.starts_with(&format!("by Example ID: {place}")), "{at:?} {trouble:?}: {detail}");
            for hidden in [SECRET, "access-token-of-the-user", "code+1", "maintenance"] {
                assert!(!format!("{} {log:?}", answer.text()).contains(hidden), "{at:?} {trouble:?}: {hidden}");
            }
        }
    }
    // One that calls itself by another name, or sends browsers over an open line.
    for places in
        [json!({ "issuer": "https://other.example" }), json!({ "authorization_endpoint": "http://localhost/a" })]
    {
        let (provider, house) = open("").await;
        provider.change(|manner| manner.places = places);
        let answer = Visitor::default().open(&house, "/login/provider").await;
        refused(&answer, StatusCode::BAD_GATEWAY, "does not answer as it should");
    }
}

#[tokio::test]
async fn passwords_can_be_left_to_administrators() {
    let provider = Provider::start().await;
    let house = house(&provider, "local = false").await;
    let root = house.accept(&house.access.first_link().await.unwrap(), "Root").await;
    let page = Visitor::default().open(&house, "/login").await;
    assert!(page.text().contains("<details") && page.text().contains("local administrator"), "{}", page.text());
    let fields = [("do", "create"), ("name", "vera"), ("role", Role::Viewer.name()), ("accounts", "*")];
    let link = root.post(&house, "/users", &fields).await;
    let key = secret(&link).split_once("key=").unwrap().1;
    let password = "plum-anchor-violin-72";
    let fields = [("key", key), ("name", ""), ("password", password), ("again", password)];
    let told = "Passwords are for administrators alone here";
    refused(&Visitor::default().post(&house, "/welcome", &fields).await, StatusCode::FORBIDDEN, told);
    let sign_in = async |name: &str, password: &str| {
        Visitor::default().post(&house, "/login", &[("name", name), ("password", password)]).await
    };
    refused(&sign_in("vera", password).await, StatusCode::FORBIDDEN, told);
    refused(&sign_in("vera", "wrong").await, StatusCode::BAD_REQUEST, "Name or password is wrong.");
    assert_eq!(sign_in("root", password).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_second_factor_is_the_providers_to_ask_for() {
    let provider = Provider::start().await;
    let house = house_with(&provider, "", Settings { require_second_factor: true, ..settings() }).await;
    let ada = entered(&come(&provider, &house).await);
    assert_eq!(ada.status(&house).await, StatusCode::OK);
    assert_eq!(ada.get(&house, "/login/factor?next=%2Fusers").await.header("location"), "/users");
    let root = house.accept(&house.access.first_link().await.unwrap(), "Root").await;
    assert_eq!(root.status(&house).await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn who_signs_out_signs_out_at_the_provider_too() {
    let provider = Provider::start().await;
    let out = format!("{}/out", provider.issuer());
    let query = "client_id=trailmap+%26+co&post_logout_redirect_uri=http%3A%2F%2Flocalhost%3A8080%2Flogin";
    for (told, expected) in
        [(out.clone(), format!("{out}?{query}")), (format!("{out}?a=b"), format!("{out}?a=b&{query}"))]
    {
        provider.change(|manner| manner.places = json!({ "end_session_endpoint": told }));
        let house = house(&provider, "").await;
        let ada = entered(&come(&provider, &house).await);
        // What was known of the provider is enough.
        provider.change(|manner| manner.trouble = Some((At::Discovery, Trouble::Broken)));
        let left = ada.post(&house, "/logout", &[]).await;
        provider.change(|manner| manner.trouble = None);
        assert_eq!((left.status, left.header("refresh")), (StatusCode::OK, format!("0;url={expected}").as_str()));
        let link = format!("href=\"{}\"", expected.replace('&', "&amp;"));
        assert!(left.text().contains(&link) && left.text().contains("Sign out of Example ID"), "{}", left.text());
        assert!(left.header("set-cookie").starts_with("trailmap=; Max-Age=0"), "{}", left.header("set-cookie"));
        assert_eq!(left.header("referrer-policy"), "no-referrer");
        assert_eq!(ada.status(&house).await, StatusCode::UNAUTHORIZED);
        // Who signed in with a password has nothing to do there.
        let root = house.accept(&house.access.first_link().await.unwrap(), "Root").await;
        assert_eq!(root.post(&house, "/logout", &[]).await.header("location"), "/login");
    }
    for told in
        ["http://localhost/out", "https://user@localhost/out", "https://169.254.169.254/", "javascript:alert(1)", ""]
    {
        provider.change(|manner| manner.places = json!({ "end_session_endpoint": told }));
        let house = house(&provider, "").await;
        let ada = entered(&come(&provider, &house).await);
        let left = ada.post(&house, "/logout", &[]).await;
        assert_eq!((left.status, left.header("location")), (StatusCode::SEE_OTHER, "/login"), "{told}");
        assert_eq!(ada.status(&house).await, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn ways_to_the_provider_are_counted() {
    let (_provider, house) = open("").await;
    let mut answers = Vec::new();
    for _ in 0..41 {
        answers.push(Visitor::default().open(&house, "/login/callback?state=x&code=y").await);
    }
    assert!(answers[..40].iter().all(|answer| answer.status == StatusCode::BAD_REQUEST));
    refused(&answers[40], StatusCode::TOO_MANY_REQUESTS, "too often");
    assert!(!answers[40].header("retry-after").is_empty());
    assert_eq!(Visitor::default().open(&house, "/login/provider").await.status, StatusCode::TOO_MANY_REQUESTS);
    // Without a provider these addresses lead to the page of passwords.
    let house = House::built(settings(), None).await;
    for path in ["/login/provider", "/login/callback?code=a"] {
        assert_eq!(Visitor::default().open(&house, path).await.header("location"), "/login", "{path}");
    }
}
