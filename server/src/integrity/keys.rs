//! Where public keys come from: a list that was given, or CloudTrail's `ListPublicKeys` in the digests' own region.

use std::{
    collections::HashMap,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use aws_config::{Region, SdkConfig};
use aws_sdk_cloudtrail::{Client, primitives::DateTime};
use model::time::Timestamp;
use tokio::sync::Mutex;

use super::{chain::Link, signature::PublicKeys};
use crate::{clock::Clock, ingest::source::aws::Failure};

/// 2015-01-01: before it there were no digests.
const FIRST_MS: i64 = 1_420_070_400_000;
/// A list of public keys is of some kilobytes.
const MOST_LIST: u64 = 16 << 20;

#[derive(Clone, Debug, Default)]
pub enum Keys {
    /// There are none: signatures are not checked.
    #[default]
    None,
    Given(PublicKeys),
    Asked(Arc<Asked>),
}

/// Keys of AWS, kept by region for as long as it lives.
#[derive(Debug)]
pub struct Asked {
    config: SdkConfig,
    regions: Mutex<HashMap<String, Known>>,
}

/// What is known of a region.
#[derive(Debug, Default)]
struct Known {
    keys: PublicKeys,
    /// Times that were asked for.
    asked: Vec<(Timestamp, Timestamp)>,
}

impl Keys {
    pub fn asked(config: SdkConfig) -> Keys {
        Keys::Asked(Arc::new(Asked { config, regions: Mutex::default() }))
    }

    /// Those of files with the output of `list-public-keys`; `None` where there are no files. Errors name the file.
    pub fn read(files: &[PathBuf]) -> anyhow::Result<Option<Keys>> {
        let mut keys = PublicKeys::default();
        let given: Vec<_> = files.iter().filter(|file| !file.as_os_str().is_empty()).collect();
        for file in &given {
            let added = content(file).map_err(anyhow::Error::from).and_then(|list| keys.add_list(&list));
            added.with_context(|| file.display().to_string())?;
        }
        Ok((!given.is_empty()).then_some(Keys::Given(keys)))
    }

    pub fn is_none(&self) -> bool {
        matches!(self, Keys::None)
    }

    /// Those that the digests of a region may be signed with; `None`: signatures are not checked. Errors: AWS's.
    pub async fn of(&self, region: &str, links: &[Link]) -> Result<Option<PublicKeys>, Failure> {
        match self {
            Keys::None => Ok(None),
            Keys::Given(keys) => Ok(Some(keys.clone())),
            Keys::Asked(asked) => asked.of(region, links).await.map(Some),
        }
    }
}

fn content(file: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    fs::File::open(file)?.take(MOST_LIST).read_to_end(&mut content)?;
    Ok(content)
}

impl Asked {
    async fn of(&self, region: &str, links: &[Link]) -> Result<PublicKeys, Failure> {
        // One at a time: whoever waits finds what the other asked for.
        let mut regions = self.regions.lock().await;
        let known = regions.entry(region.to_owned()).or_default();
        let digests = || links.iter().filter_map(|link| link.digest.as_ref().ok());
        let unknown = || digests().filter(|digest| !known.keys.has(&digest.fingerprint));
        // Digests say what they like until they are verified.
        let sound = |time: Timestamp| Timestamp(time.0.clamp(FIRST_MS, Clock::System.now().0.max(FIRST_MS)));
        let start = unknown().map(|digest| sound(digest.start)).min();
        let end = unknown().map(|digest| sound(digest.end)).max();
        if let Some((start, end)) = start.zip(end)
            && !known.asked.iter().any(|(from, to)| *from <= start && end <= *to)
        {
            let keys = list(&client(&self.config, region), region, start, end).await?;
            known.keys.extend(keys);
            known.asked.push((start, end));
        }
        Ok(known.keys.clone())
    }
}

/// CloudTrail in a region.
pub fn client(config: &SdkConfig, region: &str) -> Client {
    Client::new(&config.clone().into_builder().region(Region::new(region.to_owned())).build())
}

/// All keys that were valid at some time of the range. Errors: of the service, with the permission that is missing.
pub async fn list(client: &Client, region: &str, from: Timestamp, to: Timestamp) -> Result<PublicKeys, Failure> {
    let (mut keys, mut next) = (PublicKeys::default(), None);
    loop {
        let request = client.list_public_keys().start_time(moment(from)).end_time(moment(to)).set_next_token(next);
        let answer = request.send().await.map_err(|error| {
            Failure::of(&error, "cloudtrail:ListPublicKeys", format!("the public keys of CloudTrail in {region}"))
        })?;
        for key in answer.public_key_list() {
            if let Some((fingerprint, value)) = key.fingerprint().zip(key.value()) {
                keys.add(fingerprint, value.as_ref().to_vec());
            }
        }
        next = answer.next_token;
        if next.is_none() {
            return Ok(keys);
        }
    }
}

fn moment(time: Timestamp) -> DateTime {
    DateTime::from_millis(time.0)
}
