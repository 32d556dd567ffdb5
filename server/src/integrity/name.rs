//! What the names of digests and log files say: account, region, trail, time.

use model::time::Timestamp;

/// The name of a digest:
/// `<folder>/CloudTrail-Digest/<region>/<y>/<m>/<d>/<account>_CloudTrail-Digest_<region>_<trail>_<home region>_<time>.json.gz`,
/// with `_backfill` after the time of a backfill digest.
#[derive(Clone, Debug, PartialEq)]
pub struct DigestName {
    /// Up to the account or, for an organization's trail, the member account.
    pub folder: String,
    pub account: String,
    pub region: String,
    pub trail: String,
    pub home_region: String,
    /// When the hour that it covers ends.
    pub time: Timestamp,
    pub backfill: bool,
}

/// Where a log file lies: `<folder>/CloudTrail/<region>/<y>/<m>/<d>/<account>_CloudTrail_<region>_<time>_<unique>.json.gz`.
#[derive(Clone, Debug, PartialEq)]
pub struct LogFileName {
    pub folder: String,
    pub region: String,
    /// When it was delivered, to five minutes; `None` when it is not named as CloudTrail names log files.
    pub time: Option<Timestamp>,
}

/// The folder of digests, in the name of which nothing else is put by CloudTrail.
const DIGESTS: &str = "CloudTrail-Digest/";

/// Whether a key lies where digests lie.
pub fn is_among_digests(key: &str) -> bool {
    key.starts_with(DIGESTS) || key.contains("/CloudTrail-Digest/") || digest(key).is_some()
}

/// `None` when it is not the name of a digest.
pub fn digest(key: &str) -> Option<DigestName> {
    let (path, file) = key.rsplit_once('/').unwrap_or(("", key));
    let stem = file.strip_suffix(".json.gz")?;
    let backfill = stem.strip_suffix("_backfill");
    let (stem, time) = backfill.unwrap_or(stem).rsplit_once('_')?;
    let (account, rest) = stem.split_once("_CloudTrail-Digest_")?;
    let (region, rest) = rest.split_once('_')?;
    let (trail, home_region) = rest.rsplit_once('_')?;
    Some(DigestName {
        folder: path.rfind(DIGESTS).map_or(path, |at| &path[..at]).trim_end_matches('/').to_owned(),
        account: account.to_owned(),
        region: region.to_owned(),
        trail: trail.to_owned(),
        home_region: home_region.to_owned(),
        time: moment(time)?,
        backfill: backfill.is_some(),
    })
}

/// `None` when it does not lie where log files lie. Folders, which some tools make as empty objects, are none.
pub fn log_file(key: &str) -> Option<LogFileName> {
    let (folder, rest) = key.split_once("/CloudTrail/")?;
    let (region, rest) = rest.split_once('/')?;
    let file = rest.rsplit('/').next().filter(|file| !file.is_empty())?;
    let time = file
        .strip_suffix(".json.gz")
        .and_then(|stem| stem.split_once("_CloudTrail_"))
        .and_then(|(_, rest)| rest.split('_').nth(1))
        .and_then(moment);
    Some(LogFileName { folder: folder.to_owned(), region: region.to_owned(), time })
}

/// `20261124T150131Z`, or without seconds.
fn moment(text: &str) -> Option<Timestamp> {
    let digits = text.strip_suffix('Z')?;
    let (date, time) = digits.split_once('T')?;
    let all = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if date.len() != 8 || !matches!(time.len(), 4 | 6) || !all(date) || !all(time) {
        return None;
    }
    let seconds = if time.len() == 6 { &time[4..] } else { "00" };
    let (year, month, day) = (&date[..4], &date[4..6], &date[6..]);
    Timestamp::parse(&format!("{year}-{month}-{day}T{}:{}:{seconds}Z", &time[..2], &time[2..4]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests() {
        let key = "logs/AWSLogs/o-1/111122223333/CloudTrail-Digest/us-east-2/2015/08/17/\
                   111122223333_CloudTrail-Digest_us-east-2_your_trail_eu-west-1_20150817T150131Z";
        let name = digest(&format!("{key}.json.gz")).unwrap();
        assert_eq!(name.folder, "logs/AWSLogs/o-1/111122223333");
        assert_eq!((&*name.account, &*name.region), ("111122223333", "us-east-2"));
        assert_eq!((&*name.trail, &*name.home_region), ("your_trail", "eu-west-1"));
        assert_eq!((name.time.rfc3339(), name.backfill), ("2015-08-17T15:01:31Z".into(), false));
        assert_eq!(digest(&format!("{key}_backfill.json.gz")).unwrap(), DigestName { backfill: true, ..name });
        for key in ["", "a/b.json.gz", "1_CloudTrail-Digest_r_t_r_now.json.gz", "1_CloudTrail-Digest_r_é.json.gz"] {
            assert_eq!(digest(key), None, "{key}");
        }
    }

    #[test]
    fn log_files() {
        let name =
            log_file("AWSLogs/1/CloudTrail/eu-west-1/2026/11/24/1_CloudTrail_eu-west-1_20261124T0105Z_x.json.gz");
        let time = Timestamp::parse("2026-11-24T01:05:00Z");
        assert_eq!(name.unwrap(), LogFileName { folder: "AWSLogs/1".into(), region: "eu-west-1".into(), time });
        assert_eq!(log_file("AWSLogs/1/CloudTrail/eu-west-1/2026/evil.json").unwrap().time, None);
        assert_eq!(log_file("AWSLogs/1/CloudTrail/eu-west-1/2026/"), None);
        assert_eq!(log_file("AWSLogs/1/CloudTrail-Digest/eu-west-1/a.json.gz"), None);
    }
}
