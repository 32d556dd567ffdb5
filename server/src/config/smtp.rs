//! `[smtp]` of the configuration: the server that reports are mailed by.

use std::path::PathBuf;

use lettre::message::Mailbox;
use toml::de::DeTable;

use super::source::{
    Secret,
    entry::{Entry, Mistake},
};

#[derive(Clone, Debug, PartialEq)]
pub struct Smtp {
    pub host: String,
    pub port: u16,
    pub tls: Encryption,
    /// Name and where the password is.
    pub user: Option<(String, Secret)>,
    pub from: Mailbox,
    /// Mail goes to addresses in these domains alone; none: to all.
    pub domains: Vec<String>,
    /// Authorities that the server's certificate may come from, beside those that the machine trusts.
    pub ca: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    Starttls,
    Tls,
    /// On this machine alone.
    None,
}

/// Reads the table, which begins at this byte.
pub fn parse(at: usize, table: &DeTable<'_>) -> Result<Smtp, Mistake> {
    let mut entry = Entry::of("smtp", at, table);
    let host = entry.required("host")?;
    let tls = match entry.text("tls")?.as_deref() {
        None | Some("starttls") => Encryption::Starttls,
        Some("tls") => Encryption::Tls,
        Some("none") if is_loopback(&host) => Encryption::None,
        Some("none") => {
            return Err(
                entry.mistake("tls", "\"none\" is for a server on this machine alone (127.0.0.1, ::1, localhost)")
            );
        }
        Some(_) => return Err(entry.mistake("tls", "\"starttls\", \"tls\" or \"none\" is expected")),
    };
    let usual = match tls {
        Encryption::Starttls => 587,
        Encryption::Tls => 465,
        Encryption::None => 25,
    };
    let port = entry.number("port", 1..=65_535, usual)?;
    let secret = Secret::named(&mut entry, "password_env", "password_file")?;
    let user = match (entry.text("user")?, secret) {
        (Some(user), Some(secret)) => Some((user, secret)),
        (None, None) => None,
        (Some(_), None) => {
            return Err(
                entry.mistake("user", "password_env or password_file is missing: it names where the password is")
            );
        }
        (None, Some(_)) => return Err(entry.mistake("user", "is missing, and there is a password")),
    };
    let from = entry.required("from")?;
    let from = from.parse().map_err(|_| {
        entry.mistake("from", &format!("{from:?} is no address such as \"Trailmap <trailmap@example.com>\""))
    })?;
    let domains = entry.list("domains")?.unwrap_or_default().iter().map(|name| name.to_lowercase()).collect();
    let ca = entry.text("ca")?.map(PathBuf::from);
    entry.finish("[smtp]")?;
    Ok(Smtp { host, port: u16::try_from(port).unwrap_or(usual as u16), tls, user, from, domains, ca })
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
