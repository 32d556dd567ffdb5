//! What a provider says of who signed in: a token with its signature, and whether it is to be believed.
//!
//! The token's own words decide nothing: how it may be signed stands here, and with which keys the provider said where it alone writes.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use model::time::Timestamp;
use ring::{
    digest,
    signature::{self, RsaPublicKeyComponents, UnparsedPublicKey},
};
use serde::Deserialize;
use serde_json::Value;
use subtle::ConstantTimeEq;
use thiserror::Error;

use super::Claims;

/// Clocks differ by so much, in seconds.
const LEEWAY_S: f64 = 60.0;
/// A token is made while its user signs in, which takes no longer.
const OLDEST_S: f64 = 60.0 * super::MINUTES as f64;
/// Longest subject, as OpenID Connect has it.
const LONGEST_SUBJECT: usize = 255;

/// Why a token is not believed; in words for whoever tried to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Doubt {
    #[error("it has not the form of a token")]
    Form,
    #[error("it is signed in a way that is not accepted")]
    Algorithm,
    #[error("it is signed with a key that the provider does not list")]
    Key,
    #[error("its signature does not hold")]
    Signature,
    #[error("it comes from another provider (iss)")]
    Issuer,
    #[error("it is meant for another program (aud)")]
    Audience,
    #[error("it belongs to another sign-in (nonce)")]
    Nonce,
    #[error("it is over (exp), or the clocks of the provider and of this server differ")]
    Expired,
    #[error("it is of another time (iat), or the clocks of the provider and of this server differ")]
    Clock,
    #[error("it belongs to another access token (at_hash)")]
    AccessToken,
    #[error("it names nobody (sub)")]
    Subject,
}

/// What must stand in a token.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub nonce: &'a str,
    pub access_token: &'a str,
    pub now: Timestamp,
}

/// Public keys of a provider.
#[derive(Clone, Debug, Default)]
pub struct Keys(Vec<Jwk>);

#[derive(Clone, Debug, Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Keys {
    /// Keys of kinds that are not known are left out. `None`: it is no list of keys.
    pub fn parse(json: &Value) -> Option<Keys> {
        let keys = json.get("keys")?.as_array()?;
        Some(Keys(keys.iter().filter_map(|key| Jwk::deserialize(key).ok()).collect()))
    }

    /// Those that tokens may be signed with.
    pub fn count(&self) -> usize {
        let signs = |key: &&Jwk| {
            let usage = key.usage.as_deref().is_none_or(|usage| usage == "sig");
            usage && WAYS.iter().filter_map(|alg| scheme(alg)).any(|(scheme, _)| key.is_kind(scheme))
        };
        self.0.iter().filter(signs).count()
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// What a reader must understand: nothing of it is understood here.
    crit: Option<Value>,
}

/// How a token is signed. There is no way with a shared secret, so that no public key is taken for one, and none without a signature.
#[derive(Clone, Copy)]
enum Scheme {
    Rsa(&'static signature::RsaParameters),
    Curve { name: &'static str, algorithm: &'static signature::EcdsaVerificationAlgorithm },
    Edwards,
}

/// Ways of signing that are accepted.
pub const WAYS: [&str; 9] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];

fn scheme(alg: &str) -> Option<(Scheme, &'static digest::Algorithm)> {
    let p256 = Scheme::Curve { name: "P-256", algorithm: &signature::ECDSA_P256_SHA256_FIXED };
    let p384 = Scheme::Curve { name: "P-384", algorithm: &signature::ECDSA_P384_SHA384_FIXED };
    Some(match alg {
        "RS256" => (Scheme::Rsa(&signature::RSA_PKCS1_2048_8192_SHA256), &digest::SHA256),
        "RS384" => (Scheme::Rsa(&signature::RSA_PKCS1_2048_8192_SHA384), &digest::SHA384),
        "RS512" => (Scheme::Rsa(&signature::RSA_PKCS1_2048_8192_SHA512), &digest::SHA512),
        "PS256" => (Scheme::Rsa(&signature::RSA_PSS_2048_8192_SHA256), &digest::SHA256),
        "PS384" => (Scheme::Rsa(&signature::RSA_PSS_2048_8192_SHA384), &digest::SHA384),
        "PS512" => (Scheme::Rsa(&signature::RSA_PSS_2048_8192_SHA512), &digest::SHA512),
        "ES256" => (p256, &digest::SHA256),
        "ES384" => (p384, &digest::SHA384),
        "EdDSA" => (Scheme::Edwards, &digest::SHA512),
        _ => return None,
    })
}

/// The token's claims, once all of it is believed.
pub fn verify(token: &str, keys: &Keys, expected: &Expected<'_>) -> Result<Claims, Doubt> {
    let (signed, signature) = token.rsplit_once('.').ok_or(Doubt::Form)?;
    let (header, claims) = signed.split_once('.').ok_or(Doubt::Form)?;
    let header: Header = serde_json::from_slice(&decoded(header)?).map_err(|_| Doubt::Form)?;
    if header.crit.is_some() {
        return Err(Doubt::Algorithm);
    }
    let (scheme, hash) = scheme(&header.alg).ok_or(Doubt::Algorithm)?;
    let fitting: Vec<_> = keys.0.iter().filter(|key| key.fits(&header, scheme)).collect();
    if fitting.is_empty() {
        return Err(Doubt::Key);
    }
    let signature = decoded(signature)?;
    if !fitting.into_iter().any(|key| key.holds(scheme, signed.as_bytes(), &signature)) {
        return Err(Doubt::Signature);
    }
    let claims = serde_json::from_slice(&decoded(claims)?).map_err(|_| Doubt::Form)?;
    believed(&claims, expected)?;
    bound(&claims, hash, expected.access_token)?;
    Ok(claims)
}

fn decoded(text: &str) -> Result<Vec<u8>, Doubt> {
    BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| Doubt::Form)
}

impl Jwk {
    fn fits(&self, header: &Header, scheme: Scheme) -> bool {
        let is_named = header.kid.is_none() || self.kid == header.kid;
        let signs = self.usage.as_deref().is_none_or(|usage| usage == "sig");
        self.is_kind(scheme) && is_named && signs && self.alg.as_ref().is_none_or(|alg| *alg == header.alg)
    }

    fn is_kind(&self, scheme: Scheme) -> bool {
        match scheme {
            Scheme::Rsa(_) => self.kty == "RSA",
            Scheme::Curve { name, .. } => self.kty == "EC" && self.crv.as_deref() == Some(name),
            Scheme::Edwards => self.kty == "OKP" && self.crv.as_deref() == Some("Ed25519"),
        }
    }

    fn holds(&self, scheme: Scheme, message: &[u8], signature: &[u8]) -> bool {
        let bytes = |text: &Option<String>| BASE64_URL_SAFE_NO_PAD.decode(text.as_deref()?).ok();
        let verified = match scheme {
            Scheme::Rsa(parameters) => bytes(&self.n).zip(bytes(&self.e)).map(|(n, e)| {
                let n = &n[n.iter().take_while(|byte| **byte == 0).count()..];
                RsaPublicKeyComponents { n, e: &e }.verify(parameters, message, signature)
            }),
            Scheme::Curve { algorithm, .. } => bytes(&self.x).zip(bytes(&self.y)).map(|(x, y)| {
                let point = [&[4], x.as_slice(), y.as_slice()].concat();
                UnparsedPublicKey::new(algorithm, point).verify(message, signature)
            }),
            Scheme::Edwards => {
                bytes(&self.x).map(|x| UnparsedPublicKey::new(&signature::ED25519, x).verify(message, signature))
            }
        };
        verified.is_some_and(|verified| verified.is_ok())
    }
}

fn believed(claims: &Claims, expected: &Expected<'_>) -> Result<(), Doubt> {
    let text = |key: &str| claims.get(key).and_then(Value::as_str);
    let number = |key: &str| claims.get(key).and_then(Value::as_f64);
    if text("iss") != Some(expected.issuer) {
        return Err(Doubt::Issuer);
    }
    if !is_meant_for(claims, expected.client_id) {
        return Err(Doubt::Audience);
    }
    let now = expected.now.0 as f64 / 1_000.0;
    if number("exp").is_none_or(|exp| exp + LEEWAY_S <= now) {
        return Err(Doubt::Expired);
    }
    let is_of_now = |iat: f64| iat <= now + LEEWAY_S && iat >= now - OLDEST_S - LEEWAY_S;
    if !number("iat").is_some_and(is_of_now) || number("nbf").is_some_and(|nbf| nbf > now + LEEWAY_S) {
        return Err(Doubt::Clock);
    }
    if !text("nonce").is_some_and(|nonce| bool::from(nonce.as_bytes().ct_eq(expected.nonce.as_bytes()))) {
        return Err(Doubt::Nonce);
    }
    match text("sub") {
        Some(subject) if (1..=LONGEST_SUBJECT).contains(&subject.len()) => Ok(()),
        _ => Err(Doubt::Subject),
    }
}

/// For one of several programs it also says which one asked (`azp`).
fn is_meant_for(claims: &Claims, client_id: &str) -> bool {
    let azp = claims.get("azp").map(|azp| azp.as_str() == Some(client_id));
    match claims.get("aud") {
        Some(Value::String(aud)) => aud == client_id && azp != Some(false),
        Some(Value::Array(list)) => {
            let is_named = list.iter().any(|aud| aud.as_str() == Some(client_id));
            is_named && azp.unwrap_or(list.len() == 1)
        }
        _ => false,
    }
}

/// That the access token is the one that came with it, where it says which one did.
fn bound(claims: &Claims, hash: &'static digest::Algorithm, access_token: &str) -> Result<(), Doubt> {
    let Some(claimed) = claims.get("at_hash") else { return Ok(()) };
    let hashed = digest::digest(hash, access_token.as_bytes());
    let left = BASE64_URL_SAFE_NO_PAD.encode(&hashed.as_ref()[..hashed.as_ref().len() / 2]);
    match claimed.as_str() == Some(left.as_str()) {
        true => Ok(()),
        false => Err(Doubt::AccessToken),
    }
}
