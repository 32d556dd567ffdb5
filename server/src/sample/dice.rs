//! Chance that falls the same way for the same seed, and the identifiers made of it.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// AWS' identifiers are base32: no 0, 1, 8, 9.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const ALPHANUMERIC: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

pub struct Dice(ChaCha8Rng);

impl Dice {
    /// Dice of their own for what `label` and `number` name: what one draws never changes what others draw.
    pub fn new(seed: u64, label: &str, number: i64) -> Dice {
        let mut chacha = ChaCha8Rng::seed_from_u64(seed);
        chacha.set_stream(mix(label, number));
        Dice(chacha)
    }

    /// From 0 to `end`, which is not reached and not 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0.random_range(0..end)
    }

    pub fn between(&mut self, from: i64, to: i64) -> i64 {
        self.0.random_range(from..=to)
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.0.random_bool(probability)
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }

    /// An index into `weights`, as often as its share of their sum; the last when all are 0.
    pub fn weighted(&mut self, weights: impl Iterator<Item = f64> + Clone) -> usize {
        let mut left = self.0.random::<f64>() * weights.clone().sum::<f64>();
        let mut last = 0;
        for (index, weight) in weights.enumerate() {
            last = index;
            left -= weight;
            if left < 0.0 {
                break;
            }
        }
        last
    }

    fn letters(&mut self, length: usize, alphabet: &[u8]) -> String {
        (0..length).map(|_| char::from(*self.pick(alphabet))).collect()
    }

    pub fn hex(&mut self, length: usize) -> String {
        self.letters(length, b"0123456789abcdef")
    }

    pub fn base32(&mut self, length: usize) -> String {
        self.letters(length, BASE32)
    }

    pub fn base64(&mut self, length: usize) -> String {
        self.letters(length, BASE64)
    }

    pub fn alphanumeric(&mut self, length: usize) -> String {
        self.letters(length, ALPHANUMERIC)
    }

    /// A random (version 4) UUID.
    pub fn uuid(&mut self) -> String {
        let bits: u128 = self.0.random();
        let bits = bits & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
        let hex = format!("{bits:032x}");
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }

    /// An address in a /24 written as its first three numbers.
    pub fn address(&mut self, network: &str) -> String {
        format!("{network}.{}", self.between(2, 250))
    }
}

/// A number for a label and a number: FNV-1a, which never changes between versions as std's hashers may.
pub fn mix(label: &str, number: i64) -> u64 {
    let bytes = label.bytes().chain(number.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_seed_same_values() {
        let draw = |seed, label| Dice::new(seed, label, 3).hex(20);
        assert_eq!(draw(1, "a"), draw(1, "a"));
        assert_ne!(draw(1, "a"), draw(2, "a"));
        assert_ne!(draw(1, "a"), draw(1, "b"));
    }

    #[test]
    fn uuids_are_version_4() {
        let uuid = Dice::new(1, "uuid", 0).uuid();
        assert_eq!(uuid.len(), 36);
        assert_eq!(&uuid[14..15], "4");
        assert!("89ab".contains(&uuid[19..20]), "{uuid}");
    }

    #[test]
    fn weights_are_followed() {
        let mut dice = Dice::new(1, "weights", 0);
        let drawn = (0..10_000).filter(|_| dice.weighted([3.0, 0.0, 1.0].into_iter()) == 0).count();
        assert!((7_300..7_700).contains(&drawn), "{drawn}");
    }
}
