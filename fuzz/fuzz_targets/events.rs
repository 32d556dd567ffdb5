//! Random files of events: what lies in a bucket, or is sent, reaches the parser as it is.
#![no_main]

#[path = "../events.rs"]
mod events;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| events::check(bytes));
