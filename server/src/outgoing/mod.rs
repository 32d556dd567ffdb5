//! Requests to addresses that people typed: webhooks, identity providers.
//!
//! Whoever may type an address could have this server ask what only it can reach. So: https alone, and only addresses of the public
//! internet or of networks that the operator named. A name is resolved once, and what was checked is what is connected to. Redirects are
//! answers like others. No proxy is asked, and neither time, head nor body of an answer is without limit.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use async_trait::async_trait;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_util::rt::TokioIo;
use ipnet::IpNet;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsConnector, client::TlsStream};
use url::{Host, Url};

mod error;
mod network;

pub use error::Error;

/// Addresses of a name that are tried at most.
const MOST_TRIED: usize = 4;
const HEAD_BYTES: usize = 16 << 10;

/// What may be reached, and how long and large an answer may be.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Networks that may be reached although they are not public.
    pub allow: Vec<IpNet>,
    /// A file (PEM) of authorities that are trusted beside the machine's own.
    pub ca: Option<PathBuf>,
    /// For each address that is tried.
    pub connect: Duration,
    /// From the name to the answer's last byte.
    pub whole: Duration,
    pub body_bytes: usize,
}

impl Default for Policy {
    fn default() -> Policy {
        let (connect, whole) = (Duration::from_secs(5), Duration::from_secs(15));
        Policy { allow: Vec::new(), ca: None, connect, whole, body_bytes: 1 << 20 }
    }
}

/// Finds the addresses of names; tests have one of their own.
#[async_trait]
pub trait Resolver: Send + Sync {
    async fn resolve(&self, host: &str) -> std::io::Result<Vec<IpAddr>>;
}

/// The machine's.
struct System;

#[async_trait]
impl Resolver for System {
    async fn resolve(&self, host: &str) -> std::io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.map(|found| found.ip()).collect())
    }
}

#[derive(Clone)]
pub struct Client(Arc<Parts>);

struct Parts {
    policy: Policy,
    tls: TlsConnector,
    resolver: Box<dyn Resolver>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(&self.0.policy).finish()
    }
}

impl Client {
    /// Errors: the file of authorities cannot be read, or has none.
    pub fn new(policy: Policy) -> anyhow::Result<Client> {
        Client::with_resolver(policy, System)
    }

    pub fn with_resolver(policy: Policy, resolver: impl Resolver + 'static) -> anyhow::Result<Client> {
        let tls = TlsConnector::from(Arc::new(tls(&policy)?));
        Ok(Client(Arc::new(Parts { policy, tls, resolver: Box::new(resolver) })))
    }

    /// An address as somebody typed it, in the one way of writing it. Errors: it can never be asked. Which address its host has is
    /// found out each time it is asked.
    pub fn check(&self, typed: &str) -> Result<Uri, Error> {
        let url = parse(typed)?;
        if let Some(address) = literal(&url) {
            self.permit(&url, vec![address])?;
        }
        url.as_str().parse().map_err(|_| Error::Address("This is no address."))
    }

    /// Asks once. Any answer is one, also a redirect or an error of the other side.
    pub async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Error> {
        timeout(self.0.policy.whole, self.exchange(request)).await.map_err(|_| Error::Slow)?
    }

    async fn exchange(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Error> {
        let url = parse(&request.uri().to_string())?;
        let stream = self.connect(&url).await?;
        let mut head = hyper::client::conn::http1::Builder::new();
        let (mut sender, connection) =
            head.max_buf_size(HEAD_BYTES).handshake(TokioIo::new(stream)).await.map_err(Error::exchange)?;
        let answer = async {
            let answer = sender.send_request(prepared(request, &url)?).await.map_err(Error::exchange)?;
            let (parts, body) = answer.into_parts();
            let body = Limited::new(body, self.0.policy.body_bytes).collect().await.map_err(|error| {
                if error.is::<LengthLimitError>() { Error::TooLong } else { Error::Broken(error.to_string()) }
            })?;
            Ok(Response::from_parts(parts, body.to_bytes().to_vec()))
        };
        let mut answer = std::pin::pin!(answer);
        // The connection is driven here and dropped with the request: nothing of it is left behind.
        tokio::select! {
            answer = &mut answer => return answer,
            ended = connection => if let Err(error) = ended { return Err(Error::exchange(error)) },
        }
        answer.await
    }

    /// An encrypted connection to one of the addresses that were checked.
    async fn connect(&self, url: &Url) -> Result<TlsStream<TcpStream>, Error> {
        let found = match literal(url) {
            Some(address) => vec![address],
            None => self.resolve(url.host_str().unwrap_or_default()).await?,
        };
        let permitted = self.permit(url, found)?;
        let port = url.port_or_known_default().unwrap_or(443);
        let mut last = Error::Unreachable("nothing answers".to_owned());
        for address in permitted.into_iter().take(MOST_TRIED) {
            match timeout(self.0.policy.connect, self.open(url, SocketAddr::new(address, port))).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = error,
                Err(_) => last = Error::Slow,
            }
        }
        Err(last)
    }

    async fn open(&self, url: &Url, address: SocketAddr) -> Result<TlsStream<TcpStream>, Error> {
        let name = match url.host() {
            Some(Host::Domain(name)) => ServerName::try_from(name.to_owned()).map_err(|_| Error::Address(HOST))?,
            _ => ServerName::from(address.ip()),
        };
        let stream = TcpStream::connect(address).await.map_err(|error| Error::Unreachable(error.to_string()))?;
        self.0.tls.connect(name, stream).await.map_err(|error| Error::Encryption(error.to_string()))
    }

    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, Error> {
        let found = timeout(self.0.policy.connect, self.0.resolver.resolve(host)).await.map_err(|_| Error::Slow)?;
        match found {
            Ok(addresses) if !addresses.is_empty() => Ok(addresses),
            Ok(_) => Err(Error::Unknown { host: host.to_owned() }),
            Err(error) => {
                tracing::debug!(host, %error, "a name was not resolved");
                Err(Error::Unknown { host: host.to_owned() })
            }
        }
    }

    /// Those of the addresses that may be reached. Errors: none may.
    fn permit(&self, url: &Url, found: Vec<IpAddr>) -> Result<Vec<IpAddr>, Error> {
        let is_permitted = |address: &IpAddr| network::may_be_reached(*address, &self.0.policy.allow);
        let permitted: Vec<_> = found.into_iter().filter(is_permitted).collect();
        match permitted.is_empty() {
            true => Err(Error::Forbidden { host: url.host_str().unwrap_or_default().to_owned() }),
            false => Ok(permitted),
        }
    }
}

const HOST: &str = "The address names no host.";

/// `url` writes addresses of any base as they are meant, and names of any script in ASCII.
fn parse(typed: &str) -> Result<Url, Error> {
    let url = Url::parse(typed.trim()).map_err(|_| Error::Address("Write an address as https://example.com/path."))?;
    match url.scheme() {
        "https" => {}
        _ => return Err(Error::Address("Only https addresses are asked.")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::Address("The address may have no user name or password in it."));
    }
    match url.host_str() {
        Some(host) if !host.trim_matches('.').is_empty() => Ok(url),
        _ => Err(Error::Address(HOST)),
    }
}

fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

/// As it goes over the connection: the path alone, with our own host's name.
fn prepared(request: Request<Vec<u8>>, url: &Url) -> Result<Request<Full<bytes::Bytes>>, Error> {
    let (mut parts, body) = request.into_parts();
    parts.uri = url[url::Position::BeforePath..url::Position::AfterQuery].parse().map_err(|_| Error::Address(HOST))?;
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    parts.headers.insert(header::HOST, HeaderValue::from_str(host).map_err(|_| Error::Address(HOST))?);
    parts.headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    let agent = HeaderValue::from_static(concat!("trailmap/", env!("CARGO_PKG_VERSION")));
    parts.headers.entry(header::USER_AGENT).or_insert(agent);
    Ok(Request::from_parts(parts, Full::new(body.into())))
}

/// The machine's authorities, and those of the policy's file.
fn tls(policy: &Policy) -> anyhow::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if let Some(file) = &policy.ca {
        let named = || format!("{}: no certificates (PEM) can be read from it", file.display());
        let certificates = CertificateDer::pem_file_iter(file).with_context(named)?;
        let certificates: Vec<_> = certificates.collect::<Result<_, _>>().with_context(named)?;
        anyhow::ensure!(!certificates.is_empty(), "{}", named());
        for certificate in certificates {
            roots.add(certificate).with_context(named)?;
        }
    }
    if roots.is_empty() {
        tracing::warn!(errors = ?found.errors, "this machine trusts no certificate authority: no webhook can be reached");
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> Client {
        Client::new(Policy::default()).expect("no file is read")
    }

    #[test]
    fn an_address_is_written_in_one_way() {
        let written = |typed: &str| client().check(typed).map(|uri| uri.to_string());
        assert_eq!(written(" HTTPS://Hooks.Example.com:443/a?b#c ").as_deref(), Ok("https://hooks.example.com/a?b"));
        assert_eq!(written("https://bücher.example/").as_deref(), Ok("https://xn--bcher-kva.example/"));
        assert_eq!(written("https://16843009/x").as_deref(), Ok("https://1.1.1.1/x"));
    }

    #[test]
    fn what_can_never_be_asked_is_refused_when_it_is_typed() {
        for typed in [
            "",
            "nonsense",
            "http://example.com/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "https://",
            "https://./",
            "https://user@example.com/",
            "https://user:password@example.com/",
            "javascript:alert(1)",
        ] {
            assert!(matches!(client().check(typed), Err(Error::Address(_))), "{typed}");
        }
        for typed in [
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://127.1/",
            "https://0x7f.1/",
            "https://①②⑦.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:7f00:1]/",
            "https://169.254.169.254/latest/meta-data/",
            "https://[fd00:ec2::254]/",
            "https://0/",
            "https://10.0.0.1:8443/",
        ] {
            assert!(matches!(client().check(typed), Err(Error::Forbidden { .. })), "{typed}");
        }
    }
}
