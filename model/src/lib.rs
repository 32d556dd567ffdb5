//! Trailmap's pure half: what a field, a filter, a range, a panel, a view and a chart are.
//! No I/O, no clock, no async: the same code runs on the server and in the browser.

pub mod access;
pub mod chart;
pub mod country;
pub mod dashboard;
pub mod discover;
pub mod entity;
pub mod error;
pub mod export;
pub mod field;
pub mod filter;
pub mod inspection;
pub mod order;
pub mod panel;
pub mod region;
pub mod report;
pub mod series;
pub mod share;
pub mod time;
pub mod view;
