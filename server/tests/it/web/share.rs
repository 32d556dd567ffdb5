//! Links for who does not sign in: they show what was shared, and nothing else.

use axum::http::{Method, StatusCode};
use model::access::Role;
use serde_json::json;

use super::{
    access::{House, Visitor, refused, secret},
    client::{Answer, send},
};
use crate::query::fixture;

/// Events of two accounts, with something to hide.
async fn house() -> (House, Visitor) {
    let (house, admin) = House::with_admin().await;
    let events = [("alice", "111111111111", "203.0.113.7"), ("mallory", "222222222222", "198.51.100.9")];
    for (at, (actor, account, address)) in events.into_iter().enumerate() {
        let row = json!({
            "event_id": format!("shared-{at}"), "event_time": "2026-11-24T10:30:00Z", "object_id": 1, "outcome": "failure",
            "event_name": "DeleteBucket", "event_source": "s3.amazonaws.com", "actor": actor, "account": account,
            "source_address": address, "source_ip": address, "error_code": "AccessDenied", "user_agent": "aws-cli/2",
            "error_message": format!("{actor} may not"), "raw": format!("{{\"who\":\"{actor}\"}}"),
        });
        fixture::insert(&house.pool, [row]).await;
    }
    (house, admin)
}

/// The path of a link of the page at `of`.
async fn share(house: &House, visitor: &Visitor, of: &str, more: &[(&str, &str)]) -> String {
    let answer = shared(house, visitor, of, more).await;
    secret(&answer).strip_prefix("http://localhost:8080").unwrap().to_owned()
}

async fn shared(house: &House, visitor: &Visitor, of: &str, more: &[(&str, &str)]) -> Answer {
    let of = percent_encoding::utf8_percent_encode(of, percent_encoding::NON_ALPHANUMERIC);
    let mut fields = vec![("do", "share"), ("days", "7"), ("kind", "live")];
    fields.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    fields.extend(more);
    visitor.post(house, &format!("/share?of={of}"), &fields).await
}

fn stranger() -> Visitor {
    Visitor::default()
}

#[tokio::test]
async fn a_link_shows_what_was_shared_to_who_does_not_sign_in() {
    let (house, admin) = house().await;
    let link = share(&house, &admin, "/d/overview/errors?range=7d&q=actor:alice", &[]).await;
    assert_eq!(link.len(), "/s/".len() + 43);
    let page = stranger().get(&house, &link).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    assert!(page.text().contains("AccessDenied") && page.text().contains("actor:alice"), "{}", page.text());
    assert!(!page.text().contains("mallory") && !page.text().contains("<script"));
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("x-robots-tag"), "noindex, nofollow");
    let policy = page.header("content-security-policy");
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("script-src"), "{policy}");
    assert_eq!(page.header("set-cookie"), "");
    // The link opens that page, and no other.
    for path in ["/d/overview", "/d/overview/errors", "/d/overview/errors.json?range=7d&q=actor:alice", "/api/panel"] {
        let with = Visitor { cookie: format!("trailmap={}", &link[3..]), token: format!("Bearer {}", &link[3..]) };
        assert_ne!(with.get(&house, path).await.status, StatusCode::OK, "{path}");
    }
    let dashboard = share(&house, &admin, "/d/overview?range=7d", &[]).await;
    let page = stranger().get(&house, &dashboard).await;
    assert!(page.text().matches("<svg").count() > 8, "{}", page.text());
    let search = share(&house, &admin, "/discover?range=7d&q=event_name:DeleteBucket&columns=actor,account", &[]).await;
    let page = stranger().get(&house, &search).await;
    assert!(
        page.text().contains("mallory") && page.text().contains("222222222222") && !page.text().contains("aws-cli/2"),
        "{}",
        page.text()
    );
}

#[tokio::test]
async fn what_is_asked_beside_it_changes_nothing() {
    let (house, admin) = house().await;
    let link = share(&house, &admin, "/d/overview/errors?range=7d&q=actor:alice", &[]).await;
    let seen = stranger().get(&house, &link).await.text().to_owned();
    for more in [
        "range=30d",
        "from=2000-01-01&to=2030-01-01",
        "pin=actor:mallory",
        "panel=source-addresses",
        "annotate=actor:mallory",
        "limit=9",
    ] {
        assert_eq!(stranger().get(&house, &format!("{link}?{more}")).await.text(), seen, "{more}");
    }
    refused(
        &stranger().get(&house, &format!("{link}?q=actor:mallory")).await,
        StatusCode::BAD_REQUEST,
        "nothing more can be asked",
    );
    for path in ["errors.csv", "errors.json", "errors.png", "access-map.csv", "overview.pdf", "..%2f..", "%00"] {
        assert_eq!(stranger().get(&house, &format!("{link}/{path}")).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for method in [Method::DELETE, Method::PUT, Method::PATCH] {
        let answer = send(&house.site, method, &link, &[]).await;
        assert!(answer.status.is_client_error(), "{}", answer.status);
    }
    assert_eq!(stranger().get(&house, &link).await.status, StatusCode::OK);
}

#[tokio::test]
async fn wrong_links_are_all_answered_alike() {
    let (house, admin) = house().await;
    let link = share(&house, &admin, "/d/overview/errors", &[]).await;
    let nothing = stranger().get(&house, "/s/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").await;
    refused(&nothing, StatusCode::NOT_FOUND, "There is nothing here");
    for wrong in [
        "/s/:key",
        "/s/:link",
        "/s/*",
        "/s/%00",
        "/s/1",
        &link[..link.len() - 1],
        &format!("{link}A"),
        "/s/' or true --",
    ] {
        let answer = stranger().get(&house, &wrong.replace(' ', "%20")).await;
        assert_eq!((answer.status, answer.text()), (StatusCode::NOT_FOUND, nothing.text()), "{wrong}");
    }
    house.sql("update access.share set expires_at = now() - interval '1 second'").await;
    assert_eq!(stranger().get(&house, &link).await.text(), nothing.text());
    house.sql("update access.share set expires_at = now() + interval '1 hour'").await;
    assert_eq!(stranger().get(&house, &link).await.status, StatusCode::OK);
    assert_eq!(admin.post(&house, "/shares", &[("do", "revoke"), ("id", "1")]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(stranger().get(&house, &link).await.text(), nothing.text());
    let page = admin.get(&house, "/shares").await;
    assert!(page.text().contains("Revoked") && page.text().contains("opened once"), "{}", page.text());
}

#[tokio::test]
async fn trying_links_is_slowed_down() {
    let (house, _) = house().await;
    let mut last = StatusCode::OK;
    for at in 0..40 {
        last = stranger().get(&house, &format!("/s/{at}")).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_link_sees_no_more_than_who_shared_it() {
    let (house, admin) = house().await;
    let edgar = house.user(&admin, "edgar", Role::Editor, "111111111111, 222222222222").await;
    let vera = house.user(&admin, "vera", Role::Viewer, "*").await;
    assert_eq!(shared(&house, &vera, "/d/overview", &[]).await.status, StatusCode::FORBIDDEN);
    let of = "/discover?range=7d&q=event_name:DeleteBucket&columns=actor";
    let link = share(&house, &edgar, of, &[]).await;
    let sees = async |name: &str| stranger().get(&house, &link).await.text().contains(name);
    assert!(sees("alice").await && sees("mallory").await);
    let less = [("do", "change"), ("id", "2"), ("role", "editor"), ("accounts", "111111111111")];
    assert_eq!(admin.post(&house, "/users", &less).await.status, StatusCode::SEE_OTHER);
    assert!(sees("alice").await && !sees("mallory").await);
    // Another's link is not one's own to see or end; and it ends with who made it.
    assert!(!edgar.get(&house, "/shares").await.text().contains("by Root"));
    let of_admin = share(&house, &admin, of, &[]).await;
    assert_eq!(edgar.post(&house, "/shares", &[("do", "revoke"), ("id", "2")]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(stranger().get(&house, &of_admin).await.status, StatusCode::OK);
    let off = [("do", "change"), ("id", "2"), ("role", "editor"), ("accounts", "*"), ("disabled", "1")];
    assert_eq!(admin.post(&house, "/users", &off).await.status, StatusCode::SEE_OTHER);
    assert_eq!(stranger().get(&house, &link).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_a_link_keeps_to_itself_is_nowhere_in_it() {
    let (house, admin) = house().await;
    let hide = [("hide", "people"), ("hide", "addresses"), ("drills", "1"), ("exports", "1")];
    let search = share(&house, &admin, "/discover?range=7d&q=event_name:DeleteBucket&columns=event_name,actor,source_address,error_message,userIdentity.arn", &hide).await;
    let page = stranger().get(&house, &search).await;
    let leaks =
        |text: &str| ["alice", "mallory", "203.0.113.7", "198.51.100.9"].iter().any(|secret| text.contains(secret));
    assert!(page.text().contains("DeleteBucket") && !leaks(page.text()), "{}", page.text());
    let none = shared(&house, &admin, "/d/overview/source-addresses", &hide).await;
    refused(&none, StatusCode::BAD_REQUEST, "Nothing of this panel is left");
    for (name, on) in [("people", true), ("addresses", true), ("accounts", false)] {
        assert_eq!(
            none.text().contains(&format!("value=\"{name}\" checked")),
            on,
            "what was chosen stays: {}",
            none.text()
        );
    }
    let dashboard = share(&house, &admin, "/d/overview?range=7d", &hide).await;
    let page = stranger().get(&house, &dashboard).await;
    assert!(page.text().contains("not part of what was shared") && !leaks(page.text()), "{}", page.text());
    for panel in ["events-by-name", "recent-events", "errors"] {
        for suffix in ["csv", "json"] {
            let file = stranger().get(&house, &format!("{dashboard}/{panel}.{suffix}")).await;
            assert!(!leaks(file.text()), "{panel}.{suffix}: {}", file.text());
        }
    }
    assert_eq!(
        stranger().get(&house, &format!("{dashboard}/source-addresses.csv")).await.status,
        StatusCode::NOT_FOUND
    );
    // Nor can it be found out by asking.
    for asked in ["actor:alice", "not%20actor:mal*", "source_ip:203.0.113.0/24", "alice", "error_message:*may*"] {
        let answer = stranger().get(&house, &format!("{dashboard}?q={asked}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{asked}");
    }
    assert_eq!(stranger().get(&house, &format!("{dashboard}?q=outcome:failure")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_snapshot_stays_as_it_was() {
    let (house, admin) = house().await;
    let of = "/d/overview/events-by-name?range=7d";
    let (live, frozen) = (
        share(&house, &admin, of, &[]).await,
        share(&house, &admin, of, &[("kind", "snapshot"), ("drills", "1")]).await,
    );
    let later = json!({
        "event_id": "later", "event_time": "2026-11-24T10:31:00Z", "object_id": 1, "outcome": "success",
        "event_name": "CreateTrail", "event_source": "cloudtrail.amazonaws.com", "actor": "alice", "raw": "{}",
    });
    fixture::insert(&house.pool, [later]).await;
    let has = async |link: &str| stranger().get(&house, link).await.text().contains("CreateTrail");
    assert!(has(&live).await && !has(&frozen).await);
    assert!(!stranger().get(&house, &live).await.text().contains("http-equiv"));
    let wall = stranger().get(&house, &format!("{live}?refresh=60s")).await;
    assert!(wall.text().contains("http-equiv=\"refresh\" content=\"60\""), "{}", wall.text());
    let page = stranger().get(&house, &format!("{frozen}?refresh=60s")).await;
    assert!(page.text().contains("as it was on") && !page.text().contains("http-equiv=\"refresh\""), "{}", page.text());
    assert_eq!(stranger().get(&house, &format!("{frozen}?q=actor:alice")).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn clicks_narrow_where_they_are_allowed() {
    let (house, admin) = house().await;
    let link = share(
        &house,
        &admin,
        "/d/overview/events-by-name?range=7d&q=actor:(alice+or+mallory)",
        &[("drills", "1"), ("exports", "1")],
    )
    .await;
    let page = stranger().get(&house, &link).await;
    assert!(page.text().contains(&format!("href=\"{link}?q=")), "{}", page.text());
    let rows = async |query: &str| {
        let answer = stranger().get(&house, &format!("{link}/events-by-name.json{query}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()["total"].as_i64().unwrap()
    };
    assert_eq!(
        (
            rows("").await,
            rows("?q=actor:alice").await,
            rows("?q=actor:alice+or+event_name:*").await,
            rows("?q=actor:nobody").await
        ),
        (4, 3, 4, 0)
    );
    let png = stranger().get(&house, &format!("{link}/events-by-name.png")).await;
    assert_eq!((png.status, png.header("content-type")), (StatusCode::OK, "image/png"));
}

#[tokio::test]
async fn a_password_keeps_a_link_closed() {
    let (house, admin) = house().await;
    let weak = shared(&house, &admin, "/d/overview/errors", &[("password", "1234567890")]).await;
    refused(&weak, StatusCode::BAD_REQUEST, "guessed too soon");
    let link =
        share(&house, &admin, "/d/overview/errors?range=7d", &[("password", "ferry-lantern-orchid"), ("exports", "1")])
            .await;
    let closed = stranger().get(&house, &link).await;
    assert!(
        closed.text().contains("A password, please") && !closed.text().contains("AccessDenied"),
        "{}",
        closed.text()
    );
    assert_eq!(stranger().get(&house, &format!("{link}/errors.csv")).await.status, StatusCode::NOT_FOUND);
    refused(
        &stranger().post(&house, &link, &[("password", "wrong")]).await,
        StatusCode::BAD_REQUEST,
        "not the password",
    );
    let opened = stranger().post(&house, &link, &[("password", "ferry-lantern-orchid")]).await;
    assert_eq!((opened.status, opened.header("location")), (StatusCode::SEE_OTHER, link.as_str()));
    let set = opened.header("set-cookie");
    assert!(set.ends_with(&format!("; Path={link}; HttpOnly; SameSite=Strict")), "{set}");
    let holder = Visitor { cookie: set.split(';').next().unwrap().to_owned(), ..Visitor::default() };
    assert!(holder.get(&house, &link).await.text().contains("AccessDenied"));
    assert_eq!(holder.get(&house, &format!("{link}/errors.csv")).await.status, StatusCode::OK);
    // It opens this link alone.
    let other = share(&house, &admin, "/d/overview/errors?range=7d", &[("password", "ferry-lantern-orchid")]).await;
    assert!(holder.get(&house, &other).await.text().contains("A password, please"));
    let mut last = StatusCode::OK;
    for _ in 0..12 {
        last = stranger().post(&house, &link, &[("password", "guess")]).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn frames_are_for_the_pages_that_were_named() {
    let (house, admin) = house().await;
    for wrong in ["*", "http://wiki.example.com", "https://a.example/path", "https://*.example.com"] {
        refused(
            &shared(&house, &admin, "/d/overview", &[("origins", wrong)]).await,
            StatusCode::BAD_REQUEST,
            "Write an origin",
        );
    }
    let both = shared(
        &house,
        &admin,
        "/d/overview",
        &[("origins", "https://wiki.example.com"), ("password", "ferry-lantern-orchid")],
    )
    .await;
    refused(&both, StatusCode::BAD_REQUEST, "leave out one of the two");
    let link = share(
        &house,
        &admin,
        "/d/overview/errors?range=7d",
        &[("origins", "https://wiki.example.com https://intra.example.com")],
    )
    .await;
    let page = stranger().get(&house, &format!("{link}?embed=1&theme=dark")).await;
    let policy = page.header("content-security-policy");
    assert!(policy.ends_with("frame-ancestors https://wiki.example.com https://intra.example.com"), "{policy}");
    let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
    assert!(page.text().contains(&format!("<script nonce=\"{nonce}\">")), "{}", page.text());
    assert!(page.text().contains("data-theme=\"dark\"") && !page.text().contains("shared-brand"));
    let hostile = stranger().get(&house, &format!("{link}?embed=1&theme=%22%3E%3Cscript%3E")).await;
    assert!(!hostile.text().contains("data-theme"), "{}", hostile.text());
}

#[tokio::test]
async fn links_are_written_down_and_their_secrets_are_not() {
    let (house, admin) = house().await;
    let link = share(&house, &admin, "/d/overview/errors?range=7d", &[("exports", "1")]).await;
    stranger().get(&house, &link).await;
    stranger().get(&house, &format!("{link}/errors.csv")).await;
    admin.post(&house, "/shares", &[("do", "revoke"), ("id", "1")]).await;
    let log = house.audit().await;
    let acts: Vec<_> = log.iter().map(|entry| format!("{} {}", entry["action"], entry["object"])).collect();
    for act in [
        "\"share_create\" \"/d/overview/errors?range=7d\"",
        "\"share_view\" \"Errors\"",
        "\"share_export\" \"errors.csv\"",
        "\"share_revoke\" \"Errors\"",
    ] {
        assert!(acts.iter().any(|other| other == act), "{act} in {acts:?}");
    }
    let kept: Vec<String> =
        sqlx::query_scalar("select share::text from access.share union all select audit::text from access.audit")
            .fetch_all(&house.pool)
            .await
            .unwrap();
    assert!(!kept.join("\n").contains(&link[3..]));
    // What is there is counted for who manages it.
    let (views, address): (i64, String) =
        sqlx::query_as("select views, last_address from access.share").fetch_one(&house.pool).await.unwrap();
    assert_eq!((views, address.as_str()), (2, "0.0.0.0"));
}

#[tokio::test]
async fn short_addresses_lead_who_is_signed_in() {
    let (house, admin) = house().await;
    let make = async |of: &str| {
        let of = percent_encoding::utf8_percent_encode(of, percent_encoding::NON_ALPHANUMERIC);
        admin.post(&house, &format!("/share?of={of}"), &[("do", "short")]).await
    };
    let made = make("/d/overview?range=7d&q=actor:alice").await;
    let path = secret(&made).strip_prefix("http://localhost:8080").unwrap().to_owned();
    assert!(path.starts_with("/go/") && path.len() < 16, "{path}");
    let again = make("/d/overview?range=7d&q=actor:alice").await;
    assert!(secret(&again).ends_with(&path), "one address, one code");
    let answer = admin.get(&house, &path).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (StatusCode::SEE_OTHER, "/d/overview?range=7d&q=actor:alice")
    );
    assert_eq!(stranger().get(&house, &path).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(admin.get(&house, "/go/nothing").await.status, StatusCode::NOT_FOUND);
    // Another site's address is shared as our own front page, if at all.
    let other = make("https://evil.example").await;
    let path = secret(&other).strip_prefix("http://localhost:8080").unwrap().to_owned();
    assert_eq!(admin.get(&house, &path).await.header("location"), "/");
}

#[tokio::test]
async fn short_addresses_are_listed_and_deleted_by_who_made_them() {
    let (house, admin) = house().await;
    let vera = house.user(&admin, "vera", Role::Viewer, "*").await;
    let make = async |visitor: &Visitor, of: &str| {
        let made = visitor.post(&house, &format!("/share?of={of}"), &[("do", "short")]).await;
        secret(&made).strip_prefix("http://localhost:8080").unwrap().to_owned()
    };
    let (hers, other) = (make(&vera, "%2Fd%2Ferrors%3Fq%3D%3Cb%3E").await, make(&admin, "%2Fd%2Fnetwork").await);
    let list = vera.get(&house, "/shares").await;
    let shows = |list: &Answer, texts: &[&str]| texts.iter().all(|text| list.text().contains(text));
    assert!(shows(&list, &[&hers, "/d/errors?q=&lt;b&gt;", "by you", "never used"]), "{}", list.text());
    assert!(!list.text().contains(&other), "{}", list.text());
    vera.get(&house, &hers).await;
    // Administrators see all, and who made them.
    let list = admin.get(&house, "/shares").await;
    assert!(shows(&list, &[&hers, &other, "by vera", "last used ", "by you"]), "{}", list.text());
    let delete = async |visitor: &Visitor, path: &str| {
        let code = path.strip_prefix("/go/").unwrap();
        visitor.post(&house, "/shares", &[("do", "delete"), ("code", code)]).await
    };
    refused(&delete(&vera, &other).await, StatusCode::NOT_FOUND, "There is no such short address");
    assert_eq!(admin.get(&house, &other).await.status, StatusCode::SEE_OTHER);
    assert_eq!(delete(&stranger(), &hers).await.status, StatusCode::UNAUTHORIZED);
    for (visitor, path) in [(&vera, &hers), (&admin, &other)] {
        assert_eq!(delete(visitor, path).await.status, StatusCode::SEE_OTHER);
        assert_eq!(admin.get(&house, path).await.status, StatusCode::NOT_FOUND);
    }
    // One of a user who is gone is still an administrator's to delete.
    let left = make(&vera, "%2Fd%2Fchanges").await;
    admin.post(&house, "/users", &[("do", "delete"), ("id", "2")]).await;
    assert!(shows(&admin.get(&house, "/shares").await, &[&left, "by a user who is gone"]));
    assert_eq!(delete(&admin, &left).await.status, StatusCode::SEE_OTHER);
    let log = house.audit().await;
    let acts: Vec<_> =
        log.iter().map(|entry| format!("{} {} {}", entry["user"], entry["action"], entry["object"])).collect();
    for act in [
        "\"vera\" \"short_link_create\" \"/d/errors?q=<b>\"",
        "\"vera\" \"short_link_delete\" \"/d/errors?q=<b>\"",
        "\"Root\" \"short_link_delete\" \"/d/network\"",
    ] {
        assert!(acts.iter().any(|other| other == act), "{act} in {acts:?}");
    }
}
