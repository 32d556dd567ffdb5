//! Access keys of pushes. In memory there are only their hashes.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::config::source::Secret;

/// A shorter key could be guessed.
const SHORTEST: usize = 16;
/// Firehose takes no longer one.
const LONGEST: usize = 4096;
/// More than are needed while one takes another's place.
const MOST: usize = 8;

/// Keys that open one source.
#[derive(Clone, PartialEq)]
pub struct Keys(Vec<[u8; 32]>);

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} keys", self.0.len())
    }
}

impl Keys {
    /// One key a line, so that the old one still opens while the new one is handed out. Errors: a sentence without the key.
    pub fn read(secret: &Secret) -> Result<Keys, String> {
        let (place, text) = secret.read()?;
        Keys::parse(&text).map_err(|what| format!("{place} {what}"))
    }

    fn parse(text: &str) -> Result<Keys, String> {
        let keys: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        if keys.is_empty() {
            return Err("has no access key".to_owned());
        }
        if keys.len() > MOST {
            return Err(format!("has more than {MOST} access keys: one a line"));
        }
        if keys.iter().any(|key| !(SHORTEST..=LONGEST).contains(&key.len())) {
            return Err(format!("has an access key that is not {SHORTEST} to {LONGEST} characters long"));
        }
        if keys.iter().any(|key| !key.bytes().all(|byte| byte.is_ascii_graphic())) {
            return Err("has an access key with other characters than letters, digits and signs of ASCII".to_owned());
        }
        Ok(Keys(keys.into_iter().map(|key| Sha256::digest(key).into()).collect()))
    }

    /// Whether `given` is one of them; takes as long whatever it is.
    pub fn include(&self, given: &[u8]) -> bool {
        let given: [u8; 32] = Sha256::digest(given).into();
        self.0.iter().fold(Choice::from(0), |any, key| any | key.ct_eq(&given)).into()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_key_a_line_and_no_other_opens() {
        let keys = Keys::parse("  first-key-0123456789\r\n\nsecond-key-0123456789\n").unwrap();
        assert!(keys.include(b"first-key-0123456789") && keys.include(b"second-key-0123456789"));
        for wrong in ["", "first-key-0123456789 ", "first-key-012345678", "first-key-0123456789\nsecond-key-0123456789"]
        {
            assert!(!keys.include(wrong.as_bytes()), "{wrong:?}");
        }
        assert_eq!(format!("{keys:?}"), "2 keys");
    }

    #[test]
    fn mistakes_name_no_key() {
        for (text, told) in [
            (" \n", "has no access key"),
            ("tooshort", "has an access key that is not 16 to 4096 characters long"),
            (
                "with spaces in between",
                "has an access key with other characters than letters, digits and signs of ASCII",
            ),
        ] {
            assert_eq!(Keys::parse(text).unwrap_err(), told);
        }
        let missing = Secret::File("/no/such/key".into());
        let told = Keys::read(&missing).unwrap_err();
        assert!(told.starts_with("the file /no/such/key cannot be read: No such file"), "{told}");
    }
}
