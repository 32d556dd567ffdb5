//! The mail server that the operator named.

use std::time::Duration;

use anyhow::{Context, anyhow};
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::Mailbox,
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
        extension::ClientId,
    },
};
use model::chart::visible;

use super::{LONGEST_TROUBLE, Trouble, short};
use crate::config::smtp::{Encryption, Smtp};

/// For each of the server's answers.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone, Debug)]
pub struct Mailer {
    pub from: Mailbox,
    transport: AsyncSmtpTransport<Tokio1Executor>,
    domains: Vec<String>,
}

impl Mailer {
    /// Asks the server nothing yet. Errors: the password or the authorities cannot be read.
    pub fn open(smtp: &Smtp) -> anyhow::Result<Mailer> {
        let mut server = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(smtp.host.as_str())
            .port(smtp.port)
            .tls(tls(smtp)?)
            // Some servers take a name that exists alone.
            .hello_name(ClientId::Domain(smtp.from.email.domain().to_owned()))
            .timeout(Some(PATIENCE));
        if let Some((name, secret)) = &smtp.user {
            let password = secret.text("password").map_err(|what| anyhow!("[smtp]: {what}"))?;
            server = server.credentials(Credentials::new(name.clone(), password));
        }
        Ok(Mailer { from: smtp.from.clone(), transport: server.build(), domains: smtp.domains.clone() })
    }

    /// An address that mail may go to, in the one way of writing it.
    pub fn recipient(&self, typed: &str) -> Result<String, String> {
        let address: Address =
            typed.trim().parse().map_err(|_| format!("“{}” is no e-mail address.", visible(typed.trim())))?;
        let domain = address.domain().to_lowercase();
        match self.domains.is_empty() || self.domains.contains(&domain) {
            true => Ok(address.to_string()),
            false => Err(format!("Mail goes to addresses in {} alone, and {domain} is none.", self.domains.join(", "))),
        }
    }

    /// Whether the server lets us in: greeted, encrypted and signed in as for a letter, of which none is sent.
    pub async fn check(&self) -> Result<(), Trouble> {
        match self.transport.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => {
                Err(Trouble { what: "The mail server does not answer as it should.".to_owned(), passes: true })
            }
            Err(error) => Err(trouble(&error, "us")),
        }
    }

    /// Returns the server's words.
    pub async fn send(&self, letter: Message) -> Result<String, Trouble> {
        match self.transport.send(letter).await {
            Ok(answer) => {
                let words = answer.message().collect::<Vec<_>>().join(" ");
                Ok(format!("The mail server said {} {}", answer.code(), short(&words, LONGEST_TROUBLE))
                    .trim_end()
                    .to_owned())
            }
            Err(error) => Err(trouble(&error, "it")),
        }
    }
}

/// `whom`: what the server had to say about.
fn trouble(error: &lettre::transport::smtp::Error, whom: &str) -> Trouble {
    let what = match error.status() {
        Some(code) => format!("The mail server refused {whom}: {code} {}", words(error)),
        None => format!("The mail server cannot be used: {}", words(error)),
    };
    Trouble { what, passes: !error.is_permanent() }
}

/// What lies behind the error, without what lettre calls it.
fn words(error: &lettre::transport::smtp::Error) -> String {
    let mut inner: &dyn std::error::Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    short(&inner.to_string(), LONGEST_TROUBLE)
}

fn tls(smtp: &Smtp) -> anyhow::Result<Tls> {
    if smtp.tls == Encryption::None {
        return Ok(Tls::None);
    }
    let mut parameters = TlsParameters::builder(smtp.host.clone());
    if let Some(file) = &smtp.ca {
        let named = || format!("[smtp] ca: {}", file.display());
        let text = std::fs::read(file).with_context(named)?;
        let certificates = Certificate::from_pem(&text).with_context(named)?;
        parameters = parameters.add_root_certificate(certificates);
    }
    let parameters = parameters.build().context("[smtp]")?;
    Ok(if smtp.tls == Encryption::Tls { Tls::Wrapper(parameters) } else { Tls::Required(parameters) })
}
