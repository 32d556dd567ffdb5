//! `userIdentity` as CloudTrail writes it, in its variants.

use serde_json::{Value, json};

use super::{clock::rfc3339, dice::Dice};

/// Who makes a run of calls, as the events show it.
#[derive(Clone)]
pub struct Identity {
    /// Written into each event as it is.
    pub json: Value,
    pub arn: String,
    /// The name that a person would call it by: the user, or the session.
    pub name: String,
}

/// A role's session: temporary credentials.
pub struct Session<'a> {
    pub account: &'a str,
    /// With its path, as in `aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig`.
    pub role: &'a str,
    pub session: &'a str,
    pub access_key: &'a str,
    /// Milliseconds since 1970.
    pub created: i64,
    pub mfa: bool,
}

/// An identifier that the same thing has for ever: of `account`'s role, user, …
pub fn fixed_id(prefix: &str, account: &str, name: &str) -> String {
    format!("{prefix}{}", Dice::new(0, &format!("{prefix}/{account}/{name}"), 0).base32(17))
}

/// A long-lived access key, the same one for the same user.
pub fn fixed_key(account: &str, user: &str) -> String {
    format!("AKIA{}", Dice::new(0, &format!("key/{account}/{user}"), 0).base32(16))
}

pub fn assumed_role(of: &Session) -> Identity {
    let (account, session) = (of.account, of.session);
    let name = of.role.rsplit('/').next().unwrap_or(of.role);
    let id = fixed_id("AROA", account, name);
    let arn = format!("arn:aws:sts::{account}:assumed-role/{name}/{session}");
    let json = json!({
        "type": "AssumedRole",
        "principalId": format!("{id}:{session}"),
        "arn": arn,
        "accountId": account,
        "accessKeyId": of.access_key,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": id,
                "arn": format!("arn:aws:iam::{account}:role/{}", of.role),
                "accountId": account,
                "userName": name,
            },
            "webIdFederationData": {},
            "attributes": {"creationDate": rfc3339(of.created), "mfaAuthenticated": of.mfa.to_string()},
        },
    });
    Identity { json, arn, name: session.to_owned() }
}

/// An IAM user; with `session` (its beginning and whether MFA was used) when signed in to the console.
pub fn iam_user(account: &str, name: &str, access_key: &str, session: Option<(i64, bool)>) -> Identity {
    let arn = format!("arn:aws:iam::{account}:user/{name}");
    let mut json = json!({
        "type": "IAMUser",
        "principalId": fixed_id("AIDA", account, name),
        "arn": arn,
        "accountId": account,
        "accessKeyId": access_key,
        "userName": name,
    });
    if let Some((created, mfa)) = session {
        json["sessionContext"] = json!({
            "attributes": {"creationDate": rfc3339(created), "mfaAuthenticated": mfa.to_string()},
        });
    }
    Identity { json, arn, name: name.to_owned() }
}

/// The account's owner.
pub fn root(account: &str, access_key: &str, session: Option<i64>) -> Identity {
    let arn = format!("arn:aws:iam::{account}:root");
    let mut json = json!({
        "type": "Root", "principalId": account, "arn": arn, "accountId": account, "accessKeyId": access_key,
    });
    if let Some(created) = session {
        json["sessionContext"] = json!({
            "attributes": {"creationDate": rfc3339(created), "mfaAuthenticated": "false"},
        });
    }
    Identity { json, arn, name: "root".to_owned() }
}

/// A service of AWS, acting for itself.
pub fn service(host: &str) -> Identity {
    Identity { json: json!({"type": "AWSService", "invokedBy": host}), arn: String::new(), name: host.to_owned() }
}

/// A caller from another account, as the account that it calls sees it.
pub fn foreign_account(account: &str) -> Identity {
    let json = json!({
        "type": "AWSAccount",
        "principalId": format!("{}:collector", fixed_id("AROA", account, "collector")),
        "accountId": account,
    });
    Identity { json, arn: format!("arn:aws:iam::{account}:root"), name: account.to_owned() }
}

/// A workflow of GitHub Actions that shows its OpenID Connect token.
pub fn web_identity(provider: &str, account: &str, subject: &str) -> Identity {
    let id = format!("arn:aws:iam::{account}:oidc-provider/{provider}");
    let json = json!({
        "type": "WebIdentityUser",
        "principalId": format!("{id}:sts.amazonaws.com:{subject}"),
        "userName": subject,
        "identityProvider": id,
    });
    Identity { json, arn: id, name: subject.to_owned() }
}

/// A person at Identity Center's portal.
pub fn identity_center(account: &str, user: &str) -> Identity {
    let id = Dice::new(0, &format!("identity-center/{user}"), 0).uuid();
    let json = json!({
        "type": "IdentityCenterUser",
        "accountId": account,
        "onBehalfOf": {
            "userId": id,
            "identityStoreArn": format!("arn:aws:identitystore::{account}:identitystore/d-9067a1c3f2"),
        },
        "credentialId": Dice::new(0, &format!("credential/{user}"), 0).uuid(),
    });
    Identity { json, arn: String::new(), name: user.to_owned() }
}
