//! `trailmap check` of the mail server: as for a letter, and without one.

use std::path::Path;

use server::config::smtp::Encryption;

use super::postbox::Postbox;
use crate::{ingest::fixture::write, source::check::check_with};

fn run(folder: &Path, postbox: &Postbox, tls: &str, password: Option<&str>) -> (Option<i32>, String) {
    let settings = postbox.settings(Encryption::Tls);
    let user = password.map(|password| {
        let file = write(folder, "password", password);
        format!("user = 'trailmap'\npassword_file = {file:?}\n")
    });
    let text = format!(
        "[smtp]\nhost = 'localhost'\nport = {}\ntls = '{tls}'\nfrom = 'trailmap@example.com'\nca = {:?}\n{}",
        settings.port,
        settings.ca.unwrap(),
        user.unwrap_or_default()
    );
    let config = write(folder, "trailmap.toml", text);
    let (status, told) = check_with(&config, &[]);
    let none = format!("{} has no sources.\n", config.display());
    (status, told.replace(&none, "").replace(&settings.port.to_string(), "PORT"))
}

#[tokio::test(flavor = "multi_thread")]
async fn says_whether_the_mail_server_lets_us_in() {
    let folder = tempfile::tempdir().unwrap();
    let ok = |whom: &str| {
        (Some(0), format!("mail (smtp): ok: localhost:PORT takes connections{whom}; no letter was sent\n"))
    };
    for (offers, tls) in [(Encryption::Starttls, "starttls"), (Encryption::Tls, "tls")] {
        let postbox = Postbox::open(offers).await;
        assert_eq!(run(folder.path(), &postbox, tls, None), ok(""));
        assert_eq!(run(folder.path(), &postbox, tls, Some("right")), ok(", as trailmap"));
        let (status, told) = run(folder.path(), &postbox, tls, Some("wrong"));
        assert_eq!(status, Some(1));
        assert!(told.starts_with("mail (smtp): FAILED: The mail server refused us: 535 "), "{told}");
        assert!(!told.contains("wrong\n") && postbox.letters().is_empty());
    }
    // A server without encryption gets no password.
    let postbox = Postbox::open(Encryption::None).await;
    let (status, told) = run(folder.path(), &postbox, "starttls", Some("right"));
    assert_eq!(status, Some(1));
    assert!(told.starts_with("mail (smtp): FAILED: The mail server cannot be used: "), "{told}");
    assert_eq!(run(folder.path(), &postbox, "none", None), ok(""));
    let (status, told) = run(folder.path(), &postbox, "none", Some(""));
    assert_eq!((status, told.as_str()), (Some(1), "mail (smtp): FAILED: [smtp]: the password is empty\n"));
}
