//! Reports that are sent by themselves, on their way to pages.

use async_trait::async_trait;
use model::{
    error::{Error, Kind},
    report::Schedule,
    time::Timestamp,
};

/// A report as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewReport {
    pub title: String,
    /// The dashboard, with range and filter: `/d/overview?range=7d&q=outcome:failure`.
    pub address: String,
    pub schedule: Schedule,
    /// E-mail addresses.
    pub recipients: Vec<String>,
    pub webhook: NewWebhook,
    /// The id of a channel of Slack.
    pub channel: Option<String>,
    pub only_with_events: bool,
}

/// Where it is posted; the address is a secret and is not seen again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NewWebhook {
    #[default]
    None,
    /// The one that the report has.
    Kept,
    To(String),
}

/// A report as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub id: i64,
    /// Who made it, and decides what it sees; `None`: that one is gone.
    pub user: Option<String>,
    pub title: String,
    pub address: String,
    pub schedule: Schedule,
    pub recipients: Vec<String>,
    /// Host and last characters of the webhook's address: `hooks.slack.com …a1B2`.
    pub webhook: Option<String>,
    /// The id of a channel of Slack.
    pub channel: Option<String>,
    pub only_with_events: bool,
    /// Why it is not sent for now.
    pub paused: Option<String>,
    pub next: Option<Timestamp>,
    pub last: Option<Run>,
}

/// What lists call a channel.
pub fn channel_shown(id: &str) -> String {
    format!("Slack {id}")
}

/// A time at which a report was to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    pub at: Timestamp,
    pub outcome: Outcome,
    /// What was said of it: by the mail server, by Slack.
    pub said: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is being sent, or will be tried again.
    Trying,
    Sent,
    /// There were no events, and it is sent only where there are some.
    Nothing,
    Failed,
    /// No server ran then.
    Missed,
}

impl Outcome {
    pub const ALL: [Outcome; 5] = [Outcome::Trying, Outcome::Sent, Outcome::Nothing, Outcome::Failed, Outcome::Missed];

    pub fn name(self) -> &'static str {
        match self {
            Outcome::Trying => "trying",
            Outcome::Sent => "sent",
            Outcome::Nothing => "nothing",
            Outcome::Failed => "failed",
            Outcome::Missed => "missed",
        }
    }
}

/// What this server can do about reports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Means {
    /// The address that mail comes from; `None`: no mail server is set.
    pub mail_from: Option<String>,
    /// The channels of Slack that reports go to, where not all are open to them; `None`: no app of Slack is set.
    pub channels: Option<Vec<String>>,
    /// The names of time zones.
    pub zones: Vec<String>,
}

/// What the server offers of reports.
#[async_trait]
pub trait Reports: Send + Sync + 'static {
    fn report_means(&self) -> Means {
        Means::default()
    }

    /// The reader's reports; those of all for administrators.
    async fn reports(&self) -> Result<Vec<Report>, Error> {
        Err(reports_none())
    }

    /// Makes a report, or changes one. Returns its id. Errors: the reader's role does not allow it; something of it is wrong.
    async fn report_save(&self, _id: Option<i64>, _report: &NewReport) -> Result<i64, Error> {
        Err(reports_none())
    }

    async fn report_delete(&self, _id: i64) -> Result<(), Error> {
        Err(reports_none())
    }

    async fn report_pause(&self, _id: i64, _paused: bool) -> Result<(), Error> {
        Err(reports_none())
    }

    /// Sends it now: to all, or to this e-mail address alone. Returns what was said of it.
    async fn report_send(&self, _id: i64, _to: Option<&str>) -> Result<String, Error> {
        Err(reports_none())
    }
}

fn reports_none() -> Error {
    Error::new(Kind::Forbidden, "Reports are made by users, and this server has none: start it with --access accounts.")
}
