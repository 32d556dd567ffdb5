//! Every setting: its flag, its environment variable, its help text. Nothing is read from anywhere else.

use std::{net::SocketAddr, path::PathBuf};

use crate::outgoing;
use clap::{Args, Parser, Subcommand, ValueEnum};
use ipnet::IpNet;
use model::time::Timestamp;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

pub mod access;
mod database_url;
pub mod file;
mod folder;
pub mod oidc;
pub mod quiet;
pub mod retention;
mod size;
pub mod slack;
pub mod smtp;
pub mod source;

pub use database_url::DatabaseUrl;
pub use size::Size;

/// AWS CloudTrail as a dashboard: reads CloudTrail files into Postgres and serves pages, charts and exports.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "trailmap",
    version,
    max_term_width = 100,
    after_help = "Start with `trailmap demo`, or `trailmap ingest PATH` and then `trailmap serve`.\n\
                  An option on the command line wins over its environment variable."
)]
pub struct Config {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub global: Global,
}

/// Settings that every subcommand understands.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Options for all commands")]
pub struct Global {
    /// Where Trailmap keeps its files: the private Postgres, GeoIP databases
    ///
    /// Default: $XDG_DATA_HOME/trailmap or ~/.local/share/trailmap; /var/lib/trailmap for root without a home. When
    /// root may enter this folder and the user that Postgres runs as may not, the private Postgres is kept in
    /// /var/lib/trailmap/<hash of the folder's path> instead.
    #[arg(long, value_name = "FOLDER", env = "TRAILMAP_DATA_DIR", global = true)]
    data_dir: Option<PathBuf>,

    /// The Postgres (15 or newer) to use, as postgres://user:password@host/database [env: also DATABASE_URL]
    ///
    /// Without it Trailmap starts a private Postgres in its data folder, from the programs on this machine.
    #[arg(long, value_name = "URL", env = "TRAILMAP_DATABASE_URL", global = true, hide_env_values = true)]
    database_url: Option<DatabaseUrl>,

    /// The same database in the name of a login that may only read: queries run in it
    ///
    /// It is given what queries read, and refused if it may do more; the README has the lines of SQL that make it. Without it, queries run
    /// in the login of --database-url. The private Postgres has such a login by itself.
    #[arg(long, value_name = "URL", env = "TRAILMAP_READER_URL", global = true, hide_env_values = true)]
    reader_url: Option<DatabaseUrl>,

    /// GeoIP database (.mmdb) or a folder of them; repeatable, or several joined by ':'
    ///
    /// Read are MaxMind's format (GeoLite2, GeoIP2, DB-IP) and that of npm's @ip-location-db packages.
    /// Default: the folder `geoip` in the data folder, when there is one.
    #[arg(long, value_name = "PATH", env = "TRAILMAP_GEOIP", value_delimiter = ':', global = true)]
    geoip: Vec<PathBuf>,

    /// Room that is left free on the disk of the private Postgres, as 2GB or 512MiB: ingest is paused below it; 0: never
    ///
    /// Default: a twentieth of the disk, at least 128 MiB and at most 1 GiB. A Postgres that is named by --database-url is asked
    /// nothing: there, ingest is paused when it says that its disk is full, until it has room again.
    #[arg(long, value_name = "SIZE", env = "TRAILMAP_DISK_RESERVE", global = true)]
    disk_reserve: Option<Size>,

    /// What to log, as a filter: `info`, `debug`, `warn,server::ingest=debug`, …
    ///
    /// Default: `info` for serve and demo, `warn` for the others.
    #[arg(long, value_name = "FILTER", env = "TRAILMAP_LOG", global = true)]
    pub log: Option<String>,

    /// How log lines are written to standard error
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text", env = "TRAILMAP_LOG_FORMAT", global = true)]
    pub log_format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

/// Whether users sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AccessMode {
    /// Everybody signs in
    Accounts,
    /// Nobody is asked to, as long as there are no users; on a loopback address alone
    Open,
}

/// Where browsers find the server: scheme and authority, without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(pub String);

impl PublicUrl {
    /// The host's name, without port.
    pub fn host(&self) -> &str {
        let authority = self.0.split_once("://").map_or("", |(_, authority)| authority);
        match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => host,
            _ => authority,
        }
    }
}

/// How a command prints what it found or did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// For people
    Text,
    /// JSON on standard output, and nothing else there
    Json,
}

#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Serve the dashboard over HTTP
    Serve(Serve),
    /// Read CloudTrail files into the database
    ///
    /// Told apart by content: log files as S3 delivers them (gzip or plain), bare arrays, single events, JSON lines,
    /// output of LookupEvents, CloudWatch Logs subscriptions, EventBridge, Firehose. What was read before is skipped;
    /// an event that is stored already changes nothing.
    #[command(after_help = "Exit status: 0 when all was read; 3 when some object could not be read (each is named on \
                            standard error, the rest is stored); 1 when the run could not go through; 130 when \
                            interrupted.")]
    Ingest(Ingest),
    /// Write realistic CloudTrail files, for trying things out
    Sample(Sample),
    /// Bring the database's schema to this version (the other commands do so, too)
    Migrate,
    /// Start with a private Postgres and a sample, and serve: everything in one command
    ///
    /// Always uses the private Postgres of the data folder, never --database-url.
    Demo(Demo),
    /// Ask a running Trailmap whether it is ready: exit status 0 or 1
    Health(Health),
    /// Try each source of a configuration, its provider of sign-in and its mail server, and say what works and what is missing: exit status 0 or 1
    ///
    /// Reads one key, one message's worth or one page of each source and stores nothing; sends no letter, signs nobody in; needs no database.
    Check(Check),
    /// Look up the places of all stored source addresses again, after the GeoIP databases have changed
    Enrich,
    /// Count all events anew and mend the counts that panels are answered from, if any is wrong: exit status 0 or 1
    ///
    /// Tells also of event ids that came with several times.
    Rebuild,
    /// List what could not be read as an event and was kept aside
    Rejected(Rejected),
    /// Delete the events that [retention] of the configuration lets go, as `trailmap serve --config` does once a day
    ///
    /// With --dry-run nothing is changed, and the same table tells what would go.
    #[command(
        after_help = "Exit status: 0 when all that is expired is gone (or told, with --dry-run); 3 when some of it \
                            is in use and is left for the next run; 1 when the run could not go through; 130 when \
                            interrupted."
    )]
    Retain(Retain),
    /// Tell whether log files are those that CloudTrail delivered: none modified, deleted or added
    ///
    /// Holds CloudTrail's digests against their signatures and against one another, and the log files against the digests.
    /// The trail must have log file validation switched on. Needs no database, unless results are to be recorded.
    #[command(
        after_help = "In a copy: signatures of digests are in the metadata of their S3 objects, which `aws s3 sync` leaves \
                            behind. Each digest has the signature of the one before it; only that of the newest of each \
                            account, region and trail is wanted, in a file beside it, DIGEST.signature:\n  \
                            aws s3api head-object --bucket BUCKET --key DIGEST --query Metadata.signature \
                            --output text > DIGEST.signature\n\n\
                            Exit status: 0 when all was verified; 1 when something is not as CloudTrail delivered it, or \
                            the run could not go through; 3 when nothing is wrong and not all could be checked."
    )]
    Verify(Verify),
    /// Print a link at which a user chooses a new password; a name that nobody has becomes an administrator
    ///
    /// For whoever is locked out: it works without signing in, for those who reach the database.
    Welcome(Welcome),
    /// Print the audit log, one JSON object a line, and check that nothing of it was changed or taken out
    #[command(after_help = "Exit status: 0 when the log is whole; 1 when it was tampered with, or could not be read.")]
    Audit(Audit),
}

#[derive(Clone, Debug, Args)]
pub struct Serve {
    /// Address and port to listen on
    ///
    /// Beyond this machine everybody signs in: see --access.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", env = "TRAILMAP_LISTEN")]
    pub listen: SocketAddr,

    /// Host name that browsers use for this server; repeatable, or several joined by ','
    ///
    /// Requests under other names are refused, so that pages of other sites cannot reach the server by a name of their
    /// own. Default: localhost when listening on a loopback address, any name otherwise.
    #[arg(long = "host", value_name = "NAME", env = "TRAILMAP_HOST", value_delimiter = ',')]
    pub hosts: Vec<String>,

    /// Folder of dashboards (.json) to offer beside the built-in ones; read at the start
    ///
    /// They cannot be changed in the browser, only copied. A file with a mistake is named in the log and left out.
    #[arg(long, value_name = "FOLDER", env = "TRAILMAP_DASHBOARDS")]
    pub dashboards: Option<PathBuf>,

    /// Region that may be used; repeatable, or several joined by ','. The panel of regions marks all others
    #[arg(long = "allowed-region", value_name = "REGION", env = "TRAILMAP_ALLOWED_REGION", value_delimiter = ',')]
    pub allowed_regions: Vec<String>,

    /// Whether users sign in
    ///
    /// Default: nobody is asked to on a loopback address, as long as there are no users and neither --host nor
    /// --public-url is given; everybody is, elsewhere. The first administrator chooses a password at a link that is
    /// printed at the start.
    #[arg(long, value_enum, value_name = "WHO", env = "TRAILMAP_ACCESS")]
    pub access: Option<AccessMode>,

    /// Where browsers find this server, as https://trailmap.example.com: for links, and cookies fit for it
    ///
    /// With https, browsers are told to use nothing else. Default: http and the address that is listened on.
    #[arg(long, value_name = "URL", env = "TRAILMAP_PUBLIC_URL", value_parser = public_url)]
    pub public_url: Option<PublicUrl>,

    /// Certificate (PEM, the chain in it) for encrypted connections without a proxy; read again when it changes
    #[arg(long, value_name = "FILE", env = "TRAILMAP_TLS_CERTIFICATE", requires = "tls_key")]
    pub tls_certificate: Option<PathBuf>,

    /// The certificate's key (PEM)
    #[arg(long, value_name = "FILE", env = "TRAILMAP_TLS_KEY", requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,

    /// Network of proxies that tell for whom they ask (X-Forwarded-For), as 10.0.0.0/8; repeatable, or several joined by ','
    #[arg(long = "trusted-proxy", value_name = "NETWORK", env = "TRAILMAP_TRUSTED_PROXY", value_delimiter = ',',
          value_parser = network)]
    pub trusted_proxies: Vec<IpNet>,

    #[command(flatten)]
    pub outgoing: Outgoing,

    /// File with the key that secrets in the database are encrypted with: addresses of webhooks, second factors
    ///
    /// 32 bytes in base64, as `openssl rand -base64 32` writes them. Servers that share a database need the same. Default: the file
    /// secret.key in the data folder, made when it is first needed.
    #[arg(long, value_name = "FILE", env = "TRAILMAP_SECRET_KEY_FILE")]
    pub secret_key_file: Option<PathBuf>,

    /// Users with a password reach nothing but the page to set up a second factor until they have one
    ///
    /// Or in the file of --config: [access] with require_second_factor = true. Users of a provider are that one's to ask.
    #[arg(long, env = "TRAILMAP_REQUIRE_SECOND_FACTOR")]
    pub require_second_factor: bool,

    /// After so many minutes without a request a session ends
    #[arg(long, value_name = "MINUTES", default_value_t = 30, env = "TRAILMAP_SESSION_IDLE",
          value_parser = clap::value_parser!(u32).range(1..=43_200))]
    pub session_idle: u32,

    /// After so many hours a session ends, whatever happens
    #[arg(long, value_name = "HOURS", default_value_t = 12, env = "TRAILMAP_SESSION_LIFETIME",
          value_parser = clap::value_parser!(u32).range(1..=720))]
    pub session_lifetime: u32,

    /// File (TOML) of sources to read from all the time, how long events are kept, and who sends reports; see the README
    ///
    /// AWS is asked in the name that the environment, the profile or the machine's role gives.
    #[arg(long, value_name = "FILE", env = "TRAILMAP_CONFIG")]
    pub config: Option<PathBuf>,
}

/// What addresses that people typed may lead to.
#[derive(Clone, Debug, Default, Args)]
pub struct Outgoing {
    /// Network that webhooks and the provider of sign-in may be in although it is not public, as 10.1.2.0/24; repeatable, or several joined by ','
    ///
    /// Addresses that users type lead to the public internet alone, unless they are in one of these.
    #[arg(long = "outgoing-allow", value_name = "NETWORK", env = "TRAILMAP_OUTGOING_ALLOW", value_delimiter = ',',
          value_parser = network)]
    pub allow: Vec<IpNet>,

    /// Certificate authorities (PEM) that webhooks and the provider of sign-in may have their certificates from, beside those that the machine trusts
    #[arg(long = "outgoing-ca", value_name = "FILE", env = "TRAILMAP_OUTGOING_CA")]
    pub ca: Option<PathBuf>,
}

impl Outgoing {
    pub fn policy(&self) -> outgoing::Policy {
        let ca = self.ca.clone().filter(|file| !file.as_os_str().is_empty());
        outgoing::Policy { allow: self.allow.clone(), ca, ..outgoing::Policy::default() }
    }
}

#[derive(Clone, Debug, Args)]
pub struct Check {
    /// The file of sources
    #[arg(long, value_name = "FILE", env = "TRAILMAP_CONFIG")]
    pub config: PathBuf,

    /// Where browsers find the server, as `trailmap serve` has it: the provider of sign-in sends them back there
    #[arg(long, value_name = "URL", env = "TRAILMAP_PUBLIC_URL", value_parser = public_url)]
    pub public_url: Option<PublicUrl>,

    #[command(flatten)]
    pub outgoing: Outgoing,
}

#[derive(Clone, Debug, Args)]
pub struct Ingest {
    /// Files, folders (with all files below), globs, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// How the result is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text", env = "TRAILMAP_INGEST_FORMAT")]
    pub format: OutputFormat,
}

#[derive(Clone, Debug, Args)]
pub struct Sample {
    /// How many distinct events (about 0.5 % are delivered a second time on top)
    #[arg(long, value_name = "N", default_value_t = 60_000, env = "TRAILMAP_SAMPLE_EVENTS")]
    pub events: u64,

    /// How many days before --until they are spread over
    #[arg(long, value_name = "D", default_value_t = 30, env = "TRAILMAP_SAMPLE_DAYS",
          value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub days: u32,

    /// Chooses the sample: the same settings write the same bytes
    #[arg(long, value_name = "S", default_value_t = 1, env = "TRAILMAP_SAMPLE_SEED")]
    pub seed: u64,

    /// The folder to write below
    #[arg(long, value_name = "FOLDER", env = "TRAILMAP_SAMPLE_OUT")]
    pub out: PathBuf,

    /// When the last day ends, as RFC 3339 (2026-11-24T12:00:00Z) [default: now]
    #[arg(long, value_name = "TIME", env = "TRAILMAP_SAMPLE_UNTIL", value_parser = instant)]
    pub until: Option<Timestamp>,
}

#[derive(Clone, Debug, Args)]
pub struct Demo {
    #[command(flatten)]
    pub serve: Serve,

    /// CloudTrail files of your own to read, in place of the sample; as for `trailmap ingest`
    #[arg(long, value_name = "PATH", num_args = 1.., env = "TRAILMAP_DEMO_DATA")]
    pub data: Vec<PathBuf>,

    /// How many events the sample has
    #[arg(long, value_name = "N", default_value_t = 150_000, env = "TRAILMAP_DEMO_EVENTS")]
    pub events: u64,

    /// How many days before now the sample's events are spread over
    #[arg(long, value_name = "D", default_value_t = 30, env = "TRAILMAP_DEMO_DAYS",
          value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub days: u32,
}

#[derive(Clone, Debug, Args)]
pub struct Health {
    /// Where Trailmap listens
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080", env = "TRAILMAP_HEALTH_URL")]
    pub url: String,
}

#[derive(Clone, Debug, Args)]
pub struct Rejected {
    /// text: one line each; json: one object a line, with the whole text that was kept
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text", env = "TRAILMAP_REJECTED_FORMAT")]
    pub format: OutputFormat,

    /// At most so many, the newest first
    #[arg(long, value_name = "N", default_value_t = 100, env = "TRAILMAP_REJECTED_LIMIT")]
    pub limit: u32,
}

#[derive(Clone, Debug, Args)]
pub struct Retain {
    /// The file that has [retention]
    #[arg(long, value_name = "FILE", env = "TRAILMAP_CONFIG")]
    pub config: PathBuf,

    /// Change nothing and tell what would go
    #[arg(long, env = "TRAILMAP_RETAIN_DRY_RUN")]
    pub dry_run: bool,

    /// How the result is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text", env = "TRAILMAP_RETAIN_FORMAT")]
    pub format: OutputFormat,
}

#[derive(Clone, Debug, Args)]
pub struct Verify {
    /// A trail's bucket or a part of it: s3://BUCKET/PREFIX, or a copy's folder
    ///
    /// In it are the folders AWSLogs/…/CloudTrail and …/CloudTrail-Digest.
    #[arg(value_name = "PATH", required_unless_present = "source")]
    pub path: Option<PathBuf>,

    /// Output of `aws cloudtrail list-public-keys` of a region; repeatable, or several joined by ':'
    ///
    /// Every region has keys of its own. Name a time range that covers the digests: --start-time, --end-time. Without
    /// any, S3's digests are held against the keys that AWS lists; of a copy, hashes are checked and signatures are not.
    #[arg(long, value_name = "FILE", env = "TRAILMAP_VERIFY_PUBLIC_KEYS", value_delimiter = ':')]
    pub public_keys: Vec<PathBuf>,

    /// Verify what was delivered from this time on, as RFC 3339; a digest that is missing from here on is a failure
    #[arg(long, value_name = "TIME", env = "TRAILMAP_VERIFY_FROM", value_parser = instant)]
    pub from: Option<Timestamp>,

    /// Verify what was delivered up to this time, as RFC 3339
    #[arg(long, value_name = "TIME", env = "TRAILMAP_VERIFY_TO", value_parser = instant)]
    pub to: Option<Timestamp>,

    /// The file of sources that has the one to verify
    #[arg(long, value_name = "FILE", env = "TRAILMAP_CONFIG")]
    pub config: Option<PathBuf>,

    /// A source of the file: its bucket is verified, in the name that it gives
    #[arg(long, value_name = "NAME", env = "TRAILMAP_VERIFY_SOURCE", requires = "config", conflicts_with = "path")]
    pub source: Option<String>,

    /// Write results into the database, so that events show them
    #[arg(long, env = "TRAILMAP_VERIFY_RECORD")]
    pub record: bool,

    #[command(flatten)]
    pub aws: Aws,

    /// How the result is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text", env = "TRAILMAP_VERIFY_FORMAT")]
    pub format: OutputFormat,
}

/// In whose name AWS is asked; what is not given is as the environment, the profile or the machine's role tells.
#[derive(Clone, Debug, Default, Args)]
pub struct Aws {
    /// The bucket's region
    #[arg(long, value_name = "REGION", env = "TRAILMAP_VERIFY_REGION")]
    pub region: Option<String>,

    /// A profile of AWS's configuration files
    #[arg(long, value_name = "NAME", env = "TRAILMAP_VERIFY_PROFILE")]
    pub profile: Option<String>,

    /// A role to take on first
    #[arg(long, value_name = "ARN", env = "TRAILMAP_VERIFY_ROLE_ARN")]
    pub role_arn: Option<String>,

    /// The external id that the role asks for
    #[arg(long, value_name = "ID", env = "TRAILMAP_VERIFY_EXTERNAL_ID", requires = "role_arn")]
    pub external_id: Option<String>,

    /// Another service that speaks AWS's protocol; buckets are then in the path
    #[arg(long, value_name = "URL", env = "TRAILMAP_VERIFY_ENDPOINT_URL")]
    pub endpoint_url: Option<String>,

    /// Ask AWS's FIPS endpoints
    #[arg(long, env = "TRAILMAP_VERIFY_FIPS")]
    pub fips: bool,
}

#[derive(Clone, Debug, Args)]
pub struct Welcome {
    /// The user's name
    #[arg(value_name = "NAME")]
    pub name: String,

    /// Take the user's second factor away, too
    #[arg(long, env = "TRAILMAP_WELCOME_RESET_SECOND_FACTOR")]
    pub reset_second_factor: bool,

    /// Where browsers find the server, for the link
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080", env = "TRAILMAP_PUBLIC_URL",
          value_parser = public_url)]
    pub public_url: PublicUrl,
}

#[derive(Clone, Debug, Args)]
pub struct Audit {
    /// Only check it, and print how many entries it has
    #[arg(long, env = "TRAILMAP_AUDIT_VERIFY")]
    pub verify: bool,
}

impl Global {
    /// The data folder, absolute.
    pub fn data_dir(&self) -> anyhow::Result<PathBuf> {
        let given = self.data_dir.clone().filter(|folder| !folder.as_os_str().is_empty());
        let folder = match given {
            Some(folder) => folder,
            None => folder::default(|name| std::env::var_os(name), nix::unistd::geteuid().is_root())?,
        };
        Ok(std::path::absolute(folder)?)
    }

    /// The database to use; none: the private one. `TRAILMAP_DATABASE_URL` wins over `DATABASE_URL`; empty counts as unset.
    pub fn database_url(&self) -> anyhow::Result<Option<DatabaseUrl>> {
        if let Some(url) = self.database_url.as_ref().filter(|url| !url.is_empty()) {
            return Ok(Some(url.clone()));
        }
        match std::env::var("DATABASE_URL") {
            Ok(url) if !url.is_empty() => {
                let url = url.parse().map_err(|error| anyhow::anyhow!("DATABASE_URL: {error}"))?;
                Ok(Some(url))
            }
            _ => Ok(None),
        }
    }

    /// The login of queries; none: there is none of their own, or the database is the private one.
    pub fn reader_url(&self) -> Option<&DatabaseUrl> {
        self.reader_url.as_ref().filter(|url| !url.is_empty())
    }

    /// Bytes that are left free on the disk of the private Postgres; none: as the disk's size makes it.
    pub fn disk_reserve(&self) -> Option<u64> {
        self.disk_reserve.map(|Size(bytes)| bytes)
    }

    /// GeoIP databases: those that were given, else the folder `geoip` in the data folder when it exists.
    pub fn geoip(&self) -> anyhow::Result<Vec<PathBuf>> {
        let given: Vec<_> = self.geoip.iter().filter(|path| !path.as_os_str().is_empty()).cloned().collect();
        if !given.is_empty() {
            return Ok(given);
        }
        let folder = self.data_dir()?.join("geoip");
        Ok(if folder.is_dir() { vec![folder] } else { vec![] })
    }
}

impl Command {
    /// The log filter where none is set: long-running commands tell what they do, the others only what is wrong.
    pub fn default_log(&self) -> &'static str {
        match self {
            Command::Serve(_) | Command::Demo(_) => "info,sqlx::postgres::notice=warn",
            _ => "warn",
        }
    }
}

fn public_url(text: &str) -> Result<PublicUrl, String> {
    let url = text.strip_suffix('/').unwrap_or(text);
    let authority = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    match authority {
        Some(authority) if !authority.is_empty() && authority.chars().all(is_plain) => {
            Ok(PublicUrl(url.to_ascii_lowercase()))
        }
        _ => Err("write https:// or http:// and a host, with a port if need be, and no path".to_owned()),
    }
}

fn network(text: &str) -> Result<IpNet, String> {
    let single = || text.parse::<std::net::IpAddr>().map(IpNet::from);
    text.parse().or_else(|_| single()).map_err(|_| "write a network as 10.0.0.0/8, or an address".to_owned())
}

fn instant(text: &str) -> Result<Timestamp, String> {
    let time = OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|_| "not a time as RFC 3339 writes it, such as 2026-11-24T12:00:00Z".to_owned())?;
    if !(1970..=9998).contains(&time.year()) {
        return Err("outside of the years 1970 to 9998".to_owned());
    }
    Ok(Timestamp((time.unix_timestamp_nanos() / 1_000_000) as i64))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use clap::CommandFactory;

    #[test]
    fn commands_are_consistent() {
        Config::command().debug_assert();
    }

    /// Every option has an environment variable, and none of them shows a secret in `--help`.
    #[test]
    fn every_option_has_an_environment_variable() {
        let mut command = Config::command();
        command.build();
        for command in std::iter::once(&command).chain(command.get_subcommands()) {
            for option in command.get_arguments().filter(|argument| argument.get_long().is_some()) {
                let name = option.get_id().as_str();
                if !matches!(name, "help" | "version") {
                    let variable = option.get_env().unwrap_or_else(|| panic!("{}: {name}", command.get_name()));
                    assert!(variable.to_str().unwrap().starts_with("TRAILMAP_"), "{variable:?}");
                    assert!(option.get_help().is_some(), "{}: {name} has no help", command.get_name());
                }
            }
        }
    }

    #[test]
    fn public_addresses() {
        assert_eq!(public_url("https://Trailmap.example.com/").unwrap().0, "https://trailmap.example.com");
        assert_eq!(public_url("http://10.0.0.1:8080").unwrap().host(), "10.0.0.1");
        assert_eq!(public_url("https://[::1]").unwrap().host(), "[::1]");
        for wrong in ["", "trailmap.example.com", "https://", "https://a/b", "ftp://a", "https://a b"] {
            assert!(public_url(wrong).is_err(), "{wrong}");
        }
        assert_eq!(network("10.1.2.3").unwrap().to_string(), "10.1.2.3/32");
        assert!(network("proxy").is_err());
    }

    #[test]
    fn instants() {
        assert_eq!(instant("1970-01-01T01:00:00.5+01:00").unwrap(), Timestamp(500));
        assert!(instant("yesterday").is_err());
    }
}
