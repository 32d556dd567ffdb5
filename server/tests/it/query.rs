//! Tests of `server::query`.

mod filter;
pub mod fixture;
mod golden;
mod panel;
mod trouble;
