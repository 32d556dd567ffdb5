//! S3: buckets that are listed, keys that are read.

use std::{
    io::{self, Read},
    sync::Arc,
};

use aws_config::SdkConfig;
use aws_sdk_s3::{Client, types};
use tokio::runtime::Handle;
use tokio_util::io::SyncIoBridge;

use super::{
    Object, Place,
    aws::{Failure, Trouble},
};

/// A client. A store at an address of its own has its buckets in the path.
pub fn client(config: &SdkConfig) -> Client {
    let own = config.endpoint_url().is_some();
    Client::from_conf(aws_sdk_s3::config::Builder::from(config).force_path_style(own).build())
}

/// A key, and who reads it.
#[derive(Clone, Debug)]
pub struct Key {
    pub client: Client,
    pub bucket: String,
    pub key: String,
}

impl Key {
    pub fn uri(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.key)
    }

    /// As an object; `etag` with its quotes or without.
    pub fn object(self, etag: &str, bytes: u64) -> Object {
        let (uri, version) = (self.uri(), etag.trim_matches('"').to_owned());
        Object { uri, version, bytes, place: Place::S3(Arc::new(self)), source: None }
    }

    /// The content as a stream that blocks. What breaks off is an error of `read`.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        let body = Handle::current().block_on(self.body()).map_err(Failure::into_io)?;
        Ok(Box::new(SyncIoBridge::new(body.into_async_read())))
    }

    async fn body(&self) -> Result<aws_sdk_s3::primitives::ByteStream, Failure> {
        let answer = self.client.get_object().bucket(&self.bucket).key(&self.key).send().await;
        let answer = answer.map_err(|error| Failure::of(&error, "s3:GetObject", self.uri()))?;
        Ok(answer.body)
    }

    /// Reads the first byte, to see whether it may be read.
    pub async fn try_read(&self) -> Result<(), Failure> {
        let request = self.client.get_object().bucket(&self.bucket).key(&self.key).range("bytes=0-0");
        match request.send().await.map_err(|error| Failure::of(&error, "s3:GetObject", self.uri())) {
            Err(failure) if failure.trouble == Trouble::Unreachable && failure.reason.contains("InvalidRange") => {
                Ok(())
            }
            answer => answer.map(drop),
        }
    }

    /// As an object, as it is now.
    pub async fn look(self) -> Result<Object, Failure> {
        let (etag, bytes) = self.head().await?;
        Ok(self.object(&etag, bytes))
    }

    /// ETag and size, where whoever told of the key did not tell them.
    pub async fn head(&self) -> Result<(String, u64), Failure> {
        let answer = self.client.head_object().bucket(&self.bucket).key(&self.key).send().await;
        let answer = answer.map_err(|error| Failure::of(&error, "s3:GetObject", self.uri()))?;
        let bytes = answer.content_length().unwrap_or_default().max(0) as u64;
        Ok((answer.e_tag().unwrap_or_default().to_owned(), bytes))
    }
}

/// Bucket and key of a URI that begins with `s3://`.
pub fn split(uri: &str) -> Option<(&str, &str)> {
    uri.strip_prefix("s3://")?.split_once('/')
}

/// A bucket that is listed.
#[derive(Clone, Debug)]
pub struct Bucket {
    pub client: Client,
    pub name: String,
}

/// Part of a listing.
#[derive(Debug, Default)]
pub struct Page {
    pub objects: Vec<types::Object>,
    /// What stands below the prefix up to the next `/`, where that was asked for.
    pub folders: Vec<String>,
    /// To go on with.
    pub next: Option<String>,
}

impl Bucket {
    /// A page of the keys below a prefix, in their order: after a key, or going on from a page.
    pub async fn page(&self, prefix: &str, after: Option<&str>, next: Option<String>) -> Result<Page, Failure> {
        let request = self.client.list_objects_v2().bucket(&self.name).prefix(prefix);
        let request = request.set_start_after(after.map(str::to_owned)).set_continuation_token(next);
        let answer = request.send().await.map_err(|error| self.failure(&error))?;
        let next = answer.next_continuation_token().map(str::to_owned);
        Ok(Page { objects: answer.contents.unwrap_or_default(), folders: Vec::new(), next })
    }

    /// All folders right below a prefix.
    pub async fn folders(&self, prefix: &str) -> Result<Vec<String>, Failure> {
        let (mut folders, mut next) = (Vec::new(), None);
        loop {
            let request = self.client.list_objects_v2().bucket(&self.name).prefix(prefix).delimiter("/");
            let answer = request.set_continuation_token(next).send().await.map_err(|error| self.failure(&error))?;
            folders.extend(answer.common_prefixes().iter().filter_map(|common| common.prefix().map(str::to_owned)));
            next = answer.next_continuation_token().map(str::to_owned);
            if next.is_none() {
                return Ok(folders);
            }
        }
    }

    fn failure(
        &self,
        error: &aws_sdk_s3::error::SdkError<aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Error>,
    ) -> Failure {
        Failure::of(error, "s3:ListBucket", format!("bucket {}", self.name))
    }

    /// A key of the listing as an object.
    pub fn object(&self, listed: &types::Object) -> Option<Object> {
        let key = listed.key()?.to_owned();
        let bytes = listed.size().unwrap_or_default().max(0) as u64;
        let place = Key { client: self.client.clone(), bucket: self.name.clone(), key };
        Some(place.object(listed.e_tag().unwrap_or_default(), bytes))
    }
}
