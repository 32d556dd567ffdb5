//! Tests of `server::query`.

mod built_in;
mod counts;
mod engine;
mod filter;
pub mod fixture;
mod golden;
mod panel;
mod scope;
mod trouble;
mod values;
