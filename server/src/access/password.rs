//! Passwords: how good one must be, and how it is kept.

use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier, password_hash::SaltString};
use model::error::Error;
use ring::rand::SecureRandom;
use tokio::sync::Semaphore;

/// Each takes 19 MiB and some 30 ms of a core: more at once would only take from those who read.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

const SHORTEST: usize = 10;
/// Longer ones cost time and add nothing.
const LONGEST: usize = 128;

/// Errors: it is too short, too long, or one that guessers try early. `about`: words that are no secret.
pub fn check(password: &str, about: &[&str]) -> Result<(), Error> {
    let wrong = |message: &str| Err(Error::invalid("password", message));
    match password.chars().count() {
        ..SHORTEST => return wrong("A password has at least 10 characters."),
        SHORTEST..=LONGEST => {}
        _ => return wrong("A password has at most 128 characters."),
    }
    let guessed = zxcvbn::zxcvbn(password, about);
    if guessed.score() < zxcvbn::Score::Three {
        return wrong(
            "This password is guessed too soon. Some words that have nothing to do with each other make a good one.",
        );
    }
    Ok(())
}

/// As it is kept: argon2id with 19 MiB, 2 rounds, 1 lane.
pub async fn hash(password: String) -> anyhow::Result<String> {
    let _permit = AT_ONCE.acquire().await?;
    tokio::task::spawn_blocking(move || {
        let mut salt = [0; 16];
        ring::rand::SystemRandom::new().fill(&mut salt).map_err(|_| anyhow::anyhow!("no random bytes"))?;
        let salt = SaltString::encode_b64(&salt).map_err(|error| anyhow::anyhow!("{error}"))?;
        let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
        hash.map(|hash| hash.to_string()).map_err(|error| anyhow::anyhow!("{error}"))
    })
    .await?
}

/// Whether it is the one that is kept. Takes as long where none is kept, so that time does not tell who is a user.
pub async fn verify(password: String, kept: Option<String>) -> anyhow::Result<bool> {
    /// Of a password that nobody has.
    const NONE: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZSBzYWx0IHRoYXQgaXM$Zm9yIG5vYm9keSBhdCBhbGwsIGFuZCBuZXZlciBmaXRzIGE";
    if password.chars().count() > LONGEST {
        return Ok(false);
    }
    let _permit = AT_ONCE.acquire().await?;
    let fits = tokio::task::spawn_blocking(move || {
        let hash = PasswordHash::new(kept.as_deref().unwrap_or(NONE)).map_err(|error| anyhow::anyhow!("{error}"))?;
        let fits = Argon2::default().verify_password(password.as_bytes(), &hash).is_ok();
        anyhow::Ok(fits && kept.is_some())
    });
    fits.await?
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn weak_passwords_are_told() {
        for weak in ["", "short", "password123", "qwertyuiop", "aaaaaaaaaaaaaaa", "alice-alice-1", &"x".repeat(129)] {
            assert!(check(weak, &["alice"]).is_err(), "{weak}");
        }
        check("correct horse battery staple", &["alice"]).unwrap();
        check("Tr0mbone&kettle!9", &[]).unwrap();
    }

    #[tokio::test]
    async fn only_the_password_fits() {
        let kept = hash("correct horse".into()).await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert_ne!(kept, hash("correct horse".into()).await.unwrap());
        assert!(verify("correct horse".into(), Some(kept.clone())).await.unwrap());
        assert!(!verify("correct horsf".into(), Some(kept.clone())).await.unwrap());
        assert!(!verify("x".repeat(1 << 20), Some(kept)).await.unwrap());
        assert!(!verify("correct horse".into(), None).await.unwrap());
    }
}
