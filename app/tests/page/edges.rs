//! Mistakes, failures, emptiness, and what is not there.

use app::Preferences;

use crate::{backend::Memory, get, get_as};

#[tokio::test]
async fn a_mistake_in_the_filter_is_pointed_at() {
    let page = get("/?q=event_name:Delete*+and+(actor:bob").await;
    assert_eq!(page.status, 400);
    let mistake = page.between("data-error=\"filter\"", "</div>");
    assert!(mistake.contains("Column 24"), "{mistake}");
    assert!(mistake.contains("and (actor:bob\n                       ^"), "{mistake}");
    // The page stays usable.
    page.has("data-role=\"time\"");
    page.has("value=\"event_name:Delete* and (actor:bob\"");
}

#[tokio::test]
async fn a_range_that_cannot_be_read_is_said_and_left_out() {
    let page = get("/?range=soon").await;
    assert_eq!(page.status, 400);
    page.has("data-error=\"range\"");
    page.has("data-figure=\"events\"");
}

#[tokio::test]
async fn a_panel_that_fails_leaves_the_others_alone() {
    let backend = Memory { fails: Some("errors"), ..Memory::default() };
    let page = get_as("/", backend, Preferences::default()).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.count("data-role=\"error\""), 1);
    let panel = page.between("data-panel=\"errors\"", "</section>");
    assert!(panel.contains("took too long") && panel.contains("Choose a shorter range"), "{panel}");
    assert!(panel.contains(">Try again<"), "{panel}");
}

#[tokio::test]
async fn a_slow_panel_holds_no_other() {
    // The first of them, in whose place the page waits: all others were asked and answered before it is.
    let first: &'static str = &model::dashboard::dashboard("overview").unwrap().tiles[0].panel.id;
    let backend = Memory { slow: Some(first), ..Memory::default() };
    let page = get_as("/", backend, Preferences::default()).await;
    assert_eq!(page.count("data-role=\"error\""), 0);
}

#[tokio::test]
async fn a_panic_in_a_panel_leaves_the_others_alone() {
    for backend in
        [Memory { panics: Some("errors"), ..Memory::default() }, Memory { broken: Some("errors"), ..Memory::default() }]
    {
        let page = get_as("/", backend, Preferences::default()).await;
        assert_eq!(page.count("data-role=\"error\""), 1);
        let panel = page.between("data-panel=\"errors\"", "</section>");
        assert!(panel.contains("This could not be shown."), "{panel}");
        page.between("data-panel=\"recent-events\"", "event_name-0");
        page.has("</html>");
    }
}

#[tokio::test]
async fn an_empty_range_says_when_the_last_event_was() {
    let backend = Memory { empty: true, ..Memory::default() };
    let page = get_as("/?q=actor:nobody", backend, Preferences::default()).await;
    assert_eq!(page.count("data-role=\"empty\""), 9, "all panels but the figures");
    let empty = page.between("data-role=\"empty\"", "</div>");
    assert!(empty.contains("No events match in this range."), "{empty}");
    assert!(empty.contains("2026-11-20 08:00:00"), "{empty}");
    assert!(empty.contains("from=2026-11-19T08:00:00Z&amp;to=2026-11-20T08:00:01Z&amp;q=actor:nobody"), "{empty}");
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    for path in ["/d/nothing", "/d/overview/nothing", "/d/nothing/errors", "/event/nothing"] {
        let page = get(path).await;
        assert_eq!(page.status, 404, "{path}");
        page.has("data-role=\"error\"");
    }
}

#[tokio::test]
async fn a_panel_alone_has_its_numbers_below() {
    let page = get("/d/overview/access-map?range=7d").await;
    assert_eq!(page.status, 200);
    page.has("Calls that AWS services make have no place");
    page.has("<table data-role=\"rows\">");
    page.has("href=\"/d/overview/access-map.svg?range=7d\"");
    page.has("href=\"/d/overview?range=7d\"");
    assert_eq!(page.count("data-panel="), 1);
}

#[tokio::test]
async fn an_event_alone_leads_to_discover() {
    let page = get("/event/event-1?range=7d").await;
    page.has("Log file integrity: FAILED");
    page.has("data-integrity=\"failed\"");
    assert_eq!(page.status, 200);
    page.has("href=\"/discover?range=7d&amp;q=event_name:CreateUser\"");
    page.has("href=\"/discover?range=7d&amp;q=not+event_name:CreateUser\"");
    // Laid out, and no end of a script.
    page.has("\"userName\": \"&lt;/script&gt;\"");
    page.has("s3://trail/a.json.gz");
}
