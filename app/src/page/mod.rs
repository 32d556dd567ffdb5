//! One file a route.

pub mod dashboard;
pub mod event;
pub mod not_found;
pub mod panel;
