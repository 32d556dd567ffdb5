//! `trailmap serve`: opens the database, listens, answers until a signal comes, then ends in order.

use std::{net::SocketAddr, process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context;
use axum::Router;
use tokio::net::TcpListener;

use super::{database::Database, interrupt};
use crate::{
    access::{self, Access, Journal, Seal, oidc::Provider},
    clock::Clock,
    config::{
        AccessMode, Global, PublicUrl, Serve,
        file::{self, File},
        oidc::Oidc,
    },
    ingest::{enrich::GeoIp, source::runner::Runner},
    outgoing::Client,
    query::Query,
    report::{App, Mailer, Post, scheduler::Scheduler},
    retention::Keeper,
    web::{self, Tls},
};

/// Database connections of everything that writes; and of queries.
pub const CONNECTIONS: u32 = 12;
const READERS: u32 = 20;
/// How long requests in flight may still take after a signal.
const GRACE: Duration = Duration::from_secs(10);

pub async fn run(global: &Global, settings: &Serve) -> anyhow::Result<ExitCode> {
    // First, so that an address in use is told before a database is started for nothing.
    let listener = listen(settings).await?;
    let file = file(settings)?;
    let geoip = open_geoip(global)?;
    let seal = seal(global, settings)?;
    let post = post(settings, &file, seal.clone())?;
    let database = Database::open(global, CONNECTIONS).await?;
    serve(database, geoip, listener, settings, file, seal, post).await?;
    Ok(ExitCode::SUCCESS)
}

/// Opens the port. Errors say what to do about the common causes.
pub async fn listen(settings: &Serve) -> anyhow::Result<TcpListener> {
    let address = settings.listen;
    let listener = TcpListener::bind(address).await.with_context(|| match address.port() {
        port @ 1..1024 => format!("cannot listen on {address} (ports below 1024 such as {port} need privileges)"),
        _ => format!("cannot listen on {address}: is another program using it? Choose another with --listen"),
    })?;
    if !address.ip().is_loopback() && settings.access == Some(AccessMode::Open) {
        anyhow::bail!(
            "--access open is for loopback addresses alone: whoever reaches {address} could read all events and change \
             everything. Leave it out, and users sign in"
        );
    }
    Ok(listener)
}

/// Opens the GeoIP databases and says in the log when there are none.
pub fn open_geoip(global: &Global) -> anyhow::Result<GeoIp> {
    let paths = global.geoip()?;
    if paths.is_empty() {
        tracing::warn!("no GeoIP database: new events get no places; see --geoip");
    }
    GeoIp::open(&paths)
}

/// The file of the configuration; empty where there is none. Errors name the file, the line and the key.
pub fn file(settings: &Serve) -> anyhow::Result<File> {
    match settings.config.as_deref().filter(|file| !file.as_os_str().is_empty()) {
        Some(file) => file::read(file),
        None => Ok(File::default()),
    }
}

/// The key for secrets: of the file that is named, else of the data folder, where there is one. Errors: the file that is named has none.
pub fn seal(global: &Global, settings: &Serve) -> anyhow::Result<Option<Seal>> {
    match settings.secret_key_file.as_deref().filter(|file| !file.as_os_str().is_empty()) {
        Some(file) => Seal::open(file).map(Some),
        None => Ok(global.data_dir().ok().map(|folder| Seal::within(&folder))),
    }
}

/// By which ways reports leave. Errors: a file or a secret that the settings name cannot be read.
pub fn post(settings: &Serve, file: &File, seal: Option<Seal>) -> anyhow::Result<Post> {
    let mail = file.smtp.as_ref().map(Mailer::open).transpose()?;
    let outgoing = Client::new(settings.outgoing.policy())?;
    let slack = file.slack.as_ref().map(|slack| App::open(slack, outgoing.clone())).transpose()?;
    Ok(Post { mail, slack, outgoing: Some(outgoing), seal })
}

/// Answers requests, reads from the sources and deletes what is expired until a signal comes; then closes the database.
pub async fn serve(
    mut database: Database,
    geoip: GeoIp,
    listener: TcpListener,
    settings: &Serve,
    file: File,
    seal: Option<Seal>,
    post: Post,
) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    let File { sources, retention, quiet, smtp: _, slack: _, oidc, access: asked } = file;
    database.attend();
    let disk = database.disk.clone();
    let folder = settings.dashboards.as_deref().filter(|folder| !folder.as_os_str().is_empty());
    let readers = database.readers(READERS).await?;
    let query = Query::new(database.pool.clone(), readers, Clock::System, geoip.clone())
        .with_disk(disk.clone())
        .with_quiet(quiet)
        .with_dashboards(folder, &settings.allowed_regions)
        .await?;
    let live = web::Live::listen(database.pool.clone());
    let base = base(settings, address);
    let tls = match (&settings.tls_certificate, &settings.tls_key) {
        (Some(certificate), Some(key)) => Some(Tls::open(certificate, key).await?),
        _ => None,
    };
    let (journal, written) = Journal::start(database.pool.clone());
    let provider = provider(settings, oidc, &base)?;
    let mut rules = access(settings, address, &base, provider.is_some());
    rules.require_second_factor |= asked.require_second_factor;
    if rules.require_second_factor && seal.is_none() {
        anyhow::bail!(
            "second factors are required, and there is no place for their key: name one with --secret-key-file"
        );
    }
    let access = Access::new(database.pool.clone(), rules, journal)
        .await?
        .with_provider(provider)
        .with_seal(seal)
        .with_post(post);
    let welcome = first_welcome(&access).await?;
    let proxies = settings.trusted_proxies.clone().into();
    let gate = web::Gate { access, query: query.clone(), proxies };
    let scheduler = Scheduler::new(gate.access.clone(), query.clone()).start();
    let keeper = Keeper::start(database.pool.clone(), retention);
    let runner = (!sources.is_empty()).then(|| Runner::start(database.pool.clone(), geoip, disk.clone(), sources));
    let pushes = runner.as_ref().map(|runner| runner.endpoints.clone()).unwrap_or_default();
    let secure = base.starts_with("https://");
    let gate = Some(gate);
    let settings = web::Settings { live: Some(live.clone()), pushes, gate, secure, disk, ..names(settings, address) };
    let router = web::router_with(Arc::new(query), settings);

    let (stop, stopping) = tokio::sync::oneshot::channel::<()>();
    let mut server = tokio::spawn(answer(listener, router, tls, async {
        let _ = stopping.await;
    }));
    super::print(&format!("Trailmap is at {base}\n{welcome}"))?;

    let ended = tokio::select! {
        ended = &mut server => Some(ended),
        () = interrupt::received() => None,
    };
    let result = match ended {
        Some(ended) => ended.context("the web server ended")?.context("the web server ended"),
        None => {
            tracing::info!("stopping: requests in flight may end within {} s", GRACE.as_secs());
            let _ = stop.send(());
            live.stop();
            let sources = async {
                if let Some(runner) = runner {
                    runner.stop().await;
                }
            };
            let requests = tokio::time::timeout(GRACE, server);
            let ((), (), (), requests) = tokio::join!(sources, keeper.stop(), scheduler.stop(), requests);
            if requests.is_err() {
                tracing::warn!("requests were still running and are cut off");
            }
            Ok(())
        }
    };
    // The router is gone, and with it who writes into the audit log: what was taken is written before the database closes.
    if tokio::time::timeout(GRACE, written).await.is_err() {
        tracing::warn!("the audit log's last entries could not be written");
    }
    let closed = database.close().await;
    result.and(closed)
}

/// Answers until `stop`, and then what is in flight.
async fn answer(
    listener: TcpListener,
    router: Router,
    tls: Option<Tls>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let Some(tls) = tls else { return axum::serve(listener, service).with_graceful_shutdown(stop).await };
    let handle = axum_server::Handle::new();
    let serving =
        axum_server::from_tcp_rustls(listener.into_std()?, tls.config())?.handle(handle.clone()).serve(service);
    let mut serving = std::pin::pin!(serving);
    tokio::select! {
        ended = &mut serving => return ended,
        () = tls.follow() => {}
        () = stop => handle.graceful_shutdown(Some(GRACE)),
    }
    serving.await
}

/// Where browsers find the server: as told, else the address that it listens on.
fn base(settings: &Serve, address: SocketAddr) -> String {
    match &settings.public_url {
        Some(PublicUrl(url)) => url.clone(),
        None => {
            let scheme = if settings.tls_certificate.is_some() { "https" } else { "http" };
            // Of all addresses of this machine, the one that leads here from here.
            match address.ip().is_unspecified() {
                true => format!("{scheme}://localhost:{}", address.port()),
                false => format!("{scheme}://{address}"),
            }
        }
    }
}

/// Errors: it would not work, or not be safe.
fn provider(settings: &Serve, oidc: Option<Oidc>, base: &str) -> anyhow::Result<Option<Provider>> {
    let Some(oidc) = oidc else { return Ok(None) };
    let Some(url) = &settings.public_url else {
        anyhow::bail!("[oidc] needs --public-url: the provider sends browsers back to that address");
    };
    fits_provider(url)?;
    if settings.access == Some(AccessMode::Open) {
        anyhow::bail!("--access open and [oidc] exclude each other: leave one of them out");
    }
    Provider::new(oidc, base, Client::new(settings.outgoing.policy())?, Clock::System).map(Some)
}

/// Errors: what the provider sends there could be read on the way.
pub fn fits_provider(url: &PublicUrl) -> anyhow::Result<()> {
    let is_here = ["localhost", "127.0.0.1", "[::1]"].contains(&url.host());
    if !url.0.starts_with("https://") && !is_here {
        anyhow::bail!("[oidc] needs a --public-url with https: what the provider sends would be read on the way");
    }
    Ok(())
}

/// On a loopback address nobody need sign in, unless a provider is there for it, or other names or a URL tell that a proxy stands in front.
fn access(settings: &Serve, address: SocketAddr, base: &str, has_provider: bool) -> access::Settings {
    let is_fronted = settings.public_url.is_some() || settings.hosts.iter().any(|name| !name.is_empty());
    let open = match settings.access {
        Some(mode) => mode == AccessMode::Open,
        None => address.ip().is_loopback() && !is_fronted,
    };
    access::Settings {
        open: open && !has_provider && address.ip().is_loopback(),
        idle: Duration::from_secs(u64::from(settings.session_idle) * 60),
        lifetime: Duration::from_secs(u64::from(settings.session_lifetime) * 3_600),
        base: base.to_owned(),
        require_second_factor: settings.require_second_factor,
    }
}

/// What the terminal says of signing in.
async fn first_welcome(access: &Access) -> anyhow::Result<String> {
    if access.has_users().await {
        return Ok(String::new());
    }
    if access.is_open().await {
        return Ok("Nobody is asked to sign in. To have users: start with --access accounts\n".to_owned());
    }
    let link = access.first_link().await?;
    Ok(format!("Nobody can sign in yet. Choose the administrator's password, within 24 hours, at\n  {link}\n"))
}

/// The names that the server answers to: those that were given and loopback's, else those that fit the address.
fn names(settings: &Serve, address: SocketAddr) -> web::Settings {
    let public = settings.public_url.as_ref().map(PublicUrl::host);
    let given = settings.hosts.iter().map(String::as_str).chain(public).filter(|name| !name.is_empty());
    let given: Vec<_> = given.map(str::to_ascii_lowercase).collect();
    if given.is_empty() && !address.ip().is_loopback() {
        return web::Settings::default();
    }
    let mut settings = web::Settings::loopback();
    settings.hosts.get_or_insert_default().extend(given);
    settings
}
