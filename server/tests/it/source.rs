//! Tests of `server::ingest::source`, and of `trailmap serve --config`.

mod broken;
pub mod check;
pub mod cloud;
mod config;
pub mod crash;
mod deliveries;
mod faults;
mod folder;
mod full;
mod lease;
mod listing;
mod lookup;
mod notification;
mod pressure;
mod push;
mod queue;
mod report;
mod restart;
mod revive;
mod skew;
mod store;
mod wire;
