//! What an event is about: the ARNs, ids and names in its `resources`, its request and its answer.

use std::{borrow::Cow, fmt};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// More of them say nothing: an event that lists so many is about a whole account.
const MOST: usize = 50;
/// A longer text is no name.
const MOST_BYTES: usize = 1024;

/// Where the event happened: names become ARNs with it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    pub event_source: Option<&'a str>,
    pub account: Option<&'a str>,
    pub region: Option<&'a str>,
}

/// How a name is written: `{n}` is the name, `{r}` the region, `{a}` the account, `{p}` the partition.
type Name = (&'static str, &'static str, &'static str);

/// Keys of a request whose values are names: service, key, how the name is written. A value that is an ARN or an id
/// already is taken as it is, under any key.
const NAMES: &[Name] = &[
    ("iam", "userName", "arn:{p}:iam::{a}:user/{n}"),
    ("iam", "roleName", "arn:{p}:iam::{a}:role/{n}"),
    ("iam", "groupName", "arn:{p}:iam::{a}:group/{n}"),
    ("iam", "instanceProfileName", "arn:{p}:iam::{a}:instance-profile/{n}"),
    ("iam", "accessKeyId", "{n}"),
    ("ec2", "keyName", "arn:{p}:ec2:{r}:{a}:key-pair/{n}"),
    ("lambda", "functionName", "arn:{p}:lambda:{r}:{a}:function:{n}"),
    ("kms", "keyId", "arn:{p}:kms:{r}:{a}:key/{n}"),
    ("kms", "aliasName", "arn:{p}:kms:{r}:{a}:{n}"),
    ("rds", "dBInstanceIdentifier", "arn:{p}:rds:{r}:{a}:db:{n}"),
    ("rds", "dBClusterIdentifier", "arn:{p}:rds:{r}:{a}:cluster:{n}"),
    ("rds", "dBSnapshotIdentifier", "arn:{p}:rds:{r}:{a}:snapshot:{n}"),
    ("rds", "dBClusterSnapshotIdentifier", "arn:{p}:rds:{r}:{a}:cluster-snapshot:{n}"),
    ("dynamodb", "tableName", "arn:{p}:dynamodb:{r}:{a}:table/{n}"),
    ("cloudtrail", "name", "arn:{p}:cloudtrail:{r}:{a}:trail/{n}"),
    ("cloudtrail", "trailName", "arn:{p}:cloudtrail:{r}:{a}:trail/{n}"),
    ("secretsmanager", "secretId", "arn:{p}:secretsmanager:{r}:{a}:secret:{n}"),
    ("ssm", "name", "arn:{p}:ssm:{r}:{a}:parameter/{n}"),
    ("ssm", "names", "arn:{p}:ssm:{r}:{a}:parameter/{n}"),
    ("ssm", "documentName", "arn:{p}:ssm:{r}:{a}:document/{n}"),
    ("sqs", "queueName", "arn:{p}:sqs:{r}:{a}:{n}"),
    ("sns", "name", "arn:{p}:sns:{r}:{a}:{n}"),
    ("logs", "logGroupName", "arn:{p}:logs:{r}:{a}:log-group:{n}"),
    ("events", "rule", "arn:{p}:events:{r}:{a}:rule/{n}"),
    ("ecr", "repositoryName", "arn:{p}:ecr:{r}:{a}:repository/{n}"),
    ("ecs", "cluster", "arn:{p}:ecs:{r}:{a}:cluster/{n}"),
    ("eks", "clusterName", "arn:{p}:eks:{r}:{a}:cluster/{n}"),
    ("kinesis", "streamName", "arn:{p}:kinesis:{r}:{a}:stream/{n}"),
    ("firehose", "deliveryStreamName", "arn:{p}:firehose:{r}:{a}:deliverystream/{n}"),
    ("guardduty", "detectorId", "arn:{p}:guardduty:{r}:{a}:detector/{n}"),
    ("redshift", "clusterIdentifier", "arn:{p}:redshift:{r}:{a}:cluster:{n}"),
    ("elasticache", "cacheClusterId", "arn:{p}:elasticache:{r}:{a}:cluster:{n}"),
    ("route53", "hostedZoneId", "arn:{p}:route53:::hostedzone/{n}"),
    // Their ARNs end in what the name does not tell.
    ("autoscaling", "autoScalingGroupName", "{n}"),
    ("cloudformation", "stackName", "{n}"),
    ("config", "configurationRecorderName", "{n}"),
    ("elasticloadbalancing", "loadBalancerName", "{n}"),
];

/// The resources in the parts of an event, each once, in the order in which they are found.
pub fn resources(parts: &[Option<&RawValue>], context: Context<'_>) -> Vec<String> {
    let source = context.event_source.unwrap_or_default();
    let mut found = Found {
        service: source.strip_suffix(".amazonaws.com").unwrap_or(source),
        context,
        bucket: None,
        object: None,
        all: Vec::new(),
    };
    for part in parts.iter().flatten().filter(|part| part.get().starts_with(['{', '['])) {
        (found.bucket, found.object) = (None, None);
        // What cannot be read, for example nested too deep, has told what it has told.
        let _ = (Walk { key: "", found: &mut found }).deserialize(&mut serde_json::Deserializer::from_str(part.get()));
    }
    found.all
}

struct Found<'a> {
    service: &'a str,
    context: Context<'a>,
    /// Bucket and key of the part that is being read: together they name an object of S3.
    bucket: Option<String>,
    object: Option<String>,
    all: Vec<String>,
}

impl Found<'_> {
    fn add(&mut self, text: String) {
        let text = text.replace('\0', "\u{fffd}");
        if self.all.len() < MOST && text.len() <= MOST_BYTES && !self.all.contains(&text) {
            self.all.push(text);
        }
    }

    fn text(&mut self, key: &str, text: &str) {
        if text.is_empty() || text.len() > MOST_BYTES {
            return;
        }
        if is_arn(text) {
            if !is_session(text) {
                self.add(text.to_owned());
            }
        } else if is_id(text) {
            self.add(text.to_owned());
        } else if key == "bucketName" {
            let bucket = format!("arn:{}:s3:::{text}", self.partition());
            self.add(bucket.clone());
            self.bucket = Some(bucket);
            self.object();
        } else if key == "key" && self.service == "s3" {
            self.object = Some(text.to_owned());
            self.object();
        } else if key == "queueUrl" {
            self.queue(text);
        } else if let Some((_, _, form)) =
            NAMES.iter().find(|(service, name, _)| *name == key && *service == self.service)
        {
            self.named(form, text);
        }
    }

    fn object(&mut self) {
        if let (Some(bucket), Some(object)) = (&self.bucket, &self.object) {
            self.add(format!("{bucket}/{object}"));
        }
    }

    fn named(&mut self, form: &str, name: &str) {
        let Context { account, region, .. } = self.context;
        // A name with the account before it, as Lambda has: `123456789012:function:name`.
        let name = name.rsplit_once(":function:").map_or(name, |(_, name)| name);
        let name = if form.contains("/{n}") { name.trim_start_matches('/') } else { name };
        let form = if name.starts_with("alias/") { "arn:{p}:kms:{r}:{a}:{n}" } else { form };
        let known = (account.is_some() || !form.contains("{a}")) && (region.is_some() || !form.contains("{r}"));
        self.add(match known {
            true => form
                .replace("{p}", self.partition())
                .replace("{r}", region.unwrap_or_default())
                .replace("{a}", account.unwrap_or_default())
                .replace("{n}", name),
            false => name.to_owned(),
        });
    }

    /// `https://sqs.eu-west-1.amazonaws.com/123456789012/name`.
    fn queue(&mut self, url: &str) {
        let mut parts = url.trim_start_matches("https://").split('/');
        let (Some(host), Some(account), Some(name)) = (parts.next(), parts.next(), parts.next()) else { return };
        if let Some(region) = host.strip_prefix("sqs.").and_then(|rest| rest.split('.').next()) {
            self.add(format!("arn:{}:sqs:{region}:{account}:{name}", self.partition()));
        }
    }

    fn partition(&self) -> &'static str {
        match self.context.region {
            Some(region) if region.starts_with("cn-") => "aws-cn",
            Some(region) if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }
}

/// `arn:partition:service:region:account:resource`, with a resource.
fn is_arn(text: &str) -> bool {
    text.starts_with("arn:")
        && text.splitn(6, ':').nth(5).is_some_and(|resource| !resource.is_empty())
        && !text.contains(char::is_whitespace)
}

/// A session is somebody who acts, not what is acted upon.
fn is_session(arn: &str) -> bool {
    arn.contains(":assumed-role/") || arn.contains(":federated-user/")
}

/// An id as EC2 and others give: `sg-0123456789abcdef0`.
fn is_id(text: &str) -> bool {
    let Some((kind, number)) = text.rsplit_once('-') else { return false };
    matches!(number.len(), 8 | 17)
        && (1..=16).contains(&kind.len())
        && kind.starts_with(|c: char| c.is_ascii_lowercase())
        && kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
        && number.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        && number.bytes().any(|b| b.is_ascii_digit())
}

/// Reads any JSON; texts go to `found` with the key that they stand under.
struct Walk<'w, 'a> {
    key: &'w str,
    found: &'w mut Found<'a>,
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.found.text(self.key, text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Walk { key: self.key, found: self.found })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(Key)? {
            map.next_value_seed(Walk { key: &key, found: self.found })?;
        }
        Ok(())
    }
}

/// A key, borrowed where its text has no escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}
