//! The program killed at any moment while events come from several sources at once.

use std::time::Duration;

use rand::Rng;

use super::{
    crash::{Server, count},
    deliveries::{Deliveries, number, random},
};
use crate::support::empty_database;

/// So many kills: `TRAILMAP_TEST_KILLS`; while so many events come in so many files: `TRAILMAP_TEST_EVENTS`, `TRAILMAP_TEST_FILES`.
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_nothing_is_lost_or_stored_twice() {
    let kills = number("TRAILMAP_TEST_KILLS", 50) as usize;
    let files = number("TRAILMAP_TEST_FILES", 400);
    let events = number("TRAILMAP_TEST_EVENTS", 40_000);
    let mut random = random();
    let deliveries = Deliveries::new(&mut random, files, events.div_ceil(files));
    let options = empty_database().await;
    let pool = server::store::open(options.clone(), 4).await.unwrap();
    let (mut grew, mut in_hand, mut stored) = (0, 0, 0);
    // A life is at most so long, in seconds; longer on a slow machine, so that about half of them store something.
    let mut longest: f64 = 1.0;
    for part in deliveries.parts(kills) {
        let life = async {
            let server = Server::start(&options, &deliveries.config);
            tokio::time::sleep(Duration::from_secs_f64(random.random_range(0.05..longest))).await;
            server.kill();
        };
        tokio::join!(deliveries.deliver(part), life);
        in_hand += usize::from(deliveries.in_hand(&pool).await > 0);
        let now = count(&pool, "select count(*) from stored_event").await;
        grew += usize::from(now > stored);
        longest = (longest * if now > stored { 0.8 } else { 1.25 }).clamp(0.2, 8.0);
        stored = now;
    }
    println!(
        "{kills} kills, {in_hand} with messages in hand, {grew} after something was stored: {stored} events by then"
    );
    assert!(grew * 10 >= kills, "most kills hit nothing: {grew} of {kills} lives stored something");
    let server = Server::start(&options, &deliveries.config);
    deliveries.over(&pool).await;
    assert!(server.stop() < Duration::from_secs(10));
    assert_eq!(count(&pool, "select count(*) from source where state = 'stopped'").await, 4);
    assert_eq!(count(&pool, "select count(*) from poison_message").await, 0);
    deliveries.check(&pool).await;
}
