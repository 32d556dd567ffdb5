//! Where a bucket has CloudTrail's files: `…/AWSLogs/[o-organisation/]account/CloudTrail/region/year/month/day/`.

use futures::{StreamExt, TryStreamExt, stream};
use time::{Date, Month};

use crate::ingest::source::{aws::Failure, s3::Bucket};

/// What is listed day by day, or as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leaf {
    pub prefix: String,
    /// Has a folder for each day.
    pub dated: bool,
}

/// Folders that have the files of an account and a region below them. Digests (`CloudTrail-Digest`) are not events and are left out.
const LOGS: [&str; 2] = ["CloudTrail", "CloudTrail-Insight"];
/// Folders above `AWSLogs` that are looked into.
const ABOVE: usize = 3;
/// Where a folder has more folders than this, it is not the way to `AWSLogs`.
const MANY: usize = 1_000;
/// Listings at a time.
pub const AT_A_TIME: usize = 8;

/// All leaves below a prefix. A prefix that has nothing in CloudTrail's layout is one leaf itself.
pub async fn leaves(bucket: &Bucket, prefix: &str) -> Result<Vec<Leaf>, Failure> {
    leaves_of(bucket, prefix, &LOGS).await
}

/// The same for folders of other names than those of logs.
pub async fn leaves_of(bucket: &Bucket, prefix: &str, names: &[&str]) -> Result<Vec<Leaf>, Failure> {
    let mut leaves = match inside(prefix, names) {
        Some(rest) if rest.contains('/') => vec![whole_or_region(prefix, rest)],
        Some(_) => regions(bucket, prefix).await?,
        None => walk(bucket, prefix, names).await?,
    };
    leaves.sort();
    Ok(leaves)
}

/// What follows the folder of logs, where the prefix goes so deep.
fn inside<'a>(prefix: &'a str, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|logs| match prefix.strip_prefix(&format!("{logs}/")) {
        Some(rest) => Some(rest),
        None => prefix.split_once(&format!("/{logs}/")).map(|(_, rest)| rest),
    })
}

fn whole_or_region(prefix: &str, rest: &str) -> Leaf {
    let dated = rest.strip_suffix('/').is_some_and(|region| !region.contains('/'));
    Leaf { prefix: prefix.to_owned(), dated }
}

async fn regions(bucket: &Bucket, prefix: &str) -> Result<Vec<Leaf>, Failure> {
    let regions = bucket.folders(prefix).await?;
    Ok(regions.into_iter().map(|prefix| Leaf { prefix, dated: true }).collect())
}

async fn walk(bucket: &Bucket, prefix: &str, names: &[&str]) -> Result<Vec<Leaf>, Failure> {
    let (mut leaves, mut layer, mut cloudtrail) = (Vec::new(), vec![prefix.to_owned()], is_of_aws(prefix));
    while !layer.is_empty() {
        let looked = stream::iter(layer).map(|folder| async move {
            let below = bucket.folders(&folder).await?;
            Ok::<_, Failure>((folder, below))
        });
        let looked: Vec<_> = looked.buffered(AT_A_TIME).try_collect().await?;
        let mut next = Vec::new();
        for (folder, below) in looked {
            let depth = folder.split('/').count() - prefix.split('/').count();
            let of_aws = is_of_aws(&folder);
            if !of_aws && below.len() > MANY {
                continue;
            }
            for child in below {
                match name(&child) {
                    logs if names.contains(&logs) => leaves.extend(regions(bucket, &child).await?),
                    "AWSLogs" => next.push(child),
                    name if of_aws && is_account_or_organisation(name) => next.push(child),
                    _ if !of_aws && depth < ABOVE => next.push(child),
                    _ => {}
                }
            }
        }
        cloudtrail |= next.iter().any(|folder| is_of_aws(folder)) || !leaves.is_empty();
        layer = next;
    }
    // The folders are there and CloudTrail's are not yet: what stands there is of other services.
    if leaves.is_empty() && !cloudtrail {
        leaves.push(Leaf { prefix: prefix.to_owned(), dated: false });
    }
    Ok(leaves)
}

fn name(folder: &str) -> &str {
    folder.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

fn is_of_aws(folder: &str) -> bool {
    folder.split('/').any(|part| part == "AWSLogs")
}

fn is_account_or_organisation(name: &str) -> bool {
    name.starts_with("o-") || name.bytes().all(|byte| byte.is_ascii_digit())
}

/// The folders of the days of a leaf, from a day on.
pub async fn days(bucket: &Bucket, leaf: &Leaf, since: Option<Date>) -> Result<Vec<(Date, String)>, Failure> {
    let mut days = Vec::new();
    let since = since.unwrap_or(Date::MIN);
    for year in bucket.folders(&leaf.prefix).await? {
        let Some(number) = number(&year).filter(|number| *number >= since.year()) else { continue };
        for month in bucket.folders(&year).await? {
            let of_year = self::number(&month).and_then(|month| Month::try_from(u8::try_from(month).ok()?).ok());
            let Some(of_year) = of_year else { continue };
            if (number, u8::from(of_year)) < (since.year(), u8::from(since.month())) {
                continue;
            }
            for day in bucket.folders(&month).await? {
                let of_month = self::number(&day).and_then(|day| u8::try_from(day).ok());
                let date = of_month.and_then(|day| Date::from_calendar_date(number, of_year, day).ok());
                days.extend(date.filter(|date| *date >= since).map(|date| (date, day)));
            }
        }
    }
    Ok(days)
}

fn number(folder: &str) -> Option<i32> {
    name(folder).parse().ok()
}

/// The folder of a day.
pub fn day(leaf: &Leaf, date: Date) -> String {
    format!("{}{:04}/{:02}/{:02}/", leaf.prefix, date.year(), u8::from(date.month()), date.day())
}

/// A key before which nothing new is expected, when this one was the last: an hour before it, by the time in its name. None where
/// that is the whole day.
pub fn before(key: &str) -> Option<String> {
    let at = time_in_name(key)?;
    let hour: u32 = key.get(at + 9..at + 11)?.parse().ok()?;
    let hour = hour.checked_sub(1)?;
    Some(format!("{}{hour:02}{}", &key[..at + 9], &key[at + 11..at + 13]))
}

/// Where `20260131T1205Z` begins in the name.
fn time_in_name(key: &str) -> Option<usize> {
    let begin = key.rfind('/').map_or(0, |slash| slash + 1);
    let is_time = |part: &str| {
        let bytes = part.as_bytes();
        bytes.len() == 14
            && bytes[8] == b'T'
            && bytes[13] == b'Z'
            && bytes.iter().filter(|b| b.is_ascii_digit()).count() == 12
    };
    let mut at = begin;
    for part in key[begin..].split('_') {
        if is_time(part) {
            return Some(at);
        }
        at += part.len() + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_before_a_key() {
        let key = "AWSLogs/1/CloudTrail/eu-west-1/2026/01/31/1_CloudTrail_eu-west-1_20260131T1205Z_aB_c.json.gz";
        let day = "AWSLogs/1/CloudTrail/eu-west-1/2026/01/31/1_CloudTrail_eu-west-1_20260131T";
        assert_eq!(before(key), Some(format!("{day}1105")));
        assert!(before(key).as_deref() < Some(key));
        assert_eq!(before(&key.replace("T1205Z", "T0055Z")), None);
        assert_eq!(before("logs/part-1.json.gz"), None);
    }

    #[test]
    fn prefixes_that_go_deep() {
        assert_eq!(inside("AWSLogs/1/CloudTrail/", &LOGS), Some(""));
        assert_eq!(inside("a/AWSLogs/1/CloudTrail/eu-west-1/", &LOGS), Some("eu-west-1/"));
        assert_eq!(inside("AWSLogs/1/CloudTrail-Digest/eu-west-1/", &LOGS), None);
        assert!(whole_or_region("CloudTrail/eu-west-1/", "eu-west-1/").dated);
        assert!(!whole_or_region("CloudTrail/eu-west-1/2026/", "eu-west-1/2026/").dated);
    }
}
