//! Postgres broken off and started again while sources are at work.

use std::{
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use rand::Rng;
use server::postgres::Cluster;
use sqlx::PgPool;

use super::{
    crash::{Server, until},
    deliveries::{Deliveries, number, random},
    pressure::peak_kb,
};

/// As `pg_ctl stop -m immediate`: Postgres ends without a checkpoint, and recovers when it starts.
pub async fn stop_immediately(data_dir: &Path) {
    let record = std::fs::read_to_string(data_dir.join("postgres/postmaster.pid")).unwrap();
    let process: i32 = record.lines().next().unwrap().parse().unwrap();
    kill(Pid::from_raw(process), Signal::SIGQUIT).unwrap();
    until("Postgres ends", async || !Path::new(&format!("/proc/{process}")).exists()).await;
}

async fn is_done(pool: &PgPool, uri: &str) -> bool {
    let done = sqlx::query_scalar("select exists (select from object where uri = $1 and state = 'done')").bind(uri);
    done.fetch_one(pool).await.unwrap_or(false)
}

/// So many restarts: `TRAILMAP_TEST_RESTARTS`.
#[tokio::test(flavor = "multi_thread")]
async fn postgres_may_restart_at_any_moment() {
    let restarts = number("TRAILMAP_TEST_RESTARTS", 3);
    let mut random = random();
    let mut deliveries = Deliveries::new(&mut random, 30 * restarts, 100);
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut cluster = Cluster::start(folder.path()).await.unwrap();
    let pool = server::store::open(cluster.options(), 4).await.unwrap();
    let server = Server::start(&cluster.options(), &deliveries.config);
    let mut slowest = Duration::ZERO;
    for (number, part) in (0..).zip(deliveries.parts(restarts as usize)) {
        deliveries.deliver(part).await;
        tokio::time::sleep(Duration::from_secs_f64(random.random_range(0.0..1.0))).await;
        stop_immediately(folder.path()).await;
        tokio::time::sleep(Duration::from_secs_f64(random.random_range(0.0..4.0))).await;
        let mark = deliveries.mark(number);
        let again = Cluster::start(folder.path()).await.unwrap();
        let began = Instant::now();
        until("what came meanwhile is stored", async || is_done(&pool, &mark).await).await;
        slowest = slowest.max(began.elapsed());
        drop(std::mem::replace(&mut cluster, again));
    }
    println!("{restarts} restarts: new events were stored after {slowest:?} at most");
    assert!(slowest < Duration::from_secs(10), "{slowest:?}");
    deliveries.over(&pool).await;
    assert!(peak_kb(&server) < 512 << 10, "{} kB", peak_kb(&server));

    // Ended while Postgres is away: in time, and with success.
    stop_immediately(folder.path()).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let took = server.stop();
    assert!(took < Duration::from_secs(10), "{took:?}");
    let again = Cluster::start(folder.path()).await.unwrap();
    deliveries.check(&pool).await;
    pool.close().await;
    drop(cluster);
    again.stop().await.unwrap();
}
