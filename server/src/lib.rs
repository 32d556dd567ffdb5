//! Trailmap's server: CloudTrail in, Postgres between, pages and exports out.

pub mod access;
pub mod clock;
pub mod command;
pub mod config;
pub mod disk;
pub mod ingest;
pub mod integrity;
pub mod outgoing;
pub mod postgres;
pub mod provision;
pub mod query;
pub mod retention;
pub mod sample;
pub mod store;
pub mod telemetry;
pub mod web;
