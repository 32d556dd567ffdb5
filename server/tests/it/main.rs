//! Tests of the server on a real Postgres and over real HTTP; one binary, so that it links once.

#![allow(clippy::unwrap_used)]

mod command;
mod corpus;
mod dashboards;
mod discover;
mod docs;
mod enrich;
mod entity;
mod ingest;
mod outgoing;
mod postgres;
mod query;
mod reader;
mod report;
mod retention;
mod sample;
mod source;
mod support;
mod verify;
mod web;
