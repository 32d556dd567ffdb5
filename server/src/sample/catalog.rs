//! The calls that can be made, with the shapes of their requests and answers; who makes which; and what goes wrong.
//!
//! All of it stands in `data/`: `calls.json` (one call a line), `profiles.json` (weights of calls by who makes them),
//! `errors.json` (messages by code) and `names.json` (of things that calls are about).

use std::{collections::HashMap, sync::LazyLock};

use serde::Deserialize;
use serde_json::Value;

/// One API call. Texts in it may have blanks such as `{bucket}`: see `blanks`.
#[derive(Deserialize)]
pub struct Call {
    /// `service:Name` as in `eventSource` and `eventName`.
    #[serde(rename = "call")]
    name: String,
    #[serde(default)]
    pub read: bool,
    /// A data event: recorded only where a trail asks for it.
    #[serde(default)]
    pub data: bool,
    #[serde(default)]
    pub request: Value,
    #[serde(default)]
    pub response: Value,
    pub additional: Option<Value>,
    pub resources: Option<Value>,
    /// Codes that this call fails with, keys of `errors.json`.
    #[serde(default)]
    pub errors: Vec<String>,
}

impl Call {
    pub fn service(&self) -> &str {
        self.name.split(':').next().unwrap_or_default()
    }

    pub fn name(&self) -> &str {
        self.name.split(':').nth(1).unwrap_or_default()
    }

    /// As policies name it: Lambda's event names carry the date of its API, and CloudWatch's source is another word.
    pub fn action(&self) -> String {
        let service = if self.service() == "monitoring" { "cloudwatch" } else { self.service() };
        format!("{service}:{}", self.plain_name())
    }

    /// As the command line of AWS names it: `ec2.describe-instances`.
    pub fn command(&self) -> String {
        let service = match self.service() {
            "monitoring" => "cloudwatch",
            "s3" => "s3api",
            "elasticloadbalancing" => "elbv2",
            "states" => "stepfunctions",
            service => service,
        };
        let mut command = format!("{service}.");
        let name = self.plain_name();
        let letters: Vec<char> = name.chars().collect();
        for (at, letter) in letters.iter().enumerate() {
            // DescribeDBInstances is describe-db-instances: a dash before a word, not within an abbreviation.
            let after_small = at > 0 && letters[at - 1].is_lowercase();
            let before_small = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
            if letter.is_uppercase() && at > 0 && (after_small || before_small) {
                command.push('-');
            }
            command.extend(letter.to_lowercase());
        }
        command
    }

    fn plain_name(&self) -> &str {
        self.name().split("2015").next().unwrap_or_default()
    }
}

/// The calls of a profile with their weights.
pub type Profile = Vec<(&'static Call, f64)>;

static CALLS: LazyLock<Vec<Call>> =
    LazyLock::new(|| serde_json::from_str(include_str!("data/calls.json")).expect("calls.json is tested"));

static PROFILES: LazyLock<HashMap<String, Profile>> = LazyLock::new(|| {
    let weights: HashMap<String, HashMap<String, f64>> =
        serde_json::from_str(include_str!("data/profiles.json")).expect("profiles.json is tested");
    let calls = |named: &HashMap<String, f64>| {
        // In the catalog's order: a hash map has none that lasts.
        CALLS.iter().filter_map(|call| named.get(&call.name).map(|weight| (call, *weight))).collect()
    };
    weights.iter().map(|(profile, named)| (profile.clone(), calls(named))).collect()
});

static ERRORS: LazyLock<HashMap<String, Value>> =
    LazyLock::new(|| serde_json::from_str(include_str!("data/errors.json")).expect("errors.json is tested"));

static NAMES: LazyLock<HashMap<String, Vec<String>>> =
    LazyLock::new(|| serde_json::from_str(include_str!("data/names.json")).expect("names.json is tested"));

/// The call `service:Name`; the first of the catalog stands in for one that is not there, which a test excludes.
pub fn call(name: &str) -> &'static Call {
    CALLS.iter().find(|call| call.name == name).unwrap_or(&CALLS[0])
}

pub fn profile(name: &str) -> &'static Profile {
    &PROFILES[name]
}

/// The message of an error's code, with its blanks.
pub fn message(code: &str) -> &'static Value {
    &ERRORS[code]
}

/// Names of things of one kind: functions, tables, …
pub fn names(kind: &str) -> Option<&'static [String]> {
    NAMES.get(kind).map(Vec::as_slice)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::sample::{people::PEOPLE, workload::WORKLOADS};

    #[test]
    fn the_tables_fit_together() {
        let weights: HashMap<String, HashMap<String, f64>> =
            serde_json::from_str(include_str!("data/profiles.json")).unwrap();
        for (name, calls) in &weights {
            assert_eq!(profile(name).len(), calls.len(), "profile {name} names calls that are not in calls.json");
        }
        for call in CALLS.iter() {
            assert!(call.errors.iter().all(|code| ERRORS.contains_key(code)), "{}: errors without a text", call.name);
            assert!(weights.values().any(|calls| calls.contains_key(&call.name)), "{} is never made", call.name);
        }
        for name in PEOPLE.iter().map(|person| person.profile).chain(WORKLOADS.iter().map(|load| load.profile)) {
            assert!(weights.contains_key(name), "no profile {name}");
        }
    }

    #[test]
    fn names_of_calls() {
        assert_eq!(call("lambda:GetFunction20150331v2").action(), "lambda:GetFunction");
        assert_eq!(call("monitoring:GetMetricData").action(), "cloudwatch:GetMetricData");
        assert_eq!(call("rds:DescribeDBInstances").command(), "rds.describe-db-instances");
        assert_eq!(call("s3:ListBuckets").command(), "s3api.list-buckets");
    }
}
