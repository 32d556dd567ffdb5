//! Discover, as it is without scripts.

use crate::get;

#[tokio::test]
async fn events_fields_and_files_are_there() {
    let page = get("/discover?range=7d").await;
    assert_eq!(page.status, 200);
    page.has("data-panel=\"events\"");
    page.has("data-total=\"1500\"");
    page.has("1–3");
    page.has("href=\"/event/event-1?range=7d\"");
    page.has("href=\"/discover?after=1,2,event-2&amp;range=7d#events\"");
    page.has("href=\"/discover.csv?range=7d\"");
    page.has("href=\"/discover.ndjson?raw=true&amp;integrity=true&amp;range=7d\"");
    page.has("href=\"/discover?field=country&amp;range=7d\"");
    page.has("&lt;img src=x onerror=alert(1)&gt;");
    page.has_not("<img");
    page.has_not(" style=\"");
}

#[tokio::test]
async fn a_search_says_how_far_it_looked_and_leads_on_from_there() {
    let page = get("/discover?q=zeppelin").await;
    page.has("1–3 of at least ");
    let looked = page.between("data-role=\"looked\"", "</p>");
    assert!(looked.contains("Looked back to ") && looked.contains("2026-11-24 12:00:00"), "{looked}");
    assert!(looked.contains("href=\"/discover?after=1,1795521600000000,&amp;q=zeppelin#events\""), "{looked}");
    assert!(looked.contains("Look further back"), "{looked}");
    page.has_not("data-action=\"after\"");
    // What nobody counted has no place among others, but the pages around it.
    let page = get("/discover?q=uncounted").await;
    let head = page.between("data-role=\"total\"", "</p>");
    assert!(head.contains(">3</strong>") && !head.contains(" of "), "{head}");
    page.has("data-action=\"after\"");
    page.has_not("data-role=\"looked\"");
}

#[tokio::test]
async fn columns_move_sort_and_go_by_links_that_keep_the_view() {
    let page = get("/discover?columns=actor,requestParameters.x&sort=actor:desc&q=country:DE").await;
    let head = page.between("<th scope=\"col\" data-key=\"actor\"", "</th>");
    assert!(head.contains("aria-sort=\"descending\""), "{head}");
    for href in [
        "columns=actor,requestParameters.x&amp;sort=actor:asc&amp;q=country:DE",
        "columns=requestParameters.x,actor&amp;sort=actor:desc&amp;q=country:DE",
        "columns=requestParameters.x&amp;sort=actor:desc&amp;q=country:DE",
    ] {
        assert!(head.contains(&format!("href=\"/discover?{href}\"")), "no {href} in {head}");
    }
    page.has("data-key=\"requestParameters.x\"");
    // A value's filter keeps the columns, and so does the form.
    page.has("href=\"/discover?columns=actor,requestParameters.x&amp;sort=actor:desc&amp;q=country:DE+and+actor:");
    page.has("name=\"columns\" value=\"actor,requestParameters.x\"");
}

#[tokio::test]
async fn a_field_shows_its_values() {
    let page = get("/discover?field=country").await;
    let values = page.between("data-role=\"values\"", "</nav>");
    assert!(values.contains("7 values, in 50"), "{values}");
    assert!(values.contains("Germany") && values.contains("q=not+country:DE"), "{values}");
}

#[tokio::test]
async fn mistakes_are_told() {
    let page = get("/discover?columns=nope&limit=x").await;
    assert_eq!(page.status, 400);
    page.has("data-error=\"columns\"");
    page.has("data-error=\"limit\"");
    page.has("data-total=\"1500\"");
}

#[tokio::test]
async fn panels_lead_to_their_events() {
    let page = get("/?q=country:DE").await;
    page.has("href=\"/discover?q=outcome:failure+and+country:DE\"");
    page.has("href=\"/discover?q=not+read_only:true+and+country:DE\"");
}

#[tokio::test]
async fn an_event_leads_to_what_was_around_it() {
    let page = get("/event/event-1").await;
    page.has(">2026-11-24 12:00:00 UTC</time>");
    page.has("from=2026-11-24T11:00:00Z&amp;to=2026-11-24T13:00:00Z&amp;q=actor:");
    page.has("href=\"/entity/actor/%3Cimg%20src%3Dx");
    page.has("q=requestParameters.userName:%3C/script%3E");
}
