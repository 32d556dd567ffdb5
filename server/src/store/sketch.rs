//! Which groups of four letters occur in a segment's texts, as a bitmap: whoever looks for a text reads only the segments
//! that can have it. Letters are bytes, A to Z in either case; a group has one bit, which it shares with others.

/// Bytes of a sketch. The texts of a whole segment set about a quarter of the bits, and two rows fit in a page.
const BYTES: usize = 3584;
const LETTERS: usize = 4;

/// The sketch of some texts, as Postgres' `get_bit` reads it.
pub struct Sketch {
    bytes: Vec<u8>,
}

impl Default for Sketch {
    fn default() -> Sketch {
        Sketch { bytes: vec![0; BYTES] }
    }
}

impl Sketch {
    pub fn add(&mut self, text: &str) {
        for bit in bits(text) {
            self.bytes[bit as usize / 8] |= 1 << (bit % 8);
        }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The bits of all groups in a text, from its beginning on; none where it is shorter than a group.
pub fn bits(text: &str) -> impl Iterator<Item = i32> {
    // Fibonacci hashing, whose upper bits are the good ones, brought into the range by multiplication.
    const MULTIPLIER: u32 = 0x9e37_79b1;
    let mut letters = 0;
    text.bytes()
        .map(move |byte| {
            letters = letters << 8 | u32::from(byte.to_ascii_lowercase());
            letters
        })
        .skip(LETTERS - 1)
        .map(|letters| ((u64::from(letters.wrapping_mul(MULTIPLIER)) * (BYTES as u64 * 8)) >> 32) as i32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn has(sketch: &Sketch, text: &str) -> bool {
        bits(text).all(|bit| sketch.bytes()[bit as usize / 8] & 1 << (bit % 8) != 0)
    }

    proptest! {
        #[test]
        fn what_is_in_a_text_is_in_its_sketch(before in ".{0,20}", text in ".{0,20}", after in ".{0,20}") {
            let mut sketch = Sketch::default();
            sketch.add(&format!("{before}{text}{after}"));
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
