//! Secrets that are handed out: 256 bits of chance, kept as their SHA-256 alone.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::{digest, rand::SecureRandom};

use crate::store::access::Sha256;

/// A secret as its holder has it. Not shown by `Debug`, so that none gets into a log.
pub struct Secret(String);

impl Secret {
    /// A new one; `prefix` tells what it is for, so that scanners of sources find one that leaked.
    pub fn new(prefix: &str) -> Secret {
        Secret(format!("{prefix}{}", BASE64_URL_SAFE_NO_PAD.encode(random::<32>())))
    }

    pub fn text(&self) -> &str {
        &self.0
    }

    pub fn sha256(&self) -> Sha256 {
        sha256(&self.0)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    ring::rand::SystemRandom::new().fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

/// What is looked for in the database: of a text of any length and content.
pub fn sha256(text: &str) -> Sha256 {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    digest.as_ref().try_into().expect("32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_do_not_show() {
        let (one, other) = (Secret::new("tm_"), Secret::new("tm_"));
        assert_ne!(one.text(), other.text());
        assert_eq!(one.text().len(), 3 + 43);
        assert_eq!(format!("{one:?}"), "Secret(…)");
        assert_eq!(one.sha256(), sha256(one.text()));
    }
}
