//! Pages about one thing.

use model::{
    dashboard,
    entity::{Entity, Kind},
};

use crate::get;

#[tokio::test]
async fn every_kind_has_a_page_with_its_panels() {
    for kind in Kind::ALL {
        let value = if kind == Kind::SourceIp { "192.0.2.7" } else { "a/b" };
        let path = Entity { kind, value: value.into() }.path();
        let page = get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        page.has(&format!("<h1><bdi>{value}</bdi></h1>"));
        page.has("First seen");
        page.has(
            "<time datetime=\"2026-11-24T11:00:00Z\" title=\"2026-11-24T11:00:00Z\">2026-11-24 11:00:00 UTC</time>",
        );
        for tile in &dashboard::dashboard(kind.dashboard()).unwrap().tiles {
            page.has(&format!("data-panel=\"{}\"", tile.panel.id));
        }
        assert_eq!(page.count("data-role=\"error\""), 0, "{path}");
        assert_eq!(page.count("class=\"skeleton"), 0, "something was left loading: {path}");
        page.has_not("<img");
    }
}

#[tokio::test]
async fn panels_are_about_the_thing_and_the_reader_filters_within() {
    let page = get("/entity/actor/alice?range=7d&q=country:DE").await;
    let title = page.between("data-panel=\"event-names\"", "</h2>");
    let scoped = "/d/entity-actor/event-names?range=7d&amp;q=%28actor:alice+or+origin:alice%29+and+country:DE";
    assert!(title.contains(scoped), "{title}");
    page.has("/d/entity-actor/event-names.csv?range=7d&amp;q=%28actor:alice");
    page.has("/discover?range=7d&amp;q=%28actor:alice+or+origin:alice%29+and+country:DE");
    // Conditions are added to this very page, and the scope is none of them.
    assert_eq!(page.count("data-pill"), 1);
    let cell = page.between("data-key=\"event_source\"", "</td>");
    assert!(cell.contains("href=\"/entity/actor/alice?range=7d&amp;q=country:DE+and+event_source:"), "{cell}");
}

#[tokio::test]
async fn a_panel_alone_leads_back_to_the_thing() {
    let scope = "%28actor:alice+or+origin:alice%29";
    for (query, up) in [
        (format!("range=7d&q={scope}+and+country:DE"), "/entity/actor/alice?range=7d&amp;q=country:DE"),
        ("q=actor:alice+or+origin:alice".to_owned(), "/entity/actor/alice"),
        ("range=7d&q=country:DE".to_owned(), "/?range=7d&amp;q=country:DE"),
    ] {
        let page = get(&format!("/d/entity-actor/event-names?{query}")).await;
        assert_eq!(page.status, 200);
        page.has(&format!("<a href=\"{up}\" class=\"crumb up\">Actor</a>"));
    }
    get("/d/overview/errors?range=7d").await.has("<a href=\"/d/overview?range=7d\" class=\"crumb up\">Overview</a>");
}

#[tokio::test]
async fn a_resource_is_looked_at_over_a_year() {
    let page = get("/entity/resource/sg-1").await;
    let first = page.between("class=\"grid\"", "</section>");
    assert!(first.contains("data-panel=\"changes\""), "changes come first: {first}");
}

#[tokio::test]
async fn a_key_tells_who_stands_behind_it() {
    let page = get("/entity/access_key/ASIA1?range=7d").await;
    let chain = page.between("class=\"chain\"", "</ol>");
    for part in
        ["/entity/access_key/AKIA1?range=7d", "/event/event-1?range=7d", "/entity/actor/Prod?range=7d", "&lt;img"]
    {
        assert!(chain.contains(part), "no {part} in {chain}");
    }
}

#[tokio::test]
async fn what_is_in_no_event_is_not_found() {
    for path in ["/entity/actor/nobody", "/entity/land/DE", "/entity/source_ip/AWS%20Internal", "/entity/actor/%ff"] {
        let page = get(path).await;
        assert_eq!(page.status, 404, "{path}");
        page.has("data-role=\"error\"");
        assert_eq!(page.count("data-panel="), 0, "{path}");
    }
    get("/entity/actor/nobody").await.has("Actor “nobody” is in no event that is stored.");
}

#[tokio::test]
async fn values_lead_to_their_pages() {
    let page = get("/?range=7d&q=country:DE").await;
    let cell = page.between("data-key=\"source_ip\"", "</td>");
    // The range goes along; the filter might leave nothing of the thing.
    assert!(cell.contains("href=\"/entity/source_ip/") && cell.contains("?range=7d\""), "{cell}");
    assert!(!page.html.contains("/entity/country"), "countries have no page");
}
