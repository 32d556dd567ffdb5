//! The break-in of the last three days, for whoever looks for it.
//!
//! The key of the old build server leaks and is tried out from a country where nobody works. Passwords are guessed from
//! one network until an IAM user without a second factor gives in. The intruder makes a user with all rights and a key,
//! tries to stop the trail and deletes one, opens a port to the world, starts large machines in a region that is not
//! used, and reads a bucket of customers' data; at last somebody signs in as root. Then it is noticed and stopped.

use serde_json::{Value, json};

use super::{
    Settings,
    blanks::Blanks,
    catalog,
    clock::{HOUR, MINUTE, SECOND, rfc3339},
    dice::Dice,
    event::{Caller, Deed, Event},
    identity::{self, Session},
    sign_in::{self, Outcome},
    world::{ACCOUNTS, Account, PROD, SECURITY},
};

/// The leaked key is used from here: Chisinau.
const THIEF: &str = "89.28.118.23";
/// Passwords are guessed from here, a hosting network in Kaunas.
const GUESSERS: &str = "141.98.11";
/// The intruder works from here afterwards: a rented machine in Amsterdam.
const INTRUDER: &str = "89.248.171.44";
/// Nobody of the company uses this region.
const UNUSED_REGION: &str = "eu-north-1";
const VICTIM: &str = "tomas.novak";
const NEW_USER: &str = "svc-sync";

const TOOL: &str = "Boto3/1.26.165 Python/3.11.4 Linux/6.3.0-kali1-amd64 Botocore/1.29.165";
const RESPONDER: &str = "aws-cli/2.31.6 md/awscrt#0.27.6 ua/2.1 os/macos#24.6.0 md/arch#arm64 lang/python#3.13.7 md/pyimpl#CPython cfg/retry-mode#standard md/installer#exe md/prompt#off md/command#{command}";
const BROWSER: &str = "Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0";

/// The events of the story, in order of time. A sample that is too small has the beginning of it only.
pub fn tell(settings: &Settings) -> Vec<Event> {
    let mut teller = Teller {
        dice: Dice::new(settings.seed, "story", 0),
        until: settings.until.0,
        // The chapters keep their distances when the sample is shorter than the story.
        scale: (f64::from(settings.days) * 24.0 / 66.0).min(1.0),
        length: (settings.events / 40).clamp(30, 900),
        events: Vec::new(),
    };
    teller.leaked_key();
    teller.guessed_password();
    teller.new_user();
    teller.tampering();
    teller.machines();
    teller.exfiltration();
    teller.root();
    teller.response();
    let mut events = teller.events;
    events.sort_by_key(|event| event.time);
    events.truncate((settings.events / 2) as usize);
    events
}

struct Teller {
    dice: Dice,
    until: i64,
    scale: f64,
    /// How long its repetitive parts are, together.
    length: u64,
    events: Vec<Event>,
}

const ACCOUNT: &Account = &ACCOUNTS[PROD];

impl Teller {
    /// So many hours before the end.
    fn before(&self, hours: f64) -> i64 {
        self.until - (hours * self.scale * HOUR as f64) as i64
    }

    /// So many parts of the whole length, at least `least`.
    fn repeat(&self, part: f64, least: u64) -> u64 {
        ((self.length as f64 * part) as u64).max(least)
    }

    fn record(&mut self, caller: &Caller, region: &'static str, deed: Deed) {
        let event = deed.by(caller, ACCOUNT, region, &mut self.dice);
        self.events.push(event);
    }

    /// A call of the catalog.
    fn call(&mut self, caller: &Caller, region: &'static str, at: i64, name: &str, error: Option<&str>) {
        let (call, identity) = (catalog::call(name), &caller.identity);
        let mut blanks = Blanks::new(ACCOUNT, region, at, &identity.arn, &identity.name, call.action());
        blanks.set("bucket", "acorn-prod-customer-exports".to_owned());
        blanks.set("object", format!("customers/2026/full-export-{:04}.csv.gz", self.dice.below(2_000)));
        let deed = Deed::call(call, &mut blanks, error, &mut self.dice);
        self.record(caller, region, deed);
    }

    fn user(&self, name: &str, source: &str, agent: &str) -> Caller {
        let key = identity::fixed_key(ACCOUNT.id, name);
        Caller::new(identity::iam_user(ACCOUNT.id, name, &key, None), source, agent)
    }

    fn leaked_key(&mut self) {
        let thief = self.user("ci-deploy", THIEF, TOOL);
        let mut at = self.before(62.0);
        self.call(&thief, "us-east-1", at, "sts:GetCallerIdentity", None);
        let first = ["s3:ListBuckets", "iam:ListUsers", "iam:ListRoles", "iam:GetAccountAuthorizationDetails"];
        for (step, name) in first.into_iter().enumerate() {
            at += self.dice.between(2, 20) * SECOND;
            self.call(&thief, "us-east-1", at, name, (step > 0).then_some("AccessDenied"));
        }
        const TRIED: [(&str, &str); 8] = [
            ("secretsmanager:ListSecrets", "AccessDenied"),
            ("lambda:ListFunctions20150331", "AccessDeniedException"),
            ("ec2:DescribeInstances", "Client.UnauthorizedOperation"),
            ("rds:DescribeDBInstances", "AccessDenied"),
            ("kms:DescribeKey", "AccessDenied"),
            ("organizations:ListAccounts", "AccessDeniedException"),
            ("cloudtrail:DescribeTrails", "AccessDeniedException"),
            ("iam:ListAccessKeys", "AccessDenied"),
        ];
        let regions = ["us-east-1", "eu-central-1", "eu-west-1", "us-west-2", "ap-southeast-1", "sa-east-1"];
        for step in 0..self.repeat(0.4, 8) as usize {
            at += self.dice.between(1, 9) * SECOND;
            let (name, error) = TRIED[step % TRIED.len()];
            self.call(&thief, regions[step / TRIED.len() % regions.len()], at, name, Some(error));
        }
        self.insight(at, ["ApiErrorRateInsight", "iam.amazonaws.com", "ListAccessKeys"], "user/ci-deploy");
    }

    /// CloudTrail Insights notices that a call comes, or fails, more often than it used to: the beginning and the end.
    fn insight(&mut self, at: i64, [kind, service, name]: [&str; 3], actor: &str) {
        let shared = self.dice.uuid();
        let actor = format!("arn:aws:iam::{}:{actor}", ACCOUNT.id);
        let from = at - at.rem_euclid(MINUTE);
        for (state, time) in [("Start", from), ("End", from + 9 * MINUTE)] {
            let mut context = json!({
                "statistics": {"baseline": {"average": 0.0031}, "insight": {"average": 7.4}, "baselineDuration": 10_080},
                "attributions": [{
                    "attribute": "userIdentityArn",
                    "insight": [{"value": actor, "average": 7.4}],
                    "baseline": [{"value": actor, "average": 0.0031}],
                }],
            });
            context["statistics"]["insightDuration"] = if state == "End" { 9.into() } else { 1.into() };
            let mut details = json!({
                "state": state,
                "eventSource": service,
                "eventName": name,
                "insightType": kind,
                "insightContext": context,
            });
            if kind == "ApiErrorRateInsight" {
                details["errorCode"] = "AccessDenied".into();
            }
            let json = json!({
                "eventVersion": "1.11",
                "eventTime": rfc3339(time),
                "awsRegion": "us-east-1",
                "eventID": self.dice.uuid(),
                "eventType": "AwsCloudTrailInsight",
                "recipientAccountId": ACCOUNT.id,
                "sharedEventID": shared,
                "insightDetails": details,
                "eventCategory": "Insight",
            });
            let json = json.to_string();
            self.events.push(Event { time, account: ACCOUNT.id, region: "us-east-1", insight: true, json });
        }
    }

    fn guessed_password(&mut self) {
        let mut at = self.before(40.0);
        let guesses = self.repeat(0.2, 6);
        for guess in 0..guesses {
            at += self.dice.between(3, 25) * SECOND;
            let source = self.dice.address(GUESSERS);
            let known = guess % 3 > 0;
            let identity = match known {
                true => sign_in::user(ACCOUNT.id, VICTIM),
                false => sign_in::unknown_user(ACCOUNT.id),
            };
            let outcome = if known { Outcome::WrongPassword { mfa: false } } else { Outcome::NoSuchUser };
            let deed = sign_in::console_login(at, "us-east-1", &outcome);
            self.record(&Caller::new(identity, source, BROWSER), "us-east-1", deed);
        }
        at += 40 * SECOND;
        let source = self.dice.address(GUESSERS);
        let caller = Caller::new(sign_in::user(ACCOUNT.id, VICTIM), source, BROWSER);
        self.record(&caller, "us-east-1", sign_in::console_login(at, "us-east-1", &Outcome::Success { mfa: false }));
    }

    /// The victim's session in the console, in the intruder's hands.
    fn stolen_session(&self) -> Caller {
        let began = self.before(39.0);
        let identity = identity::iam_user(ACCOUNT.id, VICTIM, "ASIAQNZZ5PEXAMPLE7KQ", Some((began, false)));
        Caller { console: true, ..Caller::new(identity, INTRUDER, BROWSER) }
    }

    fn new_user(&mut self) {
        let caller = self.stolen_session();
        let at = self.before(38.7);
        self.call(&caller, "us-east-1", at, "iam:ListUsers", None);
        let user = json!({
            "path": "/", "userName": NEW_USER, "userId": identity::fixed_id("AIDA", ACCOUNT.id, NEW_USER),
            "arn": format!("arn:aws:iam::{}:user/{NEW_USER}", ACCOUNT.id), "createDate": rfc3339(at + MINUTE),
        });
        let administrator = json!({"userName": NEW_USER, "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"});
        let key = json!({"accessKey": {
            "userName": NEW_USER, "accessKeyId": identity::fixed_key(ACCOUNT.id, NEW_USER), "status": "Active",
            "createDate": rfc3339(at + 3 * MINUTE),
        }});
        let steps = [
            ("CreateUser", json!({"userName": NEW_USER}), json!({"user": user})),
            ("AttachUserPolicy", administrator, Value::Null),
            ("CreateAccessKey", json!({"userName": NEW_USER}), key),
        ];
        for (minute, (name, request, response)) in (1..).zip(steps) {
            self.record(&caller, "us-east-1", write("iam", name, at + minute * MINUTE, request, response));
        }
    }

    fn tampering(&mut self) {
        let caller = self.user(NEW_USER, INTRUDER, TOOL);
        let at = self.before(38.0);
        let trail = |name: &str| format!("arn:aws:cloudtrail:us-east-1:{}:trail/{name}", ACCOUNT.id);
        self.call(&caller, "us-east-1", at, "cloudtrail:DescribeTrails", None);
        let denied = format!(
            "User: {} is not authorized to perform: cloudtrail:StopLogging on resource: {} with an explicit deny in a \
             service control policy",
            caller.identity.arn,
            trail("acorn-org-trail")
        );
        let stop =
            write("cloudtrail", "StopLogging", at + MINUTE, json!({"name": trail("acorn-org-trail")}), Value::Null);
        let stop = Deed { error: Some(("AccessDeniedException".to_owned(), denied)), ..stop };
        self.record(&caller, "us-east-1", stop);
        let delete = write(
            "cloudtrail",
            "DeleteTrail",
            at + 2 * MINUTE,
            json!({"name": trail("prod-data-events")}),
            Value::Null,
        );
        self.record(&caller, "us-east-1", delete);
    }

    fn machines(&mut self) {
        let caller = self.user(NEW_USER, INTRUDER, TOOL);
        let at = self.before(36.5);
        let rule = json!({
            "groupId": "sg-0c41d7be8a2f90e65",
            "ipPermissions": {"items": [{
                "ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "groups": {},
                "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}, "ipv6Ranges": {}, "prefixListIds": {},
            }]},
        });
        let response = json!({"requestId": self.dice.uuid(), "_return": true});
        self.record(&caller, UNUSED_REGION, write("ec2", "AuthorizeSecurityGroupIngress", at, rule, response));
        for step in 0..self.repeat(0.05, 3) as i64 {
            // The first is over the quota; smaller ones go through.
            let kind = if step == 0 { "p5.48xlarge" } else { "p4d.24xlarge" };
            let deed = self.large_machine(at + (step + 1) * MINUTE, kind, step == 0);
            self.record(&caller, UNUSED_REGION, deed);
        }
        self.insight(at, ["ApiCallRateInsight", "ec2.amazonaws.com", "RunInstances"], "user/svc-sync");
    }

    fn large_machine(&mut self, at: i64, kind: &str, refused: bool) -> Deed {
        let request = json!({
            "instancesSet": {"items": [{"imageId": "ami-0b1ec366a9d4f9d1f", "minCount": 1, "maxCount": 2, "keyName": "k"}]},
            "groupSet": {"items": [{"groupId": "sg-0c41d7be8a2f90e65"}]},
            "instanceType": kind, "blockDeviceMapping": {}, "monitoring": {"enabled": false},
            "disableApiTermination": true, "disableApiStop": false,
        });
        if refused {
            let message = "You have requested more vCPU capacity than your current vCPU limit of 96 allows for the \
                           instance bucket that the specified instance type belongs to. Please visit \
                           http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.";
            let error = Some(("Client.VcpuLimitExceeded".to_owned(), message.to_owned()));
            return Deed { error, ..write("ec2", "RunInstances", at, request, Value::Null) };
        }
        let instance = format!("i-0{}", self.dice.hex(16));
        let response = json!({
            "requestId": self.dice.uuid(), "reservationId": format!("r-0{}", self.dice.hex(16)), "ownerId": ACCOUNT.id,
            "instancesSet": {"items": [{
                "instanceId": instance, "imageId": "ami-0b1ec366a9d4f9d1f", "instanceType": kind, "keyName": "k",
                "instanceState": {"code": 0, "name": "pending"}, "launchTime": at,
                "placement": {"availabilityZone": format!("{UNUSED_REGION}a"), "tenancy": "default"},
            }]},
        });
        write("ec2", "RunInstances", at, request, response)
    }

    fn exfiltration(&mut self) {
        let caller = self.user(NEW_USER, INTRUDER, TOOL);
        let mut at = self.before(30.0);
        self.call(&caller, "eu-central-1", at, "s3:ListBuckets", None);
        for _ in 0..self.repeat(0.35, 6) {
            at += self.dice.between(1, 4) * SECOND;
            self.call(&caller, "eu-central-1", at, "s3:GetObject", None);
        }
    }

    fn root(&mut self) {
        let at = self.before(22.0);
        let caller = Caller::new(identity::root(ACCOUNT.id, "", None), INTRUDER, BROWSER);
        let failed = sign_in::console_login(at, "us-east-1", &Outcome::WrongPassword { mfa: false });
        self.record(&caller, "us-east-1", failed);
        let login = sign_in::console_login(at + 2 * MINUTE, "us-east-1", &Outcome::Success { mfa: false });
        self.record(&caller, "us-east-1", login);
        let session = identity::root(ACCOUNT.id, "ASIAQNZZ5PEXAMPLE3ZD", Some(at + 2 * MINUTE));
        let caller = Caller { console: true, ..Caller::new(session, INTRUDER, BROWSER) };
        self.call(&caller, "us-east-1", at + 4 * MINUTE, "iam:GetAccountSummary", None);
    }

    /// A session in the security team's own account opens one in the account that was broken into.
    fn help_arrives(&mut self, at: i64) {
        let (security, role, session) = (ACCOUNTS[SECURITY].id, "incident-responder", "mira.keller@acorn.example");
        let identity = identity::assumed_role(&Session {
            account: security,
            role: "aws-reserved/sso.amazonaws.com/eu-central-1/AWSReservedSSO_SecurityAudit_3f1c09ab52d7e684",
            session,
            access_key: "ASIAQNZZ5PEXAMPLE2TS",
            created: at - HOUR,
            mfa: false,
        });
        let arn = format!("arn:aws:iam::{}:role/{role}", ACCOUNT.id);
        let deed = Deed {
            read: true,
            shared: true,
            resources: Some(json!([{"accountId": ACCOUNT.id, "type": "AWS::IAM::Role", "ARN": arn}])),
            ..write(
                "sts",
                "AssumeRole",
                at,
                json!({"roleArn": arn, "roleSessionName": session, "durationSeconds": 3600}),
                json!({
                    "credentials": {"accessKeyId": "ASIAQNZZ5PEXAMPLE9RM", "sessionToken": self.dice.base64(220),
                                    "expiration": rfc3339(at + HOUR)},
                    "assumedRoleUser": {
                        "assumedRoleId": format!("{}:{session}", identity::fixed_id("AROA", ACCOUNT.id, role)),
                        "arn": format!("arn:aws:sts::{}:assumed-role/{role}/{session}", ACCOUNT.id),
                    },
                }),
            )
        };
        self.record(&Caller::new(identity, "87.171.75.18", RESPONDER), "us-east-1", deed);
    }

    /// The security team finds out, and ends it.
    fn response(&mut self) {
        let at = self.before(20.0);
        self.insight(at - HOUR, ["ApiCallRateInsight", "signin.amazonaws.com", "ConsoleLogin"], "root");
        self.help_arrives(at - 5 * MINUTE);
        let identity = identity::assumed_role(&Session {
            account: ACCOUNT.id,
            role: "incident-responder",
            session: "mira.keller@acorn.example",
            access_key: "ASIAQNZZ5PEXAMPLE9RM",
            created: at - 5 * MINUTE,
            mfa: true,
        });
        let caller = Caller::new(identity, "87.171.75.18", RESPONDER);
        let key = |user: &str| json!({"userName": user, "accessKeyId": identity::fixed_key(ACCOUNT.id, user), "status": "Inactive"});
        let steps = [
            ("UpdateAccessKey", key(NEW_USER)),
            ("UpdateAccessKey", key("ci-deploy")),
            (
                "DetachUserPolicy",
                json!({"userName": NEW_USER, "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
            ),
            ("DeleteLoginProfile", json!({"userName": VICTIM})),
        ];
        for (minute, (name, request)) in (0..).zip(steps) {
            self.record(&caller, "us-east-1", write("iam", name, at + minute * MINUTE, request, Value::Null));
        }
        self.call(&caller, UNUSED_REGION, at + 6 * MINUTE, "ec2:TerminateInstances", None);
    }
}

fn write(service: &str, name: &str, time: i64, request: Value, response: Value) -> Deed {
    let (service, name) = (service.to_owned(), name.to_owned());
    Deed { command: service.clone(), service, name, time, request, response, ..Deed::default() }
}
