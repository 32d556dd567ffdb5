//! Why somebody was not let in by way of the provider; in words for them, and in others for the log.

use std::time::Duration;

use model::error::{Error, Kind};

use super::token::Doubt;
use crate::access::too_often;

#[derive(Clone, Debug)]
pub enum Failure {
    /// It was tried too often; again in so long.
    TooOften(Duration),
    /// Not begun in this browser, used already, or over.
    Stale,
    /// The provider said no, with one of OAuth's words.
    Denied(String),
    /// The provider does not know the code any more.
    Code,
    /// It does not answer, or not as it should: what happened is for the log alone.
    Provider(String),
    Doubt(Doubt),
    /// None of the user's groups has a role.
    NoGroup,
    /// An administrator has switched the user off.
    Disabled,
    Inner(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Inner(error)
    }
}

impl Failure {
    /// What happened, and what to do, for a provider of this name.
    pub fn told(&self, name: &str) -> (Error, &'static str) {
        const AGAIN: &str = "Try again in a minute. If it stays so, tell whoever runs Trailmap: its log says more.";
        const ASK: &str = "Ask an administrator of Trailmap.";
        let error = |kind, message: String| Error::new(kind, message);
        match self {
            Failure::TooOften(wait) => (too_often(*wait), "Then sign in again."),
            Failure::Stale => (
                error(
                    Kind::Invalid,
                    "This sign-in was begun in another browser or tab, was used already, or took longer than ten minutes."
                        .to_owned(),
                ),
                "Sign in again, in one tab. Trailmap's cookies must be allowed.",
            ),
            Failure::Denied(word) => (
                error(Kind::Forbidden, format!("{name} did not let you in: {word}.")),
                "Sign in again, or ask whoever runs that provider.",
            ),
            Failure::Code => {
                (error(Kind::Invalid, format!("{name} says that this sign-in was used already or is over.")), "Sign in again.")
            }
            Failure::Provider(_) => (error(Kind::Unavailable, format!("{name} does not answer as it should.")), AGAIN),
            Failure::Doubt(doubt) => {
                (error(Kind::Forbidden, format!("What {name} sent about you is not believed: {doubt}.")), AGAIN)
            }
            Failure::NoGroup => {
                (error(Kind::Forbidden, format!("{name} knows you, but none of your groups may use Trailmap.")), ASK)
            }
            Failure::Disabled => {
                (error(Kind::Forbidden, "You may not sign in any more: an administrator decided so.".to_owned()), ASK)
            }
            Failure::Inner(error) => (error.clone(), AGAIN),
        }
    }

    /// As the log has it.
    pub fn detail(&self) -> String {
        match self {
            Failure::TooOften(_) => "tried too often".to_owned(),
            Failure::Stale => "not begun in this browser, used already, or over".to_owned(),
            Failure::Denied(word) => format!("the provider refused: {word}"),
            Failure::Code => "the provider does not know the code any more".to_owned(),
            Failure::Provider(what) => what.clone(),
            Failure::Doubt(doubt) => format!("the token is not believed: {doubt}"),
            Failure::NoGroup => "no group with a role".to_owned(),
            Failure::Disabled => "may not sign in".to_owned(),
            Failure::Inner(error) => error.message.clone(),
        }
    }
}
