//! What readers do with reports.

use std::collections::HashMap;

use app::api::{Means, NewReport, NewWebhook, Outcome, Report, Run, channel_shown};
use futures::{StreamExt, stream};
use model::{
    access::{Accounts, Role},
    chart::visible,
    error::{Error, Kind},
    report::Schedule,
    time::Timestamp,
};
use sqlx::PgPool;

use super::{Access, Act, Reader, accounts, desk, failed, role, too_often, write_down};
use crate::{
    query::{Query, timestamp},
    report::{self, Content, Trouble, gather, schedule},
    store::{
        access::report::{self as store, Report as Stored},
        instant,
    },
};

const LONGEST_TITLE: usize = 120;
const MOST_RECIPIENTS: usize = 20;
/// Whoever waits for all to be tried waits for a few.
const TRIES_AT_A_TIME: usize = 4;
/// Of one user.
const MOST_REPORTS: i64 = 100;

impl Access {
    pub fn report_means(&self) -> Means {
        self.post.means()
    }

    pub async fn reports(&self, reader: &Reader) -> Result<Vec<Report>, Error> {
        let whose = desk::whose(reader, reader.in_person()?);
        let found = store::list(&self.pool, whose).await.map_err(failed)?;
        let ids: Vec<_> = found.iter().map(|report| report.report_id).collect();
        let last = store::last(&self.pool, &ids).await.map_err(failed)?;
        let mut last: HashMap<_, _> = last.into_iter().map(|last| (last.report_id, run(last))).collect();
        Ok(found.into_iter().map(|report| shown(&mut last, report)).collect())
    }

    /// `query`: in the reader's name.
    pub async fn report_save(
        &self,
        query: &Query,
        reader: &Reader,
        id: Option<i64>,
        new: &NewReport,
    ) -> Result<i64, Error> {
        reader.need(Role::Editor)?;
        let user_id = reader.in_person()?;
        let before = match id {
            Some(id) => Some(self.report_of(reader, id).await?),
            None => None,
        };
        let title = titled(&new.title)?;
        let (dashboard, view) = report::read(query, &new.address).await?;
        let address = view.href(&format!("/d/{}", dashboard.id));
        let planned = Schedule { zone: schedule::zone_name(&new.schedule.zone)?, ..new.schedule.clone() };
        let next = schedule::next(&planned, query.clock.now())?;
        let schedule = json(&planned)?;
        let recipients = self.recipients(&new.recipients)?;
        let (webhook, webhook_shown) = match &new.webhook {
            NewWebhook::None => (None, None),
            NewWebhook::Kept => {
                before.as_ref().map(|one| (one.webhook.clone(), one.webhook_shown.clone())).unwrap_or_default()
            }
            NewWebhook::To(typed) => {
                let (sealed, shown) = self.post.webhook(typed)?;
                (Some(sealed), Some(shown))
            }
        };
        let channel = new.channel.as_deref().map(|typed| self.post.channel(typed)).transpose()?;
        if recipients.is_empty() && webhook.is_none() && channel.is_none() {
            let what = "Write who gets it: an e-mail address, or a channel or webhook of Slack.";
            return Err(Error::invalid("recipients", what));
        }
        let write = store::Write {
            title: &title,
            address: &address,
            schedule: &schedule,
            recipients: &recipients,
            webhook: webhook.as_deref(),
            webhook_shown: webhook_shown.as_deref(),
            channel: channel.as_deref(),
            only_with_events: new.only_with_events,
            next_at: Some(instant(next)),
        };
        let channel = channel.as_deref().map(channel_shown);
        let to: Vec<_> =
            recipients.iter().map(String::as_str).chain(webhook_shown.as_deref()).chain(channel.as_deref()).collect();
        let detail = format!("{address}, {planned}, to {}", to.join(", "));
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        let (id, action) = match &before {
            Some(before) => {
                if !store::update(&mut transaction, before.report_id, user_id, write).await.map_err(failed)? {
                    return Err(missing());
                }
                if before.user_id.is_none() {
                    store::pause(&mut transaction, before.report_id, None, None).await.map_err(failed)?;
                }
                (before.report_id, "report_change")
            }
            None => {
                if store::count(&mut transaction, user_id).await.map_err(failed)? >= MOST_REPORTS {
                    return Err(Error::invalid("title", format!("You have {MOST_REPORTS} reports: delete one first.")));
                }
                (store::insert(&mut transaction, user_id, write).await.map_err(failed)?, "report_create")
            }
        };
        write_down(&mut transaction, Act::new(reader, action, &title).with(detail)).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(id)
    }

    pub async fn report_delete(&self, reader: &Reader, id: i64) -> Result<(), Error> {
        let report = self.report_of(reader, id).await?;
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        if !store::delete(&mut transaction, id).await.map_err(failed)? {
            return Err(missing());
        }
        write_down(&mut transaction, Act::new(reader, "report_delete", &report.title)).await?;
        transaction.commit().await.map_err(failed)
    }

    /// What was missed while it was paused is not sent.
    pub async fn report_pause(&self, reader: &Reader, id: i64, paused: bool, now: Timestamp) -> Result<(), Error> {
        let report = self.report_of(reader, id).await?;
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        if paused {
            let why = format!("Paused by {}.", reader.name);
            store::pause(&mut transaction, id, Some(&why), None).await.map_err(failed)?;
        } else {
            reader.need(Role::Editor)?;
            maker(&report).map_err(|why| Error::invalid("id", why))?;
            let next = schedule::next(&read_schedule(&report)?, now)?;
            store::pause(&mut transaction, id, None, Some(instant(next))).await.map_err(failed)?;
        }
        let action = if paused { "report_pause" } else { "report_resume" };
        write_down(&mut transaction, Act::new(reader, action, &report.title)).await?;
        transaction.commit().await.map_err(failed)
    }

    /// To all, or to this address alone. Returns what was said of it. Errors: somebody does not have it; who does is told, too.
    pub async fn report_send(
        &self,
        query: &Query,
        reader: &Reader,
        id: i64,
        to: Option<&str>,
    ) -> Result<String, Error> {
        reader.need(Role::Editor)?;
        let report = self.report_of(reader, id).await?;
        self.limits.report.take(&reader.name).map_err(too_often)?;
        let made_by = maker(&report).map_err(|why| Error::invalid("id", why))?;
        let whom = match to {
            Some(typed) => vec![Destination::Mail(self.post.recipient(typed)?)],
            None => destinations(&report),
        };
        let now = query.clock.now();
        let content = self.report_content(query, &report, &made_by).await?;
        let key = format!("{id} {}", now.0);
        let tries = whom.iter().map(|whom| self.deliver(&content, &report, whom, &key)).collect::<Vec<_>>();
        let tried: Vec<_> = stream::iter(tries).buffered(TRIES_AT_A_TIME).collect().await;
        let (mut said, mut have, mut troubles) = (Vec::new(), Vec::new(), Vec::new());
        for (whom, tried) in whom.iter().zip(tried) {
            let shown = whom.shown(&report);
            match tried {
                Ok(words) => {
                    said.push(words);
                    have.push(format!("{shown} has it."));
                }
                Err(trouble) => troubles.push(format!("{shown}: {trouble}")),
            }
        }
        said.dedup();
        let done = troubles.is_empty();
        let said = if done { said.join(" ") } else { [troubles, have].concat().join(" ") };
        self.report_tried(reader, &report, to, now, &said, done).await?;
        if done { Ok(said) } else { Err(Error::new(Kind::Unavailable, said)) }
    }

    /// Notes that somebody sent it by hand; to one address is a trial, and not among the report's times.
    async fn report_tried(
        &self,
        reader: &Reader,
        report: &Stored,
        to: Option<&str>,
        now: Timestamp,
        said: &str,
        done: bool,
    ) -> Result<(), Error> {
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        if to.is_none() {
            let outcome = if done { Outcome::Sent } else { Outcome::Failed };
            let noted = store::run_note(&mut transaction, report.report_id, instant(now), outcome.name(), said).await;
            noted.map_err(failed)?;
        }
        let whom = to.map_or("by hand".to_owned(), |to| format!("by hand, to {to} alone"));
        let act = Act::new(reader, "report_send", &report.title).with(format!("{whom}: {said}"));
        write_down(&mut transaction, if done { act } else { act.refused() }).await?;
        transaction.commit().await.map_err(failed)
    }

    /// One that the reader manages.
    async fn report_of(&self, reader: &Reader, id: i64) -> Result<Stored, Error> {
        let whose = desk::whose(reader, reader.in_person()?);
        store::find(&self.pool, id, whose).await.map_err(failed)?.ok_or_else(missing)
    }

    fn recipients(&self, typed: &[String]) -> Result<Vec<String>, Error> {
        let mut recipients = Vec::new();
        for typed in typed {
            let address = self.post.recipient(typed)?;
            if !recipients.contains(&address) {
                recipients.push(address);
            }
        }
        match recipients.len() {
            0..=MOST_RECIPIENTS => Ok(recipients),
            _ => Err(Error::invalid("recipients", format!("A report goes to at most {MOST_RECIPIENTS} addresses."))),
        }
    }

    /// What the report says now, as far as its maker may see it.
    pub(crate) async fn report_content(
        &self,
        query: &Query,
        report: &Stored,
        made_by: &Maker,
    ) -> Result<Content, Error> {
        let query = query.of_report(report.report_id, made_by.accounts.clone());
        let schedule = read_schedule(report)?.to_string();
        let (title, address, maker) = (&*report.title, &*report.address, &*made_by.name);
        gather(&query, report::Order { title, address, maker, schedule: &schedule, base: &self.settings.base }).await
    }

    pub(crate) async fn deliver(
        &self,
        content: &Content,
        report: &Stored,
        whom: &Destination,
        key: &str,
    ) -> Result<String, Trouble> {
        match whom {
            Destination::Mail(to) => self.post.mail(content, to, key).await,
            Destination::Webhook => self.post.post(content, report.webhook.as_deref().unwrap_or_default()).await,
            Destination::Channel(id) => self.post.share(content, id).await,
        }
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }
}

/// In whose name a report asks.
pub(crate) struct Maker {
    pub name: String,
    pub accounts: Accounts,
}

/// Errors: why nothing can be sent in that one's name.
pub(crate) fn maker(report: &Stored) -> Result<Maker, String> {
    match (&report.name, &report.role) {
        (Some(name), _) if report.disabled == Some(true) => {
            Err(format!("{name}, who made it, may not sign in any more."))
        }
        (Some(name), Some(named)) if role(named) < Role::Editor => {
            Err(format!("{name}, who made it, is no editor any more."))
        }
        (Some(name), Some(_)) => Ok(Maker { name: name.clone(), accounts: accounts(report.accounts.clone()) }),
        _ => Err("Whoever made it is gone. An administrator who changes it takes it over.".to_owned()),
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    Mail(String),
    Webhook,
    /// Its id.
    Channel(String),
}

pub(crate) fn destinations(report: &Stored) -> Vec<Destination> {
    let mail = report.recipients.iter().cloned().map(Destination::Mail);
    let webhook = report.webhook.is_some().then_some(Destination::Webhook);
    mail.chain(webhook).chain(report.channel.clone().map(Destination::Channel)).collect()
}

impl Destination {
    /// As it is kept of a run that this one has had: no e-mail address is without @.
    pub fn name(&self) -> String {
        match self {
            Destination::Mail(to) => to.clone(),
            Destination::Webhook => "webhook".to_owned(),
            Destination::Channel(id) => format!("slack:{id}"),
        }
    }

    pub fn shown(&self, report: &Stored) -> String {
        match self {
            Destination::Mail(to) => to.clone(),
            Destination::Webhook => report.webhook_shown.clone().unwrap_or_default(),
            Destination::Channel(id) => channel_shown(id),
        }
    }
}

pub(crate) fn read_schedule(report: &Stored) -> Result<Schedule, Error> {
    serde_json::from_str(&report.schedule).map_err(|error| {
        tracing::error!(report = report.report_id, %error, "a report's schedule cannot be read any more");
        Error::new(Kind::Internal, "When this is sent cannot be read any more: type it again.")
    })
}

fn titled(typed: &str) -> Result<String, Error> {
    let title = visible(typed.trim()).into_owned();
    match title.chars().count() {
        0 => Err(Error::invalid("title", "A report has a name.")),
        1..=LONGEST_TITLE => Ok(title),
        _ => Err(Error::invalid("title", format!("A report's name has at most {LONGEST_TITLE} characters."))),
    }
}

fn json(schedule: &Schedule) -> Result<String, Error> {
    serde_json::to_string(schedule).map_err(|error| {
        tracing::error!(%error, "a schedule cannot be written");
        Error::new(Kind::Internal, "Something went wrong on the server.")
    })
}

fn run(last: store::Last) -> Run {
    let outcome = Outcome::ALL.into_iter().find(|outcome| outcome.name() == last.outcome).unwrap_or(Outcome::Failed);
    Run { at: timestamp(last.due_at), outcome, said: last.said }
}

fn shown(last: &mut HashMap<i64, Run>, report: Stored) -> Report {
    let schedule = read_schedule(&report).unwrap_or_default();
    // What the scheduler finds out when it is due is told before.
    let paused = report.paused.clone().or_else(|| maker(&report).err());
    Report {
        id: report.report_id,
        user: report.name,
        title: report.title,
        address: report.address,
        schedule,
        recipients: report.recipients,
        webhook: report.webhook_shown,
        channel: report.channel,
        only_with_events: report.only_with_events,
        next: report.next_at.map(timestamp).filter(|_| paused.is_none()),
        paused,
        last: last.remove(&report.report_id),
    }
}

fn missing() -> Error {
    Error::not_found("There is no such report.")
}
