//! Blanks in the catalog's texts, and what fills them.
//!
//! A name in braces is a blank: `{bucket}`, `{instance}`, … The same blank is filled alike throughout one event, so that
//! request, answer and error speak of the same thing. Fresh at each place are `{uuid}`, `{hex:N}`, `{b64:N}`, `{id:N}`
//! and `{int:FROM:TO}`. A text that is nothing but `{#…}` becomes a number.

use serde_json::Value;

use super::{
    catalog,
    clock::{self, civil, rfc3339},
    dice::{Dice, mix},
    world::Account,
};

/// What an event is about, as far as it is decided before its blanks are filled.
pub struct Blanks<'a> {
    pub account: &'a Account,
    pub region: &'a str,
    pub time: i64,
    pub arn: &'a str,
    pub user: &'a str,
    pub action: String,
    filled: Vec<(String, String)>,
}

impl<'a> Blanks<'a> {
    pub fn new(account: &'a Account, region: &'a str, time: i64, arn: &'a str, user: &'a str, action: String) -> Self {
        Blanks { account, region, time, arn, user, action, filled: Vec::new() }
    }

    /// Decides a blank.
    pub fn set(&mut self, blank: &str, text: String) {
        self.filled.push((blank.to_owned(), text));
    }

    /// The template with its blanks filled.
    pub fn fill(&mut self, template: &Value, dice: &mut Dice) -> Value {
        match template {
            Value::String(text) => match text.strip_prefix("{#").and_then(|rest| rest.strip_suffix('}')) {
                Some(blank) if !blank.contains('{') => self.blank(blank, dice).parse::<i64>().unwrap_or(0).into(),
                _ => self.text(text, dice).into(),
            },
            Value::Array(items) => items.iter().map(|item| self.fill(item, dice)).collect(),
            Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), self.fill(value, dice))).collect(),
            other => other.clone(),
        }
    }

    /// The text with its blanks filled. Braces around anything but a blank's name stay, as JSON within a text has them.
    pub fn text(&mut self, mut rest: &str, dice: &mut Dice) -> String {
        let mut text = String::with_capacity(rest.len() + 32);
        while let Some(open) = rest.find('{') {
            text.push_str(&rest[..open]);
            let inner = &rest[open + 1..];
            let end = inner.find(|c: char| !c.is_ascii_alphanumeric() && !"#:".contains(c)).unwrap_or(inner.len());
            if end > 0 && inner[end..].starts_with('}') {
                text.push_str(&self.blank(inner[..end].trim_start_matches('#'), dice));
                rest = &inner[end + 1..];
            } else {
                text.push('{');
                rest = inner;
            }
        }
        text + rest
    }

    fn blank(&mut self, blank: &str, dice: &mut Dice) -> String {
        if let Some(fresh) = fresh(blank, dice) {
            return fresh;
        }
        if let Some((_, text)) = self.filled.iter().find(|(name, _)| name == blank) {
            return text.clone();
        }
        let text = self.decide(blank, dice);
        self.set(blank, text.clone());
        text
    }

    fn decide(&mut self, blank: &str, dice: &mut Dice) -> String {
        let env = self.account.env;
        match blank {
            "account" => self.account.id.to_owned(),
            "env" => env.to_owned(),
            "region" => self.region.to_owned(),
            "arn" => self.arn.to_owned(),
            "user" => self.user.to_owned(),
            "action" => self.action.clone(),
            "resource" => format!("arn:aws:{}:{}:{}:*", self.service(), self.region, self.account.id),
            "when" => rfc3339(self.time),
            "epoch" => self.time.to_string(),
            "date" => clock::day(civil(self.time).date(), '-'),
            "day" => clock::day(civil(self.time).date(), '/'),
            "bucket" => format!("acorn-{env}-{}", dice.pick(&BUCKETS)),
            "object" => object(self.time, dice),
            "secret" => format!("{env}/{}/{}-{}", self.named("service", dice), dice.pick(&SECRETS), self.lasting(6)),
            "kmskey" => self.uuid(dice),
            "detector" => self.pooled("", 32, "detector", 1, dice),
            "instance" => self.pooled("i-0", 16, "instance", 48, dice),
            "volume" => self.pooled("vol-0", 16, "volume", 90, dice),
            "image" => self.pooled("ami-0", 16, "image", 6, dice),
            "sg" => self.pooled("sg-0", 16, "sg", 24, dice),
            "subnet" => self.pooled("subnet-0", 16, "subnet", 6, dice),
            "vpc" => self.pooled("vpc-0", 16, "vpc", 2, dice),
            "acl" => self.pooled("acl-0", 16, "acl", 3, dice),
            "rtb" => self.pooled("rtb-0", 16, "rtb", 5, dice),
            "nat" => self.pooled("nat-0", 16, "nat", 3, dice),
            "igw" => self.pooled("igw-0", 16, "igw", 2, dice),
            "eni" => self.pooled("eni-0", 16, "eni", 120, dice),
            "launchtemplate" => self.pooled("lt-0", 16, "launchtemplate", 4, dice),
            kind => self.named(kind, dice),
        }
    }

    fn service(&self) -> &str {
        self.action.split(':').next().unwrap_or_default()
    }

    fn named(&self, kind: &str, dice: &mut Dice) -> String {
        catalog::names(kind).map_or_else(|| kind.to_owned(), |names| dice.pick(names).clone())
    }

    /// One of `size` things that this account has in this region, each with an identifier that lasts.
    fn pooled(&self, prefix: &str, digits: usize, kind: &str, size: u64, dice: &mut Dice) -> String {
        let which = dice.below(size) as i64;
        let place = format!("{kind}/{}/{}", self.account.id, self.region);
        let number = u128::from(mix(&place, which)) << 64 | u128::from(mix(&place, !which));
        format!("{prefix}{}", &format!("{number:032x}")[..digits])
    }

    fn uuid(&self, dice: &mut Dice) -> String {
        let hex = self.pooled("", 32, "key", 8, dice);
        format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
    }

    fn lasting(&self, letters: usize) -> String {
        Dice::new(0, self.account.id, 0).alphanumeric(letters)
    }
}

const BUCKETS: [&str; 10] = [
    "assets",
    "uploads",
    "invoices",
    "customer-exports",
    "data-lake",
    "build-artifacts",
    "terraform-state",
    "backups",
    "access-logs",
    "ml-models",
];
const SECRETS: [&str; 4] = ["database", "api-key", "webhook", "smtp"];

fn fresh(blank: &str, dice: &mut Dice) -> Option<String> {
    let mut parts = blank.split(':');
    let (kind, mut number) = (parts.next()?, || parts.next()?.parse::<i64>().ok());
    Some(match kind {
        "uuid" => dice.uuid(),
        "hex" => dice.hex(number()? as usize),
        "b64" => dice.base64(number()? as usize),
        "id" => dice.base32(number()? as usize),
        "int" => {
            let (from, to) = (number()?, number()?);
            dice.between(from, to).to_string()
        }
        _ => return None,
    })
}

/// What is read again and again.
const HOT_OBJECTS: [&str; 6] = [
    "config/feature-flags.json",
    "catalog/prices.json",
    "models/ranking/latest.bin",
    "images/hero.webp",
    "reports/revenue-2026.csv",
    "static/app.js",
];

fn object(time: i64, dice: &mut Dice) -> String {
    if dice.chance(0.25) {
        // The first far more often than the last.
        return HOT_OBJECTS[(dice.below(6) * dice.below(6) / 6) as usize].to_owned();
    }
    let day = clock::day(civil(time).date(), '/');
    match dice.below(5) {
        0 => format!("images/{}/{}.webp", dice.hex(2), dice.hex(24)),
        1 => format!("events/dt={}/part-{:05}.parquet", day.replace('/', "-"), dice.below(64)),
        2 => format!("invoices/{day}/INV-{}.pdf", dice.between(100_000, 999_999)),
        3 => format!("uploads/{day}/{}", dice.hex(32)),
        _ => format!("builds/{}/app.tar.gz", dice.hex(40)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::world::{ACCOUNTS, PROD};
    use serde_json::json;

    #[test]
    fn blanks_are_filled_alike_in_one_event() {
        let mut dice = Dice::new(1, "blanks", 0);
        let mut blanks = Blanks::new(&ACCOUNTS[PROD], "eu-west-1", 0, "arn", "ada", "s3:GetObject".to_owned());
        let template = json!({"a": ["{bucket}", "{bucket}"], "n": "{#int:3:3}", "json": "{\"Id\":{}} {region}", "u": "{uuid}{uuid}"});
        let filled = blanks.fill(&template, &mut dice);
        assert_eq!(filled["a"][0], filled["a"][1]);
        assert_eq!(filled["n"], 3);
        assert_eq!(filled["json"], "{\"Id\":{}} eu-west-1");
        assert_ne!(filled["u"].as_str().map(|u| &u[..36]), filled["u"].as_str().map(|u| &u[36..]));
    }

    #[test]
    fn nothing_is_left_blank() {
        let mut dice = Dice::new(1, "blanks", 1);
        for name in ["bucket", "instance", "kmskey", "secret", "function", "day"] {
            let mut blanks = Blanks::new(&ACCOUNTS[PROD], "eu-west-1", 0, "arn", "ada", "s3:GetObject".to_owned());
            let text = blanks.text(&format!("{{{name}}}"), &mut dice);
            assert!(!text.contains('{') && text != name, "{text}");
        }
    }
}
