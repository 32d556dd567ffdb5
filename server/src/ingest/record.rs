//! One event's JSON to typed columns. A field of an unexpected type becomes its text or nothing, never an error.

use std::{borrow::Cow, net::IpAddr};

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::{
    client,
    enrich::Place,
    identity::Identity,
    json,
    moment::Moment,
    resource::{self, Context},
};

/// A column's text is cut after so many bytes; `raw` has all of it.
const MOST_TEXT: usize = 2048;
/// A longer id cannot be an index key; a hash stands in.
const MOST_ID: usize = 512;

/// An event as it is stored: the columns of `event`, without the object that it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub event_id: String,
    pub event_time: Moment,
    pub event_name: Option<String>,
    pub event_source: Option<String>,
    pub event_type: Option<String>,
    pub event_category: Option<String>,
    pub read_only: Option<bool>,
    /// Failure: an error code or message, or a console sign-in that answered so.
    pub failed: bool,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    pub aws_region: Option<String>,
    pub account: Option<String>,
    pub actor: Option<String>,
    pub session: Option<String>,
    pub identity_type: Option<String>,
    pub actor_arn: Option<String>,
    pub identity_account: Option<String>,
    pub access_key: Option<String>,
    pub invoked_by: Option<String>,
    pub source_address: Option<String>,
    pub source_ip: Option<IpAddr>,
    pub place: Place,
    pub user_agent: Option<String>,
    pub client: Option<&'static str>,
    pub mfa_used: Option<bool>,
    pub request_id: Option<String>,
    /// ARNs, ids and names that the event is about.
    pub resource: Vec<String>,
    /// Who began it, as far as the event alone tells; see `Identity`.
    pub own_origin: Option<String>,
    pub source_identity: Option<String>,
    /// The key of the session that the event opened.
    pub issued_access_key: Option<String>,
    pub cross_account: Option<bool>,
    pub console: bool,
    pub tls_version: Option<String>,
    pub vpc_endpoint: Option<String>,
    /// The event's exact text.
    pub raw: String,
    /// `raw` as Postgres' json takes it, where that differs.
    pub raw_json: Option<String>,
}

/// What an envelope says of the event inside, for what the event itself lacks.
#[derive(Clone, Debug, Default)]
pub struct Fallback {
    pub time: Option<Moment>,
    pub account: Option<String>,
    pub region: Option<String>,
}

/// The keys of an event that are read.
pub const KEYS: [&str; 29] = [
    "eventID",
    "eventId",
    "eventTime",
    "@timestamp",
    "eventName",
    "eventSource",
    "eventType",
    "eventCategory",
    "readOnly",
    "errorCode",
    "errorMessage",
    "awsRegion",
    "recipientAccountId",
    "accountId",
    "userIdentity",
    "sourceIPAddress",
    "userAgent",
    "requestID",
    "responseElements",
    "additionalEventData",
    "sessionCredentialFromConsole",
    "requestId",
    "eventVersion",
    "insightDetails",
    "eventStartTime",
    "requestParameters",
    "resources",
    "tlsDetails",
    "vpcEndpointId",
];

/// The values of `KEYS`, in that order.
pub type Values<'a> = [Option<&'a RawValue>; KEYS.len()];

/// Reads an event. `raw` is its exact text, `cleaned` the same as Postgres takes it where that differs: then `values` are of it.
/// Errors: no time.
pub fn read(raw: &str, cleaned: Option<&str>, values: &Values<'_>, fallback: &Fallback) -> Result<Record, String> {
    let [
        id,
        id2,
        time,
        timestamp,
        name,
        source,
        kind,
        category,
        read_only,
        code,
        message,
        region,
        account,
        account2,
        ..,
    ] = *values;
    let [
        ..,
        identity,
        address,
        agent,
        request,
        response,
        additional,
        from_console,
        request2,
        _,
        _,
        start_time,
        _,
        _,
        _,
        _,
    ] = *values;
    let [.., parameters, resources, tls, endpoint] = *values;
    let event_name = json::text(name);
    let event_source = json::text(source);
    let event_type = json::text(kind);
    let (account, region) = (json::text(account).or_else(|| json::text(account2)), json::text(region));
    let (account, region) =
        (column(account).or_else(|| fallback.account.clone()), column(region).or_else(|| fallback.region.clone()));
    let sign_in = event_name.as_deref() == Some("ConsoleLogin");
    let [mfa, user_name] = json::inner(additional, &["MFAUsed", "UserName"]);
    let user_name = json::text(user_name);
    let service = event_source.as_deref().filter(|_| {
        event_type.as_deref() == Some("AwsServiceEvent")
            || json::text(json::inner(identity, &["type"])[0]).as_deref() == Some("AWSService")
    });
    let identity = Identity::of(identity, service, user_name.as_deref());
    let (error_code, error_message) = (json::text(code), json::text(message));
    let source_address = json::text(address);
    let user_agent = json::text(agent);
    let from_console = json::boolean(from_console) == Some(true);
    let client = user_agent.as_deref().map(|agent| client::family(agent, from_console));
    Ok(Record {
        event_id: event_id(id.or(id2), raw),
        event_time: event_time([time, timestamp, start_time], fallback)?,
        read_only: json::boolean(read_only),
        failed: error_code.is_some() || error_message.is_some() || sign_in && sign_in_failed(response),
        error_code: column(error_code),
        error_message: column(error_message),
        resource: resource::resources(
            &[resources, parameters, response],
            Context { event_source: event_source.as_deref(), account: account.as_deref(), region: region.as_deref() },
        ),
        cross_account: cross_account(&identity, account.as_deref()),
        console: from_console || client == Some("console") || event_type.as_deref() == Some("AwsConsoleSignIn"),
        issued_access_key: column(issued_access_key(response)),
        tls_version: column(json::text(json::inner(tls, &["tlsVersion"])[0])),
        vpc_endpoint: column(json::text(endpoint)),
        own_origin: column(identity.own_origin.map(Cow::Owned)),
        source_identity: column(identity.source_identity),
        aws_region: region,
        account,
        actor: column(identity.actor.map(Cow::Owned)),
        session: column(identity.session.map(Cow::Owned)),
        identity_type: column(identity.kind),
        actor_arn: column(identity.arn),
        identity_account: column(identity.account),
        access_key: column(identity.access_key),
        invoked_by: column(identity.invoked_by),
        source_ip: source_address.as_deref().and_then(|address| address.parse().ok()),
        source_address: column(source_address),
        place: Place::default(),
        client,
        user_agent: column(user_agent),
        mfa_used: json::boolean(mfa).filter(|_| sign_in).or(identity.session_mfa),
        request_id: column(json::text(request.or(request2))),
        event_name: column(event_name),
        event_source: column(event_source),
        event_type: column(event_type),
        event_category: column(json::text(category)),
        raw: raw.to_owned(),
        raw_json: cleaned.map(str::to_owned),
    })
}

/// Whether the object is an event at all: it names an action, a service, or a kind beside its id.
pub fn is_event(values: &Values<'_>) -> bool {
    let [_, _, _, _, name, source, kind, category, ..] = *values;
    let version = values[22];
    is_given(name) || is_given(source) || has_id(values) && [kind, category, version].into_iter().any(is_given)
}

/// Whether it bears the marks that CloudTrail itself gives every event: id and version.
pub fn is_whole(values: &Values<'_>) -> bool {
    has_id(values) && is_given(values[22])
}

fn has_id(values: &Values<'_>) -> bool {
    is_given(values[0]) || is_given(values[1])
}

fn is_given(value: Option<&RawValue>) -> bool {
    value.is_some_and(|value| !matches!(value.get(), "null" | "\"\""))
}

/// The key of a session that the answer hands out. `CreateAccessKey` opens no session: its key is a user's own.
fn issued_access_key(response: Option<&RawValue>) -> Option<Cow<'_, str>> {
    let [credentials] = json::inner(response, &["credentials"]);
    let [key] = json::inner(credentials, &["accessKeyId"]);
    json::text(key)
}

/// Nothing where an account is not known, and for what AWS does itself.
fn cross_account(identity: &Identity<'_>, account: Option<&str>) -> Option<bool> {
    let own = identity.account.as_deref().filter(|own| own.bytes().all(|b| b.is_ascii_digit()))?;
    (identity.kind.as_deref() != Some("AWSService")).then_some(own != account?)
}

fn sign_in_failed(response: Option<&RawValue>) -> bool {
    let [answer] = json::inner(response, &["ConsoleLogin"]);
    json::text(answer).is_some_and(|answer| answer.eq_ignore_ascii_case("failure"))
}

fn event_time(values: [Option<&RawValue>; 3], fallback: &Fallback) -> Result<Moment, String> {
    if let Some(moment) = values.into_iter().find_map(Moment::of).or(fallback.time) {
        return Ok(moment);
    }
    match values.into_iter().flatten().find(|value| value.get() != "null") {
        Some(value) => Err(format!("eventTime is not a time: {}", json::cut(value.get(), 100))),
        None => Err("no eventTime".to_owned()),
    }
}

fn event_id(value: Option<&RawValue>, raw: &str) -> String {
    let known = json::text(value).filter(|id| id.len() <= MOST_ID);
    known.map_or_else(|| content_id(raw), |id| without_nul(id).into_owned())
}

/// Stands in for an id: the hash of the content.
fn content_id(raw: &str) -> String {
    use std::fmt::Write;
    let mut id = String::from("sha256:");
    for byte in Sha256::digest(raw.as_bytes()) {
        // Writing to a String does not fail.
        let _ = write!(id, "{byte:02x}");
    }
    id
}

/// Postgres' text has no U+0000.
fn without_nul(text: Cow<'_, str>) -> Cow<'_, str> {
    if memchr::memchr(0, text.as_bytes()).is_some() { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { text }
}

fn column(text: Option<Cow<'_, str>>) -> Option<String> {
    text.map(|text| json::cut(&without_nul(text), MOST_TEXT).to_owned())
}
