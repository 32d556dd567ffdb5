//! Reports: a dashboard that is sent by itself, by mail and to Slack, in the name of whoever made it.
//!
//! `schedule` knows when; `scheduler` sends what is due, once, whatever number of servers share the database; `content` asks for what a report
//! says, within what its maker may see by then; `letter` and `slack` put it into words, and `Post` brings it there: by `mail`, to a
//! webhook, or into a `channel`. What readers do with reports is in `access::report`.

use std::{fmt, time::Duration};

use app::api::Means;
use http::{Request, StatusCode, header};
use model::{chart::visible, error::Error};

mod channel;
mod content;
mod letter;
mod mail;
pub mod schedule;
pub mod scheduler;
mod slack;

pub use self::{
    channel::App,
    content::{Content, Order, gather, read},
    letter::letter,
    mail::Mailer,
};
use crate::{
    access::Seal,
    outgoing::{self, Client},
};

/// What is encrypted when a webhook's address is.
pub const WEBHOOK: &str = "webhook of a report";

/// By which ways reports leave; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Post {
    /// `None`: no mail server is set.
    pub mail: Option<Mailer>,
    /// `None`: no app of Slack is set.
    pub slack: Option<App>,
    pub outgoing: Option<Client>,
    pub seal: Option<Seal>,
}

/// Why something was not sent, for whoever waits for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub what: String,
    /// It may go through a little later.
    pub passes: bool,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Trouble {
    fn lasting(what: impl Into<String>) -> Trouble {
        Trouble { what: what.into(), passes: false }
    }
}

impl From<outgoing::Error> for Trouble {
    fn from(error: outgoing::Error) -> Trouble {
        Trouble { passes: error.may_pass(), what: error.to_string() }
    }
}

/// In characters: of what Slack says.
const LONGEST_SAID: usize = 100;
/// And of what goes wrong on the way.
const LONGEST_TROUBLE: usize = 300;

/// How long a mail server may take, from the first word to the last.
const MAIL_PATIENCE: Duration = Duration::from_secs(30);

impl Post {
    pub fn means(&self) -> Means {
        Means {
            mail_from: self.mail.as_ref().map(|mail| mail.from.to_string()),
            channels: self.slack.as_ref().map(|app| app.channels.clone()),
            zones: schedule::zones(),
        }
    }

    /// A recipient's address as it is kept. Errors: it is none, or mail may not go there.
    pub fn recipient(&self, typed: &str) -> Result<String, Error> {
        let refused = |what: String| Error::invalid("recipients", what);
        let mail = self.mail.as_ref().ok_or_else(|| {
            refused("No mail server is set: whoever runs Trailmap names one in [smtp] of its configuration.".to_owned())
        })?;
        mail.recipient(typed).map_err(refused)
    }

    /// Mails it. Returns the mail server's words. `key`: the same for the same letter, so that one that comes twice is known.
    pub async fn mail(&self, content: &Content, to: &str, key: &str) -> Result<String, Trouble> {
        let mail = self.mail.as_ref().ok_or_else(|| Trouble::lasting("No mail server is set."))?;
        // A domain may have been closed since the address was typed.
        let to = mail.recipient(to).map_err(Trouble::lasting)?;
        let letter = letter(content, &mail.from, &to, key).map_err(|error| Trouble::lasting(error.to_string()))?;
        match tokio::time::timeout(MAIL_PATIENCE, mail.send(letter)).await {
            Ok(sent) => sent,
            Err(_) => Err(Trouble { what: "The mail server did not answer in time.".to_owned(), passes: true }),
        }
    }

    /// A channel of Slack that reports may go to. Errors: it is none, or they may not.
    pub fn channel(&self, typed: &str) -> Result<String, Error> {
        let refused = |what: String| Error::invalid("channel", what);
        let app = self.slack.as_ref().ok_or_else(|| {
            refused(
                "No app of Slack is set: whoever runs Trailmap names one in [slack] of its configuration.".to_owned(),
            )
        })?;
        app.channel(typed).map_err(refused)
    }

    /// Puts it into the channel, with its picture.
    pub async fn share(&self, content: &Content, channel: &str) -> Result<String, Trouble> {
        let app = self.slack.as_ref().ok_or_else(|| Trouble::lasting("No app of Slack is set."))?;
        // It may have been closed to reports since it was typed.
        let channel = app.channel(channel).map_err(Trouble::lasting)?;
        app.send(content, &channel).await
    }

    /// A webhook's address, encrypted, and what may be shown of it.
    pub fn webhook(&self, typed: &str) -> Result<(Vec<u8>, String), Error> {
        let refused = |what: String| Error::invalid("webhook", what);
        let (Some(outgoing), Some(seal)) = (&self.outgoing, &self.seal) else {
            return Err(refused("This server keeps no webhooks.".to_owned()));
        };
        let address = outgoing.check(typed).map_err(|error| refused(error.to_string()))?;
        if address.path().len() < 2 {
            return Err(refused("A webhook's address goes on after the host: copy it whole.".to_owned()));
        }
        let address = address.to_string();
        let sealed = seal.close(&address, WEBHOOK).map_err(|error| {
            tracing::error!(error = format!("{error:#}"), "a webhook's address cannot be encrypted");
            refused(
                "The address cannot be kept: the server's key for secrets cannot be used. Its log says why.".to_owned(),
            )
        })?;
        Ok((sealed, shown(&address)))
    }

    /// Posts it to the webhook. Returns what was answered.
    pub async fn post(&self, content: &Content, sealed: &[u8]) -> Result<String, Trouble> {
        let (Some(outgoing), Some(seal)) = (&self.outgoing, &self.seal) else {
            return Err(Trouble::lasting("This server keeps no webhooks."));
        };
        let address = seal.read(sealed, WEBHOOK).map_err(|error| {
            tracing::error!(error = format!("{error:#}"), "a webhook's address cannot be read");
            Trouble::lasting("The webhook's address cannot be read with this server's key: type it again.")
        })?;
        let request = Request::post(address.as_str()).header(header::CONTENT_TYPE, "application/json");
        let request = request.body(slack::message(content).to_string().into_bytes());
        let answer = outgoing.send(request.map_err(|_| Trouble::lasting("This is no address."))?).await?;
        let status = answer.status();
        if status.is_success() {
            return Ok(format!("Slack answered {}", status.as_u16()));
        }
        let said = short(&String::from_utf8_lossy(answer.body()), LONGEST_SAID);
        let what = format!("The webhook answered {}: {said}", status.as_u16());
        Err(Trouble { what, passes: passes(status) })
    }
}

/// What somebody else said, on one line.
fn short(text: &str, longest: usize) -> String {
    visible(text).chars().take(longest).collect::<String>().trim().to_owned()
}

/// Whether who answers so may answer otherwise a little later.
fn passes(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}

/// `hooks.slack.com …a1B2`.
fn shown(address: &str) -> String {
    let host = address.split('/').nth(2).unwrap_or_default();
    let end = address.char_indices().rev().nth(3).map_or("", |(at, _)| &address[at..]);
    format!("{host} …{end}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn of_a_webhook_host_and_end_are_shown() {
        assert_eq!(super::shown("https://hooks.slack.com/services/T0/B0/secretA1b2"), "hooks.slack.com …A1b2");
    }
}
