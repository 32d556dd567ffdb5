//! Where a copy lies in its bucket: the paths of files in a folder beside the keys of objects.

use std::collections::BTreeMap;

/// How a path in a copy becomes a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The copy is of the whole bucket.
    #[default]
    Bucket,
    /// It is of what is below this prefix.
    Below(String),
    /// The bucket is a folder of this name in it.
    Within(String),
}

impl Place {
    /// Where a digest that was found at `path` and names itself `key` says that the copy lies.
    fn of(path: &str, key: &str) -> Option<Place> {
        if path == key {
            return Some(Place::Bucket);
        }
        let prefix =
            |long: &str, short| long.strip_suffix(short).filter(|prefix| prefix.ends_with('/')).map(str::to_owned);
        prefix(key, path).map(Place::Below).or_else(|| prefix(path, key).map(Place::Within))
    }

    /// What most of the digests say; a few that were moved cannot change it.
    pub fn most<'a>(digests: impl Iterator<Item = (&'a str, &'a str)>) -> Place {
        let mut votes = BTreeMap::new();
        for place in digests.filter_map(|(path, key)| Place::of(path, key)) {
            *votes.entry(place).or_insert(0) += 1;
        }
        // Of equals the first, the whole bucket before all.
        votes.into_iter().rev().max_by_key(|(_, count)| *count).map(|(place, _)| place).unwrap_or_default()
    }

    /// `None` when it is no part of the bucket.
    pub fn key(&self, path: &str) -> Option<String> {
        match self {
            Place::Bucket => Some(path.to_owned()),
            Place::Below(prefix) => Some(format!("{prefix}{path}")),
            Place::Within(folder) => path.strip_prefix(folder.as_str()).map(str::to_owned),
        }
    }

    /// `None` when the copy does not reach there.
    pub fn path(&self, key: &str) -> Option<String> {
        match self {
            Place::Bucket => Some(key.to_owned()),
            Place::Below(prefix) => key.strip_prefix(prefix.as_str()).map(str::to_owned),
            Place::Within(folder) => Some(format!("{folder}{key}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_digests_decide() {
        let most = |digests: &[(&str, &str)]| Place::most(digests.iter().copied());
        assert_eq!(most(&[]), Place::Bucket);
        assert_eq!(most(&[("a/b", "a/b"), ("x/a/b", "a/b")]), Place::Bucket);
        assert_eq!(most(&[("b/1", "a/b/1"), ("b/2", "a/b/2"), ("b/3", "c/3")]), Place::Below("a/".into()));
        assert_eq!(most(&[("copy/b/1", "b/1")]), Place::Within("copy/".into()));
        // Not at a border of folders.
        assert_eq!(most(&[("ab/1", "b/1")]), Place::Bucket);
    }

    #[test]
    fn paths_and_keys_are_one_to_one() {
        for place in [Place::Bucket, Place::Below("p/".into()), Place::Within("f/".into())] {
            let path = place.path("p/q").unwrap();
            assert_eq!(place.key(&path).as_deref(), Some("p/q"), "{place:?}");
        }
        assert_eq!(Place::Below("p/".into()).path("q"), None);
        assert_eq!(Place::Within("f/".into()).key("q"), None);
    }
}
