//! The error that a user sees: as a page, as JSON, as a status code.

use serde::{Deserialize, Serialize};

/// What kind of mistake or trouble it is; the server maps it to an HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The request cannot be understood: 400.
    Invalid,
    /// It cannot be changed, or not by this reader; or it is not for them to see: 403.
    Forbidden,
    /// There is no such dashboard, panel or event: 404.
    NotFound,
    /// Somebody else changed it meanwhile: 409.
    Conflict,
    /// The query took longer than it may: 504.
    Timeout,
    /// The database cannot be reached or is starting: 503.
    Unavailable,
    /// A fault of ours: 500. The message never holds inner details.
    Internal,
}

/// A message in the user's words, with the place of the mistake when it has one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error {
    pub kind: Kind,
    /// One or two sentences: what is wrong and what would be right.
    pub message: String,
    /// Which parameter is wrong: `q`, `range`, `from`, `to`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// Where in that parameter's text, as half-open character (not byte) positions from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
}

/// Half-open range of characters, from 0. `u32` because `usize` has no fixed size on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Error {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), parameter: None, span: None }
    }

    pub fn invalid(parameter: &str, message: impl Into<String>) -> Self {
        Self { parameter: Some(parameter.to_owned()), ..Self::new(Kind::Invalid, message) }
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, message)
    }

    #[must_use]
    pub fn at(self, start: usize, end: usize) -> Self {
        let span = Span { start: start as u32, end: end as u32 };
        Self { span: Some(span), ..self }
    }

    /// The HTTP status code of this kind.
    pub fn status(&self) -> u16 {
        match self.kind {
            Kind::Invalid => 400,
            Kind::Forbidden => 403,
            Kind::NotFound => 404,
            Kind::Conflict => 409,
            Kind::Timeout => 504,
            Kind::Unavailable => 503,
            Kind::Internal => 500,
        }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.parameter, self.span) {
            (Some(parameter), Some(span)) => {
                write!(f, "{parameter}, column {}: {}", span.start + 1, self.message)
            }
            (Some(parameter), None) => write!(f, "{parameter}: {}", self.message),
            _ => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Error {}
