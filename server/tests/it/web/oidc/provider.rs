//! An identity provider on loopback: real TLS, real signatures, and whatever misbehaviour a test asks for.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Form, Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use axum_server::tls_rustls::RustlsConfig;
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use ring::{
    digest, hmac,
    rand::SystemRandom,
    rsa,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256},
};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

pub const SECRET: &str = "s3cret: of/the client";

/// Where a misbehaving answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    Discovery,
    Keys,
    Token,
    UserInfo,
}

#[derive(Clone, Copy, Debug)]
pub enum Trouble {
    Slow,
    Broken,
    Redirect,
    Huge,
    Garbage,
}

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    Rsa,
    Curve,
    /// By a key that is not listed, under the name of one that is.
    Other,
    Not,
    /// With the public key as a shared secret.
    Hmac,
}

/// What changes a token's header and claims before it is signed.
type Mend = Box<dyn Fn(&mut Value, &mut Value) + Send>;

pub struct Manner {
    /// The claims of who signs in.
    pub user: Value,
    pub info: Value,
    pub signed: Signed,
    pub mend: Mend,
    pub trouble: Option<(At, Trouble)>,
    /// Changes where things are.
    pub places: Value,
    /// Names of the keys that are listed.
    pub kids: Vec<&'static str>,
}

struct Inner {
    manner: Manner,
    codes: HashMap<String, Asked>,
    made: usize,
    /// Paths that were asked for.
    asked: Vec<String>,
}

/// What a browser came with.
#[derive(Clone)]
struct Asked {
    nonce: String,
    challenge: String,
    redirect: String,
}

#[derive(Clone)]
struct Shared {
    inner: Arc<Mutex<Inner>>,
    issuer: String,
    rsa: Arc<rsa::KeyPair>,
    other: Arc<rsa::KeyPair>,
    curve: Arc<EcdsaKeyPair>,
}

pub struct Provider {
    shared: Shared,
    folder: tempfile::TempDir,
    task: JoinHandle<()>,
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Provider {
    pub async fn start() -> Provider {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), made.cert.pem()).unwrap();
        let pem = (made.cert.pem().into_bytes(), made.signing_key.serialize_pem().into_bytes());
        let config = RustlsConfig::from_pem(pem.0, pem.1).await.unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let issuer = format!("https://localhost:{}/realm", listener.local_addr().unwrap().port());
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let curve = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        let rsa = |der: &[u8]| Arc::new(rsa::KeyPair::from_pkcs8(der).unwrap());
        let manner = Manner {
            user: json!({ "sub": "7f3a", "preferred_username": "ada", "groups": ["cloud-admins"] }),
            info: json!({}),
            signed: Signed::Rsa,
            mend: Box::new(|_, _| ()),
            trouble: None,
            places: json!({}),
            kids: vec!["rsa", "curve"],
        };
        let inner = Inner { manner, codes: HashMap::new(), made: 0, asked: Vec::new() };
        let shared = Shared {
            inner: Arc::new(Mutex::new(inner)),
            issuer,
            rsa: rsa(include_bytes!("../../verify/key-one.pk8")),
            other: rsa(include_bytes!("../../verify/key-two.pk8")),
            curve: Arc::new(curve),
        };
        let router = Router::new()
            .route("/realm/.well-known/openid-configuration", get(discovery))
            .route("/realm/keys", get(keys))
            .route("/realm/token", post(token))
            .route("/realm/userinfo", get(userinfo))
            .with_state(shared.clone());
        let serving = axum_server::from_tcp_rustls(listener, config).unwrap().serve(router.into_make_service());
        let task = tokio::spawn(async move { serving.await.unwrap() });
        Provider { shared, folder, task }
    }

    pub fn issuer(&self) -> &str {
        &self.shared.issuer
    }

    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    pub fn change(&self, change: impl FnOnce(&mut Manner)) {
        change(&mut self.shared.inner.lock().unwrap().manner);
    }

    /// How often a path was asked for.
    pub fn asked(&self, path: &str) -> usize {
        self.shared.inner.lock().unwrap().asked.iter().filter(|asked| *asked == path).count()
    }

    /// The browser's part: follows the way here, signs in, and returns the path of the way back.
    #[track_caller]
    pub fn sign_in(&self, location: &str) -> String {
        let (place, query) = location.split_once('?').unwrap();
        assert_eq!(place, format!("{}/authorize", self.shared.issuer));
        let query: HashMap<_, _> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        assert_eq!((query["response_type"].as_str(), query["client_id"].as_str()), ("code", "trailmap & co"));
        assert_eq!((query["scope"].as_str(), query["code_challenge_method"].as_str()), ("openid groups", "S256"));
        let (state, redirect) = (query["state"].clone(), query["redirect_uri"].clone());
        assert_eq!(redirect, "http://localhost:8080/login/callback");
        let mut inner = self.shared.inner.lock().unwrap();
        inner.made += 1;
        let code = format!("code+{}", inner.made);
        let asked = Asked { nonce: query["nonce"].clone(), challenge: query["code_challenge"].clone(), redirect };
        inner.codes.insert(code.clone(), asked);
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("code", &code)
            .append_pair("state", &state)
            .finish();
        format!("/login/callback?{query}")
    }
}

impl Shared {
    /// An answer that goes wrong here, if one is to.
    async fn trouble(&self, at: At, path: &str) -> Option<Response> {
        let trouble = {
            let mut inner = self.inner.lock().unwrap();
            inner.asked.push(path.to_owned());
            inner.manner.trouble.filter(|(place, _)| *place == at)?.1
        };
        Some(match trouble {
            Trouble::Slow => {
                tokio::time::sleep(Duration::from_secs(20)).await;
                StatusCode::OK.into_response()
            }
            Trouble::Broken => (StatusCode::INTERNAL_SERVER_ERROR, "{\"error\":\"server_error\"}").into_response(),
            Trouble::Redirect => Redirect::temporary("https://localhost:1/elsewhere").into_response(),
            Trouble::Huge => " ".repeat(3 << 20).into_response(),
            Trouble::Garbage => "<html>maintenance</html>".into_response(),
        })
    }

    fn encoded(&self, header: &Value, claims: &Value, signed: Signed) -> String {
        let part = |json: &Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
        let text = format!("{}.{}", part(header), part(claims));
        let rsa = |pair: &rsa::KeyPair| {
            let mut signature = vec![0; pair.public().modulus_len()];
            pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
            signature
        };
        let signature = match signed {
            Signed::Rsa => rsa(&self.rsa),
            Signed::Other => rsa(&self.other),
            Signed::Curve => self.curve.sign(&SystemRandom::new(), text.as_bytes()).unwrap().as_ref().to_vec(),
            Signed::Not => Vec::new(),
            Signed::Hmac => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, self.rsa.public().as_ref());
                hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
            }
        };
        format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}

async fn discovery(State(shared): State<Shared>) -> Response {
    if let Some(trouble) = shared.trouble(At::Discovery, "discovery").await {
        return trouble;
    }
    let issuer = &shared.issuer;
    let mut places = json!({
        "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/keys"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
    });
    for (key, value) in shared.inner.lock().unwrap().manner.places.as_object().unwrap() {
        places[key] = value.clone();
    }
    Json(places).into_response()
}

async fn keys(State(shared): State<Shared>) -> Response {
    if let Some(trouble) = shared.trouble(At::Keys, "keys").await {
        return trouble;
    }
    let text = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let components = rsa::PublicKeyComponents::<Vec<u8>>::from(shared.rsa.public());
    let point = shared.curve.public_key().as_ref();
    let kids = shared.inner.lock().unwrap().manner.kids.clone();
    let listed = kids.iter().map(|kid| match *kid {
        "curve" => {
            json!({ "kty": "EC", "crv": "P-256", "kid": kid, "x": text(&point[1..33]), "y": text(&point[33..]) })
        }
        kid => json!({ "kty": "RSA", "kid": kid, "use": "sig", "n": text(&components.n), "e": text(&components.e) }),
    });
    let unknown = json!({ "kty": "new", "kid": 7 });
    let listed: Vec<_> = [unknown].into_iter().chain(listed).collect();
    Json(json!({ "keys": listed })).into_response()
}

async fn token(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    if let Some(trouble) = shared.trouble(At::Token, "token").await {
        return trouble;
    }
    let bad = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response();
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let basic = BASE64_STANDARD.encode(format!("{}:{}", encoded("trailmap & co"), encoded(SECRET)));
    let is_basic = headers.get(header::AUTHORIZATION).is_some_and(|value| *value == format!("Basic {basic}"));
    if !is_basic && form.get("client_secret").is_none_or(|secret| secret != SECRET) {
        return bad("invalid_client");
    }
    let mut inner = shared.inner.lock().unwrap();
    let Some(asked) = form.get("code").and_then(|code| inner.codes.remove(code)) else { return bad("invalid_grant") };
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, form["code_verifier"].as_bytes()));
    if challenge != asked.challenge || form["redirect_uri"] != asked.redirect || form["code_verifier"].len() < 43 {
        return bad("invalid_grant");
    }
    let manner = &inner.manner;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let access_token = "access-token-of-the-user";
    let hash = digest::digest(&digest::SHA256, access_token.as_bytes());
    let mut header = match manner.signed {
        Signed::Curve => json!({ "alg": "ES256", "kid": "curve" }),
        Signed::Not => json!({ "alg": "none" }),
        Signed::Hmac => json!({ "alg": "HS256", "kid": "rsa" }),
        Signed::Rsa | Signed::Other => json!({ "alg": "RS256", "kid": "rsa" }),
    };
    let mut claims = json!({
        "iss": shared.issuer, "aud": "trailmap & co", "iat": now, "exp": now + 300, "nonce": asked.nonce,
        "at_hash": BASE64_URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]),
    });
    for (key, value) in manner.user.as_object().unwrap() {
        claims[key] = value.clone();
    }
    (manner.mend)(&mut header, &mut claims);
    let id_token = shared.encoded(&header, &claims, manner.signed);
    Json(json!({ "token_type": "Bearer", "access_token": access_token, "id_token": id_token })).into_response()
}

async fn userinfo(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    if let Some(trouble) = shared.trouble(At::UserInfo, "userinfo").await {
        return trouble;
    }
    match headers.get(header::AUTHORIZATION).is_some_and(|value| *value == "Bearer access-token-of-the-user") {
        true => Json(shared.inner.lock().unwrap().manner.info.clone()).into_response(),
        false => StatusCode::UNAUTHORIZED.into_response(),
    }
}
