//! Buckets with trails of our own making, signed by keys of our own: `key-one.pk8` and `key-two.pk8`, made for these tests.

use std::{
    collections::BTreeMap,
    fs,
    io::{Cursor, Write},
    path::Path,
};

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use model::time::Timestamp;
use ring::{rand::SystemRandom, rsa::KeyPair, signature::RSA_PKCS1_SHA256};
use serde_json::{Value, json};
use server::integrity::{
    files::{Entry, File, Files, Signature},
    folder::SIDECAR,
    signature::{ALGORITHM, PublicKeys},
};
use sha2::{Digest, Sha256};

pub const BUCKET: &str = "trail-logs";
/// 2026-11-24T00:00:00Z, the hour 0 of all trails.
pub const START: i64 = 1_795_478_400_000;
pub const HOUR: i64 = 3_600_000;
const MINUTE: i64 = 60_000;

/// A key that digests are signed with, and its fingerprint.
pub struct Signer {
    pub pair: KeyPair,
    pub fingerprint: &'static str,
}

impl Signer {
    pub fn one() -> Signer {
        let pair = KeyPair::from_pkcs8(include_bytes!("key-one.pk8")).unwrap();
        Signer { pair, fingerprint: "31e8b5433410dfb61a9dc45cc65b22ff" }
    }

    pub fn two() -> Signer {
        let pair = KeyPair::from_pkcs8(include_bytes!("key-two.pk8")).unwrap();
        Signer { pair, fingerprint: "7f3f401420072e50a65a141430817ab3" }
    }

    fn sign(&self, text: &str) -> String {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
        signature.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    pub fn public(&self) -> PublicKeys {
        let mut keys = PublicKeys::default();
        keys.add_list(self.list().as_bytes()).unwrap();
        keys
    }

    /// As `aws cloudtrail list-public-keys` prints it.
    pub fn list(&self) -> String {
        let value = STANDARD.encode(self.pair.public().as_ref());
        let (start, end) = ("2026-11-01T00:00:00+00:00", "2026-12-01T00:00:00+00:00");
        let key = json!({
            "Value": value, "ValidityStartTime": start, "ValidityEndTime": end, "Fingerprint": self.fingerprint,
        });
        json!({ "PublicKeyList": [key] }).to_string()
    }
}

#[derive(Clone)]
pub struct Bucket {
    pub name: String,
    pub files: BTreeMap<String, Vec<u8>>,
    pub signatures: BTreeMap<String, Signature>,
    /// As S3 has it; otherwise a copy.
    pub is_s3: bool,
}

impl Default for Bucket {
    fn default() -> Bucket {
        Bucket { name: BUCKET.to_owned(), files: BTreeMap::new(), signatures: BTreeMap::new(), is_s3: false }
    }
}

impl Bucket {
    /// As S3 has it, under a name of its own.
    pub fn named(name: &str) -> Bucket {
        Bucket { name: name.to_owned(), is_s3: true, ..Bucket::default() }
    }

    pub fn inflated(&self, key: &str) -> Option<Vec<u8>> {
        let mut content = Vec::new();
        std::io::copy(&mut GzDecoder::new(&self.files.get(key)?[..]), &mut content).ok()?;
        Some(content)
    }

    /// Changes a digest without signing it anew.
    pub fn edit(&mut self, key: &str, change: impl FnOnce(&mut Value)) {
        let mut digest = serde_json::from_slice(&self.inflated(key).unwrap()).unwrap();
        change(&mut digest);
        self.files.insert(key.to_owned(), gzip(digest.to_string().as_bytes()));
    }

    /// What a copy knows: only the newest digest of each chain has its signature beside it.
    pub fn copied(mut self) -> Bucket {
        self.is_s3 = false;
        let named: Vec<_> = self.signatures.keys().map(|key| (self.previous(key), key.clone())).collect();
        let previous: Vec<_> = named.into_iter().filter_map(|(previous, _)| previous).collect();
        self.signatures.retain(|key, _| !previous.contains(key));
        self
    }

    fn previous(&self, key: &str) -> Option<String> {
        let digest: Value = serde_json::from_slice(&self.inflated(key)?).ok()?;
        Some(digest["previousDigestS3Object"].as_str()?.to_owned())
    }

    /// As `aws s3 sync` writes it, and the signatures that are known.
    pub fn write(&self, folder: &Path) {
        let sidecars = self
            .signatures
            .iter()
            .map(|(key, signature)| (format!("{key}{SIDECAR}"), format!("{}\n", signature.hex).into_bytes()));
        for (key, content) in self.files.clone().into_iter().chain(sidecars) {
            let path = folder.join(key);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
    }
}

#[async_trait]
impl Files for Bucket {
    fn bucket(&self) -> Option<&str> {
        self.is_s3.then_some(&self.name)
    }

    async fn list(&self, prefix: &str) -> anyhow::Result<Vec<Entry>> {
        let keys = self.files.keys().filter(|key| key.starts_with(prefix));
        Ok(keys.map(|key| Entry { key: key.clone(), version: String::new() }).collect())
    }

    fn uri(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.name)
    }

    async fn read(&self, key: &str) -> anyhow::Result<Option<File>> {
        let signature = self.signatures.get(key).cloned();
        Ok(self.files.get(key).map(|content| File { content: Box::new(Cursor::new(content.clone())), signature }))
    }
}

/// A trail in one region of one account, as its digests go on.
#[derive(Clone)]
pub struct Trail {
    pub account: &'static str,
    pub region: &'static str,
    /// Its hour 0, in milliseconds.
    pub start: i64,
    /// Key, hash and signature of the newest digest.
    previous: Option<[String; 3]>,
}

impl Trail {
    pub fn new(account: &'static str, region: &'static str) -> Trail {
        Trail { account, region, start: START, previous: None }
    }

    /// Digests end, and begin again.
    pub fn stop(&mut self) {
        self.previous = None;
    }

    pub fn log_file_key(&self, hour: i64, number: i64) -> String {
        let Trail { account, region, start, .. } = self;
        let time = compact(start + hour * HOUR + number * 20 * MINUTE);
        let (date, time) = (folder(&time), format!("{}Z", &time[..13]));
        format!("AWSLogs/{account}/CloudTrail/{region}/{date}/{account}_CloudTrail_{region}_{time}_{number}aB3.json.gz")
    }

    pub fn digest_key(&self, hour: i64, suffix: &str) -> String {
        let Trail { account, region, start, .. } = self;
        let time = compact(start + (hour + 1) * HOUR);
        let date = folder(&time);
        let name = format!("{account}_CloudTrail-Digest_{region}_all_events_us-east-1_{time}{suffix}.json.gz");
        format!("AWSLogs/{account}/CloudTrail-Digest/{region}/{date}/{name}")
    }

    /// Delivers so many log files and their digest; returns its key.
    pub fn hour(&mut self, bucket: &mut Bucket, signer: &Signer, hour: i64, log_files: i64) -> String {
        let keys: Vec<_> = (0..log_files).map(|number| self.log_file_key(hour, number)).collect();
        self.digest(bucket, signer, hour, &keys, "", |_| {})
    }

    /// Delivers a digest, changed before it is signed.
    pub fn digest(
        &mut self,
        bucket: &mut Bucket,
        signer: &Signer,
        hour: i64,
        log_files: &[String],
        suffix: &str,
        change: impl FnOnce(&mut Value),
    ) -> String {
        let entries: Vec<_> = log_files.iter().map(|key| log_file(bucket, key)).collect();
        let key = self.digest_key(hour, suffix);
        let [previous_key, previous_hash, previous_signature] =
            self.previous.clone().map_or([const { None }; 3], |previous| previous.map(Some));
        let end = Timestamp(self.start + (hour + 1) * HOUR).rfc3339();
        let mut digest = json!({
            "awsAccountId": self.account,
            "digestStartTime": Timestamp(self.start + hour * HOUR).rfc3339(),
            "digestEndTime": end,
            "digestS3Bucket": bucket.name,
            "digestS3Object": key,
            "digestPublicKeyFingerprint": signer.fingerprint,
            "digestSignatureAlgorithm": ALGORITHM,
            "newestEventTime": null,
            "oldestEventTime": null,
            "previousDigestS3Bucket": previous_key.as_ref().map(|_| &bucket.name),
            "previousDigestS3Object": previous_key,
            "previousDigestHashValue": previous_hash,
            "previousDigestHashAlgorithm": previous_hash.as_ref().map(|_| "SHA-256"),
            "previousDigestSignature": previous_signature,
            "logFiles": entries,
        });
        change(&mut digest);
        let content = digest.to_string();
        let hash = format!("{:x}", Sha256::digest(&content));
        let previous = digest["previousDigestSignature"].as_str().unwrap_or("null");
        let hex = signer.sign(&format!("{end}\n{}/{key}\n{hash}\n{previous}", bucket.name));
        bucket.files.insert(key.clone(), gzip(content.as_bytes()));
        let signature = Signature { hex: hex.clone(), algorithm: Some(ALGORITHM.to_owned()) };
        bucket.signatures.insert(key.clone(), signature);
        self.previous = Some([key.clone(), hash, hex]);
        key
    }
}

/// Delivers a log file; returns its entry in a digest.
pub fn log_file(bucket: &mut Bucket, key: &str) -> Value {
    let content = format!(
        r#"{{"Records":[{{"eventVersion":"1.08","eventTime":"2026-11-24T00:00:00Z","eventID":"{key}","eventName":"A"}}]}}"#
    );
    bucket.files.insert(key.to_owned(), gzip(content.as_bytes()));
    json!({
        "s3Bucket": bucket.name,
        "s3Object": key,
        "hashValue": format!("{:x}", Sha256::digest(&content)),
        "hashAlgorithm": "SHA-256",
        "newestEventTime": "2026-11-24T00:00:00Z",
        "oldestEventTime": "2026-11-24T00:00:00Z",
    })
}

pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// `20261124T010000Z`.
fn compact(ms: i64) -> String {
    Timestamp(ms).rfc3339().replace(['-', ':'], "")
}

fn folder(compact: &str) -> String {
    format!("{}/{}/{}", &compact[..4], &compact[4..6], &compact[6..8])
}
