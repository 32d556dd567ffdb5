//! A queue that is told of new keys: messages in, their objects stored, then the messages deleted.

use std::{
    collections::{HashMap, HashSet},
    convert::Infallible,
    io::ErrorKind,
    time::Duration,
};

use anyhow::Context;
use aws_config::{Region, SdkConfig};
use aws_sdk_sqs::{
    Client,
    types::{
        ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName,
        QueueAttributeName,
    },
};

use super::{
    Object,
    aws::Failure,
    intake::Intake,
    notification::{self, Named},
    runner::Round,
    s3,
};
use crate::{
    config::source::Sqs,
    ingest::Batch,
    store::{
        self,
        poison_message::{self, PoisonMessage},
    },
};

/// Messages that one receive may bring: SQS's limit.
const MOST_MESSAGES: i32 = 10;
/// Receives for one batch.
const RECEIVES: usize = 10;
/// How long the queue waits for a first message: SQS's limit, in seconds.
const LONG_POLL: i32 = 20;
/// An answer to a long poll that takes longer than this on top will not come.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Queue {
    client: Client,
    settings: Sqs,
    config: SdkConfig,
    /// By region: a queue may be told of buckets elsewhere.
    buckets: HashMap<Option<String>, aws_sdk_s3::Client>,
}

/// A message, and what is to be stored before it may go.
struct Task {
    message: Message,
    content: Content,
}

/// What a message names.
#[derive(Default)]
struct Content {
    objects: Vec<Object>,
    /// Why it cannot be dealt with, as far as that is known already.
    trouble: Option<(ErrorKind, String)>,
}

impl Queue {
    pub fn new(settings: Sqs, config: SdkConfig) -> Queue {
        Queue { client: Client::new(&config), settings, config, buckets: HashMap::new() }
    }

    /// Receives some messages and deals with them. Errors: the queue's, the database's, or that no message got through.
    pub async fn round(&mut self, intake: &Intake) -> anyhow::Result<Round> {
        let messages = self.receive(intake).await?;
        let mut round = if messages.is_empty() { Round::default() } else { self.dealt(intake, messages).await? };
        round.left.backlog = self.backlog().await;
        Ok(round)
    }

    /// Deals with messages while they are kept hidden from others.
    async fn dealt(&mut self, intake: &Intake, messages: Vec<Message>) -> anyhow::Result<Round> {
        let receipts: Vec<_> =
            messages.iter().filter_map(|message| message.receipt_handle().map(str::to_owned)).collect();
        let (client, url, visible) =
            (self.client.clone(), self.settings.queue_url.clone(), self.settings.visibility_timeout);
        tokio::select! {
            dealt = self.deal(intake, messages) => dealt,
            never = hold(&client, &url, visible, &receipts) => match never {},
        }
    }

    async fn receive(&self, intake: &Intake) -> anyhow::Result<Vec<Message>> {
        let mut messages = Vec::new();
        for number in 0..RECEIVES {
            let wait = if number == 0 { LONG_POLL } else { 0 };
            let request = self.client.receive_message().queue_url(&self.settings.queue_url).wait_time_seconds(wait);
            let request = request
                .max_number_of_messages(MOST_MESSAGES)
                .visibility_timeout(self.settings.visibility_timeout.as_secs() as i32)
                .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount);
            let limit = Duration::from_secs(wait as u64) + PATIENCE;
            let answer = tokio::select! {
                // Messages that are on their way are handed out again after their time.
                () = intake.stop.cancelled() => break,
                answer = tokio::time::timeout(limit, request.send()) => answer,
            };
            let what = || format!("queue {}", self.settings.queue_url);
            let answer = answer.with_context(|| format!("{}: no answer for {} s", what(), limit.as_secs()))?;
            let answer = answer.map_err(|error| Failure::of(&error, "sqs:ReceiveMessage", what()))?;
            let some = answer.messages.unwrap_or_default();
            if some.is_empty() {
                break;
            }
            messages.extend(some);
        }
        // The queue may hand one out twice: its last receipt holds.
        let mut seen = HashSet::new();
        messages.reverse();
        messages.retain(|message| seen.insert(message.message_id().unwrap_or_default().to_owned()));
        messages.reverse();
        Ok(if intake.stopping() { Vec::new() } else { messages })
    }

    async fn deal(&mut self, intake: &Intake, messages: Vec<Message>) -> anyhow::Result<Round> {
        let mut tasks = Vec::new();
        for message in messages {
            let content = self.read(message.body().unwrap_or_default()).await;
            tasks.push(Task { message, content });
        }
        let objects = tasks.iter().flat_map(|task| task.content.objects.iter().cloned()).collect();
        let batch = intake.take(objects).await?;
        let (mut gone, mut complaint) = (Vec::new(), None);
        for task in &tasks {
            match task.content.trouble(&batch) {
                None => gone.push(&task.message),
                Some((kind, reason)) => {
                    if self.is_poison(task, kind) {
                        poison_message::keep(&intake.pool, &self.poison(intake, task, &reason)).await?;
                        tracing::warn!(source = %intake.name, reason, "a message was kept aside and leaves the queue");
                        gone.push(&task.message);
                    }
                    complaint.get_or_insert(reason);
                }
            }
        }
        self.delete(&gone).await?;
        store::source::count_messages(&intake.pool, &intake.name, gone.len()).await?;
        match complaint {
            Some(reason) if gone.is_empty() => Err(anyhow::anyhow!(reason)),
            complaint => Ok(Round { complaint, ..Round::default() }),
        }
    }

    /// Reads a message's body.
    async fn read(&mut self, body: &str) -> Content {
        let names = match notification::read(body) {
            Ok(names) => names,
            Err(reason) => return Content { trouble: Some((ErrorKind::InvalidData, reason)), ..Content::default() },
        };
        let mut content = Content::default();
        for named in names.into_iter().filter(|named| is_log(&named.key)) {
            match self.object(named).await {
                Ok(object) => content.objects.push(object),
                Err(failure) => {
                    let reason = failure.to_string();
                    content.trouble = Some((failure.into_io().kind(), reason));
                }
            }
        }
        content
    }

    /// Deals once more with a message that was kept aside; returns why that does not go.
    pub async fn deal_again(&mut self, intake: &Intake, body: &str) -> anyhow::Result<Option<String>> {
        let content = self.read(body).await;
        let batch = intake.take(content.objects.clone()).await?;
        Ok(content.trouble(&batch).map(|(_, reason)| reason))
    }

    /// The object of a URI as it is now. None: it is no URI of S3's.
    pub async fn object_of(&mut self, uri: &str) -> Option<Result<Object, Failure>> {
        let (bucket, key) = s3::split(uri)?;
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        Some(self.object(Named { bucket, key, etag: None, bytes: 0, region: None }).await)
    }

    /// Messages that wait. None where the queue does not tell, which needs a permission of its own.
    async fn backlog(&self) -> Option<i64> {
        let waiting = QueueAttributeName::ApproximateNumberOfMessages;
        let request = self.client.get_queue_attributes().queue_url(&self.settings.queue_url);
        let answer = request.attribute_names(waiting.clone()).send().await.ok()?;
        answer.attributes()?.get(&waiting)?.parse().ok()
    }

    async fn object(&mut self, named: Named) -> Result<Object, Failure> {
        let Named { bucket, key, etag, bytes, region } = named;
        // A store at an address of its own has one region.
        let region = region.filter(|_| self.config.endpoint_url().is_none());
        let client = self.buckets.entry(region.clone()).or_insert_with(|| match region {
            Some(region) => s3::client(&self.config.clone().into_builder().region(Region::new(region)).build()),
            None => s3::client(&self.config),
        });
        let key = s3::Key { client: client.clone(), bucket, key };
        let (etag, bytes) = match etag {
            Some(etag) => (etag, bytes),
            None => key.head().await?,
        };
        Ok(key.object(&etag, bytes))
    }

    /// Whether to give it up. What may have come from the network or from AWS is tried for ever.
    fn is_poison(&self, task: &Task, kind: ErrorKind) -> bool {
        let own = matches!(kind, ErrorKind::InvalidData | ErrorKind::NotFound | ErrorKind::PermissionDenied);
        own && task.receives() >= self.settings.max_receives
    }

    fn poison(&self, intake: &Intake, task: &Task, reason: &str) -> PoisonMessage {
        PoisonMessage {
            source: intake.name.to_string(),
            queue_url: self.settings.queue_url.clone(),
            message_id: task.message.message_id().unwrap_or_default().to_owned(),
            receives: task.receives() as i32,
            reason: reason.to_owned(),
            body: task.message.body().unwrap_or_default().to_owned(),
        }
    }

    async fn delete(&self, messages: &[&Message]) -> anyhow::Result<()> {
        for some in messages.chunks(MOST_MESSAGES as usize) {
            let mut request = self.client.delete_message_batch().queue_url(&self.settings.queue_url);
            for (number, message) in some.iter().enumerate() {
                let receipt = message.receipt_handle().unwrap_or_default();
                let entry = DeleteMessageBatchRequestEntry::builder().id(number.to_string()).receipt_handle(receipt);
                request = request.entries(entry.build()?);
            }
            let what = format!("queue {}", self.settings.queue_url);
            let answer = request.send().await.map_err(|error| Failure::of(&error, "sqs:DeleteMessage", what))?;
            for failed in answer.failed() {
                let reason = failed.message().unwrap_or(failed.code());
                tracing::warn!(reason, "a message could not be deleted: it comes again, and changes nothing");
            }
        }
        Ok(())
    }
}

/// Digests prove what was delivered; they hold no events.
pub fn is_log(key: &str) -> bool {
    !key.ends_with('/') && !key.split('/').any(|part| part == "CloudTrail-Digest")
}

impl Task {
    /// How often the queue has handed it out, with this time.
    fn receives(&self) -> u32 {
        let counts = self.message.attributes();
        let count = counts.and_then(|counts| counts.get(&MessageSystemAttributeName::ApproximateReceiveCount));
        count.and_then(|count| count.parse().ok()).unwrap_or(1)
    }
}

impl Content {
    /// Why its message may not go yet. An object that is damaged is dealt with: it has its row and its reason.
    fn trouble(&self, batch: &Batch) -> Option<(ErrorKind, String)> {
        self.trouble.clone().or_else(|| {
            let failed = self.objects.iter().filter_map(|object| Some((object, batch.failed.get(&object.uri)?)));
            let mut failed = failed.filter_map(|(object, failed)| Some((object, failed, failed.trouble?)));
            failed.next().map(|(object, failed, kind)| (kind, format!("{}: {}", object.uri, failed.reason)))
        })
    }
}

/// Keeps messages hidden from others for as long as it is polled.
async fn hold(client: &Client, queue_url: &str, visible: Duration, receipts: &[String]) -> Infallible {
    loop {
        tokio::time::sleep(visible / 2).await;
        for some in receipts.chunks(MOST_MESSAGES as usize) {
            let mut request = client.change_message_visibility_batch().queue_url(queue_url);
            for (number, receipt) in some.iter().enumerate() {
                let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(number.to_string());
                let entry = entry.receipt_handle(receipt).visibility_timeout(visible.as_secs() as i32);
                if let Ok(entry) = entry.build() {
                    request = request.entries(entry);
                }
            }
            if let Err(error) = request.send().await {
                let failure = Failure::of(&error, "sqs:ChangeMessageVisibility", format!("queue {queue_url}"));
                tracing::warn!(%failure, "messages may come again before they are dealt with, which changes nothing");
            }
        }
    }
}
