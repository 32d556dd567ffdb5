//! Retention: what is expired goes, with all that belongs to it, and nothing else does.

mod command;
mod config;
mod crash;
mod fixture;
mod proof;
mod shared;
mod together;
mod trouble;
mod whole;
mod within;
