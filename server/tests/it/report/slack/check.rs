//! `trailmap check` of the app: whether its token is good, and lets it upload files.

use std::path::Path;

use crate::{
    ingest::fixture::write,
    outgoing::far::Far,
    report::{OK, TOKEN},
    source::check::check_with,
};

fn run(folder: &Path, slack: &Far, token: &str) -> (Option<i32>, String) {
    let file = write(folder, "token", token);
    let text = format!("[slack]\ntoken_file = {file:?}\napi = '{}'\n", slack.url("localhost", "/api/"));
    let config = write(folder, "trailmap.toml", text);
    let ca = slack.ca();
    let outgoing = ["--outgoing-allow", "127.0.0.1/32", "--outgoing-ca", ca.to_str().unwrap()];
    let (status, told) = check_with(&config, &outgoing);
    (status, told.replace(&format!("{} has no sources.\n", config.display()), ""))
}

#[tokio::test(flavor = "multi_thread")]
async fn says_whether_the_app_may_send_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let slack = Far::answering(OK).await;
    let answer = |scopes: &str, body: &str| {
        let length = body.len();
        let text = format!("HTTP/1.1 200 OK\r\n{scopes}content-length: {length}\r\n\r\n{body}");
        slack.answer_at("/api/auth.test", text.as_bytes());
    };
    let good = r#"{"ok":true,"team":"Example","user":"trail\u202emap"}"#;
    let ok = "reports (slack): ok: signed in to Example as trailU+202Emap, may upload files; nothing was sent\n";
    for scopes in ["", "x-oauth-scopes: files:write\r\n", "x-oauth-scopes: chat:write, files:write\r\n"] {
        answer(scopes, good);
        assert_eq!(run(folder.path(), &slack, TOKEN), (Some(0), ok.to_owned()), "{scopes}");
    }
    assert!(slack.requests().iter().all(|request| request.starts_with("POST /api/auth.test HTTP/1.1\r\n")));
    let failed = |words: &str| (Some(1), format!("reports (slack): FAILED: {words}\n"));
    answer("x-oauth-scopes: chat:write,files:write.user\r\n", good);
    let told = "Slack refused it: missing_scope: the app needs files:write.";
    assert_eq!(run(folder.path(), &slack, TOKEN), failed(told));
    answer("", r#"{"ok":false,"error":"invalid_auth"}"#);
    let told = "Slack refused it: invalid_auth: the token is not valid any more; whoever runs Trailmap renews it.";
    assert_eq!(run(folder.path(), &slack, TOKEN), failed(told));
    let before = slack.connections();
    assert_eq!(run(folder.path(), &slack, "\n"), failed("[slack]: the token is empty"));
    let told = "[slack]: the token is none: it has blanks or other characters than ASCII";
    assert_eq!(run(folder.path(), &slack, "xoxb one"), failed(told));
    assert_eq!(slack.connections(), before);
}
