//! One-time codes by the clock (RFC 6238), as authenticator apps make them: SHA-1, 30 seconds, six digits.

use data_encoding::BASE32_NOPAD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use ring::hmac;
use subtle::ConstantTimeEq;

/// Bytes of a secret, as RFC 4226 recommends.
pub const SECRET: usize = 20;
const STEP_S: i64 = 30;
const DIGITS: u32 = 6;

/// The step whose code this is: now's, or the one before or after, since clocks differ. `after`: codes of this step and those before it are
/// used up.
pub fn step(secret: &str, typed: &str, now_s: i64, after: i64) -> Option<i64> {
    let secret = BASE32_NOPAD.decode(secret.as_bytes()).ok()?;
    let now = now_s.div_euclid(STEP_S);
    let fits = |step: &i64| bool::from(code(&secret, *step).as_bytes().ct_eq(typed.as_bytes()));
    (now - 1..=now + 1).filter(|step| *step > after).find(fits)
}

/// Whether this could be a code.
pub fn is_code(typed: &str) -> bool {
    typed.len() == DIGITS as usize && typed.bytes().all(|byte| byte.is_ascii_digit())
}

fn code(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let hash = hmac::sign(&key, &step.to_be_bytes());
    let hash = hash.as_ref();
    let at = usize::from(hash[hash.len() - 1] & 0xf);
    let number = u32::from_be_bytes([hash[at] & 0x7f, hash[at + 1], hash[at + 2], hash[at + 3]]);
    format!("{:06}", number % 10_u32.pow(DIGITS))
}

/// What apps read from a picture.
pub fn address(name: &str, secret: &str) -> String {
    format!("otpauth://totp/Trailmap:{}?secret={secret}&issuer=Trailmap", utf8_percent_encode(name, NON_ALPHANUMERIC))
}

/// As people type it: base32 without padding.
pub fn text(bytes: &[u8]) -> String {
    BASE32_NOPAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    /// RFC 6238, appendix B: the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_rfc() {
        for (second, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(SECRET, second / 30), expected, "{second}");
            assert_eq!(step(&text(SECRET), expected, second, 0), Some(second / 30));
        }
    }

    #[test]
    fn a_code_holds_a_step_longer_and_once() {
        let (typed, at) = ("081804", 1_111_111_109 / 30);
        let held = |later: i64, after: i64| step(&text(SECRET), typed, at * 30 + later, after);
        assert_eq!((held(-30, 0), held(0, 0), held(59, 0)), (Some(at), Some(at), Some(at)));
        assert_eq!((held(-31, 0), held(60, 0)), (None, None));
        assert_eq!((held(0, at - 1), held(0, at), held(0, at + 1)), (Some(at), None, None));
        assert_eq!(step(&text(SECRET), "081805", at * 30, 0), None);
    }

    #[test]
    fn secrets_are_written_as_apps_take_them() {
        assert_eq!(text(SECRET), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(address("ada lovelace", "AB"), "otpauth://totp/Trailmap:ada%20lovelace?secret=AB&issuer=Trailmap");
    }
}
