//! An event's id as a UUID, which is what most of them are.

use std::fmt;

use sha2::{Digest, Sha256};

/// A UUID: an event's id, or what follows from an id of another form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(pub u128);

impl Key {
    /// CloudTrail writes UUIDs in small letters; every other id has one of version 8 (RFC 9562), of its SHA-256.
    pub fn of(event_id: &str) -> Key {
        Key::parse(event_id).unwrap_or_else(|| {
            let mut bytes = [0; 16];
            bytes.copy_from_slice(&Sha256::digest(event_id)[..16]);
            const VERSION: u128 = 0xf << 76;
            const VARIANT: u128 = 0b11 << 62;
            Key(u128::from_be_bytes(bytes) & !VERSION & !VARIANT | 8 << 76 | 0b10 << 62)
        })
    }

    /// Of an id that is a UUID and written as CloudTrail writes it: its key says it all.
    pub fn parse(event_id: &str) -> Option<Key> {
        const LENGTH: usize = 36;
        const DASHES: [usize; 4] = [8, 13, 18, 23];
        if event_id.len() != LENGTH {
            return None;
        }
        let digits = event_id.bytes().enumerate().filter(|(at, _)| !DASHES.contains(at));
        let value = digits.map(|(_, digit)| digit).try_fold(0u128, |value, digit| match digit {
            b'0'..=b'9' => Some(value << 4 | u128::from(digit - b'0')),
            b'a'..=b'f' => Some(value << 4 | u128::from(digit - b'a' + 10)),
            _ => None,
        });
        value.filter(|_| DASHES.iter().all(|at| event_id.as_bytes()[*at] == b'-')).map(Key)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |shift: u32, digits: u32| self.0 >> shift & ((1 << (digits * 4)) - 1);
        let (a, b, c, d, e) = (part(96, 8), part(80, 4), part(64, 4), part(48, 4), part(0, 12));
        write!(f, "{a:08x}-{b:04x}-{c:04x}-{d:04x}-{e:012x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_are_uuids_stay_what_they_are() {
        let id = "01234567-89ab-cdef-0123-456789abcdef";
        assert_eq!(Key::of(id), Key(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef));
        assert_eq!(Key::of(id).to_string(), id);
    }

    #[test]
    fn other_ids_have_a_key_of_their_own() {
        let ids = [
            "01234567-89AB-CDEF-0123-456789ABCDEF",
            "0123456789abcdef0123456789abcdef",
            "01234567-89ab-cdef-0123-456789abcdeg",
            "01234567-89ab-cdef-0123_456789abcdef",
            "012345678-9ab-cdef-0123-456789abcdef",
            "sha256:00",
            "",
            "é",
        ];
        for id in ids {
            let key = Key::of(id).to_string();
            assert_ne!(key, id);
            assert_eq!((&key[14..15], matches!(&key[19..20], "8" | "9" | "a" | "b")), ("8", true), "{id}: {key}");
        }
        assert_ne!(Key::of("a"), Key::of("b"));
    }
}
