//! A source tried once: what works and what is missing, in a sentence.

use std::path::Path;

use aws_sdk_sqs::types::QueueAttributeName;

use super::{
    aws::{self, Failure},
    listing::layout,
    lookup::Lookup,
    push::key::Keys,
    s3::{self, Bucket, Key},
};
use crate::{
    clock::Clock,
    config::source::{Kind, Push, S3, Source, Sqs, Verify},
    integrity::{day, keys},
};

/// Tries it. Stores nothing and takes nothing away. Errors: what is missing.
pub async fn check(source: &Source) -> Result<String, String> {
    let told = kind(source).await?;
    Ok(match &source.verify {
        Some(settings) => format!("{told}; {}", verify(settings).await),
        None => told,
    })
}

/// Whether log files can be verified: nothing else depends on it.
async fn verify(settings: &Verify) -> String {
    let config = aws::config(&settings.aws).await;
    let bucket = Bucket { client: s3::client(&config), name: settings.bucket.clone() };
    let tried = async {
        let leaves = day::leaves(&bucket, &settings.prefix).await?;
        let Some(leaf) = leaves.first() else { return Ok(None) };
        let region = leaf.prefix.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let now = Clock::System.now();
        keys::list(&keys::client(&config, region), region, now, now).await?;
        Ok(Some(leaves.len()))
    };
    match tried.await {
        Ok(Some(count)) => format!("log files are verified with the digests of {count} folders"),
        Ok(None) => "log files are not verified: there are no digests yet".to_owned(),
        Err(failure) => {
            let failure: Failure = failure;
            format!("log files cannot be verified: {failure}")
        }
    }
}

async fn kind(source: &Source) -> Result<String, String> {
    match &source.kind {
        Kind::S3(settings) => s3(settings).await.map_err(|failure| failure.to_string()),
        Kind::Sqs(settings) => sqs(settings).await.map_err(|failure| failure.to_string()),
        Kind::LookupEvents(settings) => {
            let config = aws::config(&settings.aws).await;
            let tried = Lookup::new(settings.clone(), config).check().await;
            tried.map_err(|error| format!("{error:#}"))
        }
        Kind::Folder(settings) => folder(&settings.path),
        Kind::Push(settings) => push(&source.name, settings),
    }
}

async fn s3(settings: &S3) -> Result<String, Failure> {
    let bucket = Bucket { client: s3::client(&aws::config(&settings.aws).await), name: settings.bucket.clone() };
    let leaves = layout::leaves(&bucket, &settings.prefix).await?;
    let regions = leaves.iter().filter(|leaf| leaf.dated).count();
    let found = match regions {
        0 => "nothing in CloudTrail's layout yet".to_owned(),
        count => format!("{count} folders of accounts and regions"),
    };
    let below = leaves.first().map_or(settings.prefix.as_str(), |leaf| leaf.prefix.as_str());
    let page = bucket.page(below, None, None).await?;
    let place = format!("s3://{}/{}", settings.bucket, settings.prefix);
    let Some(key) = page.objects.iter().filter_map(|listed| listed.key()).find(|key| !key.ends_with('/')) else {
        return Ok(format!("{place} can be listed: {found}; there is no key to try reading with"));
    };
    let key = Key { client: bucket.client.clone(), bucket: bucket.name.clone(), key: key.to_owned() };
    key.try_read().await?;
    Ok(format!("{place} can be listed and read: {found}"))
}

async fn sqs(settings: &Sqs) -> Result<String, Failure> {
    let client = aws_sdk_sqs::Client::new(&aws::config(&settings.aws).await);
    let waiting = QueueAttributeName::ApproximateNumberOfMessages;
    let request = client.get_queue_attributes().queue_url(&settings.queue_url).attribute_names(waiting.clone());
    let what = format!("queue {}", settings.queue_url);
    let answer = request.send().await.map_err(|error| Failure::of(&error, "sqs:GetQueueAttributes", &what))?;
    let messages = answer.attributes().and_then(|attributes| attributes.get(&waiting)).map_or("0", String::as_str);
    Ok(format!("{what} answers: about {messages} messages wait"))
}

fn folder(path: &Path) -> Result<String, String> {
    let entries = std::fs::read_dir(path).map_err(|error| format!("folder {}: {error}", path.display()))?;
    Ok(format!("folder {} can be read: {} entries", path.display(), entries.count()))
}

fn push(name: &str, settings: &Push) -> Result<String, String> {
    Keys::read(&settings.access_key)?;
    Ok(format!("there is an access key; `trailmap serve` takes requests at /api/v1/push/{name}"))
}
