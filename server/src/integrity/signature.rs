//! The signature of a digest: what is signed, with which key, and whether it holds.

use std::collections::HashMap;

use anyhow::Context;
use base64::{Engine, engine::general_purpose::STANDARD};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde::Deserialize;

use super::digest::Digest;

/// The only algorithm that CloudTrail signs with: RSASSA-PKCS1-v1_5 with SHA-256.
pub const ALGORITHM: &str = "SHA256withRSA";

/// Public keys by fingerprint, as PKCS #1 in DER. Keys of several regions may stand in one list.
#[derive(Clone, Debug, Default)]
pub struct PublicKeys(HashMap<String, Vec<Vec<u8>>>);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Written {
    public_key_list: Vec<WrittenKey>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WrittenKey {
    fingerprint: String,
    value: String,
}

impl PublicKeys {
    /// Adds the keys of what `aws cloudtrail list-public-keys` prints. Errors: it is something else.
    pub fn add_list(&mut self, json: &[u8]) -> anyhow::Result<()> {
        let written: Written = serde_json::from_slice(json).context("not the output of list-public-keys")?;
        for key in written.public_key_list {
            let der = STANDARD.decode(key.value.trim()).with_context(|| format!("the key {}", key.fingerprint))?;
            self.add(&key.fingerprint, der);
        }
        Ok(())
    }

    /// Adds a key, as PKCS #1 in DER.
    pub fn add(&mut self, fingerprint: &str, der: Vec<u8>) {
        self.0.entry(fingerprint.to_lowercase()).or_default().push(der);
    }

    pub fn has(&self, fingerprint: &str) -> bool {
        self.0.contains_key(&fingerprint.to_lowercase())
    }

    /// Adds all of another list.
    pub fn extend(&mut self, other: PublicKeys) {
        for (fingerprint, keys) in other.0 {
            self.0.entry(fingerprint).or_default().extend(keys);
        }
    }

    /// Whether `signature`, in hexadecimal, is the digest's by the key that it names.
    pub fn verify(&self, digest: &Digest, signature: &str) -> bool {
        let Some(signature) = bytes(signature) else { return false };
        let signed = string_to_sign(digest);
        let keys = self.0.get(&digest.fingerprint.to_lowercase());
        keys.into_iter().flatten().any(|key| {
            let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key);
            key.verify(signed.as_bytes(), &signature).is_ok()
        })
    }
}

/// What CloudTrail signs of a digest.
pub fn string_to_sign(digest: &Digest) -> String {
    let previous = digest.previous_signature.as_deref().unwrap_or("null");
    format!("{}\n{}/{}\n{}\n{previous}", digest.end_text, digest.bucket, digest.key, digest.hash)
}

/// The bytes of a hexadecimal text.
pub fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<_>> = hex.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(content: &str) -> Digest {
        super::super::digest::parse(content.as_bytes()).unwrap()
    }

    const FIRST: &str = r#"{"digestStartTime":"2015-08-17T14:01:31Z","digestEndTime":"2015-08-17T15:01:31Z",
        "digestS3Bucket":"b","digestS3Object":"c","digestPublicKeyFingerprint":"7f","previousDigestSignature":null}"#;

    /// The vector of the AWS CLI's own tests: the content's hash is that of `abc`, and there is no previous digest.
    #[test]
    fn the_string_to_sign_is_that_of_the_aws_cli() {
        let of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let mut digest = Digest { end_text: "a".into(), hash: of_abc.into(), ..digest(FIRST) };
        assert_eq!(string_to_sign(&digest), format!("a\nb/c\n{of_abc}\nnull"));
        digest.previous_signature = Some("xyz".into());
        assert!(string_to_sign(&digest).ends_with("\nxyz"));
    }

    /// The example of `list-public-keys` in the AWS CLI's manual.
    #[test]
    fn lists_of_public_keys() {
        let value = "MIIBCgKCAQEAlSS3cl92HDycr/MTj0moOhas8habjrraXw+KzlWF0axSI2tcF+3iJ9BKQAVSKxGwxwu3m0wG3J+kUl1xboEcE\
                     PHYoIYMbgfSw7KGnuDKwkLzsQWhUJ0cIbOHASox1vv/5fNXkrHhGbDCHeVXm804c83nvHUEFYThr1PfyP/8HwrCtR3FX5OANt\
                     QCP61C1nJtSSkC8JSQUOrIP4CuwJjc+4WGDk+BGH5m9iuiAKkipEHWmUl8/P7XpfpWQuk4h8g3pXZOrNXr08lbh4d39svj7Uq\
                     dhvOXoBISp9t/EXYuePGEtBdrKD9Dz+VHwyUPtBQvYr9BnkF88qBnaPNhS44rzwIDAQAB";
        let list = format!(
            r#"{{"PublicKeyList":[{{"ValidityStartTime":1453076702.0,"ValidityEndTime":"2016-02-16T21:25:02Z",
               "Value":"{value}","Fingerprint":"7f"}}]}}"#
        );
        let mut keys = PublicKeys::default();
        keys.add_list(list.as_bytes()).unwrap();
        assert!(keys.has("7F") && !keys.has("8f"));
        for signature in ["", "ae", "aef", "zz", "éé", &"00".repeat(256)] {
            assert!(!keys.verify(&digest(FIRST), signature), "{signature}");
        }
        assert!(keys.add_list(b"{}").is_err());
        assert!(keys.add_list(br#"{"PublicKeyList":[{"Fingerprint":"a","Value":"!"}]}"#).is_err());
    }
}
