//! Tests of `server::ingest`.

mod change;
mod counts;
mod crash;
pub mod credential;
mod envelope;
pub mod fixture;
mod known;
mod month;
mod poison;
mod record;
mod resource;
mod rollup;
mod scan;
mod store;
