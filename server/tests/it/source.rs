//! Tests of `server::ingest::source`, and of `trailmap serve --config`.

mod check;
pub mod cloud;
mod config;
mod crash;
mod folder;
mod listing;
mod lookup;
mod notification;
mod queue;
mod report;
