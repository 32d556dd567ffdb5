//! Signing in to the console: at the sign-in page of an account, and by Identity Center's portal.

use serde_json::{Value, json};

use super::{
    clock::SECOND,
    dice::Dice,
    event::{Caller, Deed},
    identity::{self, Identity},
    slice::{Run, Slice},
    world::{ACCOUNTS, SECURITY},
};

/// Who tries to sign in and how it ends.
pub enum Outcome {
    Success {
        mfa: bool,
    },
    WrongPassword {
        mfa: bool,
    },
    /// No such user: CloudTrail hides the name, which may be a password typed into the wrong field.
    NoSuchUser,
}

/// A `ConsoleLogin`.
pub fn console_login(time: i64, region: &str, outcome: &Outcome) -> Deed {
    let (used, answer, error) = match outcome {
        Outcome::Success { mfa } => (*mfa, "Success", None),
        Outcome::WrongPassword { mfa } => (*mfa, "Failure", Some("Failed authentication")),
        Outcome::NoSuchUser => (false, "Failure", Some("No username found in supplied account")),
    };
    let target =
        format!("https://{region}.console.aws.amazon.com/console/home?hashArgs=%23&isauthcode=true&region={region}");
    Deed {
        time,
        error: error.map(|message| (String::new(), message.to_owned())),
        response: json!({"ConsoleLogin": answer}),
        additional: Some(json!({"LoginTo": target, "MobileVersion": "No", "MFAUsed": if used { "Yes" } else { "No" }})),
        ..step("ConsoleLogin", region)
    }
}

fn step(name: &str, region: &str) -> Deed {
    Deed {
        service: "signin".to_owned(),
        name: name.to_owned(),
        kind: Some("AwsConsoleSignIn"),
        host: Some(format!("{region}.signin.aws.amazon.com")),
        ..Deed::default()
    }
}

/// An IAM user as the sign-in page knows them: without a key yet.
pub fn user(account: &str, name: &str) -> Identity {
    let mut identity = identity::iam_user(account, name, "", None);
    identity.json["accessKeyId"] = "".into();
    identity
}

/// Somebody whose name is no user's.
pub fn unknown_user(account: &str) -> Identity {
    let hidden = "HIDDEN_DUE_TO_SECURITY_REASONS";
    let json = json!({"type": "IAMUser", "accountId": account, "accessKeyId": "", "userName": hidden});
    Identity { json, arn: String::new(), name: hidden.to_owned() }
}

/// An IAM user at the sign-in page, who mistypes now and then.
pub fn by_password(slice: &mut Slice, run: &mut Run, caller: &Caller, mfa: bool) {
    for _ in 0..2 {
        if !slice.dice.chance(0.09) {
            break;
        }
        slice.record(*run, caller, console_login(run.at, run.region, &Outcome::WrongPassword { mfa }));
        slice.pass(run, 15.0);
    }
    if mfa {
        let check = Deed {
            time: run.at,
            response: json!({"CheckMfa": "Success"}),
            additional: Some(json!({"MfaType": "Virtual MFA"})),
            ..step("CheckMfa", run.region)
        };
        slice.record(*run, caller, check);
        run.at = (run.at + 4 * SECOND).min(slice.to - 1);
    }
    slice.record(*run, caller, console_login(run.at, run.region, &Outcome::Success { mfa }));
    slice.pass(run, 20.0);
}

/// A person at Identity Center's portal, who then opens an account: `caller` is their session in it.
pub fn by_portal(slice: &mut Slice, run: &mut Run, caller: &Caller, person: &str, role: &str) {
    let portal = Run { account: &ACCOUNTS[SECURITY], region: "eu-central-1", at: run.at };
    let identity = identity::identity_center(portal.account.id, person);
    let at_portal = Caller { identity, console: false, ..caller.clone() };
    let workflow = slice.dice.uuid();
    if slice.dice.chance(0.06) {
        slice.record(portal, &at_portal, verification(run.at, &workflow, "PASSWORD", "Failure"));
        slice.pass(run, 12.0);
    }
    for credential in ["PASSWORD", "TOTP"] {
        slice.record(Run { at: run.at, ..portal }, &at_portal, verification(run.at, &workflow, credential, "Success"));
        slice.pass(run, 6.0);
    }
    let authentication = Deed {
        additional: Some(json!({"AuthWorkflowID": workflow, "CredentialType": "PASSWORD,TOTP", "LoginTo": PORTAL})),
        service_details: Some(json!({"UserAuthentication": "Success"})),
        ..portal_step(run.at, "signin", "UserAuthentication")
    };
    slice.record(portal, &at_portal, authentication);
    slice.pass(run, 8.0);
    let federate = Deed {
        service_details: Some(json!({"role_name": role, "account_id": run.account.id})),
        ..portal_step(run.at, "sso", "Federate")
    };
    slice.record(portal, &at_portal, federate);
    slice.pass(run, 2.0);
    let mut login = console_login(run.at, run.region, &Outcome::Success { mfa: false });
    // The portal has asked for the second factor: AWS does not see it at the account's own page.
    let provider = Dice::new(0, run.account.id, 1).hex(16);
    let provider = format!("arn:aws:iam::{}:saml-provider/AWSSSO_{provider}_DO_NOT_DELETE", run.account.id);
    if let Some(Value::Object(additional)) = &mut login.additional {
        additional.insert("SamlProviderArn".to_owned(), provider.into());
    }
    slice.record(*run, caller, login);
    slice.pass(run, 10.0);
}

const PORTAL: &str = "https://acorn.awsapps.com/start/";

fn portal_step(time: i64, service: &str, name: &str) -> Deed {
    Deed { time, service: service.to_owned(), name: name.to_owned(), kind: Some("AwsServiceEvent"), ..Deed::default() }
}

fn verification(time: i64, workflow: &str, credential: &str, outcome: &str) -> Deed {
    Deed {
        additional: Some(json!({"AuthWorkflowID": workflow, "CredentialType": credential})),
        service_details: Some(json!({"CredentialVerification": outcome})),
        ..portal_step(time, "signin", "CredentialVerification")
    }
}
