//! `trailmap serve`: opens the database, listens, answers until a signal comes, then ends in order.

use std::{net::SocketAddr, process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context;
use tokio::net::TcpListener;

use super::{database::Database, interrupt};
use crate::{
    clock::Clock,
    config::{
        Global, Serve,
        file::{self, File},
    },
    ingest::{enrich::GeoIp, source::runner::Runner},
    query::Query,
    retention::Keeper,
    web,
};

/// Database connections that requests share.
pub const CONNECTIONS: u32 = 16;
/// How long requests in flight may still take after a signal.
const GRACE: Duration = Duration::from_secs(10);

pub async fn run(global: &Global, settings: &Serve) -> anyhow::Result<ExitCode> {
    // First, so that an address in use is told before a database is started for nothing.
    let listener = listen(settings).await?;
    let file = file(settings)?;
    let geoip = open_geoip(global)?;
    let database = Database::open(global, CONNECTIONS).await?;
    serve(database, geoip, listener, settings, file).await?;
    Ok(ExitCode::SUCCESS)
}

/// Opens the port. Errors say what to do about the common causes.
pub async fn listen(settings: &Serve) -> anyhow::Result<TcpListener> {
    let address = settings.listen;
    let listener = TcpListener::bind(address).await.with_context(|| match address.port() {
        port @ 1..1024 => format!("cannot listen on {address} (ports below 1024 such as {port} need privileges)"),
        _ => format!("cannot listen on {address}: is another program using it? Choose another with --listen"),
    })?;
    if !address.ip().is_loopback() {
        tracing::warn!(
            %address,
            "listening beyond this machine without any login: everybody who reaches this port can read all events"
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

/// Answers requests, reads from the sources and deletes what is expired until a signal comes; then closes the database.
pub async fn serve(
    mut database: Database,
    geoip: GeoIp,
    listener: TcpListener,
    settings: &Serve,
    file: File,
) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    let File { sources, retention, quiet } = file;
    database.attend();
    let disk = database.disk.clone();
    let folder = settings.dashboards.as_deref().filter(|folder| !folder.as_os_str().is_empty());
    let query = Query::new(database.pool.clone(), Clock::System, geoip.clone())
        .with_disk(disk.clone())
        .with_quiet(quiet)
        .with_dashboards(folder, &settings.allowed_regions)
        .await?;
    let live = web::Live::listen(database.pool.clone());
    let keeper = Keeper::start(database.pool.clone(), retention);
    let runner = (!sources.is_empty()).then(|| Runner::start(database.pool.clone(), geoip, disk.clone(), sources));
    let pushes = runner.as_ref().map(|runner| runner.endpoints.clone()).unwrap_or_default();
    let settings = web::Settings { live: Some(live.clone()), pushes, disk, ..names(&settings.hosts, address) };
    let router = web::router_with(Arc::new(query), settings);

    let (stop, stopping) = tokio::sync::oneshot::channel::<()>();
    let server = axum::serve(listener, router).with_graceful_shutdown(async {
        let _ = stopping.await;
    });
    let mut server = tokio::spawn(server.into_future());
    super::print(&format!("Trailmap is at http://{address}\n"))?;

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
            let ((), (), requests) = tokio::join!(sources, keeper.stop(), requests);
            if requests.is_err() {
                tracing::warn!("requests were still running and are cut off");
            }
            Ok(())
        }
    };
    let closed = database.close().await;
    result.and(closed)
}

/// The names that the server answers to: those that were given and loopback's, else those that fit the address.
fn names(given: &[String], address: SocketAddr) -> web::Settings {
    let given: Vec<_> = given.iter().filter(|name| !name.is_empty()).map(|name| name.to_ascii_lowercase()).collect();
    if given.is_empty() && !address.ip().is_loopback() {
        return web::Settings::default();
    }
    let mut settings = web::Settings::loopback();
    settings.hosts.get_or_insert_default().extend(given);
    settings
}
