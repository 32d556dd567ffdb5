//! `trailmap check` of a provider: what is wrong is told before somebody tries to sign in.

use serde_json::json;

use super::provider::{At, Provider, SECRET, Trouble};
use crate::{ingest::fixture::write, source::check::check_with};

const BASE: &str = "https://trailmap.example.com";

struct Checked {
    provider: Provider,
    folder: tempfile::TempDir,
}

impl Checked {
    async fn start() -> Checked {
        Checked { provider: Provider::start().await, folder: tempfile::tempdir().unwrap() }
    }

    /// The exit status, and the line of the provider without the name of its place.
    fn run(&self, issuer: &str, more: &[&str]) -> (Option<i32>, String) {
        let secret = write(self.folder.path(), "secret", SECRET);
        let text = format!(
            "[oidc]\nissuer = {issuer:?}\nclient_id = 'trailmap & co'\nclient_secret_file = {secret:?}\n\
             [[oidc.role]]\ngroup = 'a'\nrole = 'viewer'\n"
        );
        let config = write(self.folder.path(), "trailmap.toml", text);
        let (status, told) = check_with(&config, more);
        let none = format!("{} has no sources.\n", config.display());
        let line = told.strip_prefix(&none).unwrap_or_else(|| panic!("{told}")).trim_end();
        (status, line.replace(self.provider.issuer(), "https://id"))
    }

    fn allowed(&self) -> (Option<i32>, String) {
        let ca = self.provider.ca();
        let network = ["--outgoing-allow", "127.0.0.1/32,::1/128", "--outgoing-ca", ca.to_str().unwrap()];
        self.run(self.provider.issuer(), &[&network[..], &["--public-url", BASE]].concat())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn says_what_a_provider_lacks_and_what_to_register() {
    let checked = Checked::start().await;
    let provider = &checked.provider;
    let register = format!("register there {BASE}/login/callback as the redirect address");
    let unsaid = "it does not say whether it takes PKCE (S256), with which it is asked";
    let good =
        |keys, pkce: &str| format!("sign-in (oidc): ok: https://id answers, {keys} keys can sign; {pkce}; {register}");
    assert_eq!(checked.allowed(), (Some(0), good(2, unsaid)));
    assert_eq!((provider.asked("discovery"), provider.asked("keys"), provider.asked("token")), (1, 1, 0));
    let with = |places: serde_json::Value| {
        provider.change(|manner| manner.places = places);
        checked.allowed()
    };
    let pkce = with(json!({ "code_challenge_methods_supported": ["plain", "S256"] }));
    assert_eq!(pkce, (Some(0), good(2, "it takes PKCE (S256)")));
    let out = with(json!({ "end_session_endpoint": "https://id.example.com/out" })).1;
    assert_eq!(out, format!("{}, and {BASE}/login as the one for who signed out", good(2, unsaid)));
    for (places, told) in [
        (json!({ "end_session_endpoint": "http://id/out" }), "its end_session_endpoint: Only https addresses"),
        (json!({ "issuer": "https://other" }), "it calls itself \"https://other\", and not as `issuer`"),
        (json!({ "code_challenge_methods_supported": ["plain"] }), "it does not take PKCE with S256, only [\"plain\"]"),
        (json!({ "authorization_endpoint": "http://id/a" }), "its authorization_endpoint: Only https addresses"),
        (
            json!({ "token_endpoint": "https://169.254.169.254/" }),
            "its token_endpoint: 169.254.169.254 is not an address of",
        ),
        (json!({ "jwks_uri": "https://10.0.0.1/" }), "its jwks_uri: 10.0.0.1 is not an address of the public internet"),
        (
            json!({ "id_token_signing_alg_values_supported": ["HS256"] }),
            "it signs in no way that is accepted, only [\"HS256\"]",
        ),
        (
            json!({ "token_endpoint_auth_methods_supported": ["private_key_jwt"] }),
            "its token endpoint takes no client_secret",
        ),
    ] {
        let (status, line) = with(places.clone());
        assert_eq!(status, Some(1), "{places}: {line}");
        assert!(line.starts_with(&format!("sign-in (oidc): FAILED: {told}")), "{places}: {line}");
    }
    with(json!({}));
    provider.change(|manner| manner.kids = Vec::new());
    let none = "sign-in (oidc): FAILED: its jwks_uri has no key that tokens may be signed with";
    assert_eq!(checked.allowed(), (Some(1), none.to_owned()));
    for (at, trouble, told) in [
        (At::Discovery, Trouble::Broken, "its discovery answers 500"),
        (At::Discovery, Trouble::Garbage, "its discovery answers something else than expected"),
        (At::Discovery, Trouble::Huge, "its discovery: Its answer is longer than is read."),
        (At::Keys, Trouble::Redirect, "its jwks_uri answers 307"),
    ] {
        provider.change(|manner| manner.trouble = Some((at, trouble)));
        let (status, line) = checked.allowed();
        assert_eq!(status, Some(1), "{line}");
        assert!(line.starts_with(&format!("sign-in (oidc): FAILED: {told}")), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn says_what_the_settings_lack() {
    let checked = Checked::start().await;
    let issuer = checked.provider.issuer();
    let told = |settings: &[&str]| {
        let (status, line) = checked.run(issuer, settings);
        assert_eq!(status, Some(1), "{line}");
        line
    };
    // It is on this machine, which nobody allowed; then its certificate is nobody's.
    let private = told(&[]);
    assert!(private.contains("localhost is not an address of the public internet"), "{private}");
    assert!(private.contains("--outgoing-allow"), "{private}");
    let network = ["--outgoing-allow", "127.0.0.1/32,::1/128"];
    assert!(told(&network).contains("No encrypted connection can be made"), "{}", told(&network));
    assert!(told(&["--public-url", "http://trailmap.example.com"]).contains("needs a --public-url with https"));
    assert_eq!(checked.provider.asked("discovery"), 0);
    let ca = checked.provider.ca();
    let (status, line) = checked.run(issuer, &[&network[..], &["--outgoing-ca", ca.to_str().unwrap()]].concat());
    assert_eq!(status, Some(0), "{line}");
    assert!(line.ends_with("register there <--public-url>/login/callback as the redirect address"), "{line}");
    let (status, line) = checked.run("https://127.0.0.1:1/realm", &network);
    assert_eq!(status, Some(1));
    assert!(line.starts_with("sign-in (oidc): FAILED: its discovery: It cannot be reached: "), "{line}");
}
