//! A bucket of S3: digests with the metadata that has their signatures.

use async_trait::async_trait;
use tokio_util::io::SyncIoBridge;

use super::files::{Entry, File, Files, Signature};
use crate::ingest::source::{
    aws::{Failure, Trouble},
    s3::{self, Key},
};

/// As CloudTrail names them, behind `x-amz-meta-`.
const SIGNATURE: &str = "signature";
const ALGORITHM: &str = "signature-algorithm";

#[async_trait]
impl Files for s3::Bucket {
    fn bucket(&self) -> Option<&str> {
        Some(&self.name)
    }

    async fn list(&self, prefix: &str) -> anyhow::Result<Vec<Entry>> {
        let (mut entries, mut next) = (Vec::new(), None);
        loop {
            let page = self.page(prefix, None, next).await?;
            entries.extend(page.objects.into_iter().filter_map(|listed| {
                let version = listed.e_tag.unwrap_or_default().trim_matches('"').to_owned();
                Some(Entry { key: listed.key?, version })
            }));
            next = page.next;
            if next.is_none() {
                return Ok(entries);
            }
        }
    }

    fn uri(&self, key: &str) -> String {
        self.key(key).uri()
    }

    async fn read(&self, key: &str) -> anyhow::Result<Option<File>> {
        let answer = self.client.get_object().bucket(&self.name).key(key).send().await;
        let answer = match answer.map_err(|error| Failure::of(&error, "s3:GetObject", self.uri(key))) {
            Ok(answer) => answer,
            Err(failure) if failure.trouble == Trouble::Missing => return Ok(None),
            Err(failure) => anyhow::bail!(failure.reason),
        };
        let metadata = |name: &str| answer.metadata().and_then(|metadata| metadata.get(name)).cloned();
        let signature = metadata(SIGNATURE).map(|hex| Signature { hex, algorithm: metadata(ALGORITHM) });
        Ok(Some(File { signature, content: Box::new(SyncIoBridge::new(answer.body.into_async_read())) }))
    }
}

impl s3::Bucket {
    fn key(&self, key: &str) -> Key {
        Key { client: self.client.clone(), bucket: self.name.clone(), key: key.to_owned() }
    }
}
