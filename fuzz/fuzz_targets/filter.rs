//! Random filters: what the reader types reaches the parser as it is.
#![no_main]

#[path = "../filter.rs"]
mod filter;

libfuzzer_sys::fuzz_target!(|text: &str| filter::check(text));
