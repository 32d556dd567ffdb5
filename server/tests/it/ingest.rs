//! Tests of `server::ingest`.

mod counts;
mod crash;
mod envelope;
pub mod fixture;
mod poison;
mod record;
mod scan;
mod store;
