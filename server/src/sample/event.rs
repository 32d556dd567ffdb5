//! One event as CloudTrail records it.

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    blanks::Blanks,
    catalog::{self, Call},
    clock::rfc3339,
    dice::Dice,
    identity::Identity,
    world::{self, Account},
};

/// A recorded event, ready to be delivered.
#[derive(Clone)]
pub struct Event {
    pub time: i64,
    pub account: &'static str,
    pub region: &'static str,
    /// Delivered in files of its own, as CloudTrail Insights are.
    pub insight: bool,
    pub json: String,
}

/// Who calls, and how it looks from outside.
#[derive(Clone)]
pub struct Caller {
    pub identity: Identity,
    /// An address, or the name of a service.
    pub source: String,
    /// `{command}` in it stands for the command of AWS' command line.
    pub agent: String,
    /// In the console's session.
    pub console: bool,
    /// The VPC endpoint that the call came through.
    pub endpoint: Option<String>,
    /// Too old for newer TLS than this.
    pub old_tls: Option<&'static str>,
}

impl Caller {
    pub fn new(identity: Identity, source: impl Into<String>, agent: impl Into<String>) -> Caller {
        Caller { identity, source: source.into(), agent: agent.into(), console: false, endpoint: None, old_tls: None }
    }

    /// A service of AWS, acting for itself or within a role.
    pub fn service(identity: Identity, host: &str) -> Caller {
        Caller::new(identity, host, host)
    }
}

/// What happened, without who did it.
#[derive(Clone, Default)]
pub struct Deed {
    pub time: i64,
    /// As in `eventSource`, without `.amazonaws.com`.
    pub service: String,
    pub name: String,
    pub command: String,
    pub read: bool,
    pub data: bool,
    pub error: Option<(String, String)>,
    pub request: Value,
    pub response: Value,
    pub additional: Option<Value>,
    pub service_details: Option<Value>,
    pub resources: Option<Value>,
    /// `eventType` where it is not AwsApiCall.
    pub kind: Option<&'static str>,
    /// The name of the endpoint where it is not the service's own.
    pub host: Option<String>,
    /// Recorded in another account as well.
    pub shared: bool,
}

impl Deed {
    /// A call of the catalog with its blanks filled; it fails when `error` names a code.
    pub fn call(call: &Call, blanks: &mut Blanks, error: Option<&str>, dice: &mut Dice) -> Deed {
        let request = blanks.fill(&call.request, dice);
        let resources = call.resources.as_ref().map(|resources| blanks.fill(resources, dice));
        if let Some(arn) = resources.as_ref().and_then(|resources| resources[0]["ARN"].as_str()) {
            blanks.set("resource", arn.to_owned());
        }
        let error = error.map(|code| {
            let message = catalog::message(code).as_str().unwrap_or_default();
            // Several messages share this code; in the table each has a name of its own.
            let code = if code.starts_with("ValidationException.") { "ValidationException" } else { code };
            (code.to_owned(), blanks.text(message, dice))
        });
        let response = if error.is_none() { blanks.fill(&call.response, dice) } else { Value::Null };
        Deed {
            time: blanks.time,
            service: call.service().to_owned(),
            name: call.name().to_owned(),
            command: call.command(),
            read: call.read,
            data: call.data,
            additional: call.additional.as_ref().map(|additional| blanks.fill(additional, dice)),
            error,
            request,
            response,
            resources,
            ..Deed::default()
        }
    }

    /// The event that is recorded of it.
    pub fn by(self, caller: &Caller, account: &'static Account, region: &'static str, dice: &mut Dice) -> Event {
        let region = if world::is_global(&self.service) { world::GLOBAL_REGION } else { region };
        let sign_in = self.kind == Some("AwsConsoleSignIn");
        let address = caller.source.parse::<std::net::IpAddr>().is_ok();
        let tls = address.then(|| self.tls(region, caller.old_tls, dice));
        let record = Record {
            event_version: version(&self.service),
            user_identity: &caller.identity.json,
            event_time: rfc3339(self.time),
            event_source: format!("{}.amazonaws.com", self.service),
            event_name: &self.name,
            aws_region: region,
            source_ip_address: &caller.source,
            user_agent: caller.agent.replace("{command}", &self.command),
            error_code: self.error.as_ref().map(|(code, _)| code.as_str()).filter(|code| !code.is_empty()),
            error_message: self.error.as_ref().map(|(_, message)| message.as_str()),
            request_parameters: &self.request,
            response_elements: &self.response,
            additional_event_data: self.additional.as_ref(),
            request_id: (!sign_in).then(|| request_id(&self.service, dice)),
            event_id: dice.uuid(),
            read_only: self.read,
            resources: self.resources.as_ref(),
            event_type: self.kind.unwrap_or("AwsApiCall"),
            management_event: !self.data,
            recipient_account_id: account.id,
            shared_event_id: self.shared.then(|| dice.uuid()),
            service_event_details: self.service_details.as_ref(),
            vpc_endpoint_id: caller.endpoint.as_deref(),
            vpc_endpoint_account_id: caller.endpoint.as_ref().map(|_| account.id),
            event_category: if self.data { "Data" } else { "Management" },
            tls_details: tls,
            session_credential_from_console: (caller.console && !sign_in).then_some("true"),
        };
        // Texts, numbers and maps with text keys: nothing here that JSON cannot write.
        let json = serde_json::to_string(&record).expect("an event is JSON");
        Event { time: self.time, account: account.id, region, insight: false, json }
    }

    fn tls(&self, region: &str, old: Option<&str>, dice: &mut Dice) -> Value {
        let host = self.host.clone().unwrap_or_else(|| match self.service.as_str() {
            "s3" => self.request["Host"].as_str().map_or_else(|| format!("s3.{region}.amazonaws.com"), str::to_owned),
            service if world::is_global(service) => format!("{service}.amazonaws.com"),
            service => format!("{service}.{region}.amazonaws.com"),
        });
        let (version, suite) = match (old, dice.below(20)) {
            (Some(version), _) => (version, "ECDHE-RSA-AES128-SHA"),
            (None, 0) => ("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256"),
            (None, _) => ("TLSv1.3", "TLS_AES_128_GCM_SHA256"),
        };
        json!({"tlsVersion": version, "cipherSuite": suite, "clientProvidedHostHeader": host})
    }
}

/// CloudTrail's field names, in the order in which it writes them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    event_version: &'a str,
    user_identity: &'a Value,
    event_time: String,
    event_source: String,
    event_name: &'a str,
    aws_region: &'a str,
    #[serde(rename = "sourceIPAddress")]
    source_ip_address: &'a str,
    user_agent: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<&'a str>,
    request_parameters: &'a Value,
    response_elements: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_event_data: Option<&'a Value>,
    #[serde(rename = "requestID", skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(rename = "eventID")]
    event_id: String,
    read_only: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    resources: Option<&'a Value>,
    event_type: &'a str,
    management_event: bool,
    recipient_account_id: &'a str,
    #[serde(rename = "sharedEventID", skip_serializing_if = "Option::is_none")]
    shared_event_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_event_details: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vpc_endpoint_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vpc_endpoint_account_id: Option<&'a str>,
    event_category: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_details: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_credential_from_console: Option<&'a str>,
}

/// Services move to new versions of the format at their own pace.
fn version(service: &str) -> &'static str {
    match service {
        "s3" | "iam" | "ec2" | "kms" | "dynamodb" => "1.11",
        "lambda" | "logs" | "rds" | "secretsmanager" | "cloudtrail" => "1.10",
        "ecr" | "ecs" | "ssm" | "monitoring" | "athena" | "bedrock" => "1.09",
        _ => "1.08",
    }
}

fn request_id(service: &str, dice: &mut Dice) -> String {
    if service == "s3" { dice.base32(16) } else { dice.uuid() }
}
