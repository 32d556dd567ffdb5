//! Who did it: actor and session, as a person would say them.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::json;

/// What an event says of the identity behind it.
#[derive(Debug, Default)]
pub struct Identity<'a> {
    pub kind: Option<Cow<'a, str>>,
    pub arn: Option<Cow<'a, str>>,
    pub account: Option<Cow<'a, str>>,
    pub access_key: Option<Cow<'a, str>>,
    pub invoked_by: Option<Cow<'a, str>>,
    /// The user's or role's name, `root`, or the service; nothing where the event names nobody.
    pub actor: Option<String>,
    /// The session name of a role.
    pub session: Option<String>,
    /// Who began it, as far as the event alone tells: the actor, unless that is a role, which somebody else took.
    pub own_origin: Option<String>,
    /// The name that was set when the first role was assumed.
    pub source_identity: Option<Cow<'a, str>>,
    /// Whether the session was opened with MFA.
    pub session_mfa: Option<bool>,
}

/// Identity Center signs people in to roles of this name; their user name is the session's.
const IDENTITY_CENTER_ROLE: &str = "AWSReservedSSO_";

const KEYS: [&str; 9] =
    ["type", "arn", "accountId", "accessKeyId", "invokedBy", "userName", "principalId", "sessionContext", "onBehalfOf"];

impl<'a> Identity<'a> {
    /// Reads `userIdentity`. `service` is the event's own source where AWS itself acted; `user_name` the name that a sign-in
    /// gives beside the identity.
    pub fn of(value: Option<&'a RawValue>, service: Option<&str>, user_name: Option<&str>) -> Identity<'a> {
        let [kind, arn, account, access_key, invoked_by, name, principal, context, behalf] = json::inner(value, &KEYS);
        let [issuer, attributes, source_identity] =
            json::inner(context, &["sessionIssuer", "attributes", "sourceIdentity"]);
        let [issuer_name, issuer_arn] = json::inner(issuer, &["userName", "arn"]).map(json::text);
        let [mfa] = json::inner(attributes, &["mfaAuthenticated"]);
        let [behalf_user] = json::inner(behalf, &["userId"]).map(json::text);
        let mut identity = Identity {
            kind: json::text(kind),
            arn: json::text(arn),
            account: json::text(account),
            access_key: json::text(access_key),
            invoked_by: json::text(invoked_by),
            session_mfa: json::boolean(mfa),
            source_identity: json::text(source_identity),
            ..Identity::default()
        };
        let principal = json::text(principal);
        let resource = identity.arn.as_deref().and_then(resource);
        let after_colon = principal.as_deref().and_then(|id| id.split_once(':')).map(|(_, session)| session);
        let kind = identity.kind.as_deref().unwrap_or_default();
        let name = json::text(name).map(Cow::into_owned).or_else(|| user_name.map(str::to_owned));

        let assumed = resource.and_then(|resource| resource.strip_prefix("assumed-role/"));
        // Who asked for a federated user's credentials.
        let federator = issuer_name.as_deref().filter(|_| kind == "FederatedUser").map(str::to_owned);
        let session = match kind {
            "AssumedRole" | "AWSAccount" => {
                after_colon.or(assumed.and_then(|role| role.rsplit_once('/')).map(|(_, s)| s))
            }
            _ => None,
        };
        let role = issuer_name.or_else(|| assumed.map(|role| Cow::Borrowed(role.split('/').next().unwrap_or(role))));
        let person = session.filter(|_| role.as_deref().is_some_and(|role| role.starts_with(IDENTITY_CENTER_ROLE)));
        let actor = match kind {
            "AssumedRole" if person.is_some() => person.map(str::to_owned),
            "Root" => Some("root".to_owned()),
            "AssumedRole" => role
                .map(Cow::into_owned)
                .or_else(|| issuer_arn.as_deref().and_then(resource_name).map(str::to_owned))
                .or(name)
                .or_else(|| session.map(str::to_owned)),
            "AWSService" => identity.invoked_by.as_deref().or(service).map(str::to_owned).or(name),
            "FederatedUser" => {
                name.or_else(|| identity.arn.as_deref().and_then(resource_name).or(after_colon).map(str::to_owned))
            }
            "IAMUser" => name.or_else(|| identity.arn.as_deref().and_then(resource_name).map(str::to_owned)),
            "AWSAccount" => name
                .or_else(|| {
                    resource
                        .filter(|resource| resource.contains('/'))
                        .and_then(|r| r.rsplit('/').next())
                        .map(str::to_owned)
                })
                .or_else(|| identity.account.as_deref().map(account_name)),
            _ => name
                .or_else(|| identity.arn.as_deref().and_then(resource_name).map(str::to_owned))
                .or_else(|| after_colon.filter(|name| !name.is_empty()).map(str::to_owned)),
        };
        let last_resort = || {
            let known = identity.invoked_by.as_deref().or(service).map(str::to_owned);
            known.or_else(|| behalf_user.as_deref().or(principal.as_deref()).map(str::to_owned))
        };
        let actor = actor.filter(|actor| !actor.is_empty()).or_else(last_resort);
        let own_origin = match kind {
            "AssumedRole" if person.is_none() => None,
            _ => federator.or_else(|| actor.clone()),
        };
        let session = session.filter(|session| !session.is_empty()).map(str::to_owned);
        (identity.actor, identity.session, identity.own_origin) = (actor, session, own_origin);
        identity
    }
}

/// The resource part of an ARN: what follows the account.
fn resource(arn: &str) -> Option<&str> {
    arn.starts_with("arn:").then(|| arn.splitn(6, ':').nth(5)).flatten()
}

/// The last part of an ARN's resource: the name of a user or role, whatever its path.
fn resource_name(arn: &str) -> Option<&str> {
    resource(arn)?.rsplit('/').next()
}

/// Another account is all that CloudTrail tells of a caller from there.
fn account_name(account: &str) -> String {
    match account {
        "ANONYMOUS_PRINCIPAL" | "anonymous" => "anonymous".to_owned(),
        account => format!("account {account}"),
    }
}
