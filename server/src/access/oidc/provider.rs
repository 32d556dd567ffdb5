//! What the provider is asked: where things are, its keys, a token for a code, what it knows of a user.

use std::{
    num::NonZeroU32,
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{Request, Response, StatusCode, header};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::sync::Mutex;

use super::{
    Claims, Failure,
    token::{self, Doubt, Expected, Keys},
};
use crate::{access::limit::Limit, clock::Clock, config::oidc::Oidc, outgoing::Client};

/// What was read of the provider is read again after so long.
const LASTS: Duration = Duration::from_secs(3_600);
/// A provider that did not answer is not asked again for so long by others who wait for the same.
const PAUSE: Duration = Duration::from_secs(3);
/// A key that is not known has the keys read again, but not more often than so many times a minute.
const LOOKS: NonZeroU32 = NonZeroU32::new(6).expect("six");

/// A provider, as configured, and what is known of it.
#[derive(Debug)]
pub struct Provider {
    pub settings: Oidc,
    secret: Option<String>,
    /// Where the provider sends browsers back to.
    redirect: String,
    /// And who signed out there.
    home: String,
    client: Client,
    clock: Clock,
    known: Mutex<Known>,
    looks: Limit<()>,
}

#[derive(Debug, Default)]
struct Known {
    places: Option<(Instant, Arc<Places>)>,
    keys: Option<(Instant, Arc<Keys>)>,
    failed: Option<(Instant, Failure)>,
}

/// Where things are; as the provider publishes it.
#[derive(Debug, Deserialize)]
struct Places {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    end_session_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
    code_challenge_methods_supported: Option<Vec<String>>,
    id_token_signing_alg_values_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// The answer to a code.
#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: String,
}

/// What a sign-in is asked with and must come back with.
pub(super) struct Terms<'a> {
    pub state: &'a str,
    pub nonce: &'a str,
    pub challenge: &'a str,
}

impl Provider {
    /// `base`: where browsers find this server. Errors: the secret cannot be read.
    pub fn new(settings: Oidc, base: &str, client: Client, clock: Clock) -> anyhow::Result<Provider> {
        let secret = match &settings.client_secret {
            None => None,
            Some(place) => {
                let (place, text) = place.read().map_err(|what| anyhow::anyhow!("oidc: client_secret: {what}"))?;
                anyhow::ensure!(!text.trim().is_empty(), "oidc: client_secret: {place} is empty");
                Some(text.trim().to_owned())
            }
        };
        let (redirect, home) = (format!("{base}{}", super::CALLBACK), format!("{base}/login"));
        let (known, looks) = (Mutex::default(), Limit::a_minute(LOOKS));
        Ok(Provider { settings, secret, redirect, home, client, clock, known, looks })
    }

    /// Asks for all that can be asked before somebody signs in. Returns what was found. Errors: why nobody could sign in.
    pub async fn check(&self) -> Result<String, String> {
        let told = |failure: Failure| failure.detail();
        let places = self.places().await.map_err(told)?;
        let addresses = [
            ("authorization_endpoint", Some(&places.authorization_endpoint)),
            ("token_endpoint", Some(&places.token_endpoint)),
            ("userinfo_endpoint", places.userinfo_endpoint.as_ref()),
            ("end_session_endpoint", places.end_session_endpoint.as_ref()),
        ];
        for (name, address) in addresses {
            let checked = address.map(|address| self.client.check(address));
            checked.transpose().map_err(|error| format!("its {name}: {error}"))?;
        }
        let pkce = match &places.code_challenge_methods_supported {
            Some(methods) if methods.iter().any(|method| method == "S256") => "it takes PKCE (S256)",
            Some(methods) => return Err(format!("it does not take PKCE with S256, only {methods:?}")),
            None => "it does not say whether it takes PKCE (S256), with which it is asked",
        };
        let methods = &places.token_endpoint_auth_methods_supported;
        let takes = |one: &str| methods.iter().any(|method| method == one);
        if self.secret.is_some() && !methods.is_empty() && !takes("client_secret_basic") && !takes("client_secret_post")
        {
            return Err(format!("its token endpoint takes no client_secret, only {methods:?}"));
        }
        if let Some(ways) = &places.id_token_signing_alg_values_supported
            && !ways.iter().any(|way| token::WAYS.contains(&way.as_str()))
        {
            return Err(format!("it signs in no way that is accepted, only {ways:?}"));
        }
        match self.keys(&places, true).await.map_err(told)?.count() {
            0 => Err("its jwks_uri has no key that tokens may be signed with".to_owned()),
            keys => {
                let out = match places.end_session_endpoint {
                    Some(_) => format!(", and {} as the one for who signed out", self.home),
                    None => String::new(),
                };
                let (issuer, redirect) = (&self.settings.issuer, &self.redirect);
                Ok(format!(
                    "{issuer} answers, {keys} keys can sign; {pkce}; register there {redirect} as the redirect address{out}"
                ))
            }
        }
    }

    /// Where the browser goes to sign in.
    pub(super) async fn way(&self, terms: Terms<'_>) -> Result<String, Failure> {
        let places = self.places().await?;
        let address = &places.authorization_endpoint;
        if !address.starts_with("https://") || address.contains('#') {
            return Err(Failure::Provider("its authorization_endpoint is no https address".to_owned()));
        }
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &self.redirect)
            .append_pair("scope", &self.settings.scopes.join(" "))
            .append_pair("state", terms.state)
            .append_pair("nonce", terms.nonce)
            .append_pair("code_challenge", terms.challenge)
            .append_pair("code_challenge_method", "S256")
            .finish();
        let joint = if address.contains('?') { '&' } else { '?' };
        Ok(format!("{address}{joint}{query}"))
    }

    /// Where a browser ends its session with the provider (RP-initiated logout), to come back to our page of sign-in. `None`: there is no such
    /// place, or none that a browser should be sent to.
    pub async fn way_out(&self) -> Option<String> {
        let places = self.places().await.ok()?;
        let address = self.client.check(places.end_session_endpoint.as_ref()?);
        let address =
            address.inspect_err(|error| tracing::warn!(%error, "the provider's end_session_endpoint is not used"));
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("post_logout_redirect_uri", &self.home)
            .finish();
        let address = address.ok()?.to_string();
        let joint = if address.contains('?') { '&' } else { '?' };
        Some(format!("{address}{joint}{query}"))
    }

    /// That an answer came from this provider, where it says from which one (RFC 9207).
    pub(super) async fn is_own(&self, issuer: Option<&str>) -> Result<bool, Failure> {
        match issuer {
            Some(issuer) => Ok(issuer == self.settings.issuer),
            None => Ok(!self.places().await?.authorization_response_iss_parameter_supported),
        }
    }

    /// The claims of who signed in, for the code that the browser brought.
    pub(super) async fn redeem(&self, code: &str, verifier: &str, nonce: &str) -> Result<Claims, Failure> {
        let places = self.places().await?;
        let tokens = self.tokens(&places, code, verifier).await?;
        let (issuer, client_id) = (self.settings.issuer.as_str(), self.settings.client_id.as_str());
        let (access_token, now) = (tokens.access_token.as_str(), self.clock.now());
        let expected = Expected { issuer, client_id, nonce, access_token, now };
        let keys = self.keys(&places, false).await?;
        let mut claims = token::verify(&tokens.id_token, &keys, &expected);
        if matches!(claims, Err(Doubt::Key)) && self.looks.take(&()).is_ok() {
            claims = token::verify(&tokens.id_token, &*self.keys(&places, true).await?, &expected);
        }
        let mut claims = claims.map_err(Failure::Doubt)?;
        if super::claims::groups(&claims, &self.settings.groups_claim).is_none() {
            self.complete(&places, &mut claims, &tokens.access_token).await?;
        }
        Ok(claims)
    }

    /// Adds what the provider tells of the user where the token does not say it. What the token says stays.
    async fn complete(&self, places: &Places, claims: &mut Claims, access_token: &str) -> Result<(), Failure> {
        let Some(address) = &places.userinfo_endpoint else { return Ok(()) };
        let request = Request::get(address).header(header::AUTHORIZATION, format!("Bearer {access_token}"));
        let told: Claims = self.json("userinfo", request.body(Vec::new())).await?;
        if told.get("sub") != claims.get("sub") {
            return Err(Failure::Doubt(Doubt::Subject));
        }
        for (key, value) in told {
            claims.entry(key).or_insert(value);
        }
        Ok(())
    }

    async fn tokens(&self, places: &Places, code: &str, verifier: &str) -> Result<Tokens, Failure> {
        let answer = self.ask("token endpoint", self.redemption(places, code, verifier)).await?;
        if answer.status() != StatusCode::OK {
            let told = serde_json::from_slice::<Value>(answer.body()).unwrap_or_default();
            return Err(match told["error"].as_str() {
                Some("invalid_grant") => Failure::Code,
                word => Failure::Provider(format!("its token endpoint answers {}: {word:?}", answer.status())),
            });
        }
        read("token endpoint", &answer)
    }

    fn redemption(&self, places: &Places, code: &str, verifier: &str) -> http::Result<Request<Vec<u8>>> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &self.redirect)
            .append_pair("code_verifier", verifier);
        let mut request = Request::post(&places.token_endpoint)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json");
        let methods = &places.token_endpoint_auth_methods_supported;
        let takes = |method: &str| methods.iter().any(|other| other == method);
        match &self.secret {
            None => {
                form.append_pair("client_id", &self.settings.client_id);
            }
            Some(secret) if takes("client_secret_post") && !takes("client_secret_basic") => {
                form.append_pair("client_id", &self.settings.client_id).append_pair("client_secret", secret);
            }
            Some(secret) => {
                let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                let pair = format!("{}:{}", encoded(&self.settings.client_id), encoded(secret));
                request = request.header(header::AUTHORIZATION, format!("Basic {}", BASE64_STANDARD.encode(pair)));
            }
        }
        request.body(form.finish().into_bytes())
    }

    /// Where things are, from memory or asked anew. One asks, others wait for the answer.
    async fn places(&self) -> Result<Arc<Places>, Failure> {
        let mut known = self.known.lock().await;
        if let Some((at, places)) = &known.places
            && at.elapsed() < LASTS
        {
            return Ok(places.clone());
        }
        if let Some((at, failure)) = &known.failed
            && at.elapsed() < PAUSE
        {
            return Err(failure.clone());
        }
        match (self.discover().await, &known.places) {
            (Ok(places), _) => {
                let places = Arc::new(places);
                known.places = Some((Instant::now(), places.clone()));
                Ok(places)
            }
            (Err(failure), Some((_, places))) => {
                tracing::warn!(
                    detail = failure.detail(),
                    "the provider could not be asked again; what was known is used"
                );
                Ok(places.clone())
            }
            (Err(failure), None) => {
                known.failed = Some((Instant::now(), failure.clone()));
                Err(failure)
            }
        }
    }

    async fn discover(&self) -> Result<Places, Failure> {
        let issuer = &self.settings.issuer;
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let places: Places = self.json("discovery", Request::get(address).body(Vec::new())).await?;
        match places.issuer == *issuer {
            true => Ok(places),
            false => Err(Failure::Provider(format!(
                "it calls itself {:?}, and not as `issuer` of the configuration has it",
                places.issuer
            ))),
        }
    }

    async fn keys(&self, places: &Places, anew: bool) -> Result<Arc<Keys>, Failure> {
        let mut known = self.known.lock().await;
        if let Some((at, keys)) = &known.keys
            && at.elapsed() < LASTS
            && !anew
        {
            return Ok(keys.clone());
        }
        let json: Value = self.json("jwks_uri", Request::get(&places.jwks_uri).body(Vec::new())).await?;
        let keys =
            Keys::parse(&json).ok_or_else(|| Failure::Provider("its jwks_uri has no list of keys".to_owned()))?;
        let keys = Arc::new(keys);
        known.keys = Some((Instant::now(), keys.clone()));
        Ok(keys)
    }

    async fn json<T: DeserializeOwned>(
        &self,
        what: &str,
        request: http::Result<Request<Vec<u8>>>,
    ) -> Result<T, Failure> {
        let answer = self.ask(what, request).await?;
        match answer.status() {
            StatusCode::OK => read(what, &answer),
            status => Err(Failure::Provider(format!("its {what} answers {status}"))),
        }
    }

    async fn ask(&self, what: &str, request: http::Result<Request<Vec<u8>>>) -> Result<Response<Vec<u8>>, Failure> {
        let request = request.map_err(|error| Failure::Provider(format!("its {what} is no address: {error}")))?;
        self.client.send(request).await.map_err(|error| Failure::Provider(format!("its {what}: {error}")))
    }
}

fn read<T: DeserializeOwned>(what: &str, answer: &Response<Vec<u8>>) -> Result<T, Failure> {
    // Where a value is of another type, the error repeats it: a token, perhaps.
    serde_json::from_slice(answer.body()).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Failure::Provider(format!("its {what} answers something else than expected, at line {line}, column {column}"))
    })
}
