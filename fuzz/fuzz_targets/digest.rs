//! Random digests, with signatures and public keys.
#![no_main]

#[path = "../digest.rs"]
mod digest;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    digest::check(bytes);
});
