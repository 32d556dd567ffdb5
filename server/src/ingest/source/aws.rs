//! AWS: in whose name we ask, and what its errors mean in a sentence.

use std::{error::Error, fmt, io};

use aws_config::{BehaviorVersion, Region, SdkConfig, sts::AssumeRoleProvider};
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_smithy_http_client::{Builder, Connector, proxy::ProxyConfig, tls};

use crate::config::source::Aws;

/// What clients are made from: the SDK's chain (environment, profile, SSO, web identity, container, instance), and on top the
/// role of the settings.
pub async fn config(settings: &Aws) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client());
    if let Some(region) = &settings.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(profile) = &settings.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(url) = &settings.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    if settings.fips {
        loader = loader.use_fips(true);
    }
    let config = loader.load().await;
    let Some(role) = &settings.role_arn else { return config };
    let mut role = AssumeRoleProvider::builder(role).session_name("trailmap").configure(&config);
    if let Some(id) = &settings.external_id {
        role = role.external_id(id);
    }
    let role = aws_sdk_s3::config::SharedCredentialsProvider::new(role.build().await);
    config.into_builder().credentials_provider(role).build()
}

/// TLS by ring, as for Postgres, so that the program has one implementation; and through the proxy that the environment names.
pub fn http_client() -> aws_sdk_s3::config::SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector = Connector::builder().proxy_config(ProxyConfig::from_env());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring)).build()
    })
}

/// Why AWS did not do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// What was asked for is not there.
    Missing,
    /// A permission is missing.
    Forbidden,
    /// Too much was asked for.
    Throttled,
    /// All else: the network, credentials, AWS itself.
    Unreachable,
}

/// An answer that is none, as a sentence about `what`.
#[derive(Clone, Debug)]
pub struct Failure {
    pub trouble: Trouble,
    /// The bucket, key or queue.
    pub what: String,
    pub reason: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.what, self.reason)
    }
}

impl Error for Failure {}

impl Failure {
    /// `action` is the IAM action that is needed, as `s3:GetObject`.
    pub fn of<E>(error: &SdkError<E>, action: &str, what: impl Into<String>) -> Failure
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let what = what.into();
        let Some(service) = error.as_service_error() else {
            return Failure { trouble: Trouble::Unreachable, what, reason: unreachable(error) };
        };
        let status = error.raw_response().map_or(0, |response| response.status().as_u16());
        let header = |name: &str| error.raw_response().and_then(|response| response.headers().get(name));
        let code = service.code().unwrap_or("");
        let message = service.message().unwrap_or("AWS gives no reason").trim_end_matches('.');
        let told = match code {
            "" => format!("HTTP status {status}"),
            code => format!("{code}: {message}"),
        };
        let trouble = trouble(code, status);
        let reason = match (trouble, header("x-amz-bucket-region")) {
            (Trouble::Unreachable, Some(region)) if status == 301 || status == 400 => {
                format!("the bucket is in {region}: set region = {region:?}")
            }
            (Trouble::Missing, _) => format!("is not there ({told})"),
            (Trouble::Forbidden, _) => format!("access is denied: the permission {action} is needed ({told})"),
            (Trouble::Throttled, _) => format!("too many requests ({told})"),
            (Trouble::Unreachable, _) => told,
        };
        Failure { trouble, what, reason }
    }

    /// Told apart by the kind of an I/O error, where there is no other way to say it.
    pub fn into_io(self) -> io::Error {
        let kind = match self.trouble {
            Trouble::Missing => io::ErrorKind::NotFound,
            Trouble::Forbidden => io::ErrorKind::PermissionDenied,
            Trouble::Throttled | Trouble::Unreachable => io::ErrorKind::Other,
        };
        io::Error::new(kind, self.reason)
    }
}

fn trouble(code: &str, status: u16) -> Trouble {
    match code {
        "NoSuchKey" | "NoSuchBucket" | "NotFound" | "AWS.SimpleQueueService.NonExistentQueue" | "QueueDoesNotExist" => {
            Trouble::Missing
        }
        "AccessDenied" | "AccessDeniedException" | "AccessDenied.KMS" | "KMS.AccessDeniedException" => {
            Trouble::Forbidden
        }
        // Of the credentials, not of what they may.
        "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "RequestTimeTooSkewed"
        | "InvalidToken" => Trouble::Unreachable,
        code if code.contains("Throttl")
            || matches!(code, "SlowDown" | "RequestLimitExceeded" | "TooManyRequestsException") =>
        {
            Trouble::Throttled
        }
        _ => match status {
            404 => Trouble::Missing,
            403 => Trouble::Forbidden,
            429 | 503 => Trouble::Throttled,
            _ => Trouble::Unreachable,
        },
    }
}

/// The SDK's errors have their reasons behind each other.
fn unreachable<E: Error + 'static>(error: &SdkError<E>) -> String {
    let mut reasons: Vec<String> = Vec::new();
    let mut source: Option<&dyn Error> = error.source();
    while let Some(reason) = source {
        let told = reason.to_string();
        if reasons.last() != Some(&told) {
            reasons.push(told);
        }
        source = reason.source();
    }
    match reasons.is_empty() {
        true => DisplayErrorContext(error).to_string(),
        false => reasons.join(": "),
    }
}
