//! A database's address, whose password never reaches a log, a message or `--help`.

use std::{fmt, str::FromStr};

use sqlx::postgres::PgConnectOptions;

/// A Postgres URL; `Debug` and `Display` leave the password out.
#[derive(Clone)]
pub struct DatabaseUrl(Option<PgConnectOptions>);

impl DatabaseUrl {
    /// An empty text stands for "not set", as an empty environment variable does.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// What sqlx connects with; none for an empty URL.
    pub fn options(&self) -> Option<PgConnectOptions> {
        self.0.clone()
    }
}

impl FromStr for DatabaseUrl {
    type Err = String;

    /// Errors name what is wrong and never repeat the URL.
    fn from_str(url: &str) -> Result<Self, String> {
        if url.is_empty() {
            return Ok(Self(None));
        }
        let scheme = url.split_once("://").map(|(scheme, _)| scheme);
        if !matches!(scheme, Some("postgres" | "postgresql")) {
            return Err("a database URL begins with postgres://".to_owned());
        }
        match PgConnectOptions::from_str(url) {
            Ok(options) => Ok(Self(Some(options))),
            Err(_) => Err("not a valid Postgres URL: postgres://user:password@host:5432/database".to_owned()),
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(options) = &self.0 else { return f.write_str("(none)") };
        let database = options.get_database().unwrap_or(options.get_username());
        match options.get_socket() {
            Some(socket) => write!(f, "postgres://{}@[{}]/{database}", options.get_username(), socket.display()),
            None => {
                let (user, host, port) = (options.get_username(), options.get_host(), options.get_port());
                write!(f, "postgres://{user}@{host}:{port}/{database}")
            }
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn password_is_never_shown() {
        let url: DatabaseUrl = "postgres://ada:s3cr%21t@db.example:6543/trail?password=other".parse().unwrap();
        assert_eq!(
            format!("{url} {url:?}"),
            "postgres://ada@db.example:6543/trail postgres://ada@db.example:6543/trail"
        );
    }

    #[test]
    fn errors_do_not_repeat_the_url() {
        for url in ["mysql://ada:s3cret@host/db", "s3cret", "postgres://ada:s3cret@host:port/db"] {
            let error = url.parse::<DatabaseUrl>().unwrap_err();
            assert!(!error.contains("s3cret"), "{error}");
        }
        assert!("".parse::<DatabaseUrl>().unwrap().is_empty());
    }
}
