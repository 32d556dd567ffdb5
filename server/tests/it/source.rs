//! Tests of `server::ingest::source`, and of `trailmap serve --config`.

mod cloud;
mod config;
mod crash;
mod listing;
mod notification;
mod queue;
