//! What machines do: functions, nodes, tasks, pipelines, and the services of AWS themselves.

use serde_json::json;

use super::{
    blanks::Blanks,
    clock::{HOUR, local, rfc3339},
    dice::{Dice, mix},
    event::{Caller, Deed},
    identity::{self, Session, fixed_id},
    people::STRANGERS,
    person::TERRAFORM,
    sign_in::{self, Outcome},
    slice::{Run, Slice},
    world::{ACCOUNTS, PROD, RUNNERS, VENDOR_ACCOUNT, VENDOR_NETWORK, egress},
};

/// How a workload gets its credentials, and so what its events look like.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    /// A role named as the function.
    Function,
    /// An instance's role: the session is the instance.
    Instance(&'static str),
    /// A container's role: the session is the task.
    Task(&'static str),
    /// GitHub Actions, by OpenID Connect.
    Pipeline,
    Terraform,
    /// CloudFormation within a role of ours.
    Stacks,
    /// A program that nobody has touched for years, on a machine of its own: user, address, client, TLS.
    Legacy(&'static str, &'static str, &'static str, &'static str),
    /// A vendor's account, which assumes a role of ours.
    Vendor,
    /// An IAM user with a key that has been there for years.
    User(&'static str),
    /// A service within its service-linked role: host, role, session.
    Linked(&'static str, &'static str, &'static str),
    /// A service for itself.
    Service(&'static str),
    /// Strangers at the sign-in page.
    Strangers,
}

/// When a workload is busy.
pub enum Rhythm {
    Steady,
    /// More while customers are awake.
    Customers,
    /// While people commit.
    Commits,
    Nightly,
}

pub struct Workload {
    pub kind: Kind,
    pub profile: &'static str,
    rhythm: Rhythm,
    weight: f64,
}

const fn load(kind: Kind, profile: &'static str, rhythm: Rhythm, weight: f64) -> Workload {
    Workload { kind, profile, rhythm, weight }
}

pub const WORKLOADS: [Workload; 20] = [
    load(Kind::Function, "function", Rhythm::Customers, 30.0),
    load(Kind::Instance("eks-nodes"), "node", Rhythm::Steady, 16.0),
    load(Kind::Instance("batch-worker"), "task", Rhythm::Nightly, 6.0),
    load(Kind::Task("orders-task"), "task", Rhythm::Customers, 9.0),
    load(Kind::Task("checkout-task"), "task", Rhythm::Customers, 7.0),
    load(Kind::Task("catalog-task"), "task", Rhythm::Customers, 5.0),
    load(Kind::Pipeline, "deploy", Rhythm::Commits, 9.0),
    load(Kind::Terraform, "terraform", Rhythm::Commits, 8.0),
    load(Kind::Stacks, "stack", Rhythm::Commits, 2.0),
    load(
        Kind::Legacy(
            "legacy-import",
            CI_ADDRESS,
            "aws-sdk-java/1.10.77 Linux/3.10.0-957 Java_HotSpot(TM)_64-Bit_Server_VM/24.80-b11 java/1.7.0_80",
            "TLSv1.1",
        ),
        "legacy",
        Rhythm::Nightly,
        1.2,
    ),
    load(
        Kind::Legacy("svc-mailer", "5.9.145.90", "Boto/2.49.0 Python/2.7.18 Linux/3.16.0-4-amd64", "TLSv1"),
        "legacy",
        Rhythm::Steady,
        0.5,
    ),
    load(Kind::Vendor, "metrics", Rhythm::Steady, 8.0),
    load(Kind::User("svc-backup"), "backup", Rhythm::Nightly, 4.0),
    load(Kind::User("ci-deploy"), "deploy", Rhythm::Commits, 2.5),
    load(
        Kind::Linked("config.amazonaws.com", "AWSServiceRoleForConfig", "AWSConfig-Describe"),
        "recorder",
        Rhythm::Steady,
        7.0,
    ),
    load(
        Kind::Linked("autoscaling.amazonaws.com", "AWSServiceRoleForAutoScaling", "AutoScaling"),
        "scaling",
        Rhythm::Customers,
        4.0,
    ),
    load(
        Kind::Linked("lambda.amazonaws.com", "AWSServiceRoleForLambda", "awslambda"),
        "lambda service",
        Rhythm::Customers,
        1.5,
    ),
    load(Kind::Service("cloudtrail.amazonaws.com"), "log delivery", Rhythm::Steady, 3.0),
    load(Kind::Service("delivery.logs.amazonaws.com"), "log delivery", Rhythm::Steady, 1.0),
    load(Kind::Strangers, "log delivery", Rhythm::Steady, 1.5),
];

/// How much each workload does in the hour that begins at `from`.
pub fn weights(from: i64) -> impl Iterator<Item = f64> + Clone {
    let (hour, weekend) = local(from, 0);
    // Customers are mostly in Europe and America.
    let awake = [
        0.5, 0.45, 0.4, 0.4, 0.45, 0.55, 0.7, 0.85, 1.0, 1.1, 1.1, 1.1, 1.15, 1.2, 1.25, 1.25, 1.25, 1.2, 1.2, 1.15,
        1.05, 0.9, 0.75, 0.6,
    ];
    WORKLOADS.iter().map(move |load| {
        load.weight
            * match load.rhythm {
                Rhythm::Steady => 1.0,
                Rhythm::Customers => awake[hour] * if weekend { 0.8 } else { 1.0 },
                Rhythm::Commits if weekend => 0.08,
                Rhythm::Commits => [0.15, 1.3, 1.8, 0.7][hour / 6],
                Rhythm::Nightly if (1..4).contains(&hour) => 6.0,
                Rhythm::Nightly => 0.05,
            }
    })
}

impl Workload {
    /// One run of calls by this workload.
    pub fn act(&self, slice: &mut Slice) {
        let at = slice.moment();
        let account = &ACCOUNTS[slice.dice.weighted(ACCOUNTS.iter().map(|account| account.weight))];
        let region = account.regions[slice.dice.weighted(account.regions.iter().map(|(_, weight)| *weight))].0;
        let run = Run { account, region, at };
        match self.kind {
            Kind::Function => self.function(run, slice),
            Kind::Instance(role) => self.instance(role, run, slice),
            Kind::Task(role) => self.task(role, run, slice),
            Kind::Pipeline => self.pipeline(run, slice),
            Kind::Terraform => self.terraform(run, slice),
            Kind::Stacks => self.stacks(run, slice),
            Kind::Legacy(user, address, agent, tls) => self.legacy((user, address, agent, tls), run, slice),
            Kind::Vendor => self.vendor(run, slice),
            Kind::User(name) => self.user(name, run, slice),
            Kind::Linked(host, role, session) => self.linked(host, role, session, run, slice),
            Kind::Service(host) => self.service(host, run, slice),
            Kind::Strangers => strangers(run, slice),
        }
    }

    fn function(&self, run: Run, slice: &mut Slice) {
        let name = named(run, "{function}", &mut slice.dice);
        let key = self.start(&name, &name, "lambda.amazonaws.com", run, slice);
        let agent = "Boto3/1.40.43 md/Botocore#1.40.43 ua/2.1 os/linux#5.10.240-266.959.amzn2.x86_64 md/arch#x86_64 lang/python#3.12.11 md/pyimpl#CPython exec-env/AWS_Lambda_python3.12 cfg/retry-mode#legacy";
        let caller = self.session(run, &name, &name, &key, agent, slice);
        slice.calls_by(run, &caller, self.profile, 0.3);
    }

    fn instance(&self, role: &str, run: Run, slice: &mut Slice) {
        let instance = named(run, "{instance}", &mut slice.dice);
        let key = self.start(role, &instance, "ec2.amazonaws.com", run, slice);
        let agent = "aws-sdk-go-v2/1.36.3 ua/2.1 os/linux lang/go#1.24.4 md/GOOS#linux md/GOARCH#amd64 exec-env/EC2";
        let caller = self.session(run, role, &instance, &key, agent, slice);
        slice.calls_by(run, &caller, self.profile, 2.0);
    }

    fn task(&self, role: &str, run: Run, slice: &mut Slice) {
        let task = Dice::new(0, role, slice.dice.below(40) as i64).hex(32);
        let key = self.start(role, &task, "ecs-tasks.amazonaws.com", run, slice);
        let agent = "aws-sdk-java/2.34.0 md/io#async md/http#NettyNio ua/2.1 os/Linux#5.10.240 lang/java#21.0.8 md/OpenJDK_64-Bit_Server_VM#21.0.8+9-LTS exec-env/AWS_ECS_FARGATE";
        let caller = self.session(run, role, &task, &key, agent, slice);
        slice.calls_by(run, &caller, self.profile, 0.5);
    }

    /// The session's key, which changes with the hour; its first use is preceded by the service's AssumeRole.
    fn start(&self, role: &str, session: &str, host: &str, run: Run, slice: &mut Slice) -> String {
        let key = format!("ASIA{}", Dice::new(0, session, run.at.div_euclid(6 * HOUR)).base32(16));
        if slice.dice.chance(0.12) {
            let deed = assume(run, role, session, &key, Some(host));
            slice.record(run, &Caller::service(identity::service(host), host), deed);
        }
        key
    }

    /// In a private network of AWS: out through a NAT gateway, or through an endpoint in the network.
    fn session(&self, run: Run, role: &str, session: &str, key: &str, agent: &str, slice: &mut Slice) -> Caller {
        let created = run.at.div_euclid(6 * HOUR) * 6 * HOUR;
        let account = run.account.id;
        let identity =
            identity::assumed_role(&Session { account, role, session, access_key: key, created, mfa: false });
        let mut caller = Caller::new(identity, "", agent);
        if slice.dice.chance(0.4) {
            let which = mix(session, 0);
            caller.source = format!("10.20.{}.{}", which % 250, which / 250 % 250 + 4);
            caller.endpoint = Some(format!("vpce-0{:016x}", mix(account, run.region.len() as i64)));
        } else {
            // A gateway keeps its address: there are few.
            let network = egress(run.region)[(mix(account, 0) % 2) as usize];
            caller.source = format!("{network}.{}", 10 + slice.dice.below(3));
        }
        caller
    }

    fn pipeline(&self, mut run: Run, slice: &mut Slice) {
        let repository = named(run, "acorn/{service}", &mut slice.dice);
        let runner = *slice.dice.pick(&RUNNERS);
        let source = slice.dice.address(runner);
        let provider = "token.actions.githubusercontent.com";
        let subject = format!("repo:{repository}:ref:refs/heads/main");
        let identity = identity::web_identity(provider, run.account.id, &subject);
        let key = format!("ASIA{}", slice.dice.base32(16));
        let node = "aws-sdk-js/3.899.0 ua/2.1 os/linux#6.11.0-1018-azure lang/js md/nodejs#20.19.5 api/sts#3.899.0 configure-aws-credentials-for-github-actions";
        let mut deed = assume(run, "github-actions-deploy", "GitHubActions", &key, None);
        deed.name = "AssumeRoleWithWebIdentity".to_owned();
        deed.response["subjectFromWebIdentityToken"] = subject.into();
        deed.response["provider"] = format!("arn:aws:iam::{}:oidc-provider/{provider}", run.account.id).into();
        deed.response["audience"] = "sts.amazonaws.com".into();
        slice.record(run, &Caller::new(identity, source.clone(), node), deed);
        slice.pass(&mut run, 3.0);
        let session = Session {
            account: run.account.id,
            role: "github-actions-deploy",
            session: "GitHubActions",
            access_key: &key,
            created: run.at,
            mfa: false,
        };
        let mut identity = identity::assumed_role(&session);
        identity.json["sessionContext"]["webIdFederationData"] = json!({
            "federatedProvider": format!("arn:aws:iam::{}:oidc-provider/{provider}", run.account.id),
            "attributes": {},
        });
        slice.calls_by(run, &Caller::new(identity, source, node), self.profile, 4.0);
    }

    fn terraform(&self, run: Run, slice: &mut Slice) {
        let runner = *slice.dice.pick(&RUNNERS);
        let source = slice.dice.address(runner);
        let key = format!("ASIA{}", slice.dice.base32(16));
        let session = Session {
            account: run.account.id,
            role: "terraform",
            session: &format!("terraform-run-{}", slice.dice.base32(16)),
            access_key: &key,
            created: run.at,
            mfa: false,
        };
        let caller = Caller::new(identity::assumed_role(&session), source, TERRAFORM);
        slice.calls_by(run, &caller, self.profile, 0.2);
    }

    fn stacks(&self, run: Run, slice: &mut Slice) {
        let host = "cloudformation.amazonaws.com";
        let key = format!("ASIA{}", Dice::new(0, "stacks", run.at.div_euclid(HOUR)).base32(16));
        let mut identity = identity::assumed_role(&Session {
            account: run.account.id,
            role: "cloudformation-execution",
            session: "AWSCloudFormation",
            access_key: &key,
            created: run.at.div_euclid(HOUR) * HOUR,
            mfa: false,
        });
        identity.json["invokedBy"] = host.into();
        slice.calls_by(run, &Caller::service(identity, host), self.profile, 0.6);
    }

    fn legacy(&self, (user, address, agent, tls): (&str, &str, &str, &'static str), run: Run, slice: &mut Slice) {
        let run = Run { account: &ACCOUNTS[PROD], region: "eu-central-1", ..run };
        let account = run.account.id;
        let identity = identity::iam_user(account, user, &identity::fixed_key(account, user), None);
        let caller = Caller { old_tls: Some(tls), ..Caller::new(identity, address, agent) };
        slice.calls_by(run, &caller, self.profile, 3.0);
    }

    fn vendor(&self, run: Run, slice: &mut Slice) {
        let source = format!("{VENDOR_NETWORK}.{}", 20 + slice.dice.below(6));
        let agent = "Boto3/1.38.46 md/Botocore#1.38.46 ua/2.1 os/linux#6.1.141 md/arch#x86_64 lang/python#3.11.13 md/pyimpl#CPython cfg/retry-mode#adaptive";
        let key = format!("ASIA{}", Dice::new(0, "vendor", run.at.div_euclid(HOUR)).base32(16));
        if slice.dice.chance(0.25) {
            let mut deed = assume(run, "MetricsCollector", "collector", &key, None);
            deed.request["externalId"] = "acorn-5f1c".into();
            deed.shared = true;
            slice.record(run, &Caller::new(identity::foreign_account(VENDOR_ACCOUNT), source.clone(), agent), deed);
        }
        let session = Session {
            account: run.account.id,
            role: "MetricsCollector",
            session: "collector",
            access_key: &key,
            created: run.at.div_euclid(HOUR) * HOUR,
            mfa: false,
        };
        slice.calls_by(run, &Caller::new(identity::assumed_role(&session), source, agent), self.profile, 0.4);
    }

    fn user(&self, name: &str, run: Run, slice: &mut Slice) {
        let run = Run { account: &ACCOUNTS[PROD], region: "eu-central-1", ..run };
        let account = run.account.id;
        let identity = identity::iam_user(account, name, &identity::fixed_key(account, name), None);
        let agent = "aws-cli/1.36.40 md/Botocore#1.35.99 ua/2.0 os/linux#6.8.0 md/arch#x86_64 lang/python#3.10.12 md/pyimpl#CPython cfg/retry-mode#legacy botocore/1.35.99";
        slice.calls_by(run, &Caller::new(identity, CI_ADDRESS, agent), self.profile, 1.5);
    }

    fn linked(&self, host: &str, role: &str, session: &str, run: Run, slice: &mut Slice) {
        let key = format!("ASIA{}", Dice::new(0, role, run.at.div_euclid(HOUR)).base32(16));
        let mut identity = identity::assumed_role(&Session {
            account: run.account.id,
            role: &format!("aws-service-role/{host}/{role}"),
            session,
            access_key: &key,
            created: run.at.div_euclid(HOUR) * HOUR,
            mfa: false,
        });
        identity.json["invokedBy"] = host.into();
        slice.calls_by(run, &Caller::service(identity, host), self.profile, 0.5);
    }

    fn service(&self, host: &str, run: Run, slice: &mut Slice) {
        let identity = identity::service(host);
        let caller = Caller::service(identity, host);
        let call = super::catalog::profile(self.profile)[0].0;
        let mut blanks = Blanks::new(run.account, run.region, run.at, "", host, call.action());
        blanks.set("bucket", "acorn-security-access-logs".to_owned());
        let mut deed = Deed::call(call, &mut blanks, None, &mut slice.dice);
        deed.shared = true;
        slice.record(run, &caller, deed);
    }
}

/// Where the old build server stands: in a rented rack in Falkenstein.
pub const CI_ADDRESS: &str = "5.9.145.77";

fn named(run: Run, blank: &str, dice: &mut Dice) -> String {
    Blanks::new(run.account, run.region, run.at, "", "", String::new()).text(blank, dice)
}

/// An `AssumeRole`, by a service when `host` is given.
fn assume(run: Run, role: &str, session: &str, key: &str, host: Option<&str>) -> Deed {
    let account = run.account.id;
    let arn = format!("arn:aws:iam::{account}:role/{role}");
    let request = json!({"roleArn": arn, "roleSessionName": session, "durationSeconds": 3600});
    let mut token = Dice::new(0, key, 0);
    Deed {
        time: run.at,
        service: "sts".to_owned(),
        name: "AssumeRole".to_owned(),
        command: "sts.assume-role".to_owned(),
        read: true,
        request,
        response: json!({
            "credentials": {
                "accessKeyId": key,
                "sessionToken": token.base64(220),
                "expiration": rfc3339(run.at + HOUR),
            },
            "assumedRoleUser": {
                "assumedRoleId": format!("{}:{session}", fixed_id("AROA", account, role)),
                "arn": format!("arn:aws:sts::{account}:assumed-role/{role}/{session}"),
            },
        }),
        resources: Some(json!([{"accountId": account, "type": "AWS::IAM::Role", "ARN": arn}])),
        shared: host.is_some(),
        ..Deed::default()
    }
}

/// Passwords tried by strangers: names that do not exist, mostly.
fn strangers(run: Run, slice: &mut Slice) {
    let mut run = Run { region: "us-east-1", ..run };
    let network = *slice.dice.pick(&STRANGERS);
    let source = slice.dice.address(network);
    let browser = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36";
    for _ in 0..slice.dice.between(1, 3) {
        let known = slice.dice.chance(0.25);
        let (identity, outcome) = if known {
            (sign_in::user(run.account.id, "admin"), Outcome::WrongPassword { mfa: false })
        } else {
            (sign_in::unknown_user(run.account.id), Outcome::NoSuchUser)
        };
        let deed = sign_in::console_login(run.at, run.region, &outcome);
        slice.record(run, &Caller::new(identity, source.clone(), browser), deed);
        slice.pass(&mut run, 8.0);
    }
}
