//! Random addresses and shares.
#![no_main]

#[path = "../share.rs"]
mod share;

libfuzzer_sys::fuzz_target!(|text: &str| share::check(text));
