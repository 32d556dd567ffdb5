//! What people do: days with an address and a session, in the console, on the command line, with Terraform.

use super::{
    catalog,
    clock::{DAY, HOUR, local},
    dice::{Dice, mix},
    event::Caller,
    identity::{self, Identity, Session},
    people::{Access, CITIES, City, OFFICES, PEOPLE, Person, VPN, city},
    sign_in,
    slice::{Run, Slice},
    world::{ACCOUNTS, Account, DEV, PROD, SECURITY, STAGING},
};

/// Hours of a working day: what people do in each, beside their busiest.
const DAY_CURVE: [f64; 24] = [
    0.0, 0.0, 0.0, 0.0, 0.0, 0.01, 0.03, 0.15, 0.5, 0.95, 1.0, 0.95, 0.6, 0.75, 1.0, 1.0, 0.9, 0.65, 0.35, 0.18, 0.12,
    0.1, 0.06, 0.02,
];
const WEEKEND: f64 = 0.07;

const BROWSERS: [&str; 5] = [
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
];

const COMMAND_LINES: [&str; 3] = [
    "aws-cli/2.31.6 md/awscrt#0.27.6 ua/2.1 os/macos#24.6.0 md/arch#arm64 lang/python#3.13.7 md/pyimpl#CPython cfg/retry-mode#standard md/installer#exe md/prompt#off md/command#{command}",
    "aws-cli/2.28.21 md/awscrt#0.26.1 ua/2.1 os/linux#6.8.0-71-generic md/arch#x86_64 lang/python#3.13.4 md/pyimpl#CPython cfg/retry-mode#standard md/installer#exe md/distrib#ubuntu.24 md/prompt#off md/command#{command}",
    "aws-cli/2.17.32 md/awscrt#0.21.2 ua/2.0 os/windows#10 md/arch#amd64 lang/python#3.11.9 md/pyimpl#CPython cfg/retry-mode#standard md/installer#exe md/prompt#off md/command#{command}",
];

pub const TERRAFORM: &str = "APN/1.0 HashiCorp/1.0 Terraform/1.13.3 (+https://www.terraform.io) terraform-provider-aws/6.14.1 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.39.2 ua/2.1 os/linux lang/go#1.24.6 md/GOOS#linux md/GOARCH#amd64";

/// The people of the sample, and when each signed in last.
pub struct People {
    seed: u64,
    signed_in: [i64; PEOPLE.len()],
}

/// A person's day: it is the same whenever it is asked for.
struct Today {
    address: String,
    account: &'static Account,
    region: &'static str,
    access_key: String,
    /// When the credentials were made.
    began: i64,
}

impl People {
    pub fn new(seed: u64) -> People {
        People { seed, signed_in: [i64::MIN / 2; PEOPLE.len()] }
    }

    /// How much each person does in the hour that begins at `from`.
    pub fn weights(&self, from: i64) -> impl Iterator<Item = f64> + Clone {
        PEOPLE.iter().enumerate().map(move |(index, person)| {
            let (hour, weekend) = local(from, city(person.city).utc_offset);
            let share = if weekend { WEEKEND } else { 1.0 };
            if self.is_off(index, from) { 0.0 } else { person.weight * DAY_CURVE[hour] * share }
        })
    }

    /// Away for the day, now and then.
    fn is_off(&self, index: usize, from: i64) -> bool {
        mix("off", self.seed as i64 ^ (index as i64 * 100_000 + from.div_euclid(DAY))).is_multiple_of(13)
    }

    /// One run of calls by a person.
    pub fn act(&mut self, index: usize, slice: &mut Slice) {
        let person = &PEOPLE[index];
        let at = slice.moment();
        let today = self.today(index, person, at);
        let run = Run { account: today.account, region: today.region, at };
        let habit = slice.dice.below(100);
        let console = match person.profile {
            "finance" => true,
            "analyst" | "security" => habit < 75,
            _ => habit < 48,
        };
        if console {
            self.console(index, person, &today, run, slice);
        } else if person.profile == "operator" && habit > 88 {
            let caller = Caller::new(today.identity(person, false), &today.address, TERRAFORM);
            slice.calls_by(run, &caller, "terraform", 0.4);
        } else {
            let agent = COMMAND_LINES[index % COMMAND_LINES.len()];
            let caller = Caller::new(today.identity(person, false), &today.address, agent);
            slice.calls_by(run, &caller, person.profile, 12.0);
        }
    }

    fn console(&mut self, index: usize, person: &Person, today: &Today, mut run: Run, slice: &mut Slice) {
        let browser = BROWSERS[(index * 3 + 1) % BROWSERS.len()];
        let mut caller = Caller::new(today.identity(person, true), &today.address, browser);
        caller.console = true;
        let expired = run.at - self.signed_in[index] > 9 * HOUR;
        if expired || slice.dice.chance(0.1) {
            self.signed_in[index] = run.at;
            match person.access {
                Access::Sso(set) => {
                    sign_in::by_portal(slice, &mut run, &caller, person.name, &role(today.account, set))
                }
                Access::User => {
                    let at_page = Caller { identity: sign_in::user(run.account.id, person.name), ..caller.clone() };
                    sign_in::by_password(slice, &mut run, &at_page, person.mfa);
                }
            }
        }
        slice.calls(run, &caller, catalog::profile(person.profile), 5.0, |dice, mut caller, call| {
            // Pages of the console fetch some things for people: AWS then does not tell from where.
            if dice.chance(0.08) {
                caller.source = "AWS Internal".to_owned();
                caller.agent = "AWS Internal".to_owned();
            } else if call.service() == "s3" {
                caller.agent =
                    "S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.750 Linux/5.10.224 OpenJDK_64-Bit_Server_VM"
                        .to_owned();
            } else if call.service() == "ec2" && dice.chance(0.5) {
                caller.agent = "console.ec2.amazonaws.com".to_owned();
            }
            caller
        });
    }

    fn today(&self, index: usize, person: &Person, at: i64) -> Today {
        let home = city(person.city);
        let day = (at + home.utc_offset * HOUR).div_euclid(DAY);
        let mut dice = Dice::new(self.seed, person.name, day);
        let mut week = Dice::new(self.seed, person.name, -day.div_euclid(7) - 1);
        let account = account(person, index, &mut dice);
        let region = account.regions[dice.weighted(account.regions.iter().map(|(_, weight)| *weight))].0;
        let address = if week.chance(0.07) {
            // Travelling all week: a hotel's network in another city.
            let network = *week.pick(week_away(home.name, day).networks);
            week.address(network)
        } else {
            at_work(home, index, &mut dice)
        };
        let began = day * DAY - home.utc_offset * HOUR + 8 * HOUR;
        let access_key = format!("ASIA{}", dice.base32(16));
        Today { address, account, region, access_key, began: began.min(at) }
    }
}

/// Another city than `home`, the same one all week.
fn week_away(home: &str, day: i64) -> &'static City {
    let others: Vec<_> = CITIES.iter().filter(|city| city.name != home).collect();
    others[(mix(home, day.div_euclid(7)) % others.len() as u64) as usize]
}

/// At home (the same address for months), in the office, or through the VPN.
fn at_work(home: &'static City, index: usize, dice: &mut Dice) -> String {
    let office = OFFICES.iter().find(|(city, _)| *city == home.name);
    match (dice.below(100), office) {
        (0..12, _) => VPN.to_owned(),
        (12..55, Some((_, address))) => (*address).to_owned(),
        _ => {
            let network = home.networks[index % home.networks.len()];
            Dice::new(0, home.name, index as i64).address(network)
        }
    }
}

/// The account that a person works in today; an IAM user has but one.
fn account(person: &Person, index: usize, dice: &mut Dice) -> &'static Account {
    let weights: [f64; 4] = match (&person.access, person.profile) {
        (Access::User, "developer") if index % 2 == 1 => [0.0, 0.0, 1.0, 0.0],
        (Access::User, _) | (_, "analyst" | "finance") => [1.0, 0.0, 0.0, 0.0],
        (_, "security") => [4.0, 0.5, 0.5, 5.0],
        (_, "operator") => [6.0, 2.0, 1.0, 1.0],
        _ => [4.0, 3.0, 3.0, 0.0],
    };
    let order = [PROD, STAGING, DEV, SECURITY];
    &ACCOUNTS[order[dice.weighted(weights.into_iter())]]
}

/// The role that Identity Center keeps for a permission set in an account.
fn role(account: &Account, set: &str) -> String {
    format!("AWSReservedSSO_{set}_{}", Dice::new(0, &format!("{set}/{}", account.id), 0).hex(16))
}

impl Today {
    fn identity(&self, person: &Person, console: bool) -> Identity {
        let account = self.account.id;
        match person.access {
            Access::Sso(set) => identity::assumed_role(&Session {
                account,
                role: &format!("aws-reserved/sso.amazonaws.com/eu-central-1/{}", role(self.account, set)),
                session: &format!("{}@acorn.example", person.name),
                access_key: &self.access_key,
                created: self.began,
                mfa: false,
            }),
            Access::User if console => {
                identity::iam_user(account, person.name, &self.access_key, Some((self.began, person.mfa)))
            }
            Access::User => identity::iam_user(account, person.name, &identity::fixed_key(account, person.name), None),
        }
    }
}
