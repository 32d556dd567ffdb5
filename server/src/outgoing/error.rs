//! Why an address was not asked, or did not answer; in words for whoever typed it.

use thiserror::Error as Described;

#[derive(Clone, Debug, PartialEq, Eq, Described)]
pub enum Error {
    /// It can never be asked.
    #[error("{0}")]
    Address(&'static str),
    #[error(
        "{host} is not an address of the public internet. Whoever runs Trailmap can allow its network with --outgoing-allow."
    )]
    Forbidden { host: String },
    #[error("No address is known for {host}.")]
    Unknown { host: String },
    #[error("It cannot be reached: {0}.")]
    Unreachable(String),
    #[error("No encrypted connection can be made: {0}.")]
    Encryption(String),
    #[error("It did not answer in time.")]
    Slow,
    #[error("Its answer is longer than is read.")]
    TooLong,
    #[error("Its answer cannot be understood: {0}.")]
    Broken(String),
}

impl Error {
    pub(super) fn exchange(error: hyper::Error) -> Error {
        // What hyper calls so is a head that does not fit, or has too many lines.
        if error.is_parse_too_large() { Error::TooLong } else { Error::Broken(error.to_string()) }
    }

    /// Whether the same request may go through a little later.
    pub fn may_pass(&self) -> bool {
        match self {
            Error::Address(_) | Error::Forbidden { .. } | Error::TooLong => false,
            Error::Unknown { .. } | Error::Unreachable(_) | Error::Encryption(_) | Error::Slow | Error::Broken(_) => {
                true
            }
        }
    }
}
