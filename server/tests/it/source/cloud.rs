//! S3 and SQS as moto's server has them, over HTTP; one for all tests of this process.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_sqs::types::QueueAttributeName;
use server::{
    config::source::Aws,
    ingest::source::{aws, s3},
};

/// The folder of the tests' Python: `TRAILMAP_TEST_PYTHON`, else `test-python` in cargo's target folder.
pub fn python() -> PathBuf {
    let given = std::env::var_os("TRAILMAP_TEST_PYTHON").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    given.unwrap_or_else(|| std::env::current_exe().unwrap().ancestors().nth(3).unwrap().join("test-python"))
}

/// Its address. A shell ends it with this process, however that ends.
pub fn endpoint() -> &'static str {
    static ENDPOINT: OnceLock<String> = OnceLock::new();
    ENDPOINT.get_or_init(|| {
        let program = python().join("bin/moto_server");
        assert!(program.exists(), "{} is missing: make setup-test installs it", program.display());
        const SCRIPT: &str = r#""$1" -H 127.0.0.1 -p 0 2>&1 & server=$!; cat >/dev/null; kill "$server""#;
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", SCRIPT, "sh"])
            .arg(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        shell.env("MOTO_S3_DEFAULT_MAX_KEYS", "200");
        let mut shell = std::os::unix::process::CommandExt::process_group(&mut shell, 0).spawn().unwrap();
        let mut lines = BufReader::new(shell.stdout.take().unwrap()).lines();
        let address =
            lines.find_map(|line| line.unwrap().split_once("Running on ").map(|(_, url)| url.trim().to_owned()));
        // It logs every request: a pipe that nobody reads would hold it up.
        std::thread::spawn(move || lines.for_each(drop));
        std::mem::forget(shell);
        address.expect("moto says where it runs")
    })
}

/// Settings that lead there.
pub fn aws() -> Aws {
    Aws { region: Some("eu-west-1".to_owned()), endpoint_url: Some(endpoint().to_owned()), ..Aws::default() }
}

/// What clients are made from, for an address that speaks as AWS does.
pub fn config_for(endpoint: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(aws::http_client())
        .region(Region::new("eu-west-1"))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            "testing", "testing", None, None, "test",
        )))
        .build()
}

pub fn config() -> SdkConfig {
    config_for(endpoint())
}

/// A name that no other test has.
fn name(kind: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{kind}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A bucket of its own.
pub struct Bucket {
    pub client: aws_sdk_s3::Client,
    pub name: String,
}

impl Bucket {
    pub async fn new() -> Bucket {
        use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
        let bucket = Bucket { client: s3::client(&config()), name: name("trail") };
        let place = CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::EuWest1).build();
        bucket.client.create_bucket().bucket(&bucket.name).create_bucket_configuration(place).send().await.unwrap();
        bucket
    }

    pub async fn put(&self, key: &str, bytes: impl Into<Vec<u8>>) {
        self.client.put_object().bucket(&self.name).key(key).body(bytes.into().into()).send().await.unwrap();
    }

    pub fn uri(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.name)
    }
}

/// A queue of its own.
pub struct Queue {
    pub client: aws_sdk_sqs::Client,
    pub url: String,
}

impl Queue {
    pub async fn new() -> Queue {
        let client = aws_sdk_sqs::Client::new(&config());
        let made = client.create_queue().queue_name(name("queue")).send().await.unwrap();
        Queue { client, url: made.queue_url.unwrap() }
    }

    pub async fn send(&self, body: impl ToString) {
        self.client.send_message().queue_url(&self.url).message_body(body.to_string()).send().await.unwrap();
    }

    /// Messages that wait, and those that somebody works on.
    pub async fn count(&self) -> (u32, u32) {
        let (waiting, hidden) = (
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        );
        let request = self.client.get_queue_attributes().queue_url(&self.url);
        let answer = request.attribute_names(waiting.clone()).attribute_names(hidden.clone()).send().await.unwrap();
        let attributes = answer.attributes.unwrap();
        (attributes[&waiting].parse().unwrap(), attributes[&hidden].parse().unwrap())
    }
}
