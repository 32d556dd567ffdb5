//! The digests of one account, region and trail, each held against the public keys and against the one after it.

use std::collections::{HashMap, HashSet};

use model::time::Timestamp;

use super::{
    digest::{Digest, Previous},
    files::Signature,
    finding::{Finding, Found, Severity},
    signature::{ALGORITHM, PublicKeys},
};

/// A digest file as it was found.
#[derive(Clone, Debug)]
pub struct Link {
    pub key: String,
    /// What its name says when its hour ends.
    pub time: Timestamp,
    pub backfill: bool,
    /// Or why there is none.
    pub digest: Result<Digest, Finding>,
    pub signature: Option<Signature>,
    /// It is read for what it says about its neighbours, and is not itself to be verified.
    pub witness: bool,
}

/// How far a digest can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// It is signed by CloudTrail.
    Valid,
    /// Nothing is wrong with it, but its signature could not be checked.
    Unchecked,
    Failed,
}

/// A digest that was looked at.
#[derive(Clone, Debug)]
pub struct Judged {
    pub link: Link,
    pub trust: Trust,
}

impl Judged {
    /// The digest, unless something is wrong with it.
    pub fn reliable(&self) -> Option<&Digest> {
        self.link.digest.as_ref().ok().filter(|_| self.trust != Trust::Failed)
    }

    /// The gravest of what was found about it.
    pub fn gravest<'a>(&self, found: &'a [Found]) -> Option<&'a Finding> {
        let own = found.iter().filter(|found| found.key == self.link.key).map(|found| &found.finding);
        own.filter(|finding| finding.severity() > Severity::Notice).max_by_key(|finding| finding.severity())
    }
}

/// What the digests are held against.
#[derive(Clone, Copy)]
pub struct Yardstick<'a> {
    /// `None`: signatures are not checked.
    pub keys: Option<&'a PublicKeys>,
    /// The bucket that they were found in, where it is known.
    pub bucket: Option<&'a str>,
    /// Digests before and after are not asked for.
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

/// The digests with how far each can be relied on, the newest first, and what was found.
pub fn judge(mut links: Vec<Link>, yardstick: Yardstick<'_>) -> (Vec<Judged>, Vec<Found>) {
    links.sort_by(|a, b| (b.time, &b.key).cmp(&(a.time, &a.key)));
    let at = links.iter().enumerate().map(|(at, link)| (link.key.clone(), at)).collect();
    let inside = links.iter().filter_map(|link| Some(link.digest.as_ref().ok()?.key.clone())).collect();
    let after = after(&links);
    let mut chain = Chain { found: Vec::new(), trust: Vec::new(), at, inside, after, yardstick, links };
    for at in 0..chain.links.len() {
        let trust = chain.alone(at);
        chain.trust.push(trust);
    }
    // What the oldest of them all say about the ones before is for another time.
    let asked = chain.links.iter().rposition(|link| !link.witness).map_or(chain.links.len(), |last| last + 1);
    for at in 0..asked {
        chain.before(at);
    }
    let Chain { links, trust, mut found, .. } = chain;
    let witness: HashSet<_> = links.iter().filter(|link| link.witness).map(|link| link.key.clone()).collect();
    found.retain(|found| !witness.contains(&found.key));
    (links.into_iter().zip(trust).map(|(link, trust)| Judged { link, trust }).collect(), found)
}

/// For each key the digests that name it as the one before: one, unless somebody made more of them.
fn after(links: &[Link]) -> HashMap<String, Vec<usize>> {
    let mut after: HashMap<_, Vec<_>> = HashMap::new();
    for (at, link) in links.iter().enumerate() {
        if let Ok(Digest { previous: Some(previous), .. }) = &link.digest {
            after.entry(previous.key.clone()).or_default().push(at);
        }
    }
    after
}

struct Chain<'a> {
    /// The newest first.
    links: Vec<Link>,
    /// Of each link that was looked at.
    trust: Vec<Trust>,
    found: Vec<Found>,
    /// Where each key is.
    at: HashMap<String, usize>,
    /// The keys that digests name themselves.
    inside: HashSet<String>,
    after: HashMap<String, Vec<usize>>,
    yardstick: Yardstick<'a>,
}

impl Chain<'_> {
    fn found(&mut self, at: usize, finding: Finding) {
        self.found.push(Found { key: self.links[at].key.clone(), finding });
    }

    /// Judges a digest by itself and by its signature.
    fn alone(&mut self, at: usize) -> Trust {
        match self.signed(at) {
            Ok(trust) => trust,
            Err(finding) => {
                let unread = matches!(finding, Finding::FileUnreadable { .. } | Finding::SignatureUnknown);
                self.found(at, finding);
                if unread { Trust::Unchecked } else { Trust::Failed }
            }
        }
    }

    fn signed(&self, at: usize) -> Result<Trust, Finding> {
        let Link { key, digest, signature, .. } = &self.links[at];
        let digest = digest.as_ref().map_err(Clone::clone)?;
        let bucket = self.yardstick.bucket;
        if digest.key != *key || bucket.is_some_and(|bucket| bucket != digest.bucket) {
            return Err(Finding::DigestMoved { from: format!("{}/{}", digest.bucket, digest.key) });
        }
        let algorithms =
            [signature.as_ref().and_then(|signature| signature.algorithm.as_ref()), digest.algorithm.as_ref()];
        if let Some(algorithm) = algorithms.into_iter().flatten().find(|algorithm| *algorithm != ALGORITHM) {
            return Err(Finding::SignatureAlgorithm { algorithm: algorithm.clone() });
        }
        let Some(keys) = self.yardstick.keys else { return Ok(Trust::Unchecked) };
        if !keys.has(&digest.fingerprint) {
            return Err(Finding::PublicKeyMissing { fingerprint: digest.fingerprint.clone() });
        }
        if let Some(signature) = signature {
            let valid = keys.verify(digest, &signature.hex);
            return if valid { Ok(Trust::Valid) } else { Err(Finding::SignatureInvalid) };
        }
        let mut finding = Finding::SignatureUnknown;
        for &after in self.after.get(key).into_iter().flatten() {
            let Some(signature) = self.told_by(after) else { continue };
            if keys.verify(digest, signature) {
                return Ok(Trust::Valid);
            }
            // The word of a digest that is itself wrong proves nothing.
            if self.trust.get(after).is_some_and(|trust| *trust != Trust::Failed) {
                finding = Finding::SignatureInvalid;
            }
        }
        Err(finding)
    }

    /// The signature that a digest has of the one before it.
    fn told_by(&self, at: usize) -> Option<&String> {
        self.links[at].digest.as_ref().ok()?.previous_signature.as_ref()
    }

    /// Holds what a digest says about the one before it against that one. What a wrong digest says is not looked at.
    fn before(&mut self, at: usize) {
        let Ok(digest) = &self.links[at].digest else { return };
        if self.trust[at] == Trust::Failed {
            return;
        }
        let (start, bucket) = (digest.start, self.yardstick.bucket.unwrap_or(&digest.bucket));
        let Some(previous) = digest.previous.clone() else { return self.no_previous(at, start) };
        let elsewhere = previous.bucket != bucket;
        match self.at.get(&previous.key) {
            // A copy may hold what was in several buckets.
            Some(&before) if !elsewhere || self.yardstick.bucket.is_none() => self.compare(at, before, &previous),
            _ if elsewhere => {
                self.found(at, Finding::PreviousElsewhere { bucket: previous.bucket, key: previous.key });
            }
            _ => self.absent(at, previous.key),
        }
    }

    /// The next older digest of the same kind.
    fn older(&self, at: usize) -> Option<&Link> {
        let backfill = self.links[at].backfill;
        self.links[at + 1..].iter().find(|link| link.backfill == backfill)
    }

    fn no_previous(&mut self, at: usize, start: Timestamp) {
        if self.links[at].backfill {
            return;
        }
        let finding = match self.older(at) {
            Some(older) => {
                Finding::Gap { from: older.digest.as_ref().map_or(older.time, |digest| digest.end), to: start }
            }
            None => Finding::ChainStart,
        };
        self.found(at, finding);
    }

    fn compare(&mut self, at: usize, before: usize, previous: &Previous) {
        let Link { key, digest: Ok(digest), signature, .. } = &self.links[before] else { return };
        let same = |told: Option<&String>, own: &str| told.is_some_and(|told| told.eq_ignore_ascii_case(own));
        let signed = signature.as_ref().is_none_or(|own| same(self.told_by(at), &own.hex));
        if same(previous.hash.as_ref(), &digest.hash) && signed {
            return;
        }
        let key = key.clone();
        if self.trust[before] == Trust::Valid {
            self.trust[at] = Trust::Failed;
            self.found(at, Finding::PreviousDiffers { previous: key });
            return;
        }
        // A surer word than that its signature is wrong or not known; that it was moved says more.
        let weaker = |found: &Found| {
            found.key == key && matches!(found.finding, Finding::SignatureInvalid | Finding::SignatureUnknown)
        };
        let known = self.trust[before] == Trust::Failed && !self.found.iter().any(weaker);
        self.trust[before] = Trust::Failed;
        if !known {
            self.found.retain(|found| !weaker(found));
            self.found.push(Found { key, finding: Finding::DigestModified });
        }
    }

    fn absent(&mut self, at: usize, key: String) {
        let time = super::name::digest(&key).map(|name| name.time);
        let Yardstick { from, to, .. } = self.yardstick;
        let early = time.zip(from).is_some_and(|(time, from)| time < from);
        let late = time.zip(to).is_some_and(|(time, to)| time > to);
        // It is here, elsewhere, and told to be moved; or nobody asked for it.
        if self.inside.contains(&key) || early || late {
            return;
        }
        if from.is_none() && self.older(at).is_none() {
            return self.found(at, Finding::ChainCut { previous: key });
        }
        self.found.push(Found { key, finding: Finding::DigestMissing });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: i64 = 3_600_000;

    fn key(hour: i64) -> String {
        format!(
            "AWSLogs/1/CloudTrail-Digest/r/1970/01/01/1_CloudTrail-Digest_r_t_r_19700101T{:02}0000Z.json.gz",
            hour + 1
        )
    }

    /// A digest that names the one of the hour before, if it has one.
    fn link(hour: i64, previous: bool) -> Link {
        let named = |hour| Previous { bucket: "b".into(), key: key(hour), hash: Some(format!("hash {hour}")) };
        let digest = Digest {
            start: Timestamp(hour * HOUR),
            end: Timestamp((hour + 1) * HOUR),
            end_text: String::new(),
            bucket: "b".into(),
            key: key(hour),
            fingerprint: String::new(),
            algorithm: None,
            previous: previous.then(|| named(hour - 1)),
            previous_signature: None,
            log_files: Vec::new(),
            hash: format!("hash {hour}"),
        };
        let time = digest.end;
        Link { key: key(hour), time, backfill: false, digest: Ok(digest), signature: None, witness: false }
    }

    fn findings(links: Vec<Link>, bucket: Option<&str>) -> Vec<(String, Finding)> {
        let yardstick = Yardstick { keys: None, bucket, from: None, to: None };
        judge(links, yardstick).1.into_iter().map(|found| (found.key, found.finding)).collect()
    }

    #[test]
    fn links_missing_and_gaps() {
        // Hours 0 and 1, a gap, 3 and 5, between which one is missing.
        let links = || vec![link(0, false), link(1, true), link(3, false), link(5, true)];
        let gap = Finding::Gap { from: Timestamp(2 * HOUR), to: Timestamp(3 * HOUR) };
        let expected = [(key(4), Finding::DigestMissing), (key(3), gap), (key(0), Finding::ChainStart)];
        assert_eq!(findings(links(), None), expected);
        assert_eq!(findings(links(), Some("b")), expected);
        assert_eq!(findings(vec![link(5, true)], None), [(key(5), Finding::ChainCut { previous: key(4) })]);
    }

    #[test]
    fn a_digest_with_another_hash_is_modified_and_its_word_is_not_taken() {
        let mut links = vec![link(1, false), link(2, true), link(3, true)];
        links[1].digest.as_mut().unwrap().hash = "another".into();
        let (judged, found) = judge(links, Yardstick { keys: None, bucket: None, from: None, to: None });
        let found: Vec<_> = found.into_iter().map(|found| (found.key, found.finding)).collect();
        assert_eq!(found, [(key(2), Finding::DigestModified), (key(1), Finding::ChainStart)]);
        let trust: Vec<_> = judged.iter().map(|judged| judged.trust).collect();
        assert_eq!(trust, [Trust::Unchecked, Trust::Failed, Trust::Unchecked]);
        assert!(judged[1].reliable().is_none());
    }

    #[test]
    fn a_trail_may_have_had_another_bucket() {
        let mut new = link(2, true);
        new.digest.as_mut().unwrap().previous.as_mut().unwrap().bucket = "old".into();
        let elsewhere = Finding::PreviousElsewhere { bucket: "old".into(), key: key(1) };
        for bucket in [None, Some("b")] {
            assert_eq!(findings(vec![new.clone()], bucket), [(key(2), elsewhere.clone())]);
        }
        assert_eq!(findings(vec![new, link(1, false)], None), [(key(1), Finding::ChainStart)]);
    }

    proptest! {
        #[test]
        fn the_order_of_files_does_not_matter(links in prop::collection::vec((0..20_i64, any::<bool>()), 0..12)) {
            let mut links: Vec<_> = links.into_iter().map(|(hour, previous)| link(hour, previous)).collect();
            links.sort_by(|a, b| a.key.cmp(&b.key));
            links.dedup_by(|a, b| a.key == b.key);
            let reversed = links.iter().rev().cloned().collect();
            prop_assert_eq!(findings(links, None), findings(reversed, None));
        }
    }
}
