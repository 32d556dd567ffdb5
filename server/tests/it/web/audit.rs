//! The audit log as panels: for administrators of all accounts, and nobody else.

use axum::http::StatusCode;
use model::access::Role;
use serde_json::Value;
use server::{
    access::{Act, Settings, audit},
    store,
};

use super::access::{House, Visitor, refused, secret, settings};

const DAY: &str = "from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z";
const SCRIPT: &str = "<script>alert(1)</script>";

/// What was done at an hour of that day, or of the next.
fn act(hour: u32, user: &str, action: &str, object: &str) -> Act {
    Act {
        time: format!("2020-01-{:02}T{:02}:30:00Z", 1 + hour / 24, hour % 24),
        user: user.to_owned(),
        token: String::new(),
        address: "192.0.2.7".to_owned(),
        action: action.to_owned(),
        object: object.to_owned(),
        detail: String::new(),
        done: true,
    }
}

async fn append(house: &House, acts: &[Act]) {
    let texts: Vec<String> = acts.iter().map(Act::text).collect();
    let mut transaction = house.pool.begin().await.unwrap();
    store::access::audit::append(&mut transaction, &texts).await.unwrap();
    transaction.commit().await.unwrap();
}

/// A day of ten entries, and one of the day after.
async fn house() -> (House, Visitor) {
    let (house, admin) = House::with_admin().await;
    let by_token = |act: Act| Act { token: "Nightly".to_owned(), address: "2001:db8::5".to_owned(), ..act };
    let acts = [
        act(1, "alice", "view", "/d/overview").with("range=7d"),
        act(1, "alice", "view", "/d/errors"),
        act(2, "alice", "export", "/d/overview/errors.csv").with("q=actor%3Amallory"),
        by_token(act(3, "alice", "export", "/discover.ndjson")),
        act(4, "bob", "share_create", "/d/overview").with("7 days"),
        act(5, "bob", "view", "/users").refused(),
        Act { address: "terminal".to_owned(), ..act(6, "", "user_welcome", "bob") },
        act(7, SCRIPT, "sign_in", "=cmd|' /C calc'!A0").refused(),
        // As somebody may type their name, which Postgres' texts cannot have.
        act(8, "a\0b \\u0000", "sign_in", "x").refused(),
        act(9, "bob", "dashboard_save", "mine").with("version 2"),
        act(30, "carol", "view", "/d/overview"),
    ];
    append(&house, &acts).await;
    (house, admin)
}

async fn json(house: &House, admin: &Visitor, panel: &str, query: &str) -> Value {
    let answer = admin.get(house, &format!("/d/audit-log/{panel}.json?{query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{panel} {query}: {}", answer.text());
    answer.json()
}

async fn csv(house: &House, admin: &Visitor, panel: &str, query: &str) -> Vec<String> {
    let answer = admin.get(house, &format!("/d/audit-log/{panel}.csv?{query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{panel} {query}: {}", answer.text());
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    answer.text().lines().map(str::to_owned).collect()
}

/// How many entries a filter leaves of the day.
async fn entries(house: &House, admin: &Visitor, filter: &str) -> i64 {
    let filter = percent_encoding::utf8_percent_encode(filter, percent_encoding::NON_ALPHANUMERIC);
    json(house, admin, "entries", &format!("{DAY}&q={filter}")).await["total"].as_i64().unwrap()
}

#[tokio::test]
async fn panels_count_what_the_log_has() {
    let (house, admin) = house().await;
    let counted = |condition: &'static str| {
        let day = "entry like '{\"time\":\"2020-01-01%'";
        sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(format!(
            "select count(*) from access.audit where {day} and ({condition})"
        )))
        .fetch_one(&house.pool)
    };
    let all = counted("true").await.unwrap();
    assert_eq!(all, 10);
    let panels = ["key-figures", "actions-over-time", "users", "actions", "objects", "addresses", "refused", "entries"];
    for panel in panels {
        let expected = if panel == "refused" { counted("entry like '%\"done\":false}'").await.unwrap() } else { all };
        assert_eq!(json(&house, &admin, panel, DAY).await["total"], expected, "{panel}");
    }
    // Nothing is there in which an event would be.
    assert_eq!(json(&house, &admin, "entries", "from=2026-11-24T00:00:00Z&to=2026-11-24T12:00:00Z").await["total"], 0);

    assert_eq!(
        csv(&house, &admin, "users", DAY).await,
        [
            "actor,events,failures,distinct_source_address,last_seen",
            "alice,4,0,2,2020-01-01T03:30:00Z",
            "bob,3,1,1,2020-01-01T09:30:00Z",
            &format!("{SCRIPT},1,1,1,2020-01-01T07:30:00Z"),
            "a\u{fffd}b \\ufffd,1,1,1,2020-01-01T08:30:00Z",
            ",1,0,1,2020-01-01T06:30:00Z",
        ]
    );
    let figures = csv(&house, &admin, "key-figures", DAY).await;
    assert_eq!(
        figures,
        ["class,events,events_previous", "viewed,2,0", "exported,2,0", "shared,1,0", "changed,2,0", "refused,3,0",]
            .map(|line| line.replace(",0", ",")),
        "nobody signed in"
    );
    let list = csv(&house, &admin, "entries", DAY).await;
    assert_eq!(list.len(), 11);
    assert_eq!(
        list[1].rsplit_once(',').unwrap().0,
        "2020-01-01T09:30:00Z,bob,dashboard_save,mine,success,version 2,192.0.2.7,"
    );
    let hostile = list.iter().find(|line| line.contains("cmd|")).unwrap();
    assert!(hostile.contains(",'=cmd|' /C calc'!A0,"), "a spreadsheet would run it: {hostile}");
    let label = |column: &Value| column["label"].as_str().unwrap().to_owned();
    let head: Vec<String> =
        json(&house, &admin, "entries", DAY).await["columns"].as_array().unwrap().iter().map(label).collect();
    assert_eq!(head, ["Time", "User", "Action", "Object", "Outcome", "Detail", "Address", "Token", "Entry"]);
}

#[tokio::test]
async fn range_and_filter_narrow_them() {
    let (house, admin) = house().await;
    for (filter, expected) in [
        ("", 10),
        ("actor:alice and event_name:export", 2),
        ("actor:alice and not session:*", 3),
        ("session:Nightly", 1),
        ("resource:/d/overview*", 3),
        ("source_ip:192.0.2.0/24", 8),
        ("source_ip:2001:db8::/32", 1),
        ("source_address:terminal", 1),
        ("outcome:failure", 3),
        ("error_message:*mallory", 1),
        ("not actor:*", 1),
        ("event_name:(share_* or dashboard_*)", 2),
        // Anywhere in the entry, in either case; and by a name in its JSON.
        ("MALLORY", 1),
        ("\"version 2\" or nightly", 2),
        ("not mallory and actor:alice", 3),
        ("\"detail\":*mallory", 1),
        ("event_time >= 2020-01-01T05:00:00Z", 5),
        ("hour:1", 2),
        // What only events have.
        ("country:*", 0),
        ("account:111111111111", 0),
    ] {
        assert_eq!(entries(&house, &admin, filter).await, expected, "{filter}");
    }
    let last = csv(&house, &admin, "entries", &format!("{DAY}&q=event_name:dashboard_save")).await;
    let number = last[1].rsplit(',').next().unwrap().to_owned();
    assert_eq!(entries(&house, &admin, &format!("request_id:{number}")).await, 1);
    let id = format!("00000000-0000-0000-0000-{:012x}", number.parse::<i64>().unwrap());
    assert_eq!(entries(&house, &admin, &format!("event_id:{id}")).await, 1);
    let hours = "from=2020-01-01T01:00:00Z&to=2020-01-01T03:00:00Z";
    assert_eq!(json(&house, &admin, "users", hours).await["total"], 3);
    refused(&admin.get(&house, "/d/audit-log/users.csv?q=user:alice").await, StatusCode::BAD_REQUEST, "no field user");
}

#[tokio::test]
async fn pages_pictures_and_suggestions_are_of_the_log() {
    let (house, admin) = house().await;
    for path in ["/audit", "/d/audit-log"] {
        let page = admin.get(&house, &format!("{path}?{DAY}")).await;
        assert_eq!(page.status, StatusCode::OK);
        let page = page.text();
        assert!(
            page.contains("Nightly") && page.contains("/d/overview/errors.csv") && page.contains("Signed in or out")
        );
        assert!(!page.contains(SCRIPT) && page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "as text");
        for way in ["data-action=\"share\"", "data-action=\"report\"", "data-action=\"discover\"", "\"/entity/"] {
            assert!(!page.contains(way), "{way}");
        }
    }
    let alone = admin.get(&house, &format!("/d/audit-log/users?{DAY}")).await;
    assert!(alone.status == StatusCode::OK && alone.text().contains("data-export=\"csv\""));
    for (path, kind) in [
        ("/d/audit-log/users.svg", "image/svg+xml"),
        ("/d/audit-log/actions-over-time.png", "image/png"),
        ("/d/audit-log/entries.pdf", "application/pdf"),
        ("/d/audit-log.png", "image/png"),
        ("/d/audit-log.json", "application/json"),
    ] {
        let answer = admin.get(&house, &format!("{path}?{DAY}")).await;
        assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, kind), "{path}");
    }
    let svg = admin.get(&house, &format!("/d/audit-log/users.svg?{DAY}")).await;
    assert!(svg.text().contains("alice") && !svg.text().contains(SCRIPT));
    let inspection = admin.get(&house, &format!("/d/audit-log/users/inspect.json?{DAY}&q=actor:alice")).await.json();
    assert!(inspection.to_string().contains("access.audit_event"), "{inspection}");
    let range = DAY.replace('=', "%3D").replace('&', "%26");
    let suggested = async |of: &str| {
        let path = format!("/api/completion?text=actor:&cursor=6&query={range}{of}");
        admin.get(&house, &path).await.text().to_owned()
    };
    assert!(suggested("&dashboard=audit-log").await.contains("actor:bob"));
    assert!(!suggested("&dashboard=overview").await.contains("actor:bob"));
    assert!(!suggested("").await.contains("actor:bob"));
}

#[tokio::test]
async fn it_is_for_administrators_of_all_accounts() {
    let (house, admin) = house().await;
    let scoped = house.user(&admin, "adam", Role::Admin, "111111111111").await;
    let viewer = house.user(&admin, "vera", Role::Viewer, "*").await;
    let editor = house.user(&admin, "edgar", Role::Editor, "*").await;
    let made = admin
        .post(
            &house,
            "/account",
            &[("do", "token"), ("label", "T"), ("role", "editor"), ("accounts", "*"), ("days", "1")],
        )
        .await;
    let program = Visitor { token: format!("Bearer {}", secret(&made)), ..Visitor::default() };
    let addresses = [
        "/audit",
        "/d/audit-log",
        "/d/audit-log/users",
        "/d/audit-log/users/inspect",
        "/d/audit-log.json",
        "/d/audit-log.png",
        "/d/audit-log.pdf",
        "/d/audit-log/users.json",
        "/d/audit-log/entries.csv",
        "/d/audit-log/users.svg",
        "/d/audit-log/users.png",
        "/d/audit-log/users.pdf",
        "/d/audit-log/users/inspect.json",
        "/d/%61udit-log/entries.csv",
        "/api/v1/audit",
        "/api/panel?dashboard=audit-log&panel=entries&query=",
        "/api/dashboard?id=audit-log",
        "/api/inspect?dashboard=audit-log&panel=entries&query=",
        "/api/completion?text=actor:&cursor=6&query=&dashboard=audit-log",
    ];
    for address in addresses {
        for visitor in [&scoped, &viewer, &editor, &program] {
            let answer = visitor.get(&house, address).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{address}: {}", answer.text());
            assert!(!answer.text().contains("alice") && !answer.text().contains("Nightly"), "{address}");
        }
        assert_eq!(admin.get(&house, address).await.status, StatusCode::OK, "{address}");
        assert_eq!(house.site_status(address).await, StatusCode::UNAUTHORIZED, "{address}");
    }
    // It is built in, and nobody's to change; the page that would copy it is not for others either.
    for visitor in [&viewer, &editor, &scoped] {
        refused(&visitor.get(&house, "/d/audit-log/edit").await, StatusCode::FORBIDDEN, "nly administrators");
    }
    let lists = [viewer.get(&house, "/dashboards").await, admin.get(&house, "/dashboards").await];
    assert!(lists.iter().all(|list| !list.text().contains("/d/audit-log")));
    // That it was looked at, or tried, is in it.
    let log = house.audit().await;
    let noted = |user: &str, object: &str| {
        log.iter()
            .filter(|entry| entry["user"] == user && entry["object"] == object)
            .map(|entry| (entry["token"].as_str().unwrap_or_default(), entry["done"] == true))
            .collect()
    };
    let (own, tried): (Vec<_>, Vec<_>) = (noted("Root", "/d/audit-log/entries.csv"), noted("vera", "/audit"));
    assert_eq!((own, tried), (vec![("T", false), ("", true)], vec![("", false)]));
    assert!(matches!(audit::verify(&house.pool).await.unwrap(), Ok(entries) if entries >= log.len() as i64));
}

#[tokio::test]
async fn it_leaves_by_no_link_and_no_report() {
    let (house, admin) = house().await;
    for of in ["/d/audit-log", "/d/audit-log/users"] {
        let path = format!("/share?of={}", of.replace('/', "%2F"));
        let answer = admin.post(&house, &path, &[("do", "share"), ("days", "7"), ("kind", "live")]).await;
        refused(&answer, StatusCode::FORBIDDEN, "for administrators alone");
    }
    let answer = admin.post(&house, "/share?of=%2Faudit", &[("do", "share"), ("days", "7"), ("kind", "live")]).await;
    refused(&answer, StatusCode::BAD_REQUEST, "can be shared, and this is none");
    let report = [
        ("do", "save"),
        ("title", "Log"),
        ("dashboard", "audit-log"),
        ("range", "7d"),
        ("every", "day"),
        ("time", "12:00"),
        ("zone", "UTC"),
        ("recipients", "ops@example.com"),
    ];
    refused(&admin.post(&house, "/reports", &report).await, StatusCode::FORBIDDEN, "no report has it");
    let kept: i64 =
        sqlx::query_scalar("select (select count(*) from access.share) + (select count(*) from access.report)")
            .fetch_one(&house.pool)
            .await
            .unwrap();
    assert_eq!(kept, 0);
    // Whoever writes one past the program gets nothing by it: a link and a report ask in nobody's name.
    let of_link = house.query.of_link(1, model::access::Accounts::All);
    let answer = app::api::Backend::panel(&of_link, "audit-log", "users", &Default::default()).await;
    assert_eq!(answer.unwrap_err().status(), 403);
}

#[tokio::test]
async fn an_open_server_shows_it_to_nobody() {
    let house = House::built(Settings { open: true, ..settings() }, None).await;
    for path in ["/audit", "/d/audit-log/entries.csv", "/api/v1/audit"] {
        refused(&Visitor::default().get(&house, path).await, StatusCode::FORBIDDEN, "no users");
    }
}
