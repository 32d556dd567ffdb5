//! Which groups of four letters occur in a segment's texts, as a bitmap: whoever looks for a text reads only the segments
//! that can have it. Letters are bytes, A to Z in either case; a group has one bit, which it shares with others.

/// Bytes of a sketch. The texts of a whole segment set about a quarter of the bits, and two rows fit in a page.
const BYTES: usize = 3584;
const LETTERS: usize = 4;

/// The sketch of some texts. A byte for each bit while texts are added, which is most of the work.
pub struct Sketch {
    marks: Vec<u8>,
}

impl Default for Sketch {
    fn default() -> Sketch {
        Sketch { marks: vec![0; BYTES * 8] }
    }
}

impl Sketch {
    /// The text has A to Z in lower case already.
    pub fn add(&mut self, folded: &str) {
        let marks = self.marks.as_mut_slice();
        for letters in folded.as_bytes().array_windows::<LETTERS>() {
            marks[bit(u32::from_be_bytes(*letters))] = 1;
        }
    }

    /// As Postgres' `get_bit` reads it.
    pub fn bytes(&self) -> Vec<u8> {
        let byte = |marks: &[u8]| marks.iter().rev().fold(0, |byte, mark| byte << 1 | mark);
        self.marks.chunks_exact(8).map(byte).collect()
    }
}

/// The bits of all groups in a text, from its beginning on; none where it is shorter than a group.
pub fn bits(text: &str) -> impl Iterator<Item = i32> {
    let mut letters = 0;
    let groups = text.bytes().map(move |byte| {
        letters = letters << 8 | u32::from(byte.to_ascii_lowercase());
        letters
    });
    groups.skip(LETTERS - 1).map(|letters| bit(letters) as i32)
}

/// The bit of a group.
fn bit(letters: u32) -> usize {
    // Fibonacci hashing, whose upper bits are the good ones, brought into the range by multiplication.
    const MULTIPLIER: u32 = 0x9e37_79b1;
    ((u64::from(letters.wrapping_mul(MULTIPLIER)) * (BYTES as u64 * 8)) >> 32) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_has_the_bits_that_are_looked_for() {
        for text in ["", "abc", "abcd", "Grüße, \u{1F600} and more"] {
            let (mut sketch, mut expected) = (Sketch::default(), vec![0; BYTES]);
            sketch.add(&text.to_ascii_lowercase());
            bits(text).for_each(|bit| expected[bit as usize / 8] |= 1 << (bit % 8));
            assert_eq!(sketch.bytes(), expected, "{text}");
        }
    }

    fn has(sketch: &Sketch, text: &str) -> bool {
        let bytes = sketch.bytes();
        bits(text).all(|bit| bytes[bit as usize / 8] & 1 << (bit % 8) != 0)
    }

    proptest! {
        #[test]
        fn what_is_in_a_text_is_in_its_sketch(before in ".{0,20}", text in ".{0,20}", after in ".{0,20}") {
            let mut sketch = Sketch::default();
            sketch.add(&format!("{before}{text}{after}").to_ascii_lowercase());
            prop_assert!(has(&sketch, &text));
            prop_assert!(has(&sketch, &text.to_ascii_uppercase()));
        }
    }

    #[test]
    fn most_else_is_not() {
        let mut sketch = Sketch::default();
        sketch.add("arn:aws:s3:::ledger-archive");
        assert!(has(&sketch, "LEDGER"));
        assert!(has(&sketch, "abc"), "too short to tell");
        assert!(!has(&sketch, "secret-bucket"));
    }
}
