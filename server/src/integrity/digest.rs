//! A digest: the log files of an hour with their hashes, and the digest of the hour before.

use model::time::Timestamp;
use serde::{Deserialize, Deserializer};
use sha2::{Digest as _, Sha256};

/// A digest file may inflate to so many bytes: some 100,000 log files in one hour of an account and region.
pub const MOST_BYTES: u64 = 64 << 20;

#[derive(Clone, Debug, PartialEq)]
pub struct Digest {
    pub start: Timestamp,
    pub end: Timestamp,
    /// The end as it is written, which is what was signed.
    pub end_text: String,
    pub bucket: String,
    pub key: String,
    /// Of the public key.
    pub fingerprint: String,
    /// How it says to be signed.
    pub algorithm: Option<String>,
    /// `None` begins a chain.
    pub previous: Option<Previous>,
    pub previous_signature: Option<String>,
    pub log_files: Vec<LogFile>,
    /// SHA-256 of its own inflated content, in hexadecimal.
    pub hash: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Previous {
    pub bucket: String,
    pub key: String,
    pub hash: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LogFile {
    pub bucket: String,
    pub key: String,
    /// SHA-256 of the inflated content, in hexadecimal.
    pub hash: String,
}

/// As AWS writes it. A key that comes twice is refused, so that no two readers see different digests.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    digest_start_time: String,
    digest_end_time: String,
    #[serde(rename = "digestS3Bucket")]
    bucket: String,
    #[serde(rename = "digestS3Object")]
    key: String,
    digest_public_key_fingerprint: String,
    digest_signature_algorithm: Option<String>,
    #[serde(rename = "previousDigestS3Bucket")]
    previous_bucket: Option<String>,
    #[serde(rename = "previousDigestS3Object")]
    previous_key: Option<String>,
    previous_digest_hash_value: Option<String>,
    previous_digest_hash_algorithm: Option<String>,
    /// It may be null and must be there.
    #[serde(deserialize_with = "present")]
    previous_digest_signature: Option<String>,
    log_files: Option<Vec<WrittenLogFile>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenLogFile {
    #[serde(rename = "s3Bucket")]
    bucket: String,
    #[serde(rename = "s3Object")]
    key: String,
    hash_value: String,
    hash_algorithm: Option<String>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer)
}

/// Reads the inflated content. Errors: what is wrong with it.
pub fn parse(content: &[u8]) -> Result<Digest, String> {
    let written: Written = serde_json::from_slice(content).map_err(|error| format!("not a digest: {error}"))?;
    known(written.previous_digest_hash_algorithm.as_deref())?;
    let log_files = written.log_files.unwrap_or_default().into_iter().map(log_file).collect::<Result<_, _>>()?;
    let (start, end) = (moment(&written.digest_start_time)?, moment(&written.digest_end_time)?);
    if start > end {
        return Err("it ends before it starts".to_owned());
    }
    let previous = written.previous_bucket.zip(written.previous_key);
    Ok(Digest {
        start,
        end,
        end_text: written.digest_end_time,
        bucket: written.bucket,
        key: written.key,
        fingerprint: written.digest_public_key_fingerprint,
        algorithm: written.digest_signature_algorithm,
        previous: previous.map(|(bucket, key)| Previous { bucket, key, hash: written.previous_digest_hash_value }),
        previous_signature: written.previous_digest_signature,
        log_files,
        hash: format!("{:x}", Sha256::digest(content)),
    })
}

fn log_file(written: WrittenLogFile) -> Result<LogFile, String> {
    known(written.hash_algorithm.as_deref())?;
    Ok(LogFile { bucket: written.bucket, key: written.key, hash: written.hash_value })
}

fn known(hash_algorithm: Option<&str>) -> Result<(), String> {
    match hash_algorithm {
        None | Some("SHA-256") => Ok(()),
        Some(other) => Err(format!("its hashes are {other} and not SHA-256")),
    }
}

fn moment(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| format!("not a time: {text}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// The example of AWS's documentation, shortened.
    fn example() -> Value {
        json!({
            "awsAccountId": "111122223333",
            "digestStartTime": "2015-08-17T14:01:31Z",
            "digestEndTime": "2015-08-17T15:01:31Z",
            "digestS3Bucket": "amzn-s3-demo-bucket",
            "digestS3Object": "AWSLogs/111122223333/CloudTrail-Digest/us-east-2/2015/08/17/a.json.gz",
            "digestPublicKeyFingerprint": "31e8b5433410dfb61a9dc45cc65b22ff",
            "digestSignatureAlgorithm": "SHA256withRSA",
            "newestEventTime": "2015-08-17T14:52:27Z",
            "oldestEventTime": "2015-08-17T14:42:27Z",
            "previousDigestS3Bucket": "amzn-s3-demo-bucket",
            "previousDigestS3Object": "AWSLogs/b.json.gz",
            "previousDigestHashValue": "97fb791cf91ffc440d274f8190dbdd9aa09c34432aba82739df18b6d3c13df2d",
            "previousDigestHashAlgorithm": "SHA-256",
            "previousDigestSignature": "50887ccffad4c002b97caa37cc9dc626",
            "logFiles": [{
                "s3Bucket": "amzn-s3-demo-bucket",
                "s3Object": "AWSLogs/c.json.gz",
                "hashValue": "9bb6196fc6b84d6f075a56548feca262bd99ba3c2de41b618e5b6e22c1fc71f6",
                "hashAlgorithm": "SHA-256",
                "newestEventTime": "2015-08-17T14:52:27Z",
                "oldestEventTime": "2015-08-17T14:42:27Z",
            }],
        })
    }

    fn parsed(value: &Value) -> Result<Digest, String> {
        parse(value.to_string().as_bytes())
    }

    #[test]
    fn the_example_of_the_documentation() {
        let digest = parsed(&example()).unwrap();
        assert_eq!(digest.end.0 - digest.start.0, 3_600_000);
        assert_eq!(digest.previous.unwrap().key, "AWSLogs/b.json.gz");
        assert_eq!(digest.log_files[0].key, "AWSLogs/c.json.gz");
    }

    #[test]
    fn a_chain_begins_with_nulls() {
        let mut first = example();
        for key in ["S3Bucket", "S3Object", "HashValue", "HashAlgorithm", "Signature"] {
            first[format!("previousDigest{key}")] = Value::Null;
        }
        let digest = parsed(&first).unwrap();
        assert_eq!((digest.previous, digest.previous_signature), (None, None));
    }

    #[test]
    fn what_validation_needs_must_be_there() {
        for key in ["PublicKeyFingerprint", "S3Bucket", "S3Object", "StartTime", "EndTime"] {
            let mut value = example();
            value.as_object_mut().unwrap().shift_remove(&format!("digest{key}"));
            assert!(parsed(&value).unwrap_err().contains("missing field"), "{key}");
        }
        let mut value = example();
        value.as_object_mut().unwrap().shift_remove("previousDigestSignature");
        assert!(parsed(&value).unwrap_err().contains("previousDigestSignature"));
    }

    #[test]
    fn what_cannot_be_relied_on_is_refused() {
        let wrong = |key: &str, value: Value| {
            parsed(&{
                let mut all = example();
                all[key] = value;
                all
            })
            .unwrap_err()
        };
        assert!(wrong("digestEndTime", json!("yesterday")).contains("not a time"));
        assert!(wrong("digestEndTime", json!("2015-08-17T13:01:31Z")).contains("before it starts"));
        assert!(wrong("previousDigestHashAlgorithm", json!("MD5")).contains("MD5"));
        let twice = example().to_string().replacen('{', r#"{"digestS3Object":"other","#, 1);
        assert!(parse(twice.as_bytes()).unwrap_err().contains("duplicate"));
        assert!(parse(&[b"[".repeat(100_000), b"]".repeat(100_000)].concat()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(content in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&content);
        }

        #[test]
        fn any_damage_is_read_or_refused(at in 0..2000_usize, byte: u8) {
            let mut content = example().to_string().into_bytes();
            let at = at % content.len();
            content[at] = byte;
            let _ = parse(&content);
        }
    }
}
