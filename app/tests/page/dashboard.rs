//! The dashboard and its panels.

use app::Preferences;
use model::dashboard::{Place, built_in};

use crate::{backend::Memory, get, get_as};

#[tokio::test]
async fn every_panel_is_readable_without_scripts() {
    let page = get("/").await;
    assert_eq!(page.status, 200);
    for tile in &built_in()[0].tiles {
        page.has(&format!("data-panel=\"{}\"", tile.panel.id));
        page.has(&tile.panel.title);
    }
    assert_eq!(page.count("data-role=\"error\""), 0);
    assert_eq!(page.count("class=\"skeleton\""), 0, "a panel was left loading");
    page.has("data-figure=\"events\" data-value=\"1500\"");
    page.has(">1,500<");
    page.has("<svg");
    // Blocked by the page's policy.
    page.has_not(" style=\"");
}

#[tokio::test]
async fn the_dashboard_has_two_addresses_and_keeps_the_one_in_use() {
    let page = get("/d/overview?range=7d").await;
    page.has("data-panel=\"access-map\"");
    let cell = page.between("data-key=\"country\"", "</td>");
    assert!(cell.contains("href=\"/d/overview?range=7d&amp;q=country:DE\""), "{cell}");
    assert!(cell.contains("Germany"), "{cell}");
}

#[tokio::test]
async fn hostile_names_are_text() {
    let page = get("/").await;
    page.has("&lt;img src=x onerror=alert(1)&gt;U+202Eexe");
    page.has_not("<img");
}

#[tokio::test]
async fn pills_negate_and_remove() {
    let page = get("/?q=country:DE+and+not+actor:ci").await;
    assert_eq!(page.count("data-pill"), 2);
    let first = page.between("data-pill", "</li>");
    assert!(first.contains("href=\"/?q=not+country:DE+and+not+actor:ci\""), "{first}");
    assert!(first.contains("href=\"/?q=not+actor:ci\""), "{first}");
}

#[tokio::test]
async fn forms_keep_the_rest_of_the_view() {
    let page = get("/?range=7d&q=country:DE&off=recent-events.writes&refresh=30s").await;
    let filter = page.between("data-role=\"filter\"", "</form>");
    for field in ["name=\"range\" value=\"7d\"", "name=\"off\" value=\"recent-events.writes\"", "name=\"refresh\""] {
        assert!(filter.contains(field), "no {field} in {filter}");
    }
    assert!(filter.contains("value=\"country:DE\""), "{filter}");
    assert_eq!(filter.matches("name=\"q\"").count(), 1, "{filter}");
    let range = page.between("class=\"absolute\"", "</form>");
    assert!(range.contains("name=\"q\" value=\"country:DE\""), "{range}");
    assert!(!range.contains("name=\"range\""), "{range}");
}

#[tokio::test]
async fn switches_are_links() {
    let page = get("/").await;
    let switch = page.between("data-switch=\"writes\"", "</a>");
    assert!(switch.contains("aria-checked=\"true\"") && switch.contains("off=recent-events.writes"), "{switch}");
    let page = get("/?off=recent-events.writes").await;
    let switch = page.between("data-switch=\"writes\"", "</a>");
    assert!(switch.contains("aria-checked=\"false\"") && switch.contains("href=\"/\""), "{switch}");
}

#[tokio::test]
async fn exports_take_what_concerns_the_panel() {
    let page = get("/?range=7d&off=recent-events.writes&refresh=30s").await;
    page.has("href=\"/d/overview/errors.json?range=7d\"");
    page.has("href=\"/d/overview/recent-events.csv?range=7d&amp;off=recent-events.writes\"");
}

#[tokio::test]
async fn events_link_to_their_page() {
    let page = get("/?range=7d").await;
    page.has("href=\"/event/event-1?range=7d\"");
}

#[tokio::test]
async fn a_theme_that_was_chosen_is_on_the_document() {
    let chosen = |theme: &str| Preferences { theme: Some(theme.to_owned()), narrow: false };
    get_as("/", Memory::default(), chosen("dark")).await.has("<html lang=\"en\" data-theme=\"dark\"");
    let page = get_as("/", Memory::default(), chosen("\"><script>")).await;
    page.has("<html lang=\"en\">");
}

#[tokio::test]
async fn every_page_with_places_names_their_source() {
    for path in ["/", "/d/overview/access-map", "/event/event-1"] {
        let page = get(path).await;
        let foot = page.between("<footer", "</footer>");
        assert!(foot.contains("href=\"https://example.com/\"") && foot.contains("1,234 events"), "{foot}");
    }
}

#[test]
fn the_styles_know_every_height_and_width() {
    let css = include_str!("../../../style/place.css");
    let of = model::dashboard::dashboard("overview").unwrap();
    for (height, columns) in (0..2000).map(|height| (height, 6)).chain((0..20).map(|columns| (300, columns))) {
        let mut of = of.clone();
        of.tiles[0].place = Place { columns, height };
        let known = css.contains(&format!(".h-{height} {{ --body: {height}px; }}"))
            && css.contains(&format!(".c-{columns} {{ grid-column: span {columns}; }}"));
        assert_eq!(of.validate().is_ok(), known, "{columns} columns, {height} pixels");
    }
}

#[tokio::test]
async fn how_filters_are_written_stands_beside_the_bar_with_links_that_keep_the_view() {
    let page = get("/d/errors?range=7d&q=country:DE").await;
    let syntax = page.between("data-role=\"syntax\"", "</details>");
    for href in ["/d/errors?range=7d&amp;q=outcome:failure", "/d/errors?range=7d&amp;q=%220.0.0.0/0%22"] {
        assert!(syntax.contains(&format!("href=\"{href}\"")), "no {href} in {syntax}");
    }
    assert!(!syntax.contains("country:DE"), "{syntax}");
    let page = get("/discover?columns=actor").await;
    page.has("href=\"/discover?columns=actor&amp;q=outcome:failure\"");
    get("/").await.has("href=\"/?q=outcome:failure\"");
    assert_eq!(get("/event/event-1").await.count("data-role=\"syntax\""), 0, "there is no bar");
}

#[tokio::test]
async fn controls_say_what_is_chosen() {
    let page = get("/?q=aws_region:(eu-west-1+or+us-east-1)+and+actor:alice+and+account:4*").await;
    let control = |key: &str| page.between(&format!("data-control=\"{key}\""), "</details>");
    for (key, chosen) in
        [("account", ">All<"), ("aws_region", ">eu-west-1 +1<"), ("event_source", ">All<"), ("actor", ">alice<")]
    {
        assert!(control(key).contains(chosen), "{key}: {}", control(key));
    }
    // The values, without scripts.
    assert!(control("account").contains("href=\"/discover?field=account&amp;q="), "{}", control("account"));
}
