//! Tests of `server::web`: in process, and over real TCP.

pub mod access;
mod asset;
mod audit;
pub mod client;
mod data;
mod edge;
mod factor;
mod health;
mod oidc;
mod openapi;
mod page;
mod share;
mod tcp;
