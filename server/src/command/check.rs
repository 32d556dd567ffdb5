//! `trailmap check`: tries each source of a configuration, its provider, its mail server and its app of Slack, and says in a
//! sentence how it goes; and what the settings leave open.

use std::process::ExitCode;

use super::serve::fits_provider;
use crate::{
    access::oidc::Provider,
    clock::Clock,
    config::{Check, Global, file, oidc::Oidc, slack::Slack, smtp::Smtp},
    ingest::source::check::check,
    outgoing::Client,
    report::{App, Mailer},
};

/// What works, or what is missing.
type Told = Result<String, String>;

/// Fails if one of them does.
pub async fn run(global: &Global, settings: &Check) -> anyhow::Result<ExitCode> {
    let file = file::read(&settings.config)?;
    if file.sources.is_empty() {
        super::print(&format!("{} has no sources.\n", settings.config.display()))?;
    }
    if global.database_url()?.is_some() && global.reader_url().is_none() {
        super::print("Queries run in the login of --database-url, which may write: see --reader-url.\n")?;
    }
    let mut all = true;
    for source in &file.sources {
        let name = format!("{} ({})", source.name, source.kind.name());
        all &= tell(&name, check(source)).await?;
    }
    if let Some(oidc) = file.oidc {
        all &= tell("sign-in (oidc)", provider(settings, oidc)).await?;
    }
    if let Some(smtp) = &file.smtp {
        all &= tell("mail (smtp)", mail(smtp)).await?;
    }
    if let Some(slack) = &file.slack {
        all &= tell("reports (slack)", channels(settings, slack)).await?;
    }
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn tell(name: &str, trying: impl Future<Output = Told>) -> anyhow::Result<bool> {
    let tried = tokio::select! {
        tried = trying => tried,
        () = super::interrupt::received() => return Err(super::interrupt::Interrupted.into()),
    };
    let (word, told) = match &tried {
        Ok(told) => ("ok", told),
        Err(told) => ("FAILED", told),
    };
    super::print(&format!("{name}: {word}: {told}\n"))?;
    Ok(tried.is_ok())
}

async fn provider(settings: &Check, oidc: Oidc) -> Told {
    let told = |error: anyhow::Error| format!("{error:#}");
    let base = match &settings.public_url {
        Some(url) => fits_provider(url).map(|()| url.0.as_str()).map_err(told)?,
        None => "<--public-url>",
    };
    let client = Client::new(settings.outgoing.policy()).map_err(told)?;
    Provider::new(oidc, base, client, Clock::System).map_err(told)?.check().await
}

async fn mail(smtp: &Smtp) -> Told {
    let mailer = Mailer::open(smtp).map_err(|error| format!("{error:#}"))?;
    mailer.check().await.map_err(|trouble| trouble.what)?;
    let as_whom = smtp.user.as_ref().map_or(String::new(), |(name, _)| format!(", as {name}"));
    Ok(format!("{}:{} takes connections{as_whom}; no letter was sent", smtp.host, smtp.port))
}

async fn channels(settings: &Check, slack: &Slack) -> Told {
    let told = |error: anyhow::Error| format!("{error:#}");
    let client = Client::new(settings.outgoing.policy()).map_err(told)?;
    let [team, user] = App::open(slack, client).map_err(told)?.check().await.map_err(|trouble| trouble.what)?;
    Ok(format!("signed in to {team} as {user}, may upload files; nothing was sent"))
}
