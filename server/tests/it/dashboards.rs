//! Dashboards that users make: kept, changed, brought back, taken along; and who may not change them.

use std::sync::Arc;

use app::api::Backend;
use axum::{
    Router,
    http::{Method, StatusCode},
};
use serde_json::{Value, json};
use server::{query::Query, web};
use sqlx::PgPool;

use crate::{
    query::fixture,
    support,
    web::client::{Answer, ask, get, post, send, site},
};

const EVENTS: [&str; 2] = ["CreateUser", "DeleteBucket"];

async fn filled() -> Router {
    site(EVENTS.map(|name| json!({ "event_name": name, "actor": "alice" }))).await
}

/// Where a form that was done leads.
#[track_caller]
fn led(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    answer.header("location").to_owned()
}

#[track_caller]
fn refused(answer: &Answer, status: StatusCode, why: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    let notice = answer.text().split("data-role=\"refused\"").nth(1).unwrap_or_else(|| panic!("{}", answer.text()));
    assert!(notice.split("</div>").next().unwrap().contains(why), "no {why:?} in {}", &notice[..notice.len().min(600)]);
}

async fn clone(site: &Router) -> String {
    led(&post(site, "/dashboards", &[("do", "clone"), ("id", "overview")]).await)
}

async fn file(site: &Router, path: &str) -> Value {
    let answer = get(site, path).await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/json"), "{path}");
    answer.json()
}

/// The dashboard's file with its title changed, sent to the editor.
async fn save(site: &Router, path: &str, base: &str, title: &str) -> Answer {
    let mut dashboard = file(site, &format!("{path}.json")).await;
    dashboard["title"] = json!(title);
    let text = dashboard.to_string();
    let fields = [("do", "save"), ("base", base), ("spec", text.as_str()), ("note", "Renamed & more")];
    post(site, &format!("{path}/edit"), &fields).await
}

#[tokio::test]
async fn a_clone_is_a_dashboard_with_panels_files_and_an_address_of_its_own() {
    let site = filled().await;
    assert_eq!(clone(&site).await, "/d/overview-2");
    assert_eq!(clone(&site).await, "/d/overview-3");
    let page = get(&site, "/d/overview-2").await;
    assert!(page.text().contains("data-panel=\"events-by-name\"") && page.text().contains("CreateUser"));
    assert!(page.text().contains("href=\"/d/overview-2/edit\""));
    let series = get(&site, "/d/overview-2/events-by-name.json").await.json();
    assert_eq!(series["total"], 2, "{series}");
    let list = get(&site, "/dashboards").await;
    assert!(
        list.text().contains("data-dashboard=\"overview-2\"") && list.text().contains("data-dashboard=\"overview\"")
    );
}

#[tokio::test]
async fn a_title_makes_an_id_and_hostile_titles_stay_text() {
    let site = filled().await;
    let hostile = "<script>alert(1)</script>\"' Ünïcode";
    let to = led(&post(&site, "/dashboards?q=actor:alice", &[("do", "create"), ("title", hostile)]).await);
    assert_eq!(to, "/d/script-alert-1-script-n-code/edit?q=actor:alice");
    for path in [
        "/dashboards",
        "/d/script-alert-1-script-n-code",
        "/d/script-alert-1-script-n-code/edit",
        "/d/script-alert-1-script-n-code/history",
    ] {
        let page = get(&site, path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.text().contains("&lt;script") && !page.text().contains("<script>alert"), "{path}");
    }
    refused(
        &post(&site, "/dashboards", &[("do", "create"), ("title", "  ")]).await,
        StatusCode::BAD_REQUEST,
        "has a title",
    );
    refused(&post(&site, "/dashboards", &[("do", "explode")]).await, StatusCode::BAD_REQUEST, "nothing that is known");
    let taken = led(&post(&site, "/dashboards", &[("do", "create"), ("title", "Discover")]).await);
    assert_eq!(taken, "/d/discover-2/edit", "Discover's own id stays free");
}

#[tokio::test]
async fn saving_makes_versions_that_can_be_compared_and_restored() {
    let site = filled().await;
    let path = clone(&site).await;
    assert_eq!(led(&save(&site, &path, "1", "Mine").await), path);
    let mut dashboard = file(&site, &format!("{path}.json")).await;
    assert_eq!(dashboard["title"], "Mine");
    dashboard["tiles"].as_array_mut().unwrap().remove(3);
    let text = dashboard.to_string();
    led(&post(&site, &format!("{path}/edit"), &[("do", "save"), ("base", "2"), ("spec", &text)]).await);
    let history = get(&site, &format!("{path}/history")).await;
    for line in ["Version 3", "Version 2", "Version 1", "Renamed &amp; more", "title", "Removed “Events by name”"] {
        assert!(history.text().contains(line), "no {line} in {}", history.text());
    }
    let to = led(&post(&site, &format!("{path}/history"), &[("version", "1"), ("base", "3")]).await);
    assert_eq!(to, format!("{path}/history"));
    let now = file(&site, &format!("{path}.json")).await;
    assert_eq!(now, file(&site, &format!("{path}.json?version=1")).await);
    assert_eq!(now["title"], "Copy of Overview");
    let answer = get(&site, &format!("{path}.json?version=9")).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn who_saves_upon_an_old_version_is_told_and_loses_nothing() {
    let site = filled().await;
    let path = clone(&site).await;
    led(&save(&site, &path, "1", "First").await);
    let second = save(&site, &path, "1", "Second").await;
    refused(&second, StatusCode::CONFLICT, "Somebody saved version 2");
    assert!(second.text().contains("Second"), "what was typed is still there");
    assert!(second.text().contains("name=\"base\" value=\"1\""), "and still based on what it was based on");
    assert_eq!(file(&site, &format!("{path}.json")).await["title"], "First");
    let mut mine = file(&site, &format!("{path}.json")).await;
    mine["title"] = json!("Second");
    let to =
        led(&post(&site, &format!("{path}/edit"), &[("do", "copy"), ("base", "1"), ("spec", &mine.to_string())]).await);
    assert_eq!(to, "/d/second");
}

#[tokio::test]
async fn deleted_ones_are_gone_and_come_back() {
    let site = filled().await;
    let path = clone(&site).await;
    let to = led(&post(&site, "/dashboards", &[("do", "delete"), ("id", "overview-2")]).await);
    assert_eq!(to, "/dashboards?deleted=overview-2");
    for address in [
        path.clone(),
        format!("{path}.json"),
        format!("{path}/errors.json"),
        format!("{path}/edit"),
        format!("{path}/history"),
    ] {
        assert_eq!(get(&site, &address).await.status, StatusCode::NOT_FOUND, "{address}");
    }
    let page = get(&site, &to).await;
    assert!(page.text().contains("data-role=\"deleted\"") && page.text().contains("Undo Copy of Overview"));
    // Its address is not given to another one meanwhile.
    assert_eq!(clone(&site).await, "/d/overview-3");
    assert_eq!(led(&post(&site, "/dashboards", &[("do", "restore"), ("id", "overview-2")]).await), path);
    assert_eq!(get(&site, &path).await.status, StatusCode::OK);
}

#[tokio::test]
async fn built_in_ones_stay_as_they_are() {
    let site = filled().await;
    let text = file(&site, "/d/overview.json").await.to_string();
    refused(
        &post(&site, "/dashboards", &[("do", "delete"), ("id", "overview")]).await,
        StatusCode::FORBIDDEN,
        "is built in",
    );
    let answer = post(&site, "/d/overview/edit", &[("do", "save"), ("base", "0"), ("spec", &text)]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(get(&site, "/d/overview/edit").await.status, StatusCode::FORBIDDEN);
    assert_eq!(get(&site, "/d/overview/history").await.status, StatusCode::OK);
}

#[tokio::test]
async fn words_are_set_on_pages_and_stay_as_they_were_written_in_files() {
    let site = filled().await;
    let words = "# Who is *on call*\n\n- [errors](/d/errors?range=7d)\n- [wiki](https://x.example/?a=1&b=2)\n\n\
                 <script>alert(1)</script> <b onclick=x>b</b>\n\nDo [go](javascript:alert(1)) ![pixel](https://t.example/p.png)";
    let panel = json!({ "id": "words", "title": "Read me", "mark": "text", "text": words });
    let dashboard = json!({ "version": 1, "id": "notes", "title": "Notes", "description": "",
        "tiles": [{ "place": { "columns": 6, "height": 200 }, "panel": panel }] });
    let text = dashboard.to_string();
    assert_eq!(led(&post(&site, "/dashboards", &[("do", "import"), ("text", &text)]).await), "/d/notes");
    let set = [
        "<h3>Who is <em>on call</em></h3>",
        "<a href=\"/d/errors?range=7d\">errors</a>",
        "<a href=\"https://x.example/?a=1&amp;b=2\" rel=\"noopener noreferrer\">wiki</a>",
        "&lt;script&gt;alert(1)&lt;/script&gt; &lt;b onclick=x&gt;",
        "<p>Do go <a href=",
        "rel=\"noopener noreferrer\">pixel</a>",
    ];
    for path in ["/d/notes", "/d/notes/words"] {
        let page = get(&site, path).await;
        let shown = page.text().split("class=\"panel-text\"").nth(1).unwrap().split("</section>").next().unwrap();
        for part in set {
            assert!(shown.contains(part), "{path}: no {part} in {shown}");
        }
        assert!(
            !shown.contains("<script") && !shown.contains("<img") && !shown.contains("href=\"javascript"),
            "{shown}"
        );
    }
    // The editor's preview shows the same.
    let fields = [("do", "edit:words"), ("base", "1"), ("spec", &text)];
    let editor = post(&site, "/d/notes/edit", &fields).await;
    assert!(set.iter().all(|part| editor.text().contains(part)), "{}", editor.text());
    let call = get(&site, "/api/panel?dashboard=notes&panel=words&query=").await.json();
    assert_eq!(call["table"]["columns"][0]["key"], "html", "{call}");
    // Files have what was written.
    assert_eq!(file(&site, "/d/notes.json").await["tiles"][0]["panel"]["text"], words);
    assert_eq!(get(&site, "/d/notes/words.json").await.json()["rows"], json!([{ "text": words }]));
    assert!(get(&site, "/d/notes/words.csv").await.text().starts_with("text\r\n\"# Who is *on call*"));
    let svg = get(&site, "/d/notes/words.svg").await;
    assert!(svg.text().contains("# Who is *on call*") && !svg.text().contains("<script"));
}

#[tokio::test]
async fn files_are_imported_and_their_mistakes_named() {
    let site = filled().await;
    let text = file(&site, "/d/overview.json").await.to_string();
    let import = async |text: &str| post(&site, "/dashboards", &[("do", "import"), ("text", text)]).await;
    assert_eq!(led(&import(&text).await), "/d/overview-2");
    assert_eq!(file(&site, "/d/overview-2.json").await["tiles"], file(&site, "/d/overview.json").await["tiles"]);
    let bad = |from: &str, to: &str| text.replacen(from, to, 1);
    for (text, why) in [
        ("", "Choose a file"),
        ("{", "EOF"),
        (&bad("\"mark\":\"map\"", "\"mark\":\"globe\""), "globe"),
        (&bad("\"title\"", "\"titel\""), "titel"),
        (&bad("outcome:failure", "outcom:failure"), "outcom"),
        (&bad("\"id\":\"errors\"", "\"id\":\"edit\""), "another page"),
    ] {
        let answer = import(text).await;
        refused(&answer, StatusCode::BAD_REQUEST, why);
        assert!(text.is_empty() || answer.text().contains("overview") || text == "{", "what was pasted is still there");
    }
    let body = format!(
        "--b\r\ncontent-disposition: form-data; name=\"do\"\r\n\r\nimport\r\n--b\r\ncontent-disposition: form-data; \
         name=\"file\"; filename=\"a.json\"\r\ncontent-type: application/json\r\n\r\n{text}\r\n--b--\r\n"
    );
    let headers = [("content-type", "multipart/form-data; boundary=b"), ("sec-fetch-site", "same-origin")];
    assert_eq!(led(&ask(&site, Method::POST, "/dashboards", &headers, body).await), "/d/overview-3");
    let long = "x".repeat(3 << 20);
    assert_eq!(import(&long).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn other_sites_cannot_change_anything() {
    let site = filled().await;
    let form = "do=create&title=Theirs";
    let kind = ("content-type", "application/x-www-form-urlencoded");
    for from in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        for path in ["/dashboards", "/api/send"] {
            let answer = ask(&site, Method::POST, path, &[kind, from], form).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{from:?} {path}");
        }
    }
    let own = ask(&site, Method::POST, "/dashboards", &[kind, ("origin", "http://localhost:8080")], form).await;
    assert_eq!(led(&own), "/d/theirs/edit");
    // Nothing is changed by looking.
    let answer = send(&site, Method::GET, "/dashboards?do=delete&id=theirs", &[]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(get(&site, "/d/theirs").await.status, StatusCode::OK);
}

/// What a page of the editor carries along.
fn carried(page: &Answer, name: &str) -> String {
    let value =
        page.text().split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_else(|| panic!("{}", page.text()));
    value
        .split('"')
        .next()
        .unwrap()
        .replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

/// Presses buttons of the editor one after the other, each on the page that the one before led to.
async fn press(site: &Router, path: &str, buttons: &[&[(&str, &str)]]) -> Answer {
    let mut page = get(site, &format!("{path}/edit")).await;
    for fields in buttons {
        let (base, spec) = (carried(&page, "base"), carried(&page, "spec"));
        let all: Vec<_> =
            [("base", base.as_str()), ("spec", &spec)].into_iter().chain(fields.iter().copied()).collect();
        page = post(site, &format!("{path}/edit"), &all).await;
    }
    page
}

#[tokio::test]
async fn the_editor_arranges_step_by_step_and_keeps_nothing_until_it_is_saved() {
    let site = filled().await;
    let path = clone(&site).await;
    let page = press(
        &site,
        &path,
        &[
            &[("do", "later:key-figures")],
            &[("do", "narrower:access-map")],
            &[("do", "place:errors:0:5:200")],
            &[("do", "duplicate:sign-ins")],
            &[("do", "remove:recent-events")],
            &[("do", "add"), ("library", "overview/errors")],
        ],
    )
    .await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    let of = model::dashboard::Dashboard::from_json(&carried(&page, "spec")).unwrap();
    let ids: Vec<_> = of.tiles.iter().map(|tile| tile.panel.id.as_str()).collect();
    assert_eq!(ids[..3], ["errors", "access-map", "key-figures"]);
    assert!(
        ids.contains(&"sign-ins-2") && !ids.contains(&"recent-events") && ids.last() == Some(&"errors-2"),
        "{ids:?}"
    );
    assert_eq!((of.tiles[0].place.columns, of.tiles[0].place.height, of.tiles[1].place.columns), (5, 200, 7));
    assert_eq!(file(&site, &format!("{path}.json")).await["tiles"], file(&site, "/d/overview.json").await["tiles"]);
    let nothing = press(&site, &path, &[&[("do", "later:nothing")]]).await;
    refused(&nothing, StatusCode::BAD_REQUEST, "no panel “nothing”");
}

#[tokio::test]
async fn a_panel_is_described_shown_and_saved() {
    let site = filled().await;
    let path = led(&post(&site, "/dashboards", &[("do", "create"), ("title", "Mine")]).await);
    let path = path.trim_end_matches("/edit");
    let fields = |change: &'static [(&'static str, &'static str)]| {
        let base = [
            ("panel", "panel"),
            ("panel_title", "Who & what"),
            ("mark", "table"),
            ("by", "event_name, actor"),
            ("measures", "events, last_seen"),
            ("filter", "actor:alice"),
            ("limit", "5"),
            ("columns", "6"),
            ("height", "300"),
        ];
        base.into_iter()
            .filter(|(name, _)| change.iter().all(|(other, _)| other != name))
            .chain(change.iter().copied())
            .collect::<Vec<_>>()
    };
    let page = press(&site, path, &[&[("do", "new")], &fields(&[("do", "preview")])]).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    assert!(page.text().contains("<svg") && page.text().contains("DeleteBucket"), "the preview has the events");
    assert!(page.text().contains("stored_event") || page.text().contains("from event"), "and its SQL");
    let wrong = press(&site, path, &[&fields(&[("do", "apply"), ("filter", "actr:alice")])]).await;
    refused(&wrong, StatusCode::BAD_REQUEST, "There is no field actr");
    assert!(wrong.text().contains("name=\"filter\" value=\"actr:alice\""), "what was typed is still there");
    let wrong = press(&site, path, &[&fields(&[("do", "apply"), ("measures", "evts")])]).await;
    refused(&wrong, StatusCode::BAD_REQUEST, "no measure “evts”");
    let saved = press(
        &site,
        path,
        &[&fields(&[("do", "apply")]), &[("do", "save"), ("title", "Mine"), ("note", "First panel")]],
    )
    .await;
    assert_eq!(led(&saved), path);
    let series = get(&site, &format!("{path}/who-what.json")).await.json();
    assert_eq!(series["rows"].as_array().unwrap().len(), 2, "{series}");
}

async fn with_folder(files: &[(&str, &str)]) -> (PgPool, Query, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let pool = support::database().await;
    let query = fixture::query(&pool).with_dashboards(Some(folder.path()), &[]).await.unwrap();
    (pool, query, folder)
}

#[tokio::test]
async fn a_folder_of_files_is_offered_and_a_bad_one_stops_nothing() {
    let good = include_str!("../../../model/src/dashboards/overview.json").replacen("\"overview\"", "\"ours\"", 1);
    let files = [("a.json", "{ \"id\": 1 }"), ("b.json", &good), ("c.json", &good), ("d.txt", "no dashboard")];
    let (pool, query, _folder) = with_folder(&files).await;
    let site = web::router(Arc::new(query));
    let list = get(&site, "/dashboards").await;
    assert_eq!(list.text().matches(">Provisioned<").count(), 1);
    assert_eq!(get(&site, "/d/ours/errors.json").await.status, StatusCode::OK);
    refused(
        &post(&site, "/dashboards", &[("do", "delete"), ("id", "ours")]).await,
        StatusCode::FORBIDDEN,
        "comes from a file",
    );
    let to = led(&post(&site, "/dashboards", &[("do", "clone"), ("id", "ours")]).await);
    assert_eq!(get(&site, &to).await.status, StatusCode::OK);
    // An own dashboard that was there before a file with its id stays what it is.
    let own = fixture::query(&pool).with_dashboards(None, &[]).await.unwrap();
    let site = web::router(Arc::new(own));
    led(&post(&site, "/dashboards", &[("do", "create"), ("title", "Ours")]).await);
    let (query, _folder) = {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("b.json"), &good).unwrap();
        (fixture::query(&pool).with_dashboards(Some(folder.path()), &[]).await.unwrap(), folder)
    };
    let site = web::router(Arc::new(query));
    assert!(get(&site, "/d/ours").await.text().contains("/d/ours/edit"));
}

#[tokio::test]
async fn regions_that_are_not_allowed_are_marked() {
    let events = ["eu-west-1", "eu-west-1", "sa-east-1"].map(|region| json!({ "aws_region": region }));
    let query = fixture::with_events(events).await;
    let view = fixture::view("range=24h");
    let before = query.panel("network", "regions", &view).await.unwrap();
    assert!(before.table.columns.iter().all(|column| column.key != "class"));
    let query = query.with_dashboards(None, &["eu-west-1".to_owned()]).await.unwrap();
    let marked = query.panel("network", "regions", &view).await.unwrap();
    let rows: Vec<_> = marked.table.rows.iter().map(|row| format!("{:?}", &row[..3])).collect();
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(rows[0].contains("eu-west-1") && rows[0].contains("allowed"), "{rows:?}");
    assert!(rows[1].contains("sa-east-1") && rows[1].contains("outside"), "{rows:?}");
}
