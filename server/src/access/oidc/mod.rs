//! Sign-in through an OpenID Connect provider: the authorisation code flow with PKCE, state and nonce.
//!
//! A browser that goes to the provider gets a cookie with a secret. State, nonce and verifier are made from it, so that what comes back
//! fits the browser that left or none; and the secret's hash is kept until it comes back, once.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::{digest, hmac};
use serde_json::Value;
use subtle::ConstantTimeEq;

mod claims;
mod failure;
mod provider;
pub mod token;

pub use claims::Claims;
pub use failure::Failure;
pub use provider::Provider;

use super::{
    Access, Act, Entered, Secret,
    desk::may,
    door::{Origin, nobody},
    failed,
    secret::sha256,
    stored, write_down,
};
use crate::store::access as store;
use provider::Terms;

/// Where the provider sends browsers back to.
pub const CALLBACK: &str = "/login/callback";
/// How long a sign-in may take.
pub const MINUTES: i32 = 10;

/// A browser is on its way to the provider.
pub struct Begun {
    /// For its cookie.
    pub secret: Secret,
    pub location: String,
}

/// What the provider sends a browser back with.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub state: String,
    pub code: String,
    pub error: Option<String>,
    pub issuer: Option<String>,
}

/// What the user is by the provider's word.
struct User<'a> {
    issuer: &'a str,
    subject: String,
    names: Vec<String>,
    groups: Vec<String>,
}

impl Access {
    pub fn provider(&self) -> Option<&Provider> {
        self.provider.as_deref()
    }

    /// Sends a browser to the provider; back here, it goes to `next`.
    pub async fn provider_begin(&self, provider: &Provider, next: &str, origin: &Origin) -> Result<Begun, Failure> {
        let begun = self.begin(provider, next, origin).await;
        self.noted(provider, begun, "", origin).await
    }

    async fn begin(&self, provider: &Provider, next: &str, origin: &Origin) -> Result<Begun, Failure> {
        self.limits.provider.take(&origin.address).map_err(Failure::TooOften)?;
        let secret = Secret::new("");
        let challenge = digest::digest(&digest::SHA256, part(secret.text(), "verifier").as_bytes());
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(challenge);
        let (state, nonce) = (part(secret.text(), "state"), part(secret.text(), "nonce"));
        let location = provider.way(Terms { state: &state, nonce: &nonce, challenge: &challenge }).await?;
        store::sign_in::insert(&self.pool, &secret.sha256(), None, next, MINUTES).await.map_err(failed)?;
        Ok(Begun { secret, location })
    }

    /// Lets a browser in that comes back; `cookie` is what it left with. Also returns where it goes.
    pub async fn provider_finish(
        &self,
        provider: &Provider,
        cookie: &str,
        answer: &Answer,
        origin: &Origin,
    ) -> Result<(Entered, String), Failure> {
        let mut name = String::new();
        let finished = self.finish(provider, cookie, answer, origin, &mut name).await;
        self.noted(provider, finished, &name, origin).await
    }

    async fn finish(
        &self,
        provider: &Provider,
        cookie: &str,
        answer: &Answer,
        origin: &Origin,
        name: &mut String,
    ) -> Result<(Entered, String), Failure> {
        self.limits.provider.take(&origin.address).map_err(Failure::TooOften)?;
        if !bool::from(part(cookie, "state").as_bytes().ct_eq(answer.state.as_bytes())) {
            return Err(Failure::Stale);
        }
        let taken = store::sign_in::take(&self.pool, &sha256(cookie)).await.map_err(failed)?;
        let next = taken.ok_or(Failure::Stale)?;
        if !provider.is_own(answer.issuer.as_deref()).await? {
            return Err(Failure::Doubt(token::Doubt::Issuer));
        }
        if let Some(error) = &answer.error {
            return Err(Failure::Denied(word(error)));
        }
        let claims = provider.redeem(&answer.code, &part(cookie, "verifier"), &part(cookie, "nonce")).await?;
        let user = user(provider, &claims);
        user.names[0].clone_into(name);
        let user_id = self.admit(provider, &user, origin).await?;
        Ok((self.enter(user_id, origin).await?, next))
    }

    /// The user's id, made or brought up to what the provider says. Errors: they may not come in; then what they might before is taken.
    async fn admit(&self, provider: &Provider, user: &User<'_>, origin: &Origin) -> Result<i64, Failure> {
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        store::user::hold(&mut transaction).await.map_err(failed)?;
        let known = store::provider::find(&mut transaction, user.issuer, &user.subject).await.map_err(failed)?;
        let Some((role, accounts)) = claims::grant(&provider.settings.rules, &user.groups) else {
            tracing::warn!(user = user.names[0], groups = ?user.groups, "no group of a user who signed in has a role");
            if let Some(known) = known {
                store::provider::revoke(&mut transaction, known.user_id).await.map_err(failed)?;
                let act = Act::new(&nobody(origin), "user_change", &known.name).with("no group with a role");
                write_down(&mut transaction, act).await?;
                transaction.commit().await.map_err(failed)?;
            }
            return Err(Failure::NoGroup);
        };
        if known.as_ref().is_some_and(|known| known.disabled) {
            return Err(Failure::Disabled);
        }
        let allowed = stored(&accounts);
        let by_provider = format!("{}, by {}", may(role, &accounts), provider.settings.name);
        let (role, allowed) = (role.name(), allowed.as_deref());
        let (user_id, act) = match known {
            Some(known) => {
                let updated = store::provider::update(&mut transaction, &known, &user.names, role, allowed);
                let name = updated.await.map_err(failed)?;
                let is_same = known.role == role && known.accounts.as_deref() == allowed && known.name == name;
                let before = if known.name == name { String::new() } else { format!(", before: {}", known.name) };
                let act = Act::new(&nobody(origin), "user_change", &name).with(format!("{by_provider}{before}"));
                (known.user_id, (!is_same).then_some(act))
            }
            None => {
                let identity = (user.issuer, user.subject.as_str());
                let made = store::provider::insert(&mut transaction, &user.names, identity, role, allowed);
                let (user_id, name) = made.await.map_err(failed)?.ok_or_else(super::door::taken)?;
                (user_id, Some(Act::new(&nobody(origin), "user_create", &name).with(by_provider)))
            }
        };
        if let Some(act) = act {
            write_down(&mut transaction, act).await?;
        }
        transaction.commit().await.map_err(failed)?;
        Ok(user_id)
    }

    /// Writes down what went wrong.
    async fn noted<T>(
        &self,
        provider: &Provider,
        result: Result<T, Failure>,
        name: &str,
        origin: &Origin,
    ) -> Result<T, Failure> {
        if let Err(failure) = &result
            && !matches!(failure, Failure::TooOften(_))
        {
            let detail = format!("by {}: {}", provider.settings.name, failure.detail());
            tracing::warn!(detail, "somebody could not sign in through the provider");
            self.journal.note(&Act::new(&nobody(origin), "sign_in", name).with(detail).refused()).await;
        }
        result
    }
}

/// Something of a browser's secret that tells nothing of the secret, nor of the other parts.
fn part(secret: &str, what: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&key, what.as_bytes()))
}

fn user<'a>(provider: &'a Provider, claims: &Claims) -> User<'a> {
    let issuer = provider.settings.issuer.as_str();
    let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default().to_owned();
    let groups = claims::groups(claims, &provider.settings.groups_claim).unwrap_or_default();
    User { issuer, names: claims::names(claims, issuer, &subject), groups, subject }
}

/// One of OAuth's words for what went wrong; whoever made the link may have written anything.
fn word(error: &str) -> String {
    let is_word =
        (1..=60).contains(&error.len()) && error.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_word { error.to_owned() } else { "for a reason that it does not name".to_owned() }
}
