//! Who may read: users, their logins, tokens for programs, and the log of what they did.

pub mod audit;
pub mod factor;
pub mod login;
pub mod provider;
pub mod report;
pub mod share;
pub mod short_link;
pub mod sign_in;
pub mod token;
pub mod user;
pub mod welcome;

/// SHA-256 of a secret that was handed out.
pub type Sha256 = [u8; 32];
