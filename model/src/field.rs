//! The catalogue of fields. A field's key is the filter word, the JSON key, the SQL column and the URL key.

use serde::{Deserialize, Serialize};

/// How a field's values are typed, compared and drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Text,
    Time,
    Bool,
    /// An IP address.
    Address,
    Integer,
    Float,
    /// Several texts: a filter matches where one of them does, and grouping counts the event under each.
    List,
}

macro_rules! fields {
    ($($variant:ident, $key:literal, $label:literal, $kind:ident, [$($path:literal),*], $help:literal;)*) => {
        /// A column of an event that users filter by, group by and see.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Field {
            $(#[doc = $help] #[serde(rename = $key)] $variant,)*
        }

        impl Field {
            pub const ALL: &'static [Field] = &[$(Field::$variant),*];

            /// The one spelling: filter word, JSON key, SQL column, URL key.
            pub fn key(self) -> &'static str {
                match self { $(Field::$variant => $key,)* }
            }

            /// As a person reads it in a table's head.
            pub fn label(self) -> &'static str {
                match self { $(Field::$variant => $label,)* }
            }

            pub fn kind(self) -> Kind {
                match self { $(Field::$variant => Kind::$kind,)* }
            }

            /// CloudTrail's own paths to this very value; a derived field has none.
            pub fn paths(self) -> &'static [&'static str] {
                match self { $(Field::$variant => &[$($path),*],)* }
            }

            /// One line of help.
            pub fn help(self) -> &'static str {
                match self { $(Field::$variant => $help,)* }
            }
        }
    };
}

fields! {
    EventTime, "event_time", "Time", Time, ["eventTime"], "When the event happened, UTC.";
    Weekday, "weekday", "Weekday", Integer, [], "The day of the week, UTC: 1 is Monday, 7 is Sunday.";
    Hour, "hour", "Hour", Integer, [], "The hour of the day, UTC: 0 to 23.";
    EventId, "event_id", "Event ID", Text, ["eventID", "eventId"], "CloudTrail's id, or a hash of the content where it has none.";
    EventName, "event_name", "Event name", Text, ["eventName"], "The API action, for example DeleteBucket.";
    EventSource, "event_source", "Event source", Text, ["eventSource"], "The service that was called, for example s3.amazonaws.com.";
    EventType, "event_type", "Event type", Text, ["eventType"], "AwsApiCall, AwsConsoleSignIn, AwsServiceEvent, …";
    EventCategory, "event_category", "Event category", Text, ["eventCategory"], "Management, Data, Insight, NetworkActivity or Aggregated.";
    ReadOnly, "read_only", "Read only", Bool, ["readOnly"], "Whether the action only reads.";
    Outcome, "outcome", "Outcome", Text, [], "success, or failure: an error code or message, or a console sign-in that failed.";
    ErrorCode, "error_code", "Error code", Text, ["errorCode"], "The error that the service answered with.";
    ErrorMessage, "error_message", "Error message", Text, ["errorMessage"], "The error in the service's words.";
    Resource, "resource", "Resource", List, [], "What the event is about: ARNs, ids as sg-0123456789abcdef0, names.";
    AwsRegion, "aws_region", "AWS region", Text, ["awsRegion"], "The region that was called.";
    Account, "account", "Account", Text, ["recipientAccountId", "accountId"], "The account that received the event.";
    Actor, "actor", "Actor", Text, [], "Who did it: the user's or role's name, root, or the service.";
    Session, "session", "Session", Text, [], "The session name of an assumed role.";
    Origin, "origin", "Origin", Text, [], "Who began it: the first caller behind a role session as far as it is known, else the actor.";
    SourceIdentity, "source_identity", "Source identity", Text, ["userIdentity.sessionContext.sourceIdentity"], "The name that was set when the first role of a session was assumed.";
    IdentityType, "identity_type", "Identity type", Text, ["userIdentity.type"], "IAMUser, AssumedRole, Root, AWSService, …";
    ActorArn, "actor_arn", "Actor ARN", Text, ["userIdentity.arn"], "The ARN of the identity.";
    IdentityAccount, "identity_account", "Identity account", Text, ["userIdentity.accountId"], "The account that the identity belongs to.";
    CrossAccount, "cross_account", "Cross-account", Bool, [], "Whether the identity belongs to another account than the one that received the event.";
    AccessKey, "access_key", "Access key", Text, ["userIdentity.accessKeyId"], "The access key id that signed the request.";
    IssuedAccessKey, "issued_access_key", "Issued access key", Text, ["responseElements.credentials.accessKeyId"], "The access key id of the session that this event opened, for example by AssumeRole.";
    InvokedBy, "invoked_by", "Invoked by", Text, ["userIdentity.invokedBy"], "The AWS service that made the request for the identity.";
    SourceAddress, "source_address", "Source address", Text, ["sourceIPAddress"], "As CloudTrail writes it: an address, a service's name or AWS Internal.";
    SourceIp, "source_ip", "Source IP", Address, [], "The source address where it is an IP address.";
    Country, "country", "Country", Text, [], "ISO 3166 code of the country of the source IP.";
    City, "city", "City", Text, [], "The city of the source IP.";
    Latitude, "latitude", "Latitude", Float, [], "Degrees north of the source IP's place.";
    Longitude, "longitude", "Longitude", Float, [], "Degrees east of the source IP's place.";
    TimeZone, "time_zone", "Time zone", Text, [], "The time zone of the source IP's place.";
    AsNumber, "as_number", "AS number", Integer, [], "The autonomous system that announces the source IP.";
    AsOrganisation, "as_organisation", "Network", Text, [], "The organisation of that autonomous system.";
    UserAgent, "user_agent", "User agent", Text, ["userAgent"], "The client as it names itself.";
    Client, "client", "Client", Text, [], "The family of the user agent: console, aws-cli, an SDK, Terraform, a browser, …";
    Console, "console", "Console", Bool, [], "Whether it was done in the AWS console.";
    TlsVersion, "tls_version", "TLS version", Text, ["tlsDetails.tlsVersion"], "The version of TLS that the client spoke, for example TLSv1.3.";
    VpcEndpoint, "vpc_endpoint", "VPC endpoint", Text, ["vpcEndpointId"], "The VPC endpoint that the request came through.";
    MfaUsed, "mfa_used", "MFA used", Bool, [], "At a sign-in, whether MFA was used; in a session, whether it was opened with MFA.";
    RequestId, "request_id", "Request ID", Text, ["requestID"], "The service's id of the request.";
}

impl Field {
    pub fn from_key(key: &str) -> Option<Field> {
        Field::ALL.iter().copied().find(|field| field.key() == key)
    }

    /// Whether it follows from the event's time alone and is no column of its own.
    pub fn is_virtual(self) -> bool {
        matches!(self, Field::Weekday | Field::Hour)
    }

    /// The field that stores exactly what CloudTrail has at `path`, for example `eventName`.
    pub fn from_path(path: &str) -> Option<Field> {
        Field::ALL.iter().copied().find(|field| field.paths().contains(&path))
    }
}
