//! The sources of `trailmap serve --config FILE`: what is read, from where and how often.

use std::{collections::HashSet, path::PathBuf, time::Duration};

use time::Date;

use self::entry::{Entry, Mistake};

pub mod entry;

/// One `[[source]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Unique; stands in logs, in the database and in metrics.
    pub name: String,
    pub kind: Kind,
    /// Whose log files are verified, with CloudTrail's digests.
    pub verify: Option<Verify>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Keys of a bucket, found by listing.
    S3(S3),
    /// A queue that is told of new keys.
    Sqs(Sqs),
    /// The API that remembers 90 days, without a trail.
    LookupEvents(LookupEvents),
    /// A folder of this machine.
    Folder(Folder),
    /// Requests that bring events to this server.
    Push(Push),
}

#[derive(Clone, Debug, PartialEq)]
pub struct S3 {
    pub aws: Aws,
    pub bucket: String,
    pub prefix: String,
    /// Days of delivery before it are not read.
    pub since: Option<Date>,
    /// Nor is what is older than so many whole days: retention would delete all of it.
    pub keep_days: Option<u32>,
    /// How often new keys are looked for.
    pub poll: Duration,
    /// How often all keys of today and yesterday are looked at again, for what was delivered late.
    pub recheck: Duration,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Sqs {
    pub aws: Aws,
    pub queue_url: String,
    /// For so long a message that is being worked on is hidden from others; extended while work goes on.
    pub visibility_timeout: Duration,
    /// A message that failed so often is kept aside.
    pub max_receives: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LookupEvents {
    pub aws: Aws,
    /// Empty: every region that the account has enabled.
    pub regions: Vec<String>,
    /// How many days before now the first start reads.
    pub days: u32,
    pub poll: Duration,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Folder {
    pub path: PathBuf,
    pub poll: Duration,
}

/// Where log files and digests lie.
#[derive(Clone, Debug, PartialEq)]
pub struct Verify {
    pub aws: Aws,
    pub bucket: String,
    pub prefix: String,
    /// Days before it are not verified.
    pub since: Option<Date>,
    /// Nor are those that are older than so many.
    pub keep_days: Option<u32>,
    /// Lists of public keys, in place of those that AWS lists.
    pub public_keys: Vec<PathBuf>,
    /// How often new digests are looked for.
    pub poll: Duration,
    /// What was wrong or could not be checked is looked at again after so long.
    pub recheck: Duration,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Push {
    pub access_key: Secret,
}

/// Where a secret is: never the secret itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Secret {
    /// The name of an environment variable.
    Environment(String),
    File(PathBuf),
}

/// Who we are at AWS, and where that is. Empty: as the environment, the profile or the machine's role tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Aws {
    pub region: Option<String>,
    pub profile: Option<String>,
    pub role_arn: Option<String>,
    pub external_id: Option<String>,
    /// Another service that speaks S3, SQS or CloudTrail. Buckets are then in the path, not in the host's name.
    pub endpoint_url: Option<String>,
    pub fips: bool,
}

impl Secret {
    /// Where the table's keys say it is, of which there is one. Errors: there are both.
    pub fn named(entry: &mut Entry<'_>, env: &'static str, file: &'static str) -> Result<Option<Secret>, Mistake> {
        match (entry.text(env)?, entry.text(file)?) {
            (Some(_), Some(_)) => Err(entry.mistake(file, &format!("there is {env}, too: one of them"))),
            (Some(name), None) => Ok(Some(Secret::Environment(name))),
            (None, path) => Ok(path.map(|path| Secret::File(PathBuf::from(path)))),
        }
    }

    /// What is there, without the end of its line. Errors: it cannot be read, or there is nothing; `what` names it.
    pub fn text(&self, what: &str) -> Result<String, String> {
        let (_, text) = self.read()?;
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() { Err(format!("the {what} is empty")) } else { Ok(text.to_owned()) }
    }

    /// Where it is, and what is there. Errors: a sentence without the secret.
    pub fn read(&self) -> Result<(String, String), String> {
        match self {
            Secret::Environment(name) => {
                let text = std::env::var(name).map_err(|_| format!("the environment variable {name} is not set"))?;
                Ok((format!("the environment variable {name}"), text))
            }
            Secret::File(path) => {
                let place = format!("the file {}", path.display());
                let text = std::fs::read_to_string(path).map_err(|error| format!("{place} cannot be read: {error}"))?;
                Ok((place, text))
            }
        }
    }
}

impl Kind {
    /// As `type` in the file.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::S3(_) => "s3",
            Kind::Sqs(_) => "sqs",
            Kind::LookupEvents(_) => "lookup-events",
            Kind::Folder(_) => "folder",
            Kind::Push(_) => "push",
        }
    }

    /// What is older than so many whole days is not asked for.
    pub fn keep(&mut self, days: Option<u32>) {
        match (self, days) {
            (Kind::S3(settings), days) => settings.keep_days = days,
            // All of the day at whose end it is too old.
            (Kind::LookupEvents(settings), Some(days)) => settings.days = settings.days.min(days.saturating_add(1)),
            _ => {}
        }
    }
}

/// One table of the file.
pub fn parse(mut entry: Entry<'_>) -> Result<Source, Mistake> {
    let name = entry.name()?;
    let kind = match entry.required("type")?.as_str() {
        "s3" => Kind::S3(s3(&mut entry)?),
        "sqs" => Kind::Sqs(sqs(&mut entry)?),
        "lookup-events" => Kind::LookupEvents(lookup_events(&mut entry)?),
        "folder" => Kind::Folder(Folder {
            path: PathBuf::from(entry.required("path")?),
            poll: entry.duration("poll", Duration::from_secs(2))?,
        }),
        "push" => Kind::Push(Push { access_key: access_key(&mut entry)? }),
        other => {
            let what = format!("{other:?} is none of s3, sqs, lookup-events, folder, push");
            return Err(entry.mistake("type", &what));
        }
    };
    let verify = verify(&mut entry, &kind)?;
    entry.finish(&format!("a source of type {}", kind.name()))?;
    Ok(Source { name, kind, verify })
}

fn s3(entry: &mut Entry<'_>) -> Result<S3, Mistake> {
    let bucket = entry.required("bucket")?;
    if bucket.contains('/') || bucket.is_empty() {
        return Err(entry.mistake("bucket", "not the name of a bucket: without s3:// and without a path"));
    }
    Ok(S3 {
        bucket,
        prefix: entry.text("prefix")?.unwrap_or_default(),
        since: entry.date("since")?,
        keep_days: None,
        poll: entry.duration("poll", Duration::from_secs(60))?,
        recheck: entry.duration("recheck", Duration::from_secs(3600))?,
        aws: aws(entry)?,
    })
}

/// S3 sources are verified unless they say no; queues when they say where digests lie.
fn verify(entry: &mut Entry<'_>, kind: &Kind) -> Result<Option<Verify>, Mistake> {
    let (aws, bucket, prefix, since) = match kind {
        Kind::S3(s3) if entry.boolean("verify", true)? => {
            (s3.aws.clone(), s3.bucket.clone(), s3.prefix.clone(), s3.since)
        }
        Kind::Sqs(sqs) => {
            let verify = entry.boolean("verify", false)?;
            let (bucket, prefix) = (entry.text("bucket")?, entry.text("prefix")?);
            match bucket {
                Some(bucket) if verify => (sqs.aws.clone(), bucket, prefix.unwrap_or_default(), entry.date("since")?),
                None if verify => {
                    return Err(entry.mistake("bucket", "is missing: verify has to know where digests lie"));
                }
                _ => return Ok(None),
            }
        }
        _ => return Ok(None),
    };
    let (poll, recheck) = (Duration::from_secs(600), Duration::from_secs(3600));
    let public_keys = entry.list("public_keys")?.unwrap_or_default().into_iter().map(PathBuf::from).collect();
    Ok(Some(Verify { aws, bucket, prefix, since, keep_days: None, public_keys, poll, recheck }))
}

fn sqs(entry: &mut Entry<'_>) -> Result<Sqs, Mistake> {
    let queue_url = entry.required("queue_url")?;
    if !queue_url.starts_with("https://") && !queue_url.starts_with("http://") {
        return Err(entry.mistake("queue_url", "not the URL of a queue, which begins with https://"));
    }
    let visibility_timeout = entry.duration("visibility_timeout", Duration::from_secs(120))?;
    if !(2..=43_200).contains(&visibility_timeout.as_secs()) {
        return Err(entry.mistake("visibility_timeout", "SQS takes from 2s to 12h"));
    }
    let max_receives = entry.number("max_receives", 1..=1_000, 5)?;
    Ok(Sqs { queue_url, visibility_timeout, max_receives, aws: aws(entry)? })
}

fn lookup_events(entry: &mut Entry<'_>) -> Result<LookupEvents, Mistake> {
    let mut regions = entry.list("regions")?.unwrap_or_default();
    if regions.iter().any(|region| region == "*") {
        if regions.len() > 1 {
            return Err(entry.mistake("regions", "\"*\" is all regions and stands alone"));
        }
        regions.clear();
    }
    if regions.iter().collect::<HashSet<_>>().len() < regions.len() {
        return Err(entry.mistake("regions", "a region stands there twice"));
    }
    Ok(LookupEvents {
        regions,
        days: entry.number("days", 1..=90, 90)?,
        poll: entry.duration("poll", Duration::from_secs(60))?,
        aws: aws(entry)?,
    })
}

fn access_key(entry: &mut Entry<'_>) -> Result<Secret, Mistake> {
    Secret::named(entry, "access_key_env", "access_key_file")?.ok_or_else(|| {
        let what = "is missing, and so is access_key_file: one of them names where the access key is";
        entry.mistake("access_key_env", what)
    })
}

fn aws(entry: &mut Entry<'_>) -> Result<Aws, Mistake> {
    let aws = Aws {
        region: entry.text("region")?,
        profile: entry.text("profile")?,
        role_arn: entry.text("role_arn")?,
        external_id: entry.text("external_id")?,
        endpoint_url: entry.text("endpoint_url")?,
        fips: entry.boolean("fips", false)?,
    };
    let is_role = |arn: &String| arn.starts_with("arn:") && arn.contains(":role/");
    if aws.role_arn.as_ref().is_some_and(|arn| !is_role(arn)) {
        return Err(entry.mistake("role_arn", "not the ARN of a role, as arn:aws:iam::111122223333:role/trailmap"));
    }
    if aws.external_id.is_some() && aws.role_arn.is_none() {
        return Err(entry.mistake("external_id", "belongs to a role: there is no role_arn"));
    }
    let is_url = |url: &String| url.starts_with("http://") || url.starts_with("https://");
    if aws.endpoint_url.as_ref().is_some_and(|url| !is_url(url)) {
        return Err(entry.mistake("endpoint_url", "not a URL: it begins with https:// or http://"));
    }
    Ok(aws)
}
